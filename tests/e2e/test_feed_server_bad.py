"""The feed server among upstreams that misbehave: each feed gets an honest answer, and the good one
beside it never notices."""

import re
import threading
import time

from gateway import GOOD, PROMPT_S, get, get_all, setup
from sample_feeds import HAM, ITEMS, feed
from servers import run, wait_for
from upstream import (Document, Upstream, broken_off, broken_off_chunk, broken_off_gzip, endless,
                      gzip_bomb, huge_headers, redirect, reset, sends, silent, trickle)

MB = 1 << 20


def expect_failing(gateway, lines):
    """Each of `lines` (name: pattern) gives 502 with its one line, polled again and again, and is
    told of once."""
    answers = get_all(gateway, ["/f/" + name for name in lines])
    for name, pattern in lines.items():
        answer = answers["/f/" + name]
        assert answer.status == 502 and answer.headers["Retry-After"], (name, answer.status)
        assert re.fullmatch("%s: %s\n" % (name, pattern), answer.text()), answer.text()
    wait_for(lambda: all(gateway.health(name)["failures"] >= 2 for name in lines), "two polls")
    gateway.expect_prompt()
    gateway.expect_told_once(lines)


def test_bodies(fixture):
    """Endless, trickling, exploding and broken-off answers, silence and resets are failures"""
    body = feed(HAM)
    bad = {
        "endless": (endless, "larger than 4 MiB"),
        "trickle": (trickle, "it is too slow: .*"),
        "bomb": (gzip_bomb(200), "larger than 4 MiB"),
        "cut": (broken_off(body), "the answer broke off before its end"),
        "cut-chunk": (broken_off_chunk(body), "the answer broke off before its end"),
        "cut-gzip": (broken_off_gzip(body), "the answer broke off before its end"),
        "headers": (huge_headers, "its headers are too large"),
        "silent": (silent, "(it is too slow|no whole answer).*"),
        "reset": (reset, "the connection broke off"),
    }
    with fixture.gateway({name: Document(answer=row[0]) for name, row in bad.items()}) as gateway:
        expect_failing(gateway, {name: "127\\.0\\.0\\.1: " + row[1] for name, row in bad.items()})


def test_304_without_a_copy(fixture):
    """304 to a first request, which asked for no condition, is a failed poll, and polls back off"""
    never = Document(b"", status=304, validators=False)
    with fixture.gateway({"never": never}, feedfilter={"poll-max": "1h"}) as gateway:
        answer = get(gateway, "/f/never")
        assert answer.status == 502 and answer.headers["Retry-After"], answer.status
        assert answer.text() == ("never: 127.0.0.1: it answered 304 without having been told of a "
                                 "copy\n"), answer.text()
        wait_for(lambda: gateway.health("never")["failures"] >= 4, "it is asked again")
        times = [request.time for request in gateway.upstream.asked(gateway.prefix + "never")]
        # Four times poll-min, a tenth less at most, in whole seconds of which the first had begun.
        assert times[3] - times[2] > 1.9, times
        assert gateway.health("never")["state"] == "failing"
        gateway.expect_told_once(["never"])
        gateway.upstream.documents[gateway.prefix + "never"] = Document(feed(HAM))
        wait_for(lambda: get(gateway, "/f/never").body == feed(HAM), "it is back")


def test_a_wait_ends(fixture):
    """A reader of a feed whose site does not answer is told to come again after request-timeout"""
    answer = threading.Event()

    def late(handler):
        answer.wait(60)
        sends(feed(HAM))(handler)

    with fixture.gateway({"late": Document(answer=late)}, feedfilter={
            "fetch-timeout": "1m", "request-timeout": "2s"}) as gateway:
        told = get(gateway, "/f/late")
        assert told.status == 503 and told.headers["Retry-After"] == "10", (told.status, told.text())
        assert told.text() == "late: its site has not answered yet\n", told.text()
        assert told.seconds >= 2, told.seconds
        answer.set()
        wait_for(lambda: get(gateway, "/f/late").body == feed(HAM), "it is there")


def test_redirects(fixture):
    """Redirects in a circle, to a network that is not allowed, and to other schemes lead nowhere"""
    private = Upstream("127.0.0.2")
    private.documents["/"] = Document(feed(HAM))
    bad = {
        "file": ("file:///etc/hosts",
                 "redirected to nowhere: it redirects to what is no http or https address"),
        "gopher": ("gopher://127.0.0.1/", "it redirects to what is no http or https address"),
        "private": (private.url + "/", "redirected to 127.0.0.2: its address 127.0.0.2 is private,"
                    " and not in feedfilter.upstream-networks"),
        "circle": (".", "it redirects more than 5 times"),
    }
    documents = {name: Document(answer=redirect(row[0])) for name, row in bad.items()}
    documents["circle"].answer = redirect("circle")
    with fixture.gateway(documents) as gateway:
        expect_failing(gateway, {name: "127\\.0\\.0\\.1[:,] " + row[1] for name, row in bad.items()})
    assert private.log == [], private.log


def test_last_good_copy(fixture):
    """Whatever comes after a good copy, the copy stays, with its validators, until a feed is back"""
    bad = {
        "login": Document(b"<!DOCTYPE html><html><body>Please log in</body></html>", "text/html"),
        "empty": Document(b"", validators=False),
        "missing": Document(b"gone", "text/plain", 404),
        "unauthorized": Document(b"who?", "text/plain", 401),
        "cut": Document(answer=broken_off(feed(HAM))),
        "endless": Document(answer=endless),
        "reset": Document(answer=reset),
    }
    with fixture.gateway({name: Document(feed(ITEMS)) for name in bad}) as gateway:
        first = get_all(gateway, ["/f/" + name for name in bad])
        for name, document in bad.items():
            gateway.upstream.documents[gateway.prefix + name] = document
        wait_for(lambda: all(gateway.health(name)["failures"] >= 2 for name in bad), "all fail")
        for name in bad:
            path, etag = "/f/" + name, first["/f/" + name].headers["ETag"]
            assert get(gateway, path).body == GOOD, name
            assert get(gateway, path, method="HEAD").headers["ETag"] == etag, name
            assert get(gateway, path, If_None_Match=etag).status == 304, name
        gateway.expect_told_once(bad)
        for name in bad:
            gateway.upstream.documents[gateway.prefix + name] = Document(feed(HAM[:1]))
        wait_for(lambda: all(get(gateway, "/f/" + name).body == feed(HAM[:1]) for name in bad),
                 "all are back")
        gateway.expect_told_once(bad, "feed-back")


def item_with(text, head=b""):
    return (b"<?xml version=\"1.0\"?>" + head + b"<rss version=\"2.0\"><channel><title>T</title>"
            b"<item><guid>1</guid><title>" + text + b"</title></item></channel></rss>")


LAUGHS = b"<!DOCTYPE rss [<!ENTITY a0 \"ha\">" + b"".join(
    b"<!ENTITY a%d \"%s\">" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12)) + b"]>"


def test_documents(fixture):
    """XML and JSON that is broken, a bomb or in no known charset passes, and nothing is fetched"""
    secret = fixture.upstream.url + "/secret"
    fixture.upstream.documents["/secret"] = Document(b"<!ENTITY x 'secret'>", "text/plain")
    external = ("<!DOCTYPE rss SYSTEM \"%s\" [<!ENTITY f SYSTEM \"file:///etc/passwd\">"
                "<!ENTITY h SYSTEM \"%s\"><!ENTITY %% p SYSTEM \"%s\">%%p;]>"
                % (secret, secret, secret)).encode()
    bodies = {
        "malformed": item_with(b"<b>never closed & <i>crossed</b></i>"),
        "laughs": item_with(b"&a11;", LAUGHS),
        "external": item_with(b"&f;&h;", external),
        "deep-xml": item_with(b"<b>" * 100000),
        "deep-json": b"{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":"
                     + b"[" * 100000 + b"]" * 100000 + b"}",
        "charset": feed(HAM).replace(b"UTF-8", b"klingon"),
        "latin": item_with("Größe".encode("latin-1")),
        "utf-16": feed(HAM).replace(b"UTF-8", b"UTF-16"),
    }
    # Without validators each poll brings the whole anew, and is filtered.
    documents = {name: Document(body, validators=False) for name, body in bodies.items()}
    with fixture.gateway(documents) as gateway:
        answers = get_all(gateway, ["/f/" + name for name in bodies])
        for name, body in bodies.items():
            answer = answers["/f/" + name]
            assert answer.status == 200 and answer.body == body, (name, answer.text()[:300])
        gateway.wait_for_polls(bodies, 3)
        assert fixture.upstream.asked("/secret") == []
        for name in bodies:
            lines = gateway.lines("feed-(unparsed|not-well-formed)", name)
            assert len(lines) == 1, "%s: %d lines\n%s" % (name, len(lines), "\n".join(lines[:5]))
            unparsed = "event=feed-unparsed" in lines[0]
            assert gateway.health(name)["state"] == ("unjudged" if unparsed else "ok"), name


def many_items(count, text=b""):
    return feed([b"<item><guid>%d</guid><title>%d</title><description>%s</description></item>"
                 % (number, number, text) for number in range(count)])


def test_large(fixture):
    """100,000 items, and a feed at the size limit, pass in time; one beyond it fails"""
    documents = {"many": Document(many_items(100000)),
                 "large": Document(many_items(60, b"word " * (MB // 5))),
                 "larger": Document(answer=sends(b"<rss>" + b" " * 66 * MB))}
    with fixture.gateway(documents, more_mb=300, feedfilter={
            "size-limit": "64M", "fetch-timeout": "2m", "request-timeout": "2m"}) as gateway:
        start = time.monotonic()
        answers = get_all(gateway, ["/f/" + name for name in [*documents, "good"]], 120)
        assert answers["/f/good"].seconds < PROMPT_S
        print("# large feeds took %.1f s, %d MB more" % (
            time.monotonic() - start, (gateway.feeds.memory_kb() - gateway.baseline_kb) / 1024))
        for name in ("many", "large"):
            answer = answers["/f/" + name]
            assert answer.status == 200 and answer.body == gateway.document(name).body, name
        assert answers["/f/larger"].status == 502 and "larger than 64 MiB" in \
            answers["/f/larger"].text()


def test_slow_upstreams(fixture):
    """Twenty upstreams that do not answer do not keep a reader of another feed waiting"""
    slow = {"slow%d" % number: Document(answer=silent) for number in range(20)}
    gateway = fixture.gateway(slow, feedfilter={"fetch-timeout": "20s"})
    with gateway:
        assert gateway.first_s < PROMPT_S, "it waited %.1f s" % gateway.first_s


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
