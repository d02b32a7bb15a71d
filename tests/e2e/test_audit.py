"""What admins do is in the audit, also before anything else was recorded, or they are told that it is
not; and the audit finds what is asked for."""

import glob
import json
import os
import re
import sqlite3
import stat

from console_client import Client, expect
from servers import SOURCE, CountsFile, Weir, counts_store, make_temporary_directory, run

PIN = ("reputation", "pin", "link-domain", "pills.test", "3")


class Fixture:
    def __init__(self, directory):
        self.directory = directory
        self.counts = counts_store(directory)

    def fresh(self, name, **records):
        """A machine on which nothing was recorded."""
        weir = Weir(self.directory, self.counts.url, name)
        if records:
            weir.configure({"records": records})
        return weir


def setup():
    yield Fixture(make_temporary_directory())


def deeds(weir, *filters):
    return [(line["what"], line["subject"])
            for line in map(json.loads, weir.ctl("--json", "audit", *filters).output.splitlines())]


def test_first_deeds(fixture):
    """The first deed on a fresh machine makes the records, which the daemons can use, and is in the audit"""
    weir = fixture.fresh("fresh")
    assert weir.ctl("audit").text() == "there are no records yet\n"
    for deed in (PIN, ("reputation", "set", "link-domain", "pills.test", "2"),
                 ("reputation", "forget", "link-domain", "pills.test"),
                 ("tune", "--threshold", "hold=0.97", "--apply"), ("tune", "--undo")):
        done = weir.ctl(*deed)
        assert not done.errors, done.errors
    assert [what for what, _ in deeds(weir)] == [
        "tune-undo", "tune", "forget", "set +2.00 for 30 days", "pin +3.00"], deeds(weir)
    made, owner = os.stat(weir.records_mail), os.stat(weir.directory)
    assert stat.S_IMODE(made.st_mode) == 0o660
    assert (made.st_uid, made.st_gid) == (owner.st_uid, owner.st_gid)
    assert not os.path.exists(weir.records_feeds)
    weir.start_milter()
    weir.milter.stop()


def test_console_first(fixture):
    """On a fresh machine the console's deeds and refusals are in the audit too"""
    weir = fixture.fresh("first")
    weir.start_console()
    assert Client(weir, login=False).request("GET", "/../../etc/passwd").status == 404
    ann = Client(weir)
    assert ann.post("reputation/pin", {"type": "link-domain", "value": "pills.test",
                                       "log_odds": 3}).status == 200
    assert ("refused-path", "/../../etc/passwd") in deeds(weir), deeds(weir)
    assert ("pin +3.00", "link-domain pills.test") in deeds(weir), deeds(weir)
    assert "audit-failed" not in weir.console.log()


def test_records_cannot_be_made(fixture):
    """Where no records can be made a deed is done, and one line says that it is not in the audit, and why"""
    nowhere = os.path.join(fixture.directory, "nowhere", "mail.db")
    weir = fixture.fresh("unaudited", mail=nowhere)
    for deed in (PIN, ("tune", "--threshold", "hold=0.97", "--apply"), ("tune", "--undo")):
        done = weir.ctl(*deed)
        assert done.errors.count("\n") == 1, done.errors
        assert "not in the audit log: %s: No such file or directory" % nowhere in done.errors, done.errors
    assert "pinned" in weir.ctl("reputation", "show", "link-domain", "pills.test").text()
    weir.start_console()
    ann = Client(weir)
    told = ann.post("reputation/pin", {"type": "link-domain", "value": "pills.test", "log_odds": 2}).json()
    assert (told["override"], told["log_odds"]) == ("pin", 2), told
    assert "not in the audit log: " + nowhere in told["warning"], told
    told = ann.post("reputation/import", {"text": (
        "type,value,ham,spam,time\nlink-domain,a.test,1,2,1700000000\n")}).json()
    assert told["imported"] == 1 and nowhere in told["warning"], told
    assert "event=audit-failed user=ann deed=log-in" in weir.console.log()


def test_filters(fixture):
    """--subject matches a part; what matches nothing is told as that, and a deed that there is not is refused"""
    weir = fixture.fresh("filters")
    weir.ctl(*PIN)
    weir.ctl("reputation", "pin", "from-domain", "a_b.test", "1")
    pill, other = ("pin +3.00", "link-domain pills.test"), ("pin +1.00", "from-domain a_b.test")
    assert deeds(weir, "--subject", "pills") == [pill]
    assert deeds(weir, "--subject", "-domain") == [other, pill]
    assert deeds(weir, "--subject", "a_b") == [other] and deeds(weir, "--subject", "s_t") == []
    for filters in (("--subject", "nobody"), ("--who", "nobody"), ("--what", "refused-role"),
                    ("--what", "pin", "--until", "7d")):
        assert weir.ctl("audit", *filters).text() == "no line matches\n"
    refused = weir.ctl("audit", "--what", "pinned", status=64)
    assert refused.errors.count("\n") == 1 and not refused.output, refused.errors
    assert 'nothing does "pinned"; the deeds are release, confirm' in refused.errors, refused.errors
    assert "refused-not-theirs, refused-many (see" in refused.errors, refused.errors
    known = re.split(r"[ ,]+", refused.errors)
    for path in glob.glob(os.path.join(SOURCE, "admin/*.c")):
        with open(path) as file:
            for what in re.findall(r'"(refused-[a-z-]+)"|audit\([\w>.,\s-]*, "([a-z-]+)", ', file.read()):
                assert (what[0] or what[1]) in known, (path, what)


def test_options_of_no_use(fixture):
    """An option that a verb does not take is refused, and nothing is changed"""
    weir = fixture.fresh("options")
    link = ("link-domain", "spare.test")
    for words, option in ((("pin", *link, "3", "--days", "3"), "pin takes no --days"),
                          (("set", *link, "learned", "--days", "3"), "set learned takes no --days"),
                          (("forget", *link, "--days", "3"), "forget takes no --days"),
                          (("top", "--days", "3"), "top takes no --days"),
                          (("show", *link, "--limit", "3"), "show takes no --limit"),
                          (("explain", *link, "--min", "3"), "explain takes no --min"),
                          (("list", "--dry-run"), "list takes no --dry-run"),
                          (("import", "-", "--csv"), "import takes no --csv")):
        refused = weir.ctl("reputation", *words, status=64)
        assert refused.errors == "weirctl: reputation %s (see weirctl help)\n" % option, refused.errors
    weir.start_console()
    ann = Client(weir)
    body = {"type": "link-domain", "value": "spare.test"}
    for deed, more in (("pin", {"log_odds": 3, "days": 3}), ("set", {"log_odds": 3, "days": 0}),
                       ("learned", {"days": 3}), ("forget", {"log_odds": 3})):
        expect(ann.post("reputation/" + deed, {**body, **more}), 400, "days" if "days" in more else "log-odds")
    assert weir.ctl("reputation", "forget", *link).text() == "nothing was known\n"


def test_newest_first_within_a_second(fixture):
    """What was done in one second is told in its order too, newest first, by the audit and by reputation history"""
    weir = fixture.fresh("second")
    weir.ctl(*PIN)
    done = ["set %+.2f for 30 days" % number for number in range(1, 9)]
    with sqlite3.connect(weir.records_mail) as records:
        records.execute("delete from audit")
        records.executemany("insert into audit (time_s, who, what, subject) values (1700000000, 'ann', ?, "
                            "'link-domain pills.test')", [(what,) for what in done])
    told = [row["change"]["what"] for row in
            weir.ctl("--json", "reputation", "history", "link-domain", "pills.test").json()]
    assert told == done[::-1], told
    explained = weir.ctl("--json", "reputation", "explain", "link-domain", "pills.test", "--limit", "2").json()
    assert [row["what"] for row in explained["changes"]] == done[:-3:-1], explained["changes"]
    assert [what for what, _ in deeds(weir)] == done[::-1], deeds(weir)


def test_seen_of_no_version(fixture):
    """--seen of a version that never was is not told as somebody's change"""
    weir = fixture.fresh("seen")
    weir.configure({"counts": CountsFile(fixture.directory, "untuned").url})
    refused = weir.ctl("tune", "--undo", "--seen", "99", status=65)
    assert refused.errors == ("weirctl: the settings are of version 0, not 99: look at the preview again\n"), \
        refused.errors


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
