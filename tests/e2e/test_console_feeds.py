"""weir-console's API about feeds: listed, added, changed, removed, and OPML in and out."""

import json
import sqlite3
import urllib.parse
import xml.etree.ElementTree

from console_client import PASSWORD, Client, expect
from gateway import get
from sample_feeds import ITEMS, SPAM, feed, without
from servers import Weir, counts_store, make_temporary_directory, run, wait_for
from upstream import Document, Upstream

GOOD = without(feed(ITEMS), *SPAM)
OPML = """<?xml version="1.0" encoding="iso-8859-1"?>
<opml version="2.0"><head/><body>
%s
</body></opml>
"""


class Fixture:
    def __init__(self, directory):
        self.upstream = Upstream()
        for name in ("a", "b"):
            self.upstream.documents["/" + name] = Document(feed(ITEMS))
        self.weir = Weir(directory, counts_store(directory).url, settings={
            "cold-lessons": 10, "thresholds": {"hold": 0.85},
            "feedfilter": {"upstream-networks": ["127.0.0.0/8"], "poll": "1s", "poll-min": "1s"}})
        self.weir.learn_samples()
        self.weir.start_feeds()
        self.weir.start_console()
        self.client = Client(self.weir)
        for role in ("reader", "reviewer"):
            self.weir.ctl("console-user", "add", role, "--role", role, input=PASSWORD + "\n")

    def url(self, name):
        return self.upstream.url + "/" + name

    def post(self, deed, **members):
        answer = self.client.post("feeds/" + deed, members)
        assert answer.status == 200, answer.body
        return answer.json()

    def listed(self, **parameters):
        answer = self.client.get("feeds?" + urllib.parse.urlencode(parameters))
        assert answer.status == 200, answer.body
        return answer.json()

    def subscriptions(self):
        """What people said of each feed, without how it stands."""
        return [[one[key] for key in ("name", "url", "mode", "title", "category", "readers")]
                for one in self.listed()["items"]]

    def audit(self):
        with sqlite3.connect(self.weir.records_feeds) as records:
            return [row[0] for row in records.execute(
                "select who || ' ' || what || ' ' || subject from audit order by id")]


def setup():
    yield Fixture(make_temporary_directory())


def outline(title, url):
    return '<outline type="rss" text="%s" xmlUrl="%s"/>' % (title, url)


def test_add_change_remove(fixture):
    """A feed is served as it was added, as it is changed, and no more; each in the audit"""
    weir = fixture.weir
    assert fixture.listed()["items"] == [] and fixture.listed()["public_url"] == weir.feeds_url
    assert fixture.post("add", url=fixture.url("a"), title="Planet A") == {
        "name": "planet-a", "public_url": weir.feeds_url}
    wait_for(lambda: get(weir, "/f/planet-a").body == GOOD, "it is served")
    told = fixture.listed(name="planet-a")["items"][0]
    assert told["mode"] == "hold" and told["place"] == "" and told["url"] == fixture.url("a"), told
    fixture.post("change", name="planet-a", mode="pass")
    wait_for(lambda: get(weir, "/f/planet-a").body == feed(ITEMS), "all of it passes")
    fixture.upstream.documents["/c"] = Document(feed(ITEMS[:1]))
    fixture.post("change", name="planet-a", url=fixture.url("c"), title="", category="News")
    wait_for(lambda: get(weir, "/f/planet-a").body == feed(ITEMS[:1]), "the other address is read")
    told = fixture.listed(q="NEWS")["items"][0]
    assert (told["title"], told["category"], told["mode"]) == ("planet-a", "News", "pass"), told
    fixture.post("remove", name="planet-a")
    wait_for(lambda: get(weir, "/f/planet-a").status == 404, "it is gone")
    assert fixture.listed()["count"] == 0
    assert [line for line in fixture.audit() if "feed planet-a" in line] == [
        "ann add feed planet-a", "ann change feed planet-a", "ann change feed planet-a",
        "ann remove feed planet-a"], fixture.audit()


def test_bad_input(fixture):
    """What cannot be is refused in one line, and nothing is changed"""
    client = fixture.client
    fixture.post("add", name="kept", url=fixture.url("a"))
    fixture.post("add", name="second", url=fixture.url("b"))
    before = fixture.subscriptions()
    for deed, members, words in (
            ("add", {}, "its URL is no http or https URL"),
            ("add", {"url": 7}, '"url" has to be text'),
            ("add", {"url": fixture.url("a")}, 'subscribed to already, as "kept"'),
            ("add", {"url": "http://x.example/", "name": "kept"}, 'there is a feed "kept" already'),
            ("add", {"url": "http://x.example/", "name": "a/b"}, '"a/b" is no name'),
            ("add", {"url": "http://x.example/", "readers": "zoe"}, 'there is no reader "zoe"'),
            ("change", {"name": "kept", "mode": "drop"}, 'the mode "drop" is none of'),
            ("change", {"name": "kept", "url": fixture.url("b")}, 'subscribed to already, as "second"'),
            ("change", {"name": "kept", "title": "a\nb"}, "title and category are lines of UTF-8"),
            ("change", {"name": "none", "mode": "tag"}, 'there is no feed "none"'),
            ("change", {"mode": "tag"}, '"" is no name'),
            ("remove", {"name": "none"}, 'there is no feed "none"'),
            ("remove", {}, 'there is no feed ""'),
            ("import", {"text": 1}, '"text" has to be text'),
            ("import", {}, "text is that of an OPML file"),
            ("import", {"text": "<opml/>", "mode": "x"}, 'the mode "x" is none of')):
        expect(client.post("feeds/" + deed, members), 400, words)
    for path in ("feeds?limit=0", "feeds?after=x", "feeds?after=-1", "feeds?after=" + 30 * "1"):
        expect(client.get(path), 400)
    for path in ("feeds/nothing", "feeds/add", "feedsx"):
        expect(client.get(path), 404)
    assert fixture.subscriptions() == before
    for name in ("kept", "second"):
        fixture.post("remove", name=name)


def test_who_may(fixture):
    """Readers and reviewers see; only an admin changes, and no page of another site does it for them"""
    for user in ("reader", "reviewer"):
        client = Client(fixture.weir, user=user)
        assert client.get("feeds").status == 200
        expect(client.get("feeds/export"), 403, "this takes the role admin")
        for deed in ("add", "change", "remove", "preview", "import"):
            expect(client.post("feeds/" + deed, {"name": "x", "url": "http://x.example/",
                                                 "text": "<opml/>"}), 403, "this takes the role admin")
    client = Client(fixture.weir)
    client.deed_token = None
    expect(client.post("feeds/add", {"name": "x", "url": "http://x.example/"}), 403)
    expect(Client(fixture.weir, login=False).get("feeds"), 401)
    assert fixture.listed()["count"] == 0


def test_secret_addresses(fixture):
    """Of an address only an admin sees what may be a key, and who reads the feed; nor can others search
    for it"""
    secret = "http://x.example:81/rss/hush?auth=hush"
    fixture.weir.ctl("feeds", "reader", "add", "zoe")
    fixture.post("add", name="kept", url=secret, readers="zoe")
    told = fixture.listed(q="hush")["items"]
    assert [(one["url"], one["readers"]) for one in told] == [(secret, "zoe")], told
    for user in ("reader", "reviewer"):
        client = Client(fixture.weir, user=user)
        told = client.get("feeds").json()["items"]
        assert [(one["url"], one["readers"]) for one in told] == [("http://x.example:81", "")], told
        assert "hush" not in json.dumps(told)
        assert client.get("feeds?q=hush").json()["count"] == 0
    fixture.post("remove", name="kept")


def test_opml(fixture):
    """A preview adds nothing and says what each line is; all or nothing is added, or what is good"""
    secret = fixture.url("b").replace("http://", "http://ann:hush@")
    text = OPML % "\n".join((outline("Käse", fixture.url("a")), outline("Secret", secret),
                             outline("Bad", "ftp://x.example/")))
    seen = fixture.post("preview", text=text)
    assert (seen["added"], seen["known"], seen["bad"], seen["good"]) == (2, 0, 1, False), seen
    assert [(one["line"], one["outcome"]) for one in seen["outlines"]] == [
        (3, "added"), (4, "added"), (5, "bad")], seen
    assert "hush" not in json.dumps(seen) and "http or https" in seen["outlines"][2]["why"], seen
    refused = fixture.post("import", text=text)
    assert refused["added"] == 0 and not refused["good"], refused
    assert fixture.listed()["count"] == 0
    done = fixture.post("import", text=text, partial=True, mode="tag")
    assert (done["added"], done["bad"]) == (2, 1), done
    items = {one["title"]: one for one in fixture.listed()["items"]}
    assert items["Käse"]["mode"] == "tag" and items["Secret"]["credentials"], items
    saved = fixture.client.get("feeds/export").json()
    assert saved["without_password"] == 1 and "hush" not in saved["text"], saved
    urls = [one.get("xmlUrl") for one in xml.etree.ElementTree.fromstring(saved["text"]).iter("outline")]
    assert sorted(urls) == [fixture.url("a"), fixture.url("b")], urls
    again = fixture.post("preview", text=text)
    assert (again["added"], again["known"]) == (0, 2), again
    broken = fixture.post("preview", text=text.replace("</body>", "<outline"))
    assert "line " in broken["trouble"] and not broken["good"], broken
    raw = fixture.post("preview", text=text.replace("?>", "?>\n", 1).replace("Secret", "Secret & more"))
    assert raw["raw_line"] > 0 and "raw_line" not in again, (raw, again)
    assert "hush" not in fixture.weir.console.log()


def test_many(fixture):
    """A long list is told in part and counted whole; feeds come in pages; what is too long is refused"""
    text = OPML % "\n".join(outline("Many %d" % n, "http://many.example/%d" % n) for n in range(3000))
    done = fixture.post("import", text=text)
    assert done["added"] == 3000 and len(done["outlines"]) == 200, done["added"]
    first = fixture.listed(q="many.example", limit=1000)
    assert first["count"] == 3000 and len(first["items"]) == 1000 and first["next"] == "1000"
    last = fixture.listed(q="many.example", limit=1000, after=2000)
    assert len(last["items"]) == 1000 and last["next"] == "", last["next"]
    assert fixture.listed(q="many.example", after=9999)["items"] == []
    expect(fixture.client.post("feeds/import", {"text": 5000000 * "x"}), 413)


def test_weirctl_from_elsewhere(fixture):
    """weirctl --gateway does all that weirctl feeds does on the machine itself, in the same words"""
    weir = fixture.weir
    weir.env["WEIR_PASSWORD"] = PASSWORD
    url = weir.console_url.replace("//", "//ann@")
    opml = weir.directory + "/remote.opml"

    def over(*words, **options):
        return weir.ctl("--gateway", url, *words, **options)

    def same(*words, **options):
        here, there = weir.ctl(*words, **options), over(*words, **options)
        assert (here.output, here.errors) == (there.output, there.errors), (
            here.output, here.errors, there.output, there.errors)
        return there.text()

    names = [one["name"] for one in fixture.listed(limit=100000)["items"]]
    assert not names or weir.ctl("feeds", "remove", *names)
    assert same("feeds", "list") == "there are no feeds\n"
    said = over("feeds", "add", "far", fixture.url("a"), "--category", "News", "--title", "Far \u6e2f")
    assert said.text() == "far is subscribed to: %s/f/far\n" % weir.feeds_url, said.text()
    wait_for(lambda: get(weir, "/f/far").body == GOOD, "it is served")
    wait_for(lambda: '"state":"ok"' in weir.ctl("--json", "feeds", "list").text(), "it says how it is")
    assert over("feeds", "change", "far", "--mode", "pass").text() == "far is changed\n"
    wait_for(lambda: get(weir, "/f/far").body == feed(ITEMS), "all of it passes")
    with open(opml, "w") as file:
        file.write(OPML.replace("iso-8859-1", "utf-8") % "".join((
            outline("Second", fixture.url("b")), outline("Known", fixture.url("a")), outline("Bad", "x:y"))))
    assert same("feeds", "import", "--dry-run", opml, status=65).startswith("nothing was added")
    said = over("feeds", "import", "--partial", opml, status=65)
    assert said.text() == "1 feed added, 1 passed over, 1 bad\n", said.text()
    assert "%s:3: " % opml in said.errors and said.errors.count("\n") == 2, said.errors
    assert 'xmlUrl="%s"' % fixture.url("b") in same("feeds", "export")

    def settled(feeds):
        """Polls go on while it is looked: without when they were."""
        return [{key: value for key, value in one.items() if not key.endswith("_s")} for one in feeds]

    def lists():
        return [settled(json.loads(line) for line in call("--json", "feeds", "list").text().splitlines())
                for call in (weir.ctl, over)]

    wait_for(lambda: [one["state"] for one in lists()[0]] == ["ok", "ok"], "both were polled")
    here, there = lists()
    assert here == there and len(here) == 2, (here, there)
    assert 'far  ' in over("feeds", "list").text() and '"Far \u6e2f"  in News' in over("feeds", "list").text()
    address = over("feeds", "reader", "add", "bob").text().split("\n")[0]
    assert address.startswith(weir.feeds_url + "/r/"), address
    wait_for(lambda: b"far" in get(weir, address[len(weir.feeds_url):]).body, "bob may read it")
    assert same("feeds", "reader", "list").startswith("bob  added ")
    assert "there is no reader" in over("feeds", "reader", "remove", "eva", status=65).errors
    assert over("feeds", "reader", "remove", "bob").text() == "the addresses of bob are not found any more\n"
    said = over("feeds", "remove", "far", "none", "second", status=65)
    assert said.text() == "".join("%s is no longer subscribed to\n" % name for name in ("far", "second"))
    assert "feed none: " in said.errors and "there is no feed" in said.errors, said.errors
    assert {"ann add feed far", "ann change feed far", "ann remove feed far", "ann add reader bob",
            "ann remove reader bob"} <= set(fixture.audit()), fixture.audit()
    with open(opml, "wb") as file:
        file.write((OPML % outline("H\u00e4fen", fixture.url("b"))).encode("iso-8859-1"))
    assert "is no UTF-8" in over("feeds", "import", opml, status=65).errors
    # With a token of somebody who may only look.
    weir.env["WEIR_TOKEN"] = weir.ctl("console-user", "token", "looker", "--role", "reader").text().strip()
    try:
        plain = weir.console_url
        assert weir.ctl("--gateway", plain, "feeds", "list").text() == "there are no feeds\n"
        said = weir.ctl("--gateway", plain, "feeds", "add", "x", fixture.url("a"), status=65)
        assert "403" in said.errors, said.errors
    finally:
        del weir.env["WEIR_TOKEN"]


run(setup, [test_add_change_remove, test_bad_input, test_who_may, test_secret_addresses, test_opml,
            test_weirctl_from_elsewhere, test_many])
