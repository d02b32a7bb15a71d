"""What weirctl says to an admin who does not know it yet: failures with their place and remedy,
warnings before harm is done, JSON wherever --json is given."""

import json
import os
import sqlite3

from sample_feeds import ITEMS, feed
from servers import Weir, counts_store, make_temporary_directory, run

MANY = 10050
INSERT = """insert into held (state, document_id, time_s, state_time_s, channel, sender, recipients,
subject, reference, log_odds, evidence, lesson) select 1, randomblob(16), ?1, ?1, 'feed', 'planet', '', ?2,
'g' || ?1, 2, '{}', lesson from held where id = 1"""


class Fixture:
    def __init__(self, directory):
        self.directory = directory
        self.weir = Weir(directory, counts_store(directory).url, settings={
            "cold-lessons": 0, "thresholds": {"tag": 0, "hold": 0},
            "console": {"users": os.path.join(directory, "users")}})
        self.weir.run("weir-feedfilter", "--pipe", "--feed", "planet", input=feed(ITEMS))

    def ctl(self, *words, **options):
        return self.weir.ctl(*words, **options)


def setup():
    yield Fixture(make_temporary_directory())


def test_stats_of_unreadable_records(fixture):
    """stats says which file it cannot read, and never that there is nothing in it"""
    path = os.path.join(fixture.directory, "weir", "broken.db")
    with open(path, "w") as file:
        file.write("this is no database\n" * 1000)
    before = fixture.weir.settings["records"]["mail"]
    fixture.weir.configure({"records": {"mail": path}})
    result = fixture.ctl("stats", status=65)
    fixture.weir.configure({"records": {"mail": before}})
    assert "mail: not known, as %s cannot be read\n" % path in result.text(), result.text()
    assert "nothing is recorded" not in result.text() and "feed: seen" in result.text()
    assert result.errors.count("\n") == 1 and path in result.errors, result.errors
    assert "mail: nothing is recorded\n" in fixture.ctl("stats").text()


def test_retention_names_its_option(fixture):
    """What --within cannot be is told of --within"""
    result = fixture.ctl("retention", "--within", "soon", status=64)
    assert result.errors.startswith('weirctl: retention: --within: "soon" is neither'), result.errors
    assert result.errors.count("\n") == 1


def test_json_of_settings_and_users(fixture):
    """config show and console-user list have JSON"""
    numbers = {row["name"]: row for row in fixture.ctl("--json", "config", "show").json()["numbers"]}
    assert numbers["mail.hold"]["number"] == 0 and numbers["mail.hold"]["from"] == "file"
    assert numbers["LINK_FARM"]["from"] == "default"
    fixture.ctl("console-user", "add", "--role", "reviewer", "ann", input="correct horse\n")
    fixture.ctl("console-user", "token", "dovecot")
    users = [json.loads(line) for line in
             fixture.ctl("console-user", "list", "--json").text().splitlines()]
    assert users == [{"name": "ann", "role": "reviewer", "program": False},
                     {"name": "dovecot", "role": "reader", "program": True}], users


def test_tune_warns(fixture):
    """Thresholds that make an action useless are warned of in the preview"""
    for change, words in ((("hold=0.9", "mail.tag=0.95"), "mail: tag is not below hold"),
                          (("hold=0",), "mail: a threshold of 0 is reached by everything; feed: a "),
                          (("tag=0.5", "reject=0.9", "feed.hold=0.95", "mail.hold=0.8"),
                           "feed: hold is not below reject")):
        options = [word for one in change for word in ("--threshold", one)]
        result = fixture.ctl("tune", *options)
        assert result.errors.count("\n") == 1 and "weirctl: warning: " in result.errors
        assert words in result.errors, (change, result.errors)
        assert words in fixture.ctl("--json", "tune", *options).json()["warning"]
    for options in (("--threshold", "tag=0.5", "--threshold", "hold=0.9", "--threshold", "reject=never"),
                    ("--weight", "LINK_FARM=2")):
        result = fixture.ctl("tune", *options)
        assert not result.errors, result.errors
        assert "warning" not in fixture.ctl("--json", "tune", *options).json()


def test_short_texts(fixture):
    """A text too short for the index is looked for in the newest entries, and that is said"""
    with sqlite3.connect(fixture.weir.records_feeds) as records:
        first, = records.execute("select min(id) from held").fetchone()
        records.execute(INSERT.replace("id = 1", "id = %d" % first), (1, "old qj"))
        records.executemany(INSERT.replace("id = 1", "id = %d" % first),
                            ((2 + number, "new xz" if number == 77 else "other")
                             for number in range(MANY)))
    for text, found in (("xz", "new xz"), ("qj", None), ("old qj", "old qj")):
        result = fixture.ctl("--json", "held", "list", "--text", text)
        subjects = [json.loads(line)["subject"] for line in result.text().splitlines()]
        assert subjects == ([found] if found else []), (text, subjects)
        count = fixture.ctl("held", "list", "--count", "--text", text)
        assert count.text() == "%d\n" % len(subjects), count.text()
        for errors in (result.errors, count.errors):
            assert errors == ("" if len(text) > 2 else "weirctl: a text of less than 3 characters is "
                              "looked for in the newest 10000 entries only\n"), errors


run(setup, [test_stats_of_unreadable_records, test_retention_names_its_option,
            test_json_of_settings_and_users, test_tune_warns, test_short_texts])
