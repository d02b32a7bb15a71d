"""Readers say what items are, by the links at the end of each item and in /q/NAME, through real HTTP:
weir-feedfilter signs them, and weir-console opens them."""

import base64
import hashlib
import html
import os
import re
import sqlite3
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from gateway import get
from sample_feeds import HAM, ITEMS, SPAM, feed, without
from servers import PATIENCE_S, Weir, counts_store, make_temporary_directory, run, wait_for
from upstream import Document, Upstream

SOON_S = 20  # the server looks at the records every second or so
LINKS = ("<a href='(http://[^/]+/d/[-\\w]+)\\?do=spam'>%s</a> \\| "
         "<a href='\\1\\?do=not-spam'>%s</a>")
WORDS = {"en": ("Spam", "Not spam"),
         "zh": tuple("".join("&#x%X;" % ord(c) for c in word)
                     for word in ("这是垃圾内容", "这不是垃圾内容"))}


def links(language="en"):
    return LINKS % WORDS[language]


PARAGRAPH = "<p>" + links() + "</p>"
ESCAPED = (PARAGRAPH.replace("<", "&lt;").replace(">", "&gt;"))
PLAIN = "\n\nSpam: (http://[^/]+/d/[-\\w]+)\\?do=spam\nNot spam: \\1\\?do=not-spam\n"
XHTML = '<p xmlns="http://www.w3.org/1999/xhtml">' + links() + "</p>"
RSS = ('<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
       "<channel><title>t</title><link>http://a.example/</link><description>d</description>"
       "<item><guid>http://a.example/%d</guid><title>Hull %d</title>%s</item></channel></rss>")
ATOM = ('<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>i</id>'
        "<entry><id>http://a.example/%d</id><title>Hull %d</title>%s</entry></feed>")
RDF = ('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
       '<channel rdf:about="http://a.example/"><title>t</title></channel>'
       '<item rdf:about="http://a.example/%d"><title>Hull %d</title>%s</item></rdf:RDF>')
JSON = ('{"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": ['
        '{"id": "http://a.example/%d", "title": "Hull %d"%s}]}')
XML_TYPE, JSON_TYPE = "application/xml", "application/feed+json"
# "@" is where the links stand, in this form; no other byte may change.
FORMATS = [
    ("RSS, escaped", RSS, "<description>&lt;p&gt;Two coats&lt;/p&gt;@</description>", ESCAPED),
    ("RSS, CDATA", RSS, "<description><![CDATA[<p>Two coats</p>@]]>\n</description>", PARAGRAPH),
    ("RSS, both", RSS, "<description>Two</description>"
     "<content:encoded>&lt;p&gt;Two coats&lt;/p&gt;@</content:encoded>", ESCAPED),
    ("RSS, markup", RSS, "<description><b>Two</b> coats@</description>", PARAGRAPH),
    ("RSS, empty", RSS, "<description>@</description>", ESCAPED),
    ("Atom, HTML", ATOM, '<summary>Two</summary><content type="html">Two &lt;b&gt;coats&lt;/b&gt;@'
     "</content>", ESCAPED),
    ("Atom, XHTML", ATOM, '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Two'
     " coats</p>@</div></content>", XHTML),
    ("Atom, prefixed XHTML", ATOM, '<content type="xhtml"><h:div xmlns:h="http://www.w3.org/1999/'
     'xhtml"><h:p>Two coats</h:p>@</h:div>\n</content>', XHTML),
    ("Atom, text", ATOM, '<content type="text">Two coats@</content>', PLAIN),
    ("Atom, no type", ATOM, "<summary>Two coats@</summary>", PLAIN),
    ("Atom, elsewhere", ATOM, '<content type="html" src="http://a.example/x"/><summary type="html">'
     "Two coats@</summary>", ESCAPED),
    ("RDF", RDF, "<description>Two coats@</description>", ESCAPED),
    ("JSON, HTML", JSON, ', "content_text": "Two", "content_html": "<p>Two coats<\\/p>@"', PARAGRAPH),
    ("JSON, text", JSON, ', "content_text": "Two coats@"', PLAIN.replace("\n", "\\\\n")),
]
# Bodies of kinds that nothing can be said in: Atom takes one summary and one content, so that the links
# stand in the other, or nowhere.
KIND = '<summary type="image/svg+xml"><svg xmlns="http://www.w3.org/2000/svg"/></summary>'
ELSEWHERE = '<content type="image/png" src="http://a.example/x.png"/>'
ODD = [("Atom, odd summary", KIND, '<content type="html">%s</content>' % ESCAPED),
       ("Atom, odd content", ELSEWHERE, '<summary type="html">%s</summary>' % ESCAPED),
       ("Atom, both odd", KIND + ELSEWHERE, "")]
# What an item without a body gets.
NEW = [("RSS, none", RSS, "<description>%s</description>" % ESCAPED),
       ("Atom, none", ATOM, '<summary type="html">%s</summary>' % ESCAPED),
       ("RDF, none", RDF, "<description>%s</description>" % ESCAPED),
       ("JSON, none", JSON, '"content_html":"%s",' % PARAGRAPH)]


class Fixture:
    def __init__(self, directory):
        self.directory, self.count = directory, 0
        self.upstream = Upstream()

    def gateway(self, documents, hold=0.85, console=True, persistent=False, **settings):
        """A feed server with a subscription for each of the documents, and its console."""
        self.count += 1
        self.counts = counts_store(self.directory, "counts%d" % self.count, persistent)
        weir = Weir(self.directory, self.counts.url, "footer%d" % self.count,
                    {"cold-lessons": 10, "thresholds": {"hold": hold}})
        keys = {"feedfilter": {"link-key-file": os.path.join(weir.directory, "feed-link.key")},
                "digest": {"key-file": os.path.join(weir.directory, "link.key")}}
        weir.configure(keys)
        weir.configure({"feedfilter": {"upstream-networks": ["127.0.0.0/8"], "poll": "1s",
                                       "poll-min": "1s", "footer": True}})
        for name, document in documents.items():
            path = "/%d/%s" % (self.count, name)
            weir.configure({"feed " + name: {"url": self.upstream.url + path}})
            self.upstream.documents[path] = document
        weir.configure(settings)
        weir.learn_samples()
        if console:
            weir.start_console(secret=None)
            weir.configure({"console": {"public-url": weir.console_url}})
        weir.start_feeds()
        return weir


def setup():
    yield Fixture(make_temporary_directory())


def browse(url, do=None, method=None):
    """(status, page) of a GET, or of the POST of a form."""
    data = urllib.parse.urlencode({"do": do}).encode() if do else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method),
                                    timeout=PATIENCE_S) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def query(weir, statement, *words):
    with sqlite3.connect(weir.records_feeds) as records:
        return records.execute(statement, words).fetchall()


def refusals(weir, statement):
    """The same of what the console refused: it writes that beside who was let into it, in the
    records of mail."""
    with sqlite3.connect(weir.records_mail) as records:
        return records.execute(statement).fetchall()


def body(weir, name):
    return get(weir, "/f/" + name).body.decode()


def link_of(text):
    """The first item's link."""
    return re.search(r"http://[^/\s]+/d/[-\w]+", text)[0]


def links_of(weir, name="planet"):
    """{guid: link} of the items that are in the feed."""
    parts = re.findall("<item>(?! in a comment).*?</item>", body(weir, name), re.S)
    return {re.search("<guid>(.*?)</guid>", part)[1]: link_of(part) for part in parts}


def pattern(template, footer):
    return re.escape(template).replace("@", footer)


def test_each_format_ends_with_links(fixture):
    """In each format the links are appended as the item's body is written, and nothing else changes;
    what a reader calls spam by them is held, once, and what is held is no feed's any more"""
    documents, patterns = {}, {}
    for number, (_, form, inside, footer) in enumerate(FORMATS):
        template = form % (number, number, inside)
        documents["f%d" % number] = Document(template.replace("@", "").encode(),
                                             JSON_TYPE if form is JSON else XML_TYPE)
        patterns["f%d" % number] = pattern(template, footer)
    odd = [(form, "", new) for _, form, new in NEW] + [(ATOM, inside, new) for _, inside, new in ODD]
    for number, (form, inside, new) in enumerate(odd):
        template = form % (number, number, inside)
        at = template.index('{"id"') + 1 if form is JSON else re.search(
            "<(item|entry)[^>]*>", template).end()
        name = "n%d" % number
        documents[name] = Document(template.encode(), JSON_TYPE if form is JSON else XML_TYPE)
        patterns[name] = pattern(template[:at] + "@" + template[at:], new)
    wide = RSS.replace('"1.0"?', '"1.0" encoding="UTF-16"?') % (7, 7, "<description>Two coats@"
                                                              "</description>")
    documents["wide"] = Document(wide.replace("@", "").encode("utf-16"), XML_TYPE)
    closed = RSS % (8, 8, "@")
    documents["closed"] = Document(closed.replace("@", "<description />").encode(), XML_TYPE)
    patterns["closed"] = pattern(closed, "<description >%s</description>" % ESCAPED)
    weir = fixture.gateway(documents, hold=0.99999)
    names = dict(zip(("f%d" % n for n in range(len(FORMATS))), (row[0] for row in FORMATS)))
    for name, expected in patterns.items():
        served = body(weir, name)
        assert re.fullmatch(expected, served), (names.get(name, name), expected, served)
    served = get(weir, "/f/wide").body.decode("utf-16")
    assert re.fullmatch(pattern(wide, ESCAPED), served), served
    for name in ["f%d" % n for n in range(len(FORMATS))]:
        before = fixture.counts.version()
        link = link_of(body(weir, name))
        assert "It is held" in browse(link, "spam")[1], names[name]
        assert fixture.counts.version() == before + 1, names[name]
        wait_for(lambda: "Hull" not in body(weir, name), names[name] + " is held", SOON_S)
        assert "said before" in browse(link, "spam")[1]
        assert fixture.counts.version() == before + 1, names[name]
        assert query(weir, "SELECT count(*) FROM held WHERE sender = ?", name) == [(1,)]
    listed = weir.ctl("held", "list").text()
    assert "Hull 0" in listed and "Hull %d" % (len(FORMATS) - 1) in listed, listed


def test_off_changes_nothing(fixture):
    """Without a footer the bytes are upstream's; a subscription's own word goes before"""
    document = feed(HAM)
    weir = fixture.gateway({"on": Document(document), "off": Document(document)},
                           **{"feedfilter": {"footer": False}, "feed on": {"footer": True}})
    assert get(weir, "/f/off").body == document
    served = get(weir, "/f/on").body
    assert served != document and get(weir, "/f/on").body == served
    stripped = re.sub(pattern("@", ESCAPED), "", served.decode())
    assert stripped.encode() == document
    assert query(weir, "SELECT DISTINCT feed FROM shown") == [("on",)]


def test_only_a_post_teaches(fixture):
    """GET and HEAD show a page and teach nothing; POST teaches the reader's word, once; the item that
    is called no spam after all is back"""
    weir = fixture.gateway({"planet": Document(feed(HAM))})
    served = body(weir, "planet")
    guid, link = next(iter(links_of(weir).items()))
    before = fixture.counts.version()
    for method in ("GET", "HEAD", "GET"):
        for do in ("", "?do=spam", "?do=not-spam", "?do=nonsense"):
            status, page = browse(link + do, method=method)
            assert status == 200, page
    page = browse(link + "?do=spam")[1]
    assert "Is this spam?" in page and "Painting the hull again" in page and "planet" in page, page
    assert "<script" not in page and fixture.counts.version() == before
    assert query(weir, "SELECT * FROM held") == [] == query(
        weir, "SELECT * FROM audit WHERE who LIKE 'reader%'")
    assert browse(link, "nonsense")[0] == 400 and browse(link, "release")[0] == 400
    assert "It is held" in browse(link, "spam")[1]
    wait_for(lambda: guid not in links_of(weir), "it is held", SOON_S)
    assert get(weir, "/f/planet").body == without(served.encode(), next(
        part for part in re.findall("<item>\n.*?</item>", served, re.S) if guid in part).encode())
    held = weir.ctl("held", "show", "f1").text()
    assert "Painting the hull again" in held, held
    assert fixture.counts.version() == before + 1
    assert "in the feed again" in browse(link, "not-spam")[1]
    wait_for(lambda: body(weir, "planet") == served, "it is back, with its links", SOON_S)
    assert fixture.counts.version() == before + 2
    other = links_of(weir)[list(links_of(weir))[1]]
    assert "learned that it is not spam" in browse(other, "not-spam")[1]
    assert "said before" in browse(other, "not-spam")[1]
    assert fixture.counts.version() == before + 3
    assert query(weir, "SELECT who, what FROM audit WHERE who LIKE 'reader%' ORDER BY id") == [
        ("reader of planet", "spam"), ("reader of planet", "release"),
        ("reader of planet", "not-spam")]
    assert body(weir, "planet") == served


def test_held_items_have_links(fixture):
    """In /q/NAME an entry's link releases it, or confirms it as spam, once; what a reviewer confirmed
    stays so"""
    weir = fixture.gateway({"planet": Document(feed(ITEMS))})
    get(weir, "/f/planet")
    page = body_of_held(weir)
    first, second = re.findall(r'<link rel="alternate" type="text/html" href="([^"]+)"/>', page)
    assert first + "?do=release" in page and first + "?do=confirm" in page
    assert "weirctl" not in page
    assert page == body_of_held(weir)
    status, text = browse(first)
    assert status == 200 and "Release it" in text and "Confirm that it is spam" in text, text
    assert browse(first, "spam")[0] == 400
    ids = {link: query(weir, "SELECT id, subject FROM held WHERE subject LIKE ?", like)[0]
           for link, like in zip((first, second), ("%娱乐%", "%FREE SPINS%"))}
    for link, (number, subject) in ids.items():
        if html.escape(subject) not in browse(link)[1]:
            ids = dict(zip((first, second), reversed(list(ids.values()))))
            break
    release, confirm = first, second
    before = fixture.counts.version()
    assert "in the feed again" in browse(release, "release")[1]
    wait_for(lambda: ids[release][1] in body(weir, "planet"), "it is back", SOON_S)
    assert "done before" in browse(release, "release")[1]
    weir.ctl("undo", "f%d" % ids[release][0])
    taught = fixture.counts.version()
    assert "A reviewer has decided" in browse(release, "release")[1]
    assert fixture.counts.version() == taught > before
    assert query(weir, "SELECT state FROM held WHERE id = ?", ids[release][0]) == [(1,)]
    assert "stays out of the feed" in browse(confirm, "confirm")[1]
    assert query(weir, "SELECT state FROM held WHERE id = ?", ids[confirm][0]) == [(4,)]
    assert "nothing to be done" in browse(confirm, "release")[1]
    assert query(weir, "SELECT state FROM held WHERE id = ?", ids[confirm][0]) == [(4,)]


def body_of_held(weir):
    return get(weir, "/q/planet").body.decode()


def token_bytes(link):
    token = link.split("/d/")[1]
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


def signed(link, key_file, change):
    """The same link with its payload changed, under that key."""
    payload = bytearray(token_bytes(link)[:-32])
    change(payload)
    with open(key_file) as file:
        key = bytes.fromhex(file.read().split()[0])
    tag = hashlib.blake2b(payload, digest_size=32, key=key).digest()
    return link.split("/d/")[0] + "/d/" + base64.urlsafe_b64encode(
        bytes(payload) + tag).decode().rstrip("=")


def test_bad_links(fixture):
    """Forged and expired links get a page and an audit line, and teach nothing; the feed server's key
    opens nobody's mail, nor another feed's item"""
    weir = fixture.gateway({"planet": Document(feed(HAM)), "other": Document(feed(HAM))})
    link = links_of(weir)["https://buoy.example/hull"]
    key = weir.settings["feedfilter"]["link-key-file"]
    before = fixture.counts.version()

    def change(start, new):
        def set_bytes(payload):
            payload[start:start + len(new)] = new
        return set_bytes

    assert signed(link, key, lambda payload: None) == link
    expired = signed(link, key, change(3, int(time.time()).to_bytes(8, "big")))
    for do in (None, "spam"):
        status, page = browse(expired, do)
        assert status == 410 and "has expired" in page, page
    assert refusals(weir, "SELECT who, what FROM audit WHERE what LIKE 'refused-link-%'") == [
        ("reader of planet", "refused-link-expired")]
    with open(weir.settings["digest"]["key-file"]) as file:
        assert file.read() != open(key).read()
    person = signed(link, key, change(1, b"\x02"))
    wrong_key = signed(link, weir.settings["digest"]["key-file"], lambda payload: None)
    for bad, do in ((link[:-1], None), (person, "spam"), (wrong_key, "spam")):
        status, page = browse(bad, do)
        assert status == 404 and "not valid" in page, (bad, status, page)
    assert refusals(weir, "SELECT count(*) FROM audit WHERE what = 'refused-link'")[0][0] == 3
    unknown = signed(link, key, change(19, bytes(16)))
    elsewhere = signed(link, key, lambda payload: payload.__setitem__(slice(35, None), b"other"))
    for gone in (unknown, elsewhere):
        status, page = browse(gone, "spam")
        assert status == 410 and "nothing to be done" in page, page
    assert fixture.counts.version() == before and not query(weir, "SELECT * FROM held")
    with open(weir.settings["digest"]["key-file"], "w") as file:
        file.write("none\n")
    assert browse(link)[0] == 200, "the digest's key is none of an item's link"
    assert browse(link[:-1])[0] == 503


def test_links_cut_off_without_mail(fixture):
    """A link of an item that was cut off is called so, also where no digest can have a key"""
    weir = fixture.gateway({"planet": Document(feed(HAM))}, digest={"key-file": "/nowhere/weir/link.key"})
    link = links_of(weir)["https://buoy.example/hull"]
    assert browse(link)[0] == 200
    for cut, do in ((link[:-1], None), (link[:-40], "spam"), (link[:link.index("/d/") + 8], None)):
        status, page = browse(cut, do)
        assert status == 404 and "it is incomplete" in page, (status, page)
        assert "<h1>An item of a feed</h1>" in page, page


def test_in_chinese(fixture):
    """Links and pages are in the language of digests"""
    weir = fixture.gateway({"planet": Document(feed(HAM))}, digest={"language": "zh"})
    served = body(weir, "planet")
    footer = ("<p>" + links("zh") + "</p>").replace("&", "&amp;").replace(
        "<", "&lt;").replace(">", "&gt;")
    assert re.search(footer, served), served
    page = browse(link_of(served) + "?do=spam")[1]
    assert 'lang="zh-Hans"' in page and "这是垃圾内容" in page and "订阅条目" in page, page
    assert "已扣留此条目" in browse(link_of(served), "spam")[1]


def test_nothing_is_signed_in_vain(fixture):
    """Without the console's address, or a key, there is no footer, and one clear line"""
    weir = fixture.gateway({"planet": Document(feed(HAM))}, console=False)
    assert get(weir, "/f/planet").body == feed(HAM)
    said = weir.ctl("config", "test")
    assert said.errors.count("footer: items get no links, since console.public-url does not say"
                             ) == 1, said.errors
    weir.configure({"console": {"public-url": "https://console.example"},
                    "feedfilter": {"link-key-file": "/nowhere/link.key"}})
    assert weir.ctl("config", "test").errors.count(
        "footer: items get no links, since feedfilter.link-key-file, /nowhere/link.key, lies in") == 1
    broken = os.path.join(weir.directory, "broken.key")
    with open(broken, "w") as file:
        file.write("none\n")
    weir.configure({"feedfilter": {"link-key-file": broken}})
    assert weir.ctl("config", "test").errors.count(
        "footer: items get no links, since %s:1: the line is not 64 hex digits" % broken) == 1
    start = len(weir.feeds.log())
    weir.feeds.process.send_signal(1)
    wait_for(lambda: "event=no-links" in weir.feeds.log()[start:], "it is told")
    assert get(weir, "/f/planet").body == feed(HAM)


def test_links_behind_where_else_it_is(fixture):
    """An item whose story is in another feed, too, says so before its links, in the same place"""
    weir = fixture.gateway({"planet": Document(feed(HAM[:1])), "other": Document(feed([]))},
                           feedfilter={"deduplicate": "all"})
    wait_for(lambda: "?do=spam" in body(weir, "planet"), "it is shown")
    fixture.upstream.documents["/%d/other" % fixture.count] = Document(feed(HAM[:1]))
    note = "&lt;p&gt;Also in: &lt;a href='https://buoy.example/hull'&gt;other&lt;/a&gt;&lt;/p&gt;"
    wait_for(lambda: re.search(note + ESCAPED + "</description>", body(weir, "planet")),
             "it says both", SOON_S)
    assert "<item>" not in body(weir, "other").replace("<item> in a comment", "")


def test_let_go_where_another_feed_shows_it(fixture):
    """The page of an item that a reader lets go says which feed has shown the story since, where it stays;
    of one that no other feed has, that it is in the feed again"""
    weir = fixture.gateway({"planet": Document(feed(HAM[:2])), "other": Document(feed([]))},
                           feedfilter={"deduplicate": "all"}, **{"feed other": {"mode": "pass"}})
    links = links_of(weir)
    first, second = (next(link for guid, link in links.items() if word in guid) for word in ("hull", "switch"))
    for link in (first, second):
        assert browse(link, "spam")[0] == 200
    wait_for(lambda: "<item>" not in body(weir, "planet").replace("<item> in a comment", ""),
             "both are held", SOON_S)
    fixture.upstream.documents["/%d/other" % fixture.count] = Document(feed(HAM[:1]))
    wait_for(lambda: "Painting the hull" in body(weir, "other"), "the other feed shows it", SOON_S)
    page = browse(first, "not-spam")[1]
    assert "The feed other shows the same story already" in page and "in the feed again when" not in page, page
    assert "in the feed again when your reader looks next" in browse(second, "not-spam")[1]
    wait_for(lambda: "A quieter switch" in body(weir, "planet"), "that is in its feed", SOON_S)
    assert "Painting the hull" not in body(weir, "planet")


def test_edited_and_expired(fixture):
    """An edited item gets a link of its own, and the one before holds nothing back; an item that is
    listed for longer than its link is valid gets another one"""
    weir = fixture.gateway({"planet": Document(feed(HAM[:1]))}, held={"keep": "1h"})
    link = link_of(body(weir, "planet"))
    edited = HAM[0].replace(b"eleven months", b"twelve months")
    fixture.upstream.documents["/%d/planet" % fixture.count] = Document(feed([edited]))
    wait_for(lambda: "twelve" in body(weir, "planet"), "the edit is served", SOON_S)
    newer = link_of(body(weir, "planet"))
    assert newer != link
    assert browse(link, "spam")[0] == 200
    time.sleep(2)
    assert "twelve" in body(weir, "planet") and not query(weir, "SELECT * FROM held")
    with sqlite3.connect(weir.records_feeds) as records:
        records.execute("UPDATE shown SET time_s = time_s - 3600")
    fixture.upstream.documents["/%d/planet" % fixture.count] = Document(feed([edited]) + b"\n")
    wait_for(lambda: link_of(body(weir, "planet")) != newer, "it has a new link", SOON_S)


def test_in_mode_tag(fixture):
    """Where nothing is held, the mark goes from what is called no spam, and comes to what is"""
    weir = fixture.gateway({"planet": Document(feed(HAM[:1] + SPAM[:1]))}, **{"feed planet": {"mode": "tag"}})
    ham, spam = "Painting the hull again", "500 FREE SPINS"
    served = body(weir, "planet")
    assert "[spam] " + spam in served and "[spam] " + ham not in served, served
    first, second = links_of(weir).values()
    assert browse(second, "not-spam")[0] == 200
    wait_for(lambda: "[spam]" not in body(weir, "planet"), "the mark is gone", SOON_S)
    assert browse(first, "spam")[0] == 200
    wait_for(lambda: "[spam] " + ham in body(weir, "planet"), "the mark is there", SOON_S)
    assert "[spam] " + spam not in body(weir, "planet")


def test_store_is_away(fixture):
    """While the counts store is away, a reader's word is carried out at once, and taught later, once"""
    weir = fixture.gateway({"planet": Document(feed(HAM))}, persistent=True)
    guid, link = next(iter(links_of(weir).items()))
    before = fixture.counts.version()
    fixture.counts.stop()
    assert "It is held" in browse(link, "spam")[1]
    assert "said before" in browse(link, "spam")[1]
    wait_for(lambda: guid not in links_of(weir), "it is held", SOON_S)
    fixture.counts.start()
    wait_for(lambda: fixture.counts.version() > before, "it is taught")
    assert fixture.counts.version() == before + 1


def held_states(weir):
    return query(weir, "SELECT id, state FROM held ORDER BY id")


def test_minds_change_only_so_often(fixture):
    """Spam and no spam in turn move one entry out and back, until the administrator has to be asked"""
    weir = fixture.gateway({"planet": Document(feed(HAM))})
    guid, link = next(iter(links_of(weir).items()))
    for turn in range(3):
        assert "It is held" in browse(link, "spam")[1], turn
        assert held_states(weir) == [(1, 1)], turn
        assert "in the feed again" in browse(link, "not-spam")[1], turn
        assert held_states(weir) == [(1, 3)], turn
    taught = fixture.counts.version()
    for do in ("spam", "spam"):
        assert "Ask the administrator" in browse(link, do)[1]
    assert held_states(weir) == [(1, 3)] and fixture.counts.version() == taught
    assert refusals(weir, "SELECT who FROM audit WHERE what = 'refused-link-too-often'") == [
        ("reader of planet",)]
    wait_for(lambda: guid in links_of(weir), "it is in the feed", SOON_S)


def test_minds_change_at_once(fixture):
    """However many say something at the same moment, no more is carried out"""
    weir = fixture.gateway({"planet": Document(feed(HAM))})
    link = next(iter(links_of(weir).values()))
    with ThreadPoolExecutor(24) as readers:
        pages = list(readers.map(lambda turn: browse(link, ("spam", "not-spam")[turn % 2]), range(48)))
    assert any("Ask the administrator" in page for _, page in pages), pages
    assert {status for status, _ in pages} <= {200, 503}, pages
    lines = "SELECT what FROM audit WHERE who = 'reader of planet'"
    said = query(weir, lines) + refusals(weir, lines)
    assert len([what for what, in said if not what.startswith("refused")]) <= 6, said
    assert said.count(("refused-link-too-often",)) == 1, said
    assert query(weir, "SELECT sayings FROM shown WHERE said > 0") == [(7,)]
    assert len(held_states(weir)) == 1, held_states(weir)


def reload(weir, event="reloaded", **settings):
    weir.configure(settings)
    start = len(weir.feeds.log())
    weir.feeds.process.send_signal(1)
    wait_for(lambda: "event=" + event in weir.feeds.log()[start:], "it reloads")


def test_links_end_with_the_footer(fixture):
    """Links of a feed that has no footer any more, or is gone, do nothing and say why; with the footer
    they act again"""
    weir = fixture.gateway({"planet": Document(feed(HAM + SPAM[:1])), "other": Document(feed(HAM))})
    fixture.upstream.documents["/%d/live" % fixture.count] = Document(feed(HAM))
    weir.ctl("feeds", "add", "live", fixture.upstream.url + "/%d/live" % fixture.count)
    wait_for(lambda: get(weir, "/f/live").status == 200, "it is there", SOON_S)
    held = link_of(body_of_held(weir))
    links = {name: link_of(body(weir, name)) for name in ("planet", "other", "live")}

    def refused(link, do, times):
        for word in (None, do):
            status, page = browse(link, word)
            assert status == 410 and "takes no word from its readers" in page, page
        assert refusals(weir, "SELECT count(*) FROM audit WHERE what = 'refused-link-no-footer'") == [(times,)]

    before = fixture.counts.version()
    reload(weir, **{"feed planet": {"footer": False}})
    refused(links["planet"], "spam", 1)
    refused(held, "release", 2)
    assert browse(links["other"])[0] == 200
    weir.ctl("feeds", "remove", "live")
    wait_for(lambda: get(weir, "/f/live").status == 404, "it is gone", SOON_S)
    refused(links["live"], "spam", 3)
    assert fixture.counts.version() == before and held_states(weir) == [(1, 1)]
    reload(weir, **{"feed planet": {"footer": True}})
    assert browse(links["planet"], "spam")[0] == browse(held, "release")[0] == 200


def test_key_breaks_while_it_runs(fixture):
    """Items keep their links, one line says what is wrong with the key, and another that it is well"""
    weir = fixture.gateway({"planet": Document(feed(HAM)), "other": Document(feed(HAM))})
    key, served = weir.settings["feedfilter"]["link-key-file"], body(weir, "planet")
    with open(key) as file:
        good = file.read()

    def write(text, name, end):
        with open(key, "w") as file:
            file.write(text)
        fixture.upstream.documents["/%d/%s" % (fixture.count, name)] = Document(feed(HAM) + end)
        wait_for(lambda: body(weir, name).endswith(end.decode()), "the page is made again", SOON_S)

    for end in (b"<!-- 1 -->", b"<!-- 2 -->"):
        for name in ("planet", "other"):
            write("none\n", name, end)
        assert body(weir, "planet") == served + end.decode()
    log = weir.feeds.log()
    assert log.count("event=no-links") == 1 and "signed with the key that was there before" in log, log
    write(good, "planet", b"<!-- 3 -->")
    assert body(weir, "planet") == served + "<!-- 3 -->"
    assert weir.feeds.log().count("event=links-back") == weir.feeds.log().count("event=no-links") == 1
    assert browse(link_of(served), "spam")[0] == 200


def test_held_again_is_out_of_the_feed(fixture):
    """What was released by a reader and called spam after all leaves the feed, and a reviewer who
    releases it then has the last word"""
    weir = fixture.gateway({"planet": Document(feed(HAM))})
    guid, link = next(iter(links_of(weir).items()))
    for do in ("spam", "not-spam", "spam"):
        assert browse(link, do)[0] == 200
    wait_for(lambda: guid not in links_of(weir), "it is held", SOON_S)
    weir.ctl("held", "release", "f1")
    wait_for(lambda: guid in links_of(weir), "it is back", SOON_S)
    taught = fixture.counts.version()
    assert browse(link, "not-spam")[0] == 200
    assert fixture.counts.version() > taught
    taught = fixture.counts.version()
    assert "A reviewer has decided" in browse(link, "spam")[1]
    assert held_states(weir) == [(1, 3)] and fixture.counts.version() == taught
    weir.ctl("undo", "f1")
    assert held_states(weir) == [(1, 1)]
    wait_for(lambda: guid not in links_of(weir), "it is out again", SOON_S)


def test_undo_tells_what_takes_a_readers_word_back(fixture):
    """undo of what a reader called spam says that a release takes it back, which does"""
    weir = fixture.gateway({"planet": Document(feed(HAM))})
    guids = links_of(weir)
    for guid, link in list(guids.items())[:2]:
        for do in ("spam",) if guid == next(iter(guids)) else ("spam", "not-spam", "spam"):
            assert browse(link, do)[0] == 200
        wait_for(lambda: guid not in links_of(weir), "it is held", SOON_S)
    for number, guid in enumerate(list(guids)[:2], 1):
        refused = weir.ctl("undo", "f%d" % number, status=65).errors
        assert refused == ("weirctl: f%d: cannot undo: a reader said that it is spam; held release puts it "
                           "back into the feed, and teaches that it is none\n" % number), refused
        weir.ctl("held", "release", "f%d" % number)
        wait_for(lambda: guid in links_of(weir), "it is back", SOON_S)
        assert "release undone: held again" in weir.ctl("undo", "f%d" % number).text()
        assert "release undone already" in weir.ctl("undo", "f%d" % number).text()


def test_comments_are_taught_as_comments(fixture):
    """The lesson of an item of a feed of comments is that of a comment, as its verdict was"""
    slots = []
    for mode in ("hold", "tag"):
        document = feed(SPAM[:1]).replace(b"<title>", b"<title>Comments on: ", 1)
        weir = fixture.gateway({"planet": Document(document)}, hold=0.05,
                               **{"feed planet": {"mode": mode}})
        served = body(weir, "planet")
        assert mode == "hold" or browse(link_of(served), "spam")[0] == 200
        (lesson,), = query(weir, "SELECT lesson FROM held")
        slots.append(lesson[-60:])  # behind what is of the event: the words
    assert slots[0] == slots[1]


def apply_rules(weir, text, *options):
    """What it said, once the feed server follows the rules."""
    path = os.path.join(weir.directory, "f.rules")
    with open(path, "w") as file:
        file.write(text)
    said = weir.ctl("rules", "apply", path, *options).text()
    version = weir.ctl("--json", "tune", "show").json()["version"]
    wait_for(lambda: "event=rules version=%d " % version in weir.feeds.log(), "it is followed")
    return said


def test_a_word_stands_against_rules(fixture):
    """What a reader called spam stays out, or marked, whatever the rules say of it next; neither
    --release nor held reapply lets it go, nor is it counted as what a rule would let go"""
    for mode in ("hold", "tag"):
        weir = fixture.gateway({"planet": Document(feed(HAM))}, **{"feed planet": {"mode": mode}})
        guid, link = next(iter(links_of(weir).items()))
        title = "Painting the hull again"
        assert browse(link, "spam")[0] == 200
        apart = (lambda: title not in body(weir, "planet")) if mode == "hold" else (
            lambda: "[spam] " + title in body(weir, "planet"))
        wait_for(apart, "it is held or marked", SOON_S)
        hull = 'rule "hull" { title = hull  weight = %s }\n'
        other = 'rule "other" { title = nobody-has-this  weight = 1 }\n'
        keep = 'rule "keep" { title = hull  action = keep }\n'
        for text, options in ((hull % 0.1, ()), (other, ("--release",)), (keep, ("--release",))):
            path = os.path.join(weir.directory, "f.rules")
            with open(path, "w") as file:
                file.write(text)
            assert weir.ctl("--json", "rules", "preview", path).json()["held_let_go"] == 0
            judged = "SELECT rules, action FROM judged WHERE guid = ?"
            (former, action), = query(weir, judged, guid)
            assert action == "hold" and "0 of 0 " in apply_rules(weir, text, *options)
            wait_for(lambda: query(weir, judged, guid)[0][0] != former, "it was looked at", SOON_S)
            assert query(weir, judged, guid)[0][1] == "hold" and apart(), (mode, text)
        assert "0 of 0 " in weir.ctl("held", "reapply", "--apply").text()
        if mode == "hold":
            assert held_states(weir) == [(1, 1)]
            assert "in the feed again" in browse(link, "not-spam")[1]
            wait_for(lambda: title in body(weir, "planet"), "a person's word lets it go", SOON_S)


def test_no_spam_stands_against_rules(fixture):
    """What a reader called no spam, though it was never held, stays in the feed whatever rules come, until
    a reader calls it spam; its neighbour is held"""
    for mode, apart in (("hold", lambda weir, title: title not in body(weir, "planet")),
                        ("tag", lambda weir, title: "[spam] " + title in body(weir, "planet"))):
        weir = fixture.gateway({"planet": Document(feed(HAM[:2]))}, **{"feed planet": {"mode": mode}})
        first, second = "Painting the hull again", "A quieter switch for the rack"
        guid, link = next((guid, link) for guid, link in links_of(weir).items() if "hull" in guid)
        assert "learned that it is not spam" in browse(link, "not-spam")[1]
        for text in ('rule "both" { title = {hull, rack}  action = hold }\n',
                     'rule "hull" { title = hull  action = hold }\nrule "rack" { title = rack  action = hold }\n'):
            judged = "SELECT rules FROM judged WHERE guid = ?"
            former, = query(weir, judged, guid)
            apply_rules(weir, text)
            wait_for(lambda: query(weir, judged, guid)[0] != former, "it was looked at", SOON_S)
            wait_for(lambda: apart(weir, second), "its neighbour is held or marked", SOON_S)
            assert first in body(weir, "planet") and not apart(weir, first), (mode, text)
        assert browse(link, "spam")[0] == 200
        wait_for(lambda: apart(weir, first), "the last word counts", SOON_S)


run(setup, [test_each_format_ends_with_links, test_off_changes_nothing, test_only_a_post_teaches,
            test_held_items_have_links, test_bad_links, test_in_chinese,
            test_nothing_is_signed_in_vain, test_links_behind_where_else_it_is,
            test_let_go_where_another_feed_shows_it, test_links_cut_off_without_mail,
            test_edited_and_expired, test_in_mode_tag, test_store_is_away,
            test_minds_change_only_so_often, test_minds_change_at_once, test_links_end_with_the_footer,
            test_key_breaks_while_it_runs, test_held_again_is_out_of_the_feed,
            test_undo_tells_what_takes_a_readers_word_back,
            test_comments_are_taught_as_comments, test_a_word_stands_against_rules,
            test_no_spam_stands_against_rules])
