"""weirctl tune: what a replay foretells is what the daemons then do, on the same mail and items."""

import contextlib
import json
import os
import re
import socket
import sqlite3
import threading

import sample_feeds
import servers
from judged_mail import MAILS, Fixture, same_verdicts
from servers import make_temporary_directory, wait_for



def setup():
    yield Fixture(make_temporary_directory())


def nothing_to_replay_is_said(fixture):
    """without records, a preview says in one line that there is nothing to try it on"""
    said = fixture.ctl("tune", "--threshold", "hold=0.7").text()
    assert "no evidence of past verdicts" in said, said
    said = fixture.ctl("tune", "--suggest", status=65)
    assert re.match(r"weirctl: nothing is proposed: people judged 0 ham and 0 spam .*\n$",
                    said.errors), said.errors


def replay_foretells_fresh_verdicts(fixture):
    """a change applied gives, on the same mail afresh, the verdicts that the replay foretold"""
    fixture.teach()
    wait_for(lambda: fixture.milter.alive(), "the milter is up")
    fixture.follow()
    before = fixture.deliver()
    assert len({action for action, _ in before.values()}) == 3, before
    change = ["--threshold", "mail.hold=0.7", "--cost", "tag=1", "--weight", "SUBJECT_CAPITALS=2.5",
              "--disable=DATE_MISSING", "--weight", "CONTENT=0.8", "--half-life", "link-domain=1h",
              "--base-rate", "from-domain=0.3", "--pin", "link-domain", "host4.test=-3"]
    foretold = fixture.ctl("--json", "tune", *change, "--limit", "1000").json()
    assert foretold["verdicts"] == MAILS and not foretold["applied"], foretold
    assert foretold["changed"] == len(foretold["list"]) > 2, foretold
    # Nothing has changed yet.
    assert fixture.deliver() == before
    foretold = fixture.tune("--json", "tune", *change, "--limit", "1000", "--apply").json()
    assert foretold["applied"] and foretold["verdicts"] == 2 * MAILS, foretold
    same_verdicts(before, foretold, fixture.deliver())


def change_is_known(fixture):
    """what is in force, who changed it and when is shown, and is in the audit log"""
    shown = fixture.ctl("tune", "show").text()
    assert re.search(r"^mail\.hold +0\.7 +tuned \(configured: 0\.8\)$", shown, re.M), shown
    assert re.search(r"^feed\.hold +0\.8 +configuration file$", shown, re.M), shown
    assert re.search(r"^DATE_MISSING +off +tuned", shown, re.M), shown
    assert "mail.hold 0.8 -> 0.7" in shown and "host4.test learned -> pinned at -3" in shown, shown
    numbers = fixture.ctl("config", "show").text()
    assert re.search(r"^mail\.hold +0\.7 +tuned \(configured: 0\.8\)$", numbers, re.M), numbers
    assert re.search(r"^LINK_FARM +2.5 +default$", numbers, re.M), numbers
    why = fixture.ctl("explain", "QUEUE%07d" % fixture.serial).text().splitlines()[-1]
    assert why.startswith("tuned now: mail.tag 0.5 (configured: 0.4), mail.hold 0.7"), why
    assert "CONTENT 0.8 (configured: 1)" in why and "feed.hold" not in why, why
    with sqlite3.connect(fixture.weir.records_mail) as records:
        rows = records.execute("SELECT who, what, subject FROM audit").fetchall()
    assert rows[0][1] == "tune" and "mail.hold 0.8 -> 0.7" in rows[0][2], rows
    assert [row[1:] for row in rows[1:]] == [("pin -3.00", "link-domain host4.test")], rows


def undo_goes_back(fixture):
    """undo says what it takes back, and verdicts are as they were, pins too"""
    said = fixture.tune("tune", "--undo").text()
    assert said.startswith("taken back: mail.tag 0.4 -> 0.5, mail.hold 0.8 -> 0.7"), said
    shown = fixture.ctl("--json", "reputation", "show", "link-domain", "host4.test").json()
    assert shown["override"] == "none", shown
    assert json.loads(fixture.ctl("--json", "tune", "show").text())["tuning"] == {}
    again = fixture.ctl("tune", "--undo", status=65)
    assert again.errors == "weirctl: no change is left to take back\n", again.errors


def settled(fixture):
    """What the mail is judged as once what the milter read of reputations is read anew."""
    servers.time.sleep(2.2)  # it goes by what it read up to two seconds ago
    return fixture.deliver()


def foretold_are_fresh_verdicts(fixture, threshold):
    """Of every verdict that is kept, whichever overrides it was made by."""
    before = settled(fixture)
    foretold = fixture.tune("--json", "tune", "--threshold", threshold, "--limit", "1000",
                            "--apply").json()
    fresh = fixture.deliver()
    kept = foretold["verdicts"] // MAILS  # of each mail
    moved = [subject for subject in fresh if fresh[subject][0] != before[subject][0]]
    assert moved and foretold["changed"] == kept * len(moved), (kept, moved, foretold)
    for row in foretold["list"]:
        subject = row["subject"]
        assert (row["before"], row["after"]) == (before[subject][0], fresh[subject][0]), (
            row, before[subject], fresh[subject])
        assert abs(row["log_odds_after"] - fresh[subject][1]) < 0.02, (row, fresh[subject])
    fixture.ctl("tune", "--undo")
    return before, foretold, kept


def pins_of_now_are_foretold(fixture):
    """a pin that was made after the mail was judged is in what is foretold, and is told"""
    judged = settled(fixture)
    fixture.ctl("reputation", "pin", "net", "192.0.2.0/24", "3")
    before, foretold, kept = foretold_are_fresh_verdicts(fixture, "mail.hold=0.9")
    otherwise = sum(judged[subject][0] != before[subject][0] for subject in judged)
    alike = (kept - 2) * otherwise  # before; but once, in a test above, with another pin
    assert otherwise and alike <= foretold["moved_since"] <= alike + MAILS, (otherwise, foretold)
    said = fixture.ctl("tune", "--threshold", "mail.hold=0.9").text()
    assert re.search(r"^%d have another action already, by what was pinned, set or taken back since$"
                     % foretold["moved_since"], said, re.M), said
    fixture.ctl("reputation", "forget", "net", "192.0.2.0/24")


def pins_taken_back_are_foretold(fixture):
    """a pin that was taken back after the mail was judged is no more in what is foretold"""
    fixture.ctl("tune", "--pin", "net", "192.0.2.0/24=-4", "--apply")
    pinned = settled(fixture)
    fixture.ctl("tune", "--undo")
    before, foretold, _ = foretold_are_fresh_verdicts(fixture, "mail.tag=0.2")
    assert any(pinned[subject][0] != before[subject][0] for subject in pinned), (pinned, before)
    assert foretold["moved_since"], foretold


def pins_are_told_and_newer_ones_stay(fixture):
    """a pin by tune is in the history of what it pinned; undo leaves what was pinned there since"""
    fixture.ctl("tune", "--pin", "link-domain", "host5.test=3", "--apply")
    assert "pin +3.00" in fixture.ctl("reputation", "history", "link-domain", "host5.test").text()
    fixture.ctl("reputation", "pin", "link-domain", "host5.test", "-2")
    undone = fixture.ctl("tune", "--undo")
    assert "1 of its pins were changed since, and stay" in undone.errors, undone.errors
    assert undone.text() == ("taken back: nothing (changed since, and stays: "
                             "link-domain host5.test)\n"), undone.text()
    shown = fixture.ctl("--json", "reputation", "show", "link-domain", "host5.test").json()
    assert (shown["override"], shown["log_odds"]) == ("pin", -2), shown
    for verb in ("history", "explain"):
        said = fixture.ctl("reputation", verb, "link-domain", "host5.test").text()
        assert "pin taken back" not in said and "pin -2.00" in said, said
    fixture.ctl("reputation", "forget", "link-domain", "host5.test")


def of_two_pins_one_stays(fixture):
    """what undo takes back, and what stays, is told as it is, and in the audit too"""
    fixture.ctl("tune", "--pin", "link-domain", "host6.test=3", "--pin", "link-domain", "host7.test=1",
                "--pin", "link-domain", "host7.test=2", "--weight", "LINK_FARM=1", "--apply")
    fixture.ctl("reputation", "pin", "link-domain", "host6.test", "-2")
    undone = fixture.ctl("tune", "--undo").text()
    assert undone == ("taken back: LINK_FARM 2.5 -> 1, link-domain host7.test learned -> pinned at "
                      "+2.00 (changed since, and stays: link-domain host6.test)\n"), undone
    audit = [line.split("  ")[2:] for line in fixture.ctl("audit", "--limit", "2").text().splitlines()]
    assert sorted(audit) == [["pin taken back", "link-domain host7.test"],
                             ["tune-undo", undone[len("taken back: "):-1]]], audit
    for host, override in (("host6.test", "pin"), ("host7.test", "none")):
        shown = fixture.ctl("--json", "reputation", "show", "link-domain", host).json()
        assert shown["override"] == override, shown
        fixture.ctl("reputation", "forget", "link-domain", host)


def corrections_are_counted(fixture):
    """what a person taught of documents in the history says which changes mend, and which spoil"""
    fixture.deliver()
    rows = {row["subject"]: row for row in fixture.history()}
    for subject, _, headers, body in fixture.mails:
        path = os.path.join(fixture.weir.directory, "again.eml")
        with open(path, "w", newline="") as file:
            file.write("".join("%s: %s\r\n" % pair for pair in headers) + "\r\n" + body)
        if rows[subject]["action"] != "tag":
            continue
        label = "spam" if int(re.findall(r"\d+", subject)[0]) % 2 else "ham"
        fixture.ctl("learn", label, path)
    judged = json.loads(fixture.ctl("--json", "tune", "--threshold", "tag=never",
                                    "--threshold", "hold=never").text())
    assert judged["corrected"] and judged["mended"] and judged["spoiled"], judged
    tags = [subject for subject in rows if rows[subject]["action"] == "tag"]
    assert judged["corrected"] >= len(tags), (judged, tags)


def suggestions_follow_corrections(fixture):
    """with enough corrections, weights and a threshold are proposed, which mend more than they spoil"""
    fixture.judge_all()
    proposed = fixture.ctl("--json", "tune", "--suggest").json()
    assert proposed["what"] and proposed["corrected"] >= MAILS, proposed
    assert proposed["mended"] > proposed["spoiled"], proposed
    assert not proposed["applied"], proposed
    assert json.loads(fixture.ctl("--json", "tune", "show").text())["tuning"] == {}
    cheap = fixture.ctl("--json", "tune", "--suggest", "--cost", "hold=1").json()
    assert re.search(r"mail\.hold 0\.8 -> ", cheap["what"]), cheap["what"]
    fixture.ctl("tune", "--threshold", "mail.hold=0.99", "--apply")
    back = fixture.ctl("--json", "tune", "--suggest", "--reset", "mail.hold").json()
    fixture.ctl("tune", "--undo")
    assert "mail.hold 0.99 -> 0.8 (as configured)" in back["what"], back["what"]
    moved = [words.split()[0] for words in proposed["what"].split(", ")]
    weight = next(name for name in moved if "." not in name)
    given = fixture.ctl("--json", "tune", "--suggest", "--threshold", "hold=0.5", "--weight",
                        weight + "=0.33").json()["what"].split(", ")
    assert [words for words in given if ".hold" in words] == ["mail.hold 0.8 -> 0.5",
                                                               "feed.hold 0.8 -> 0.5"], given
    assert [words.split(" -> ")[1] for words in given if words.startswith(weight + " ")] == ["0.33"], given


def feeds_follow_too(fixture):
    """a threshold of feeds decides on what comes through the filter next"""
    feed = sample_feeds.feed(sample_feeds.HAM[:2])
    pipe = ("weir-feedfilter", "--pipe", "--feed", "planet")
    before = fixture.weir.run(*pipe, input=feed).output
    fixture.ctl("tune", "--threshold", "feed.hold=0", "--apply")
    other = fixture.weir.run("weir-feedfilter", "--pipe", "--feed", "other", input=feed).output
    assert before.count(b"<guid") == 2 and other.count(b"<guid") == 0, (before, other)
    fixture.ctl("tune", "--undo")
    again = fixture.weir.run("weir-feedfilter", "--pipe", "--feed", "third", input=feed).output
    assert again.count(b"<guid") == before.count(b"<guid"), again


def a_second_admin_finds_out(fixture):
    """of two admins who read the same settings, the second is told who was first, and what"""
    seen = str(fixture.ctl("--json", "tune", "--weight", "LINK_FARM=1").json()["version"])
    fixture.ctl("tune", "--weight", "LINK_FARM=1.5", "--apply", "--seen", seen)
    said = fixture.ctl("tune", "--weight", "LINK_FARM=1", "--apply", "--seen", seen, status=65)
    assert re.match(r"weirctl: the settings were changed meanwhile, by \S+ \(LINK_FARM 2.5 -> 1.5\): "
                    r"look at the preview again\n$", said.errors), said.errors
    said = fixture.ctl("tune", "--weight", "LINK_FARM=1.5", "--apply", status=65)
    assert said.errors == "weirctl: nothing is changed by this\n", said.errors
    fixture.ctl("tune", "--reset", "LINK_FARM", "--apply")
    assert json.loads(fixture.ctl("--json", "tune", "show").text())["tuning"] == {}


def a_change_without_audit_is_told(fixture):
    """what is changed but cannot be written into the audit is changed all the same, with a warning"""
    with contextlib.closing(sqlite3.connect(fixture.weir.records_mail)) as records:
        records.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN "
                        "SELECT raise(FAIL, 'no room'); END")
        said = fixture.ctl("tune", "--weight", "LINK_FARM=1.5", "--apply")
        assert said.text().endswith("applied; weirctl tune --undo takes it back\n"), said.output
        assert re.match(r"weirctl: changed, but not in the audit log: [^\n]*no room[^\n]*\n$",
                        said.errors), said.errors
        assert json.loads(fixture.ctl("--json", "tune", "show").text())["tuning"] != {}
        said = fixture.ctl("tune", "--undo")
        assert said.text() == "taken back: LINK_FARM 2.5 -> 1.5\n", said.output
        assert re.match(r"weirctl: taken back, but not in the audit log: [^\n]*no room[^\n]*\n$",
                        said.errors), said.errors
        records.execute("DROP TRIGGER full")


BAD = [
    (("--threshold", "hold=1.5"), 'threshold hold: "1.5" is not a probability (0 to 1), or never'),
    (("--threshold", "hold"), 'threshold: "hold" is no NAME=VALUE'),
    (("--threshold", "keep=0.5"), 'threshold: there is no "keep"'),
    (("--threshold", "LINK_FARM=0.5"), 'threshold: there is no "LINK_FARM"'),
    (("--cost", "hold=-1"), 'cost hold: "-1" is not a number above 0 and up to 1000000'),
    (("--weight", "NO_SUCH=1"), 'weight: there is no "NO_SUCH"'),
    (("--weight", "LINK_FARM=much"), 'weight LINK_FARM: "much" is not a number'),
    (("--weight", "LINK_FARM=99"), "LINK_FARM: 99 is not a weight in log-odds (-20 to 20)"),
    (("--weight", "CONTENT=-1"), "CONTENT: -1 is not a factor (0 to 10)"),
    (("--weight", "mail.hold=1"), 'weight: there is no "mail.hold"'),
    (("--disable", "mail.hold"), 'disable: there is no "mail.hold"'),
    (("--half-life", "link-domain=30"), 'half-life link-domain: "30" is not a number of days'),
    (("--half-life", "link-domain=1000000d"), "link-domain.half-life: 1e+06d is not a half-life"),
    (("--half-life", "link-domain=-1d"), "link-domain.half-life: -1d is not a half-life"),
    (("--half-life", "moon=30d"), 'half-life: there is no "moon"'),
    (("--base-rate", "link-domain=1"), "link-domain.base-rate: 1 is not a base rate"),
    (("--pin", "moon", "x=1"), 'pin: there is no type "moon"'),
    (("--pin", "ip", "192.0.2.1=99"), "pin: \"ip 192.0.2.1=99\" is no TYPE VALUE=LOG-ODDS"),
    (("--pin", "ip", "none=1"), 'pin: "none" is no ip'),
    (("--pin", "net", "192.0.2.1=1"), 'pin: "192.0.2.1" is no net'),
    (("--pin", "asn", "ASx=1"), 'pin: "ASx" is no asn'),
    (("--pin", "link-domain", "bad domain=1"), 'pin: "bad domain" is no link-domain'),
    (("--pin", "ip"), "option --pin wants TYPE VALUE=LOG-ODDS"),
    (("--reset", "NO_SUCH"), 'reset: there is no "NO_SUCH"'),
    ((), "tune: show, --undo, --suggest, or which change?"),
    (("show", "--apply"), "tune: --apply goes with a change"),
    (("--undo", "--weight", "LINK_FARM=1"), "tune: show, --undo, --suggest, or which change?"),
]


def bad_input_costs_one_line(fixture):
    """wrong names, numbers and types cost one line each, and nothing changes"""
    version = json.loads(fixture.ctl("--json", "tune", "show").text())["version"]
    for arguments, line in BAD:
        apply = ["--apply"] if arguments and arguments[0] in ("--threshold", "--weight") else []
        said = fixture.ctl("tune", *arguments, *apply, status=64)
        assert said.errors.startswith("weirctl: " + line), (arguments, said.errors)
        assert said.errors.count("\n") == 1 and not said.output, (arguments, said.errors)
    assert json.loads(fixture.ctl("--json", "tune", "show").text())["version"] == version


@contextlib.contextmanager
def losing_answers(fixture, mark):
    """A configuration with which Redis is heard no more once it was asked something with `mark` in it,
    which it does."""
    path = os.path.join(fixture.weir.directory, "losing.sock")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()

    def carry(client):
        lost = threading.Event()
        server = socket.socket(socket.AF_UNIX)
        server.connect(fixture.counts.socket)

        def answer():
            while data := server.recv(65536):
                if not lost.is_set():
                    client.sendall(data)
        threading.Thread(target=answer, daemon=True).start()
        asked = b""
        while data := client.recv(65536):
            asked += data
            if mark in asked:
                lost.set()
            server.sendall(data)
        server.shutdown(socket.SHUT_RDWR)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=carry, args=(listening.accept()[0],), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    losing = os.path.join(fixture.weir.directory, "losing.conf")
    with open(fixture.weir.config_path) as own, open(losing, "w") as file:
        file.write(own.read().replace(fixture.counts.url, "redis+unix://" + path))
    yield losing
    listening.shutdown(socket.SHUT_RDWR)


def an_undo_without_an_answer_says_so(fixture):
    """when the store's answer to an undo is lost, nobody is left to try again and take back another
    change"""
    if not hasattr(fixture.counts, "socket"):
        return  # SQLite is no server
    before = json.loads(fixture.ctl("--json", "tune", "show").text())["tuning"]
    fixture.tune("tune", "--threshold", "tag=0.3", "--apply")
    with losing_answers(fixture, b'"tuning"') as losing:
        said = fixture.ctl("--config", losing, "tune", "--undo", status=75)
    assert said.errors.startswith(
        "weirctl: it may be taken back all the same: look at weirctl tune show "), said.errors
    assert said.errors.count("\n") == 1, said.errors
    assert json.loads(fixture.ctl("--json", "tune", "show").text())["tuning"] == before


def tuning_survives_the_store(fixture):
    """while the counts store is away, the last tuning goes on, also over a restart"""
    fixture.tune("tune", "--threshold", "tag=0", "--apply")
    fixture.counts.stop()
    fixture.milter.stop(servers.signal.SIGUSR2)
    fixture.milter = fixture.weir.start_milter()
    verdicts = fixture.deliver()
    assert all(action != "accept" for action, _ in verdicts.values()), verdicts
    said = fixture.ctl("tune", "show", status=75)
    assert said.errors.count("\n") == 1, said.errors


servers.run(setup, [
    nothing_to_replay_is_said, replay_foretells_fresh_verdicts, change_is_known, undo_goes_back,
    pins_of_now_are_foretold, pins_taken_back_are_foretold,
    pins_are_told_and_newer_ones_stay, of_two_pins_one_stays, corrections_are_counted, suggestions_follow_corrections, feeds_follow_too,
    a_second_admin_finds_out, a_change_without_audit_is_told, bad_input_costs_one_line,
    an_undo_without_an_answer_says_so, tuning_survives_the_store,
])
