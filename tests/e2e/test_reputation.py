"""What weirctl and the console tell of reputations, and what admins say about them, is true, and who
did what is known."""

import math
import subprocess
import time
import urllib.parse

import servers
from console_client import Client
from servers import Weir, counts_store, make_message

FEED = ("<rss version='2.0'><channel><title>t</title>%s</channel></rss>" % "".join(
    "<item><guid>g%d</guid><title>offer %d</title><description>see http://pills.test/%d</description>"
    "</item>" % (number, number, number) for number in range(2)))


class Fixture:
    """pills.test is in 4 spams and a ham; two items that link to it are held, the second of which is
    released, and so taught as ham."""

    def __init__(self):
        self.directory = servers.make_temporary_directory()
        self.counts = counts_store(self.directory)
        self.weir = Weir(self.directory, self.counts.url,
                         settings={"cold-lessons": 0, "thresholds": {"tag": 0, "hold": 0}})
        for number in range(5):
            path = "%s/m%d.eml" % (self.directory, number)
            with open(path, "wb") as file:
                file.write(make_message("offer %d" % number, "see http://pills.test/%d\n" % number)[0])
            self.ctl("learn", "ham" if number == 4 else "spam", path)
        self.weir.run("weir-feedfilter", "--pipe", "--feed", "planet", input=FEED)
        self.ctl("held", "release", "f2")
        self.weir.start_console()
        self.client = Client(self.weir)

    def ctl(self, *words, **options):
        return self.weir.ctl(*words, **options)

    def explain(self):
        return self.ctl("--json", "reputation", "explain", "link-domain", "pills.test").json()

    def api(self, call, **parameters):
        answer = self.client.get("%s?%s" % (call, urllib.parse.urlencode(parameters)))
        assert answer.status == 200, answer.body
        return answer.json()


class approximately(float):
    """A number of three decimals that decays meanwhile."""

    def __eq__(self, other):
        return abs(float(self) - other) < 0.02


def setup():
    yield Fixture()


def test_explain_counts(fixture):
    """explain tells counts, decay, prior, posterior and evidence, which fit together"""
    told = fixture.explain()
    assert (round(told["counted"]["spam"], 1), round(told["counted"]["ham"], 1)) == (4, 2), told
    assert 0.99 < told["left"] <= 1 and abs(told["spam"] - 4 * told["left"]) < 0.01, told
    spam = told["spam"] + told["strength"] * told["base_rate"]
    ham = told["ham"] + told["strength"] * (1 - told["base_rate"])
    assert abs(told["posterior"]["mean"] - spam / (spam + ham)) < 0.001, told
    assert told["posterior"]["low"] < told["posterior"]["mean"] < told["posterior"]["high"], told
    assert told["log_odds"] == told["learned_log_odds"], told
    assert told["limited"], told  # two of six are ham: what both have in common cannot decide
    assert told["half_life_s"] > 86400 and told["override"] == "none", told


def test_explain_documents_and_verdicts(fixture):
    """explain names the lessons that shaped it and the verdicts it moved, with what became of them"""
    told = fixture.explain()
    assert sorted(lesson["label"] for lesson in told["lessons"]) == ["ham"] * 2 + ["spam"] * 4, told
    assert all(lesson["source"] == "operator" and len(lesson["document"]) == 32
               for lesson in told["lessons"]), told
    verdicts = {verdict["id"]: verdict for verdict in told["verdicts"]}
    assert sorted(verdicts) == ["f1", "f2"], told
    assert verdicts["f2"]["state"] == "released" and verdicts["f2"]["taught"] == "ham", verdicts
    assert verdicts["f1"]["state"] == "held" and verdicts["f1"]["action"] == "hold", verdicts
    shown = fixture.ctl("explain", "f1", "--json").json()["verdict"]
    part = [term["log_odds"] for term in shown["terms"] if term["symbol"] == "REPUTATION_LINK_DOMAIN"]
    assert part == [verdicts["f1"]["part"]], (part, verdicts)
    words = fixture.ctl("reputation", "explain", "link-domain", "pills.test").text()
    for part in ("counts     4.0 spam, 2.0 ham", "posterior ", "half in 60 days",
                 "lessons that shaped it lately", "verdicts here that it moved", "[f2 released]"):
        assert part in words, (part, words)


def test_history(fixture):
    """history tells lessons, verdicts and changes, newest first"""
    fixture.ctl("reputation", "pin", "link-domain", "pills.test", "2")
    fixture.ctl("reputation", "set", "link-domain", "pills.test", "learned")
    rows = fixture.ctl("--json", "reputation", "history", "link-domain", "pills.test").json()
    times = [list(row.values())[0]["time"] for row in rows]
    assert times == sorted(times, reverse=True), rows
    kinds = [list(row)[0] for row in rows]
    assert (kinds.count("lesson"), kinds.count("verdict"), kinds.count("change")) == (6, 2, 2), rows
    assert len(fixture.ctl("--json", "reputation", "history", "link-domain", "pills.test", "--limit",
                           "3").json()) == 3
    words = fixture.ctl("reputation", "history", "link-domain", "pills.test").text()
    assert "change   pin +2.00  by " in words and "lesson   spam  by operator" in words, words
    assert "nothing is known" in fixture.ctl("reputation", "history", "ip", "192.0.2.1").text()


def test_unknown(fixture):
    """An unknown type, a value that cannot be, and an identity nobody met: one line each"""
    for words, what in ((("explain", "colour", "red"), "link-domain"),
                        (("explain", "ip", "pills.test"), "no ip"),
                        (("history", "asn", "x"), "no asn"), (("explain", "ip"), "which type"),
                        (("top", "colour"), "no type"), (("top", "--limit", "0"), "--limit"),
                        (("show", "link-domain", ""), "which link-domain")):
        result = fixture.ctl("reputation", *words, status=64)
        assert result.errors.count("\n") == 1 and what in result.errors, (words, result.errors)
    words = fixture.ctl("reputation", "explain", "link-domain", "nobody.test").text()
    assert "counts     none" in words and "says now   +0.00" in words, words


def test_top(fixture):
    """top lists the heaviest, so many of them"""
    rows = fixture.ctl("--json", "reputation", "top", "--limit", "3").json()
    every = fixture.ctl("--json", "reputation", "list").json()
    assert rows == every[:3] and len(every) > 3, rows
    weights = [row["spam"] + row["ham"] for row in every]
    assert weights == sorted(weights, reverse=True), weights
    assert fixture.ctl("--json", "reputation", "top", "link-domain").json()["value"] == "pills.test"


def test_sources_are_believed_as_far_as_the_operator_agrees(fixture):
    """top --by source tells whose word the operator agreed with, and what share that leaves each"""
    assert fixture.ctl("top", "--by", "source").text() == ""
    words = {"user:eve": ("spam", "spam", "ham"), "user:ann": ("spam",)}
    for source, labels in words.items():
        for number, label in enumerate(labels):
            path = "%s/%s%d.eml" % (fixture.directory, source[5:], number)
            with open(path, "wb") as file:
                file.write(make_message("%s %d" % (source, number), "see http://tried.test/\n")[0])
            fixture.ctl("learn", label, "--untrusted", "--source", source, path)
            fixture.ctl("learn", "ham" if source == "user:eve" else "spam", path)
    rows = fixture.ctl("--json", "top", "--by", "source").json()
    assert [(row["source"], row["agreed"], row["disagreed"]) for row in rows] == [
        ("user:eve", 1, 2), ("user:ann", 1, 0)], rows
    assert [row["lessons"] for row in rows] == [3, 1], rows
    assert rows[0]["trust"] == round(3 / 7, 4) and rows[1]["trust"] == 0.6, rows
    assert rows[1]["share"] == 0.15, rows
    assert fixture.ctl("top", "--by", "source", "--limit", "1").text() == \
        " 10.7 %  agreed    1  not    2  lessons      3  user:eve\n"
    for number in range(8):
        path = "%s/mallory%d.eml" % (fixture.directory, number)
        with open(path, "wb") as file:
            file.write(make_message("mallory %d" % number, "see http://rival.test/\n")[0])
        fixture.ctl("learn", "spam", "--untrusted", "--source", "user:mallory", path)
    assert fixture.ctl("top", "--by", "source").text() == (
        " 10.7 %  agreed    1  not    2  lessons      3  user:eve\n"
        " 12.5 %  agreed    0  not    0  lessons      8  user:mallory\n"
        " 15.0 %  agreed    1  not    0  lessons      1  user:ann\n")


def test_changes_are_audited(fixture):
    """What admins say of reputations is in the audit, with filters"""
    begin = int(time.time())
    for words in (("set", "ip", "192.0.2.7", "1.5", "--days", "3"), ("pin", "ip", "192.0.2.7", "-1"),
                  ("set", "ip", "192.0.2.7", "learned"), ("pin", "ip", "192.0.2.7"),
                  ("forget", "ip", "192.0.2.7"), ("forget", "ip", "192.0.2.7")):
        fixture.ctl("reputation", *words)
    rows = fixture.ctl("--json", "audit", "--subject", "ip 192.0.2.7").json()
    assert [row["what"] for row in rows] == ["forget", "pin +0.00", "learned", "pin -1.00",
                                             "set +1.50 for 3 days"], rows
    assert all(row["who"] and row["time"] >= begin for row in rows), rows
    pins = fixture.ctl("--json", "audit", "--what", "pin", "--subject", "ip 192.0.2.7").json()
    assert len(pins) == 2, pins
    assert fixture.ctl("--json", "audit", "--what", "release").json()["subject"] == "f2"
    fixture.ctl("reputation", "import", "-", input="type,value,ham,spam,time\nip,192.0.2.8,1,0,5\n")
    told = fixture.ctl("--json", "audit", "--what", "import").json()
    assert (told["what"], told["subject"]) == ("import of 1", "reputations"), told
    assert fixture.ctl("audit", "--who", "nobody").text() == "no line matches\n"
    assert fixture.ctl("audit", "--until", "@%d" % (begin - 1000)).text() == "no line matches\n"
    assert fixture.ctl("audit", "--limit", "2").text().count("\n") == 2
    for words in (("--since", "soon"), ("x",), ("--limit", "0")):
        assert fixture.ctl("audit", *words, status=64).errors.count("\n") == 1


def test_audit_follows(fixture):
    """audit --follow prints what is done from now on"""
    program = subprocess.Popen(
        [fixture.weir.program("weirctl"), "--config", fixture.weir.config_path, "audit", "--follow",
         "--what", "pin"], stdout=subprocess.PIPE, env=fixture.weir.env, text=True)
    try:
        time.sleep(1)  # it tells of nothing that was before
        fixture.ctl("reputation", "pin", "ip", "192.0.2.9", "1")
        line = program.stdout.readline()
        assert line.endswith("pin +1.00  ip 192.0.2.9\n"), line
    finally:
        program.terminate()
        program.wait()
        program.stdout.close()


def test_api(fixture):
    """The console's API tells and does the same, and is told what cannot be"""
    one = {"type": "link-domain", "value": "pills.test"}
    here = fixture.explain()
    there = fixture.api("reputation/explain", **one)
    for story in (here, there):
        for moving in ("ham", "spam", "left", "log_odds", "learned_log_odds", "posterior"):
            story.pop(moving)
    assert here == there, (here, there)
    assert fixture.api("reputation/show", **one)["value"] == "pills.test"
    listed = fixture.api("reputation", type="link-domain", limit=5)["items"]
    assert [row["value"] for row in listed] == ["pills.test"], listed
    done = fixture.client.post("reputation/pin", {**one, "log_odds": 1.25})
    assert done.status == 200 and done.json()["log_odds"] == 1.25, done.body
    assert done.json()["override"] == "pin" and done.json()["changed"], done.body
    done = fixture.client.post("reputation/set", {**one, "log_odds": -1, "days": 2}).json()
    assert done["override"] == "set" and abs(done["until"] - time.time() - 2 * 86400) < 60, done
    assert fixture.client.post("reputation/learned", one).json()["override"] == "none"
    forgotten = {"type": "ip", "value": "198.51.100.1"}
    assert not fixture.client.post("reputation/forget", forgotten).json()["changed"]
    audit = fixture.api("audit", subject="link-domain pills.test", limit=3)["items"]
    assert [(row["who"], row["what"]) for row in audit] == [
        ("ann", "learned"), ("ann", "set -1.00 for 2 days"), ("ann", "pin +1.25")], audit
    for call, body in (("set", one), ("set", {**one, "log_odds": 99}), ("pin", {"type": "x"}),
                       ("set", {**one, "log_odds": "1"}), ("set", {**one, "log_odds": 1, "days": -1}),
                       ("pin", {"type": "ip", "value": "x", "log_odds": 1})):
        answer = fixture.client.post("reputation/" + call, body)
        assert answer.status == 400 and answer.json()["error"], (call, body, answer.body)
    for call in ("reputation?type=x", "reputation?limit=0", "reputation/explain?type=ip", "audit?since=x",
                 "reputation/show?type=ip&value=x", "reputation?min=x"):
        assert fixture.client.get(call).status == 400, call
    assert fixture.client.post("reputation/paint", one).status == 404


def test_tuning_in_force(fixture):
    """What was tuned is what reputations are told by: in weirctl, in top and in the console"""
    one = ("link-domain", "pills.test")
    before = fixture.ctl("--json", "reputation", "show", *one).json()
    fixture.ctl("tune", "--base-rate", "link-domain=0.02", "--strength", "link-domain=20",
                "--half-life", "link-domain=1h", "--apply")
    try:
        told = fixture.explain()
        assert (told["base_rate"], told["strength"], told["half_life_s"]) == (0.02, 20, 3600), told
        spam, ham = told["spam"], told["ham"]
        assert told["spam"] == approximately(told["counted"]["spam"] * told["left"]), told
        expected = math.log(1 + spam / (20 * 0.02)) - math.log(1 + ham / (20 * 0.98))
        unlimited = math.log(told["posterior"]["mean"] / (1 - told["posterior"]["mean"])) \
            - math.log(0.02 / 0.98)
        assert abs(unlimited - expected) < 0.02, told
        assert abs(told["log_odds"] - before["log_odds"]) > 0.2, (told, before)
        here = [fixture.ctl("--json", "reputation", *words).json()["log_odds"]
                for words in (("show", *one), ("list", "link-domain"), ("top", "link-domain"))]
        here.append(fixture.api("reputation/show", type=one[0], value=one[1])["log_odds"])
        here.append(fixture.api("reputation/explain", type=one[0], value=one[1])["log_odds"])
        here.append(fixture.api("reputation", type=one[0])["items"][0]["log_odds"])
        forgotten = fixture.client.post("reputation/learned", {"type": one[0], "value": one[1]})
        here.append(forgotten.json()["log_odds"])
        pinned = fixture.ctl("--json", "reputation", "pin", *one).json()
        here.append(pinned["log_odds"])
        assert all(abs(log_odds - told["log_odds"]) < 0.02 for log_odds in here), (here, told)
    finally:
        fixture.ctl("reputation", "set", *one, "learned")
        fixture.ctl("tune", "--undo")
    assert fixture.ctl("--json", "reputation", "show", *one).json()["log_odds"] == \
        approximately(before["log_odds"])


servers.run(setup, [test_explain_counts, test_explain_documents_and_verdicts, test_unknown, test_top,
                    test_history, test_changes_are_audited, test_audit_follows, test_api,
                    test_tuning_in_force, test_sources_are_believed_as_far_as_the_operator_agrees])
