"""The feed server among readers that misbehave: others are answered at once, and what is taken up is
given back."""

import http.client
import os
import random
import re
import signal
import socket
import time

from gateway import GOOD, get, setup
from sample_feeds import feed
from servers import PATIENCE_S, run, wait_for
from upstream import Document, silent

ASK = b"GET /f/good HTTP/1.1\r\nHost: x\r\n\r\n"


def connect(gateway, send=b""):
    connection = socket.create_connection(("127.0.0.1", gateway.feeds_port), timeout=PATIENCE_S)
    connection.sendall(send)
    return connection


def close_all(connections):
    for connection in connections:
        connection.close()


def is_over(connection):
    """Whether the server has ended the connection; what it said before is skipped."""
    connection.setblocking(False)
    try:
        while connection.recv(65536):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def descriptors(gateway):
    return len(os.listdir("/proc/%d/fd" % gateway.feeds.pid))


def wait_for_descriptors(gateway, count):
    wait_for(lambda: descriptors(gateway) <= count + 5, "connections are given back")


def is_answered(connection):
    """Whether bytes of an answer have come; they stay where they are."""
    try:
        return bool(connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return False


def status_of(connection):
    """Of the answer; None: the connection ended without one."""
    try:
        answer = connection.recv(65536)
    except ConnectionError:
        return None
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.") else None


def test_slow_loris(fixture):
    """200 requests of which a byte comes each second are cut, and take nobody's turn"""
    with fixture.gateway({}, feedfilter={"request-timeout": "3s"}) as gateway:
        before = descriptors(gateway)
        connections = [connect(gateway, ASK[:4]) for _ in range(200)]
        start = time.monotonic()
        for byte in ASK[4:11]:
            gateway.expect_prompt()
            for connection in connections:
                try:
                    connection.send(bytes([byte]))
                except OSError:
                    pass
            time.sleep(max(0, start + 1 - time.monotonic()))
            start += 1
        assert all(is_over(connection) for connection in connections)
        wait_for_descriptors(gateway, before)
        close_all(connections)


def test_readers_that_never_read(fixture):
    """100 readers that ask for 5 MB and take none of it share one copy, and are cut"""
    large = feed([b"<item><guid>%d</guid><title>%d</title><description>%s</description></item>"
                  % (n, n, random.Random(n).randbytes(50000).hex().encode()) for n in range(50)])
    # On a busy machine so much takes its time.
    with fixture.gateway({"large": Document(large)},
                         feedfilter={"size-limit": "8M", "fetch-timeout": "30s",
                                     "request-timeout": "3s"}) as gateway:
        wait_for(lambda: len(get(gateway, "/f/large").body) == len(large), "the large feed is there")
        before = descriptors(gateway)
        gateway.baseline_kb, gateway.more_mb = gateway.feeds.memory_kb(), 24
        connections = []
        for _ in range(100):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", gateway.feeds_port))
            connection.sendall(ASK.replace(b"good", b"large"))
            connections.append(connection)
        wait_for(lambda: all(is_answered(connection) for connection in connections),
                 "all are being answered")
        gateway.expect_prompt()
        gateway.expect_bounded()

        def cut():
            return [line for line in gateway.log().splitlines() if "cut=timeout" in line]
        wait_for(lambda: len(cut()) >= 100, "the log tells of each that was cut")
        wait_for_descriptors(gateway, before)
        close_all(connections)
        assert all("path=/f/large" in line for line in cut()), cut()[:3]


def test_unknown_paths(fixture):
    """Ten thousand unknown paths are 404, and neither logged nor remembered"""
    with fixture.gateway({}, more_mb=8) as gateway:
        log = gateway.log()
        connection = connect(gateway)
        answers, missing = b"", 0
        for start in range(0, 10000, 100):
            connection.sendall(b"".join(b"GET /f/unknown%d HTTP/1.1\r\nHost: x\r\n\r\n" % number
                                        for number in range(start, start + 100)))
            while missing < start + 100:
                piece = connection.recv(65536)
                assert piece, "the connection ended after %d" % missing
                answers += piece
                missing += answers.count(b"HTTP/1.1 404 ")
                answers = answers[-12:] if b"HTTP/1.1 404 " not in answers[-12:] else b""
        connection.close()
        # The good feed was asked for before; its line may come late.
        told = [line for line in gateway.log()[len(log):].splitlines() if "=/f/good " not in line]
        assert not told, told[:10]


def test_garbage(fixture):
    """Bytes that are no HTTP, and heads that are too large, end with 4xx or with the connection"""
    noise = random.Random(10)
    inputs = [noise.randbytes(noise.randrange(1, 4000)) for _ in range(60)] + [
        b"\r\n" * 5000, b"\0" * 5000, b"GET " + b"/" * 100000 + b" HTTP/1.1\r\n\r\n",
        b"GET /f/good HTTP/9.9\r\n\r\n", b"GET\r\n\r\n", b"GET /f/good HTTP/1.1\r\n" + b"x" * 100000,
        b"GET /f/good HTTP/1.1\r\n" + b"A: b\r\n" * 20000 + b"\r\n",
        b"GET /f/good HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /f/good HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"GET /f/good HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /f/%00%2e%2e/%ff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + noise.randbytes(500),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    with fixture.gateway({}, feedfilter={"request-timeout": "3s"}) as gateway:
        before = descriptors(gateway)
        log = gateway.log()
        connections = []
        for data in inputs:
            connections.append(connect(gateway))
            try:
                connections[-1].sendall(data)
                connections[-1].shutdown(socket.SHUT_WR)
            except OSError:
                pass
        gateway.expect_prompt()
        for data, connection in zip(inputs, connections):
            status = status_of(connection)
            assert status in (None, 200, 505) or 400 <= status < 500, (data[:60], status)
            connection.close()
        wait_for_descriptors(gateway, before)
        more = [line for line in gateway.log()[len(log):].splitlines() if "event=request" not in line]
        assert not more, more[:5]


def test_too_many_connections(fixture):
    """More connections than allowed are closed, which one line says; then there is room again"""
    with fixture.gateway({}, feedfilter={"connections": 40, "request-timeout": "3s"}) as gateway:
        connections = [connect(gateway) for _ in range(200)]
        wait_for(lambda: sum(is_over(connection) for connection in connections) >= 140,
                 "those that are too many are closed")
        assert sum(not is_over(connection) for connection in connections) >= 30
        full = re.findall("all 40 connections are taken", gateway.log())
        assert len(full) == 1, gateway.log()
        wait_for(lambda: all(is_over(connection) for connection in connections), "idle ones end")
        close_all(connections)


def test_keep_alive(fixture):
    """A thousand requests on one connection are answered, each whole"""
    with fixture.gateway({}, more_mb=8) as gateway:
        before = descriptors(gateway)
        client = http.client.HTTPConnection("127.0.0.1", gateway.feeds_port, timeout=PATIENCE_S)
        client.connect()
        first = client.sock
        for number in range(1000):
            client.request("HEAD" if number % 3 == 0 else "GET", "/f/good")
            answer = client.getresponse()
            body = answer.read()
            assert answer.status == 200 and body == (b"" if number % 3 == 0 else GOOD), number
        assert client.sock is first
        client.close()
        wait_for_descriptors(gateway, before)


def test_clients_that_go_away(fixture):
    """Readers that go away before the first fetch is done leave nothing behind"""
    with fixture.gateway({}) as gateway:
        before = descriptors(gateway)
        gateway.add("late", Document(answer=silent))
        gateway.feeds.process.send_signal(signal.SIGHUP)
        wait_for(lambda: gateway.asked("late"), "the late feed is fetched")
        connections = [connect(gateway, ASK.replace(b"good", b"late")) for _ in range(100)]
        wait_for(lambda: descriptors(gateway) >= before + 100, "all wait")
        close_all(connections[:50])
        gateway.expect_prompt()
        assert {status_of(connection) for connection in connections[50:]} == {502}
        close_all(connections)
        wait_for_descriptors(gateway, before)


def test_failing_feed_is_never_unchanged(fixture):
    """HEAD, conditional and gzip requests for a feed that has no copy give 502 like any other"""
    documents = {"missing": Document(b"x", "text/plain", 404)}
    with fixture.gateway(documents) as gateway:
        for headers in ({}, {"If_None_Match": "*"}, {"If_None_Match": "\"x\""},
                        {"If_Modified_Since": "Fri, 31 Dec 2100 23:59:59 GMT"},
                        {"Accept_Encoding": "gzip"}):
            for method in ("GET", "HEAD"):
                answer = get(gateway, "/f/missing", method, **headers)
                assert answer.status == 502 and answer.headers["Retry-After"], (method, headers)
                expected = b"missing: 127.0.0.1: it answered 404\n" if method == "GET" else b""
                assert answer.body == expected, (method, headers, answer.body)
                assert not answer.headers["ETag"]


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
