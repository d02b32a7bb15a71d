"""weir-console while one of its calls takes long: whoever asks for something else does not wait, and
what was given up is not done later."""

import os
import signal
import socket
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


class Stopper:
    """Stands before a Redis and, when it is armed, stops it just before the next command that writes
    comes, which Redis then finds when it goes on, after whoever sent it has given up."""

    def __init__(self, redis, path):
        self.redis, self.armed = redis, False
        self.url = "redis+unix://" + path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client = self.listener.accept()[0]
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.redis.socket)
            threading.Thread(target=self.pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, False), daemon=True).start()

    def pump(self, source, to, watched):
        while data := source.recv(65536):
            if watched and self.armed and (b"\nEVAL" in data or b"\nDEL\r" in data):
                self.armed = False
                os.kill(self.redis.process.pid, signal.SIGSTOP)
            try:
                to.sendall(data)
            except OSError:
                break
        to.shutdown(socket.SHUT_WR)


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


def test_given_up(fixture):
    """What an admin changes while the store hangs fails, and is not done when it goes on"""
    weir, redis = fixture.weir, fixture.redis
    stopper = Stopper(redis, os.path.join(redis.directory, "stopper.sock"))
    weir.console.stop()
    weir.configure({"counts": stopper.url, "counts-timeout": "1s"})
    weir.restart_console()
    client = fixture.client = Client(weir)
    about = {"type": "link-domain", "value": "pills.test"}

    def post(deed, **more):
        return client.post("reputation/" + deed, {**about, **more})

    def known():
        told = client.get("reputation/show?type=link-domain&value=pills.test").json()
        return (told["override"], client.get("tuning").json()["version"],
                [item["what"] for item in client.get("audit").json()["items"]
                 if item["what"] != "import of 0 of 1"])
    first = known()[1]
    change = {"changes": [{"kind": "threshold", "name": "feed.hold", "value": 0.7}]}
    line = "type,value,ham,spam,time\nlink-domain,pills.test,1,2,1700000000\n"
    # The server has the scripts of all now.
    assert client.post("tuning/apply", {**change, "version": first}).status == 200
    assert client.post("reputation/import", {"text": line}).status == 200
    post("forget")
    post("pin", log_odds=1)
    before = known()
    assert before[:2] == ("pin", first + 1), before
    change["changes"][0]["value"] = 0.6
    for path, more in (("reputation/forget", about), ("reputation/pin", {**about, "log_odds": 3}),
                       ("reputation/set", {**about, "log_odds": 2}), ("reputation/learned", about),
                       ("reputation/import", {"text": line}),
                       ("tuning/apply", {**change, "version": before[1]}),
                       ("rules/apply", {"text": 'rule "pills" { title = "pills"  action = tag }\n',
                                        "version": before[1]})):
        stopper.armed = True
        answer = client.post(path, more)
        os.kill(redis.process.pid, signal.SIGCONT)
        assert not stopper.armed and answer.status == 503, (path, answer.body)
        for _ in range(3):
            redis.command("PING")  # answered after what came before
        wait_for(lambda: client.get("reputation").status == 200, "the store is asked again")
        assert known() == before, (path, before, known())


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
