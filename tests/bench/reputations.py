"""Reputations by the million: how long and in how much memory weirctl reads them in and writes them
out, what the store keeps for one, and how long the read of a document's takes beside a bare client."""

import os
import re
import subprocess
import time

import servers

DOCUMENTS = 20000  # read in one run of read_reputations


def rows(count, now_s):
    """(type, value) and the counts of identities as mail and feeds bring them: addresses and texts
    most, of lengths that are usual."""
    for number in range(count):
        seed = number * 2654435761 % (1 << 32)
        site = "%s%d.example" % (("shop", "news", "mail-relay", "static-cdn")[number % 4],
                                 number // 10)
        kind, value = (
            ("ip", "%d.%d.%d.%d" % (1 + seed % 220, seed >> 8 & 255, number >> 8 & 255, number & 255)),
            ("net", "2001:db8:%x:%x::/64" % (number >> 16, number & 0xffff)),
            ("from-domain", site), ("link-domain", site), ("link-host", "www." + site),
            ("helo", "mx1." + site), ("from-address", "ann.%d@%s" % (seed % 1000, site)),
            ("shingle", "%016x" % (number * 0x9e3779b97f4a7c15 % (1 << 64))),
            ("shingle", "%016x" % (number * 0xc2b2ae3d27d4eb4f % (1 << 64))),
            ("pair", "bounce-%d@%s bob.%d@box.example" % (seed, site, number % 5000)))[number % 10]
        yield kind, value, seed % 7, seed % 11 / 2, now_s - seed % 864000, 1 + seed % 40


def write_files(directory, count):
    """The reputations as import reads them, and a list of the identities."""
    table, listed = (os.path.join(directory, name) for name in ("million.csv", "million.list"))
    now_s = int(time.time())
    with open(table, "w") as csv, open(listed, "w") as plain:
        csv.write("type,value,ham,spam,time,override,log_odds,until,seen,first_seen\n")
        for kind, value, ham, spam, time_s, seen in rows(count, now_s):
            quoted = '"%s"' % value if " " in value else value
            csv.write("%s,%s,%g,%g,%d,none,,,%d,%d\n" % (
                kind, quoted, ham, spam, time_s, seen, time_s - 864000))
            plain.write("%s %s\n" % (kind, value))
    return table, listed


def peak_mb(pid):
    """The most that it had resident so far; what the kernel says of ended children has the parent's
    memory in it. 0 when it has ended."""
    with open("/proc/%d/status" % pid) as status:
        found = re.search(r"VmHWM:\s+(\d+)", status.read())
    return int(found[1]) / 1024 if found else 0


def timed(weir, source, target, *arguments):
    """(seconds by the clock, seconds of CPU, MB at most) of one run of weirctl."""
    peak = 0
    with open(source, "rb") as given, open(target, "wb") as out:
        start = time.monotonic()
        process = subprocess.Popen([weir.program("weirctl"), "--config", weir.config_path,
                                    *arguments], stdin=given, stdout=out, env=weir.env)
        ended = 0
        while not ended:
            peak = max(peak, peak_mb(process.pid))
            time.sleep(0.02)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("weirctl %s failed" % " ".join(arguments))
    return seconds, usage.ru_utime + usage.ru_stime, peak


def used_memory(redis):
    info = redis.command("INFO", "memory").decode()
    return int(info.split("used_memory:")[1].split()[0])


def transfer(weir, table, store, count):
    for verb in ("import", "export"):
        out = table if verb == "import" else table + ".out"
        arguments = ("reputation", verb) + (("-",) if verb == "import" else ())
        seconds, cpu, megabytes = timed(weir, out if verb == "import" else "/dev/null",
                                        os.devnull if verb == "import" else out, *arguments)
        yield ("%s of %d reputations, %s" % (verb, count, store),
               "%.1f s; %.1f s of weirctl's CPU; %.1f MB resident at most" % (
                   seconds, cpu, megabytes), "-", "-", "printed")
    with open(table + ".out") as written:
        lines = sum(1 for _ in written) - 1
    assert lines == count, "%d of %d came out" % (lines, count)


def read_documents(redis, listed, rounds):
    """The rows of a document's read: medians of so many runs, each of which takes its ways in turn."""
    program = os.path.join(servers.BUILD, "tests/bench/read_reputations")
    runs = []
    for _ in range(rounds):
        said = subprocess.run([program, redis.url, redis.socket, listed, str(DOCUMENTS)], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        runs.append([float(word) for word in said.split()])
    runs.sort(key=lambda run: run[0] / run[1])
    weir, pipeline, mget, commands = runs[len(runs) // 2]
    what = "the 40 reputations of a document, Redis, p50"
    yield (what, "%.0f µs; %.0f command" % (weir, commands),
           "hiredis, 40 GETs in a pipeline: %.0f µs" % pipeline, "%.2f" % (weir / pipeline),
           "at most 1.3; one command")
    yield (what, "%.0f µs" % weir, "hiredis, one MGET: %.0f µs" % mget, "%.2f" % (weir / mget),
           "at most 1.3")


def measure(directory, make_store, store, count, rounds):
    """Rows of the table, in `store`."""
    counts = make_store(directory, "counts-of-reputations-" + store.lower())
    weir = servers.Weir(directory, counts.url, "reputations-" + store.lower())
    table, listed = write_files(directory, count)
    empty = used_memory(counts) if store == "Redis" else 0
    yield from transfer(weir, table, store, count)
    if store == "Redis":
        yield ("Redis's memory for each of %d reputations" % count,
               "%.0f bytes" % ((used_memory(counts) - empty) / count), "-", "-",
               "at most 200 bytes")
        yield from read_documents(counts, listed, rounds)
    else:
        yield ("the file of %d reputations, SQLite" % count,
               "%.0f bytes each" % (os.path.getsize(counts.path) / count), "-", "-", "printed")
    counts.stop()
