"""weirctl check on hostile mail and feeds: judged or refused in one line, never a crash, in memory
that does not follow the input."""

import base64
import json
import os
import time

import servers
from servers import Weir

MB = 1024 * 1024
HEAD = b"From: ann@sender.test\r\nSubject: probe\r\nMIME-Version: 1.0\r\n"


def setup():
    directory = servers.make_temporary_directory()
    # A store that is not there: what is tested here must not depend on it.
    weir = Weir(directory, "redis+unix://" + os.path.join(directory, "nowhere.sock"))
    yield Fixture(directory, weir)


class Fixture:
    def __init__(self, directory, weir):
        self.directory, self.weir = directory, weir
        self.baseline_kb = self.check(HEAD + b"\r\nHello\r\n")[3]

    def check(self, content, name="input"):
        """(exit status, verdicts, lines on stderr, peak memory in kB) of weirctl check --json."""
        path = os.path.join(self.directory, name)
        with open(path, "wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                for piece in content:
                    file.write(piece)
        out, err = path + ".out", path + ".err"
        start = time.monotonic()
        pid = os.fork()
        if pid == 0:
            try:
                for number, target in ((1, out), (2, err)):
                    os.dup2(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
                os.execve(self.weir.program("weirctl"), ["weirctl", "check", "--json", path],
                          self.weir.env)
            finally:
                os._exit(127)
        _, status, usage = os.wait4(pid, 0)
        seconds = time.monotonic() - start
        with open(out) as file:
            verdicts = [json.loads(line) for line in file]
        with open(err, errors="replace") as file:
            lines = [line for line in file if "judged without what was learned" not in line]
        for used in (path, out, err):
            os.unlink(used)
        servers.note_sanitizer("weirctl", "".join(lines))
        assert seconds < 60, "took %.0f s" % seconds
        return os.waitstatus_to_exitcode(status), verdicts, lines, usage.ru_maxrss

    def judged(self, content, more_mb=100):
        status, verdicts, lines, peak_kb = self.check(content)
        assert status == 0 and len(verdicts) == 1 and not lines, (status, verdicts, lines)
        assert verdicts[0]["channel"] == "mail", verdicts
        used_mb = (peak_kb - self.baseline_kb) / 1024
        assert used_mb < more_mb, "%.0f MB more than for a small message" % used_mb
        return verdicts[0]

    def refused(self, content):
        status, verdicts, lines, peak_kb = self.check(content)
        assert status == 65 and not verdicts and len(lines) == 1, (status, verdicts, lines)
        return lines[0]


def nested_multiparts(fixture):
    """a message of 5,000 nested multiparts is judged"""
    levels = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
                      for n in range(5000))
    fixture.judged(HEAD + levels + b"Content-Type: text/plain\r\n\r\nbottom\r\n")


def many_parts(fixture):
    """a message of 200,000 parts is judged"""
    head = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    fixture.judged([head] + [b"--b\r\nContent-Type: text/html\r\n\r\n<b>x\r\n"] * 200000)


def nested_messages(fixture):
    """a message within a message within a message, 1,000 times, is judged"""
    fixture.judged((HEAD + b"Content-Type: message/rfc822\r\n\r\n") * 1000 + b"\r\nbottom")


def nul_bytes(fixture):
    """NUL bytes in headers and body are judged"""
    fixture.judged(b"From: a\0b@sender.test\r\nSubject: n\0l\r\n\r\n" + b"\0\1text\0" * 10000)


def unterminated_multipart(fixture):
    """a multipart that never ends is judged"""
    fixture.judged(HEAD + b"Content-Type: multipart/alternative; boundary=\"never\r\n\r\n--never\r\n"
                   b"Content-Type: text/plain\r\n\r\nHello")


def broken_charsets(fixture):
    """charsets that do not exist are judged by what the bytes look like"""
    for charset in (b"x-no-such", b"", b"\"", b"utf-8\0", b"A" * 100000, b"../../etc/passwd"):
        verdict = fixture.judged(HEAD + b"Content-Type: text/plain; charset=" + charset +
                                 b"\r\n\r\nGr\xfc\xdfe\r\n")
        assert verdict["subject"] == "probe", verdict


def garbage_in_base64(fixture):
    """base64 that is none is judged"""
    fixture.judged(HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + os.urandom(300000))
    fixture.judged(HEAD + b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                   base64.b64encode(os.urandom(300000)))


def long_header_line(fixture):
    """a header line of 1 MB is judged, and so are 100,000 headers"""
    fixture.judged(HEAD + b"X-Long: " + b"x" * MB + b"\r\n\r\nHello\r\n")
    fixture.judged(b"Subject: " + b"=?utf-8?q?=41?= " * 70000 + b"\r\n\r\nHello\r\n")
    fixture.judged(b"X-Many: yes\r\n" * 100000 + HEAD + b"\r\nHello\r\n")


def deep_html(fixture):
    """HTML of 100,000 nested elements, and of one huge attribute, is judged"""
    html = HEAD + b"Content-Type: text/html\r\n\r\n"
    fixture.judged(html + b"<div>" * 100000 + b"text")
    fixture.judged(html + b"<a href=\"" + b"x" * MB + b"\">text</a>")
    fixture.judged(html + b"<a href=http://a.test/>x</a>" * 100000)


def large_message(fixture):
    """a message of 100 MB is judged, in memory for the 32 MB that are looked at"""
    line = b"words in a line that is followed by a million others of its kind, and then by more\r\n"
    fixture.judged([HEAD, b"\r\n"] + [line * 1000] * (100 * MB // (len(line) * 1000)), more_mb=300)


def random_bytes_are_no_document(fixture):
    """random bytes and an empty file are refused in one line"""
    assert "neither a message nor" in fixture.refused(b"\x80\xff\0\1" + os.urandom(10000))
    assert "neither a message nor" in fixture.refused(b"")


def billion_laughs(fixture):
    """entities that blow up are refused in one line or not expanded"""
    entities = b"".join(b"<!ENTITY l%d \"%s\">" % (n, b"&l%d;" % (n - 1) * 10)
                        for n in range(1, 12))
    feed = (b"<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY l0 \"lol\">" + entities +
            b"]><rss version=\"2.0\"><channel><title>t</title><item><title>&l11;</title>"
            b"<description>&l11;</description></item></channel></rss>")
    status, verdicts, lines, peak_kb = fixture.check(feed)
    assert (status == 65 and len(lines) == 1) or (status == 0 and len(verdicts) == 1), (status, lines)
    assert peak_kb - fixture.baseline_kb < 100 * 1024, peak_kb


def external_entities(fixture):
    """an external entity is not read"""
    secret = os.path.join(fixture.directory, "secret")
    with open(secret, "w") as file:
        file.write("the-secret-words")
    feed = ("<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY x SYSTEM 'file://%s'>]><rss version='2.0'>"
            "<channel><title>t</title><item><title>a &x; b</title></item></channel></rss>" % secret)
    status, verdicts, lines, _ = fixture.check(feed.encode())
    assert status in (0, 65), (status, lines)
    assert "secret-words" not in json.dumps(verdicts), verdicts


def wrong_encoding(fixture):
    """a feed in another encoding than it says is judged or refused"""
    for encoding in (b"utf-16", b"x-no-such", b"us-ascii", b"ebcdic-cp-us"):
        feed = (b"<?xml version=\"1.0\" encoding=\"" + encoding + b"\"?><rss version=\"2.0\"><channel>"
                b"<title>t</title><item><title>Gr\xc3\xbc\xc3\x9fe</title></item></channel></rss>")
        status, verdicts, lines, _ = fixture.check(feed)
        assert (status, len(verdicts)) == (0, 1) or (status, len(lines)) == (65, 1), (encoding, lines)


def broken_feeds(fixture):
    """XML that is no feed, and a feed cut before its first item ends, are refused in one line"""
    fixture.refused(b"<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><item><title>cut")
    fixture.refused(b"<?xml version=\"1.0\"?>\n<!DOCTYPE html><html><body>a page</body></html>")


def large_feed(fixture):
    """a feed of 200 MB is refused in one line, in bounded memory"""
    item = b"<item><title>one of very many</title><description>words</description></item>\n" * 1000
    head = b"<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>t</title>\n"
    status, verdicts, lines, peak_kb = fixture.check([head] + [item] * (200 * MB // len(item)))
    assert status == 65 and not verdicts and len(lines) == 1, (status, lines)
    assert peak_kb - fixture.baseline_kb < 300 * 1024, peak_kb


servers.run(setup, [
    nested_multiparts, many_parts, nested_messages, nul_bytes, unterminated_multipart,
    broken_charsets, garbage_in_base64, long_header_line, deep_html, large_message,
    random_bytes_are_no_document, billion_laughs, external_entities, wrong_encoding, broken_feeds,
    large_feed,
])
