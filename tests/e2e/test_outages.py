"""Outages under load: the store is absent, dies, stands still, is slow, shuts us out, is full, is
locked, cannot be written, or comes back empty.

Each test is one outage. What was sent must be delivered, held, refused or still with its sender,
each message once; what was taught must be in the log once, also when it was taught twice; nobody
waits longer than a stated time; each change of state is one line of the log; and all is as before
when the store is back, without a hand on it. See outage.py. The last test prints the table for
docs/RELIABILITY.md.
"""

import signal
import time

from outage import (GuardedRedis, Post, Site, SlowProxy, SmallDisk, live_through,
                    own_mounts)
from servers import free_port, make_temporary_directory, need_root, run
from upstream import Upstream


class Fixture:
    def __init__(self, directory):
        self.directory, self.rows = directory, []
        self.start = time.monotonic()
        self.milter = "inet:127.0.0.1:%d" % free_port()
        self.upstream = Upstream()
        self.postfix = Post(directory, milter=self.milter)
        self.site = None

    def redis_site(self):
        redis = GuardedRedis(self.directory, persistent=True)
        self.site = Site(self, "on-redis", redis)
        return self.site


    def sqlite_site(self):
        """From here on SQLite has what is learned."""
        if self.site.name == "on-redis":
            self.site.stop()
            self.site = Site(self, "on-sqlite", SmallDisk(self.directory))
        return self.site


def setup():
    need_root()
    own_mounts()
    yield Fixture(make_temporary_directory())


# --- outages of Redis ---

def test_absent_at_start(fixture):
    """Redis is not there when weir starts, and comes later"""
    site = fixture.redis_site()
    site.store.stop()
    site.start()
    live_through(site, "Redis absent at start", "absent", lambda: None, site.store.start,
                 fresh_logs=True)


def test_killed(fixture):
    """Redis is killed, and started again with its append-only file"""
    store = fixture.site.store
    live_through(fixture.site, "Redis killed, restarted with AOF", "killed", store.kill,
                 store.start)


def test_paused(fixture):
    """Redis is stopped by SIGSTOP, and goes on"""
    store = fixture.site.store
    live_through(fixture.site, "Redis stopped (SIGSTOP)", "paused",
                 lambda: store.signal(signal.SIGSTOP), lambda: store.signal(signal.SIGCONT))


def test_slow(fixture):
    """Redis answers late, but within counts-timeout: nothing but time is lost"""
    proxy = SlowProxy(fixture.site.store, 0.2)
    live_through(fixture.site, "Redis slow (0.2 s an answer)", "slow", proxy.start, proxy.stop,
                 states=())


def test_too_slow(fixture):
    """Redis answers later than counts-timeout, though it does what it was told"""
    proxy = SlowProxy(fixture.site.store, 3)
    live_through(fixture.site, "Redis too slow (3 s an answer)", "late", proxy.start, proxy.stop)


def test_shut_out(fixture):
    """Redis refuses the password, and takes it again"""
    store = fixture.site.store
    live_through(fixture.site, "Redis refuses AUTH", "auth", store.shut_out,
                 lambda: store.set_password("first"))


def test_full(fixture):
    """Redis is full (maxmemory, noeviction), and has room again"""
    store = fixture.site.store
    live_through(fixture.site, "Redis full (maxmemory, noeviction)", "full",
                 lambda: store.limit_memory(1), lambda: store.limit_memory(0))


def test_empty(fixture):
    """Redis is killed, and comes back with nothing"""
    store = fixture.site.store
    live_through(fixture.site, "Redis restarted empty", "empty", store.kill, store.start_empty,
                 may_be_empty=True)


def test_replicas_agree(fixture):
    """After all of it both daemons have one replica, bit for bit"""
    site = fixture.site
    assert site.digest(site.weir.milter, signal.SIGUSR1) == \
        site.digest(site.weir.feeds, signal.SIGHUP)


# --- outages of SQLite ---

def test_sqlite_absent(fixture):
    """The directory of the SQLite file cannot be written when weir starts"""
    site = fixture.sqlite_site()
    site.store.forbid_writing()
    site.start()
    live_through(site, "SQLite's directory read-only at start", "readonly", lambda: None,
                 site.store.allow_writing, fresh_logs=True)


def test_sqlite_locked(fixture):
    """Another process keeps the SQLite file locked"""
    store = fixture.sqlite_site().store
    live_through(fixture.site, "SQLite file locked", "locked", store.lock, store.unlock)


def test_sqlite_full(fixture):
    """The disk of the SQLite file is full, and has room again"""
    store = fixture.sqlite_site().store
    live_through(fixture.site, "SQLite's disk full", "disk", store.fill, store.make_room)


def test_sqlite_replicas_agree(fixture):
    """On SQLite, too, both daemons have one replica, bit for bit"""
    test_replicas_agree(fixture)


def test_table(fixture):
    """The table of this run"""
    heads = ("Outage", "sent", "delivered", "held", "refused", "queued", "taught", "applied",
             "longest wait", "feed answers", "longest wait")
    for row in (heads, ("---",) + ("---:",) * (len(heads) - 1), *fixture.rows):
        print("# | %s |" % " | ".join(str(cell) for cell in row))
    print("# make check TESTS=tests/e2e/test_outages.py (%d s)" %
          (time.monotonic() - fixture.start))


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
