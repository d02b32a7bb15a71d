"""What weir exists for: a page of a spider pool is held after the quickstart's samples were taught,
in every form it can come in, and articles on the same subjects pass."""

import glob
import html
import os
from xml.sax.saxutils import escape

import servers

OWN = os.path.join(servers.SOURCE, "tests/samples/spider-pool-own.txt")
ARTICLES = os.path.join(servers.SOURCE, "tests/samples")
FOREIGN = os.path.join(os.environ.get("WEIR_DATA", os.path.join(servers.SOURCE, "../shared/data")),
                       "specimen/spider-pool.txt")
REASONS = {"LINK_FARM", "TEXT_SPLICED", "TITLE_STUFFED"}


def setup():
    directory = servers.make_temporary_directory()
    redis = servers.Redis(directory)
    weir = servers.Weir(directory, redis.url)
    samples = os.path.join(servers.SOURCE, "conf/samples/")
    weir.ctl("learn", "ham", samples + "ham", samples + "feed-ham.xml",
             "spam", samples + "spam", samples + "feed-spam.xml")  # as quickstart does
    weir.test_directory = directory
    yield weir


def read_page(path):
    """(title, paragraphs) of a page: its first line is the title."""
    if not os.path.exists(path):
        raise servers.Skip("no data at " + path)
    with open(path, encoding="utf-8") as file:
        title, body = file.read().split("\n", 1)
    return title.strip(), [line.strip() for line in body.splitlines() if line.strip()]


def to_html(paragraphs):
    """The page as it was: the phrases of the last paragraph are links."""
    phrases = [phrase.strip() for phrase in paragraphs[-1].split("|") if phrase.strip()]
    links = ['<a href="http://site%d.pool%d.test/">%s</a>' % (i, i, html.escape(phrase))
             for i, phrase in enumerate(phrases)]
    return "".join("<p>%s</p>\n" % html.escape(text) for text in paragraphs[:-1]) + \
        "<p>%s</p>\n" % " | ".join(links)


def check(weir, name, data):
    path = os.path.join(weir.test_directory, name)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return weir.ctl("check", "--json", path, status=None).json()


def assert_held(verdict):
    assert verdict["action"] == "hold", verdict
    named = {term["symbol"] for term in verdict["terms"] if term["log_odds"] > 0}
    assert REASONS <= named, verdict


def plain_mail(page):
    title, paragraphs = page
    return servers.make_message(title, "\n\n".join(paragraphs))[0]


def html_mail(page):
    title, paragraphs = page
    return servers.make_message(title, "<html><body>\n%s</body></html>" % to_html(paragraphs),
                                kind="html")[0]


def feed(page):
    title, paragraphs = page
    return """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>News</title><link>http://news.example/</link>
<description>News</description>
<item><title>%s</title><link>http://news.example/1</link><guid>http://news.example/1</guid>
<description>%s</description></item>
</channel></rss>
""" % (escape(title), escape(to_html(paragraphs)))


def test_own_page_as_plain_mail(weir):
    """A page of our own making is held as plain-text mail"""
    assert_held(check(weir, "own-plain.eml", plain_mail(read_page(OWN))))


def test_own_page_as_html_mail(weir):
    """A page of our own making is held as HTML mail"""
    assert_held(check(weir, "own-html.eml", html_mail(read_page(OWN))))


def test_own_page_as_feed_item(weir):
    """A page of our own making is held as a feed item"""
    assert_held(check(weir, "own.xml", feed(read_page(OWN))))


def test_real_page_as_plain_mail(weir):
    """A real page is held as plain-text mail"""
    assert_held(check(weir, "real-plain.eml", plain_mail(read_page(FOREIGN))))


def test_real_page_as_html_mail(weir):
    """A real page is held as HTML mail"""
    assert_held(check(weir, "real-html.eml", html_mail(read_page(FOREIGN))))


def test_real_page_as_feed_item(weir):
    """A real page is held as a feed item"""
    assert_held(check(weir, "real.xml", feed(read_page(FOREIGN))))


def assert_all_pass(verdicts):
    assert len(verdicts) == 10, len(verdicts)
    for verdict in verdicts:
        assert verdict["action"] == "accept", verdict
        assert not REASONS & {term["symbol"] for term in verdict["terms"]}, verdict


def test_articles_as_mail(weir):
    """Ten articles on the same subjects pass as mail"""
    files = sorted(glob.glob(os.path.join(ARTICLES, "articles/*.eml")))
    assert_all_pass(weir.ctl("check", "--json", *files, status=None).json())


def test_articles_as_feed_items(weir):
    """Ten articles on the same subjects pass as feed items"""
    file = os.path.join(ARTICLES, "articles.xml")
    assert_all_pass(weir.ctl("check", "--json", file, status=None).json())


servers.run(setup, [
    test_own_page_as_plain_mail,
    test_own_page_as_html_mail,
    test_own_page_as_feed_item,
    test_real_page_as_plain_mail,
    test_real_page_as_html_mail,
    test_real_page_as_feed_item,
    test_articles_as_mail,
    test_articles_as_feed_items,
])
