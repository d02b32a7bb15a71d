"""A long list of feeds that nobody reads: what it takes of memory, and how long /health takes. A long
list of held items: what is told of those that it does not list."""

import json
import os
import re
import subprocess
import time

from gateway import get
from sample_feeds import feed, item
from servers import Weir, counts_store, make_temporary_directory, run, wait_for
from upstream import Document, Upstream

FEEDS = 6000
MOST_KB = 6  # resident, for each
MOST_HEALTH_S = 2
REMOVALS = 25
MOST_REMOVED_KB = 400  # less than a tenth of what all others' sections take


def under_sanitizer(program):
    return b"libasan" in subprocess.run(["ldd", program], stdout=subprocess.PIPE).stdout


def opml(path):
    """Each feed on a host of its own, where nobody listens, so that none waits for another's turn."""
    with open(path, "w") as file:
        file.write("<opml version='2.0'><body>")
        for number in range(FEEDS):
            file.write("<outline type='rss' text='n%d' xmlUrl='http://127.1.%d.%d:1/feed'/>"
                       % (number, number // 250, number % 250 + 1))
        file.write("</body></opml>")
    return path


def health(weir):
    return json.loads(get(weir, "/health").body)


def test_idle_feeds_take_little(fixture):
    """Thousands of feeds that nobody asks for take a few KB each, and /health tells of all at once"""
    weir = fixture
    baseline_kb = weir.feeds.memory_kb()
    weir.ctl("feeds", "import", opml(os.path.join(weir.directory, "list.opml")))
    wait_for(lambda: len(health(weir)["feeds"]) == FEEDS, "all are subscribed to")
    wait_for(lambda: {one["state"] for one in health(weir)["feeds"]} == {"failing"},
             "all were polled", 240)
    more_kb = (weir.feeds.memory_kb() - baseline_kb) / FEEDS
    start = time.monotonic()
    told = health(weir)
    took_s = time.monotonic() - start
    assert told["status"] == "degraded"
    assert [one["name"] for one in told["feeds"]][:2] == ["127.1.0.1", "127.1.0.2"], told["feeds"][:2]
    assert told["feeds"][0]["trouble"] == "127.1.0.1: connection refused", told["feeds"][0]
    assert took_s < MOST_HEALTH_S, took_s
    if not under_sanitizer(weir.program("weir-feedfilter")):
        assert more_kb < MOST_KB, "%.1f KB for each feed" % more_kb
    print("# %.1f KB for each feed, /health %.3f s" % (more_kb, took_s))


def test_removed_while_polls_wait(fixture):
    """Feeds that are removed one after the other, while their polls wait, give their memory back"""
    weir = fixture
    names = sorted(one["name"] for one in health(weir)["feeds"])
    path = os.path.join(weir.directory, "waiting.opml")
    with open(path, "w") as file:
        file.write("<opml version='2.0'><body>")
        for number in range(FEEDS):
            file.write("<outline type='rss' text='one host %d' xmlUrl='http://127.2.0.1:1/%d'/>"
                       % (number, number))
        file.write("</body></opml>")
    weir.ctl("feeds", "import", path)
    wait_for(lambda: len(health(weir)["feeds"]) == 2 * FEEDS, "all are subscribed to")
    before_kb = 0
    for number in range(REMOVALS):
        if number == 5:  # what a reload takes for a while was taken
            before_kb = weir.feeds.memory_kb()
        name = "one-host-%d" % (FEEDS - 1 - number)
        weir.ctl("feeds", "remove", name)
        wait_for(lambda: get(weir, "/f/" + name).status == 404, "it is gone")
    each_kb = (weir.feeds.memory_kb() - before_kb) / (REMOVALS - 5)
    weir.ctl("feeds", "remove", *names, *["one-host-%d" % number for number in range(FEEDS - REMOVALS)])
    wait_for(lambda: not health(weir)["feeds"], "none are left")
    if not under_sanitizer(weir.program("weir-feedfilter")):
        assert each_kb < MOST_REMOVED_KB, "%.0f KB for each removal" % each_kb
    print("# %.0f KB for each removal" % each_kb)


def test_held_beyond_the_list(fixture):
    """/q/NAME tells of how many more are held than it lists, and weirctl lists as many"""
    weir = fixture
    items = [item("g%d" % number, "Hull %d" % number, "") for number in range(203)]
    weir.upstream.documents["/hulls"] = Document(feed(items))
    weir.ctl("rules", "apply", "-", input='rule "hulls" { title = hull  action = hold }\n')
    weir.ctl("feeds", "add", "hulls", weir.upstream.url + "/hulls")
    page = wait_for(lambda: re.search(rb"<title>3 more are held</title>.*", get(weir, "/q/hulls").body, re.S),
                    "it says so")
    assert b"weirctl held list --feed hulls lists all of them" in page.group(0), page.group(0)
    assert get(weir, "/q/hulls").body.count(b"<entry>") == 201
    count = weir.ctl("held", "list", "--feed", "hulls", "--count").text()
    assert count.startswith("203"), count


def setup():
    directory = make_temporary_directory()
    weir = Weir(directory, counts_store(directory).url, "many", {
        "log": {"level": "error"},
        "feedfilter": {"upstream-networks": ["127.0.0.0/8"], "poll-min": "1h", "poll": "2h"}})
    weir.upstream = Upstream()
    weir.start_feeds()
    yield weir
    assert weir.feeds.stop() == 0, weir.feeds.log()[-3000:]


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
