"""What is taught while Redis is away is learned when it is back: once each, in order, bit for bit.

Each test teaches the same lessons to two gateways of their own, each with a Redis of its own. One of
these is always there; the other one is not. Both have the same installation key, so that the
replicas, if they were taught alike, have the same digest.
"""

import os
import re
import signal
import subprocess

from mailboxes import mailbox
from servers import Redis, Weir, make_temporary_directory, run, wait_for

BATCHES, EACH = 5, 100
ALL = BATCHES * EACH
KEY = b"sixteen bytes of"


class Gateway:
    """A Redis and a weir with nothing learned yet."""

    serial = 0

    def __init__(self, directory, persistent=False, running=True):
        Gateway.serial += 1
        name = "gateway%d" % Gateway.serial
        self.redis = Redis(directory, "redis%d" % Gateway.serial, persistent)
        self.redis.command("SET", "weir:key", KEY)
        self.weir = Weir(directory, self.redis.url, name)
        if running:
            self.weir.start_milter()

    def teach(self, seed, batches=BATCHES):
        """Teaches the batches in turns of spam and ham; how many lessons wait."""
        waiting = 0
        for batch in range(batches):
            done = self.weir.ctl("--json", "learn", "ham" if batch % 2 else "spam", "-",
                                 input=mailbox("%s.%d" % (seed, batch), EACH))
            waiting += done.json()["journalled"]
        return waiting

    def version(self):
        reply = self.redis.command("GET", "weir:version").split(b"\r\n")[1]
        return int(reply or 0)

    def digest_at(self, version):
        """The replica's digest, once it has applied lesson `version` of the log as it is now."""
        def look():
            self.weir.milter.process.send_signal(signal.SIGUSR1)
            found = re.findall(r"event=replica version=(\d+) digest=([0-9a-f]{16})",
                               self.weir.milter.log())
            return found and int(found[-1][0]) == version and found[-1][1]
        wait_for(lambda: self.version() == version, "lesson %d is in the log" % version)
        return wait_for(look, "the replica applies lesson %d" % version)

    def logged(self, state):
        return re.findall(r"event=journal state=%s lessons=(\d+)" % state, self.weir.milter.log())


class Fixture:
    def __init__(self, directory):
        self.directory = directory
        self.live = Gateway(directory)
        self.live.teach("all")
        self.digest = self.live.digest_at(ALL)

    def gateway(self, **options):
        return Gateway(self.directory, **options)


def setup():
    yield Fixture(make_temporary_directory())


def test_as_if_taught_live(fixture):
    """500 lessons of an outage end with the same replica, bit for bit, as the same 500 taught live"""
    gateway = fixture.gateway()
    gateway.redis.kill()
    assert gateway.teach("all") == ALL
    wait_for(lambda: gateway.logged("waiting"), "the milter says that lessons wait")
    gateway.redis.start()
    gateway.redis.command("SET", "weir:key", KEY, "NX")
    assert gateway.digest_at(ALL) == fixture.digest
    wait_for(lambda: gateway.logged("drained"), "the milter says that it drained the journal")
    assert gateway.logged("drained") == [str(ALL)], gateway.weir.milter.log()
    assert len(gateway.logged("waiting")) == 1, gateway.weir.milter.log()


def test_never_met_before(fixture):
    """A gateway that never reached Redis before loses nothing either, and weirctl alone will do"""
    gateway = fixture.gateway(running=False)
    gateway.redis.kill()
    assert gateway.teach("all") == ALL
    gateway.redis.start()
    gateway.redis.command("SET", "weir:key", KEY)
    taught = gateway.weir.ctl("reputation", "show", "from-domain", "sender.test")
    assert "taught %d lessons that waited" % ALL in taught.errors, taught.errors
    gateway.weir.start_milter()
    assert gateway.digest_at(ALL) == fixture.digest


def test_killed_while_it_is_sent(fixture):
    """Redis killed in the middle of it, restarted with its append-only file: each lesson once"""
    gateway = fixture.gateway(persistent=True)
    gateway.redis.kill()
    assert gateway.teach("all") == ALL
    for _ in range(3):
        gateway.redis.start()
        wait_for(lambda: gateway.version() > 0, "lessons arrive")
        gateway.redis.kill()
    gateway.redis.start()
    assert gateway.digest_at(ALL) == fixture.digest


def test_restarted_empty(fixture):
    """A Redis that came back empty is taught again what lies in the window, and keeps its key"""
    gateway = fixture.gateway()
    gateway.teach("all")
    assert gateway.digest_at(ALL) == fixture.digest
    gateway.redis.kill()
    gateway.redis.start()
    wait_for(lambda: gateway.logged("resent"), "the milter sends the window again")
    assert gateway.digest_at(ALL) == fixture.digest
    assert gateway.redis.command("GET", "weir:key").split(b"\r\n")[1] == KEY


def test_restarted_with_all_it_had(fixture):
    """A Redis that came back with its append-only file takes nothing twice"""
    gateway = fixture.gateway(persistent=True)
    gateway.teach("all")
    gateway.redis.kill()
    gateway.redis.start()
    wait_for(lambda: gateway.logged("resent"), "the milter sends the window again")
    assert gateway.logged("resent") == [str(ALL)], gateway.weir.milter.log()
    assert gateway.digest_at(ALL) == fixture.digest
    assert gateway.redis.log_length() == ALL


def test_outage_among_live_lessons(fixture):
    """Lessons before, during and after an outage end as if there had been none"""
    gateway = fixture.gateway(persistent=True)
    for batch in range(BATCHES):
        if batch == 2:
            gateway.redis.kill()
        if batch == 4:
            gateway.redis.start()
        gateway.weir.ctl("learn", "ham" if batch % 2 else "spam", "-",
                         input=mailbox("all.%d" % batch, EACH))
    assert gateway.digest_at(ALL) == fixture.digest


def test_teacher_killed(fixture):
    """weirctl killed while it fills the journal: what it said is kept, and asking again is harmless"""
    gateway = fixture.gateway(persistent=True)
    journal = os.path.join(gateway.weir.directory, "mail.journal")
    gateway.redis.kill()
    teacher = subprocess.Popen([gateway.weir.program("weirctl"), "learn", "spam", "-"],
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=gateway.weir.env)
    teacher.stdin.write(mailbox("all.0", EACH).encode())
    teacher.stdin.close()
    wait_for(lambda: os.path.exists(journal) and os.path.getsize(journal), "a lesson waits")
    teacher.kill()
    teacher.wait()
    assert gateway.teach("all") == ALL
    gateway.redis.start()
    assert gateway.digest_at(ALL) == fixture.digest


run(setup, [test_as_if_taught_live, test_never_met_before, test_killed_while_it_is_sent,
            test_restarted_empty, test_restarted_with_all_it_had, test_outage_among_live_lessons,
            test_teacher_killed])
