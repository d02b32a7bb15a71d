"""The feed server when its own ground shakes: signals, disks, stores; and names that move."""

import glob
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time

from gateway import GOOD, PROMPT_S, Fixture, get, get_all
from sample_feeds import HAM, ITEMS, SPAM, feed, guid_of
from servers import Redis, Skip, free_port, make_temporary_directory, run, wait_for
from upstream import Document, Upstream, silent


def need_namespaces():
    if os.geteuid() != 0:
        raise Skip("needs root")
    if subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        raise Skip("mount namespaces cannot be made here")


class Rebinding:
    """A name, rebind.test, that a daemon of its own resolves by a file of ours: first to where the
    feed is, then to a network that is not allowed. Names are cached for a minute, so that this is
    begun by setup() and looked at in the last test."""

    def __init__(self, fixture):
        self.hosts = os.path.join(fixture.directory, "hosts")
        self.point("127.0.0.1")
        self.public = Upstream()
        self.private = Upstream("127.0.0.2", self.public.port)
        self.public.documents["/"] = Document(feed(ITEMS), headers=[("Connection", "close")])
        self.private.documents["/"] = Document(feed(HAM[:1]))
        self.gateway = fixture.gateway({}, shell="mount --bind %s /etc/hosts" % self.hosts)
        self.gateway.configure({"feed rebind": {
            "url": "http://rebind.test:%d/" % self.public.port}})
        self.gateway.__enter__()
        assert get(self.gateway, "/f/rebind").body == GOOD, self.gateway.log()
        self.point("127.0.0.2")

    def point(self, address):
        with open(self.hosts, "w") as hosts:
            hosts.write("127.0.0.1 localhost\n%s rebind.test\n" % address)


def setup():
    fixture = Fixture(make_temporary_directory())
    try:
        need_namespaces()
        fixture.rebinding = Rebinding(fixture)
    except Skip as reason:
        fixture.rebinding, fixture.why = None, reason
    yield fixture


class Load:
    """Readers that ask again and again, as a context; `answers` is the set of what they got."""

    def __init__(self, gateway, path, count=4):
        self.answers, self.over = set(), threading.Event()

        def ask():
            while not self.over.is_set():
                answer = get(gateway, path)
                self.answers.add((answer.status, answer.body))
        self.threads = [threading.Thread(target=ask, daemon=True) for _ in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def test_hangups_under_load(fixture):
    """SIGHUP fifty times while readers ask: each answer is whole, and memory does not grow"""
    with fixture.gateway({"other": Document(feed(HAM))}, more_mb=24) as gateway:
        with Load(gateway, "/f/good") as load:
            for number in range(50):
                gateway.configure({"feed other": {"mode": "tag" if number % 2 else "hold"}})
                gateway.feeds.process.send_signal(signal.SIGHUP)
                time.sleep(0.03)
        assert load.answers == {(200, GOOD)}, {answer[0] for answer in load.answers}
        wait_for(lambda: gateway.log().count("event=reloaded") >= 10, "it reloads")
        assert gateway.log().count("event=reloaded") <= 50
        assert get(gateway, "/f/other").body == feed(HAM)


def test_end_while_all_hang(fixture):
    """SIGTERM while fetches hang and readers wait: it ends soon, and each reader is answered"""
    slow = {"slow%d" % number: Document(answer=silent) for number in range(20)}
    gateway = fixture.gateway(slow, feedfilter={"fetch-timeout": "1m", "request-timeout": "1m"})
    gateway.start_feeds()
    waiting = []
    for number in range(40):
        waiting.append(socket.create_connection(("127.0.0.1", gateway.feeds_port), timeout=10))
        waiting[-1].sendall(b"GET /f/slow%d HTTP/1.1\r\nHost: x\r\n\r\n" % (number % 20))
    idle = socket.create_connection(("127.0.0.1", gateway.feeds_port), timeout=10)
    begun = socket.create_connection(("127.0.0.1", gateway.feeds_port), timeout=10)
    begun.sendall(b"GET /f/go")
    gateway.expect_prompt()
    start = time.monotonic()
    assert gateway.feeds.stop() == 0
    assert time.monotonic() - start < 4, "it took %.1f s" % (time.monotonic() - start)
    for connection in waiting:
        answer = connection.recv(65536)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 503 "), answer
    assert idle.recv(100) == b"" and begun.recv(100) in (b"",)
    assert "feed-failed" not in gateway.log(), gateway.log()


def test_cache_not_writable(fixture):
    """A cache that cannot be written is told of once; feeds are served without it"""
    need_namespaces()
    gateway = fixture.gateway({"other": Document(feed(HAM), validators=False)})
    cache = os.path.join(gateway.directory, "cache")
    os.mkdir(cache)
    gateway.shell = "mount -t tmpfs -o ro none %s" % cache
    with gateway:
        gateway.wait_for_polls(["other"], 3)
        told = [line for line in gateway.log().splitlines() if "cache" in line]
        assert len(told) == 1 and "level=error event=cache-failed" in told[0], told


def test_cache_corrupted(fixture):
    """Copies that are cut, flipped, empty or strange are as good as none; whole ones are served"""
    names = ["whole", "cut", "flipped", "empty", "strange", "directory"]
    gateway = fixture.gateway({name: Document(feed(HAM)) for name in names})
    with gateway:
        assert {a.status for a in get_all(gateway, ["/f/" + name for name in names]).values()} == {
            200}
    files = {name: glob.glob(os.path.join(gateway.directory, "cache", name + "*")) for name in names}
    assert all(len(found) == 1 for found in files.values()), os.listdir(
        os.path.join(gateway.directory, "cache"))
    for name in names[1:]:
        path = files[name][0]
        with open(path, "rb") as file:
            data = bytearray(file.read())
        if name == "flipped":
            for place in range(0, len(data), 97):
                data[place] ^= 0x41
        with open(path, "wb") as file:
            file.write({"cut": data[:len(data) // 2], "flipped": data, "empty": b"",
                        "strange": os.urandom(3000)}.get(name, b""))
    os.unlink(files["directory"][0])
    os.mkdir(files["directory"][0])
    for name in names:
        gateway.document(name).status = 500
        gateway.document(name).validators = False
    with gateway:
        answers = get_all(gateway, ["/f/" + name for name in names])
        assert answers["/f/whole"].body == feed(HAM)
        for name in names[1:]:
            assert answers["/f/" + name].status == 502, (name, answers["/f/" + name].status)
            gateway.document(name).status = 200
        wait_for(lambda: all(get(gateway, "/f/" + name).body == feed(HAM) for name in names),
                 "all recover")


def test_cache_full(fixture):
    """No room for copies: feeds are served, and each that is not kept is told of once"""
    need_namespaces()
    large = feed([b"<item><guid>%d</guid><title>%d</title><description>%s</description></item>"
                  % (n, n, b"words " * 2000) for n in range(30)])
    gateway = fixture.gateway({"large": Document(large, validators=False),
                               "grows": Document(feed(HAM), validators=False)})
    cache = os.path.join(gateway.directory, "cache")
    os.mkdir(cache)
    gateway.shell = "mount -t tmpfs -o size=64k none %s" % cache
    with gateway:
        assert get(gateway, "/f/large").body == large
        gateway.wait_for_polls(["large"], 3)
        told = gateway.lines("copy-not-kept", "large")
        assert len(told) == 1 and "No space left" in told[0], told
        full = ("degraded", "open", None, "failing", "No space left on device")
        assert stores(gateway) == full, stores(gateway)
        # The copy in the cache is the former one: nobody is to get that again.
        get(gateway, "/f/grows")
        gateway.document("grows").body = large
        wait_for(lambda: get(gateway, "/f/grows").body == large, "the new version is there")
        wait_for(lambda: gateway.lines("copy-not-kept", "grows"), "it is not kept")
        gateway.document("grows").status = 500
        gateway.configure({"feed grows": {"mode": "tag"}})
        gateway.feeds.process.send_signal(signal.SIGHUP)
        wait_for(lambda: gateway.lines("feed-failed", "grows"), "upstream was asked for all of it")
        gateway.wait_for_polls(["grows"], 1)
        assert get(gateway, "/f/grows").body == large


def stores(gateway):
    """What /health says: of the whole, of the records and why, of the cache and why."""
    health = json.loads(get(gateway, "/health").body)
    return tuple(health.get(key) for key in (
        "status", "records", "records_trouble", "cache", "cache_trouble"))


def test_records_full(fixture):
    """No room for the records: nothing is held that would be lost, and it recovers"""
    need_namespaces()
    disk = os.path.join(fixture.directory, "disk%d" % fixture.number())
    os.mkdir(disk)
    gateway = fixture.gateway({}, shell="mount -t tmpfs -o size=8m none %s" % disk,
                              records={"feeds": os.path.join(disk, "feeds.db")})
    with gateway:
        filler = "/proc/%d/root%s/filler" % (gateway.feeds.pid, disk)
        fill(filler)
        fresh = fresh_items(b"fresh", 8, b" word" * 5000)
        gateway.add("fresh", Document(feed(fresh), validators=False))
        gateway.feeds.process.send_signal(signal.SIGHUP)
        served = get(gateway, "/f/fresh") if wait_for(
            lambda: get(gateway, "/f/fresh").status != 404, "the feed is there") else None
        assert served.status == 200 and served.body == feed(fresh), served.status
        gateway.wait_for_polls(["fresh"], 3)
        failed = [line for line in gateway.log().splitlines() if "event=records-failed" in line]
        assert 1 <= len(failed) <= 2, "%d lines\n%s" % (len(failed), "\n".join(failed[:5]))
        gateway.expect_prompt()
        full = ("degraded", "failing", "database or disk is full; make room on the disk",
                "open", None)
        assert stores(gateway) == full, stores(gateway)
        ready = get(gateway, "/ready")
        assert (ready.status, ready.headers["Retry-After"]) == (503, "5"), ready.status
        assert ready.text() == ("nothing new is held: the records of feeds fail: database or disk is "
                                "full; make room on the disk\n"), ready.text()
        # What cannot be recorded is judged at each poll, and told of once.
        lines = gateway.lines("verdict", "fresh")
        told = {re.search(" id=([0-9a-f]+) ", line).group(1) for line in lines}
        assert len(lines) == len(told) == len(fresh), (len(lines), len(told))
        os.unlink(filler)
        wait_for(lambda: b"casino" not in get(gateway, "/f/fresh").body, "spam is held again")
        wait_for(lambda: stores(gateway)[:2] == ("ok", "open"), "health says that it is over")
        ready = get(gateway, "/ready")
        assert (ready.status, ready.text()) == (200, "ready\n"), (ready.status, ready.text())
        assert len(gateway.lines("verdict", "fresh")) == 2 * len(fresh), "once recorded, once more"


def fill(path):
    """All that a disk has room for, into the file."""
    with open(path, "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            pass


def test_ready_waits_for_no_site(fixture):
    """A disk that was full and has room again: a feed whose site fails since keeps nobody from it"""
    need_namespaces()
    disk = os.path.join(fixture.directory, "disk%d" % fixture.number())
    os.mkdir(disk)
    gateway = fixture.gateway({}, records={"feeds": os.path.join(disk, "feeds.db")})
    cache = os.path.join(gateway.directory, "cache")
    os.mkdir(cache)
    gateway.shell = "mount -t tmpfs -o size=8m none %s; mount -t tmpfs -o ro none %s" % (disk, cache)
    with gateway:
        filler = "/proc/%d/root%s/filler" % (gateway.feeds.pid, disk)
        fill(filler)
        gateway.add("fresh", Document(feed(fresh_items(b"fresh", 8, b" word" * 5000)),
                                      validators=False))
        gateway.feeds.process.send_signal(signal.SIGHUP)
        wait_for(lambda: get(gateway, "/f/fresh").status == 200, "the feed is there")
        wait_for(lambda: get(gateway, "/ready").status == 503, "it is not ready")
        os.unlink(filler)
        gateway.document("fresh").status = 404
        wait_for(lambda: gateway.lines("feed-failed", "fresh"), "its site fails")
        wait_for(lambda: get(gateway, "/ready").status == 200, "it is ready again", 20)
        gateway.document("fresh").status = 200
        wait_for(lambda: b"casino" not in get(gateway, "/f/fresh").body, "spam is held again")


def test_records_come_late(fixture):
    """Records that cannot be opened: what is judged at each poll is told of once; then it is held"""
    place = os.path.join(fixture.directory, "late%d" % fixture.number())
    gateway = fixture.gateway({"other": Document(feed(ITEMS), validators=False)}, good=False,
                              records={"feeds": os.path.join(place, "feeds.db")})
    gateway.start_feeds()
    try:
        assert get(gateway, "/f/other").body == feed(ITEMS)
        gateway.wait_for_polls(["other"], 3)
        assert get(gateway, "/ready").status == 503
        assert len(gateway.lines("verdict", "other")) == len(ITEMS)
        os.mkdir(place)
        wait_for(lambda: get(gateway, "/f/other").body == GOOD, "spam is held", 20)
        gateway.wait_for_polls(["other"], 2)
        assert len(gateway.lines("verdict", "other")) == 2 * len(ITEMS), "once recorded, once more"
    finally:
        gateway.feeds.stop()


def fresh_items(mark, count, more=b""):
    """So many copies of all items, new to a server by `mark`."""
    return [data.replace(b"<guid>", b"<guid>%s-%d-" % (mark, number)).replace(
        b"</description>", more + b"</description>") for number in range(count) for data in ITEMS]


def test_store_stops(fixture):
    """A Redis that stands still delays no reader and hardly a poll, and is told of once"""
    redis = fixture.taught_store("still")
    documents = {"other": Document(feed(ITEMS), validators=False)}
    with fixture.gateway(documents, redis=redis) as gateway:
        redis.process.process.send_signal(signal.SIGSTOP)
        try:
            fresh = feed(fresh_items(b"fresh", 8))
            gateway.document("other").body = fresh
            start = time.monotonic()
            wait_for(lambda: b"fresh-7" in get(gateway, "/f/other").body, "what is new is passed")
            print("# 40 items took %.1f s" % (time.monotonic() - start))
            assert time.monotonic() - start < 8
            gateway.wait_for_polls(["good", "other"], 3)
            gateway.expect_prompt()
            away = [line for line in gateway.log().splitlines() if "event=store state=away" in line]
            assert len(away) == 1, away
        finally:
            redis.process.process.send_signal(signal.SIGCONT)
        wait_for(lambda: b"casino" not in get(gateway, "/f/other").body, "spam is held again")


def test_store_stops_without_copies(fixture):
    """What passed while the store was away is judged again, though there is no cache"""
    need_namespaces()
    redis = fixture.taught_store("away")
    gateway = fixture.gateway({"other": Document(feed(ITEMS))}, redis=redis)
    cache = os.path.join(gateway.directory, "cache")
    os.mkdir(cache)
    gateway.shell = "mount -t tmpfs -o ro none %s" % cache
    with gateway:
        fresh = fresh_items(b"away", 2)
        redis.process.process.send_signal(signal.SIGSTOP)
        try:
            gateway.document("other").body = feed(fresh)
            wait_for(lambda: b"away-1" in get(gateway, "/f/other").body, "what is new is passed")
        finally:
            redis.process.process.send_signal(signal.SIGCONT)
        wait_for(lambda: b"casino" not in get(gateway, "/f/other").body, "spam is held again")
        gateway.document("other").body = feed(HAM)
        wait_for(lambda: get(gateway, "/f/other").body == feed(HAM), "it is polled again")


def test_records_locked(fixture):
    """Records that another process has locked for ten seconds delay no reader"""
    with fixture.gateway({"other": Document(feed(HAM))}) as gateway:
        lock = sqlite3.connect(gateway.records_feeds, isolation_level=None)
        lock.execute("begin immediate")
        start = time.monotonic()
        gateway.document("other").body = feed(ITEMS)
        while time.monotonic() < start + 10:
            gateway.expect_prompt()
            assert get(gateway, "/f/other").status == 200
            held = get(gateway, "/q/good")
            assert held.status == 200 and held.seconds < PROMPT_S, held.seconds
            time.sleep(0.2)
        lock.execute("rollback")
        lock.close()
        wait_for(lambda: get(gateway, "/f/other").body == GOOD, "spam is held again")


def test_rebinding(fixture):
    """A name that moves to a network that is not allowed is not followed there"""
    if not fixture.rebinding:
        raise fixture.why
    rebinding, gateway = fixture.rebinding, fixture.rebinding.gateway
    wait_for(lambda: gateway.health("rebind")["state"] == "failing", "it is noticed", 70)
    line = "rebind.test: its address 127.0.0.2 is private, and not in feedfilter.upstream-networks"
    assert gateway.health("rebind")["trouble"] == line, gateway.health("rebind")
    assert get(gateway, "/f/rebind").body == GOOD and rebinding.private.log == []
    gateway.expect_told_once(["rebind"])
    gateway.__exit__(None)


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
