"""Feeds that are subscribed to while weir runs: weirctl feeds, OPML in and out, and what readers get."""

import contextlib
import gzip
import json
import os
import sqlite3
import subprocess
import time
import xml.etree.ElementTree

from gateway import get
from sample_feeds import HAM, ITEMS, SPAM, feed, guid_of, without
from servers import (PATIENCE_S, Weir, counts_store, make_temporary_directory, need_program, run,
                     wait_for)
from upstream import Document, Upstream

FOLLOWED_S = 20  # a second, but for sanitizers and a busy machine
GOOD = without(feed(ITEMS), *SPAM)


class Fixture:
    def __init__(self, directory):
        self.directory, self.count = directory, 0
        self.upstream = Upstream()
        self.counts = counts_store(directory)
        Weir(directory, self.counts.url, "teacher").learn_samples()

    def weir(self, start=True, **settings):
        self.count += 1
        weir = Weir(self.directory, self.counts.url, "feeds%d" % self.count,
                    {"cold-lessons": 10, "thresholds": {"hold": 0.85}})
        weir.configure({"feedfilter": {"upstream-networks": ["127.0.0.0/8"], "poll": "1s",
                                       "poll-min": "1s", "fetch-timeout": "5s"}})
        weir.configure(settings)
        if start:
            weir.start_feeds()
        return weir

    def document(self, name, body=None):
        """The URL of a document that upstream has from now on."""
        self.upstream.documents["/" + name] = Document(body or feed(ITEMS))
        return self.upstream.url + "/" + name


def setup():
    yield Fixture(make_temporary_directory())


def listed(weir):
    """{name: what weirctl says of it}"""
    lines = weir.ctl("--json", "feeds", "list").text().splitlines()
    return {entry["name"]: entry for entry in map(json.loads, lines)}


def wait_served(weir, name, body=GOOD):
    wait_for(lambda: get(weir, "/f/" + name).body == body, "%s is served" % name, FOLLOWED_S)


def opml(*outlines):
    return ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\"><head/><body>\n" +
            "\n".join(outlines) + "\n</body></opml>\n").encode()


def outline(title, url, more=""):
    return "<outline type=\"rss\" text=\"%s\" xmlUrl=\"%s\"%s/>" % (title, url, more)


def write(weir, name, data):
    path = os.path.join(weir.directory, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def urls_of(data):
    return [element.get("xmlUrl") for element in xml.etree.ElementTree.fromstring(data).iter("outline")
            if element.get("xmlUrl")]


def audit(weir):
    with sqlite3.connect(weir.records_feeds) as records:
        return [row[0] for row in records.execute(
            "select what || ' ' || subject from audit order by id")]


def test_added_and_removed_while_it_runs(fixture):
    """A feed that is added is served less its spam, and one that is removed is not found"""
    weir = fixture.weir()
    assert get(weir, "/f/planet").status == 404
    said = weir.ctl("feeds", "add", "planet", fixture.document("a"), "--title", "Planet of notes")
    assert said.text() == "planet is subscribed to: %s/f/planet\n" % weir.feeds_url, said.text()
    wait_served(weir, "planet")
    wait_for(lambda: listed(weir)["planet"]["held"] == 2, "its state is told", FOLLOWED_S)
    told = listed(weir)["planet"]
    assert (told["state"], told["items"], told["place"]) == ("ok", 5, ""), told
    assert told["checked_s"] > time.time() - 600 and told["title"] == "Planet of notes", told
    assert "planet  ok  " in weir.ctl("feeds", "list").text()
    weir.ctl("feeds", "remove", "planet")
    wait_for(lambda: get(weir, "/f/planet").status == 404, "it is gone", FOLLOWED_S)
    assert not listed(weir)
    assert audit(weir)[:2] == ["add feed planet", "remove feed planet"], audit(weir)
    assert weir.feeds.stop() == 0


def test_many_removed_at_once(fixture):
    """One command removes many feeds in one step, less those it cannot, of which it says why"""
    weir = fixture.weir(**{"feed fixed": {"url": fixture.document("rf")}})
    names = ["many-%d" % number for number in range(20)]
    outlines = [outline(name, fixture.document("r" + name)) for name in names]
    weir.ctl("feeds", "import", write(weir, "many.opml", opml(*outlines)))
    wait_served(weir, "many-19")
    changes = weir.feeds.log().count("feeds-changed")
    said = weir.ctl("feeds", "remove", *names[:10], "nobody", "fixed", *names[10:19], status=65)
    assert said.text() == "".join("%s is no longer subscribed to\n" % name for name in names[:19])
    assert "there is no feed \"nobody\"\n" in said.errors and "\"fixed\" is configured at " in said.errors
    assert said.errors.count("\n") == 2, said.errors
    wait_for(lambda: get(weir, "/f/many-18").status == 404, "they are gone", FOLLOWED_S)
    wait_for(lambda: weir.feeds.log().count("feeds-changed") > changes, "it says so", FOLLOWED_S)
    time.sleep(1)  # it looks five times a second
    assert weir.feeds.log().count("feeds-changed") == changes + 1, weir.feeds.log()[-3000:]
    assert sorted(listed(weir)) == ["fixed", "many-19"], listed(weir)
    assert audit(weir)[-19:] == ["remove feed " + name for name in names[:19]], audit(weir)
    assert weir.feeds.stop() == 0


def test_changed_while_it_runs(fixture):
    """What is named of a feed is changed, and the rest stays; what cannot be costs one line"""
    weir = fixture.weir()
    weir.ctl("feeds", "add", "planet", fixture.document("e"), "--title", "Planet of notes")
    wait_served(weir, "planet")
    weir.ctl("feeds", "change", "planet", "--mode", "pass", "--category", "News")
    wait_served(weir, "planet", feed(ITEMS))
    told = listed(weir)["planet"]
    assert (told["title"], told["category"], told["mode"]) == ("Planet of notes", "News", "pass"), told
    weir.ctl("feeds", "change", "planet", "--url", fixture.document("f", feed(ITEMS[:1])),
             "--title", "", "--category", "")
    wait_served(weir, "planet", feed(ITEMS[:1]))
    told = listed(weir)["planet"]
    assert (told["title"], told["category"]) == ("planet", ""), told
    for status, words, expected in (
            (64, ["planet"], "nothing is to be changed"), (64, ["planet", "--mode", "x"], "--mode is"),
            (65, ["other", "--mode", "tag"], "feed other: there is no feed \"other\""),
            (65, ["planet", "--url", "x"], "its URL is no http or https URL")):
        refused = weir.ctl("feeds", "change", *words, status=status).errors
        assert expected in refused and refused.count("\n") == 1, refused
    assert audit(weir)[:3] == ["add feed planet", "change feed planet", "change feed planet"]
    assert weir.feeds.stop() == 0


def test_kept_over_a_restart(fixture):
    """What was added is there after a restart, from the kept copy, while upstream is away"""
    weir = fixture.weir()
    weir.ctl("feeds", "add", "planet", fixture.document("b"))
    wait_served(weir, "planet")
    assert weir.feeds.stop() == 0
    assert listed(weir)["planet"]["state"] == "stopped", listed(weir)
    fixture.document("b", b"gone")
    weir.start_feeds()
    assert get(weir, "/f/planet").body == GOOD
    assert weir.feeds.stop() == 0


def test_trouble_is_listed(fixture):
    """What is wrong with a feed stands in the list of feeds"""
    weir = fixture.weir()
    weir.ctl("feeds", "add", "broken", fixture.upstream.url + "/nothing")
    wait_for(lambda: listed(weir)["broken"]["state"] == "failing", "it fails", FOLLOWED_S)
    assert listed(weir)["broken"]["trouble"] == "127.0.0.1: it answered 404", listed(weir)
    assert "127.0.0.1: it answered 404" in weir.ctl("feeds", "list").text()
    assert weir.feeds.stop() == 0


def test_configured_ones(fixture):
    """Feeds of weir.conf are listed with their place, and neither added again nor removed"""
    url = fixture.document("c")
    weir = fixture.weir(**{"feed fixed": {"url": url}})
    place = listed(weir)["fixed"]["place"]
    assert place.startswith(weir.config_path + ":"), place
    lines = open(weir.config_path).read().splitlines()
    assert "}" in lines[int(place.rsplit(":", 1)[1]) - 1], place
    refused = weir.ctl("feeds", "remove", "fixed", status=65).errors
    assert refused == "weirctl: \"fixed\" is configured at %s: take it out there, and reload " \
                      "weir-feedfilter\n" % place, refused
    refused = weir.ctl("feeds", "add", "fixed", "http://x.example/", status=65).errors
    assert "\"fixed\" is configured at " in refused, refused
    refused = weir.ctl("feeds", "add", "other", url, status=65).errors
    assert "subscribed to already, as \"fixed\"" in refused, refused
    assert get(weir, "/f/fixed").body == GOOD
    assert weir.feeds.stop() == 0


def test_secret_ones(fixture):
    """Of feeds in the feeds-file the name is known, and the URL to nobody"""
    weir = fixture.weir(start=False)
    path = write(weir, "feeds.conf", b'feed "hidden" { url = "%s?key=secret" }\n'
                 % fixture.document("d").encode())
    fixture.upstream.documents["/d?key=secret"] = Document(feed(ITEMS))
    weir.configure({"feedfilter": {"feeds-file": path}})
    weir.start_feeds()
    wait_for(lambda: "hidden" in listed(weir), "it is listed", FOLLOWED_S)
    assert listed(weir)["hidden"]["url"] == "" and "feeds.conf:1" in listed(weir)["hidden"]["place"]
    refused = weir.ctl("feeds", "add", "hidden", "http://x.example/", status=65).errors
    assert "is configured at " in refused, refused
    exported = weir.ctl("feeds", "export")
    assert not urls_of(exported.output) and "1 left out" in exported.errors, exported.errors
    with open(weir.records_feeds, "rb") as records:
        assert b"secret" not in records.read()
    assert weir.feeds.stop() == 0


def test_a_password_is_never_shown(fixture):
    """User and password of an added feed are used, and neither listed nor exported"""
    weir = fixture.weir()
    url = fixture.document("private").replace("http://", "http://ann:hush@")
    weir.ctl("feeds", "add", "private", url)
    wait_served(weir, "private")
    asked = fixture.upstream.asked("/private")[0].headers
    assert asked["Authorization"] == "Basic YW5uOmh1c2g=", asked
    exported = weir.ctl("feeds", "export")
    assert "passwords of 1 left out" in exported.errors, exported.errors
    for text in (exported.text(), weir.ctl("--json", "feeds", "list").text(),
                 weir.ctl("feeds", "list").text(), weir.feeds.log()):
        assert "hush" not in text and "ann:" not in text, text
    assert weir.feeds.stop() == 0


def test_a_password_stays_on_its_host(fixture):
    """With another address on the same host user and password are kept; of another host they are not told,
    and that is said; an empty user is none"""
    weir = fixture.weir()
    url = fixture.document("one").replace("http://", "http://ann:hush@")
    weir.ctl("feeds", "add", "one", url)
    wait_served(weir, "one")

    def asked(name, **words):
        """What the site is asked with once the address is that."""
        plain = fixture.document(name)
        done = weir.ctl("feeds", "change", "one", "--url", words.get("url", plain))
        assert done.text() == "one is changed\n", done.text()
        wait_for(lambda: fixture.upstream.asked("/" + name), "it is asked for", FOLLOWED_S)
        return fixture.upstream.asked("/" + name)[0].headers.get("Authorization"), done.errors

    ours = "Basic YW5uOmh1c2g="
    assert asked("two") == (ours, "")
    longest = weir.ctl("feeds", "change", "one", "--url", fixture.document("x").ljust(4094, "x"), status=65)
    assert "longer than 4096 characters" in longest.errors, "with the user and password that are kept"
    there = Upstream("127.0.0.2")
    there.documents["/f"] = Document(feed(ITEMS))
    weir.configure({"feedfilter": {"upstream-networks": ["127.0.0.0/8"]}})
    done = weir.ctl("feeds", "change", "one", "--url", there.url + "/f")
    assert done.errors == ("weirctl: feed one: its user and password are not told to another host: give them "
                           "in the URL if that asks for some\n"), done.errors
    wait_for(lambda: there.asked("/f"), "it is asked for", FOLLOWED_S)
    assert "Authorization" not in there.asked("/f")[0].headers
    assert asked("three") == (None, "")
    assert asked("four", url=fixture.document("four").replace("//", "//ann:hush@")) == (ours, "")
    assert asked("five", url=fixture.document("five").replace("//", "//@")) == (None, "")
    weir.ctl("feeds", "change", "one", "--url", fixture.document("six").replace("http://", "https://ann:hush@"))
    plain, errors = asked("six")
    assert plain is None and errors == (
        "weirctl: feed one: its user and password are not told over http, where anybody on the way can read "
        "them: give them in the URL if they are to be\n"), (plain, errors)
    assert "@" not in weir.ctl("--json", "feeds", "list").text()
    with contextlib.closing(sqlite3.connect(weir.records_feeds)) as records, records:
        records.execute("UPDATE feeds SET url = 'ann:hush@nowhere'")
    assert asked("seven") == (None, "")
    assert weir.feeds.stop() == 0


def test_what_cannot_be_added(fixture):
    """Names and URLs are checked as those of weir.conf are, with one line each"""
    weir = fixture.weir()
    for name, url, expected in (
            ("a/b", "http://x.example/", "\"a/b\" is no name: 1 to 64 letters"),
            ("x", "ftp://x.example/", "its URL is no http or https URL"),
            ("x", "http://x.example:99999/", "its URL has no port from 1 to 65535"),
            ("x", "http://пример.example/", "its URL names a host in letters that are not ASCII"),
            ("x", "http://x.example/" + "y" * 5000, "its URL is longer than 4096 characters")):
        refused = weir.ctl("feeds", "add", name, url, status=65).errors
        assert expected in refused and refused.count("\n") == 1, refused
    weir.ctl("feeds", "add", "x", "http://x.example/", "--mode", "drop", status=64)
    weir.ctl("feeds", "remove", "x", status=65)
    assert not listed(weir)
    assert weir.feeds.stop() == 0
    fresh = fixture.weir(start=False)
    refused = fresh.ctl("feeds", "add", "x", "http://x.example/", status=74).errors
    assert "weir-feedfilter makes it when it starts" in refused, refused


def test_import(fixture):
    """OPML is imported with its folders; its titles become names; what is there is passed over"""
    weir = fixture.weir()
    first, second, third = (fixture.document(name) for name in ("i1", "i2", "i3"))
    path = write(weir, "list.opml", opml(
        "<outline text=\"News\"><outline text=\"Science\">",
        outline("Planet of Notes!", first), outline("Planet of Notes!", second), "</outline>",
        outline("科学新闻", third + "?x=1&amp;y=2"), outline("Again", first), "</outline>"))
    said = weir.ctl("feeds", "import", path)
    assert said.text() == "3 feeds added, 1 passed over, 0 bad\n", said.text()
    assert said.errors == ("weirctl: %s:8: is subscribed to already, as \"planet-of-notes\"; "
                           "passed over\n" % path), said.errors
    feeds = listed(weir)
    assert set(feeds) == {"planet-of-notes", "planet-of-notes-2", "127.0.0.1"}, feeds
    assert feeds["planet-of-notes"]["category"] == "News/Science", feeds
    assert feeds["127.0.0.1"]["url"] == third + "?x=1&y=2"
    assert feeds["127.0.0.1"]["title"] == "科学新闻" and feeds["127.0.0.1"]["category"] == "News"
    wait_served(weir, "planet-of-notes-2")
    again = weir.ctl("feeds", "import", path)
    assert again.text() == "0 feeds added, 4 passed over, 0 bad\n", again.text()
    assert weir.feeds.stop() == 0


def test_import_of_raw_ampersands(fixture):
    """An '&' that is no reference stands for itself, which one line says; nothing behind it is lost"""
    weir = fixture.weir()
    first, second = fixture.document("r1"), fixture.document("r2")
    path = write(weir, "raw.opml", opml(
        outline("Tea & Cake &amp; &#65;", first + "?a=1&b=2&copy;"), outline("Behind", second)))
    said = weir.ctl("feeds", "import", path)
    assert said.text() == "2 feeds added, 0 passed over, 0 bad\n", said.text()
    assert said.errors == ("weirctl: %s:3: an '&' that should be written '&amp;' is taken for itself\n"
                           % path), said.errors
    feeds = listed(weir)
    assert [(feed["title"], feed["url"]) for feed in feeds.values()] == [
        ("Tea & Cake & A", first + "?a=1&b=2&copy;"), ("Behind", second)], feeds
    assert weir.feeds.stop() == 0


def test_import_of_ampersands_that_are_no_references(fixture):
    """Comments, CDATA and processing instructions may hold any '&': nothing is said of those"""
    weir = fixture.weir()
    path = write(weir, "fine.opml", opml(
        "<!-- Tea & Cake, <outline/> & more --><?other a & b?>", "<![CDATA[ R&D <!-- & ]]>",
        outline("Fine", fixture.document("c1"))))
    said = weir.ctl("feeds", "import", path)
    assert (said.text(), said.errors) == ("1 feed added, 0 passed over, 0 bad\n", ""), (said.text(), said.errors)
    path = write(weir, "raw.opml", opml("<!-- & -->", "<![CDATA[ & ]]>",
                                        outline("Tea & Bun", fixture.document("c2"))))
    assert ":5: an '&'" in weir.ctl("feeds", "import", path).errors
    assert listed(weir)["tea-bun"]["title"] == "Tea & Bun", listed(weir)
    assert weir.feeds.stop() == 0


def test_export(fixture):
    """What is exported is imported by another gateway as it was"""
    weir, other = fixture.weir(), fixture.weir()
    path = write(weir, "list.opml", opml(
        "<outline text=\"A &amp; B\">", outline("One &lt;1&gt;", fixture.document("e1")),
        "</outline>", outline("Two", fixture.document("e2") + "?a=1&amp;b=&quot;2&quot;")))
    weir.ctl("feeds", "import", path)
    out = os.path.join(weir.directory, "out.opml")
    weir.ctl("feeds", "export", out)
    assert weir.ctl("feeds", "export").output == open(out, "rb").read()
    other.ctl("feeds", "import", out)
    keys = ("name", "url", "title", "category", "mode")
    assert ([[feed[key] for key in keys] for feed in listed(weir).values()] ==
            sorted(([feed[key] for key in keys] for feed in listed(other).values()),
                   key=lambda row: row[0] != "one-1")), (listed(weir), listed(other))
    assert weir.feeds.stop() == 0 and other.feeds.stop() == 0


def test_nothing_half_imported(fixture):
    """A list with something bad in it adds nothing, with a line for each; --partial the rest"""
    weir = fixture.weir()
    good = fixture.document("p1")
    path = write(weir, "list.opml", opml(
        outline("Good", good), outline("Bad", "javascript:alert(1)"),
        "<outline type=\"rss\" text=\"None\"/>", "<outline text=\"only a folder\"/>",
        outline("File", "file:///etc/passwd")))
    expected = ["weirctl: %s:4: its URL is no http or https URL (blanks are written %%20)" % path,
                "weirctl: %s:5: has no xmlUrl" % path,
                "weirctl: %s:7: its URL is no http or https URL (blanks are written %%20)" % path]
    said = weir.ctl("feeds", "import", path, status=65)
    assert said.errors.splitlines() == expected, said.errors
    assert not listed(weir) and not audit(weir)
    said = weir.ctl("feeds", "import", "--dry-run", "--partial", path, status=65)
    assert said.text() == "1 feed would be added, 0 passed over, 3 bad\n" and not listed(weir)
    said = weir.ctl("feeds", "import", "--partial", path, status=65)
    assert said.errors.splitlines() == expected and set(listed(weir)) == {"good"}, said.errors
    assert weir.feeds.stop() == 0


def test_bad_lists(fixture):
    """What is no OPML says so in one line, with the line where it ends, and adds nothing"""
    weir = fixture.weir()
    url = fixture.document("q")
    deep = "".join("<outline text=\"%d\">" % n for n in range(300))
    entities = ("<!DOCTYPE opml [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>"
                "<opml><body><outline text=\"&b;\" xmlUrl=\"http://x.example/\"/></body></opml>")
    for data, expected in (
            (b"", ": line 1: it is empty"), (b"<html><body/></html>", "is no OPML"),
            (b"\0\1\2\3", ": line 1"), (entities.encode(), "declares entities"),
            (opml(outline("A", url), "<outline text=\"x < y\" xmlUrl=\"http://x.example/\"/>"),
             ": line 4: "),
            (opml(outline("A", url))[:-20], ": line "), (opml(deep), ": line 3: "),
            (b"<opml><outline " + b" ".join(b"a%d=\"\"" % n for n in range(6000)) + b"/></opml>",
             "more than 5000 attributes"),
            (b"<opml>" + b" " * (33 << 20) + b"</opml>", "larger than 32 MiB")):
        path = write(weir, "bad.opml", data)
        said = weir.ctl("feeds", "import", path, status=65)
        assert expected in said.errors and said.errors.count("\n") == 1, (data[:80], said.errors)
        assert not listed(weir), data[:80]
    weir.ctl("feeds", "import", os.path.join(weir.directory, "none"), status=66)
    assert weir.feeds.stop() == 0


def test_other_encodings(fixture):
    """OPML is read in the encoding that it declares"""
    weir = fixture.weir()
    text = opml(outline("新闻", fixture.document("g1")), outline("Año Nuevo", fixture.document("g2")))
    weir.ctl("feeds", "import", write(weir, "u.opml", text.decode().replace(
        "UTF-8", "UTF-16").encode("utf-16")))
    assert [feed["title"] for feed in listed(weir).values()] == ["新闻", "Año Nuevo"], listed(weir)
    gbk = opml(outline("科技", fixture.document("g3"))).decode().replace("UTF-8", "GBK").encode("gbk")
    weir.ctl("feeds", "import", write(weir, "g.opml", gbk))
    assert [feed["title"] for feed in listed(weir).values()][2] == "科技", listed(weir)
    assert weir.feeds.stop() == 0


def add_reader(weir, name):
    """The start of the addresses of a new reader."""
    said = weir.ctl("feeds", "reader", "add", name).text()
    first = said.splitlines()[0]
    assert first.startswith(weir.feeds_url + "/r/") and first.endswith("/opml"), said
    return first[len(weir.feeds_url):-len("/opml")]


def test_opml_of_the_gateway(fixture):
    """/opml lists the feeds with the gateway's addresses, in their folders; compressed for who asks"""
    weir = fixture.weir(**{"feed fixed": {"url": fixture.document("o1")}})
    weir.ctl("feeds", "add", "sea", fixture.document("o2"), "--title", "Sea & <Sky>", "--category",
             "Notes/Water")
    wait_served(weir, "sea")
    answer = get(weir, "/opml")
    assert answer.headers["Content-Type"].startswith("text/x-opml"), answer.headers
    assert answer.headers["Cache-Control"] == "no-cache"
    assert urls_of(answer.body) == [weir.feeds_url + "/f/fixed", weir.feeds_url + "/f/sea"]
    tree = xml.etree.ElementTree.fromstring(answer.body)
    inner = tree.find("body/outline[@text='Notes']/outline[@text='Water']/outline")
    assert inner.get("title") == "Sea & <Sky>", answer.text()
    assert get(weir, "/opml", If_None_Match=answer.headers["ETag"]).status == 304
    packed = get(weir, "/opml", Accept_Encoding="gzip")
    assert gzip.decompress(packed.body) == answer.body
    assert fixture.upstream.url not in answer.text()
    assert weir.feeds.stop() == 0


def test_newsboat_imports_it(fixture):
    """newsboat takes the feeds from /opml, and reads them less their spam"""
    need_program("newsboat")
    weir = fixture.weir()
    weir.ctl("feeds", "add", "planet", fixture.document("n1"))
    wait_served(weir, "planet")
    home = os.path.join(weir.directory, "newsboat")
    os.mkdir(home)
    for name in ("urls", "config"):
        open(os.path.join(home, name), "w").close()
    listed_at = write(weir, "gateway.opml", get(weir, "/opml").body)
    words = ["newsboat", "-u", home + "/urls", "-c", home + "/cache.db", "-C", home + "/config"]
    env = dict(os.environ, HOME=home)
    for more in (["-i", listed_at], ["-x", "reload"]):
        subprocess.run(words + more, env=env, check=True, timeout=PATIENCE_S,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    with sqlite3.connect(home + "/cache.db") as cache:
        guids = {row[0] for row in cache.execute("select guid from rss_item")}
    assert guids == {guid_of(data) for data in HAM}, guids
    assert weir.feeds.stop() == 0


SELF = (b"<?xml version=\"1.0\" encoding=\"%s\"?><feed xmlns=\"http://www.w3.org/2005/Atom\">"
        b"<title>Own</title><id>urn:own</id><link rel=\"self\" href=\"http://up.example/a?b&amp;c\"/>"
        b"<updated>2026-11-01T00:00:00Z</updated><entry><title>One</title><id>urn:1</id>"
        b"<updated>2026-11-01T00:00:00Z</updated><content>it is at SELF/f/own</content></entry></feed>")


def own_feed(encoding="UTF-8"):
    return (SELF % encoding.encode()).decode().encode(encoding)


def test_readers_of_their_own(fixture):
    """A feed for some is found with their tokens only, and names their own addresses"""
    weir = fixture.weir()
    ann, bob = add_reader(weir, "ann"), add_reader(weir, "bob")
    refused = weir.ctl("feeds", "reader", "add", "ann", status=65).errors
    assert refused == "weirctl: there is a reader \"ann\" already\n", refused
    refused = weir.ctl("feeds", "add", "x", "http://x.example/", "--readers", "carl",
                       status=65).errors
    assert "there is no reader \"carl\"" in refused, refused
    weir.ctl("feeds", "add", "open", fixture.document("r1"))
    weir.ctl("feeds", "add", "own", fixture.document("r2", own_feed()), "--readers", "ann,bob",
             "--title", "The private one")
    weir.ctl("feeds", "add", "anns", fixture.document("r3"), "--readers", "ann")
    wait_for(lambda: get(weir, ann + "/f/own").status == 200, "ann reads it", FOLLOWED_S)
    wait_for(lambda: get(weir, ann + "/f/anns").body == GOOD, "ann reads hers", FOLLOWED_S)
    wait_served(weir, "open")

    def expected(prefix):
        return own_feed().replace(b"http://up.example/a?b&amp;c",
                                  (weir.feeds_url + prefix + "/f/own").encode())
    for prefix in (ann, bob, ann):
        answer = get(weir, prefix + "/f/own")
        assert answer.body == expected(prefix), answer.text()
        assert answer.headers["Cache-Control"] == "private, no-cache", answer.headers
        packed = get(weir, prefix + "/f/own", Accept_Encoding="gzip")
        assert gzip.decompress(packed.body) == expected(prefix)
        assert get(weir, prefix + "/f/own", If_None_Match=answer.headers["ETag"]).status == 304
    assert get(weir, ann + "/f/open").headers["Cache-Control"] == "private, no-cache"
    assert get(weir, "/f/open").headers["Cache-Control"] == "no-cache"
    held = get(weir, ann + "/q/anns")
    assert (weir.feeds_url + ann + "/q/anns").encode() in held.body, held.text()

    wrong = ann[:-1] + ("y" if ann[-1] == "x" else "x")
    lost = get(weir, "/f/nothing")
    for path in ("/f/own", "/q/own", bob + "/f/anns", bob + "/q/anns", wrong + "/f/open",
                 wrong + "/opml", ann + "/health", ann + "/f/nothing", ann):
        answer = get(weir, path)
        assert (answer.status, answer.body) == (404, lost.body), (path, answer.status)
        assert sorted(answer.headers.keys()) == sorted(lost.headers.keys())
    assert urls_of(get(weir, "/opml").body) == [weir.feeds_url + "/f/open"]
    assert urls_of(get(weir, bob + "/opml").body) == [
        weir.feeds_url + bob + "/f/open", weir.feeds_url + bob + "/f/own"]
    health = get(weir, "/health").text()
    assert "own" not in health.replace("unknown", "") and "anns" not in health, health

    weir.ctl("feeds", "reader", "remove", "bob")
    wait_for(lambda: get(weir, bob + "/f/own").status == 404, "bob is out", FOLLOWED_S)
    assert get(weir, ann + "/f/own").status == 200
    assert [line["name"] for line in map(json.loads, weir.ctl(
        "--json", "feeds", "reader", "list").text().splitlines())] == ["ann"]
    assert audit(weir)[:2] == ["add reader ann", "add reader bob"], audit(weir)
    with open(weir.records_feeds, "rb") as records, open(weir.records_feeds + "-wal", "rb") as wal:
        stored = records.read() + wal.read()
    for prefix in (ann, bob):
        token = prefix[len("/r/"):]
        assert len(token) == 32 and token not in weir.feeds.log() and token.encode() not in stored
    assert " path=/r/-/f/own " in weir.feeds.log()
    assert weir.feeds.stop() == 0


def test_own_addresses_in_wide_characters(fixture):
    """In a feed of two-byte characters, too, a reader's address is its own, and no byte else changes"""
    for encoding in ("utf-16-le", "utf-16-be"):
        weir = fixture.weir()
        ann = add_reader(weir, "ann")
        mark = "\ufeff".encode(encoding)
        whole = mark + (SELF % b"UTF-16").decode().encode(encoding)
        weir.ctl("feeds", "add", "own", fixture.document("w-" + encoding, whole))
        own = weir.feeds_url + ann + "/f/own"
        wait_for(lambda: get(weir, ann + "/f/own").status == 200, "it is there", FOLLOWED_S)
        assert get(weir, ann + "/f/own").body == whole.replace(
            "http://up.example/a?b&amp;c".encode(encoding), own.encode(encoding))
        assert weir.feeds.stop() == 0


def test_readers_of_configured_feeds(fixture):
    """A configured feed can be for some readers, who come and go while weir runs"""
    weir = fixture.weir(**{"feed fixed": {"url": fixture.document("s1"), "readers": ["ann"]}})
    assert get(weir, "/f/fixed").status == 404
    ann = add_reader(weir, "ann")
    wait_for(lambda: get(weir, ann + "/f/fixed").body == GOOD, "ann reads it", FOLLOWED_S)
    assert get(weir, "/f/fixed").status == 404 and listed(weir)["fixed"]["readers"] == "ann"
    assert weir.feeds.stop() == 0


def test_a_hundred_thousand_lines(fixture):
    """Of a list of 100,000 feeds nothing is added when its last line is bad; more cannot be added"""
    weir = fixture.weir(start=False)
    weir.start_feeds()
    weir.feeds.stop()
    lines = [outline("The same", "http://host%d.example/feed" % n) for n in range(99999)]
    path = write(weir, "large.opml", opml(*lines, outline("Bad", "gopher://x.example/")))
    said = weir.ctl("feeds", "import", path, status=65)
    assert said.errors.count("\n") == 1 and ":100002: " in said.errors, said.errors[-300:]
    assert not listed(weir)
    said = weir.ctl("feeds", "import", "--partial", path, status=65)
    assert said.text().startswith("99999 feeds added"), said.text()
    weir.ctl("feeds", "add", "last", "http://last.example/")
    refused = weir.ctl("feeds", "add", "more", "http://more.example/", status=65).errors
    assert "there are 100000 feeds already" in refused, refused


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
