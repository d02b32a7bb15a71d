"""Fifty real feeds in newsboat, through the gateway and directly: the same items, less the held ones.
The feeds are those of $WEIR_DATA; without them this is skipped."""

import glob
import os
import pty
import re
import select
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.parse

from gateway import get_all
from servers import (PATIENCE_S, Skip, Weir, counts_store, make_temporary_directory, need_program,
                     run)
from upstream import Document, Upstream

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../bench"))
import corpora  # noqa: E402

COUNT = 50


def chosen():
    """Paths of fifty feeds, each of another site."""
    folder = corpora.unpacked("feeds.tar.zst", "feeds/real")
    paths = sorted(glob.glob(os.path.join(folder, "feeds/real/*"))) if folder else []
    by_site = {os.path.basename(path).split("__")[0]: path for path in paths}
    sites = sorted(by_site)
    if len(sites) < COUNT:
        raise Skip("no real feeds at %s (WEIR_DATA)" % corpora.DATA)
    return [by_site[sites[number * len(sites) // COUNT]] for number in range(COUNT)]


class Fixture:
    def __init__(self):
        self.directory = make_temporary_directory()

    def start(self):
        """A gateway that holds a good deal: what it holds is not the question."""
        need_program("newsboat")
        self.upstream, self.feeds = Upstream(), {}
        counts = counts_store(self.directory, "counts")
        self.weir = Weir(self.directory, counts.url, "weir", {
            "cold-lessons": 1, "thresholds": {"hold": 0.55},
            "feedfilter": {"upstream-networks": ["127.0.0.0/8"], "fetch-timeout": "20s"}})
        self.weir.learn_samples()
        for number, path in enumerate(chosen()):
            name = "real%d" % number
            with open(path, "rb") as file:
                body = file.read()
            kind = "application/feed+json" if path.endswith(".json") else "application/xml"
            self.upstream.documents["/" + name] = Document(body, kind)
            self.feeds[name] = self.upstream.url + "/" + name
            self.weir.configure({"feed " + name: {"url": self.feeds[name]}})
        self.weir.start_feeds()

    def newsboat(self, name, url):
        """What newsboat has of `url`: {guid: (title, author, link, content, enclosure)}."""
        home = os.path.join(self.directory, name)
        os.mkdir(home)
        for file_name, text in (("urls", url + "\n"), ("config", "download-retries 1\n")):
            with open(os.path.join(home, file_name), "w") as file:
                file.write(text)
        subprocess.run(["newsboat", "-x", "reload", "-u", home + "/urls", "-c", home + "/cache.db",
                        "-C", home + "/config"], env=dict(os.environ, HOME=home), check=True,
                       timeout=PATIENCE_S, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        with sqlite3.connect(home + "/cache.db") as cache:
            return {row[0]: row[1:] for row in cache.execute(
                "select guid, title, author, url, content, enclosure_url from rss_item")}

    def held(self, name):
        """Titles and guids of what is held of a feed."""
        with sqlite3.connect(self.weir.records_feeds) as records:
            return [part for row in records.execute(
                "select subject, reference from held where sender = ?", (name,)) for part in row]


def setup():
    yield Fixture()


def words(text):
    return "".join(re.findall(r"\w", text or ""))


def placeless(item):
    """With a relative link as a path: newsboat starts from the site's own address where the feed has
    no xml:base, and these feeds are not where they say that they are."""
    title, author, link, content, enclosure = item
    return title, author, urllib.parse.urlsplit(link)[2:], content, enclosure


def test_the_same_items(fixture):
    """newsboat shows of fifty real feeds what it shows without the gateway, less what is held"""
    fixture.start()
    answers = get_all(fixture.weir, ["/f/" + name for name in fixture.feeds])
    assert {answer.status for answer in answers.values()} == {200}, {
        path: answer.text()[:200] for path, answer in answers.items() if answer.status != 200}
    shown = lacking = 0
    for name, url in fixture.feeds.items():
        direct = fixture.newsboat(name + "-direct", url)
        through = fixture.newsboat(name + "-through", fixture.weir.feeds_url + "/f/" + name)
        held = {words(part) for part in fixture.held(name)}
        # An item that stands there twice is one item in newsboat, the first or the second.
        for guid, item in through.items():
            assert guid in direct, (name, guid)
            assert placeless(direct[guid]) == placeless(item), (
                name, guid, [pair for pair in zip(direct[guid], item) if pair[0] != pair[1]])
        for guid, item in direct.items():
            if guid not in through:
                assert words(guid) in held or words(item[0]) in held, (name, guid, item[:3], held)
                lacking += 1
        shown += len(through)
    print("# %d feeds: %d items are shown, %d are held" % (len(fixture.feeds), shown, lacking))
    assert shown > 300 and lacking > 10


def shown(urls, home):
    """What newsboat shows on its screen of the first item of the feed at `url`, as bytes."""
    os.mkdir(home)
    for name, text in (("urls", urls + "\n"), ("config", "download-retries 1\nauto-reload yes\n")):
        with open(os.path.join(home, name), "w") as file:
            file.write(text)
    child, screen = pty.fork()
    if not child:
        os.execvpe("newsboat", ["newsboat", "-u", home + "/urls", "-c", home + "/cache.db", "-C",
                                home + "/config"], dict(os.environ, HOME=home, TERM="xterm"))
    seen = b""

    def wait_seen(what):
        nonlocal seen
        deadline_s = time.monotonic() + PATIENCE_S
        while what not in seen:
            assert time.monotonic() < deadline_s, (what, seen)
            if select.select([screen], [], [], 0.2)[0]:
                seen += os.read(screen, 65536)

    try:
        for what in (b"A feed", b"An item", b"the end."):
            wait_seen(what)
            os.write(screen, b"\n")
        wait_seen(b"[2]: ")
        wait_seen(b"(link)")
        return seen
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(screen)


def test_relative_links_of_rss_1(fixture):
    """A relative link in a text of RSS 1.0, where newsboat minds no xml:base, leads to the site"""
    need_program("newsboat")
    upstream = Upstream()
    upstream.documents["/dir/feed"] = Document(
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        b'<channel rdf:about="x"><title>A feed</title><link>http://s.example/</link></channel>'
        b'<item rdf:about="http://s.example/1"><title>An item</title><link>http://s.example/1</link>'
        b"<description>&lt;a href='more'&gt;more&lt;/a&gt;, &lt;a href='/x'&gt;x&lt;/a&gt;, the end."
        b"</description></item></rdf:RDF>")
    weir = Weir(fixture.directory, counts_store(fixture.directory, "relative-counts").url, "relative", {
        "feedfilter": {"upstream-networks": ["127.0.0.0/8"]}, "feed planet": {"url": upstream.url + "/dir/feed"}})
    weir.start_feeds()
    seen = shown(weir.feeds_url + "/f/planet", os.path.join(fixture.directory, "screen"))
    for link in ("/dir/more", "/x"):
        assert (upstream.url + link + " (link)").encode() in seen, seen


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
