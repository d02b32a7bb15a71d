"""Two gateways on one counts store: their replicas of the content model are bit-identical."""

import re
import signal

from mailboxes import mailbox
from servers import Weir, counts_store, make_temporary_directory, run, wait_for

SNAPSHOT_EVERY = 1000  # lessons


def setup():
    directory = make_temporary_directory()
    counts = counts_store(directory)
    gateways = [Weir(directory, counts.url, name) for name in ("one", "two")]
    for gateway in gateways:
        gateway.start_milter()
    yield Fixture(counts, gateways)


class Fixture:
    def __init__(self, counts, gateways):
        self.counts = counts
        self.one, self.two = gateways

    def version(self):
        return self.counts.version()


def reached(gateway):
    """(version, digest) of the replica, as the gateway logs them when it is told to reload."""
    def look():
        gateway.milter.process.send_signal(signal.SIGUSR1)
        found = re.findall(r"event=replica version=(\d+) digest=([0-9a-f]{16})",
                           gateway.milter.log())
        return found and (int(found[-1][0]), found[-1][1])
    return look


def assert_identical(fixture, version):
    states = []
    for gateway in (fixture.one, fixture.two):
        look = reached(gateway)
        states.append(wait_for(lambda: (look() or (0,))[0] == version and look(),
                               "%s applies lesson %d" % (gateway.settings["gateway"], version)))
    assert states[0] == states[1], states


def test_taught_in_turn(fixture):
    """Replicas of two gateways taught in turn are bit-identical"""
    for turn in range(10):
        gateway = (fixture.one, fixture.two)[turn % 2]
        label = "spam" if turn % 3 else "ham"
        gateway.ctl("learn", label, "-", input=mailbox("turn%d" % turn, 20, words=60))
    assert fixture.version() == 200, fixture.version()
    assert_identical(fixture, 200)


def test_catches_up_across_a_snapshot(fixture):
    """A gateway stopped for 1,000 lessons catches up bit-identical, across a snapshot"""
    fixture.two.milter.stop()
    before = fixture.version()
    for turn in range(4):
        fixture.one.ctl("learn", "ham" if turn % 2 else "spam", "-",
                        input=mailbox("away%d" % turn, SNAPSHOT_EVERY // 4, words=60))
    version = fixture.version()
    assert version == before + SNAPSHOT_EVERY
    # The log no longer reaches back to where the gateway stopped.
    entries = fixture.counts.log_length()
    assert entries < SNAPSHOT_EVERY, entries
    fixture.two.start_milter()
    assert_identical(fixture, version)


def test_lessons_after_catching_up(fixture):
    """After catching up, both go on in step"""
    version = fixture.version()
    fixture.two.ctl("learn", "spam", "-", input=mailbox("after", 30, words=60))
    assert_identical(fixture, version + 30)


run(setup, [test_taught_in_turn, test_catches_up_across_a_snapshot,
            test_lessons_after_catching_up])
