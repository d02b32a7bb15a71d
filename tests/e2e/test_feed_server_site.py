"""What the feed server learns of a feed's site over its polls: that it is gone for good, where it has
moved to, how often it changes, and when it does not want to be asked."""

import calendar
import json
import os
import re
import signal
import time
import xml.etree.ElementTree as ElementTree

from gateway import get, setup
from sample_feeds import HAM, ITEMS, feed
from servers import run, wait_for
from upstream import Document, Upstream, redirect, sends

GONE = Document(b"gone", "text/plain", 410, validators=False)
ATOM = (b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">"
        b"<id>urn:a</id><title>A</title><updated>2026-11-01T00:00:00Z</updated>\n"
        b"<entry><id>urn:1</id><title>One</title><updated>2026-11-01T00:00:00Z</updated></entry>"
        b"</feed>\n")
JSON = (b"{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"J\",\"items\":["
        b"{\"id\":\"1\",\"content_text\":\"one\"}]}")
RDF = (b"<?xml version=\"1.0\"?><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" "
       b"xmlns=\"http://purl.org/rss/1.0/\"><channel rdf:about=\"http://a.test/\"><title>R</title>"
       b"<link>http://a.test/</link></channel><item rdf:about=\"http://a.test/1\"><title>One</title>"
       b"</item></rdf:RDF>")


def titles(body):
    """Of the items, in their order."""
    if body.startswith(b"{"):
        return [item.get("title", "") for item in json.loads(body)["items"]]
    root = ElementTree.fromstring(body)
    items = [node for node in root.iter() if node.tag.rsplit("}")[-1] in ("item", "entry")]
    return [next((child.text for child in item if child.tag.endswith("title")), "")
            for item in items]


def test_gone(fixture):
    """410 three times in a row: asked no more; the last copy stays, with a note; after a restart too"""
    bodies = {"rss": feed(HAM), "atom": ATOM, "json": JSON, "rdf": RDF}
    with fixture.gateway({name: Document(body) for name, body in bodies.items()}) as gateway:
        for name, body in bodies.items():
            assert get(gateway, "/f/" + name).body == body, name
            gateway.upstream.documents[gateway.prefix + name] = GONE
        gateway.add("never", GONE)
        gateway.feeds.process.send_signal(signal.SIGHUP)
        names = [*bodies, "never"]
        wait_for(lambda: all(gateway.lines("feed-gone", name) for name in names), "all are gone")
        wait_for(lambda: all(len(titles(get(gateway, "/f/" + name).body)) == 1 + len(titles(body))
                             for name, body in bodies.items()), "all have a note")
        for name, body in bodies.items():
            now = titles(get(gateway, "/f/" + name).body)
            assert now == ["This feed has ended"] + titles(body), (name, now)
        # All that was there stays as it was, byte for byte, around the note.
        rss = get(gateway, "/f/rss").body
        start, end = rss.index(b"<item><guid isPermaLink"), rss.index(b"</item>") + len(b"</item>")
        assert b"weir:gone:rss" in rss[start:end] and rss[:start] + rss[end:] == bodies["rss"]
        wait_for(lambda: get(gateway, "/f/never").status == 410, "there is none to be had")
        answer = get(gateway, "/f/never")
        assert re.fullmatch(r"never: 127\.0\.0\.1: it answered 410 \(Gone\) again and again, and is "
                            r"asked no more\n", answer.text()), answer.text()
        health = gateway.health("rss")
        assert health["state"] == "gone" and health["gone_since"] and not health["next_poll"], health
        assert b'weir_feeds{state="gone"} 5' in get(gateway, "/metrics").body
        asked = {name: gateway.asked(name) for name in names}
        assert all(count == 3 for name, count in asked.items() if name == "never"), asked
        gateway.wait_for_polls(["good"], 3)
        assert {name: gateway.asked(name) for name in names} == asked
        gateway.expect_told_once(names, "feed-gone")
    noted = {}
    with gateway:  # again, and it is remembered, with a copy or without
        asked = {name: gateway.asked(name) for name in names}
        answer = get(gateway, "/f/never")
        assert answer.status == 410 and "is asked no more" in answer.text(), answer.status
        assert gateway.health("never")["state"] == "gone" and gateway.health("never")["gone_since"]
        for name, body in bodies.items():
            noted[name] = titles(get(gateway, "/f/" + name).body)
            assert noted[name] == ["This feed has ended"] + titles(body), (name, noted[name])
        gateway.wait_for_polls(["good"], 3)
        assert {name: gateway.asked(name) for name in names} == asked
        # Another URL, and it is asked again.
        gateway.add("elsewhere", Document(ATOM))
        gateway.configure({"feed rss": {"url": gateway.settings["feed elsewhere"]["url"]}})
        gateway.feeds.process.send_signal(signal.SIGHUP)
        wait_for(lambda: get(gateway, "/f/rss").body == ATOM, "it is there")
        assert gateway.health("rss")["state"] == "ok"


def test_a_slip_is_not_the_end(fixture):
    """410 and then the feed: nothing has happened"""
    with fixture.gateway({"slip": Document(feed(HAM), validators=False)}) as gateway:
        get(gateway, "/f/slip")
        gateway.document("slip").status = 410
        wait_for(lambda: gateway.health("slip")["failures"] >= 1, "it is noticed")
        gateway.document("slip").status = 200
        wait_for(lambda: gateway.health("slip")["state"] == "ok", "it is back")
        gateway.wait_for_polls(["slip"], 2)
        assert get(gateway, "/f/slip").body == feed(HAM)
        assert not gateway.lines("feed-gone", "slip")


def listed(gateway):
    """What weirctl feeds list says, by name."""
    return {entry["name"]: entry for entry in gateway.ctl("feeds", "list", "--json").json()}


def expect_listed(gateway, url):
    """The admin's own list says where the feed "moved" is fetched from, and the others are not."""
    wait_for(lambda: listed(gateway)["moved"]["moved"] == url, "the list tells")
    assert listed(gateway)["other"]["moved"] == ""
    text = gateway.ctl("feeds", "list").text()
    assert "that has moved for good, and is fetched from: %s\n" % url in text, text


def test_moved(fixture):
    """A permanent redirect is followed by itself once it was seen again and again; back when it fails"""
    there = Upstream("127.0.0.1")
    there.documents["/new?key=word"] = Document(feed(ITEMS[:1]))
    moved = Document(answer=redirect(there.url + "/new?key=word", 308))
    other = Document(answer=redirect(there.url + "/new?key=word", 302))
    with fixture.gateway({"moved": moved, "other": other}) as gateway:
        wait_for(lambda: gateway.lines("feed-moved", "moved"), "it is followed")
        line = gateway.lines("feed-moved", "moved")[0]
        assert " to=%s " % there.url in line and "/new" not in gateway.log(), line
        assert gateway.health("moved")["moved_to"] == there.url
        expect_listed(gateway, there.url + "/new?key=word")
        assert gateway.asked("moved") == 3, gateway.asked("moved")
        before = len(there.log)
        wait_for(lambda: len(there.log) >= before + 8, "there it is polled")
        assert gateway.asked("moved") == 3 and gateway.asked("other") > 3
        assert not gateway.lines("feed-moved", "other")
        assert get(gateway, "/f/moved").body == feed(ITEMS[:1])
    with gateway:  # again, and it is remembered
        assert get(gateway, "/f/moved").body == feed(ITEMS[:1])
        gateway.wait_for_polls(["other"], 3)
        assert gateway.asked("moved") == 3 and gateway.health("moved")["moved_to"] == there.url
        expect_listed(gateway, there.url + "/new?key=word")
        # What it moved to is gone from there: the configured URL is asked again.
        del there.documents["/new?key=word"]
        gateway.upstream.documents[gateway.prefix + "moved"] = Document(feed(HAM))
        wait_for(lambda: get(gateway, "/f/moved").body == feed(HAM), "it is back where it was")
        assert "moved_to" not in gateway.health("moved")
        wait_for(lambda: listed(gateway)["moved"]["moved"] == "", "the list tells")


def test_what_moved_and_fails_is_not_followed(fixture):
    """Where the new place fails, weir asks its own URL again, and nobody is told otherwise"""
    there = Upstream("127.0.0.1")
    there.documents["/new"] = Document(feed(HAM))
    documents = {name: Document(answer=redirect(there.url + "/new", 301 if name == "moved" else 302))
                 for name in ("moved", "other")}
    with fixture.gateway(documents) as gateway:
        expect_listed(gateway, there.url + "/new")
        there.documents["/new"] = Document(b"", status=404)
        gateway.upstream.documents[gateway.prefix + "moved"] = Document(b"", status=500)
        gateway.wait_for_polls(["moved"], 2)
        wait_for(lambda: listed(gateway)["moved"]["moved"] == "", "the list tells")
        assert "moved_to" not in gateway.health("moved")
        # It is, again, once its own URL says so again.
        there.documents["/new"] = Document(feed(HAM))
        gateway.upstream.documents[gateway.prefix + "moved"] = documents["moved"]
        expect_listed(gateway, there.url + "/new")
        assert len(gateway.lines("feed-moved", "moved")) == 1


def test_a_page_that_fails_is_no_sighting(fixture):
    """What a page there names and cannot be had counts for nothing of where the feed has moved to"""
    there = Upstream("127.0.0.1")
    fed = []

    def new(handler):
        """The feed once, then five times a page in its place, and the feed from then on."""
        count = len([request for request in there.log if request.path == "/new"])
        if 2 <= count <= 6:
            return sends(b'<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" '
                         b'href="/none"></head></html>', ("Content-Type", "text/html"))(handler)
        fed.append(count)
        return sends(feed(HAM), ("Content-Type", "application/rss+xml"))(handler)

    there.documents["/new"] = Document(answer=new)
    with fixture.gateway({"moved": Document(answer=redirect(there.url + "/new", 301))}) as gateway:
        wait_for(lambda: gateway.lines("feed-moved", "moved"), "it is followed")
        assert len([request for request in there.log if request.path == "/none"]) >= 1
        line = gateway.lines("feed-moved", "moved")[0]
        assert len(fed) >= 3, (fed, line)


def test_rhythm(fixture):
    """A feed that changes often is polled often, one that has skipped all hours rarely"""
    skip = b"<skipHours>%s</skipHours>" % b"".join(b"<hour>%d</hour>" % hour for hour in range(24))
    documents = {
        "lively": Document(feed(HAM), validators=False),
        "skips": Document(feed(HAM).replace(b"<description>", skip + b"<description>", 1)),
    }
    with fixture.gateway(documents, good=True, feedfilter={
            "poll": "6s", "poll-min": "1s", "poll-max": "1h"}) as gateway:
        for name in documents:
            get(gateway, "/f/" + name)
        news = []
        for number in range(3):
            news.insert(0, b"<item><guid>new%d</guid><title>Some news</title></item>" % number)
            gateway.document("lively").body = feed(news + HAM)
            wait_for(lambda: b"new%d<" % number in get(gateway, "/f/lively").body, "it changed")
        # Of a rhythm of a few seconds a tenth is less than poll-min.
        lively = next_poll_s(gateway, "lively")
        assert lively < 3, lively
        assert next_poll_s(gateway, "skips") > 3000, gateway.health("skips")
    names = os.listdir(os.path.join(gateway.directory, "cache"))
    assert "lively.feed" in names
    with gateway:  # again: with the rhythm it knew
        get(gateway, "/f/lively")
        gateway.wait_for_polls(["lively"], 1)
        assert next_poll_s(gateway, "lively") < 3


def test_upstream_is_not_asked_early(fixture):
    """What max-age and Retry-After ask for is waited for, to the end of it; 203 is an answer as 200"""
    documents = {
        "fresh": Document(feed(HAM), headers=[("Cache-Control", "max-age=3")], status=203,
                          validators=False),
        "busy": Document(b"", status=503, headers=[("Retry-After", "3")], validators=False)}
    with fixture.gateway(documents, feedfilter={"poll-max": "1h"}) as gateway:
        assert get(gateway, "/f/fresh").body == feed(HAM)
        gateway.wait_for_polls(documents, 3)
        for name in documents:
            times = [request.time for request in gateway.upstream.asked(gateway.prefix + name)]
            gaps = [later - former for former, later in zip(times, times[1:])]
            assert min(gaps) >= 3, (name, gaps)


def next_poll_s(gateway, name):
    text = gateway.health(name)["next_poll"]
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) - time.time()


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")],
    at_once=3)
