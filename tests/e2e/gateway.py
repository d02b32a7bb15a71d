"""A feed server among hostile upstreams and readers: it must live, in bounded memory, and go on with
its other feeds."""

import concurrent.futures
import itertools
import json
import os
import re
import time
import urllib.error
import urllib.request

from sample_feeds import ITEMS, SPAM, feed, without
from servers import PATIENCE_S, Redis, Weir, make_temporary_directory, wait_for
from upstream import Document, Upstream

PROMPT_S = 2.0  # a good feed is answered within that, whatever goes on beside it
GOOD = without(feed(ITEMS), *SPAM)


class Answer:
    def __init__(self, status, headers, body, seconds):
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds

    def text(self):
        return self.body.decode(errors="replace")


def get(gateway, path, method="GET", patience_s=PATIENCE_S, **headers):
    """An answer of the server, whatever its status. Keywords are headers: If_None_Match=…"""
    request = urllib.request.Request(gateway.feeds_url + path, method=method, headers={
        name.replace("_", "-"): value for name, value in headers.items()})
    start = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=patience_s) as answer:
            return Answer(answer.status, answer.headers, answer.read(), time.monotonic() - start)
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read(), time.monotonic() - start)


def get_all(gateway, paths, patience_s=PATIENCE_S):
    """{path: answer}, all asked for at once."""
    with concurrent.futures.ThreadPoolExecutor(max(len(paths), 1)) as pool:
        return dict(zip(paths, pool.map(
            lambda path: get(gateway, path, patience_s=patience_s), paths)))


class Gateway(Weir):
    """A server with the feed "good", and `documents` (name: Document) beside it. As a context it is
    started, and at the end asked whether all is well, and stopped. `shell`: commands that are run
    before it in a mount namespace of its own."""

    def __init__(self, fixture, documents, more_mb=48, shell=None, redis=None, good=True,
                 **settings):
        number = fixture.number()
        super().__init__(fixture.directory, (redis or fixture.redis).url, "bad%d" % number,
                         {"cold-lessons": 10, "thresholds": {"hold": 0.85},
                          "counts-timeout": "500ms"})
        # Freed memory is given back, so that what is resident says something.
        self.env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"
        self.upstream, self.prefix = fixture.upstream, "/%d/" % number
        self.more_mb, self.shell = more_mb, shell
        self.configure({"feedfilter": {
            "upstream-networks": ["127.0.0.1/32"], "poll": "1s", "poll-min": "1s",
            "poll-max": "1s", "fetch-timeout": "3s",
            "size-limit": "4M"}})
        for name, document in documents.items():
            self.add(name, document)
        if good:
            self.add("good", Document(feed(ITEMS)))
        self.configure(settings)

    def add(self, name, document):
        self.upstream.documents[self.prefix + name] = document
        self.configure({"feed " + name: {"url": self.upstream.url + self.prefix + name}})

    def document(self, name):
        return self.upstream.documents[self.prefix + name]

    def asked(self, name):
        """How often upstream was asked for that feed: a request is noted when it is answered."""
        return len(self.upstream.asked(self.prefix + name))

    def wait_for_polls(self, names, count):
        until = {name: self.asked(name) + count for name in names}
        wait_for(lambda: all(self.asked(name) >= until[name] for name in until), "all are polled")

    def start_feeds(self, wait=True):
        if not self.shell:
            return super().start_feeds(wait)
        program = self.program("weir-feedfilter")
        wrapper = program + ".bare"
        if not os.path.exists(wrapper):
            os.rename(program, wrapper)
            with open(program, "w") as file:
                file.write("#!/bin/sh\nexec unshare -m /bin/sh -c '%s && exec \"$0\" \"$@\"' %s "
                           "\"$@\"\n" % (self.shell, wrapper))
            os.chmod(program, 0o755)
        return super().start_feeds(wait)

    def __enter__(self):
        self.start_feeds()
        good = get(self, "/f/good")
        assert good.status == 200 and good.body == GOOD, (good.status, good.text(), self.log())
        self.first_s = good.seconds
        self.baseline_kb = self.feeds.memory_kb()
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.expect_well()
            assert self.feeds.stop() == 0, self.log()
            assert "stopping" not in self.log().split(" event=stopping")[1], self.log()[-3000:]
        else:
            self.feeds.stop()

    def log(self):
        return self.feeds.log()

    def lines(self, event, name):
        """Of the log, about the feed `name`."""
        return [line for line in self.log().splitlines()
                if re.search(r" event=%s( .*)? feed=%s( |$)" % (event, re.escape(name)), line)]

    def health(self, name):
        answer = json.loads(get(self, "/health").body)
        return next(entry for entry in answer["feeds"] if entry["name"] == name)

    def expect_prompt(self, body=GOOD):
        answer = get(self, "/f/good")
        assert answer.status == 200 and answer.body == body, (answer.status, answer.text())
        assert answer.seconds < PROMPT_S, "the good feed took %.1f s" % answer.seconds

    def expect_bounded(self):
        more_mb = (self.feeds.memory_kb() - self.baseline_kb) / 1024
        assert more_mb < self.more_mb, "%.0f MB more than before" % more_mb

    def expect_well(self):
        assert self.feeds.alive(), self.log()[-3000:]
        self.expect_prompt()
        self.wait_for_polls(["good"], 1)
        self.expect_bounded()

    def expect_told_once(self, names, event="feed-failed"):
        """After at least two polls each, one line for each feed, and none for the good one."""
        for name in names:
            lines = self.lines(event, name)
            assert len(lines) == 1, "%s: %d lines\n%s" % (name, len(lines), "\n".join(lines[:5]))
        troubles = self.lines("feed-[a-z-]*", "good")
        assert not troubles, troubles


class Fixture:
    def __init__(self, directory):
        self.directory, self.numbers = directory, itertools.count(1)
        self.upstream = Upstream()
        self.redis = self.taught_store("redis")

    def taught_store(self, name):
        redis = Redis(self.directory, name)
        teacher = Weir(self.directory, redis.url, name + "-teacher")
        teacher.learn_samples()
        return redis

    def number(self):
        return next(self.numbers)

    def gateway(self, documents, **options):
        return Gateway(self, documents, **options)


def setup():
    yield Fixture(make_temporary_directory())
