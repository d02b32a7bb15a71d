"""What `weirctl check` makes of odd documents, and how it tells of them."""

import os

import servers
from servers import Weir, counts_store

RUSSIAN = "Приглашаем бухгалтеров на семинар, участие бесплатное, звоните нам прямо сейчас"


def setup():
    directory = servers.make_temporary_directory()
    counts = counts_store(directory)
    yield Fixture(directory, counts, Weir(directory, counts.url, settings={"cold-lessons": 2}))


class Fixture:
    def __init__(self, directory, counts, weir):
        self.directory, self.counts, self.weir = directory, counts, weir

    def ctl(self, *arguments, **options):
        return self.weir.run("weirctl", *arguments, **options)

    def message(self, name, subject, body, more=b""):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as file:
            file.write(b"From: ann@sender.test\nTo: bob@box.test\nDate: Mon, 1 Jan 2024 10:00:00 "
                       b"+0000\nMessage-ID: <%s@sender.test>\nSubject: %s\n%s\n%s\n"
                       % (name.encode(), subject, more, body))
        return path


def eight_bits_without_a_charset_are_read(fixture):
    """a mail in 8 bits that names no charset is read in the one it is in, subject and text"""
    declared = b"Content-Type: text/plain; charset=utf-8\n"
    for number in range(3):
        fixture.ctl("learn", "spam", fixture.message("known%d" % number, RUSSIAN.encode(),
                                                     RUSSIAN.encode(), declared))
    for charset in ("koi8-r", "cp1251", "iso8859-5"):
        path = fixture.message(charset, RUSSIAN.encode(charset), RUSSIAN.encode(charset))
        row = fixture.ctl("check", "--json", "--explain", path).json()
        assert row["subject"] == RUSSIAN, (charset, row)
        content = [term for term in row["terms"] if term["symbol"] == "CONTENT"][0]
        words = " ".join(token["text"] for token in content["tokens"])
        assert "семинар" in words, (charset, words)


def long_and_hidden_text_is_shown_to_people_as_they_can_read_it(fixture):
    """a subject of 1 MB is cut for people and whole in JSON; what is invisible shows as a mark"""
    subject = b"v\xe2\x80\x8biagra " + b"x" * 1000000
    path = fixture.message("long.eml", subject, b"hello\n")
    words = fixture.ctl("check", path).text()
    assert ": v?iagra xxx" in words and "xxx\u2026\n" in words and len(words) < 2000, len(words)
    assert len(fixture.ctl("check", "--json", path).json()["subject"]) > 100000


def content_nobody_taught_is_said_to_be_unknown(fixture):
    """where nothing is known of the content that is said, with the way to teach it"""
    feed = os.path.join(fixture.directory, "unknown.xml")
    with open(feed, "w") as file:
        file.write("<rss version='2.0'><channel><title>t</title><item><title>ꦱꦸꦒꦼꦁ</title></item>"
                   "</channel></rss>")
    row = fixture.ctl("check", "--json", feed).json()
    words = fixture.ctl("check", feed).text()
    assert not any(term["symbol"] == "CONTENT" for term in row["terms"]), row
    assert "nothing is known of such content yet" in words, words


def without_what_was_learned_that_is_said(fixture):
    """with the counts store away content is told in one, and why"""
    path = fixture.message("offer.eml", b"cheap pills now", b"click here to buy cheap pills now\n")
    fixture.counts.stop()
    try:
        words = fixture.ctl("check", "--explain", path).text()
    finally:
        fixture.counts.start()
    assert "no words until what was learned can be read  [CONTENT]" in words, words
    assert "no words until" not in fixture.ctl("check", "--explain", path).text()


servers.run(setup, [
    content_nobody_taught_is_said_to_be_unknown,
    long_and_hidden_text_is_shown_to_people_as_they_can_read_it,
    eight_bits_without_a_charset_are_read, without_what_was_learned_that_is_said,
])
