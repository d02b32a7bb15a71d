"""weir-console while one of its calls takes long: whoever asks for something else does not wait."""

import os
import signal
import threading

from console_client import Client
from sample_feeds import ITEMS, feed
from servers import SAMPLES, Redis, Weir, make_temporary_directory, run, wait_for

FAST = ("session", "held", "held?form=count", "held/f1", "history", "history/series?bucket=day", "audit")


class Fixture:
    def __init__(self, directory):
        self.redis = Redis(directory, "counts")
        # The store's answers are waited for, for longer than any test takes.
        self.weir = Weir(directory, self.redis.url, settings={
            "cold-lessons": 10, "thresholds": {"hold": 0.85}, "counts-timeout": "60s",
            "digest": {"key-file": os.path.join(directory, "weir", "link.key")}})
        self.weir.learn_samples()
        self.weir.run("weir-feedfilter", "--pipe", "--feed", "planet", input=feed(ITEMS))
        self.weir.start_console()
        self.client = Client(self.weir)
        self.token = self.weir.ctl("console-user", "token", "--role", "teacher", "postfix").text().strip()

    def learn(self):
        """Teaches a message of 3 MiB."""
        with open(os.path.join(SAMPLES, "spam/en-01-pharmacy.eml"), "rb") as file:
            message = file.read() + b"".join(b"line %d of a long message\n" % number
                                             for number in range(120000))
        return Client(self.weir, login=False).request(
            "POST", "/api/learn/spam", message,
            **{"Content-Type": "message/rfc822", "Authorization": "Bearer " + self.token})


class Slow:
    """Calls that are under way while the counts store is stopped, and answered once it goes on."""

    def __init__(self, fixture, *calls):
        self.redis, self.calls, self.answers = fixture.redis, calls, []

    def __enter__(self):
        os.kill(self.redis.process.pid, signal.SIGSTOP)
        before = self.connections()
        self.threads = [threading.Thread(target=lambda call=call: self.answers.append(call()))
                        for call in self.calls]
        for thread in self.threads:
            thread.start()
        try:
            wait_for(lambda: self.connections() > before, "the store is asked")
        except AssertionError:
            self.__exit__()
            raise
        return self

    def connections(self):
        """To the store, as the kernel has them: accepted or not."""
        with open("/proc/net/unix") as sockets:
            return sum(line.rstrip().endswith(self.redis.socket) for line in sockets)

    def __exit__(self, *_):
        os.kill(self.redis.process.pid, signal.SIGCONT)
        for thread in self.threads:
            thread.join()


def setup():
    yield Fixture(make_temporary_directory())


def expect_fast(fixture, slow):
    for path in FAST:
        answer = fixture.client.get(path)
        assert answer.status == 200, (path, answer.body)
    assert fixture.client.request("GET", "/d/forged").status == 404
    assert not slow.answers, "what is slow was under way all the time"


def test_learning(fixture):
    """A large message is taught while others look at what is held and judged"""
    with Slow(fixture, fixture.learn) as slow:
        expect_fast(fixture, slow)
    assert [answer.status for answer in slow.answers] == [200], slow.answers[0].body
    assert slow.answers[0].json()["taught"] == 1, slow.answers[0].body


def test_many(fixture):
    """So do many who ask how the gateway stands, and one who tunes"""
    client = fixture.client
    preview = {"changes": [{"kind": "threshold", "name": "feed.hold", "value": 0.7}]}
    with Slow(fixture, *[lambda: client.get("overview")] * 8,
              lambda: client.post("tuning/preview", preview),
              lambda: client.post("tuning/preview", preview)) as slow:
        expect_fast(fixture, slow)
    assert [answer.status for answer in slow.answers] == [200] * 10


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
