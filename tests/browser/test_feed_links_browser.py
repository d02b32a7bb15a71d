"""A reader of a feed in Chromium, on real daemons: the link at the end of an item takes it out of the
feed, and that of a held item brings it back; in both languages.

$WEIR_SCREENSHOTS names a directory for pictures.
"""

import html
import os
import re
import sys
import xml.etree.ElementTree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from person import Browser  # noqa: E402
from gateway import get  # noqa: E402
from sample_feeds import HAM, SPAM, feed  # noqa: E402
from servers import (Weir, counts_store, make_temporary_directory, need_program,  # noqa: E402
                     run, wait_for)
from upstream import Document, Upstream  # noqa: E402

WITHIN_S = 20  # the feed server looks at the records every second or so
ATOM = "{http://www.w3.org/2005/Atom}"
TITLE = "Painting the hull again"
OTHER_SITE = """<!DOCTYPE html><html><head><meta name="referrer" content="no-referrer"></head><body>
<form method="post" action="%s"><input type="hidden" name="do" value="%s"><button>Win</button></form>
</body></html>"""


class Fixture:
    def __init__(self, directory):
        need_program("chromium")
        upstream = self.upstream = Upstream()
        upstream.documents["/planet"] = Document(feed(HAM + SPAM))
        self.counts = counts_store(directory)
        self.weir = Weir(directory, self.counts.url, settings={
            "cold-lessons": 10, "thresholds": {"hold": 0.85},
            "feed planet": {"url": upstream.url + "/planet"}})
        self.weir.configure({
            "digest": {"key-file": os.path.join(self.weir.directory, "link.key")},
            "feedfilter": {"upstream-networks": ["127.0.0.0/8"], "footer": True,
                           "link-key-file": os.path.join(self.weir.directory, "feed-link.key")}})
        self.weir.learn_samples()
        self.weir.start_console()
        self.weir.configure({"console": {"public-url": self.weir.console_url}})
        self.weir.start_feeds()
        self.elsewhere = upstream.url.replace("127.0.0.1", "localhost")
        self.browser = Browser(self.weir.console_url, self.elsewhere)
        self.browser.directory = directory

    def items(self):
        """{title: description} of the feed, as HTML that a reader shows."""
        root = xml.etree.ElementTree.fromstring(get(self.weir, "/f/planet").body)
        return {item.findtext("title"): item.findtext("description") for item in root.iter("item")}

    def held(self):
        """{title: link} of what is held of it."""
        root = xml.etree.ElementTree.fromstring(get(self.weir, "/q/planet").body)
        return {entry.findtext(ATOM + "title"): entry.find(ATOM + "link").get("href")
                for entry in root.iter(ATOM + "entry")}


def setup():
    yield Fixture(make_temporary_directory())


def test_form_of_another_site(fixture):
    """A page of another site that hides where it stands has a form with the link: it does nothing"""
    browser, before = fixture.browser, fixture.counts.version()
    link = re.search(r"http[^\"?]+/d/[^\"?]+", html.unescape(fixture.items()[TITLE]))[0]
    fixture.upstream.documents["/win"] = Document((OTHER_SITE % (link, "spam")).encode(), "text/html")
    browser.do("come", link=fixture.elsewhere + "/win")
    browser.do("click", role="button", name="Win")
    browser.do("wait", text="the request comes from another site")
    assert fixture.counts.version() == before and TITLE in fixture.items()
    said = fixture.weir.ctl("audit", "--what", "refused-from-other-site").text()
    assert "the link of an item of the feed planet" in said, said


def test_item_is_called_spam(fixture):
    """The link of an item opens a page; its button takes the item into what is held; to look at the
    page again changes nothing more"""
    browser, before = fixture.browser, fixture.counts.version()
    browser.do("show_mail", html=fixture.items()[TITLE])
    browser.do("click", role="link", name="Spam")
    browser.do("wait", text="Is this spam?")
    assert TITLE in browser.do("read")["text"]
    browser.picture("feed-link")
    browser.picture("feed-link-phone", width=390)
    assert fixture.counts.version() == before and TITLE in fixture.items()
    browser.do("click", role="button", name="It is spam")
    browser.do("wait", text="Thank you. It is held")
    assert fixture.counts.version() == before + 1
    wait_for(lambda: TITLE not in fixture.items(), "it is out of the feed", WITHIN_S)
    assert TITLE in fixture.held()
    browser.do("go_back")
    browser.do("click", role="button", name="It is spam")
    browser.do("wait", text="That was said before")
    assert fixture.counts.version() == before + 1


def test_held_item_is_released(fixture):
    """The link of a held item opens a page; its button brings the item back into the feed"""
    browser = fixture.browser
    browser.do("come", link=fixture.held()[TITLE])
    browser.do("wait", text="Confirm that it is spam")
    browser.do("click", role="button", name="Release it, it is not spam")
    browser.do("wait", text="It is in the feed again")
    wait_for(lambda: TITLE in fixture.items(), "it is back", WITHIN_S)
    assert TITLE not in fixture.held()


def test_held_item_is_confirmed(fixture):
    """Without a mouse, what is spam is confirmed, and stays out"""
    browser = fixture.browser
    title = next(title for title in fixture.held() if "FREE SPINS" in title)
    browser.do("come", link=fixture.held()[title])
    browser.do("wait", text="Why")
    browser.do("walk", text="Confirm that it is spam")
    browser.do("wait", text="It stays out of the feed")
    wait_for(lambda: title not in fixture.held(), "it is decided", WITHIN_S)
    assert title not in fixture.items()


def test_in_chinese(fixture):
    """Item and page are Chinese where digests are"""
    browser, weir = fixture.browser, fixture.weir
    weir.configure({"digest": {"language": "zh"}})
    weir.feeds.process.send_signal(1)
    weir.console.stop()
    weir.restart_console()
    title = next(iter(fixture.items()))
    wait_for(lambda: "这不是垃圾内容" in html.unescape(fixture.items()[title]),
             "the words are Chinese", WITHIN_S)
    browser.do("show_mail", html=fixture.items()[title])
    browser.do("click", role="link", name="这不是垃圾内容")
    browser.do("wait", text="这不是垃圾内容吗？")
    browser.do("click", role="button", name="这不是垃圾内容")
    browser.do("wait", text="谢谢。weir 已学习它不是垃圾内容。")
    browser.picture("feed-link-zh")


run(setup, [test_form_of_another_site, test_item_is_called_spam, test_held_item_is_released,
            test_held_item_is_confirmed, test_in_chinese])
