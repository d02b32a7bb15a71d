"""What weir-milter learns by itself: of spam traps, of those whom our users write to, and, where the
admin asks for it, of its own verdicts."""

import os
import re
import signal
import time
import types

from milter_client import MilterClient
from servers import Weir, counts_store, make_temporary_directory, run, wait_for

TRAP = "honeypot@box.test"


def setup():
    directory = make_temporary_directory()
    gateway = types.SimpleNamespace(directory=directory, counts=counts_store(directory, persistent=True), number=0)
    gateway.weir = Weir(directory, gateway.counts.url, settings={
        "learning": {"traps": [TRAP]}, "networks": {"internal": ["192.0.2.0/24"]}})
    gateway.milter = gateway.weir.start_milter()
    yield gateway


def deliver(gateway, sender, recipients, address="198.51.100.7", words="meadow barn", headers=()):
    """A message that differs from all others; its number."""
    gateway.number += 1
    client = MilterClient(gateway.weir.connect_milter())
    client.negotiate()
    client.connect(address=address)
    client.ask(b"H", b"mail.sender.test\0")
    client.mail(b"<%s>" % sender.encode(), [b"<%s>" % one.encode() for one in recipients])
    for name, value in (*headers, (b"From", b"<%s>" % sender.encode()),
                        (b"Subject", b"%s %d" % (words.encode(), gateway.number)),
                        (b"Message-ID", b"<%d@sender.test>" % gateway.number)):
        client.header(name, value)
    client.end_of_headers()
    client.body(b"%s %d\r\nhttp://link%d.test/\r\n" % (words.encode(), gateway.number,
                                                       gateway.number))
    answer, _ = client.end("QUEUEID%07d" % gateway.number)
    assert answer in (b"a", b"c"), answer
    client.close()
    return gateway.number


def reload(gateway):
    before = gateway.milter.log().count("event=reloaded")
    os.kill(gateway.milter.pid, signal.SIGUSR1)
    wait_for(lambda: gateway.milter.log().count("event=reloaded") > before, "it has reloaded")


def terms(gateway, number):
    """Of the verdict about it, as the log has them."""
    line = wait_for(lambda: re.search(r"queue_id=QUEUEID%07d .*terms=(.*)" % number,
                                      gateway.milter.log()), "its verdict is logged")
    return line.group(1)


def lessons(gateway, kind, value):
    """(ham, spam) of an identity, as they stand now, rounded."""
    shown = gateway.weir.ctl("--json", "reputation", "show", kind, value).json()
    return round(shown["ham"], 1), round(shown["spam"], 1)


def learned(gateway, kind, value, expected):
    wait_for(lambda: lessons(gateway, kind, value) == expected,
             "%s %s has %s" % (kind, value, expected))


def test_trap(gateway):
    """What comes to a trap from outside is spam, whoever else it was for; from inside it is nothing"""
    first = deliver(gateway, "eve@spam.test", ["bob@box.test", TRAP.upper()])
    learned(gateway, "link-domain", "link%d.test" % first, (0, 1))
    other = deliver(gateway, "eve@spam.test", ["bob@box.test"])
    inside = deliver(gateway, "carl@box.test", [TRAP], address="192.0.2.1")
    after = deliver(gateway, "eve@spam.test", [TRAP])
    learned(gateway, "link-domain", "link%d.test" % after, (0, 1))
    for number in (other, inside):
        assert lessons(gateway, "link-domain", "link%d.test" % number) == (0, 0)


def test_correspondents(gateway):
    """Whom a user of ours writes to is ham to that user, once a day, and to nobody else"""
    for _ in range(3):
        deliver(gateway, "bob@box.test", ["dora@away.test"], "192.0.2.1", "see you for lunch")
    learned(gateway, "pair", "dora@away.test bob@box.test", (1, 0))
    deliver(gateway, "eve@spam.test", ["fred@away.test"])
    deliver(gateway, "bob@box.test", ["gina@away.test"], "192.0.2.1", "see you for lunch")
    learned(gateway, "pair", "gina@away.test bob@box.test", (1, 0))
    assert lessons(gateway, "pair", "dora@away.test bob@box.test") == (1, 0)
    assert lessons(gateway, "pair", "fred@away.test eve@spam.test") == (0, 0)
    assert lessons(gateway, "pair", "dora@away.test carl@box.test") == (0, 0)
    assert lessons(gateway, "from-address", "dora@away.test") == (0, 0)
    gateway.weir.ctl("reputation", "pin", "from-address", "mallory@box.test", "12")
    deliver(gateway, "mallory@box.test", ["hugo@away.test"], "192.0.2.1")
    deliver(gateway, "bob@box.test", ["ines@away.test"], "192.0.2.1", "see you for lunch")
    learned(gateway, "pair", "ines@away.test bob@box.test", (1, 0))
    assert lessons(gateway, "pair", "hugo@away.test mallory@box.test") == (0, 0)


def test_answers(gateway):
    """What comes back from somebody whom a user wrote to is likelier ham; where senders are
    authenticated, only when it is really from there"""
    deliver(gateway, "bob@box.test", ["kurt@away.test"], "192.0.2.1", "see you for lunch")
    learned(gateway, "pair", "kurt@away.test bob@box.test", (1, 0))
    assert "REPUTATION_PAIR(-" in terms(gateway, deliver(gateway, "kurt@away.test", ["bob@box.test"]))
    assert "PAIR" not in terms(gateway, deliver(gateway, "kurt@away.test", ["carl@box.test"]))
    gateway.weir.configure({"identities": {"trusted-authserv-ids": ["mx.box.test"]}})
    reload(gateway)
    deliver(gateway, "bob@box.test", ["lena@away.test"], "192.0.2.1", "see you for lunch")
    learned(gateway, "pair", "lena@away.test bob@box.test (authenticated)", (1, 0))
    results = b"mx.box.test; spf=%s smtp.mailfrom=lena@away.test"
    for result, heard in ((b"pass", True), (b"fail", False)):
        number = deliver(gateway, "lena@away.test", ["bob@box.test"],
                         headers=[(b"Authentication-Results", results % result)])
        assert ("REPUTATION_PAIR(-" in terms(gateway, number)) == heard, terms(gateway, number)
    gateway.weir.configure({"identities": {"trusted-authserv-ids": []}})
    reload(gateway)


def test_own_verdicts(gateway):
    """Its own verdicts teach only when they are asked to, and no more than so many an hour, which a
    restart does not begin anew"""
    hour = time.time() // 3600
    number = deliver(gateway, "hans@mill.test", ["bob@box.test"])
    gateway.weir.ctl("reputation", "pin", "from-address", "ida@mill.test", "12")
    before = deliver(gateway, "ida@mill.test", ["bob@box.test"])
    gateway.weir.configure({"learning": {"own-verdicts": True, "own-verdicts-per-hour": 2}})
    reload(gateway)
    sent = [deliver(gateway, "ida@mill.test", ["bob@box.test"]) for _ in range(4)]
    for one in sent[:2]:
        learned(gateway, "link-domain", "link%d.test" % one, (0, 1))
    deliver(gateway, "eve@spam.test", [TRAP])
    learned(gateway, "link-domain", "link%d.test" % gateway.number, (0, 1))
    gateway.milter.stop()  # the hour goes on
    gateway.milter = gateway.weir.start_milter()
    sent += [deliver(gateway, "ida@mill.test", ["bob@box.test"]) for _ in range(2)]
    deliver(gateway, "eve@spam.test", [TRAP])
    learned(gateway, "link-domain", "link%d.test" % gateway.number, (0, 1))
    if time.time() // 3600 != hour:
        return  # it was another hour's share
    for one in (number, before, *sent[2:]):
        assert lessons(gateway, "link-domain", "link%d.test" % one) == (0, 0), one


def test_while_the_store_is_away(gateway):
    """What is learned while the counts store is away waits in the journal, and is taught later"""
    gateway.counts.stop()
    number = deliver(gateway, "eve@spam.test", [TRAP])
    wait_for(lambda: "state=waiting" in gateway.milter.log(), "the lesson waits")
    gateway.counts.start()
    learned(gateway, "link-domain", "link%d.test" % number, (0, 1))


def test_bad_settings(gateway):
    """What cannot be a trap is refused, with file and line"""
    other = Weir(gateway.directory, gateway.counts.url, "bad")
    for wrong in ("nobody", "@box.test", "a b@box.test", "a@"):
        other.configure({"learning": {"traps": [wrong]}})
        result = other.ctl("config", "test", status=78)
        assert "learning.traps" in result.errors and "is no address" in result.errors, result.errors
        assert result.errors.count("\n") == 1, result.errors


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
