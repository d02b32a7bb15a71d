"""What weir counts and tells: /metrics of its servers in Prometheus' text format, read by a strict
parser; weirctl history, stats and top; and the lessons of feed items while Redis is away."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time

from milter_client import MilterClient
from sample_feeds import HAM, ITEMS, SPAM, feed, guid_of
from servers import (SOURCE, HttpServer, Redis, Weir, free_port, make_temporary_directory, run,
                     wait_for)

HOLD_FD = 3

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([^}]*)\})? (\S+)\Z")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|\Z)')
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")


def parse(text):
    """The samples of an exposition (format 0.0.4) as {(name, (label, value)…): number}; any breach
    of the format fails."""
    assert text.endswith("\n"), "the last line has no end"
    samples, types, helps, family, done = {}, {}, set(), None, set()
    for line in text[:-1].split("\n"):
        assert line and line == line.strip(), "a blank line or blanks around: %r" % line
        if line.startswith("#"):
            _, keyword, name, rest = line.split(" ", 3)
            assert NAME.match(name) and keyword in ("HELP", "TYPE"), line
            if keyword == "HELP":
                assert name not in helps and name not in done, "HELP again: " + line
                helps.add(name)
            else:
                assert rest in TYPES and name not in types and name in helps, line
                types[name] = rest
                if family:
                    done.add(family)
                family = name
            continue
        match = SAMPLE.match(line)
        assert match, "no sample: %r" % line
        name, labels, value = match.groups()
        base = name
        if types[family] == "histogram":
            base = re.sub(r"_(bucket|sum|count)\Z", "", name)
        assert base == family, "%s stands among the samples of %s" % (name, family)
        pairs = LABEL.findall(labels or "")
        assert len("".join('%s="%s"' % pair for pair in pairs)) + max(0, len(pairs) - 1) == len(
            labels or ""), "labels: " + line
        key = (name,) + tuple(pairs)
        assert key not in samples, "twice: " + line
        assert len({label for label, _ in pairs}) == len(pairs), "a label twice: " + line
        samples[key] = float(value)
    for name, kind in types.items():
        if kind == "counter":
            assert name.endswith("_total"), name
        if kind == "histogram":
            check_histogram(samples, name)
    assert set(types) == helps
    return samples


def check_histogram(samples, name):
    """One for each set of labels but the last, which is the bucket's."""
    families = {}
    for key, value in samples.items():
        if key[0] == name + "_bucket":
            assert key[-1][0] == "le", key
            families.setdefault(key[1:-1], []).append((float(key[-1][1]), value))
    assert families, "%s: no buckets" % name
    for labels, buckets in families.items():
        assert buckets == sorted(buckets), "%s: buckets out of order, or falling" % name
        assert buckets[-1][0] == float("inf"), "%s: no +Inf" % name
        assert buckets[-1][1] == samples[(name + "_count",) + labels], "%s: count" % name
        assert (name + "_sum",) + labels in samples


def get(port, path, method="GET", headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read().decode()
    finally:
        connection.close()


def metrics(port):
    status, kind, text = get(port, "/metrics")
    assert status == 200 and kind.startswith("text/plain; version=0.0.4"), (status, kind)
    return parse(text)


class Fixture:
    def __init__(self, directory):
        self.directory = directory
        self.redis = Redis(directory, persistent=True)
        self.upstream = HttpServer()
        self.upstream.documents["/planet.xml"] = ("application/rss+xml", feed(ITEMS))
        self.ports = {name: free_port() for name in ("milter", "release", "console")}
        self.weir = Weir(directory, self.redis.url, settings={
            "cold-lessons": 10, "thresholds": {"hold": 0.85},
            "metrics": {name: "127.0.0.1:%d" % port for name, port in self.ports.items()},
            "feedfilter": {"upstream-networks": ["127.0.0.0/8"], "poll": "1s", "poll-min": "1s"},
            "feed planet": {"url": self.upstream.url + "/planet.xml"}})
        self.weir.learn_samples()
        self.weir.start_milter()
        self.weir.start_feeds()
        get(self.weir.feeds_port, "/f/planet")


def setup():
    yield Fixture(make_temporary_directory())


def fails(text):
    try:
        parse(text)
    except (AssertionError, ValueError, KeyError):
        return True
    return False


def test_parser(_):
    """The parser of this test refuses what is no exposition"""
    head = "# HELP a_total x\n# TYPE a_total counter\n"
    assert parse(head + "a_total 1\n") == {("a_total",): 1.0}
    for wrong in (head + "a_total 1", head + "a_total x\n", head + "b_total 1\n", "a_total 1\n",
                  head + "a_total{l=\"1\"} 1\na_total{l=\"1\"} 1\n", head + "a_total{l=1} 1\n",
                  head + head + "a_total 1\n", "# HELP a x\n# TYPE a counter\na 1\n",
                  "# HELP a x\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 2\na_sum 1\na_count 1\n"):
        assert fails(wrong), wrong


def test_who_it_is(fixture):
    """Each program says which one it is"""
    fixture.weir.start_console()
    for port, program in ((fixture.ports["milter"], "weir-milter"),
                          (fixture.weir.feeds_port, "weir-feedfilter"),
                          (fixture.ports["console"], "weir-console")):
        info, = [key for key in metrics(port) if key[0] == "weir_build_info"]
        assert ("program", program) in info, info


def test_milter(fixture):
    """weir-milter counts messages by their action"""
    port = fixture.ports["milter"]
    before = metrics(port)
    client = MilterClient(fixture.weir.connect_milter()).open()
    client.message([(b"From", b"ann@sender.test"), (b"Subject", b"Tides")], b"See you at six.\r\n")
    assert metrics(port)[("weir_milter_messages_under_way",)] == 0
    client.close()
    after = metrics(port)

    def documents(samples):
        return sum(value for key, value in samples.items() if key[0] == "weir_documents_total")
    assert documents(after) == documents(before) + 1
    assert after[("weir_judging_seconds_count",)] == before[("weir_judging_seconds_count",)] + 1
    assert after[("weir_counts_up",)] == 1
    assert after[("weir_replica_version",)] == fixture.redis.version()


def test_feeds(fixture):
    """weir-feedfilter counts items, fetches and answers, and tells what is held"""
    port = fixture.weir.feeds_port
    get(port, "/nothing")
    samples = metrics(port)
    assert samples[("weir_documents_total", ("channel", "feed"), ("action", "hold"))] == len(SPAM)
    assert samples[("weir_documents_total", ("channel", "feed"), ("action", "accept"))] == len(HAM)
    assert samples[("weir_held_entries", ("state", "held"))] == len(SPAM)
    assert samples[("weir_feed_fetches_total", ("outcome", "changed"))] >= 1
    assert samples[("weir_http_responses_total", ("code", "404"))] >= 1
    assert samples[("weir_http_connections",)] >= 1


def test_routes(fixture):
    """weir-feedfilter counts requests by what was asked for and kind of status, and times them"""
    port, token = fixture.weir.feeds_port, "0" * 32
    requests = [("feed", "2xx", "/f/planet", "GET", {}), ("feed", "2xx", "/f/planet?x=1", "HEAD", {}),
                ("feed", "4xx", "/f/nothing", "GET", {}), ("feed", "4xx", "/f/planet", "PUT", {}),
                ("feed", "4xx", "/f/planet", "GET", {"Host": "evil.test"}),
                ("feed", "3xx", "/f/planet", "GET", {"If-None-Match": "*"}),
                ("held", "2xx", "/q/planet", "GET", {}), ("opml", "2xx", "/opml", "GET", {}),
                ("opml", "4xx", "/r/%s/opml" % token, "GET", {}),
                ("hub", "4xx", "/w/planet/" + token, "GET", {}),
                ("hub", "4xx", "/w/planet/" + token, "POST", {}),
                ("health", "2xx", "/health", "GET", {}),
                ("other", "4xx", "/nothing", "GET", {}), ("other", "4xx", "/f/../health/%00", "GET", {})]
    before = metrics(port)
    for _, _, path, method, headers in requests:
        get(port, path, method, headers)
    after = metrics(port)

    def more(name, *labels):
        return after[(name,) + labels] - before[(name,) + labels]

    expected = {("metrics", "2xx"): 1}  # the one before
    for route, kind, *_ in requests:
        expected[route, kind] = expected.get((route, kind), 0) + 1
    for route in ("feed", "held", "opml", "hub", "health", "metrics", "other"):
        for kind in ("2xx", "3xx", "4xx", "5xx"):
            count = more("weir_http_requests_total", ("route", route), ("class", kind))
            assert count == expected.get((route, kind), 0), (route, kind, count)
        count = sum(value for (of, _), value in expected.items() if of == route)
        assert more("weir_http_request_seconds_count", ("route", route)) == count, route
        assert 0 < more("weir_http_request_seconds_sum", ("route", route)) < 60 * count, route


def test_failed_fetch(fixture):
    """A poll that fails is counted as failed"""
    key = ("weir_feed_fetches_total", ("outcome", "failed"))
    document = fixture.upstream.documents.pop("/planet.xml")
    wait_for(lambda: metrics(fixture.weir.feeds_port)[key] >= 1, "a poll has failed")
    fixture.upstream.documents["/planet.xml"] = document


def test_release(fixture):
    """weir-release tells of the journal and of what is held"""
    ours, its = socket.socketpair()
    release = subprocess.Popen(
        [fixture.weir.program("weir-release"), "--stderr", "--config", fixture.weir.config_path],
        env=fixture.weir.env, stderr=subprocess.DEVNULL, close_fds=False,
        preexec_fn=lambda: os.dup2(its.fileno(), HOLD_FD))
    try:
        wait_for(lambda: answers(fixture.ports["release"]), "weir-release answers")
        samples = metrics(fixture.ports["release"])
        assert samples[("weir_journal_lessons_waiting",)] == 0
        assert ("weir_held_entries", ("state", "held")) in samples
    finally:
        release.terminate()
        assert release.wait(20) == 0
        ours.close()
        its.close()


def test_dashboard(fixture):
    """The Grafana dashboard asks for nothing that is not served, neither a name nor a label's value"""
    with open(os.path.join(SOURCE, "conf/grafana/weir.json")) as file:
        panels = json.load(file)["panels"]
    served = {}
    for port in (fixture.ports["milter"], fixture.weir.feeds_port):
        for name, *labels in metrics(port):
            served.setdefault(name, []).append(dict(labels))
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    for name, wish in re.findall(r"(weir_\w+)\{([^}]*)\}", " ".join(queries)):
        assert name in served, "%s is not served" % name
        for label, values in re.findall(r'(\w+)=~?"([^"]*)"', wish):
            known = {labels.get(label) for labels in served[name]}
            assert label == "instance" or set(values.split("|")) <= known, (name, label, known)
    for labels, name in re.findall(r"by \(([\w, ]+)\) \((?:\w+\()*(weir_\w+)", " ".join(queries)):
        assert set(labels.split(", ")) <= {"instance"} | set(served[name][0]), (labels, name)
    for wanted in ("weir_documents_total", "weir_judging_seconds_bucket", "weir_held_entries",
                   "weir_journal_size_bytes", "weir_counts_up", "weir_feed_fetches_total"):
        assert any(wanted in query for query in queries), wanted
    assert len({panel["id"] for panel in panels}) == len(panels)


def answers(port):
    try:
        return get(port, "/health")[0] == 200
    except OSError:
        return False


def test_small_server(fixture):
    """The server of /metrics knows GET and HEAD of two paths"""
    port = fixture.ports["milter"]
    assert json.loads(get(port, "/health")[2]) == {"status": "ok"}
    assert get(port, "/metrics", "HEAD")[2] == ""
    assert get(port, "/")[0] == 404
    assert get(port, "/metrics", "POST")[0] == 405


def test_history(fixture):
    """weirctl history filters, newest first"""
    history = fixture.weir.ctl("history", "--json", "--channel", "feed", "--action", "hold").output
    entries = [json.loads(line) for line in history.splitlines()]
    assert {entry["reference"] for entry in entries} == {guid_of(data) for data in SPAM}
    times = [json.loads(line)["time"] for line in
             fixture.weir.ctl("history", "--json").output.splitlines()]
    assert len(times) > len(SPAM) and times == sorted(times, reverse=True)
    assert fixture.weir.ctl("history", "--sender", "nobody").text() == "nothing was judged\n"
    assert len(fixture.weir.ctl("history", "--limit", "2").text().splitlines()) == 2
    fixture.weir.ctl("history", "--since", "yesterday", status=64)
    for day in ("2026-02-30", "2025-02-29 10:00", "2026-11-31 23:59:59"):
        result = fixture.weir.ctl("history", "--since", day, status=64)
        assert "no day " + day[:10] in result.errors, result.errors
        assert result.errors.count("\n") == 1 and not result.output, result.errors
    fixture.weir.ctl("history", "--since", "2024-02-29")


def test_follow(fixture):
    """weirctl history --follow prints what comes"""
    follower = subprocess.Popen(
        [fixture.weir.program("weirctl"), "history", "--follow", "--json"], env=fixture.weir.env,
        stdout=subprocess.PIPE)
    try:
        time.sleep(1)
        client = MilterClient(fixture.weir.connect_milter()).open()
        client.message([(b"From", b"ann@sender.test"), (b"Subject", b"Followed")], b"Now.\r\n")
        client.close()
        assert json.loads(follower.stdout.readline())["subject"] == "Followed"
    finally:
        follower.kill()
        follower.wait()


def test_stats_and_top(fixture):
    """weirctl stats and top sum up what was judged and taught"""
    stats = fixture.weir.ctl("stats", "--json").json()
    assert stats["feed"]["held"] == stats["feed"]["waiting"] == len(SPAM)
    assert stats["feed"]["false_positive_rate"] == 0
    assert stats["mail"]["seen"] >= 1 and stats["mail"]["records_bytes"] > 0
    assert stats["counts"]["up"] and stats["counts"]["version"] == fixture.redis.version()
    (source,) = stats["counts"]["lessons"]["sources"]
    assert source["source"] == "operator"
    assert source["ham"] + source["spam"] == fixture.redis.version()
    assert "log version" in fixture.weir.ctl("stats").text()
    assert fixture.weir.ctl("top", "--by", "feed", "--json").json() == {
        "feed": "planet", "spam": len(SPAM), "ham": len(HAM)}
    senders = fixture.weir.ctl("top", "--ham", "--json").output.splitlines()
    assert {json.loads(line)["sender"].rpartition("@")[2] for line in senders} == {
        json.loads(line)["domain"]
        for line in fixture.weir.ctl("top", "--by", "domain", "--ham", "--json").output.splitlines()}
    symbols = [json.loads(line) for line in
               fixture.weir.ctl("top", "--by", "symbol", "--json").output.splitlines()]
    content = [row for row in symbols if row["symbol"] == "CONTENT"]
    assert content and content[0]["spam"] >= len(SPAM), symbols
    assert [row["spam"] for row in symbols] == sorted((row["spam"] for row in symbols), reverse=True)
    assert fixture.weir.ctl("top", "--by", "symbol", "--limit", "1").text().count("\n") == 1
    assert "domain, feed" in fixture.weir.ctl("top", "--by", "colour", status=64).errors
    domains = fixture.weir.ctl("top", "--by", "link-domain").text()
    assert "goldenspin-casino.test" in domains.splitlines()[0] or len(domains.splitlines()) > 1


def test_feed_lesson_waits(fixture):
    """A lesson about a feed's item waits while Redis is away, and weir-feedfilter sends it"""
    weir, version = fixture.weir, fixture.redis.version()
    journal = os.path.join(weir.directory, "feeds.journal")
    fixture.redis.kill()
    wait_for(lambda: metrics(weir.feeds_port)[("weir_counts_up",)] == 0, "the feeds' store is down")
    wait_for(lambda: metrics(fixture.ports["milter"])[("weir_counts_up",)] == 0, "mail's, too")
    assert json.loads(get(fixture.ports["milter"], "/health")[2]) == {"status": "degraded"}
    weir.ctl("held", "release", "f1")
    assert os.path.getsize(journal) > 0
    assert metrics(weir.feeds_port)[("weir_journal_lessons_waiting",)] == 1
    stats = weir.ctl("stats", "--json").json()
    assert stats["feed"]["journal"]["waiting"] == 1 and stats["mail"]["journal"]["waiting"] == 0
    assert not stats["counts"]["up"] and stats["feed"]["released"] == 1
    weir.milter.stop(signal.SIGUSR2)  # so that it is the feeds' own program that sends it
    fixture.redis.start()
    wait_for(lambda: metrics(weir.feeds_port)[("weir_journal_lessons_waiting",)] == 0, "it is sent")
    wait_for(lambda: fixture.redis.version() == version + 1, "it is in the log")
    key = ("weir_replica_version",)
    wait_for(lambda: metrics(weir.feeds_port)[key] == version + 1, "it is learned")


run(setup, [test_parser, test_who_it_is, test_milter, test_feeds, test_routes, test_failed_fetch, test_release,
            test_dashboard, test_small_server, test_history, test_follow, test_stats_and_top,
            test_feed_lesson_waits])
