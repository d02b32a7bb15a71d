"""The feed server among upstreams made to kill it, each asked so many times: it lives, its memory is
bounded, one line tells of each, and readers of another feed never notice."""

import random
import re
import signal
import subprocess
import threading
import time

import hostile
from gateway import GOOD, PROMPT_S, get, setup
from hostile import OK, Raw, answer, in_feed, item, repeats, says, waits
from sample_feeds import ITEMS, feed
from servers import run, wait_for

POLLS = 3       # of each
MOST_MB = 160   # resident at its highest, with answers of up to 2 MiB; not under sanitizers
NOISE = random.Random(14)
BODY = feed(ITEMS)
# What may become of anything on a busy machine, and beside so many others.
SLOW = "it is too slow|no whole answer|no connection within|no room for it"
FAR = b"http://127.0.0.1:1/"

# name: what is served (a play, or a document), and the line that tells of it; None: it passes
PLAYS = {
    # headers
    "headers-slow": (repeats(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.3), SLOW),
    "headers-endless": (repeats(OK, b"X-A: %s\r\n" % (b"y" * 4000)), "headers are too large|.*"),
    "header-line": (repeats(OK + b"X-A: ", b"y" * 4096), ".*"),
    "status-line": (repeats(b"HTTP/1.1 200 ", b"O" * 4096), ".*"),
    "interim": (repeats(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), ".*"),
    "hints": (repeats(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=hub\r\n\r\n" * 100), ".*"),
    "no-http": (says(NOISE.randbytes(5000)), ".*"),
    "old-http": (says(BODY), ".*"),
    "no-status": (says(b"HTTP/1.1\r\n\r\n" + BODY), ".*"),
    "status-999": (says(b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"), ".*"),
    "nul": (says(b"HTTP/1.1 200 O\0K\r\nX\0: y\r\n\r\n" + BODY), ".*"),
    "links": (answer(BODY, *[b"Link: </%d>; rel=\"%s\"" % (n, b"x" * 50) for n in range(2000)]), None),
    # lengths
    "length-long": (answer(BODY, b"Content-Length: 100000"), "broke off"),
    "length-short": (answer(BODY, b"Content-Length: 700"), None),
    "length-negative": (answer(BODY, b"Content-Length: -5"), ".*"),
    "length-huge": (answer(BODY, b"Content-Length: 99999999999999999999999"), ".*"),
    "length-twice": (answer(BODY, b"Content-Length: 5", b"Content-Length: 100000"), ".*"),
    "chunk-huge": (answer(b"ffffffffffffffffff\r\nx", b"Transfer-Encoding: chunked"), ".*"),
    "chunk-odd": (answer(b"zz\r\n" + BODY, b"Transfer-Encoding: chunked"), ".*"),
    "chunk-endless": (repeats(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 1000),
                      "larger than 2 MiB"),
    "chunk-name": (repeats(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 4096), ".*"),
    "trailers": (repeats(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 100), ".*"),
    # bodies
    "loris": (repeats(OK + b"\r\n", b"<", 0.5), SLOW),
    "endless": (repeats(OK + b"\r\n", b"<item>" * 5000), "larger than 2 MiB"),
    "gzip-bomb": (answer(hostile.packed_bomb(1), b"Content-Encoding: gzip"), "larger than 2 MiB"),
    "gzip-twice": (answer(hostile.packed_bomb(2), b"Content-Encoding: gzip, gzip"), ".*"),
    "deflate-bomb": (answer(hostile.packed_bomb(1, 15), b"Content-Encoding: deflate"),
                     "larger than 2 MiB"),
    "brotli": (answer(BODY, b"Content-Encoding: br"), "packed otherwise"),
    "no-gzip": (answer(BODY, b"Content-Encoding: gzip"), "cannot be unpacked"),
    "gzip-noise": (answer(b"\x1f\x8b\x08\0" + NOISE.randbytes(5000), b"Content-Encoding: gzip"), ".*"),
    "silent": (waits, SLOW),
    # redirects
    "redirect-self": (says(b"HTTP/1.1 301 M\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
                      "redirects more than"),
    "redirect-nowhere": (says(b"HTTP/1.1 302 M\r\nLocation: http:///\r\n\r\n"), ".*"),
    "redirect-long": (says(b"HTTP/1.1 302 M\r\nLocation: /%s\r\n\r\n" % (b"x" * 60000)), ".*"),
    "redirect-file": (says(b"HTTP/1.1 302 M\r\nLocation: file:///etc/passwd\r\n\r\n"), "no http"),
    "redirect-refresh": (says(b"HTTP/1.1 200 OK\r\nRefresh: 0; url=%s\r\n\r\n<html>" % FAR), "no feed"),
    # documents
    "laughs": (answer(hostile.entities(12, 10)), None),
    "quadratic": (answer(hostile.entities(2, 1000)), None),
    "deep": (answer(item(b"<b>" * 200000)), None),
    "attributes": (answer(item(b"<b %s/>" % b" ".join(b"a%d=''" % n for n in range(100000)))), None),
    "namespaces": (answer(item(b"<b %s/>" % b" ".join(b"xmlns:n%d='u'" % n for n in range(50000)))),
                   None),
    "name": (answer(item(b"<%s/>" % (b"n" * 1500000))), None),
    "comment": (answer(in_feed(b"<!--" + b"-" * 1500000)), None),
    "items": (answer(in_feed(b"<item/>" * 200000)), None),
    "references": (answer(item(b"<title>%s</title>" % (b"&#38;" * 300000))), None),
    "json-deep": (answer(b"{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":"
                         + b"[{\"id\":" * 200000), None),
    "mislabelled": (answer(feed(ITEMS).replace(b"UTF-8", b"UTF-32")), None),
    "html": (answer(b"<!DOCTYPE html><html>" + b"<div>" * 100000), "no feed"),
    "hub": (answer(BODY, b"Link: <http://127.0.0.1:1/%s>; rel=hub" % (b"x" * 5000),
                   b"Link: <javascript:1>; rel=self"), None),
    **{"mangled%d" % n: (answer(hostile.mangled(BODY, n)), "") for n in range(24)},
}
# What a TLS client gets to hear.
TLS = {
    "tls-noise": says(NOISE.randbytes(5000)),
    "tls-http": answer(BODY),
    "tls-endless": repeats(b"", NOISE.randbytes(16000)),
    "tls-alert": says(b"\x15\x03\x03\x00\x02\x02\x28"),
    "tls-silent": waits,
    "tls-record": says(b"\x16\x03\x03\xff\xff" + b"\x02\xff\xff\xff" * 20000),
    "tls-reset": lambda connection: None,
}


def under_sanitizer(program):
    return b"libasan" in subprocess.run(["ldd", program], stdout=subprocess.PIPE).stdout


def highest_mb(pid):
    with open("/proc/%d/status" % pid) as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) / 1024


class Reader(threading.Thread):
    """Asks for the good feed again and again: what it got, and the longest that it took."""

    def __init__(self, gateway):
        super().__init__(daemon=True)
        self.gateway, self.over = gateway, threading.Event()
        self.wrong, self.longest_s, self.count = [], 0.0, 0

    def run(self):
        while not self.over.wait(0.1):
            got = get(self.gateway, "/f/good")
            self.count += 1
            self.longest_s = max(self.longest_s, got.seconds)
            if got.status != 200 or got.body != GOOD:
                self.wrong.append((got.status, got.text()[:200]))


def test_hostile_upstreams(fixture):
    """Each of eighty hostile upstreams is asked three times at least; one line tells of each"""
    gateway = fixture.gateway({}, feedfilter={
        "size-limit": "2M", "fetch-timeout": "5s", "fetches": 100, "websub-url": "http://feeds.test"})
    gateway.__enter__()
    servers = {}
    for scheme, plays in (("http", {name: row[0] for name, row in PLAYS.items()}), ("https", TLS)):
        for name, play in plays.items():
            servers[name] = Raw(play)
            gateway.configure({"feed " + name: {
                "url": "%s://127.0.0.1:%d/" % (scheme, servers[name].port)}})
    gateway.feeds.process.send_signal(signal.SIGHUP)
    reader = Reader(gateway)
    reader.start()
    wait_for(lambda: all(server.count >= POLLS for server in servers.values()), "all are asked", 180)
    wait_for(lambda: all(gateway.health(name)["state"] != "waiting" for name in servers), "all came")
    reader.over.set()
    reader.join()
    requests = sum(server.count for server in servers.values())
    print("# %d upstreams, %d connections; %d readers' requests, the longest %.2f s; %.0f MB" % (
        len(servers), requests, reader.count, reader.longest_s, highest_mb(gateway.feeds.pid)))
    assert not reader.wrong, reader.wrong[:3]
    assert reader.longest_s < PROMPT_S, reader.longest_s
    wrong = [look_at(gateway, name, ".*" if name in TLS else PLAYS[name][1]) for name in servers]
    wrong = [entry for entry in wrong if entry]
    assert not wrong, "\n".join(map(str, wrong))
    assert gateway.feeds.alive()
    if not under_sanitizer(gateway.program("weir-feedfilter")):
        assert highest_mb(gateway.feeds.pid) < MOST_MB, highest_mb(gateway.feeds.pid)
    gateway.expect_prompt()
    assert gateway.feeds.stop() == 0, gateway.log()[-3000:]


def look_at(gateway, name, pattern):
    """What is not as it should be; None: nothing. One line tells of a feed that fails, until it is
    back, and its trouble is of the pattern; None: it passes; empty: it does either."""
    trouble = gateway.health(name).get("trouble", "")
    got = get(gateway, "/f/" + name)
    told = gateway.lines("feed-failed", name)
    most = 1 + len(gateway.lines("feed-back", name))
    remarks = gateway.lines("feed-(unparsed|not-well-formed)", name)
    right = len(remarks) <= 1 and all(len(line) < 1200 for line in told + remarks)
    if pattern is None:
        right = right and got.status == 200 and (not trouble or re.search(SLOW, trouble))
    elif pattern:
        right = right and got.status == 502 and re.search(pattern + "|" + SLOW, trouble) and told
    return None if right and len(told) <= most else (name, got.status, trouble, told, remarks)


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
