"""What `weirctl check` makes of odd documents, and how it tells of them."""

import os

import servers
from servers import Weir, counts_store

RUSSIAN = "Приглашаем бухгалтеров на семинар, участие бесплатное, звоните нам прямо сейчас"


def setup():
    directory = servers.make_temporary_directory()
    counts = counts_store(directory)
    yield Fixture(directory, Weir(directory, counts.url, settings={"cold-lessons": 2}))


class Fixture:
    def __init__(self, directory, weir):
        self.directory, self.weir = directory, weir

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


servers.run(setup, [
    eight_bits_without_a_charset_are_read,
])
