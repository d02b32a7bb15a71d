"""weirctl on real files and a real counts store."""

import json
import os
import subprocess

import servers
from servers import Weir, counts_store, make_message

SPAM = "cheap replica watches click here to buy now at http://watches-outlet.test/buy\n" * 4
HAM = "the minutes of the board meeting are attached, please read them before friday\n" * 4


def setup():
    directory = servers.make_temporary_directory()
    counts = counts_store(directory)
    weir = Weir(directory, counts.url, settings={"cold-lessons": 2})
    yield Fixture(directory, counts, weir)


class Fixture:
    def __init__(self, directory, counts, weir):
        self.directory, self.counts, self.weir = directory, counts, weir

    def ctl(self, *arguments, **options):
        return self.weir.run("weirctl", *arguments, **options)

    def path(self, name):
        return os.path.join(self.directory, name)

    def message(self, name, subject, body):
        with open(self.path(name), "wb") as file:
            file.write(make_message(subject, body)[0])
        return self.path(name)


def check_prints_one_object_for_each_document(fixture):
    """check --json prints one object for each document with action, p, log_odds and terms"""
    mbox = fixture.path("two.mbox")
    with open(mbox, "w") as file:
        for subject in ("first", "second"):
            file.write("From ann@sender.test Mon Jan  1 10:00:00 2024\n"
                       "From: ann@sender.test\nSubject: %s\n\nHello\n\n" % subject)
    feed = fixture.path("feed.xml")
    with open(feed, "w") as file:
        file.write("<rss version='2.0'><channel><title>t</title><link>http://t.test/</link>"
                   "<item><title>An item</title><description>text</description></item>"
                   "</channel></rss>")
    rows = fixture.ctl("check", "--json", mbox, feed).json()
    assert [(row["channel"], row["index"], row["subject"]) for row in rows] == [
        ("mail", 1, "first"), ("mail", 2, "second"), ("feed", 1, "An item")], rows
    for row in rows:
        assert row["action"] in ("accept", "tag", "hold", "reject"), row
        assert 0 <= row["p"] <= 1 and len(row["id"]) == 32, row
        total = sum(term["log_odds"] for term in row["terms"])
        assert abs(total - row["log_odds"]) < 0.01 * (1 + len(row["terms"])), row


def an_untaught_script_is_not_held_by_one_moderate_check(fixture):
    """before any lesson, words the prior knows and a link to an address do not hold"""
    body = ("Dear friend, click here now to order cheap medications, free money back guarantee!!!\n"
            "You have been selected, please visit http://9.9.9.9/order to receive your money\n")
    path = fixture.message("untaught.eml", "FREE money, order now!!!", body)
    row = fixture.ctl("check", "--json", path).json()
    symbols = {term["symbol"]: term["log_odds"] for term in row["terms"]}
    assert row["p"] > 0.95 and symbols["LINK_ADDRESS"] > 1.5, row
    assert row["action"] == "tag" and "CONTENT_COLD" in symbols, row


def learn_teaches_once_and_corrects(fixture):
    """learn says what was taught, what was known and what was corrected"""
    path = fixture.message("lesson.eml", "lunch", "shall we have lunch at noon on tuesday\n")
    assert fixture.ctl("learn", "ham", path).text() == "taught 1, known 0, corrected 0\n"
    assert fixture.ctl("learn", "ham", path).text() == "taught 0, known 1, corrected 0\n"
    sums = fixture.ctl("learn", "spam", path, "--json").json()
    assert sums["corrected"] == 1 and sums["known"] == 0, sums


def lessons_change_the_next_verdict(fixture):
    """what was learned changes the verdict on what is like it, and is named"""
    for number in range(6):
        spam = fixture.message("spam%d.eml" % number, "offer %d" % number, SPAM)
        ham = fixture.message("ham%d.eml" % number, "minutes %d" % number, HAM)
        fixture.ctl("learn", "spam", spam)
        fixture.ctl("learn", "ham", ham)
    probe = fixture.message("probe.eml", "another offer", SPAM)
    row = fixture.ctl("check", "--json", probe).json()
    assert row["action"] == "hold", row
    row = fixture.ctl("check", "--json", "--explain", probe).json()
    symbols = {term["symbol"]: term for term in row["terms"]}
    assert "REPUTATION_LINK_DOMAIN" in symbols and "CONTENT" in symbols, row
    named = {token["text"]: token["log_odds"] for token in symbols["CONTENT"]["tokens"]}
    assert named and all(log_odds > 0 for log_odds in named.values()), row
    words = fixture.ctl("check", probe).text()
    assert "hold  p=" in words and "domain of a link watches-outlet" in words, words
    assert "  [REPUTATION_LINK_DOMAIN]\n" in words, words
    content = words[words.index("  content\n"):].split("  [CONTENT]")[0].splitlines()
    assert len(content) == len(named) + 2 and "all others together" in content[-1], words
    assert all(any(line.endswith("  " + text) for line in content) for text in named), words
    parts = [float(line.split()[0]) for line in content[1:]]
    total = [line for line in words.splitlines() if line.endswith("  content")][0]
    assert abs(sum(parts) - float(total.split()[0])) < 0.001, words
    assert fixture.ctl("check", "--exit-code", "--brief", probe, status=1).text().startswith("hold\t")


def a_bad_file_costs_one_line(fixture):
    """a missing file and one that is no document cost one line each, and the rest goes on"""
    good = fixture.message("good.eml", "fine", HAM)
    junk = fixture.path("junk")
    with open(junk, "wb") as file:
        file.write(b"\0\1\2\3" * 100)
    result = fixture.ctl("check", "--json", fixture.path("missing"), junk, good, status=66)
    assert result.json()["subject"] == "fine", result.output
    assert len(result.errors.splitlines()) == 2, result.errors
    assert fixture.ctl("check", junk, status=65).output == b""


def large_files_are_judged_in_small_batches(fixture):
    """files too large for one batch are all judged, in order"""
    body = "QUJD" * 18 + "\n"
    paths = []
    for number in range(5):
        paths.append(fixture.path("large%d.eml" % number))
        with open(paths[-1], "w") as file:
            file.write("From: ann@sender.test\nSubject: l%d\nContent-Type: image/png\n"
                       "Content-Transfer-Encoding: base64\n\n" % number)
            file.write(body * (9 * 1024 * 1024 // len(body)))
    rows = fixture.ctl("check", "--json", *paths).json()
    assert [row["subject"] for row in rows] == ["l%d" % number for number in range(5)], rows


def paths_come_from_a_list_and_standard_input(fixture):
    """paths are read from a list, and a message from standard input"""
    paths = [fixture.message("l%d.eml" % number, "l%d" % number, HAM) for number in range(3)]
    rows = fixture.ctl("check", "--json", "--files-from", "-", input="\n".join(paths)).json()
    assert [row["file"] for row in rows] == paths, rows
    with open(paths[0], "rb") as file:
        row = fixture.ctl("check", "--json", "-", input=file.read()).json()
    assert row["file"] == "-" and row["subject"] == "l0", row


def reputations_are_overridden_and_learned_again(fixture):
    """a reputation is shown, set, pinned, listed and forgotten"""
    fixture.message("known.eml", "known", "see http://known.test/ and http://known.test/again\n")
    fixture.ctl("learn", "spam", fixture.path("known.eml"))
    learned = fixture.ctl("--json", "reputation", "show", "link-domain", "Known.test").json()
    assert learned["spam"] > 0.9 and learned["log_odds"] > 0.5, learned
    changed = fixture.ctl("--json", "reputation", "set", "link-domain", "known.test", "-1.5").json()
    assert changed["log_odds"] == -1.5 and changed["override"] == "set", changed
    row = fixture.ctl("check", "--json", fixture.path("known.eml")).json()
    assert {t["symbol"]: t["log_odds"] for t in row["terms"]}["REPUTATION_LINK_DOMAIN"] == -1.5, row
    back = fixture.ctl("--json", "reputation", "set", "link-domain", "known.test", "learned").json()
    assert back["override"] == "none" and abs(back["log_odds"] - learned["log_odds"]) < 0.01, back
    pinned = fixture.ctl("--json", "reputation", "pin", "link-domain", "known.test").json()
    assert pinned["override"] == "pin", pinned
    listed = fixture.ctl("--json", "reputation", "list", "link-domain").json()
    listed = listed if isinstance(listed, list) else [listed]
    assert "known.test" in [row["value"] for row in listed], listed
    assert "forgotten" in fixture.ctl("reputation", "forget", "link-domain", "known.test").text()
    gone = fixture.ctl("--json", "reputation", "show", "link-domain", "known.test").json()
    assert gone["ham"] == gone["spam"] == gone["log_odds"] == 0, gone


def nothing_held_is_said(fixture):
    """held list says that nothing is held, and creates no records"""
    records, config = fixture.path("none/mail.db"), fixture.path("none.conf")
    os.mkdir(os.path.dirname(records))
    with open(config, "w") as file:
        file.write('records { mail = "%s" }\n' % records)

    def ctl(*words, **options):
        return fixture.ctl("--config", config, *words, **options)
    assert ctl("held", "list").text() == "nothing is held\n"
    assert "nothing was ever held" in ctl("held", "release", "m1", status=65).errors
    assert "nothing is recorded" in ctl("explain", "0123456789", status=65).errors
    assert not os.path.exists(records)


def records_out_of_reach_are_an_error(fixture):
    """Records that cannot be reached are an error, not an empty list"""
    blocked = fixture.message("no-directory", "not a directory", HAM)
    config = fixture.path("blocked.conf")
    with open(config, "w") as file:
        file.write('records { mail = "%s/mail.db" }\n' % blocked)
    result = fixture.ctl("--config", config, "held", "list", status=74)
    assert blocked in result.errors and not result.output, result.errors


def a_held_feed_item_is_reviewed(fixture):
    """a held item is listed, shown, explained, and released once"""
    feed = ("<rss version='2.0'><channel><title>t</title><link>http://t.test/</link>"
            "<item><guid>g1</guid><title>another offer</title><description>%s</description>"
            "</item></channel></rss>" % SPAM)
    passed = fixture.weir.run("weir-feedfilter", "--pipe", input=feed)
    assert b"g1" not in passed.output, passed.output
    held = fixture.ctl("--json", "held", "list").json()
    assert held["channel"] == "feed" and held["state"] == "held", held
    shown = fixture.ctl("held", "show", held["id"]).text()
    assert "another offer" in shown and "watches-outlet" in shown, shown
    assert "REPUTATION_LINK_DOMAIN" in fixture.ctl("explain", held["document"][:8]).text()
    assert "released" in fixture.ctl("held", "release", held["id"]).text()
    assert "already" in fixture.ctl("held", "release", held["id"]).text()
    assert fixture.ctl("held", "confirm", held["id"], status=65).errors
    assert b"g1" in fixture.weir.run("weir-feedfilter", "--pipe", input=feed).output


def hold_item(fixture, host):
    """Id of an item that is held because it links to `host`."""
    feed = ("<rss version='2.0'><channel><title>t</title><link>http://t.test/</link>"
            "<item><guid>%s</guid><title>a shop</title><link>http://%s/</link>"
            "<description>see http://%s/</description></item></channel></rss>"
            % (host, host, host))
    fixture.ctl("reputation", "pin", "link-domain", host, "12")
    fixture.weir.run("weir-feedfilter", "--pipe", input=feed)
    return fixture.ctl("--json", "held", "list").json()


def a_lesson_of_an_outage_waits(fixture):
    """with the counts store away confirm's lesson waits, and the next command teaches it"""
    held = hold_item(fixture, "market.test")
    before = fixture.ctl("--json", "reputation", "show", "link-domain", "market.test").json()
    fixture.counts.stop()
    done = fixture.ctl("held", "confirm", held["id"])
    assert "its lesson waits in " in done.errors, done.errors
    again = fixture.ctl("held", "confirm", held["id"]).text()
    assert again == held["id"] + ": confirmed already\n", again
    fixture.counts.start()
    after = fixture.ctl("--json", "reputation", "show", "link-domain", "market.test")
    assert "taught 1 lesson that waited" in after.errors, after.errors
    assert after.json()["spam"] > before["spam"] + 0.5, (before, after.json())


def a_lesson_that_failed_is_taught_when_asked_again(fixture):
    """with neither store nor journal confirm is done without its lesson, taught when asked again"""
    held = hold_item(fixture, "shop.test")
    fixture.weir.configure({"journal": {"feeds": fixture.path("nowhere/feeds.journal")}})
    fixture.counts.stop()
    missed = fixture.ctl("held", "confirm", held["id"], status=75)
    assert "confirmed as spam" in missed.text(), missed.output
    assert "lesson was not taught, ask again later" in missed.errors, missed.errors
    assert fixture.ctl("held", "confirm", held["id"], status=75).errors
    fixture.counts.start()
    del fixture.weir.settings["journal"]
    fixture.weir.configure({})
    before = fixture.ctl("--json", "reputation", "show", "link-domain", "shop.test").json()
    again = fixture.ctl("held", "confirm", held["id"]).text()
    assert again == held["id"] + ": confirmed already; its lesson is taught now\n", again
    after = fixture.ctl("--json", "reputation", "show", "link-domain", "shop.test").json()
    assert after["spam"] > before["spam"] + 0.5, (before, after)
    again = fixture.ctl("held", "confirm", held["id"]).text()
    assert again == held["id"] + ": confirmed already\n", again


def a_configuration_error_names_file_and_line(fixture):
    """config test says file and line, and what is wrong stops every command"""
    path = fixture.path("broken.conf")
    with open(path, "w") as file:
        file.write("\nthresholds {\n  hold = 1.7\n}\n")
    line = "weirctl: %s:3: thresholds.hold: 1.7 is not a probability (0 to 1)\n" % path
    assert fixture.ctl("--config", path, "config", "test", status=78).errors == line
    assert fixture.ctl("--config", path, "held", "list", status=78).errors == line
    assert "valid" in fixture.ctl("config", "test").text()
    assert fixture.ctl("--json", "--config=" + path, "config", "test",
                       status=78).json()["valid"] is False


def doubled_feeds_are_warned_of(fixture):
    """config test warns of a feed with the URL of another one, without telling the URL"""
    path = fixture.path("doubled.conf")
    with open(path, "w") as file:
        for name, url in (("b", "http://x.example/f?key=1"), ("a", "http://x.example/f?key=1"),
                          ("c", "http://ann:word@x.example/f?key=1"), ("d", "http://x.example/other")):
            file.write("feed \"%s\" {\n  url = \"%s\"\n}\n" % (name, url))
    os.chmod(path, 0o600)
    said = fixture.ctl("--config", path, "config", "test")
    assert said.text() == path + ": valid\n", said.text()
    assert said.errors == ("weirctl: warning: %s:6: feed \"a\" has the url of feed \"b\": take one "
                           "out\n" % path), said.errors


def readers_without_an_address_are_warned_of(fixture):
    """config test warns of a reader of a feed who has no address, with file and line, once"""
    path, records = fixture.path("readers.conf"), fixture.path("readers.db")
    with open(path, "w") as file:
        file.write('records { feeds = "%s" }\nfeed "a" { url = "http://x.example/a" }\n' % records)
        for name in ("b", "c"):
            file.write('feed "%s" {\n  url = "http://x.example/%s"\n  readers = {"ann", "nobody"}\n}\n'
                       % (name, name))
    warning = ('weirctl: warning: %s:6: feed "b": readers names "%s", who has no address to read it at; '
               "'weirctl feeds reader add %s' makes one\n")
    said = fixture.ctl("--config", path, "config", "test")
    assert said.errors == "".join(warning % (path, name, name) for name in ("ann", "nobody")), said.errors
    with open(path, "a") as file:
        file.write('counts = "%s"\n' % fixture.counts.url)
    fixture.weir.run("weir-feedfilter", "--config", path, "--pipe", input="<rss><channel><title>t</title>"
                     "<item><title>An item</title></item></channel></rss>")  # makes the records
    fixture.ctl("--config", path, "feeds", "reader", "add", "ann")
    said = fixture.ctl("--config", path, "config", "test")
    assert said.errors == warning % (path, "nobody", "nobody"), said.errors
    assert said.text() == path + ": valid\n", said.text()
    told = fixture.ctl("--config", path, "--json", "config", "test").json()["warnings"]
    assert len(told) == 1 and '"nobody"' in told[0], told
    fixture.ctl("--config", path, "feeds", "reader", "add", "nobody")
    assert fixture.ctl("--config", path, "config", "test").errors == ""


def usage_is_told(fixture):
    """wrong usage is told in one line; help and version are there for each command"""
    for words in ([], ["chek"], ["check"], ["learn", "eggs", "x"], ["check", "--fast", "x"],
                  ["held"], ["reputation", "show", "colour", "red"],
                  ["reputation", "pin", "ip", "999.1.1.1", "1"], ["--config"],
                  ["reputation", "pin", "asn", "foo", "1"],
                  ["reputation", "set", "link-domain", "bad domain", "1"],
                  ["reputation", "set", "ip", "192.0.2.1", "1", "--days", "0"],
                  ["held", "release"]):
        result = fixture.ctl(*words, status=64)
        assert len(result.errors.splitlines()) == 1, result.errors
    for command in ("check", "learn", "held", "explain", "reputation", "config"):
        assert ("usage: weirctl " + command) in fixture.ctl("help", command).text()
        assert fixture.ctl(command, "--help").text() == fixture.ctl("help", command).text()
    assert fixture.ctl("--version").text().startswith("weirctl ")


def closed_output_is_an_error(fixture):
    """output that cannot be written is an error"""
    with open("/dev/full", "w") as full:
        done = subprocess.run([fixture.weir.program("weirctl"), "check", "--json",
                               fixture.path("good.eml")], stdout=full, stderr=subprocess.PIPE,
                              env=fixture.weir.env)
    assert done.returncode == 74, done


def without_the_store_checks_still_judge(fixture):
    """with the counts store away check judges by checks alone and says so once; what is learned waits"""
    paths = [fixture.path("spam%d.eml" % number) for number in range(6)]
    fixture.counts.stop()
    result = fixture.ctl("check", "--json", *paths)
    assert len(result.json()) == 6 and len(result.errors.splitlines()) == 1, result.errors
    assert "STORE_DOWN" in json.dumps(result.json()[0]["terms"]), result.output
    result = fixture.ctl("learn", "spam", "--source", "late", *paths)
    assert result.text() == "taught 0, known 0, corrected 0, waiting 6\n", result.output
    assert len(result.errors.splitlines()) == 1, result.errors
    fixture.counts.start()
    assert "taught 6 lessons that waited" in fixture.ctl("check", paths[0]).errors
    result = fixture.ctl("learn", "spam", "--source", "late", *paths)
    assert result.text() == "taught 0, known 6, corrected 0\n", result.output


servers.run(setup, [
    check_prints_one_object_for_each_document,
    an_untaught_script_is_not_held_by_one_moderate_check, learn_teaches_once_and_corrects,
    lessons_change_the_next_verdict, a_bad_file_costs_one_line,
    large_files_are_judged_in_small_batches,
    paths_come_from_a_list_and_standard_input, reputations_are_overridden_and_learned_again,
    nothing_held_is_said, records_out_of_reach_are_an_error,
    a_held_feed_item_is_reviewed,
    a_lesson_of_an_outage_waits,
    a_lesson_that_failed_is_taught_when_asked_again,
    a_configuration_error_names_file_and_line, doubled_feeds_are_warned_of,
    readers_without_an_address_are_warned_of, usage_is_told, closed_output_is_an_error,
    without_the_store_checks_still_judge,
])
