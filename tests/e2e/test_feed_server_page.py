"""Subscriptions whose address answers a page (HTML): the feed that it names is served, whoever made the
page."""

import json
import re

from gateway import get, setup
from sample_feeds import HAM, ITEMS, SPAM, feed, without
from servers import run, wait_for
from upstream import Document, Upstream, redirect

GOOD = without(feed(ITEMS), *SPAM)
NAMES_NONE = "what came is no feed but a page (HTML), which names none"
ITSELF = "the feed that its page names is no feed but a page (HTML) itself"


def link(href, kind="application/rss+xml", title="Feed"):
    return '<link rel="alternate" type="%s" title="%s" href="%s">' % (kind, title, href)


def page(*links, body="<p>Welcome"):
    """Served as what it is not: what counts is what the bytes are."""
    text = "<!DOCTYPE html><html><head><title>A page</title>%s</head><body>%s" % (
        "".join(links), body)
    return Document(text.encode(), "application/xml", validators=False)


def listed(gateway, name):
    lines = gateway.ctl("--json", "feeds", "list").text().splitlines()
    return next(entry for entry in map(json.loads, lines) if entry["name"] == name)


def test_the_feed_of_a_page_is_served(fixture):
    """The first feed of a page is found, asked by itself from then on, and known after a restart"""
    documents = {
        "page": page(link("comments/feed", title="Comments"), link("feed.xml"), link("second")),
        "old": page(link("any", "text/html"), '<link rel="feed" href="feed.xml">'),
        "based": page('<base href="/deep/er/">', link("../atom?a=1&amp;b=2", "Application/Atom+XML")),
        "feed.xml": Document(feed(ITEMS)),
    }
    fixture.upstream.documents["/deep/atom?a=1&b=2"] = Document(feed(HAM))
    with fixture.gateway(documents) as gateway:
        for name, body in (("page", GOOD), ("old", GOOD), ("based", feed(HAM))):
            assert get(gateway, "/f/" + name).body == body, gateway.log()
            wait_for(lambda: gateway.lines("feed-found", name), "it is told")
            lines = gateway.lines("feed-found", name)
            assert len(lines) == 1 and " at=%s " % gateway.upstream.url in lines[0], lines
            assert "feed.xml" not in lines[0] and "atom" not in lines[0], lines
            health = gateway.health(name)
            assert health["state"] == "ok" and health["found_at"] == gateway.upstream.url, health
        assert "found_at" not in gateway.health("good")
        found = gateway.settings["feed feed.xml"]["url"]
        wait_for(lambda: listed(gateway, "page")["found"] == found, "the list tells")
        assert "names is fetched: %s\n" % found in gateway.ctl("feeds", "list").text()
        assert listed(gateway, "good")["found"] == ""
        gateway.wait_for_polls(["feed.xml"], 4)
        assert gateway.asked("page") == 1, gateway.asked("page")
        assert gateway.asked("second") == gateway.asked("comments/feed") == 0
        statuses = [request.status for request in gateway.upstream.asked(gateway.prefix + "feed.xml")]
        assert statuses.count(304) >= 2, statuses
    with gateway:  # again
        assert get(gateway, "/f/page").body == GOOD
        gateway.wait_for_polls(["feed.xml"], 3)
        assert gateway.asked("page") == 1, gateway.asked("page")
        assert not gateway.lines("feed-found", "page")
        # What the page names fails: the page is asked again, and names another one.
        gateway.upstream.documents[gateway.prefix + "new"] = Document(feed(HAM[:1]))
        gateway.upstream.documents[gateway.prefix + "page"] = page(link("new"))
        gateway.upstream.documents[gateway.prefix + "feed.xml"] = Document(
            b"away", "text/plain", 410, validators=False)
        wait_for(lambda: get(gateway, "/f/page").body == feed(HAM[:1]), "the new one is served")
        assert gateway.health("page")["state"] == "ok"
        # The site serves a feed where the page was: the configured URL counts.
        gateway.upstream.documents[gateway.prefix + "page"] = Document(feed(HAM[1:]))
        del gateway.upstream.documents[gateway.prefix + "new"]
        wait_for(lambda: get(gateway, "/f/page").body == feed(HAM[1:]), "its own feed is served")
        wait_for(lambda: "found_at" not in gateway.health("page"), "nothing is found any more")


def test_what_stands_before_a_feed_is_passed_on(fixture):
    """Complaints of a site's scripts, in front of a feed, are no page: it is judged, and they stay"""
    junk = {
        "php": b"<br />\n<b>Warning</b>:  include(): x in <b>/a/b.php</b> on line <b>3</b><br />\n",
        "words": b"Notice: undefined variable, <rss> is due\n",
        "comment": b"<!-- cached, not <html> -->\n\n",
        "mark": b"\n\xef\xbb\xbf",
    }
    documents = {name: Document(text + feed(ITEMS), "text/html", validators=False)
                 for name, text in junk.items()}
    documents["shows"] = page(link("php"), body="<pre>" + feed(ITEMS).decode())
    documents["script"] = page(body="<script>'" + feed(ITEMS).decode() + "'</script>")
    with fixture.gateway(documents) as gateway:
        for name, text in junk.items():
            answer = get(gateway, "/f/" + name)
            assert answer.status == 200 and answer.body == text + GOOD, (name, answer.text()[:300])
            lines = gateway.lines("feed-not-well-formed", name)
            assert len(lines) == 1 and "stands before its start" in lines[0], lines
        assert get(gateway, "/f/shows").body == junk["php"] + GOOD
        assert get(gateway, "/f/script").text() == "script: %s\n" % NAMES_NONE


def test_a_page_that_names_none(fixture):
    """Without a feed to go to there is one line that says so, and the last good copy"""
    documents = {"bare": page(), "login": Document(feed(HAM), validators=False)}
    with fixture.gateway(documents) as gateway:
        answer = get(gateway, "/f/bare")
        assert answer.status == 502 and answer.text() == "bare: %s\n" % NAMES_NONE, answer.text()
        get(gateway, "/f/login")
        gateway.upstream.documents[gateway.prefix + "login"] = page()
        wait_for(lambda: gateway.health("login")["failures"] >= 4, "it fails again and again")
        assert get(gateway, "/f/login").body == feed(HAM)
        assert gateway.health("login")["trouble"] == NAMES_NONE
        for name in documents:
            lines = gateway.lines("feed-failed", name)
            assert len(lines) == 1 and NAMES_NONE in lines[0], lines
        assert listed(gateway, "login")["found"] == ""


def test_a_slip_moves_nothing(fixture):
    """A page in the place of a feed, once: the copy stays; three times in a row: what it names"""
    slip = Document(feed(HAM), validators=False)
    with fixture.gateway({"slip": slip, "main": Document(feed(HAM[:1]))}) as gateway:
        assert get(gateway, "/f/slip").body == feed(HAM)
        slip.body = page(link("main")).body
        wait_for(lambda: gateway.health("slip")["failures"] >= 1, "it is noticed")
        slip.body = feed(HAM)
        assert get(gateway, "/f/slip").body == feed(HAM)
        assert "if that goes on" in gateway.lines("feed-failed", "slip")[0]
        wait_for(lambda: gateway.health("slip")["state"] == "ok", "it is back")
        assert not gateway.lines("feed-found", "slip")
        slip.body = page(link("main")).body
        before = gateway.asked("slip")
        wait_for(lambda: get(gateway, "/f/slip").body == feed(HAM[:1]), "it is followed")
        assert gateway.asked("slip") >= before + 3


def test_trouble_is_no_page(fixture):
    """Failures before it do not make the one page of a site's maintenance a place to follow"""
    site = Document(feed(HAM), validators=False)
    with fixture.gateway({"site": site, "status": Document(feed(HAM[:1]))}) as gateway:
        assert get(gateway, "/f/site").body == feed(HAM)
        document = Document(b"busy", "text/plain", 503, validators=False)
        gateway.upstream.documents[gateway.prefix + "site"] = document
        wait_for(lambda: gateway.health("site")["failures"] >= 3, "it fails again and again")
        gateway.upstream.documents[gateway.prefix + "site"] = page(link("status"))
        wait_for(lambda: "if that goes on" in gateway.health("site").get("trouble", "") or
                 gateway.lines("feed-found", "site"), "the page is seen")
        gateway.upstream.documents[gateway.prefix + "site"] = document
        failures = gateway.health("site")["failures"]
        wait_for(lambda: gateway.health("site")["failures"] > failures, "it fails again")
        assert get(gateway, "/f/site").body == feed(HAM)
        assert not gateway.lines("feed-found", "site")
        gateway.upstream.documents[gateway.prefix + "site"] = site
        wait_for(lambda: gateway.health("site")["state"] == "ok", "it is back")


def test_secrets_stay_at_home(fixture):
    """What a subscription sends goes to the feed of its page on the same host only"""
    there = Upstream()
    there.documents["/f"] = Document(feed(HAM))
    documents = {"here": page(link("private")), "there": page(link(there.url + "/f")),
                 "private": Document(feed(HAM))}
    gateway = fixture.gateway(documents)
    for name in ("here", "there"):
        gateway.configure({"feed " + name: {"user": "ann", "password": "hunter2",
                                            "headers": ["X-Key: k"]}})
    with gateway:
        for name in ("here", "there"):
            assert get(gateway, "/f/" + name).body == feed(HAM), gateway.log()
        sent = [request.headers for request in
                gateway.upstream.asked(gateway.prefix + "private") if "X-Key" in request.headers]
        assert sent and all("Authorization" in headers for headers in sent)
        for request in there.log:
            assert "X-Key" not in request.headers and "Authorization" not in request.headers
        assert "hunter2" not in gateway.log()


def refused(answer, why):
    assert answer.status == 502 and re.search(why, answer.text()), answer.text()
    assert answer.text().count("\n") == 1, answer.text()


def test_hostile_pages(fixture):
    """Pages that are huge, loop, or lead to where nobody may go: two requests a poll at most"""
    private = Upstream("127.0.0.2")
    private.documents["/f"] = Document(feed(HAM))
    filler = "<div class=x>" * (10 << 20 >> 4)
    big = "<p>Some words.</p>\n" * (3 << 20 >> 5)
    end = page(link("good-end"), body="").body.replace(b"<head>", b"<head><!--%s-->" % (b"x" * 300000))
    names = "".join(" a%d" % number for number in range(200000))
    documents = {
        "huge": page(link("real"), body=filler + filler), "big": page(link("real"), body=big),
        "late": Document(end, validators=False),
        "itself": page(link("itself")), "fragment": page(link("#top"), link("")),
        "ping": page(link("pong")), "pong": page(link("ping")),
        "inner": page(link(private.url + "/f")), "file": page(link("file:///etc/passwd")),
        "absent": page(link("nothing")), "circle": page(link("round")),
        "round": Document(answer=redirect("round")),
        "names": page("<b%s>" % names, link("real")),
        "deep": page(body="<b><i>" * 400000), "many": page(*(link("x%d" % n) for n in range(30000))),
        "real": Document(feed(HAM)),
    }
    with fixture.gateway(documents, more_mb=96, feedfilter={
            "fetch-timeout": "1m", "request-timeout": "1m"}) as gateway:
        assert get(gateway, "/f/big").body == feed(HAM)
        wanted = {
            "huge": "larger than 4 MiB", "late": re.escape(NAMES_NONE),
            "itself": re.escape(NAMES_NONE), "fragment": re.escape(NAMES_NONE),
            "ping": re.escape(ITSELF), "pong": re.escape(ITSELF), "file": re.escape(NAMES_NONE),
            "inner": r"names: 127\.0\.0\.1.*its address 127\.0\.0\.2 is private, and not in",
            "absent": r"the feed that its page names: 127\.0\.0\.1: it answered 404",
            "circle": "the feed that its page names: 127.*redirects more than",
            "deep": re.escape(NAMES_NONE), "many": "it answered 404",
        }
        for name, why in wanted.items():
            refused(get(gateway, "/f/" + name), why)
        gateway.wait_for_polls(["itself", "ping", "inner", "absent"], 3)
        assert not private.log, [request.path for request in private.log]
        gateway.expect_prompt()
        gateway.expect_told_once(wanted, "feed-failed")
        # What a page names is asked for after the page, once.
        assert gateway.asked("nothing") <= gateway.asked("absent")
        assert gateway.asked("x0") <= gateway.asked("many")
        assert gateway.asked("x1") == 0


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
