"""The console's pages in Chromium, on real daemons: charts, filters, undo, history, search, keys."""

import os
import re
import sqlite3
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from person import ATTACK, PASSWORD, Fixture as Person  # noqa: E402
from console_client import Client  # noqa: E402
from sample_feeds import ITEMS, feed  # noqa: E402
from servers import make_temporary_directory, run, wait_for  # noqa: E402


class Fixture(Person):
    def __init__(self, directory):
        super().__init__(directory, undo="1h")
        self.browser.do("come")
        self.browser.do("log_in", user="ann", password=PASSWORD)
        self.browser.do("wait", text="What is learned")


def setup():
    yield Fixture(make_temporary_directory())


def write_history(fixture):
    """A month of verdicts on mail, more of them by day; how many."""
    now, count = int(time.time()), 0
    with sqlite3.connect(fixture.weir.records_mail) as records:
        for hour in range(1, 28 * 24):
            for action, most in (("accept", 9), ("tag", 2), ("hold", 2), ("reject", 3)):
                number = (hour * 7 + most * 5) % (most + 1) // (1 if hour % 24 < 14 else 3)
                records.executemany(
                    "INSERT INTO history (document_id, time_s, channel, action, log_odds, sender, "
                    "recipients, subject, reference, evidence) VALUES (randomblob(16), ?, 'mail', ?, "
                    "0, 'x@past.test', 'bob@box.test', 'Once', '', '{}')",
                    [(now - hour * 3600, action)] * number)
                count += number
    return count


def test_charts(fixture):
    """The overview draws what was judged and held, and says the same as a table"""
    browser = fixture.browser
    for number in range(3):
        fixture.hold("Charted %d" % number)
    wait_for(lambda: fixture.weir.ctl("history").output.count(b"Charted") == 3,
             "the history is written")
    browser.do("open", hash="#/held")
    browser.do("open", hash="#/")
    browser.do("wait", text="Over time")
    seen = browser.do("charts")
    assert any("verdicts, hour by hour: 3 in all" == label for label in seen["labels"]), seen
    assert any("held, day by day, and what became of it: 3 in all" == label
               for label in seen["labels"]), seen
    assert seen["rects"] >= 3, seen
    browser.do("unfold", text="as a table")
    table = browser.do("see")["tables"][0].split()
    assert "hold" in table and table[-1] == "3", table
    browser.do("open", hash="#/held")
    every = "verdicts, day by day: {:,} in all".format(3 + write_history(fixture))
    browser.do("open", hash="#/")
    browser.do("wait", text="Over time")
    assert every in browser.do("charts")["labels"], every
    browser.picture("console-overview")
    browser.picture("console-overview-dark", dark=True)
    browser.picture("console-overview-phone", width=360)


def test_undo(fixture):
    """What was done is taken back with a button; of what was delivered, the lesson"""
    browser = fixture.browser
    message_id = fixture.hold("Deleted by mistake")
    browser.do("open", hash="#/held?q=by+mistake")
    browser.do("click", role="link", name="Deleted by mistake")
    browser.do("wait", text="FROM_NAME_IS_ADDRESS")
    assert "Undo" not in browser.do("see")["enabled"]
    browser.do("click", role="button", name="Delete")
    browser.do("wait", text="It is about to be deleted.")
    browser.do("click", role="button", name="Undo")
    browser.do("wait", text="It is held again.")
    seen = browser.do("see")
    assert "Release" in seen["enabled"] and "Undo" not in seen["enabled"], seen["enabled"]
    browser.do("click", role="button", name="Release")
    fixture.postfix.wait_delivered(message_id)
    browser.do("wait", text="It is released.", exact=True)
    browser.do("click", role="button", name="Undo")
    browser.do("wait", text="It was delivered and cannot be recalled; its lesson is taken back.")


def test_filters(fixture):
    """All filters of weirctl held are there, and kept in the address; what cannot be is said"""
    browser = fixture.browser
    fixture.hold("For the filter")
    browser.do("open", hash="#/held")
    browser.do("unfold", text="More filters")
    browser.do("fill", label="Sender", text="stranger%d" % fixture.strangers)
    browser.do("fill", label="Symbol", text="FROM_NAME_IS_ADDRESS")
    browser.do("click", role="button", name="Search")
    browser.do("wait", text="For the filter")
    seen = browser.do("see")
    assert seen["lines"] == 1 and "symbol=FROM_NAME_IS_ADDRESS" in seen["hash"], seen
    browser.do("open", hash="#/held?min_score=50")
    browser.do("wait", text="Nothing that is held says that.")
    browser.do("open", hash="#/held?min_score=much")
    browser.do("wait", text='"much" is no score')
    for name, value in (("recipient", "bob@box.test"), ("since", "1h"), ("max_score", "100"),
                        ("until", "@9999999999"), ("sender", "stranger")):
        browser.do("open", hash="#/held?q=filter&%s=%s" % (name, value))
        browser.do("wait", text="For the filter")
        assert browser.do("see")["lines"] == 1, name
    browser.do("open", hash="#/held?feed=none")
    browser.do("wait", text="Nothing that is held says that.")


def test_history(fixture):
    """What was judged is found by text, verdict and stream, and each says why"""
    browser = fixture.browser
    browser.do("open", hash="#/history")
    browser.do("search", text="the filter")
    browser.do("wait", text="For the filter")
    wait_for(lambda: browser.do("see")["lines"] == 1, "only that is left")
    browser.do("open", hash="#/history")
    browser.picture("console-history")
    browser.picture("console-history-dark", dark=True)
    browser.picture("console-history-phone", width=360)
    browser.do("open", hash="#/history?action=defer")
    browser.do("wait", text="No verdict says that.")
    browser.do("open", hash="#/history?q=the+filter&action=hold&stream=mail")
    browser.do("click", role="link", name="For the filter")
    browser.do("wait", text="FROM_NAME_IS_ADDRESS")
    browser.do("click", role="link", name="what became of it")
    browser.do("wait", text="More filters")
    assert "For the filter" in browser.do("see")["text"]


def test_search_everywhere(fixture):
    """The box at the top looks in what is held, in what was judged and among identities"""
    browser = fixture.browser
    domain = "stranger%d.test" % fixture.strangers
    fixture.weir.ctl("reputation", "pin", "from-domain", domain)
    browser.do("press", key="/")
    browser.do("type", text=domain)
    browser.do("press", key="Enter")
    browser.do("wait", text="Identities")
    seen = browser.do("see")
    assert seen["hash"] == "#/search?q=" + domain, seen["hash"]
    parts = seen["text"].split("Identities")[1]
    identities, rest = parts.split("\nHeld\n")
    held, history = rest.split("\nHistory\n")
    assert "from-domain " + domain in identities, identities
    assert "For the filter" in held and "For the filter" in history, rest
    assert any("#/reputation/from-domain/" in link for link in seen["links"]), seen["links"]
    browser.picture("console-search")
    browser.picture("console-search-dark", dark=True)
    browser.picture("console-search-phone", width=360)


def test_keys(fixture):
    """Keys move along the list, open, confirm and undo; ? lists them; none acts while one writes"""
    browser = fixture.browser
    fixture.hold("Key one")
    fixture.hold("Key two")
    browser.do("open", hash="#/held?q=Key")
    browser.do("wait", text="Key two")
    browser.do("press", key="j")
    assert browser.do("see")["focused"] == "Key two"
    browser.do("press", key="ArrowDown")
    assert browser.do("see")["focused"] == "Key one"
    browser.do("press", key="j")
    browser.do("press", key="k")
    assert browser.do("see")["focused"] == "Key two"
    browser.do("press", key="c")
    browser.do("wait", text="Key two: It is confirmed as spam")
    browser.do("press", key="u")
    browser.do("wait", text="Key two: It is held again.")
    browser.do("press", key="Enter")
    browser.do("wait", text="FROM_NAME_IS_ADDRESS")
    browser.do("press", key="d")
    browser.do("wait", text="It is about to be deleted.")
    browser.do("press", key="u")
    browser.do("wait", text="It is held again.")
    browser.do("press", key="?")
    browser.do("wait", text="undo what was done last")
    browser.do("press", key="c")
    browser.do("press", key="Escape")
    browser.do("wait", text="undo what was done last", gone=True)
    browser.do("press", key="/")
    browser.do("type", text="crdu")
    seen = browser.do("see")
    assert "Release" in seen["enabled"] and "Undo" not in seen["enabled"], seen["enabled"]
    browser.do("open", hash="#/held?q=Key+one")
    browser.do("wait", text="wait for review")
    browser.do("press", key="k")
    browser.do("press", key="r")
    browser.do("wait", text="Key one: It is on its way out")


def test_hostile(fixture):
    """Markup in subject, sender, feed and file name does nothing on any page"""
    browser = fixture.browser
    fixture.hold("Attack " + ATTACK, name='"%s service@bank.test"' % ATTACK.replace('"', ""),
                 attachment="<img src=x onerror=alert(7)>.exe")
    fixture.weir.configure({"check TITLE_STUFFED": {"log-odds": 12}})
    escaped = ATTACK.replace("&", "&amp;").replace("<", "&lt;")
    fixture.weir.run(
        "weir-feedfilter", "--pipe", "--feed", "planet<img src=x onerror=alert(6)>",
        input="<rss><channel><title>%s</title><item><guid>hostile</guid><title>cheap watches, buy "
              "watches online | replica watches - Attack %s</title></item></channel></rss>"
        % (escaped, escaped))
    browser.do("wait", text="Held")
    for place in ("#/held?q=Attack", "#/history?q=Attack", "#/search?q=Attack",
                  "#/search?q=%3Cimg%20src=x%20onerror=alert(6)%3E", "#/history"):
        browser.do("open", hash=place)
        browser.do("wait", text="onerror=alert(")
        seen = browser.do("see")
        assert seen["scripts"] == 0, (place, seen)
        assert all(link.startswith(fixture.weir.console_url + "/#/") for link in seen["links"]), seen
    for place, shown in (("#/history?q=Attack&stream=feeds", "TITLE_STUFFED"),
                         ("#/history?q=Attack&stream=mail", "FROM_NAME_IS_ADDRESS"),
                         ("#/held?q=Attack&stream=mail", "onerror=alert(7)>.exe")):
        browser.do("open", hash=place)
        browser.do("press", key="j")
        browser.do("press", key="Enter")
        browser.do("wait", text=shown)
        assert browser.do("see")["scripts"] == 0, place
    for place in ("#/search?q=%s", "#/history/%s", "#/held/%s", "#/%s"):
        browser.do("open", hash=place % "%3Cimg%20src%3Dx%20onerror%3Dalert(8)%3E")
        assert browser.do("see")["scripts"] == 0, place


def test_hostile_digest(fixture):
    """Nor does it in a digest, and on the pages that its links open"""
    browser = fixture.browser
    text, html = fixture.digest("bob@box.test")
    about = next(part for part in text.split("\n\n") if "Attack <script>" in part)
    browser.do("turn_to", who="bob")
    try:
        browser.do("show_mail", html=html)
        browser.do("wait", text="Attack <script>alert(1)</script>")
        browser.do("come", link=re.search(r"http://\S+/d/\S+", about)[0])
        browser.do("wait", text="Attack <script>alert(1)</script>")
        browser.do("come", link=re.findall(r"http://\S+/d/\S+", text)[-1])
        browser.do("wait", text="Attack <script>alert(1)</script>")
    finally:
        browser.do("turn_to", who="reviewer")


def test_hostile_tuning(fixture):
    """Nor does it on the pages of what a change would do, of an identity, and of the audit"""
    browser = fixture.browser
    browser.do("open", hash="#/tuning")
    browser.do("fill", label="Find a number", text="from_name_is_address")
    browser.do("fill", label="FROM_NAME_IS_ADDRESS", text="0")
    browser.do("wait", text="<script>alert(1)</script>")
    assert browser.do("see")["scripts"] == 0
    browser.do("open", hash="#/held?q=Attack&stream=mail")
    browser.do("press", key="j")
    browser.do("press", key="c")
    browser.do("wait", text="It is confirmed as spam")
    fixture.strangers -= 1  # the same one once more
    fixture.hold("Attack again " + ATTACK)
    wait_for(lambda: b"Attack again" in fixture.weir.ctl("history").output, "it is written")
    browser.do("open", hash="#/reputation/from-domain/stranger%d.test" % fixture.strangers)
    browser.do("wait", text="Attack again <script>alert(1)</script>")
    assert browser.do("see")["scripts"] == 0
    author = "<img src=x onerror=alert(7)>.exe"
    fixture.weir.ctl("reputation", "pin", "author", author, "1")
    browser.do("open", hash="#/reputations?q=onerror")
    browser.do("wait", text=author)
    assert browser.do("see")["scripts"] == 0
    probe = Client(fixture.weir, login=False)
    assert probe.request("GET", "/../" + urllib.parse.quote(ATTACK)).status == 404
    browser.do("open", hash="#/audit")
    browser.do("wait", text=author)
    browser.do("wait", text="/../<script>alert(1)</script>")
    assert browser.do("see")["scripts"] == 0


def test_phone(fixture):
    """No page is wider than a small phone, in both languages"""
    browser = fixture.browser
    for _ in range(2):
        for place in ("#/", "#/held", "#/held?q=a&sender=b", "#/held/m1", "#/history",
                      "#/search?q=stranger1.test", "#/nothing"):
            browser.do("open", hash=place)
            browser.picture("phone", width=360)
        seen = browser.do("see")
        if seen["language"] == "zh-Hans":
            browser.do("open", hash="#/")
            browser.picture("console-overview-chinese", width=360)
        browser.do("click", role="button", name="English" if seen["language"] == "zh-Hans" else "中文")


def test_legend_in_chinese(fixture):
    """What became of held items is called in Chinese what it is, and not as the head of a column"""
    browser = fixture.browser
    fixture.hold("Charted as spam")
    spam = fixture.weir.ctl("--json", "held", "list", "--text", "Charted as spam").json()["id"]
    fixture.weir.ctl("held", "confirm", spam)
    browser.do("open", hash="#/held/" + spam)
    browser.do("click", role="button", name="中文")
    browser.do("wait", text="已确认为垃圾")
    browser.do("open", hash="#/")
    browser.do("wait", text="变化趋势")
    browser.do("charts")
    seen = browser.do("see")["text"]
    browser.do("click", role="button", name="English")
    assert "垃圾或已删除" in seen and "垃圾概率" not in seen, seen


def test_long_words(fixture):
    """On a phone of 320 pixels no page scrolls sideways, however long a word somebody writes"""
    browser, long = fixture.browser, 300 * "Lo" + 300 * "ng"
    domain = "stranger%d.test" % (fixture.strangers + 1)
    fixture.weir.ctl("reputation", "pin", "from-domain", domain, "1")
    fixture.hold(long, name='"service@bank.test %s"' % (200 * "N"))
    fixture.weir.ctl("reputation", "pin", "from-address", 60 * "x" + "@" + 60 * "y" + ".test", "1")
    fixture.weir.run("weir-feedfilter", "--pipe", "--feed", "longer", input=feed(ITEMS).replace(
        b"<title>", b"<title>" + long.encode()))
    fixture.weir.ctl("feeds", "add", "longest", "https://feeds.test/" + 300 * "p", "--title", long[:200],
                     "--category", 100 * "c")
    text, _ = fixture.digest("bob@box.test")
    links = sorted(set(link.split("?")[0] for link in re.findall(r"http://\S+/d/\S+", text)))
    entries = ["#/held/" + item["id"] for item in
               fixture.weir.ctl("--json", "held", "list", "--text", long[:40]).json()]
    assert len(entries) > 1, entries
    for number, hash in enumerate((
            *entries, "#/", "#/held", "#/history", "#/search?q=" + long[:50], "#/audit", "#/feeds",
            "#/feed/longest", "#/rules", "#/tuning", "#/reputations?q=xxx",
            "#/reputation/from-domain/" + domain, "#/reputation/envelope-domain/" + domain)):
        browser.do("open", hash=hash)
        browser.picture("long-%d" % number, width=320)
        if hash in (*entries, "#/history"):
            assert long[:497] + "…" in browser.do("see")["text"], hash
    for number, link in enumerate(links):
        browser.do("come", link=link)
        browser.picture("long-link-%d" % number, width=320)
    browser.do("come")


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
