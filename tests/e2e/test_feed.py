"""weir-feedfilter --pipe: what comes out of a feed, by bytes and in newsboat."""

import hashlib
import html
import json
import os
import sqlite3
import subprocess
import threading

from sample_feeds import HAM, HEAD, ITEMS, SPAM, feed, guid_of, item, without
from servers import (PATIENCE_S, HttpServer, Weir, counts_store, make_message,
                     make_temporary_directory, need_program, note_sanitizer, run)



class Fixture:
    def __init__(self, directory, web):
        self.directory, self.web = directory, web
        self.count = 0
        self.counts = self.taught_store()

    def number(self):
        self.count += 1
        return self.count

    def taught_store(self):
        """A counts store that was taught the samples."""
        counts = counts_store(self.directory, "counts%d" % self.number())
        teacher = self.weir(counts)
        teacher.learn_samples()
        return counts

    def weir(self, counts=None, **settings):
        """A configuration of its own, with empty records. The samples are few: content may hold
        after 10 lessons here, and what is held need not be as sure as elsewhere."""
        weir = Weir(self.directory, (counts or self.counts).url, "feed%d" % self.number(),
                    {"cold-lessons": 10, "thresholds": {"hold": 0.85}, **settings})
        weir.env["JOURNAL_STREAM"] = "8:1"  # log lines to stderr
        return weir


def setup():
    yield Fixture(make_temporary_directory(), HttpServer())


def pipe(weir, data, *arguments, status=0):
    return weir.run("weir-feedfilter", "--pipe", *arguments, input=data, status=status)


def verdicts(result):
    return [line for line in result.errors.splitlines() if "event=verdict" in line]


def warnings(result):
    return [line for line in result.errors.splitlines() if "level=warning" in line]


def query(weir, statement):
    with sqlite3.connect(weir.records_feeds) as records:
        return records.execute(statement).fetchall()


def test_spam_is_cut(fixture):
    """The output is the input less the spam items, byte for byte"""
    whole = feed(ITEMS)
    weir = fixture.weir()
    result = pipe(weir, whole)
    assert result.output == without(whole, *SPAM), result.errors
    assert len(verdicts(result)) == len(ITEMS), result.errors
    assert query(weir, "select count(*) from held") == [(len(SPAM),)]
    kept = [bytes(row[0]) for row in query(weir, "select item from held order by id")]
    assert kept == SPAM


def test_nothing_held_is_identity(fixture):
    """A feed without spam comes out as it came in"""
    assert pipe(fixture.weir(), feed(HAM)).output == feed(HAM)


def test_judged_once(fixture):
    """The second poll judges nothing, counts nothing and logs nothing"""
    weir = fixture.weir()
    first = pipe(weir, feed(ITEMS))
    before = query(weir, "select count(*) from history"), query(weir, "select * from judged")
    again = pipe(weir, feed(ITEMS))
    assert again.output == first.output
    assert verdicts(again) == [], again.errors
    weir.configure({"counts": "redis+unix://" + os.path.join(fixture.directory, "nothing.sock")})
    assert pipe(weir, feed(ITEMS)).errors == "", "nothing new needs no store"
    assert (query(weir, "select count(*) from history"), query(weir, "select * from judged")) == before


def test_new_item_only(fixture):
    """In a later version of the feed only what is new is judged"""
    weir = fixture.weir()
    pipe(weir, feed(ITEMS[1:]))
    result = pipe(weir, feed(ITEMS))
    assert len(verdicts(result)) == 1
    assert result.output == without(feed(ITEMS), *SPAM)


def newsboat(fixture, weir, url):
    """Titles that newsboat shows of the feed, through the filter."""
    need_program("newsboat")
    home = os.path.join(fixture.directory, "newsboat%d" % fixture.number())
    os.mkdir(home)
    command = "%s --pipe" % weir.program("weir-feedfilter")
    for name, text in (("urls", "\"filter:%s:%s\"\n" % (command, url)),
                       ("config", "download-retries 1\n")):
        with open(os.path.join(home, name), "w") as file:
            file.write(text)
    subprocess.run(["newsboat", "-x", "reload", "-u", home + "/urls", "-c", home + "/cache.db",
                    "-C", home + "/config"], env=dict(weir.env, HOME=home), check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=PATIENCE_S)
    with sqlite3.connect(home + "/cache.db") as cache:
        return {row[0] for row in cache.execute("select guid from rss_item")}


def test_newsboat_and_release(fixture):
    """newsboat does not see the spam items; one that is released is back"""
    weir = fixture.weir(fixture.taught_store())  # since a release teaches
    fixture.web.documents["/planet.xml"] = ("application/rss+xml", feed(ITEMS))
    url = fixture.web.url + "/planet.xml"
    assert newsboat(fixture, weir, url) == {guid_of(data) for data in HAM}
    first = query(weir, "select id from held order by id")[0][0]
    weir.ctl("held", "release", "f%d" % first)
    assert newsboat(fixture, weir, url) == {guid_of(data) for data in HAM + SPAM[:1]}
    assert pipe(weir, feed(ITEMS)).output == without(feed(ITEMS), SPAM[1])


def newest_terms(weir):
    evidence = query(weir, "select evidence from history order by rowid desc limit 1")[0][0]
    return {term["symbol"]: term["log_odds"] for term in json.loads(evidence)["terms"]}


EDITED = [ITEMS[0], ITEMS[1].replace(b"Instant payout", b"Instant and easy payout")] + ITEMS[2:]


def test_edit_after_release(fixture):
    """An edit is judged again, and a former release speaks for it"""
    weir = fixture.weir(fixture.taught_store())
    pipe(weir, feed(ITEMS), "--feed", "planet")
    first = query(weir, "select id from held order by id")[0][0]
    weir.ctl("held", "release", "f%d" % first)
    result = pipe(weir, feed(EDITED), "--feed", "planet")
    assert len(verdicts(result)) == 1, result.errors
    assert newest_terms(weir)["FORMERLY_RELEASED"] == -2.0


def test_edit_of_held(fixture):
    """An edit of what is held takes its place, and weirctl says that the former is superseded"""
    weir = fixture.weir()
    pipe(weir, feed(ITEMS), "--feed", "planet")
    first = query(weir, "select id from held order by id")[0][0]
    assert pipe(weir, feed(EDITED), "--feed", "planet").output == without(feed(EDITED), EDITED[1],
                                                                         SPAM[1])
    assert "superseded" in weir.ctl("held", "show", "f%d" % first).text()
    listed = weir.ctl("held", "list", "--state", "superseded").text()
    assert listed.count("500 FREE SPINS") == 1, listed


def counts(weir, domain):
    shown = weir.ctl("--json", "reputation", "show", "link-domain", domain).json()
    return shown["ham"], shown["spam"]


def test_release_and_confirm_teach_once(fixture):
    """A release teaches ham once and a confirmation spam once, and the audit tells of both"""
    weir = fixture.weir(fixture.taught_store())
    pipe(weir, feed(ITEMS), "--feed", "planet")
    first, second = ("f%d" % row for row in query(weir, "select id from held order by id"))
    for verb, ident, domain, which in (("release", first, "goldenspin-casino.test", 0),
                                       ("confirm", second, "chi3.test", 1)):
        before = counts(weir, domain)
        weir.ctl("held", verb, ident)
        after = counts(weir, domain)
        gained = [after[n] - before[n] for n in (0, 1)]
        assert gained[which] > 0.9 and gained[1 - which] <= 0, (verb, before, after)
        assert "already" in weir.ctl("held", verb, ident).text()
        assert counts(weir, domain) == after
    done = query(weir, "select what, subject from audit order by id")
    assert done == [("release", first), ("confirm", second)], done
    assert pipe(weir, feed(ITEMS), "--feed", "planet").output == without(feed(ITEMS), SPAM[1])


def test_held_item_is_shown(fixture):
    """weirctl shows what a held item says, read behind the head of its feed, and its bytes"""
    weir = fixture.weir()
    pipe(weir, feed(ITEMS), "--feed", "planet")
    first = "f%d" % query(weir, "select id from held order by id")[0][0]
    shown = weir.ctl("held", "show", first).text()
    assert "\nauthor     casino\n" in shown, shown
    assert "\nlink       http://goldenspin-casino.test/f/77\n" in shown, shown
    assert "\nPlay online slots, roulette and live poker." in shown, shown
    assert shown.endswith(SPAM[0].decode() + "\n"), shown
    told = weir.ctl("--json", "held", "show", first).json()
    assert told["author"] == "casino" and told["text"].startswith("Play online slots"), told
    assert told["item"] == SPAM[0].decode(), told


def test_claimed_name_and_guid(fixture):
    """A feed that claims the name and guids of another reaches nothing of the other's"""
    weir = fixture.weir(fixture.taught_store())
    pipe(weir, feed(ITEMS))
    first, second = (row[0] for row in query(weir, "select id from held order by id"))
    weir.ctl("held", "release", "f%d" % first)
    claimed = feed([EDITED[1], SPAM[1].replace(b"<title>", b"<title>!")])
    assert len(verdicts(pipe(weir, claimed))) == 2
    evidence = query(weir, "select evidence from history order by rowid desc limit 2")
    assert "FORMERLY_RELEASED" not in str(evidence), evidence
    assert query(weir, "select state from held where id = %d" % second) == [(1,)]
    result = pipe(weir, feed(ITEMS))
    assert result.output == without(feed(ITEMS), SPAM[1]) and not verdicts(result), result.errors


LINKING = ["The committee met on Tuesday and %d members spoke about the harbour wall.",
           "Our choir rehearses in hall %d this month, bring the blue folder please.",
           "Seventeen of the %d old lamps in the lane were repaired by the council.",
           "A ferry was late by %d minutes; the crossing was calm and rather foggy."]


def test_mail_teaches_feeds(fixture):
    """A link domain taught as spam by mail sinks a feed item that links to it"""
    weir = fixture.weir(fixture.taught_store(), thresholds={"tag": 0.6, "hold": 0.7})  # 1.5 are 0.82
    text = "<p>Notes about a <a href=\"http://pool.sinking.test/%s\">garden</a> and its bees.</p>"
    data = feed([item("https://garden.example/1", "Bees in autumn", text % "a")])
    assert pipe(weir, data).output == data
    for number, line in enumerate(LINKING * 6):
        message, _ = make_message("Notice %d" % number, line % number +
                                  "\nhttp://pool.sinking.test/%d" % number,
                                  sender="u%d@host%d.test" % (number, number))
        weir.ctl("learn", "spam", "-", input=message)
    fresh = item("https://garden.example/2", "Bees in winter", text % "b")
    result = pipe(weir, feed([fresh]))
    assert result.output == without(feed([fresh]), fresh), result.errors
    assert "REPUTATION_LINK_" in result.errors, result.errors


def test_feeds_teach_mail(fixture):
    """A link domain taught as spam by a feed speaks against mail that links to it"""
    weir = fixture.weir(fixture.taught_store())
    message, _ = make_message("The harbour wall", "Read more at http://deep.sinking.test/mail")

    def terms():
        result = weir.ctl("check", "--json", "-", input=message).json()
        return {term["symbol"]: term["log_odds"] for term in result["terms"]}

    before = terms()
    spam = [item("http://deep.sinking.test/%d" % number, "Item %d" % number, line % number)
            for number, line in enumerate(LINKING * 6)]
    weir.ctl("learn", "spam", "-", input=feed(spam))
    after = terms()
    gained = {name: after[name] - before.get(name, 0) for name in after}
    assert max(gained.get("REPUTATION_LINK_DOMAIN", 0),
               gained.get("REPUTATION_LINK_HOST", 0)) > 0.7, (before, after)


def test_observe(fixture):
    """In mode observe nothing is cut; once the mode is enforce, the spam goes"""
    weir = fixture.weir(feedfilter={"mode": "observe"})
    whole = feed(ITEMS)
    result = pipe(weir, whole)
    assert result.output == whole
    assert len(verdicts(result)) == len(ITEMS)
    assert query(weir, "select count(*) from held") == [(0,)]
    assert query(weir, "select count(*) from history where action = 'hold (observed)'") == [
        (len(SPAM),)]
    assert verdicts(pipe(weir, whole)) == []
    weir.configure({"feedfilter": {"mode": "enforce"}})
    result = pipe(weir, whole)
    assert result.output == without(whole, *SPAM)
    assert len(verdicts(result)) == len(SPAM)


def test_one_guid_for_all(fixture):
    """Items that share a guid are told apart by what they say, at each poll"""
    same = [data.replace(b"<guid>" + guid_of(data).encode(), b"<guid>all") for data in ITEMS]
    spam = [same[1], same[3]]
    weir = fixture.weir()
    for judged in (len(ITEMS), 0):
        result = pipe(weir, feed(same))
        assert result.output == without(feed(same), *spam), result.errors
        assert len(verdicts(result)) == judged


def test_utf16(fixture):
    """A UTF-16 feed is cut as it is"""
    whole = feed(ITEMS).replace(b"UTF-8", b"UTF-16").decode()
    expected = without(feed(ITEMS), *SPAM).replace(b"UTF-8", b"UTF-16").decode()
    for encoding in ("utf-16-le", "utf-16-be"):
        mark = "\ufeff"
        output = pipe(fixture.weir(), (mark + whole).encode(encoding)).output
        assert output == (mark + expected).encode(encoding), encoding


def json_item(data):
    """An item of `feed()` as an object of JSON Feed, with odd blanks and escapes."""
    def between(start, end):
        return html.unescape(data.decode().split(start)[1].split(end)[0])
    return ("{ \"id\" :%s,\n\t\"url\": %s, \"title\": %s,\"content_html\": %s,\n"
            "\"authors\": [{\"name\": %s}] , \"_odd\": [{}, \"},{\", 1e3] }" % tuple(
                json.dumps(between("<%s>" % name, "</%s>" % name))
                for name in ("guid", "link", "title", "description", "dc:creator"))).encode()


def test_json_feed(fixture):
    """A JSON Feed is cut byte for byte: the object, and one comma with the blanks between"""
    items = [json_item(data) for data in ITEMS]
    head = b'{"version": "https://jsonfeed.org/version/1.1",\r\n "title": "Planet", "items": ['
    tail = b' ],  "home_page_url": "https://planet.example.org/" }\n'

    def joined(which):
        return head + b",\n  ".join(which) + tail

    weir = fixture.weir()
    result = pipe(weir, joined(items))
    assert result.output == joined([items[0], items[2], items[4]]), result.output
    kept = [bytes(row[0]) for row in query(weir, "select item from held order by id")]
    assert kept == [items[1], items[3]]
    assert verdicts(pipe(weir, joined(items))) == []
    shown = [each["id"] for each in json.loads(result.output)["items"]]
    assert shown == [guid_of(data) for data in HAM]
    assert pipe(fixture.weir(), joined([items[1]])).output == joined([])


def test_rdf(fixture):
    """An RSS 1.0 item is cut with the rdf:li that names it"""
    def line(data):
        return b"<rdf:li rdf:resource=\"%s\"/>" % guid_of(data).encode()

    items = [data.replace(b"<item>", b"<item rdf:about=\"%s\">" % guid_of(data).encode())
             for data in ITEMS]
    whole = (b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rdf:RDF xmlns=\"http://purl.org/rss/1.0/\""
             b" xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\""
             b" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel><title>Planet</title>"
             b"<items><rdf:Seq>\n " + b"\n ".join(map(line, ITEMS)) +
             b"\n</rdf:Seq></items></channel>\n" + b"\n".join(items) + b"\n</rdf:RDF>\n")
    gone = [items[1], items[3], line(SPAM[0]), line(SPAM[1])]
    result = pipe(fixture.weir(), whole)
    assert result.output == without(whole, *gone), result.output


def test_store_away(fixture):
    """Without the counts store the feed flows, one line says so, and what passed is judged again later"""
    weir = fixture.weir()
    weir.configure({"counts": "redis+unix://" + os.path.join(fixture.directory, "nothing.sock")})
    result = pipe(weir, feed(ITEMS))
    assert result.output == feed(ITEMS) or result.output == without(feed(ITEMS), SPAM[1])
    assert len(warnings(result)) == 1 and "STORE_DOWN" in warnings(result)[0], result.errors
    pipe(weir, feed(ITEMS), "--strict", status=75)
    weir.configure({"counts": fixture.counts.url})
    assert pipe(weir, feed(ITEMS), "--strict").output == without(feed(ITEMS), *SPAM)


def test_records_not_writable(fixture):
    """What cannot be recorded as held is not cut"""
    weir = fixture.weir(records={"feeds": os.path.join(fixture.directory, "no/such/feeds.db")})
    result = pipe(weir, feed(ITEMS))
    assert result.output == feed(ITEMS)
    assert len(verdicts(result)) == len(ITEMS)
    assert len(warnings(result)) == 1 and "no/such/feeds.db" in warnings(result)[0], result.errors
    pipe(weir, feed(ITEMS), "--strict", status=74)


BILLION_LAUGHS = "<!DOCTYPE rss [<!ENTITY a \"ha\">%s]>" % "".join(
    "<!ENTITY %s \"%s\">" % (chr(98 + n), "&%s;" % chr(97 + n) * 10) for n in range(12))
BAD_INPUTS = {
    "empty": b"",
    "blank": b" \n\n",
    "no XML": b"404 page not found\n",
    "JSON that is no feed": b'{"status": 404, "message": "there is no such feed"}',
    "truncated JSON": b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1"',
    "NUL bytes": b"\0" * 5000,
    "random bytes": hashlib.sha512(b"weir").digest() * 40,
    "no feed": b"<html><head><title>Not found</title></head><body/></html>",
    "truncated": feed(ITEMS)[:len(HEAD) + 60],
    "billion laughs": BILLION_LAUGHS.encode() + b"<rss><channel><item><title>&m;</title></item>"
                      b"</channel></rss>",
    "external entity": b"<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
                       b"<rss><channel><item><title>&x;</title></item></channel></rss>",
    "external entity over the network": b"<!DOCTYPE rss [<!ENTITY x SYSTEM \"URL/xxe\">]><rss>"
                                        b"<channel><item><title>&x;</title></item></channel></rss>",
    "UTF-7": b"<?xml version=\"1.0\" encoding=\"UTF-7\"?>+ADw-rss/+AD4-",
    "item without end": b"<rss><channel><item>1<item>2</item></channel></rss>",
    "nested": b"<rss><channel><item>" + b"<a>" * 100000,
}


def test_bad_inputs(fixture):
    """What is no usable feed passes unchanged, with one line, and 65 only with --strict"""
    weir = fixture.weir()
    for name, data in BAD_INPUTS.items():
        data = data.replace(b"URL", fixture.web.url.encode())
        result = pipe(weir, data)
        assert result.output == data, name
        assert len(warnings(result)) == 1 and "FEED_UNPARSED" in warnings(result)[0], (
            name, result.errors)
        pipe(weir, data, "--strict", status=65)
    assert "/xxe" not in fixture.web.requests


def test_broken_feeds_are_judged(fixture):
    """Wrong encodings, bare ampersands, control characters, a cut end: judged, and cut by bytes"""
    whole = feed(ITEMS)
    broken = {
        "encoding": whole.replace(b"UTF-8", b"ISO-8859-1"),
        "no such encoding": whole.replace(b"UTF-8", b"x-klingon"),
        "bytes that are no UTF-8": whole.replace(b"drawings", b"draw\xe9ings"),
        "bare ampersand": whole.replace(b"&amp; drawings", b"& drawings"),
        "control characters": whole.replace(b"drawings", b"draw\x01\x02ings"),
        "truncated": whole[:whole.index(HAM[2]) + 80],
    }
    for name, data in broken.items():
        result = pipe(fixture.weir(), data)
        assert result.output == without(data, *SPAM), (name, result.errors)
        assert len(warnings(result)) == 1 and "not well-formed" in warnings(result)[0], (
            name, result.errors)


def test_blanks_before_the_declaration(fixture):
    """Blank lines before the XML declaration are forgiven"""
    data = b"\n\n  " + feed(ITEMS)
    assert pipe(fixture.weir(), data).output == without(data, *SPAM)


def test_larger_than_the_limit(fixture):
    """200 MB stream through unchanged in bounded memory"""
    weir = fixture.weir()
    piece = os.urandom(1 << 20)
    sent, received = hashlib.sha256(), hashlib.sha256()
    process = subprocess.Popen([weir.program("weir-feedfilter"), "--pipe"], env=weir.env, cwd="/",
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)

    def write():
        with process.stdin:
            for data in [feed(ITEMS)] + [piece] * 200:
                sent.update(data)
                process.stdin.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    while True:
        data = process.stdout.read(1 << 20)
        if not data:
            break
        received.update(data)
    writer.join()
    errors = process.stderr.read().decode()
    process.stdout.close()
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    note_sanitizer("weir-feedfilter", errors)
    assert process.returncode == 0, errors
    assert received.digest() == sent.digest()
    assert errors.count("\n") == 1 and "larger than 64 MiB" in errors, errors
    # 64 MiB are held, and sanitizers keep what was freed.
    assert usage.ru_maxrss < 400 * 1024, usage.ru_maxrss


def test_reader_goes_away(fixture):
    """A reader that closes the pipe is not complained of"""
    weir = fixture.weir()
    process = subprocess.Popen([weir.program("weir-feedfilter"), "--pipe"], env=weir.env, cwd="/",
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdout.close()
    _, errors = process.communicate(feed(HAM), timeout=PATIENCE_S)
    note_sanitizer("weir-feedfilter", errors.decode())
    assert process.returncode == 74, errors
    assert b"written" not in errors and b"Broken pipe" not in errors, errors


def test_configuration(fixture):
    """A wrong configuration stops nothing; with --strict it shows"""
    weir = fixture.weir()
    with open(weir.config_path, "a") as file:
        file.write("no-such-setting = 1\n")
    result = pipe(weir, feed(ITEMS))
    assert result.output == feed(ITEMS)
    assert "weir.conf:" in warnings(result)[0], result.errors
    pipe(weir, feed(ITEMS), "--strict", status=78)
    pipe(weir, feed(ITEMS), "--config", "/no/such/file", "--strict", status=78)


def test_usage(fixture):
    """Wrong usage is 64; --help and --version are answered"""
    weir = fixture.weir()
    for arguments in (["--feed", "x"], ["--no-such-option"], ["--pipe", "argument"],
                      ["--pipe", "--feed", ""]):
        weir.run("weir-feedfilter", *arguments, status=64)
    assert "--pipe" in weir.run("weir-feedfilter", "--help").text()
    assert weir.run("weir-feedfilter", "--version").text().startswith("weir-feedfilter ")


def test_feed_name(fixture):
    """--feed names the feed in the records"""
    weir = fixture.weir()
    pipe(weir, feed(ITEMS), "--feed", "planet")
    pipe(weir, feed(ITEMS))
    names = query(weir, "select distinct sender from history order by sender")
    assert names == [("https://planet.example.org/",), ("planet",)], names


def test_passwords_are_told_nobody(fixture):
    """User and password in --feed, or in the feed's own address, stand in no record and no log"""
    weir = fixture.weir()
    link = (b"<atom:link rel=\"self\" href=\"https://ann:hush@own.example/f\""
            b" xmlns:atom=\"http://www.w3.org/2005/Atom\"/>")
    own = feed(ITEMS).replace(b"<channel>", b"<channel>" + link)
    assert own != feed(ITEMS)
    told = [pipe(weir, feed(ITEMS), "--feed", "https://ann:hush@h.example/f"), pipe(weir, own),
            pipe(weir, b"<rss", "--feed", "https://ann:hush@h.example/f")]
    assert not any("hush" in result.errors for result in told), [r.errors for r in told]
    names = query(weir, "select distinct sender from history order by sender")
    assert names == [("https://h.example/f",), ("https://own.example/f",)], names
    with open(weir.records_feeds, "rb") as records:
        assert b"hush" not in records.read()


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
