"""What is held, found by filters, a page at a time, and reviewed all at once; here and on another
machine."""

import json
import os
import sqlite3
import subprocess
import time
import urllib.parse

import servers
from servers import PASSWORD, Weir, counts_store

NOW = int(time.time())
HOUR = 3600
MAIL = (  # sender, recipients, subject, age in hours, log-odds, symbols
    ("ann@shop.test", "bob@box.test", "Cheap watches", 50, 2.5, ("CONTENT", "LINK_FARM")),
    ("eve@shop.test", "carl@box.test", "代开发票请联系", 40, 3.5, ("CONTENT",)),
    ("ann@bank.test", "bob@box.test,eve@box.test", "Cheap loans", 1, 6.5, ("LINK_FARM",)),
    ("", "bob@box.test", "100% \"quoted\" \\ and 'so'", 0, 4.5, ("DATE_MISSING",)))
ITEM = ("<item><guid>g%d</guid><title>offer %d</title><description>see http://pills.test/%d"
        "</description></item>")
INSERT = """insert into held (state, document_id, time_s, state_time_s, channel, sender, recipients,
subject, reference, log_odds, evidence, lesson) select 1, randomblob(16), ?, ?, 'mail', ?, ?, ?, ?, ?, ?,
lesson from feeds.held limit 1"""


class Fixture:
    """m1 to m4 are MAIL; f1 to f3 items of the feed planet, f4 to f6 of moon."""

    def __init__(self):
        directory = servers.make_temporary_directory()
        self.counts = counts_store(directory)
        self.weir = Weir(directory, self.counts.url,
                         settings={"cold-lessons": 0, "thresholds": {"tag": 0, "hold": 0}})
        for name in ("planet", "moon"):
            self.weir.run("weir-feedfilter", "--pipe", "--feed", name, input=(
                "<rss version='2.0'><channel><title>t</title>%s</channel></rss>" %
                "".join(ITEM % (number, number, number) for number in range(3))))
        with sqlite3.connect(self.weir.records_feeds) as feeds, \
                sqlite3.connect(self.weir.records_mail) as mail:
            feeds.backup(mail)
            mail.execute("delete from held")
            mail.execute("update sqlite_sequence set seq = 0")
            mail.execute("attach ? as feeds", (self.weir.records_feeds,))
            for number, (sender, recipients, subject, age, score, symbols) in enumerate(MAIL):
                held_s = NOW - age * HOUR
                evidence = {"action": "hold", "p": 0.9, "log_odds": score,
                            "terms": [{"symbol": symbol, "log_odds": 1} for symbol in symbols]}
                mail.execute(INSERT, (held_s, held_s, sender, recipients, subject,
                                      "4jQ%07d" % number, score, json.dumps(evidence)))
        self.weir.start_console()
        self.weir.env["WEIR_PASSWORD"] = PASSWORD
        self.url = self.weir.console_url.replace("//", "//ann@")

    def ctl(self, *words, **options):
        return self.weir.ctl("held", *words, **options)

    def over(self, *words, **options):
        return self.weir.ctl("--gateway", self.url, "held", *words, **options)

    def ids(self, *words):
        """Of a list, the same here and over the console, as words and as JSON."""
        lists = []
        for call in (self.ctl, self.over):
            said = call("list", *words).text()
            lists.append([line.split()[0] for line in said.splitlines()
                          if line != "nothing is held"])
            rows = call("list", "--json", *words)
            rows = [json.loads(line) for line in rows.text().splitlines()]
            lists.append([row["id"] for row in rows])
            count = call("list", "--count", *words).text()
            if not {"--limit", "--after"} & set(words):
                assert int(count) == len(rows), (words, count, rows)
        assert all(ids == lists[0] for ids in lists), (words, lists)
        return " ".join(lists[0])


def setup():
    yield Fixture()


def test_filters(fixture):
    """Each filter finds what it is about, newest first, and all of them have to agree"""
    feeds = "f6 f5 f4 f3 f2 f1"
    for words, ids in (
            ((), "m4 m3 m2 m1 " + feeds), (("--channel", "mail"), "m4 m3 m2 m1"),
            (("--channel", "feed"), feeds), (("--feed", "planet"), "f3 f2 f1"),
            (("--feed", "plan"), ""), (("--sender", "plan"), "f3 f2 f1"),
            (("--sender", "SHOP.test"), "m2 m1"), (("--sender", "n@"), "m3 m1"),
            (("--recipient", "eve@"), "m3"), (("--recipient", "eve@shop"), ""),
            (("--symbol", "LINK_FARM"), "m3 m1"), (("--symbol", "NO_SUCH"), ""),
            (("--min-score", "3.5", "--channel", "mail"), "m4 m3 m2"),
            (("--max-score", "3.5", "--channel", "mail"), "m2 m1"),
            (("--min-score", "3", "--max-score", "5", "--channel", "mail"), "m4 m2"),
            (("--since", "2h", "--channel", "mail"), "m4 m3"), (("--until", "45h"), "m1"),
            (("--since", "45h", "--until", "30m"), "m3 m2"),
            (("--text", "cheap"), "m3 m1"), (("--text", "发票"), "m2"), (("--text", "开发票"), "m2"),
            (("--text", "4jQ0000003"), "m4"), (("--text", "100% \"quoted\" \\ and 'so'"), "m4"),
            (("--text", "offer 2"), "f6 f3"), (("--text", "' OR 1 --"), ""),
            (("--text", "cheap", "--sender", "ann@", "--symbol", "LINK_FARM", "--recipient", "bob",
              "--min-score", "5", "--since", "24h", "--channel", "mail"), "m3"),
            (("--text", "cheap", "--sender", "eve@"), ""),
            (("--state", "released"), ""), (("--state", "held", "--text", "cheap"), "m3 m1")):
        assert fixture.ids(*words) == ids, (words, ids)


def test_pages(fixture):
    """Pages go on behind an id, from mail to items"""
    for words, ids in ((("--limit", "3"), "m4 m3 m2"), (("--limit", "3", "--after", "m2"), "m1 f6 f5"),
                       (("--after", "f3"), "f2 f1"), (("--after", "m1", "--limit", "1"), "f6"),
                       (("--after", "f1"), ""),
                       (("--text", "cheap", "--after", "m3"), "m1")):
        assert fixture.ids(*words) == ids, (words, ids)


def test_what_cannot_be(fixture):
    """A filter that cannot be is one line and usage, and changes nothing"""
    for words in (("list", "--channel", "fax"), ("list", "--state", "lost"),
                  ("list", "--min-score", "high"), ("list", "--min-score", "3", "--max-score", "2"),
                  ("list", "--min-score", "nan"), ("list", "--since", "soon"),
                  ("list", "--until", "2026-02-30"), ("list", "--since", "1h", "--until", "2h"),
                  ("list", "--symbol", "link farm"), ("list", "--after", "x9"),
                  ("list", "--limit", "0"), ("list", "--all", "--state", "held"),
                  ("list", "--apply"), ("release", "m1", "--sender", "ann"), ("release", "--apply"),
                  ("release", "m1", "--apply"), ("release", "--sender", "ann", "--count")):
        for call in (fixture.ctl, fixture.over):
            result = call(*words, status=64)
            assert result.errors.count("\n") == 1 and not result.output, (words, result.errors)
    session = subprocess.run(
        ["curl", "-s", "-c", "-", "-H", "Content-Type: application/json", "-d",
         json.dumps({"user": "ann", "password": PASSWORD}), fixture.weir.console_url + "/api/login"],
        capture_output=True, text=True)
    cookie = "; ".join("%s=%s" % tuple(line.split("\t")[-2:])
                       for line in session.stdout.splitlines() if line.count("\t") == 6)
    for parameters in ({"stream": "fax"}, {"min_score": "x"}, {"since": "soon"}, {"symbol": "x y"}):
        said = subprocess.run(["curl", "-s", "-w", "%{http_code}", "-H", "Cookie: " + cookie,
                               fixture.weir.console_url + "/api/held?" +
                               urllib.parse.urlencode(parameters)], capture_output=True, text=True)
        assert said.stdout.endswith("}400") and "error" in said.stdout, said


def test_empty_filter(fixture):
    """A filter with an empty value, as of a variable that was never set, is refused by every command"""
    filters = ("channel", "state", "text", "sender", "recipient", "feed", "symbol", "min-score",
               "max-score", "since", "until", "after", "limit")
    commands = [("held", "list"), ("held", "release", "--limit", "5", "--apply"),
                ("held", "confirm", "--feed", "moon", "--apply"), ("held", "delete", "--all", "--apply")]
    asked = [command + ("--" + name, "") for command in commands for name in filters]
    asked += [("audit", "--" + name, "") for name in ("who", "what", "subject", "since", "until", "limit")]
    asked += [("reputation", "list", "--min", ""), ("reputation", "top", "--limit", ""),
              ("reputation", "list", ""), ("reputation", "export", "")]
    here = [("history", "--" + name, "") for name in ("channel", "action", "sender", "recipient",
                                                      "subject", "since", "limit")]
    here += [("top", "--by", ""), ("top", "--since", ""), ("top", "--limit", ""), ("stats", "--since", ""),
             ("digest", "--recipient", ""), ("digest", "--since", ""), ("retention", "--within", "")]
    here += [("--config", "", "held", "list"), ("--gateway=", "held", "list")]

    def attached(words):
        return words[:-2] + (words[-2] + "=",) if words[-2].startswith("--") else words
    # Spelled in one way and the other in turn; each filter at the other machine by one of the commands.
    asked = [attached(words) if number % 2 else words for number, words in enumerate(asked + here)]
    here_only, several = len(here), len(commands) * len(filters)
    there = [asked[number + number % len(commands) * len(filters)] for number in range(len(filters))]
    there += asked[several:len(asked) - here_only]
    for words in asked + [("--gateway", fixture.url) + words for words in there]:
        result = fixture.weir.ctl(*words, status=64)
        assert result.errors.count("\n") == 1 and not result.output, (words, result.errors)
    assert fixture.ids() == "m4 m3 m2 m1 f6 f5 f4 f3 f2 f1", fixture.ids()
    assert fixture.ids("--text=cheap") == "m3 m1"


def test_bulk_preview_changes_nothing(fixture):
    """With filters a deed tells what it would do, and does it with --apply only"""
    for call in (fixture.ctl, fixture.over):
        said = call("delete", "--text", "cheap").text().splitlines()
        assert [line.split()[0] for line in said[:-1]] == ["m3", "m1"], said
        assert said[-1] == "nothing was done; delete 2 with --apply", said
        rows = call("--json", "delete", "--text", "cheap").json()
        assert [row.get("id") for row in rows] == ["m3", "m1", None], rows
        assert rows[-1] == {"would": "delete", "count": 2}, rows
        assert call("delete", "--text", "nothing").text() == "there is nothing to delete\n"
    assert fixture.ids("--text", "cheap") == "m3 m1"


def test_bulk(fixture):
    """All that filters let pass is done, and told, one line each"""
    said = fixture.ctl("release", "--feed", "moon", "--limit", "2", "--apply").text()
    assert said == "f6: released\nf5: released\n", said
    said = fixture.over("confirm", "--feed", "moon", "--apply").text()
    assert said == "f4: confirmed as spam\n", said
    assert fixture.ids("--feed", "moon") == ""
    assert fixture.ids("--feed", "moon", "--all") == "f6 f5 f4"
    said = fixture.ctl("delete", "--feed", "moon", "--all", "--apply").text()
    assert said == "f4: deleted\n", said
    with sqlite3.connect(fixture.weir.records_feeds) as records:
        audit = records.execute("select what, subject from audit order by id").fetchall()
    assert audit == [("release", "f6"), ("release", "f5"), ("confirm", "f4"), ("delete", "f4")]
    shown = fixture.weir.ctl("--json", "reputation", "show", "link-domain", "pills.test").json()
    assert shown["ham"] > 0.9 and shown["spam"] > 0.9, shown


def test_two_admins(fixture):
    """Of two admins at the same items each is done once, and what cannot be done is one line each"""
    programs = [subprocess.Popen(
        [fixture.weir.program("weirctl"), "--config", fixture.weir.config_path, "held", deed,
         "--feed", "planet", "--apply"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=fixture.weir.env, text=True) for deed in ("release", "delete", "release")]
    said = [(*program.communicate(), program.returncode) for program in programs]
    with sqlite3.connect(fixture.weir.records_feeds) as records:
        done = records.execute("select subject, count(*) from audit where subject in ('f1', 'f2', "
                               "'f3') group by 1").fetchall()
    assert done == [("f1", 1), ("f2", 1), ("f3", 1)], (done, said)
    for output, errors, status in said:
        lines = (output + errors).splitlines()
        assert len(lines) <= 3 and status in (0, 65) and "Sanitizer" not in errors, said


def test_gone(fixture):
    """What is gone is one line, and the rest is done"""
    with sqlite3.connect(fixture.weir.records_mail) as records:
        records.execute("update held set state = 7 where id = 1")
    result = fixture.ctl("confirm", "m1", "m999", "m2", status=65)
    assert result.text() == "m2: confirmed as spam\n", result.output
    errors = result.errors.splitlines()
    assert len(errors) == 2 and "m1: cannot confirm it, it is gone" in errors[0], errors
    assert "999" in errors[1], errors


def test_silent_about_tuning(fixture):
    """What is tuned, and which rules there are, is no news to who releases, undoes or teaches"""
    weir, path = fixture.weir, os.path.join(fixture.weir.directory, "some.eml")
    with open(path, "w") as file:
        file.write("From: ann@box.test\nSubject: lunch\n\nShall we meet for lunch at noon?\n")
    rules = os.path.join(weir.directory, "some.rules")
    with open(rules, "w") as file:
        file.write('rule "lunch" {\n title = {"lunch"}\n action = hold\n}\n')
    weir.ctl("tune", "--weight", "LINK_FARM=1", "--apply")
    weir.ctl("rules", "apply", rules)
    for words in (("held", "confirm", "m4"), ("undo", "m4"), ("learn", "ham", path),
                  ("check", path)):
        done = weir.ctl(*words)
        assert not done.errors, (words, done.errors)


servers.run(setup, [test_filters, test_pages, test_what_cannot_be, test_empty_filter,
                    test_bulk_preview_changes_nothing, test_bulk, test_two_admins, test_gone,
                    test_silent_about_tuning])
