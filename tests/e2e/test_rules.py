"""Rules of the admin: over mail through a real Postfix and over feeds, live, tried before, taken back."""

import json
import os
import re
import sqlite3
import types

import servers
from gateway import get
from sample_feeds import HAM, ITEMS, SPAM, feed, without
from servers import (Postfix, Weir, counts_store, free_port, make_message, make_temporary_directory,
                     need_root, wait_for)
from upstream import Document, Upstream

RULES = """# what we want for certain
rule "no hulls" { title = hull  action = hold }
rule "friend" { sender = friend.test  action = keep }
rule "bob's casino" { recipient = bob@box.test  title = "/casino.{0,20}night/i"  action = tag }
rule "trial" { text = minutes  action = hold  dry = true }
rule "boom" { content = "/(a+)+[0-9]/"  action = hold }
"""
MORE = RULES + 'rule "let spins" { on = feeds  title = "free spins"  action = keep }\n'


def setup():
    need_root()
    directory = make_temporary_directory()
    fixture = types.SimpleNamespace(directory=directory)
    fixture.counts = counts_store(directory)
    fixture.weir = weir = Weir(directory, fixture.counts.url, settings={
        "milter": {"socket": "inet:127.0.0.1:%d" % free_port()}, "held": {"undo": "0s"},
        "cold-lessons": 10, "thresholds": {"tag": 0.84, "hold": 0.85},
        "check FROM_NAME_IS_ADDRESS": {"log-odds": 9}})
    weir.learn_samples()
    fixture.upstream = Upstream()
    fixture.upstream.documents["/planet.xml"] = Document(feed(ITEMS))
    weir.configure({"feedfilter": {"upstream-networks": ["127.0.0.0/8"], "poll": "1s",
                                   "poll-min": "1s"},
                    "feed planet": {"url": fixture.upstream.url + "/planet.xml"}})
    fixture.postfix = Postfix(directory, milter=weir.socket)
    weir.start_milter()
    weir.start_hold(fixture.postfix)
    weir.start_feeds()
    yield fixture


def file_of(fixture, text):
    path = os.path.join(fixture.directory, "f.rules")
    with open(path, "w") as file:
        file.write(text)
    return path


def change(fixture, *words):
    """Runs weirctl rules …, which changes them, and waits until both daemons have heard of it: of this
    change, and not of one before it."""
    done = fixture.weir.ctl("rules", *words)
    version = fixture.weir.ctl("--json", "tune", "show").json()["version"]
    for daemon in (fixture.weir.milter, fixture.weir.feeds):
        wait_for(lambda: "event=rules version=%d " % version in daemon.log(), "the rules are followed")
    return done.text()


def mail(subject, body="Dear all,\n\nsee below.\n", sender="Ann <ann@other.test>", **more):
    return make_message(subject, body, sender=sender, **more)


def rules_hold_and_keep_mail(fixture):
    """a rule holds mail that the score lets pass, keeps what it would hold, and is told as the reason"""
    said = change(fixture, "apply", file_of(fixture, RULES))
    assert said.startswith('applied: 5 rules: added "no hulls", "friend", '), said
    held = mail("About the HULL")
    fixture.postfix.send(held[0], "ann@other.test", address="10.1.1.1")
    queue_id = fixture.postfix.wait_held(held[1])
    why = wait_for(lambda: fixture.weir.ctl("explain", queue_id, status=None).text(), "it is told")
    assert 'by the rule "no hulls"' in why and '[RULE]' in why, why
    assert re.search('rule="no hulls"', fixture.weir.milter.log()), fixture.weir.milter.log()
    kept = make_message("The hull", "see below\n", sender='"help@bank.test" <eva@friend.test>')
    fixture.postfix.send(kept[0], "eva@friend.test", address="10.1.1.2")
    fixture.postfix.wait_delivered(kept[1])
    other = make_message("The boat", "see below\n", sender='"help@bank.test" <eva@foe.test>')
    fixture.postfix.send(other[0], "eva@foe.test", address="10.1.1.3")
    fixture.postfix.wait_held(other[1])  # what the rule saved the other one from


def tags_and_trials(fixture):
    """a rule for one recipient tags his mail; one on trial counts, and does nothing"""
    tagged = mail("Casino and dance night", "the minutes\n")
    fixture.postfix.send(tagged[0], "ann@other.test", address="10.1.1.4")
    message = fixture.postfix.wait_delivered(tagged[1])
    assert message["X-Spam-Flag"] == "YES", message
    assert "terms=RULE " in message["X-Spam-Status"], message
    def shown():
        text = fixture.weir.ctl("rules", "show").text()
        return text if re.search(r"^tag .* 1  bob", text, re.M) else None
    shown = wait_for(shown, "the history has it")
    assert re.search(r"^hold +mail and feeds +1  trial  \(on trial\)$", shown, re.M), shown
    assert re.search(r"^tag +mail +1  bob's casino  \(for some only\)$", shown, re.M), shown
    told = get(fixture.weir, "/metrics").text()
    assert 'weir_rule_matches_total{rule="no hulls",action="hold",dry="no"} 1\n' in told, told
    assert 'weir_rule_matches_total{rule="trial",action="hold",dry="yes"} 0\n' in told, told
    other = mail("Casino and dance night again", recipient="eva@box.test")
    fixture.postfix.send(other[0], "ann@other.test", ["eva@box.test"], address="10.1.1.5")
    message = fixture.postfix.wait_delivered(other[1])
    assert "X-Spam-Flag" not in message, message


def an_expression_that_explodes_costs_little(fixture):
    """a regular expression that does not finish does not match, and is told once"""
    for number in range(2):
        message = mail("Mail %d" % number, "a" * 70 + "\n" + ("a" * 900 + "\n") * 40)
        fixture.postfix.send(message[0], "ann@other.test", address="10.1.1.6")
        fixture.postfix.wait_delivered(message[1])
    log = fixture.weir.milter.log()
    assert log.count("name=boom") == 1 and "did not finish" in log, log


def feeds_follow_the_rules(fixture):
    """items are judged again when a rule says something else of them, and back when it is taken back"""
    weir = fixture.weir
    less = without(feed(ITEMS), *SPAM)
    wait_for(lambda: get(weir, "/f/planet").body == without(less, HAM[0]), "the hull is held")
    assert b"Painting the hull" in get(weir, "/q/planet").body
    preview = weir.ctl("--json", "rules", "preview", file_of(fixture, MORE)).json()
    counts = {row["name"]: row for row in preview["rules"]}
    assert counts["let spins"]["held"] == 1 and preview["held_let_go"] == 1, preview
    assert counts["no hulls"]["held"] == 2 and counts["boom"]["past_unknown"] > 0, preview
    said = change(fixture, "apply", "--release", file_of(fixture, MORE))
    assert said.startswith('applied: 6 rules: added "let spins"\n'), said
    wait_for(lambda: get(weir, "/f/planet").body == without(feed(ITEMS), HAM[0], SPAM[1]),
             "the spins are shown")
    said = change(fixture, "undo")
    assert said.startswith('undone: 6 rules: added "let spins"\n'), said
    wait_for(lambda: b"hull" not in get(weir, "/f/planet").body, "the hull stays held")
    said = weir.ctl("rules", "history").text().splitlines()
    assert len(said) == 1 and "5 rules: added" in said[0], said


def a_subject_that_was_cut_is_not_known(fixture):
    """where a rule held mail for the end of a long subject, of which records keep the start, it is
    not said that no rule does"""
    def about_hulls():
        rows = fixture.weir.ctl("--json", "rules", "preview", file_of(fixture, RULES)).json()["rules"]
        row, = [row for row in rows if row["name"] == "no hulls"]
        return row["held"] + row["held_unknown"]
    before = about_hulls()
    held = mail("meadow " * 90 + "hull")
    fixture.postfix.send(held[0], "ann@other.test", address="10.1.1.7")
    queue_id = fixture.postfix.wait_held(held[1])
    with sqlite3.connect(fixture.weir.records_mail) as records:
        (number, subject), = records.execute("SELECT id, subject FROM held WHERE reference = ?",
                                             (queue_id,))
    assert "hull" not in subject, subject
    assert about_hulls() == before + 1, before
    fixture.weir.ctl("held", "delete", "m%d" % number)


def what_is_held_is_let_go(fixture):
    """without the rule that held them, held mail and items are let go when that is asked for, and not
    before"""
    held = mail("The hull once more")
    fixture.postfix.send(held[0], "ann@other.test", address="10.1.1.7")
    queue_id = fixture.postfix.wait_held(held[1])
    wait_for(lambda: fixture.weir.ctl("explain", queue_id, status=None).text(), "it is on record")
    without_hulls = "\n".join(line for line in RULES.splitlines() if "hull" not in line
                              and "boom" not in line)
    def rules_of_items():
        with sqlite3.connect(fixture.weir.records_feeds) as records:
            return records.execute("SELECT DISTINCT rules FROM judged").fetchall()
    (former,), = rules_of_items()
    said = change(fixture, "apply", file_of(fixture, without_hulls))
    assert re.search("would not be held by the rules and reputations of now; release them with "
                     "'weirctl held reapply --apply'$", said, re.M), said
    wait_for(lambda: former not in [row[0] for row in rules_of_items()], "items are looked at")
    assert b"hull" not in get(fixture.weir, "/f/planet").body
    same = file_of(fixture, without_hulls)
    said = fixture.weir.ctl("rules", "apply", same, status=65)
    assert "nothing is changed by this" in said.errors, said.errors
    said = fixture.weir.ctl("rules", "apply", same, "--release").text()
    assert said.startswith("these rules are in force already\n") and "; released\n" in said, said
    fixture.postfix.wait_delivered(held[1])
    wait_for(lambda: b"hull" in get(fixture.weir, "/f/planet").body, "the hull is shown")
    with sqlite3.connect(fixture.weir.records_mail) as records:
        audit = [row[0] for row in records.execute("SELECT what FROM audit")]
    assert audit.count("rules") == 3 and audit.count("rules-undo") == 1, audit


def rules_are_tested_on_files(fixture):
    """rules test says which rules match documents, why, and which decides, without a store"""
    path = os.path.join(fixture.directory, "m.eml")
    with open(path, "wb") as file:
        file.write(make_message("Hull", "minutes\n", sender="Eva <eva@friend.test>")[0])
    said = fixture.weir.ctl("rules", "test", "--rules", file_of(fixture, RULES), path).text()
    assert re.search(r"^  hold +no hulls  \(title: hull\)  another goes before it$", said, re.M), said
    assert re.search(r"^  keep +friend  \(sender: friend.test\)  decides$", said, re.M), said
    assert re.search(r"^  hold +trial  \(text: minutes\)  on trial$", said, re.M), said
    path = os.path.join(fixture.directory, "planet.xml")
    with open(path, "wb") as file:
        file.write(feed(ITEMS))
    rows = fixture.weir.ctl("--json", "rules", "test", "--rules", file_of(
        fixture, 'rule "r" { feed = planet  title = hull  action = hold }'), "--feed", "planet",
        path).json()
    assert [row["action"] for row in rows] == ["hold", "", "", "", ""], rows


def feeds_that_are_not_there_are_named(fixture):
    """preview and apply warn of a feed of a rule that nothing is subscribed to, and go on"""
    weir = fixture.weir
    weir.ctl("feeds", "add", "added", fixture.upstream.url + "/added.xml")
    path = file_of(fixture, 'rule "hulls" { feed = {planet, added, planett}  title = hull  action = hold }\n'
                            'rule "all" { title = hull  action = tag }\n'
                            'rule "none" { feed = nowhere  title = hull  action = hold }\n')
    warnings = ('weirctl: warning: rule "hulls": there is no feed "planett" here\n'
                'weirctl: warning: rule "none": there is no feed "nowhere" here\n')
    assert weir.ctl("rules", "preview", path).errors == warnings
    assert weir.ctl("rules", "apply", path).errors == warnings
    weir.ctl("feeds", "remove", "added")
    weir.ctl("rules", "undo")


RSS = '<rss version="2.0"><channel><title>t</title>%s<item><guid>g</guid><title>Boat</title>%s</item></channel></rss>'
ATOM = ('<feed xmlns="http://www.w3.org/2005/Atom"%s><title>t</title><id>i</id>%s'
        "<entry%s><id>g</id><title>Boat</title>%s</entry></feed>")
MAX = "<author><name>Max</name><email>spammer@bad.example</email></author>"
BY_ADDRESS = [RSS % ("", "<author>%s</author>" % author) for author in (
    "spammer@bad.example", "spammer@bad.example (Max)", "Max (spammer@bad.example)",
    "Max &lt;spammer@bad.example&gt;", "Max &lt;spammer@mail.bad.example&gt;")]
BY_ADDRESS += [RSS % ("", '<dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/">Max '
                      "&lt;spammer@bad.example&gt;</dc:creator>"),
               ATOM % ("", "", "", MAX), ATOM % ("", MAX, "", "")]
OTHERS = [RSS % ("", "<author>%s</author>" % author) for author in (
    "Max", "max@good.example (Max)", "bad@example.org (Max)", "max@notbad.example")]


JSON = '{"version": "https://jsonfeed.org/version/1.1", "title": "t"%s, "items": [{"id": "g", "title": "Boat"%s}]}'
DC = '<dc:language xmlns:dc="http://purl.org/dc/elements/1.1/">%s</dc:language>'
# (tags that an item is in, by a rule, tags that it is not in, the feed)
LANGUAGES = [
    ("de", "en", RSS % ("<language>de</language>", "")),
    ("de de-AT", "en de-DE", RSS % ("<language>de-at</language>", "")),
    ("fr", "de", RSS % ("<language>de</language>", DC % "fr")),
    ("de", "en", RSS % (DC % "de", "")),
    ("de", "en", RSS.replace("<rss ", '<rss xml:lang="de" ') % ("", "")),
    ("de", "en", RSS.replace("<channel>", '<channel xml:lang="de">') % ("", "")),
    ("fr", "de", RSS.replace("<channel>", '<channel xml:lang="de">').replace(
        "<item>", '<item xml:lang="fr-CA">') % ("", "")),
    ("de de-AT", "en", ATOM % (' xml:lang="de-AT"', "", "", "")),
    ("fr", "de", ATOM % (' xml:lang="de"', "", ' xml:lang="fr"', "")),
    ("fr", "de", ATOM % (' xml:lang="de"', "", "", '<content xml:lang="fr">Mer</content>')),
    ("de", "en", ATOM.replace("<title>", '<title xml:lang="en">', 1) % (' xml:lang="de"', "", "", "")),
    ("de", "en", JSON % (', "language": "de-CH"', "")),
    ("fr", "de", JSON % (', "language": "de"', ', "language": "fr"')),
    ("", "de en", RSS % ("", "")),
]


def matches(fixture, rule, document):
    """Whether the rule matches the one item of the feed, as rules test says."""
    path = os.path.join(fixture.directory, "item.xml")
    with open(path, "w") as file:
        file.write(document)
    row = fixture.weir.ctl("--json", "rules", "test", "--rules", file_of(
        fixture, 'rule "r" { %s  action = hold }' % rule), path).json()
    return row["action"] == "hold"


def authors_are_known_by_address(fixture):
    """a rule on an author's address or its domain sees it, whatever form of name stands beside it"""
    for rule in ('author = "bad.example"', 'author = "@bad.example"', "sender = '/@(mail\\.)?bad\\.example/'"):
        wrong = [document for document in BY_ADDRESS if not matches(fixture, rule, document)]
        wrong += [document for document in OTHERS if matches(fixture, rule, document)]
        assert not wrong, (rule, wrong)
    for document in BY_ADDRESS:
        assert matches(fixture, 'author = "spammer@bad.example"', document) != (
            "mail.bad" in document), document
    assert all(matches(fixture, "author = max", document) for document in BY_ADDRESS[1:])


def languages_are_as_items_and_feeds_say(fixture):
    """a rule on the language meets what an item says, or else its feed, in each format"""
    for tags, others, document in LANGUAGES:
        for tag in tags.split():
            assert matches(fixture, "language = " + tag, document), (tag, document)
        for tag in others.split():
            assert not matches(fixture, "language = " + tag, document), (tag, document)


def what_the_feed_said_of_what_is_held_counts(fixture):
    """what a rule held by what only the feed says, its language or author, is not let go by --release
    of other rules"""
    weir = fixture.weir
    fixture.upstream.documents["/tongues.xml"] = Document((RSS % (
        "<language>de</language>", "")).encode())
    fixture.upstream.documents["/authors.xml"] = Document((ATOM % ("", MAX, "", "")).encode())
    for name in ("tongues", "authors"):
        weir.ctl("feeds", "add", name, "%s/%s.xml" % (fixture.upstream.url, name))
    text = ('rule "tongue" { feed = tongues  language = de  action = hold }\n'
            'rule "max" { feed = authors  author = "bad.example"  action = hold }\n')
    change(fixture, "apply", file_of(fixture, text))
    for name in ("tongues", "authors"):
        wait_for(lambda: b"<title>Boat" in get(weir, "/q/" + name).body, name + " is held")
    said = change(fixture, "apply", "--release", file_of(
        fixture, text + 'rule "nothing" { title = nothing  weight = 1 }\n'))
    for name in ("tongues", "authors"):
        assert b"<title>Boat" in get(weir, "/q/" + name).body, said
    change(fixture, "undo")
    change(fixture, "undo")


BAD = (
    ('rule "a" {\n titel = x\n action = hold }', "{}:2: rule: no such option 'titel'"),
    ('rule "a" { title = "/a(/" action = hold }',
     '{}:1: rule "a".title: the regular expression is wrong at its character 3: missing closing '
     'parenthesis'),
    ('rule "a" { action = hold }', '{}:1: rule "a": has no condition, and would match everything'),
    ("x" * 300000, "{}: is larger than 256 KiB"),
)


def bad_input_costs_one_line(fixture):
    """what cannot be a rule costs one line that says where, and nothing changes"""
    before = fixture.weir.ctl("rules", "show", "--text").text()
    for text, line in BAD:
        path = file_of(fixture, text)
        for verb in ("apply", "preview"):
            said = fixture.weir.ctl("rules", verb, path, status=65)
            assert said.errors == "weirctl: " + line.replace("{}", path) + "\n", said.errors
    said = fixture.weir.ctl("rules", "apply", file_of(fixture, before), status=65)
    assert said.errors == "weirctl: nothing is changed by this\n", said.errors
    said = fixture.weir.ctl("rules", "apply", "--seen", "1", file_of(fixture, RULES), status=65)
    assert "the settings were changed meanwhile, by " in said.errors, said.errors
    assert fixture.weir.ctl("rules", "show", "--text").text() == before


def over_the_console(fixture):
    """weirctl --gateway does all that weirctl rules does on the machine itself, in the same words"""
    weir = fixture.weir
    weir.start_console()
    weir.env["WEIR_PASSWORD"] = "correct horse"
    url = weir.console_url.replace("//", "//ann@")

    def over(*words, **options):
        return weir.ctl("--gateway", url, "rules", *words, **options)

    def same(*words):
        here, there = weir.ctl("rules", *words), over(*words)
        assert (here.output, here.errors) == (there.output, there.errors), (
            here.output, here.errors, there.output, there.errors)
        here, there = [call("--json", *words).text() for call in (
            lambda *words: weir.ctl("rules", *words), over)]
        if words != ("show", "--text"):
            assert [json.loads(line) for line in here.splitlines()] == [
                json.loads(line) for line in there.splitlines()], (here, there)

    mine, path = file_of(fixture, MORE), os.path.join(fixture.directory, "m.eml")
    for words in (("show",), ("show", "--text"), ("history",), ("preview", mine), ("test", path)):
        same(*words)
    before = over("show", "--text").text()
    version = over("--json", "show").json()["version"]
    said = over("apply", "--seen", str(version), mine)
    assert re.match("applied: 6 rules: .*\nwhat is held there stays held until it is released; .*\n$",
                    said.text()), said.text()
    assert over("show", "--text").text() == MORE == weir.ctl("rules", "show", "--text").text()
    said = over("apply", "--seen", str(version), file_of(fixture, RULES), status=65)
    assert "the settings were changed meanwhile, by ann" in said.errors, said.errors
    assert "--release works on its own machine only" in over("undo", "--release", status=64).errors
    bad = file_of(fixture, BAD[1][0])
    assert over("apply", bad, status=65).errors == "weirctl: " + BAD[1][1].replace("{}", bad) + "\n"
    assert over("undo").text().startswith("undone: 6 rules: ")
    assert over("show", "--text").text() == before
    assert "ann" in weir.ctl("audit", "--what", "rules-undo").text()
    weir.console.stop()


def rules_survive_the_store(fixture):
    """while the counts store is away, the last rules go on, also over a restart"""
    change(fixture, "apply", file_of(fixture, RULES))
    fixture.counts.stop()
    fixture.weir.milter.stop(servers.signal.SIGUSR2)
    fixture.weir.start_milter()
    held = mail("Hull without a store")
    fixture.postfix.send(held[0], "ann@other.test", address="10.1.1.8")
    fixture.postfix.wait_held(held[1])


servers.run(setup, [
    rules_hold_and_keep_mail, tags_and_trials, an_expression_that_explodes_costs_little,
    feeds_follow_the_rules, a_subject_that_was_cut_is_not_known, what_is_held_is_let_go,
    rules_are_tested_on_files, feeds_that_are_not_there_are_named, authors_are_known_by_address,
    languages_are_as_items_and_feeds_say, what_the_feed_said_of_what_is_held_counts, bad_input_costs_one_line, over_the_console, rules_survive_the_store,
])
