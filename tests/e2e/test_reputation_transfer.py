"""weirctl reputation export and import: all that is known of identities, out of one store and into
another, exactly; and lines that cannot be change nothing."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time

from servers import SAMPLES, CountsFile, Redis, Weir, free_port, make_temporary_directory, run, wait_for

HEADER = "type,value,ham,spam,time,override,log_odds,until,seen,first_seen"
SHORT = "type,value,ham,spam,time,override,log_odds,until"  # before documents were counted
NOW = int(time.time())
ODD = 'planet "x", y  ü'


class Fixture:
    """Something learned, pinned and set in Redis, and two empty stores."""

    def __init__(self, directory):
        self.directory = directory
        self.redis = Redis(directory)
        self.stores = {"redis": self.redis, "sqlite": CountsFile(directory),
                       "empty-sqlite": CountsFile(directory, "other"),
                       "empty-redis": Redis(directory, "more")}
        self.weir = Weir(directory, self.redis.url)
        self.use("redis")
        self.ctl("learn", "ham", os.path.join(SAMPLES, "ham"))
        self.ctl("learn", "spam", os.path.join(SAMPLES, "spam"))
        self.ctl("reputation", "pin", "link-domain", "shop.test", "7")
        self.ctl("reputation", "pin", "author", ODD, "1.25")
        self.ctl("reputation", "set", "ip", "192.0.2.7", "--", "-3.05")

    def use(self, name):
        self.weir.configure({"counts": self.stores[name].url,
                             "journal": {"mail": "%s/%s.journal" % (self.directory, name)}})

    def ctl(self, *words, **options):
        return self.weir.ctl(*words, **options)

    def export(self, *words):
        """The lines, in the order of the alphabet: a store has none."""
        lines = self.ctl("reputation", "export", *words).text().split("\n")
        assert lines.pop() == "", lines
        return lines[:1] + sorted(lines[1:]) if "--json" not in words else sorted(lines)

    def carry(self, frm, to, *form):
        """Out of one store, into another: the same stands there then."""
        self.use(frm)
        text = self.ctl("reputation", "export", *form).text()
        before = self.export()
        path = os.path.join(self.directory, "all")
        with open(path, "w") as file:
            file.write(text)
        self.use(to)
        told = self.ctl("reputation", "import", path).text()
        assert told == "%d reputations imported\n" % (len(before) - 1), told
        assert self.export() == before, (frm, to)
        return before


def setup():
    yield Fixture(make_temporary_directory())


def test_export_has_everything(fixture):
    """export has counts, time and override of all, or of one type, as CSV and as JSON"""
    lines = fixture.export()
    listed = fixture.ctl("--json", "reputation", "list").json()
    assert lines[0] == HEADER and len(lines) - 1 == len(listed) > 50, (len(lines), len(listed))
    assert any(line.startswith("link-domain,shop.test,") and ",pin,7,,0," in line
               for line in lines), lines
    (row,) = [line for line in lines if line.startswith("author,")]
    assert row.startswith('author,"planet ""x"", y  ü",0,0,') and ",pin,1.25,,0," in row, row
    (row,) = [json.loads(line) for line in fixture.export("ip", "--json") if "192.0.2.7" in line]
    assert row["override"] == "set" and row["log_odds"] == -3.05 and row["until"] > NOW, row
    assert all(line.startswith("ip,") for line in fixture.export("ip")[1:])
    assert fixture.export("--csv") == lines


def test_round_trip(fixture):
    """What one store exports and another imports is the same there: Redis, SQLite and back"""
    begin = fixture.carry("redis", "sqlite")
    assert fixture.carry("sqlite", "empty-sqlite", "--json") == begin
    assert fixture.carry("sqlite", "empty-redis") == begin
    assert fixture.carry("empty-redis", "redis", "--json") == begin


def test_import_replaces(fixture):
    """import sets what the file says, exactly, and leaves all others; --dry-run changes nothing"""
    for name in ("redis", "sqlite"):
        fixture.use(name)
        before = fixture.export()
        text = "value,type,spam,ham,time,override,log_odds,until\r\n" \
               "192.0.2.7,ip,0.001,4294967.295,%d,,,\r\nShop.test,link-domain,1,2,5,set,-20,%d\r\n" \
               % (NOW - 5, NOW + 100)
        told = fixture.ctl("reputation", "import", "-", "--dry-run", input=text).text()
        assert told == "2 reputations could be imported\n", told
        assert fixture.export() == before
        assert fixture.ctl("reputation", "import", "-", input=text).text() == \
            "2 reputations imported\n"
        after = fixture.export()
        changed = set(after) - set(before)
        assert changed == {"ip,192.0.2.7,4294967.295,0.001,%d,none,,,0,0" % (NOW - 5),
                           "link-domain,shop.test,2,1,5,set,-20,%d,0,0" % (NOW + 100)}, changed
        assert len(after) == len(before)


BROKEN = [
    ("colour,red,1,1,5,,,", 'there is no type "colour"'),
    ("ip,999.1.1.1,1,1,5,,,", '"999.1.1.1" is no ip'),
    ("ip,,1,1,5,,,", "which ip?"),
    (",192.0.2.1,1,1,5,,,", "no type"),
    ("ip,192.0.2.1,-1,1,5,,,", 'ham "-1" is not a number of lessons'),
    ("ip,192.0.2.1,1,0.0001,5,,,", 'spam "0.0001" is not a number of lessons'),
    ("ip,192.0.2.1,1,4294968,5,,,", 'spam "4294968" is not'),
    ("ip,192.0.2.1,1,nan,5,,,", 'spam "nan" is not'),
    ("ip,192.0.2.1,1,1,soon,,,", 'time "soon" is no time'),
    ("ip,192.0.2.1,1,1,%d,,," % (NOW + 9 * 86400), "is in the future"),
    ("ip,192.0.2.1,1,1,5,held,,", 'override "held" is not none, set or pin'),
    ("ip,192.0.2.1,1,1,5,pin,21,", 'log_odds "21" is not a number from -20 to 20'),
    ("ip,192.0.2.1,1,1,5,set,1,", 'until "" is no time'),
    ("ip,192.0.2.1,1,1,5,set,1,99", "until 99 is past; leave out what was set"),
    ("ip,192.0.2.1,1,1,5,pin,1,99", "a pin has no until"),
    ("ip,192.0.2.1,1,1,5,none,1,", "without an override there is no log_odds"),
    ("ip,192.0.2.1,0,0,5,,,", "there are no counts and no override"),
    ("ip,192.0.2.1,1,1", "4 fields where the header has 8"),
    ("ip,192.0.2.1" + "1" * 5000 + ",1,1,5,,,", "longer than 4095 bytes"),
]


def test_broken_lines(fixture):
    """Lines that cannot be are named with number and reason, 20 of them, and nothing is changed"""
    fixture.use("sqlite")
    before = fixture.export()
    text = SHORT + "\nip,192.0.2.99,1,1,5,,,\n" + "".join(line + "\n" for line, _ in BROKEN)
    said = fixture.ctl("reputation", "import", "-", input=text, status=65).errors.splitlines()
    assert len(said) == len(BROKEN) + 1, said
    for number, (_, words) in enumerate(BROKEN):
        assert said[number].startswith("weirctl: standard input:%d: " % (number + 3)), said[number]
        assert words in said[number], (words, said[number])
    assert said[-1] == "weirctl: standard input: nothing was imported", said
    text = SHORT + "\n" + "ip,x,1,1,5,,,\n" * 27
    said = fixture.ctl("reputation", "import", "-", input=text, status=65).errors.splitlines()
    assert len(said) == 21 and said[-1].endswith("and 7 more lines; nothing was imported"), said
    for text, words in (("type,value,ham\n", 'no column "spam"'), ("ip,192.0.2.1,1\n", 'column "ip"'),
                        ("type,type,ham\n", "comes twice"), ("{}\n", "no type"), ("{\n", "no JSON"),
                        ('{"type":"ip","value":"192.0.2.1","ham":true}\n', "no text or number"),
                        ('{"type":"ip","colour":1}\n', '"colour" is no member'),
                        (HEADER + "\nip,192.0.2.1,0,0,5,,,,-1,0\n", 'seen "-1" is not a number of'),
                        (HEADER + "\nip,192.0.2.1,0,0,5,,,,1,x\n", 'first_seen "x" is no time'),
                        (HEADER + "\nip,192.0.2.1,0,0,5,,,,1,%d\n" % (NOW + 9 * 86400),
                         "first_seen %d is in the future" % (NOW + 9 * 86400)),
                        (SHORT + '\nip,"192.0.2.1,1,1,5,,,\n', "quotation mark is not closed"),
                        (SHORT + "\nip,192.0\0.2.1,1,1,5,,,\n", "a NUL")):
        said = fixture.ctl("reputation", "import", "-", input=text, status=65).errors.splitlines()
        assert len(said) == 2 and words in said[0], (text, said)
    assert fixture.export() == before
    for words, status in ((("import",), 64), (("import", "a", "b"), 64), (("import", "/none"), 66),
                          (("export", "colour"), 64), (("export", "--csv", "--json"), 64)):
        assert fixture.ctl("reputation", *words, status=status).errors.count("\n") == 1, words


def test_nothing_to_import(fixture):
    """A file without any reputation, as an export that failed would leave, is refused in one line"""
    fixture.use("sqlite")
    for text in ("", HEADER + "\n"):
        for words in ((), ("--dry-run",)):
            said = fixture.ctl("reputation", "import", "-", *words, input=text, status=65)
            assert not said.output and said.errors == (
                "weirctl: standard input: there is no reputation in it; nothing was imported\n"), said.errors


def test_export_of_nothing(fixture):
    """A store that is away gives no line; one that has no reputations gives the header alone"""
    fixture.weir.configure({"counts": "redis://127.0.0.1:%d/0" % free_port()})
    said = fixture.ctl("reputation", "export", status=75)
    assert not said.output and said.errors.count("\n") == 1, (said.output, said.errors)
    fixture.weir.configure({"counts": CountsFile(fixture.directory, "bare").url})
    assert fixture.ctl("reputation", "export").text() == HEADER + "\n"


def test_what_was_set_is_over(fixture):
    """What was set is in an export for as long as it stands, so that it can be imported"""
    fixture.use("sqlite")
    identity = ("from-domain", "over.test")
    fixture.ctl("reputation", "set", *identity, "2", "--days", "1")
    assert any("over.test" in line for line in fixture.export("from-domain"))
    with contextlib.closing(sqlite3.connect(fixture.stores["sqlite"].path)) as store:
        assert store.execute("UPDATE reputation SET override_until_s = ? WHERE value = ?",
                             (NOW - 5, b"over.test")).rowcount == 1
        store.commit()
    assert not any("over.test" in line for line in fixture.export("from-domain"))
    fixture.ctl("reputation", "forget", *identity)


def import_until(fixture, number, count=2000):
    """An import that got that signal while it waited to write the first of its rows; what it said."""
    rows = "".join("ip,198.18.%d.%d,1,1,%d,,,\n" % (row // 250, row % 250, NOW - 5) for row in range(count))
    path = os.path.join(fixture.directory, "many")
    with open(path, "w") as file:
        file.write(SHORT + "\n" + rows)
    with contextlib.closing(sqlite3.connect(fixture.stores["sqlite"].path, timeout=30)) as counts:
        counts.execute("BEGIN IMMEDIATE")
        importing = subprocess.Popen([fixture.weir.program("weirctl"), "reputation", "import", path],
                                     env=fixture.weir.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     text=True)
        wait_for(lambda: '"import of %d began"' % count in last_deed(fixture), "it is in the audit")
        importing.send_signal(number)
        counts.rollback()
    output, errors = importing.communicate(timeout=60)
    return importing.returncode, output, errors


def last_deed(fixture):
    return fixture.ctl("--json", "audit", "--limit", "2").output.splitlines()[0].decode()


def test_interrupted(fixture):
    """An import that is interrupted ends what it is writing, and says how much it did, in the audit too; of
    one that is killed the audit knows that it began"""
    fixture.use("sqlite")
    fixture.weir.configure({"counts-timeout": "60s"})
    for number in (signal.SIGINT, signal.SIGTERM):
        for _ in range(2):  # again, as it was told
            assert import_until(fixture, number) == (75, "", (
                "weirctl: interrupted: 500 of 2000 were imported; run it again to import the rest\n"))
            assert '"import of 500 of 2000"' in last_deed(fixture)
            assert sum(line.startswith("ip,198.18.") for line in fixture.export("ip")) == 500
    assert import_until(fixture, signal.SIGKILL)[0] == -signal.SIGKILL
    assert '"import of 2000 began"' in last_deed(fixture)
    assert import_until(fixture, signal.SIGCONT)[:2] == (0, "2000 reputations imported\n")
    assert '"import of 2000"' in last_deed(fixture)


run(setup, [test_export_has_everything, test_round_trip, test_import_replaces, test_broken_lines,
            test_nothing_to_import, test_export_of_nothing, test_what_was_set_is_over, test_interrupted])
