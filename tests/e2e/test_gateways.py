"""weirctl reputation and audit on another machine: two gateways with a store each, and one weirctl
that speaks to either's console."""

import contextlib
import json
import os
import sqlite3

from console_client import PASSWORD, Client, expect
from servers import SAMPLES, CountsFile, Redis, Weir, make_temporary_directory, run

ODD = 'planet "x", y  ü'
MANY = 3500


class Fixture:
    def __init__(self, directory):
        self.directory = directory
        self.near = Weir(directory, CountsFile(directory).url, name="near")
        self.redis = Redis(directory)
        self.far = Weir(directory, self.redis.url, name="far")
        for weir in (self.near, self.far):
            weir.start_console()
            weir.run("weir-feedfilter", "--pipe", "--feed", "x", input="<rss version='2.0'/>")
        self.far.ctl("learn", "ham", os.path.join(SAMPLES, "ham"))
        self.far.ctl("learn", "spam", os.path.join(SAMPLES, "spam"))
        self.far.ctl("reputation", "pin", "author", ODD, "1.25")
        self.near.env["WEIR_PASSWORD"] = PASSWORD

    def over(self, *words, user="ann", weir=None, **options):
        """The near machine's weirctl, at another one's console."""
        url = (weir or self.far).console_url.replace("//", "//%s@" % user)
        return self.near.ctl("--gateway", url, *words, **options)


def setup():
    yield Fixture(make_temporary_directory())


def at_one_time(done):
    """What was said in JSON, but for how much the seconds between two questions let fade."""
    said = done.json()
    for one in said if isinstance(said, list) else [said]:
        if "left" in one:
            one["left"] = round(one["left"], 3)
    return said


def test_says_the_same_as_there(fixture):
    """What is shown over the console is what the other machine's own weirctl shows"""
    top = fixture.far.ctl("reputation", "top", "from-domain", "--limit", "3", "--json").json()
    domain = top[0]["value"]
    fixture.far.ctl("reputation", "set", "from-domain", domain, "2", "--days", "3")
    for words in (("show", "from-domain", domain), ("explain", "from-domain", domain),
                  ("explain", "from-domain", domain, "--limit", "2"), ("show", "author", ODD),
                  ("history", "from-domain", domain), ("history", "ip", "192.0.2.77"),
                  ("history", "from-domain", domain, "--limit", "2"), ("top",),
                  ("top", "from-domain", "--limit", "2"), ("list", "link-domain", "--min", "0.5"),
                  ("list",)):
        for form in ((), ("--json",)):
            there = fixture.far.ctl(*form, "reputation", *words)
            here = fixture.over(*form, "reputation", *words)
            if form:
                assert at_one_time(here) == at_one_time(there), (words, here.output, there.output)
            else:
                assert here.text() == there.text() and here.text(), (words, here.text())
            assert not here.errors, here.errors


def test_changes_there(fixture):
    """set, pin and forget change the other machine's reputations, with its audit, not our own"""
    for words, said in ((("set", "link-domain", "a.test", "2.5", "--days", "2"), " +2.50 "),
                        (("pin", "link-domain", "b.test", "-3"), "(pinned)"),
                        (("set", "link-domain", "a.test", "learned"), " +0.00 ")):
        shown = fixture.over("reputation", *words).text()
        assert said in " " + shown and shown == fixture.far.ctl(
            "reputation", "show", *words[1:3]).text(), (words, shown)
    shown = fixture.over("--json", "reputation", "pin", "link-domain", "b.test", "-2").json()
    assert shown == fixture.far.ctl("--json", "reputation", "show", "link-domain", "b.test").json()
    assert shown["log_odds"] == -2 and shown["override"] == "pin", shown
    assert fixture.over("reputation", "forget", "link-domain", "b.test").text() == "forgotten\n"
    assert fixture.over("--json", "reputation", "forget", "link-domain", "b.test").json() == {
        "forgotten": False}
    assert fixture.near.ctl("--json", "reputation", "list", "link-domain").text() == ""
    lines = fixture.over("--json", "audit", "--subject", "link-domain b.test").json()
    assert [(line["who"], line["what"]) for line in lines] == [
        ("ann", "forget"), ("ann", "pin -2.00"), ("ann", "pin -3.00")], lines


def test_audit(fixture):
    """audit shows what was done there, with its filters, in pages"""
    with contextlib.closing(sqlite3.connect(fixture.far.records_feeds)) as records, records:
        records.executemany("INSERT INTO audit (time_s, who, what, subject) VALUES (?, ?, ?, ?)", (
            (1700000000 + number, "eve", "made", "thing %d" % number) for number in range(MANY)))
    for words, count in ((("--who", "eve"), 50), (("--what", "made", "--limit", "2200"), 2200),
                         (("--who", "eve", "--limit", "5000"), MANY), (("--what", "pin"), 3),
                         (("--what", "pin", "--limit", "2"), 2),
                         (("--what", "made", "--until", "2023-11-15"), 50),
                         (("--what", "made", "--since", "1h"), 0),
                         (("--subject", "author " + ODD), 1)):
        for form in ((), ("--json",)):
            there = fixture.far.ctl(*form, "audit", *words)
            here = fixture.over(*form, "audit", *words)
            assert here.text() == there.text(), (words, here.text()[:500], there.text()[:500])
        assert len(here.text().splitlines()) == count, (words, here.text()[:500])
    assert "log-in" in fixture.over("audit", "--who", "ann").text()


def test_everything_is_carried(fixture):
    """export and import over the consoles carry all there is from one store into the other"""
    rows = os.path.join(fixture.directory, "rows")
    with open(rows, "w") as file:
        file.write("type,value,ham,spam,time\n")
        file.writelines("link-host,h%d.test,%d,0.5,1700000000\n" % (number, number % 7)
                        for number in range(MANY))
    client = Client(fixture.near)
    assert fixture.over("reputation", "import", rows, "--dry-run").text() == (
        "%d reputations could be imported\n" % MANY)
    assert fixture.over("reputation", "import", rows).text() == "%d reputations imported\n" % MANY
    for form in ((), ("--json",)):
        exported = fixture.over(*form, "reputation", "export").text()
        assert len(exported.splitlines()) > MANY
        assert sorted(exported.splitlines()) == sorted(
            fixture.far.ctl(*form, "reputation", "export").text().splitlines())
        fixture.over("reputation", "import", "-", weir=fixture.near, input=exported)
        for line in fixture.near.ctl("--json", "reputation", "list", "link-domain").json():
            client.post("reputation/forget", {"type": line["type"], "value": line["value"]})
        fixture.over("reputation", "import", "-", weir=fixture.near, input=exported)
        assert sorted(fixture.near.ctl(*form, "reputation", "export").text().splitlines()) == \
            sorted(exported.splitlines())
    only = fixture.over("reputation", "export", "author").text().splitlines()
    assert len(only) == 2 and only[1].startswith('author,"planet ""x"'), only
    assert len(fixture.over("reputation", "list", "link-host").text().splitlines()) == 1000
    said = fixture.over("reputation", "list", "link-host").errors
    assert said.count("\n") == 1 and "reputation export has all" in said, said


def test_one_line_for_an_import(fixture):
    """An import that is sent in parts is one line in the audit, which says how many there were; one
    that says it goes on, and does not, has a line of its own"""
    count = 20000  # of 2 MB, in three parts
    rows = os.path.join(fixture.directory, "many")
    with open(rows, "w") as file:
        file.write("type,value,ham,spam,time\n")
        file.writelines("link-host,host%d.many.test,%d,0.5,1700000000\n" % (number, number % 7)
                        for number in range(count))

    def lines():
        said = fixture.over("--json", "audit", "--subject", "reputations", "--what", "import")
        return [json.loads(line)["what"] for line in said.text().splitlines()]
    before = lines()
    fixture.over("reputation", "import", rows)
    assert lines() == ["import of %d" % count] + before, lines()
    client = Client(fixture.far)
    text = "type,value,ham,spam,time\nip,192.0.2.1,1,0,1700000000\n"
    assert client.post("reputation/import", {"text": text, "after": 7}).json() == {"imported": 1}
    assert lines()[:2] == ["import of 1", "import of %d" % count], lines()
    expect(client.post("reputation/import", {"text": text, "after": -1}), 400, "whole number")
    expect(client.post("reputation/import", {"text": text, "after": "x"}), 400, "whole number")


def test_broken_lines_change_nothing(fixture):
    """A file with a broken line is named and not sent; what is sent broken is refused as a whole"""
    before = sorted(fixture.far.ctl("reputation", "export").text().splitlines())
    text = "type,value,ham,spam,time\nip,192.0.2.1,1,0,1\nip,nonsense,1,0,1\nip,192.0.2.2,-1,0,1\n"
    result = fixture.over("reputation", "import", "-", input=text, status=65)
    assert "standard input:3: " in result.errors and "standard input:4: " in result.errors
    client = Client(fixture.far)
    expect(client.post("reputation/import", {"text": text}), 400, "and 1 more line")
    expect(client.post("reputation/import", {"text": ""}), 400, "lines of CSV or JSON")
    expect(client.post("reputation/import", {"text": ["x"]}), 400, "has to be text")
    expect(client.post("reputation/import", {"text": "x" * (5 << 20)}), 413, "4 MiB")
    expect(client.get("reputation/export?after=zz"), 400, "after")
    expect(client.get("reputation/export?after=" + 400 * "ff"), 400, "after")
    expect(client.get("reputation/export?after=6e6f"), 400, "place in the list")
    expect(client.get("reputation/export?form=xml"), 400, "csv or json")
    expect(client.get("reputation/export?type=nothing"), 400, "there are ip, net")
    assert sorted(fixture.far.ctl("reputation", "export").text().splitlines()) == before


def test_roles(fixture):
    """Readers look, and only an admin changes, imports or sees the audit"""
    for role in ("reader", "reviewer", "teacher"):
        fixture.far.ctl("console-user", "add", "--role", role, role, input=PASSWORD + "\n")
        for words in (("show", "author", ODD), ("export",), ("top",)):
            fixture.over("reputation", *words, user=role, status=65 if role == "teacher" else 0)
        for words in (("reputation", "pin", "author", "x", "1"), ("audit",),
                      ("reputation", "forget", "author", ODD)):
            said = fixture.over(*words, user=role, status=65).errors
            assert "this takes the role admin, and you are " + role in said, said
        said = fixture.over("reputation", "import", "-", user=role, status=65,
                            input="type,value,ham,spam,time\nip,192.0.2.1,1,0,1\n").errors
        assert "takes the role admin" in said, said
    assert fixture.far.ctl("--json", "reputation", "show", "author", ODD).json()["log_odds"] == 1.25


def test_what_cannot_be(fixture):
    """What cannot be is one line, here or there, and a gateway that is away is 75"""
    for words, status, said in (
            (("reputation", "show", "nothing", "x"), 64, "there are ip, net"),
            (("reputation", "show", "ip"), 64, "which type and value"),
            (("reputation", "set", "ip", "192.0.2.1"), 64, "which log-odds"),
            (("reputation", "set", "ip", "192.0.2.1", "99"), 64, "log-odds"),
            (("reputation", "pin", "ip", "192.0.2.1", "learned"), 64, "log-odds"),
            (("reputation", "show", "ip", "nonsense"), 65, "nonsense"),
            (("reputation", "top", "--limit", "5000"), 64, "1000"),
            (("audit", "--follow"), 64, "own machine"),
            (("audit", "--since", "soon"), 64, "soon"),
            (("stats",), 64, "rules and audit")):
        result = fixture.over(*words, status=status)
        assert result.errors.count("\n") == 1 and said in result.errors, (words, result.errors)
        assert not result.output, result.output
    result = fixture.near.ctl("--gateway", "http://ann@127.0.0.1:1", "reputation", "top", status=75)
    assert result.errors.count("\n") == 1 and "cannot be reached" in result.errors


run(setup, [test_says_the_same_as_there, test_changes_there, test_audit,
            test_everything_is_carried, test_broken_lines_change_nothing, test_roles,
            test_one_line_for_an_import,
            test_what_cannot_be])
