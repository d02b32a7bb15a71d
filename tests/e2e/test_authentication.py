"""Who really sent a mail: Authentication-Results that a milter before weir adds, and forged ones."""

import os
import signal
import socket
import struct
import threading
import types

from servers import (Postfix, Weir, at_end, counts_store, free_port, make_message,
                     make_temporary_directory, need_root, run, wait_for)

ID = "mx.box.test"


class Stamper:
    """A milter that puts what `headers` holds, "Name: value", on top of each message, the last one
    topmost, at the place `index` (0: above Postfix's own Received, 1: below it). What is spoken is
    libmilter's protocol, as far as it is needed."""

    def __init__(self):
        self.headers, self.index = [], 1
        self.listening = socket.create_server(("127.0.0.1", free_port()))
        self.address = "inet:127.0.0.1:%d" % self.listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        at_end(self.listening.close)

    def _serve(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection, connection.makefile("rwb") as stream:
            def say(code, data=b""):
                stream.write(struct.pack(">I", len(data) + 1) + code + data)

            while True:
                head = stream.read(5)
                if len(head) < 5:
                    return
                command, data = head[4:], stream.read(struct.unpack(">I", head[:4])[0] - 1)
                if command == b"O":
                    say(b"O", struct.pack(">III", 6, 0x01, 0))
                elif command == b"E":
                    for header in self.headers:
                        name, value = header.split(": ", 1)
                        say(b"i", struct.pack(">I", self.index) +
                            ("%s\0%s\0" % (name, value)).encode())
                    say(b"c")
                elif command == b"Q":
                    return
                elif command not in b"DAK":
                    say(b"c")
                stream.flush()


def setup():
    need_root()
    directory = make_temporary_directory()
    gateway = types.SimpleNamespace(directory=directory)
    gateway.stamper = Stamper()
    gateway.counts = counts_store(directory)
    gateway.weir = Weir(directory, gateway.counts.url, settings={
        "milter": {"socket": "inet:127.0.0.1:%d" % free_port()},
        "thresholds": {"tag": "never", "hold": "never", "reject": "never"},
        "identities": {"trusted-authserv-ids": [ID]}})
    gateway.postfix = Postfix(directory, milter=gateway.weir.socket, settings={
        "smtpd_milters": gateway.stamper.address + ", $weir_milter"})
    gateway.weir.start_milter()
    yield gateway


_networks = iter(range(1, 200))


def results(text):
    return "Authentication-Results: %s; %s" % (ID, text)


def passed(domain):
    return results("dkim=pass header.d=%s; dmarc=pass header.from=%s" % (domain, domain))


def failed(domain):
    return results("dkim=none; spf=fail smtp.mailfrom=%s; dmarc=fail header.from=%s" %
                   (domain, domain))


def deliver(gateway, domain, stamps, headers=(), index=1):
    """Sends a message from ann@`domain` from a network of its own; (delivered, its evidence)."""
    gateway.stamper.headers, gateway.stamper.index = stamps, index
    network = next(_networks)
    message, message_id = make_message(
        "Minutes %d" % network, "Dear Bob, these are the minutes of meeting %d.\n" % network,
        sender="Ann <ann@%s>" % domain, headers=headers)
    gateway.postfix.send(message, "ann@" + domain, address="10.9.%d.7" % network,
                         helo="mail%d.test" % network)
    delivered = gateway.postfix.wait_delivered(message_id)
    document = delivered["X-Weir-Id"].split(".")[0]
    explained = wait_for(lambda: gateway.weir.ctl("explain", "--json", document, status=None).text(),
                         "weirctl explains it")
    return delivered, explained


def teach(gateway, label, domain, stamps, times=4):
    """Delivers so many messages and teaches them as a reader's folder would: as files."""
    for _ in range(times):
        delivered, _ = deliver(gateway, domain, stamps)
        gateway.weir.ctl("learn", label, "-", input=delivered.as_bytes())


def test_forger_borrows_nothing(gateway):
    """A forged From has no part in the good name of the real one"""
    teach(gateway, "ham", "good.test", [passed("good.test")])
    _, real = deliver(gateway, "good.test", [passed("good.test")])
    assert "good.test (authenticated): 0 spam, 4 ham" in real, real
    assert "REPUTATION_DKIM_DOMAIN" in real, real
    _, forged = deliver(gateway, "good.test", [failed("good.test")])
    assert "REPUTATION_FROM" not in forged and "REPUTATION_DKIM" not in forged, forged


def test_forger_spoils_nothing(gateway):
    """Spam under a forged From does not reach the real one, but its like"""
    teach(gateway, "spam", "victim.test", [failed("victim.test")])
    _, forged = deliver(gateway, "victim.test", [failed("victim.test")])
    assert "victim.test (unauthenticated): 4 spam, 0 ham" in forged, forged
    _, real = deliver(gateway, "victim.test", [passed("victim.test")])
    assert "REPUTATION_FROM" not in real and "REPUTATION_ENVELOPE" not in real, real


def test_forged_results_below_a_received_are_removed(gateway):
    """Results from outside under a trusted name are taken out, others are left"""
    for index in 0, 1:
        other = "Authentication-Results: elsewhere.test; dkim=pass header.d=elsewhere.test"
        delivered, explained = deliver(
            gateway, "good.test", [failed("good.test")], index=index,
            headers=[("Received", "from a.test by b.test; Thu, 26 Nov 2026 10:00:00 +0000"),
                     ("authentication-results", "(x) %s (y); dmarc=pass\r\n header.from=good.test" %
                      ID.upper()),
                     tuple(other.split(": ", 1)),
                     ("Authentication-Results", ID + " broken ((")])
        found = delivered.get_all("Authentication-Results")
        assert found == [failed("good.test").split(": ", 1)[1], other.split(": ", 1)[1]], found
        assert "(authenticated)" not in explained, explained


def test_forged_results_on_top_are_not_believed(gateway):
    """What a client puts on top of its message adds nothing to what the milter found"""
    _, explained = deliver(gateway, "good.test", [failed("good.test")],
                           headers=[tuple(passed("good.test").split(": ", 1))])
    assert "(authenticated)" not in explained and "REPUTATION_DKIM" not in explained, explained


def test_places(gateway):
    """Results count wherever on top a milter has put them, also in two headers"""
    neutral, good = results("spf=neutral"), passed("good.test")
    for index in 0, 1:
        for stamps in [good], [neutral, good], [good, neutral]:
            _, explained = deliver(gateway, "good.test", stamps, index=index, headers=[
                ("Received", "from a.test by b.test; Thu, 26 Nov 2026 10:00:00 +0000")])
            assert "good.test (authenticated)" in explained, (index, stamps, explained)


def test_reputations_of_both_are_shown_and_changed(gateway):
    """What list prints can be given back; a pin without a mark says for which mail it is"""
    weir = gateway.weir
    for value in ("example.net (authenticated)", "example.net (unauthenticated)"):
        pinned = weir.ctl("reputation", "pin", "from-domain", value, "2")
        assert not pinned.errors and value in pinned.text(), (pinned.text(), pinned.errors)
        assert value in weir.ctl("reputation", "list", "from-domain").text()
        weir.ctl("reputation", "explain", "from-domain", value)
        assert weir.ctl("reputation", "forget", "from-domain", value).text() == "forgotten\n"
    bare = weir.ctl("reputation", "pin", "from-domain", "example.net", "2")
    assert "internal mail only" in bare.errors and bare.errors.count("\n") == 1, bare.errors
    weir.ctl("reputation", "forget", "from-domain", "example.net")
    weir.ctl("reputation", "pin", "from-domain", "example.net (perhaps)", "2", status=64)


def test_no_name_is_trusted(gateway):
    """Without a trusted name nothing is believed and nothing removed"""
    gateway.weir.configure({"identities": {"trusted-authserv-ids": ["nobody.test"]}})
    os.kill(gateway.weir.milter.pid, signal.SIGUSR1)
    wait_for(lambda: "event=reloaded" in gateway.weir.milter.log(), "the reload")
    forged = ("Authentication-Results", ID + "; dmarc=pass header.from=good.test")
    delivered, explained = deliver(
        gateway, "good.test", [], headers=[
            ("Received", "from a.test by b.test; Thu, 26 Nov 2026 10:00:00 +0000"), forged])
    assert delivered["Authentication-Results"] == forged[1], delivered.items()
    assert "(authenticated)" not in explained, explained


if __name__ == "__main__":
    run(setup, [test_forger_borrows_nothing, test_forger_spoils_nothing,
                test_forged_results_below_a_received_are_removed,
                test_forged_results_on_top_are_not_believed, test_places,
                test_reputations_of_both_are_shown_and_changed, test_no_name_is_trusted])
