"""Tuning over weir-console's API: seen before it is applied, as weirctl tune sees it, and undone;
reputations by the numbers in force, and the audit of it all."""

import contextlib
import sqlite3
import threading
import time

import servers
from console_client import PASSWORD, Client, expect
from judged_mail import MAILS, WITHIN_S, Fixture, same_verdicts
from servers import make_temporary_directory, wait_for

# The same change, as weirctl and as the console take it.
WORDS = ["--threshold", "mail.hold=0.7", "--cost", "tag=1", "--weight", "SUBJECT_CAPITALS=2.5",
         "--disable=DATE_MISSING", "--weight", "CONTENT=0.8", "--half-life", "link-domain=1h",
         "--base-rate", "from-domain=0.3", "--pin", "link-domain", "host4.test=-3"]
CHANGES = [{"kind": "threshold", "name": "mail.hold", "value": 0.7},
           {"kind": "cost", "name": "tag", "value": "1"},
           {"kind": "weight", "name": "SUBJECT_CAPITALS", "value": 2.5},
           {"kind": "disable", "name": "DATE_MISSING"},
           {"kind": "weight", "name": "CONTENT", "value": 0.8},
           {"kind": "half-life", "name": "link-domain", "value": "1h"},
           {"kind": "base-rate", "name": "from-domain", "value": 0.3},
           {"kind": "pin", "name": "link-domain host4.test", "value": -3}]
NOT_SHARED = {"applied", "changes"}
XSS = "<script>alert(1)</script>"


def setup():
    fixture = Fixture(make_temporary_directory())
    fixture.weir.start_console()
    fixture.client = Client(fixture.weir)
    yield fixture


def user(fixture, name, role):
    fixture.weir.ctl("console-user", "add", "--role", role, name, input=PASSWORD + "\n")
    return Client(fixture.weir, user=name)


def answered(answer):
    assert answer.status == 200, (answer.status, answer.body)
    return answer.json()


def audited(fixture):
    with contextlib.closing(sqlite3.connect(fixture.weir.records_mail)) as records:
        return records.execute("SELECT who, what, subject FROM audit").fetchall()


def followed(fixture, path, body):
    """A change over the API; the milter goes by it afterwards."""
    before = fixture.milter.log().count("event=tuning")
    done = answered(fixture.client.post(path, body))
    wait_for(lambda: fixture.milter.log().count("event=tuning") > before,
             "the milter follows within about two seconds", WITHIN_S)
    return done


def console_and_weirctl_foretell_the_same(fixture):
    """the console's preview of a change is that of weirctl tune, to the last figure"""
    fixture.teach()
    wait_for(lambda: fixture.milter.alive(), "the milter is up")
    fixture.follow()
    fixture.before = fixture.deliver()
    told = fixture.ctl("--json", "tune", *WORDS, "--limit", "1000").json()
    shown = answered(fixture.client.post("tuning/preview", {"changes": CHANGES, "limit": 1000}))
    assert {key: value for key, value in told.items() if key not in NOT_SHARED} == {
        key: value for key, value in shown.items() if key not in NOT_SHARED}, (told, shown)
    assert shown["verdicts"] == MAILS and shown["changed"] == len(shown["list"]) > 2, shown
    again = answered(fixture.client.post(
        "tuning/preview", {"changes": shown["changes"], "limit": 1000}))
    assert again == shown, (again, shown)
    few = answered(fixture.client.post("tuning/preview", {"changes": CHANGES, "limit": 2}))
    assert len(few["list"]) == 2 and few["changed"] == shown["changed"], few
    # Nothing has changed yet.
    assert answered(fixture.client.get("tuning"))["changes"] == []
    assert fixture.deliver() == fixture.before


def applied_gives_what_was_foretold(fixture):
    """a change applied in the console gives, on the same mail afresh, the verdicts foretold"""
    foretold = answered(fixture.client.post("tuning/preview", {"changes": CHANGES, "limit": 1000}))
    done = followed(fixture, "tuning/apply",
                    {"changes": CHANGES, "version": foretold["version"]})
    assert done == {"applied": foretold["what"], "version": foretold["version"] + 1}, done
    same_verdicts(fixture.before, foretold, fixture.deliver())
    assert ("ann", "tune", foretold["what"]) in audited(fixture), audited(fixture)


def numbers_say_where_they_come_from(fixture):
    """each number is shown with where it comes from, and the changes with who made them"""
    page = answered(fixture.client.get("tuning"))
    numbers = {number["name"]: number for number in page["numbers"]}
    shown = {line.split()[0]: line.split()[1:] for line in
             fixture.ctl("tune", "show", "--all").text().split("changes, newest")[0].splitlines()}
    assert set(numbers) == set(shown), set(numbers) ^ set(shown)
    for name, (text, source, *_) in shown.items():
        number = numbers[name]
        assert number["text"] == text, (number, text)
        assert number["from"] == {"configuration": "file"}.get(source, source), (number, source)
    hold = numbers["mail.hold"]
    assert (hold["kind"], hold["of"], hold["number"], hold["configured"], hold["from"]) == (
        "threshold", "mail.hold", 0.7, "0.8", "tuned"), hold
    assert numbers["link-domain.half-life"]["of"] == "link-domain", numbers
    assert numbers["link-domain.half-life"]["text"] == "1h", numbers
    assert numbers["LINK_FARM"]["words"] and numbers["LINK_FARM"]["from"] == "default", numbers
    assert [change["who"] for change in page["changes"]] == ["ann"], page["changes"]
    assert "mail.hold 0.8 -> 0.7" in page["changes"][0]["what"], page["changes"]


def stale_is_refused(fixture):
    """who applies or undoes what they saw before somebody else's change is told, and nothing is done"""
    seen = answered(fixture.client.get("tuning"))["version"]
    fixture.ctl("tune", "--weight", "LINK_FARM=1.5", "--apply")
    after = fixture.ctl("--json", "tune", "show").json()
    words = "(LINK_FARM 2.5 -> 1.5): look at the preview again"
    change = [{"kind": "weight", "name": "LINK_FARM", "value": 1.5},
              {"kind": "pin", "name": "link-domain stale.test", "value": 5}]
    expect(fixture.client.post("tuning/apply", {"changes": change, "version": seen}), 409, words)
    expect(fixture.client.post("tuning/undo", {"version": seen}), 409, words)
    assert fixture.ctl("--json", "tune", "show").json() == after
    pinned = fixture.ctl("--json", "reputation", "show", "link-domain", "stale.test").json()
    assert pinned["override"] == "none", pinned
    now = after["version"]
    expect(fixture.client.post("tuning/apply", {"changes": change[:1], "version": now}), 409,
           "nothing is changed by this")
    expect(fixture.client.post("tuning/apply", {"changes": [], "version": now}), 409,
           "nothing is changed by this")
    done = answered(fixture.client.post("tuning/undo", {"version": now}))
    assert done == {"undone": "LINK_FARM 2.5 -> 1.5", "version": now + 1}, done


def no_audit_is_a_warning(fixture):
    """a change that is in force but not in the audit is answered as done, with a warning"""
    with contextlib.closing(sqlite3.connect(fixture.weir.records_mail)) as records:
        records.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN "
                        "SELECT raise(FAIL, 'no room'); END")
        version = answered(fixture.client.get("tuning"))["version"]
        change = [{"kind": "weight", "name": "LINK_FARM", "value": 1.5}]
        done = answered(fixture.client.post("tuning/apply",
                                            {"changes": change, "version": version}))
        assert done["applied"] == "LINK_FARM 2.5 -> 1.5" and "no room" in done["warning"], done
        done = answered(fixture.client.post("tuning/undo", {"version": done["version"]}))
        assert done["undone"] == "LINK_FARM 2.5 -> 1.5" and "no room" in done["warning"], done
        records.execute("DROP TRIGGER full")


def undo_goes_back(fixture):
    """undo says what it takes back, and verdicts are as they were"""
    version = answered(fixture.client.get("tuning"))["version"]
    done = followed(fixture, "tuning/undo", {"version": version})
    assert done["undone"].startswith("mail.tag 0.4 -> 0.5, mail.hold 0.8 -> 0.7"), done
    assert fixture.deliver() == fixture.before
    expect(fixture.client.post("tuning/undo", {"version": done["version"]}), 409,
           "no change is left to take back")
    assert ("ann", "tune-undo", done["undone"]) in audited(fixture), audited(fixture)


BAD = [
    ({"changes": "hold=1"}, '"changes" has to be a list'),
    ({"changes": {"kind": "weight"}}, '"changes" has to be a list'),
    ({"changes": ["LINK_FARM=1"]}, "changes: each is {"),
    ({"changes": [{"kind": "weight"}]}, "changes: each is {"),
    ({"changes": [{"kind": 1, "name": "LINK_FARM", "value": 1}]}, "changes: each is {"),
    ({"changes": [{"kind": "weight", "name": "LINK_FARM", "value": True}]},
     "weight LINK_FARM: the value is a number or text"),
    ({"changes": [{"kind": "weight", "name": "LINK_FARM", "value": [1]}]},
     "weight LINK_FARM: the value is a number or text"),
    ({"changes": [{"kind": "weight", "name": "LINK_FARM"}]},
     'weight: "LINK_FARM" is no NAME=VALUE'),
    ({"changes": [{"kind": "weight", "name": "NO_SUCH", "value": 1}]},
     'weight: there is no "NO_SUCH"'),
    ({"changes": [{"kind": "weight", "name": XSS, "value": 1}]},
     'weight: there is no "%s"' % XSS),
    ({"changes": [{"kind": XSS, "name": "x", "value": 1}]},
     XSS + ": nothing like that can be tuned"),
    ({"changes": [{"kind": "weight", "name": "LINK_FARM", "value": 99}]},
     "LINK_FARM: 99 is not a weight in log-odds (-20 to 20)"),
    ({"changes": [{"kind": "threshold", "name": "hold", "value": 1.5}]},
     'threshold hold: "1.5" is not a probability'),
    ({"changes": [{"kind": "half-life", "name": "link-domain", "value": 30}]},
     'half-life link-domain: "30" is not a number of days'),
    ({"changes": [{"kind": "pin", "name": "moon x", "value": 1}]},
     'pin: there is no type "moon"'),
    ({"changes": [{"kind": "pin", "name": "ip 192.0.2.1", "value": 99}]},
     'pin: "ip 192.0.2.1=99" is no TYPE VALUE=LOG-ODDS'),
    ({"changes": [{"kind": "reset", "name": "a" * 2000}]}, "reset: the name or the value is too long"),
    ({"changes": [], "limit": "x"}, '"limit" has to be a whole number'),
    ({"changes": [], "limit": 1001}, "limit is from 0 to 1000"),
]


def bad_input_costs_one_line(fixture):
    """wrong types, names and numbers cost 400 and one line each, and nothing changes"""
    before = answered(fixture.client.get("tuning"))
    for body, line in BAD:
        paths = ["tuning/preview", "tuning/suggest"] + ["tuning/apply"] * ("limit" not in body)
        for path in paths:
            answer = fixture.client.post(path, {**body, "version": before["version"]})
            expect(answer, 400, line)
            assert "\n" not in answer.json()["error"], answer.body
    for version in (None, "1", -1, 1.5):
        for path in ("tuning/apply", "tuning/undo"):
            expect(fixture.client.post(path, {"changes": CHANGES, "version": version}), 400,
                   '"version" has to be a whole number')
            expect(fixture.client.post(path, {"changes": CHANGES}), 400, "version is that of the settings")
    for method, path in (("GET", "tuning/x"), ("POST", "tuning"), ("POST", "tuning/preview/x"),
                         ("POST", "tuning/previews"), ("GET", "tuning/apply"), ("GET", "tunings")):
        ask = fixture.client.get if method == "GET" else fixture.client.post
        expect(ask(path), 404, "no such call")
    assert answered(fixture.client.get("tuning")) == before


def readers_and_reviewers_only_look(fixture):
    """a reader and a reviewer see and try, but change nothing; their tries are in the audit"""
    version = answered(fixture.client.get("tuning"))["version"]
    for role in ("reader", "reviewer"):
        client = user(fixture, "the-" + role, role)
        assert answered(client.get("tuning"))["version"] == version
        assert answered(client.post("tuning/preview", {"changes": CHANGES}))["changed"]
        for path in ("tuning/apply", "tuning/undo"):
            expect(client.post(path, {"changes": CHANGES, "version": version}), 403,
                   "this takes the role admin")
            assert ("the-" + role, "refused-role", path) in audited(fixture), audited(fixture)
    assert answered(fixture.client.get("tuning"))["version"] == version


def suggestions_are_previewed(fixture):
    """what corrections favour is proposed with its preview, as weirctl tune --suggest does"""
    expect(fixture.client.post("tuning/suggest"), 400, "nothing is proposed: people judged")
    fixture.judge_all()
    told = fixture.ctl("--json", "tune", "--suggest", "--cost", "hold=1").json()
    cost = {"changes": [{"kind": "cost", "name": "hold", "value": 1}]}
    shown = answered(fixture.client.post("tuning/suggest", {**cost, "limit": 20}))
    assert told["what"] and told["corrected"] >= MAILS, told
    for key in set(told) - NOT_SHARED:
        assert told[key] == shown[key], (key, told[key], shown[key])
    again = answered(fixture.client.post(
        "tuning/preview", {"changes": shown["changes"], "limit": 20}))
    assert again == shown, (again, shown)


def others_do_not_wait_for_a_replay(fixture):
    """while a long history is replayed, other calls are answered meanwhile"""
    with contextlib.closing(sqlite3.connect(fixture.weir.records_mail)) as records, records:
        columns = ", ".join(row[1] for row in records.execute("PRAGMA table_info(evidence)").fetchall()[1:])
        records.execute(
            "WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < 400) "
            "INSERT INTO evidence (history_id, %s) SELECT 100000 + 1000 * n + history_id, %s "
            "FROM evidence, copy" % (columns, columns))
    waits, done = [], threading.Event()

    def look():
        client = Client(fixture.weir)
        while not done.is_set():
            start = time.monotonic()
            answered(client.get("tuning"))
            waits.append(time.monotonic() - start)

    looking = threading.Thread(target=look)
    looking.start()
    start = time.monotonic()
    preview = answered(fixture.client.post("tuning/preview", {"changes": CHANGES}))
    took = time.monotonic() - start
    done.set()
    looking.join()
    assert preview["verdicts"] > 400 * MAILS, preview["verdicts"]
    assert len(waits) > 3 and max(waits) < took / 2, (took, waits)


def reputations_are_found(fixture):
    """reputations are listed by type and by a part of their value, whatever is in it"""
    value = XSS.lower() + " of the test"
    answered(fixture.client.post("reputation/pin", {
        "type": "author", "value": value, "log_odds": 2.5}))
    page = answered(fixture.client.get("reputation?q=SCRIPT%3E"))
    assert [(one["type"], one["value"], one["override"]) for one in page["items"]] == [
        ("author", value, "pin")], page
    assert "link-domain" in page["types"] and "pair" in page["types"], page["types"]
    assert answered(fixture.client.get("reputation?q=script&type=ip"))["items"] == []
    hosts = answered(fixture.client.get("reputation?q=host1.test&type=link-domain"))["items"]
    assert [one["value"] for one in hosts] == ["host1.test"], hosts
    for query, line in (("limit=0", "limit is from 1 to 1000"), ("type=moon", "moon"),
                        ("min=x", "min is a number of lessons")):
        expect(fixture.client.get("reputation?" + query), 400, line)
    expect(fixture.client.get("reputation/x"), 404, "no such call")
    answered(fixture.client.post("reputation/learned", {"type": "author", "value": value}))


def reputations_go_by_the_tuning(fixture):
    """what a reputation says is told by the numbers in force, by weirctl and the console alike"""
    words = ("reputation", "explain", "link-domain", "host1.test")
    path = "reputation/explain?type=link-domain&value=host1.test"
    before = fixture.ctl("--json", *words).json()
    change = [{"kind": "base-rate", "name": "link-domain", "value": 0.1},
              {"kind": "half-life", "name": "link-domain", "value": "2d"}]
    version = answered(fixture.client.get("tuning"))["version"]
    done = answered(fixture.client.post("tuning/apply", {"changes": change, "version": version}))
    told, shown = fixture.ctl("--json", *words).json(), answered(fixture.client.get(path))
    assert (told["base_rate"], told["half_life_s"]) == (0.1, 2 * 86400), told
    assert told["log_odds"] != before["log_odds"], (told, before)
    assert abs(told["log_odds"] - shown["log_odds"]) < 0.01 and shown["half_life_s"] == 2 * 86400
    listed = answered(fixture.client.get("reputation?q=host1.test&type=link-domain"))["items"]
    assert abs(listed[0]["log_odds"] - told["log_odds"]) < 0.01, (listed, told)
    answered(fixture.client.post("tuning/undo", {"version": done["version"]}))


def audit_comes_in_pages(fixture):
    """the audit is read page by page, newest first, each line once, by its filters"""
    whole = answered(fixture.client.get("audit?limit=1000"))
    assert len(whole["items"]) > 8 and whole["next"] == "", whole
    lines, after = [], ""
    while True:
        page = answered(fixture.client.get("audit?limit=3&after=" + after))
        lines += page["items"]
        after = page["next"]
        if not after:
            break
        assert len(page["items"]) == 3, page
    assert lines == whole["items"], (lines, whole["items"])
    refused = answered(fixture.client.get("audit?what=refused-role&limit=1"))
    assert refused["items"][0]["who"] == "the-reviewer" and refused["next"], refused
    older = answered(fixture.client.get("audit?what=refused-role&limit=9&after=" + refused["next"]))
    assert [line["what"] for line in older["items"]] == ["refused-role"] * 3, older
    for after in ("x", "m1", "m1,f2x", "m-1,f2", "m1,f%3Cscript%3E"):
        expect(fixture.client.get("audit?after=" + after), 400, "after is the next of the page")


servers.run(setup, [
    console_and_weirctl_foretell_the_same, applied_gives_what_was_foretold,
    numbers_say_where_they_come_from, stale_is_refused, no_audit_is_a_warning,
    undo_goes_back, bad_input_costs_one_line,
    readers_and_reviewers_only_look, suggestions_are_previewed, reputations_are_found,
    reputations_go_by_the_tuning, audit_comes_in_pages, others_do_not_wait_for_a_replay,
])
