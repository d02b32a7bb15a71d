"""make bench: weir against its peers and floors, side by side in one run, as a Markdown table.

What a store takes part in is measured on Redis and on SQLite. Figures of two programs are always
taken in turn (A B A B …) and given as medians; a single absolute
time says little on a shared machine.
bench.py [--quick] [bulk|postfix|memory|daemons|judging|copies|lesson|held|history|reputations|replay|
feeds|hot|polling …]
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../e2e"), os.path.join(HERE, "../suites")]
import corpora  # noqa: E402
import hot  # noqa: E402
import lists  # noqa: E402
import polling  # noqa: E402
import real_feeds  # noqa: E402
import reputations  # noqa: E402
import servers  # noqa: E402

QUICK = "--quick" in sys.argv
ROUNDS = 2 if QUICK else 5
CLIENTS = 8
STORES = {"Redis": servers.Redis, "SQLite": servers.CountsFile}
rows = []


def report(what, weir, peer, ratio, target):
    rows.append((what, weir, peer, ratio, target))
    print("# %s: %s; %s; ratio %s (%s)" % rows[-1], file=sys.stderr, flush=True)


def cpu_seconds(command, stdin=None):
    """user + sys of one run, from the kernel's accounting of that child."""
    with open(stdin or "/dev/null", "rb") as source:
        process = subprocess.Popen(command, stdin=source, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 2) or b"Sanitizer" in errors:
        raise SystemExit("%s failed: %s" % (command, errors.decode()[-2000:]))
    return usage.ru_utime + usage.ru_stime


def redis_info(redis, section):
    text = redis.command("INFO", section).decode(errors="replace")
    return dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)


def redis_number(redis, *command):
    return int(redis.command(*command).strip(b":\r\n"))


def redis_cpu(redis):
    """What the store spends in a process of its own; SQLite has none."""
    if not isinstance(redis, servers.Redis):
        return 0.0
    info = redis_info(redis, "cpu")
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])


def write_list(directory, name, paths):
    path = os.path.join(directory, name)
    with open(path, "w") as file:
        file.write("".join(p + "\n" for p in paths))
    return path


def teach(directory, weir, words, messages):
    """The same lessons to weir and, unless `words` is None, to a bogofilter directory."""
    for spam in (True, False):
        chosen = write_list(directory, "taught.list", [p for is_spam, p in messages
                                                       if is_spam == spam])
        weir.ctl("learn", "spam" if spam else "ham", "--files-from", chosen)
        if words:
            cpu_seconds(["bogofilter", "-d", words, "-s" if spam else "-n", "-b"], chosen)


def bench_bulk(directory, store):
    """weirctl check in bulk against bogofilter -b, both taught the same half, on the same list."""
    servers.need_program("bogofilter")
    for corpus, messages in (("spamassassin", corpora.spamassassin()),
                             ("ccert-zh", corpora.indexed("ccert-zh"))):
        if not messages:
            corpora.skip(corpus)
            continue
        counts = STORES[store](directory, "counts-" + corpus)
        weir = servers.Weir(directory, counts.url, "bulk-" + corpus)
        words = os.path.join(directory, "bogofilter-" + corpus)
        os.mkdir(words)
        teach(directory, weir, words, messages[::2])
        everything = write_list(directory, corpus + ".list", [path for _, path in messages])
        ours, theirs, in_redis = [], [], []
        for round_number in range(ROUNDS + 1):
            before = redis_cpu(counts)
            mine = cpu_seconds([weir.program("weirctl"), "--config", weir.config_path, "check",
                                "--json", "--files-from", everything])
            spent = redis_cpu(counts) - before
            peer = cpu_seconds(["bogofilter", "-d", words, "-b", "-t"], everything)
            if round_number:  # the first one warms the caches
                ours.append(mine)
                theirs.append(peer)
                in_redis.append(spent)
        micro = [1e6 * statistics.median(values) / len(messages)
                 for values in (ours, theirs, in_redis)]
        beside = "; Redis spends %.0f µs beside it" % micro[2] if store == "Redis" else ""
        report("bulk check, %s, %d messages, %s" % (corpus, len(messages), store),
               "%.0f msg/s (%.0f µs%s)" % (1e6 / micro[0], micro[0], beside),
               "bogofilter -b: %.0f msg/s (%.0f µs)" % (1e6 / micro[1], micro[1]),
               "%.2f" % (micro[1] / micro[0]), "at least 2.5")
        counts.stop()


def send_through(postfix, messages):
    """Messages/s of smtp-source with 8 sessions, until all are taken."""
    start = time.monotonic()
    subprocess.run(["/usr/sbin/smtp-source", "-s", str(CLIENTS), "-m", str(messages), "-l", "5000",
                    "-f", "ann@sender.test", "-t", "bob@box.test",
                    "127.0.0.1:%d" % postfix.port], check=True, stdout=subprocess.DEVNULL)
    rate = messages / (time.monotonic() - start)
    servers.wait_for(lambda: not postfix.queue(), "the queue drains", 300)
    return rate


def discarding(directory, name, milter):
    return servers.Postfix(directory, name, milter=milter,
                           settings={"virtual_transport": "discard:"})


def bench_postfix(directory, store):
    """The whole way through Postfix, against a milter that does nothing and against none."""
    counts = STORES[store](directory, "counts")
    weir = servers.Weir(directory, counts.url, "postfix-weir")
    weir.start_milter()
    null_socket = os.path.join(directory, "null.sock")
    servers.Process(directory, "null_milter",
                    [os.path.join(servers.BUILD, "tests/bench/null_milter"), "unix:" + null_socket])
    servers.wait_for(lambda: os.path.exists(null_socket), "null_milter listens")
    os.chmod(null_socket, 0o777)
    lanes = {"weir": discarding(directory, "pf-weir", weir.socket),
             "null": discarding(directory, "pf-null", "unix:" + null_socket),
             "none": discarding(directory, "pf-none", None)}
    messages = 500 if QUICK else 3000
    rates = {name: [] for name in lanes}
    names = list(lanes)
    for round_number in range(ROUNDS + 1):
        for name in names:
            rate = send_through(lanes[name], messages)
            if round_number:
                rates[name].append(rate)
        names = names[1:] + names[:1]  # nobody is always first
    middle = {name: statistics.median(values) for name, values in rates.items()}
    for name, title, target in (("null", "null milter", "at least 0.9"),
                                ("none", "no milter", "printed, not judged")):
        # Pair by pair: both figures of one round.
        ratio = statistics.median(a / b for a, b in zip(rates["weir"], rates[name]))
        report("through Postfix, %d sessions, 5 kB, %s" % (CLIENTS, store), "%.0f msg/s" % middle["weir"],
               "%s: %.0f msg/s" % (title, middle[name]), "%.2f" % ratio, target)
    for postfix in lanes.values():
        postfix.stop()
    counts.stop()


def bench_judging(directory):
    """All that is weir's own (HTML to text, features, checks, score) against GMime's parsing and
    decoding of the same mail, by judge_mail.c, with a model that was taught every other message."""
    program = os.path.join(servers.BUILD, "tests/bench/judge_mail")
    for corpus in ("spamassassin", "ccert-zh"):
        messages = corpora.indexed(corpus)
        if not messages:
            corpora.skip(corpus)
            continue
        counts = servers.CountsFile(directory, "counts-judging-" + corpus)
        weir = servers.Weir(directory, counts.url, "judging-" + corpus)
        teach(directory, weir, None, messages[::2])
        listed = write_list(directory, corpus + ".list", [path for _, path in messages])
        said = subprocess.run([program, counts.url, str(ROUNDS), listed], stdout=subprocess.PIPE,
                              check=True, text=True).stdout
        micro = {stage: 1e6 * float(seconds) / len(messages)
                 for stage, seconds in (line.split() for line in said.splitlines())}
        ours = micro["html"] + micro["prepare"] + micro["judge"]
        report("HTML to text, features, checks and score, %s" % corpus,
               "%.0f µs a message (HTML %.0f, features %.0f, the rest %.0f; all of reading mail, "
               "with HTML, takes %.0f)" % (ours, micro["html"], micro["prepare"], micro["judge"],
                                           micro["read"]),
               "GMime's parsing and decoding: %.0f µs" % micro["gmime"],
               "%.2f" % (micro["gmime"] / ours), "at least 1")


def bench_copies(directory):
    """How well shingles tie copies of which words were changed, and how often ham that is not
    alike, by near_copies.c: the table of docs/REPUTATION.md."""
    program = os.path.join(servers.BUILD, "tests/bench/near_copies")
    for name in ("spamassassin", "ccert-zh"):
        found = corpora.mail(name)
        if not found:
            corpora.skip(name)
            continue
        told = json.loads(subprocess.check_output([program, *found]))
        report("copies with 5, 10, 20 %% of words changed, tied by a shingle, %s" % name,
               "%(recall_5).1f %%, %(recall_10).1f %%, %(recall_20).1f %%" % told,
               "ham not alike tied: %(false_ties_per_million_pairs).1f of a million pairs, "
               "%(ham_falsely_tied).1f %% of ham" % told, "", "printed")


def bench_lesson(directory):
    """What a lesson costs Redis."""
    messages = corpora.spamassassin()
    if not messages:
        corpora.skip("lessons")
        return
    redis = servers.Redis(directory, "redis-lesson")
    weir = servers.Weir(directory, redis.url, "lesson")
    taught = messages[:: 20 if QUICK else 7]  # under 1,000: no snapshot trims the log
    before, cpu = int(redis_info(redis, "memory")["used_memory"]), redis_cpu(redis)
    teach(directory, weir, None, taught)
    micro = 1e6 * (redis_cpu(redis) - cpu) / len(taught)
    calls = redis_info(redis, "commandstats")["cmdstat_evalsha"]
    script = float(dict(field.split("=") for field in calls.split(","))["usec_per_call"])
    memory = int(redis_info(redis, "memory")["used_memory"]) - before
    log = redis_number(redis, "MEMORY", "USAGE", "weir:log", "SAMPLES", "0")
    entries = redis_number(redis, "XLEN", "weir:log")
    report("a lesson in Redis", "%.0f µs of CPU, all that Redis does; its script takes %.0f µs by "
           "the clock; %.0f bytes in the log, %.0f with its counts" % (
               micro, script, log / entries, memory / len(taught)), "-", "-",
           "at most 100 µs, 3072 bytes in the log")
    redis.stop()
    bench_lesson_stores(directory, taught)


def bench_lesson_stores(directory, taught):
    """The same lessons into either store, with all that weirctl and the server spend on them."""
    chosen = write_list(directory, "lessons.list", [path for _, path in taught])
    spent = {"redis": [], "sqlite": []}
    for round_number in range(ROUNDS):
        redis = servers.Redis(directory, "redis-lessons%d" % round_number)
        file = servers.CountsFile(directory, "counts-lessons%d" % round_number)
        for name, url in (("redis", redis.url), ("sqlite", file.url)):
            weir = servers.Weir(directory, url, "lessons%d-in-%s" % (round_number, name))
            before = redis_cpu(redis)
            mine = cpu_seconds([weir.program("weirctl"), "--config", weir.config_path, "learn",
                                "spam", "--files-from", chosen])
            spent[name].append(1e6 * (mine + redis_cpu(redis) - before) / len(taught))
        redis.stop()
    pages = file.query("pragma page_count")[0][0] * file.query("pragma page_size")[0][0]
    log = file.query("select sum(length(lesson)) from log")[0][0]
    ours, theirs = statistics.median(spent["sqlite"]), statistics.median(spent["redis"])
    report("a lesson in SQLite, read, judged and stored",
           "%.0f µs of CPU; %.0f bytes in the log, %.0f with its counts" % (
               ours, log / len(taught), pages / len(taught)),
           "Redis: %.0f µs with the server's" % theirs, "%.2f" % (theirs / ours), "printed")


def bench_memory(directory, store):
    """The milter's resident memory does not grow with the messages it has seen."""
    counts = STORES[store](directory, "counts")
    weir = servers.Weir(directory, counts.url, "memory")
    weir.start_milter()
    postfix = discarding(directory, "pf-memory", weir.socket)
    first, times = (500, 3) if QUICK else (10000, 5)
    send_through(postfix, first)
    early = weir.milter.memory_kb()
    for _ in range(times - 1):
        send_through(postfix, first)
    late = weir.milter.memory_kb()
    report("weir-milter's resident memory after %d messages, %s" % (first * times, store),
           "%.1f MB" % (late / 1024), "after %d: %.1f MB" % (first, early / 1024),
           "%.2f" % (late / early), "does not grow")
    postfix.stop()
    counts.stop()


def bench_daemons(directory, store):
    """The resident memory of every daemon at work: a corpus taught, mail through Postfix, the real
    feeds subscribed."""
    counts = STORES[store](directory, "counts")
    upstream = servers.HttpServer()
    settings = {"feedfilter": {"upstream-networks": ["127.0.0.0/8"]}, "log": {"level": "notice"}}
    for number, path in enumerate(corpora.real_feeds() or []):
        with open(path, "rb") as file:
            upstream.documents["/%d" % number] = ("application/xml", file.read())
        settings["feed f%d" % number] = {"url": "%s/%d" % (upstream.url, number)}
    weir = servers.Weir(directory, counts.url, "daemons", settings)
    teach(directory, weir, None, (corpora.spamassassin() or [])[:: 40 if QUICK else 2])
    weir.start_milter()
    postfix = servers.Postfix(directory, "pf-daemons", milter=weir.socket,
                              settings={"virtual_transport": "discard:"})
    weir.start_hold(postfix)
    release = os.path.basename(weir.program("weir-release"))
    servers.wait_for(lambda: child_named(weir.hold.pid, release), "weir-release runs")
    send_through(postfix, 500 if QUICK else 5000)
    weir.start_console()
    weir.start_feeds()
    servers.wait_for(lambda: len(set(upstream.requests)) == len(upstream.documents),
                     "every feed is fetched", 300)
    taken = {"weir-milter": weir.milter.pid, "weir-hold": weir.hold.pid,
             "weir-release": child_named(weir.hold.pid, release),
             "weir-console": weir.console.pid,
             "weir-feedfilter, %d feeds" % len(upstream.documents): weir.feeds.pid}
    report("resident memory of every daemon, %s" % store,
           "; ".join("%s %.1f MB" % (name, servers.resident_kb(pid) / 1024)
                     for name, pid in taken.items()),
           "redis-server %.1f MB" % (servers.resident_kb(counts.process.pid) / 1024)
           if store == "Redis" else "-", "-", "printed")
    weir.feeds.stop()
    weir.console.stop()
    weir.hold.stop()
    postfix.stop()
    counts.stop()


def bench_held(directory):
    """The console's list of what is held, by what is asked."""
    count = 20000 if QUICK else 1000000
    for what, took in lists.held(directory, count, ROUNDS * 4):
        report("the console's list of %d held, %s" % (count, what), "%.1f ms" % took, "-", "-",
               "under 50 ms")


def bench_history(directory):
    """The console's list and charts of past verdicts."""
    count = 20000 if QUICK else 1000000
    for what, took in lists.history(directory, count, ROUNDS * 4):
        report("the console's history of %d verdicts, %s" % (count, what), "%.1f ms" % took, "-",
               "-", "under 50 ms")


def bench_reputations(directory):
    """A million of them: out, in, in memory, and the 40 of a document."""
    count = 20000 if QUICK else 1000000
    for store in STORES:
        for row in reputations.measure(directory, STORES[store], store, count, ROUNDS):
            report(*row)


def bench_replay(directory):
    """A preview of weirctl tune: the processor's time for past verdicts of 40 identities each."""
    count = 5000 if QUICK else 100000
    program = os.path.join(servers.BUILD, "tests/bench/replay_verdicts")
    answer = subprocess.run([program, os.path.join(directory, "replay.db"), str(count)],
                            check=True, capture_output=True, text=True)
    for line in answer.stdout.splitlines():
        what, took, verdicts, changed, size = line.split("\t")
        report("replay of %s past verdicts, %s" % (verdicts, what),
               "%s s of one core; %s change; %s bytes a record" % (took, changed, size), "-", "-",
               "under 1 s for 100,000")


def child_named(parent, name):
    """The pid of that child, None when there is none."""
    with open("/proc/%d/task/%d/children" % (parent, parent)) as children:
        for pid in children.read().split():
            with open("/proc/%s/comm" % pid) as comm:
                if comm.read().strip() == name[:15]:
                    return int(pid)
    return None


def bench_feeds(directory):
    """Real feeds read, located, judged and written (filter_feeds.c), against xmllint --stream."""
    feeds = corpora.real_feeds()
    if not feeds:
        corpora.skip("real feeds")
        return
    ours, theirs, npm = [], [], {name: [] for name in npm_parsers()}
    megabytes = sum(os.path.getsize(path) for path in feeds) / 1e6
    program = os.path.join(servers.BUILD, "tests/bench/filter_feeds")
    for _ in range(ROUNDS + 1):
        ours.append(items_per_second([program, *feeds]))
        theirs.append(cpu_seconds(["xmllint", "--stream", "--noout", *feeds]))
        for name, rates in npm.items():
            rates.append(items_per_second(["node", npm_program(), name, "3", *feeds]))
    (mine, seconds), peer = max(ours), megabytes / min(theirs)
    what = "feed items parsed, judged and written, %d feeds, %.1f MB" % (len(feeds), megabytes)
    report(what, "%.1f MB/s" % (megabytes / seconds), "xmllint --stream: %.1f MB/s" % peer,
           "%.2f" % (megabytes / seconds / peer), "at least 0.5")
    for name, rates in npm.items():
        report(what, "%.0f items/s" % mine, "%s, merely parsing: %.0f items/s" % (name, max(rates)[0]),
               "%.1f" % (mine / max(rates)[0]), "at least 5")


def items_per_second(command):
    """(items a CPU second, the CPU seconds) that the program prints."""
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    seconds = float(re.search(r"([0-9.]+) seconds", said)[1])
    return int(re.search(r"(\d+) items", said)[1]) / seconds, seconds


def npm_program():
    return os.path.join(servers.BUILD, "tests/suites/npm/parse_feeds.mjs")


def npm_parsers():
    """Which of npm's parsers there are to measure against."""
    try:
        place = real_feeds.install_parsers()
    except servers.Skip as reason:
        print("skipped: npm's parsers: %s" % reason)
        return []
    shutil.copy(os.path.join(HERE, "parse_feeds.mjs"), place)
    return ["rss-parser", "feedsmith"]


def bench_hot(directory):
    """A hot feed from weir-feedfilter and as a file from nginx."""
    for what, ours, theirs, ratio in hot.measure(directory, ROUNDS, 1 if QUICK else 3):
        report("a hot feed to 100 connections, " + what, "%.0f requests/s" % ours,
               "nginx: %.0f requests/s" % theirs, "%.2f" % ratio, "at least 0.5")


def bench_polling(directory):
    """A thousand subscriptions polled each five seconds."""
    got = polling.measure(directory, 10 if QUICK else 30)
    what = "%d feeds polled each %d s, 20 ms away" % (polling.COUNT, polling.POLL_S)
    report(what + ", from a change to a reader", "p50 %.1f s, p99 %.1f s (%d changes)" % (
        got["p50"], got["p99"], got["changes"]), "-", "-", "p99 at most 7 s")
    report(what + ", CPU for 10,000 fetches (304)", "%.1f s (%.0f fetches/s)" % (
        got["per_10000"], got["per_second"]), "curl, 64 at once: %.1f s" % got["curl_per_10000"],
        "%.2f" % (got["curl_per_10000"] / got["per_10000"]), "printed")
    report(what + ", resident memory", "%.1f MB" % got["memory_mb"], "-", "-", "printed")


ON_EACH_STORE = {"bulk": bench_bulk, "postfix": bench_postfix, "memory": bench_memory,
                 "daemons": bench_daemons}
BENCHES = {"judging": bench_judging, "copies": bench_copies, "lesson": bench_lesson,
           "held": bench_held, "history": bench_history, "reputations": bench_reputations,
           "replay": bench_replay, "feeds": bench_feeds, "hot": bench_hot,
           "polling": bench_polling}


def run_bench(directory, name):
    if name in BENCHES:
        BENCHES[name](directory)
        return
    for store in STORES:
        own = os.path.join(directory, "%s-%s" % (name, store))
        os.mkdir(own)
        os.chmod(own, 0o755)
        ON_EACH_STORE[name](own, store)


def main():
    directory = servers.make_temporary_directory()
    chosen = [word for word in sys.argv[1:] if not word.startswith("-")]
    for name in chosen or [*ON_EACH_STORE, *BENCHES]:
        try:
            run_bench(directory, name)
        except servers.Skip as reason:
            print("skipped: %s: %s" % (name, reason), file=sys.stderr)
    print("| what | weir | against | ratio | target |\n| --- | --- | --- | --- | --- |")
    for row in rows:
        print("| %s | %s | %s | %s | %s |" % row)
    for complaint in servers.complaints:
        print(complaint, file=sys.stderr)
    sys.exit(1 if servers.complaints else 0)


main()
