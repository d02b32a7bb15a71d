"""A thousand subscriptions polled against a local site 20 ms away: how long a change takes to a reader,
what 10,000 fetches cost, and the memory that it all takes. Beside it curl fetches the same."""

import asyncio
import hashlib
import os
import statistics
import subprocess
import threading
import time
import urllib.request

import servers

COUNT = 1000
POLL_S = 5
DELAY_S = 0.020


def feed(name, news):
    """Ten items; the newest is `news`."""
    items = "".join("<item><guid>%s-%d</guid><title>Note %d of %s</title><link>http://%s.test/%d</link>"
                    "<description>%s</description></item>" % (name, number, number, name, name, number,
                                                             "The harbour was quiet today. " * 20)
                    for number in range(news, news - 10, -1))
    return ("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>%s</title>%s</channel></rss>"
            % (name, items)).encode()


class Site:
    """Serves /N, each answer 20 ms late, with ETags. In a thread of its own; `requests` counts."""

    def __init__(self):
        self.documents, self.requests, self.port = {}, 0, None
        for number in range(COUNT):
            self.change(number, 10)
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve(ready)), daemon=True).start()
        ready.wait(10)
        self.url = "http://127.0.0.1:%d" % self.port

    def change(self, number, news):
        body = feed("n%d" % number, news)
        self.documents["/%d" % number] = (body, '"%s"' % hashlib.md5(body).hexdigest())

    async def serve(self, ready):
        server = await asyncio.start_server(self.talk, "127.0.0.1", 0, backlog=1000)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await server.serve_forever()

    async def talk(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.requests += 1
                body, etag = self.documents[head.split(" ", 2)[1]]
                await asyncio.sleep(DELAY_S)
                if "If-None-Match: " + etag in head:
                    answer = "HTTP/1.1 304 Not Modified\r\nETag: %s\r\n\r\n" % etag
                    writer.write(answer.encode())
                else:
                    writer.write(("HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: %s\r\n"
                                  "Content-Length: %d\r\n\r\n" % (etag, len(body))).encode() + body)
        except (OSError, asyncio.IncompleteReadError, KeyError):
            writer.close()


def cpu_of(pid):
    """Seconds that a process has used."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


def change_to_reader(site, weir, seconds):
    """Seconds from each of many changes until a reader that asks each 20 ms sees it."""
    waiting, took, news = {}, [], 11
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end or waiting:
        if time.monotonic() < end:
            number = (number + 7) % COUNT
            if number not in waiting:
                news += 1
                site.change(number, news)
                waiting[number] = (b"n%d-%d<" % (number, news), time.monotonic())
        for name, (mark, since) in list(waiting.items())[:40]:
            if mark in get("%s/f/n%d" % (weir.feeds_url, name)):
                took.append(time.monotonic() - since)
                del waiting[name]
        assert time.monotonic() < end + 60, "changes do not come through: %d" % len(waiting)
        time.sleep(0.02)
    return sorted(took)


def write_curl(site, directory):
    """A configuration for curl that fetches the same, if it has changed."""
    path = os.path.join(directory, "curl.conf")
    with open(path, "w") as file:
        for number in range(COUNT):
            _, etag = site.documents["/%d" % number]
            file.write("next\n" if number else "")
            file.write("url = \"%s/%d\"\noutput = /dev/null\nheader = \"If-None-Match: %s\"\n"
                       % (site.url, number, etag.replace('"', '\\"')))
    return path


def curl_seconds(config):
    """CPU seconds that curl takes for a thousand conditional fetches, 64 at once."""
    before = os.times()
    subprocess.run(["curl", "-sZ", "--no-progress-meter", "--parallel-max", "64", "-K", config],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return (after.children_user + after.children_system - before.children_user
            - before.children_system)


def fetch_costs(site, weir, directory, seconds):
    """CPU seconds for 10,000 fetches of weir and of curl, in turn, and weir's fetches a second."""
    config = write_curl(site, directory)
    ours, theirs, rates = [], [], []
    for _ in range(3):
        cpu, requests, start = cpu_of(weir.feeds.pid), site.requests, time.monotonic()
        time.sleep(seconds / 3)  # nothing changes, and nobody asks
        fetches = site.requests - requests
        ours.append((cpu_of(weir.feeds.pid) - cpu) / fetches * 10000)
        rates.append(fetches / (time.monotonic() - start))
        theirs.append(curl_seconds(config) / COUNT * 10000)
    return statistics.median(ours), statistics.median(theirs), statistics.median(rates)


def measure(directory, seconds):
    """A dict of what was measured."""
    servers.need_program("curl")
    redis = servers.Redis(directory, "redis-polling")
    site = Site()
    weir = servers.Weir(directory, redis.url, "polling", {
        "log": {"level": "notice"},
        "feedfilter": {"upstream-networks": ["127.0.0.0/8"], "poll": "%ds" % POLL_S,
                       "poll-min": "%ds" % POLL_S, "poll-max": "%ds" % POLL_S}})
    weir.configure({"feed n%d" % number: {"url": "%s/%d" % (site.url, number)}
                    for number in range(COUNT)})
    weir.start_feeds()
    servers.wait_for(lambda: site.requests >= 2 * COUNT, "all are polled twice", 120)
    ours, theirs, rate = fetch_costs(site, weir, directory, seconds)
    took = change_to_reader(site, weir, seconds)
    memory_mb = weir.feeds.memory_kb() / 1024
    weir.feeds.stop()
    redis.stop()
    return {"per_10000": ours, "curl_per_10000": theirs, "per_second": rate, "changes": len(took),
            "p50": statistics.median(took), "p99": took[len(took) * 99 // 100],
            "memory_mb": memory_mb}
