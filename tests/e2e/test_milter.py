"""weir-milter alone, by a client that sends what Postfix would never send."""

import os
import re
import signal
import types

from milter_client import MilterClient, inserted
from servers import Weir, make_temporary_directory, run, wait_for

HEADERS = [(b"From", b"Ann <ann@sender.test>"), (b"Subject", b"Hello"),
           (b"Message-ID", b"<1@sender.test>")]
MEMORY_KB = 400_000  # three messages of the size limit at once, a sanitizer's share included


def setup():
    directory = make_temporary_directory()
    gateway = types.SimpleNamespace(directory=directory)
    nowhere = "redis+unix://" + os.path.join(directory, "nothing.sock")
    gateway.weir = Weir(directory, nowhere, settings={
        "milter": {"size-limit": "8M"}, "check FROM_NAME_IS_ADDRESS": {"log-odds": 6}})
    gateway.milter = gateway.weir.start_milter()
    yield gateway


def client_of(gateway):
    return MilterClient(gateway.weir.connect_milter()).open()


def still_works(gateway):
    """The daemon lives, and the next message is scored."""
    assert gateway.milter.alive(), gateway.milter.log()
    client = client_of(gateway)
    answer, modifications = client.message(HEADERS, b"Hello Bob.\r\n")
    assert answer in (b"a", b"c"), answer
    assert inserted(modifications)["X-Weir-Verdict"] == " accept", modifications
    client.close()


def scored(gateway, headers, body):
    """What comes back for such a message on a connection of its own; then all must still work."""
    client = client_of(gateway)
    answer, modifications = client.message(headers, body)
    client.close()
    assert answer in (b"a", b"c"), answer
    headers = inserted(modifications)
    assert headers["X-Weir-Verdict"].strip() in ("accept", "tag", "held"), headers
    still_works(gateway)
    return headers


def test_negotiation(gateway):
    """It asks for headers, quarantine and macros, and says no to a server that lacks them"""
    actions, steps = MilterClient(gateway.weir.connect_milter()).negotiate()
    assert actions == 0x1 | 0x10 | 0x20 | 0x100, hex(actions)
    assert steps & 0x100000, "SMFIP_HDR_LEADSPC is wanted: %s" % hex(steps)
    poor = MilterClient(gateway.weir.connect_milter(), actions=0x1)
    try:
        poor.negotiate()
    except (ConnectionError, AssertionError):
        pass
    else:
        raise AssertionError("it goes on without quarantine")
    wait_for(lambda: "event" not in gateway.milter.log().splitlines()[-1] and
             "mail server does not let" in gateway.milter.log(), "it says what is missing")
    still_works(gateway)


def test_client_address(gateway):
    """The client's address, sender and recipients come from the session"""
    client = MilterClient(gateway.weir.connect_milter())
    client.negotiate()
    client.connect(address="198.51.100.77")
    client.ask(b"H", b"mail.sender.test\0")
    client.mail(b"<>", (b"<bob@box.test>", b"<carol@box.test>"))
    client.header(b"Subject", b"Bounce")
    client.end_of_headers()
    client.end("QUEUEID12345")
    line = wait_for(lambda: re.search(r".*queue_id=QUEUEID12345.*", gateway.milter.log()),
                    "the verdict is logged")
    for word in ("client=198.51.100.77", 'from=""', "to=bob@box.test,carol@box.test"):
        assert word in line.group(0), line.group(0)


def test_steps_out_of_order(gateway):
    """A client that skips or repeats steps gets answers, and the daemon lives"""
    client = MilterClient(gateway.weir.connect_milter())
    client.negotiate()
    client.mail()
    client.mail(b"<second@sender.test>")
    client.header(b"Subject", b"no HELO, no connect")
    client.send(b"A")
    client.mail()
    client.send(b"Q")
    client.close()
    for rubbish in (b"\xff" * 64, b"\0\0\0\0", b"\0\0\0\1O", b"GET / HTTP/1.0\r\n\r\n"):
        connection = gateway.weir.connect_milter()
        connection.sendall(rubbish)
        connection.close()
    still_works(gateway)


def test_nul_bytes(gateway):
    """NUL and every other byte in headers and body"""
    scored(gateway, HEADERS + [(b"X-Odd", bytes(range(1, 256)))], bytes(range(256)) * 400)


def test_no_headers_and_no_body(gateway):
    """A message without headers, without a body, without anything"""
    scored(gateway, [], b"")
    scored(gateway, [], b"\0")
    scored(gateway, [(b"X", b"")], b"text\r\n")


def test_long_header_line(gateway):
    """A header line of 1 MB"""
    scored(gateway, HEADERS + [(b"Subject", b"buy " * 250_000)], b"text\r\n")


def test_many_headers(gateway):
    """50,000 headers, half of them forged"""
    client = client_of(gateway)
    client.mail()
    for number in range(25_000):
        client.header(b"X-Spam-Flag", b"NO")
        client.header(b"X-Header-%d" % number, b"x")
    client.end_of_headers()
    answer, modifications = client.end()
    assert answer in (b"a", b"c"), answer
    assert len(modifications) <= 1100, len(modifications)
    client.close()
    still_works(gateway)


def test_many_recipients(gateway):
    """5,000 recipients"""
    client = client_of(gateway)
    client.mail(recipients=[b"<user%d@box.test>" % number for number in range(5000)])
    client.end_of_headers()
    assert client.end()[0] in (b"a", b"c")
    client.close()
    still_works(gateway)


def test_mime_bomb(gateway):
    """Multiparts in multiparts, 5,000 deep, and never ended"""
    body = b"".join(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (i, i + 1)
                    for i in range(5000))
    scored(gateway, HEADERS + [(b"Content-Type", b"multipart/mixed; boundary=b0")], body)


def test_many_parts(gateway):
    """100,000 parts"""
    body = b"--b\r\n\r\nx\r\n" * 100_000
    scored(gateway, HEADERS + [(b"Content-Type", b"multipart/mixed; boundary=b")], body)


def test_broken_mime(gateway):
    """Broken charset names, encodings, base64"""
    for kind in (b'text/plain; charset="=?utf-8?q?\xff?="', b"text/html; charset=" + b"x" * 5000,
                 b"text/plain; charset=utf-7", b";;;===", b"text/html; charset=utf-16"):
        for encoding in (b"base64", b"quoted-printable", b"x-uuencode", b"\xff"):
            scored(gateway, HEADERS + [(b"Content-Type", kind),
                                       (b"Content-Transfer-Encoding", encoding)],
                   b"====" + os.urandom(3000) + b"=\r\n=4=ZZ<a <b <!--")


def test_huge_message(gateway):
    """A message of 100 MB is scored on its start; memory is bounded and given back"""
    text = b"All work and no play makes Jack a dull boy. " * 25_000
    client = client_of(gateway)
    client.mail()
    for name, value in HEADERS:
        client.header(name, value)
    client.end_of_headers()
    for _ in range(96):
        client.body(text)
    assert gateway.milter.memory_kb() < MEMORY_KB, gateway.milter.memory_kb()
    answer, modifications = client.end()
    assert answer in (b"a", b"c"), answer
    assert "X-Weir-Verdict" in inserted(modifications)
    client.close()
    assert gateway.milter.memory_kb() < MEMORY_KB, gateway.milter.memory_kb()
    still_works(gateway)


def test_abandoned(gateway):
    """Connections that break off in the middle leave nothing behind"""
    for _ in range(50):
        client = client_of(gateway)
        client.mail()
        client.header(b"Subject", b"never ended")
        client.end_of_headers()
        client.body(b"x" * 10_000)
        client.close()
    still_works(gateway)


def test_held_without_queue_id(gateway):
    """What cannot be recorded as held is tagged instead, and the log says so"""
    client = client_of(gateway)
    answer, modifications = None, None
    client.mail()
    client.header(b"From", b'"service@bank.test" <x@bulk.test>')
    client.end_of_headers()
    client.send(b"E")
    modifications = []
    while not answer:
        code, data = client.receive()
        if code in b"acdrty":
            answer = code
        else:
            modifications.append((code, data))
    assert inserted(modifications)["X-Spam-Flag"] == " YES", modifications
    assert not [code for code, _ in modifications if code == b"q"]
    assert "event=not-held" in gateway.milter.log()


def test_store_away(gateway):
    """With the counts store away from the start, one line says so and everything is judged"""
    lines = [line for line in gateway.milter.log().splitlines() if "nothing.sock" in line]
    assert len(lines) == 1, lines


def test_orderly_stop(gateway):
    """SIGUSR2: the message under way is judged, a new one passes, and then it ends"""
    under_way, late = client_of(gateway), client_of(gateway)
    under_way.mail()
    os.kill(gateway.milter.pid, signal.SIGUSR2)
    wait_for(lambda: "event=stopping" in gateway.milter.log(), "it says that it stops")
    assert late.mail() == b"a"
    under_way.header(b"Subject", b"under way")
    under_way.end_of_headers()
    assert "X-Weir-Verdict" in inserted(under_way.end()[1])
    assert gateway.milter.wait() == 0
    gateway.milter = gateway.weir.start_milter()


def test_tempfail_when_stopping(gateway):
    """With when-stopping = tempfail a new message is put off"""
    gateway.weir.configure({"milter": {"when-stopping": "tempfail"}})
    os.kill(gateway.milter.pid, signal.SIGUSR1)
    wait_for(lambda: "event=reloaded" in gateway.milter.log(), "it has reloaded")
    under_way, late = client_of(gateway), client_of(gateway)
    under_way.mail()
    os.kill(gateway.milter.pid, signal.SIGUSR2)
    wait_for(lambda: "event=stopping" in gateway.milter.log(), "it says that it stops")
    assert late.mail() == b"t"
    under_way.send(b"A")
    assert gateway.milter.wait() == 0
    gateway.weir.configure({"milter": {"when-stopping": "accept"}})
    gateway.milter = gateway.weir.start_milter()


def test_stale_socket(gateway):
    """The socket that a killed weir-milter left behind is no obstacle"""
    gateway.milter.kill()
    assert os.path.exists(gateway.weir.socket.split(":", 1)[1])
    gateway.milter = gateway.weir.start_milter()
    still_works(gateway)


def test_key_and_configuration(gateway):
    """--make-key never overwrites a key; an error in the configuration is named, status 78"""
    key = gateway.weir.settings["milter"]["key-file"]
    assert os.stat(key).st_mode & 0o777 == 0o600
    said = gateway.weir.run("weir-milter", "--make-key", status=1)
    assert "exists" in said.errors, said.errors
    bad = os.path.join(gateway.directory, "bad.conf")
    with open(bad, "w") as file:
        file.write("\nmilter { sokcet = x }\n")
    for program, *options in (("weir-milter", "--stderr"), ("weir-milter", "--make-key"),
                              ("weir-release", "--stderr")):
        said = gateway.weir.run(program, *options, "--config", bad, status=78)
        assert "bad.conf:2: " in said.errors, said.errors
        said = gateway.weir.run(program, *options, "--config", bad + ".none", status=78)
        assert "bad.conf.none: " in said.errors, said.errors
        gateway.weir.run(program, *options, "stray", status=64)
    with open(bad, "w") as file:
        file.write('milter { key-file = "%s/made.key" }\n' % gateway.directory)
    gateway.weir.run("weir-milter", "--config", bad, "--make-key")
    with open(os.path.join(gateway.directory, "made.key")) as file:
        assert re.fullmatch(r"[0-9a-f]{32}\n", file.read())


if __name__ == "__main__":
    run(setup, [test_negotiation, test_client_address, test_steps_out_of_order, test_nul_bytes,
                test_no_headers_and_no_body, test_long_header_line, test_many_headers,
                test_many_recipients, test_mime_bomb, test_many_parts, test_broken_mime,
                test_huge_message, test_abandoned, test_held_without_queue_id, test_store_away,
                test_orderly_stop, test_tempfail_when_stopping, test_stale_socket,
                test_key_and_configuration])
