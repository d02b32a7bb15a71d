"""The console in Chromium, on real daemons: a person logs in, finds a held message, reads why,
releases it, and it is delivered; what spam writes into subjects and names does nothing.

`test_console_browser.py --install` only fetches what npm has to. $WEIR_SCREENSHOTS names a directory
for pictures.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from person import ATTACK, HERE, PASSWORD, Fixture, install_playwright  # noqa: E402
from servers import SOURCE, make_temporary_directory, need_program, run  # noqa: E402


def setup():
    yield Fixture(make_temporary_directory())


def test_review(fixture):
    """Somebody logs in, finds a held message, reads its reasons, releases it; it is delivered"""
    browser = fixture.browser
    message_id = fixture.hold("Your account is waiting")
    fixture.hold("Another one that stays")
    browser.do("come")
    browser.do("log_in", user="ann", password="wrong password")
    browser.do("wait", text="the name or the password is wrong")
    browser.do("log_in", user="ann", password=PASSWORD)
    browser.do("wait", text="What is learned")

    browser.do("open", hash="#/held")
    browser.do("wait", text="Your account is waiting")
    browser.picture("console-held")
    browser.picture("console-held-dark", dark=True)
    browser.picture("console-held-phone", width=360)
    browser.do("search", text="account")
    browser.do("wait", text="Your account is waiting")
    assert "Another one" not in browser.do("see")["text"]
    browser.do("click", role="link", name="Your account is waiting")
    browser.do("wait", text="FROM_NAME_IS_ADDRESS")
    seen = browser.do("see")
    assert seen["bars"] >= 1 and "service@bank.test" not in seen["title"], seen
    assert "bob@box.test" in seen["text"], seen["text"]
    why = seen["text"].split("\nWhy\n")[1].split("\nWhat it says\n")[0]
    for words in ("the name in From shows another address than the real one: the name shows "
                  "bank.test", "\ncontent\n", '\n"Your account"\n', "all others together [CONTENT]"):
        assert words in why, (words, why)
    browser.do("wait", text="Please confirm the account stranger1.test")
    browser.picture("console-entry")
    browser.picture("console-entry-dark", dark=True)
    browser.picture("console-entry-phone", width=360)

    assert not fixture.postfix.delivered(message_id)
    browser.do("click", role="button", name="Release")
    fixture.postfix.wait_delivered(message_id)
    browser.do("wait", text="It is released.", exact=True)
    assert browser.do("see")["enabled"] == ["Undo"], "what is released can be reviewed no more"
    browser.do("click", role="link", name="← all that is held")
    browser.do("wait", text="Nothing that is held says that.")


def test_words(fixture):
    """Every sentence of the pages is there in English and in Chinese"""
    done = subprocess.run([need_program("node"), os.path.join(HERE, "words.mjs"),
                           os.path.join(SOURCE, "admin/console")], stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout


def test_language(fixture):
    """Chinese is a button away, also before one logs in, and stays; numbers and dates follow it"""
    browser = fixture.browser
    browser.do("open", hash="#/held")
    browser.do("click", role="button", name="中文")
    browser.do("wait", text="待审核")  # the header changes first
    seen = browser.do("see")
    assert seen["language"] == "zh-Hans" and "隔离区" in seen["title"], seen
    assert "待审核" in seen["text"] and "Another one that stays" in seen["text"], seen["text"]
    assert "年" in seen["text"], "the date is Chinese too"
    for english in ("Overview", "Log out", "wait for review", "Search", "recipient", "More filters"):
        assert english not in seen["text"], english
    browser.do("come")
    browser.do("wait", text="退出")
    browser.do("click", role="button", name="退出")
    browser.do("wait", text="登录")
    browser.do("click", role="button", name="English")
    browser.do("log_in", user="ann", password=PASSWORD)
    browser.do("wait", text="What is learned")


def test_reader(fixture):
    """Who only reads sees no deeds and no page that is for others"""
    browser = fixture.browser
    fixture.weir.ctl("console-user", "add", "rita", "--role", "reader", input=PASSWORD + "\n")
    browser.do("open", hash="#/")
    assert "Audit" in browser.do("see")["header"]
    browser.do("click", role="button", name="Log out")
    browser.do("log_in", user="rita", password=PASSWORD)
    browser.do("wait", text="What is learned")
    header = browser.do("see")["header"]
    assert "Held" in header and "Tuning" in header and "Audit" not in header, header
    browser.do("open", hash="#/held?q=Another")
    browser.do("click", role="link", name="Another one that stays")
    browser.do("wait", text="FROM_NAME_IS_ADDRESS")
    assert browser.do("see")["enabled"] == []
    browser.do("open", hash="#/audit")
    browser.do("wait", text="Your role, reader, may not see this.")
    browser.do("click", role="button", name="Log out")
    browser.do("log_in", user="ann", password=PASSWORD)
    browser.do("wait", text="may not see this", gone=True)


def test_keyboard(fixture):
    """Logging in, finding, reading and releasing need no mouse"""
    message_id = fixture.hold("By hand only")
    browser = fixture.browser
    browser.do("click", role="button", name="Log out")
    browser.do("wait", text="Password")
    for key in ("ann", "Tab", PASSWORD, "Enter"):
        browser.do("press" if key in ("Tab", "Enter") else "type", **{
            "key" if key in ("Tab", "Enter") else "text": key})
    browser.do("wait", text="Overview")
    browser.do("walk", text="Held")
    browser.do("wait", text="By hand only")
    browser.do("walk", text="By hand only")
    browser.do("wait", text="FROM_NAME_IS_ADDRESS")
    browser.do("walk", text="Release")
    fixture.postfix.wait_delivered(message_id)
    browser.do("wait", text="It is released.", exact=True)
    assert browser.do("see")["focused"] == "It is released."


def test_delete(fixture):
    """Deleting asks first; a no leaves all as it was, a yes does it, and the page says so"""
    fixture.hold("Delete this one")
    browser = fixture.browser
    browser.do("open", hash="#/held?q=Delete+this")
    browser.do("click", role="link", name="Delete this one")
    browser.do("wait", text="FROM_NAME_IS_ADDRESS")
    browser.do("click", role="button", name="Delete", refuse=True)
    assert "Delete" in browser.do("see")["enabled"]
    browser.do("click", role="button", name="Confirm as spam")
    browser.do("wait", text="It is confirmed as spam")
    assert browser.do("see")["focused"].startswith("It is confirmed as spam")
    browser.do("click", role="button", name="Delete")
    browser.do("wait", text="It is deleted.", exact=True)
    past = browser.do("see")["text"].split("\nHistory\n")[-1].splitlines()
    assert [line.split(" ", 4)[4] for line in past] == [
        "held", "confirmed by ann", "delete-requested by ann", "deleted"], past


def test_second_reviewer(fixture):
    """Who comes second is told what became of it, and sees it"""
    fixture.hold("Two want this one")
    browser = fixture.browser
    browser.do("open", hash="#/held?q=Two+want")
    browser.do("click", role="link", name="Two want this one")
    browser.do("wait", text="FROM_NAME_IS_ADDRESS")
    held = browser.do("see")["hash"].split("/")[-1]
    fixture.weir.ctl("held", "delete", held)
    browser.do("click", role="button", name="Release")
    browser.do("wait", text="cannot release it, it is delete")
    assert "Release" not in browser.do("see")["enabled"]


def test_hostile_mail(fixture):
    """Markup in a subject and a sender's name is shown as it is written, and does nothing"""
    fixture.hold("Offer " + ATTACK, name='"%s service@bank.test"' % ATTACK.replace('"', ""),
                 attachment="<img src=x onerror=alert(7)>.exe")
    browser = fixture.browser
    browser.do("open", hash="#/held?q=Offer")
    browser.do("wait", text="<script>alert(1)</script>")
    assert browser.do("see")["scripts"] == 0
    held = fixture.weir.ctl("held", "list", "--json").json()
    held = [item for item in (held if isinstance(held, list) else [held]) if "Offer" in item["subject"]]
    browser.do("open", hash="#/held/" + held[0]["id"])
    browser.do("wait", text="Read me.")
    seen = browser.do("see")
    assert seen["scripts"] == 0 and ATTACK in seen["text"], seen
    assert "<img src=x onerror=alert(7)>.exe" in seen["text"], seen["text"]
    assert "www.bank.test → http://evil.test/login" in seen["text"], seen["text"]
    assert all(link.startswith(fixture.weir.console_url + "/#/") for link in seen["links"]), seen


def test_hostile_feed(fixture):
    """Markup in the title and text of a feed's item does nothing either; its links are not live"""
    escaped = ATTACK.replace("&", "&amp;").replace("<", "&lt;")
    item = ("<item><guid>hostile</guid><title>cheap watches, buy watches online | replica watches - "
            "watches %s</title><link>javascript:alert(4)</link><description>&lt;p&gt;read me&lt;/p"
            "&gt;&lt;a href=\"javascript:alert(5)\"&gt;%s&lt;/a&gt;</description></item>" % (escaped, escaped))
    fixture.weir.configure({"check TITLE_STUFFED": {"log-odds": 12}})
    fixture.weir.run("weir-feedfilter", "--pipe", "--feed", "planet<img src=x onerror=alert(6)>",
                     input="<rss><channel><title>F</title>%s</channel></rss>" % item)
    browser = fixture.browser
    browser.do("open", hash="#/held?stream=feeds")
    browser.do("wait", text="planet<img src=x onerror=alert(6)>")
    browser.do("open", hash="#/held/f1")
    browser.do("wait", text="read me")
    seen = browser.do("see")
    assert seen["scripts"] == 0, seen
    assert all(link.startswith(fixture.weir.console_url + "/#/") for link in seen["links"]), seen


def test_steered_text(fixture):
    """What turns text around in a subject, a link and a file's name is shown, and turns nothing"""
    fixture.hold("Bill \u202egnp.exe", attachment="bill\u202egnp.exe", link="www.\u202etset.knab")
    browser = fixture.browser
    browser.do("open", hash="#/held?q=Bill")
    browser.do("click", role="link", name="Bill \ufffdgnp.exe")
    browser.do("wait", text="Read me.")
    seen = browser.do("see")
    assert "\u202e" not in seen["text"] + seen["title"], seen
    assert "bill\ufffdgnp.exe" in seen["text"] and "www.\ufffdtset.knab → http://evil.test/login" in \
        seen["text"], seen


def test_older_ones(fixture):
    """A long list comes in pages; back from an entry it is as long, and the same line has the focus"""
    title = "cheap watches, buy watches online | replica watches - watches %d"
    items = "".join("<item><guid>n%d</guid><title>%s</title></item>" % (number, title % number)
                    for number in range(101, 171))
    fixture.weir.run("weir-feedfilter", "--pipe", "--feed", "long",
                     input="<rss><channel><title>F</title>%s</channel></rss>" % items)
    browser = fixture.browser
    browser.do("open", hash="#/held?q=watches&stream=feeds")
    browser.do("wait", text=title % 170)
    assert browser.do("see")["lines"] == 50
    browser.do("click", role="button", name="Older ones")
    browser.do("wait", text=title % 101)
    seen = browser.do("see")
    assert seen["lines"] > 70 and seen["focused"] == title % 120, seen
    browser.do("click", role="link", name=title % 107)
    browser.do("wait", text="TITLE_STUFFED")
    browser.do("click", role="link", name="← all that is held")
    browser.do("wait", text=title % 101)
    again = browser.do("see")
    assert again["lines"] == seen["lines"] and again["focused"] == title % 107, again


def test_console_away(fixture):
    """A deed that finds nobody says so; after a restart one logs in and goes on where one was"""
    fixture.hold("Held through it all")
    browser = fixture.browser
    browser.do("open", hash="#/held?q=Held+through")
    browser.do("click", role="link", name="Held through it all")
    browser.do("wait", text="FROM_NAME_IS_ADDRESS")
    fixture.weir.console.stop()
    browser.do("click", role="button", name="Release")
    browser.do("wait", text="weir-console does not answer")
    seen = browser.do("see")
    assert "Held through it all" in seen["text"] and "Release" in seen["enabled"], seen
    fixture.weir.restart_console()
    browser.do("click", role="button", name="Release")
    browser.do("wait", text="Your session has ended")
    browser.do("log_in", user="ann", password=PASSWORD)
    browser.do("wait", text="FROM_NAME_IS_ADDRESS")
    assert "Held through it all" in browser.do("see")["text"]


def test_store_away(fixture):
    """With the store away the overview says so, and a deed says that its lesson waits"""
    fixture.hold("Taught later")
    browser = fixture.browser
    fixture.counts.stop()
    try:
        browser.do("open", hash="#/")
        browser.do("wait", text="The counts store is away")
        browser.do("open", hash="#/held?q=Taught+later")
        browser.do("click", role="link", name="Taught later")
        browser.do("click", role="button", name="Confirm as spam")
        browser.do("wait", text="the lesson waits")
    finally:
        fixture.counts.start()


def test_release_away(fixture):
    """Without weir-release an entry is shown without its text, and one line says why"""
    fixture.weir.hold.stop()
    browser = fixture.browser
    browser.do("open", hash="#/held/m2")
    browser.do("wait", text="weir-release does not answer")
    assert "Another one that stays" in browser.do("see")["text"]


def test_ended_session(fixture):
    """When the session has ended, the login is shown and says so"""
    fixture.weir.ctl("console-user", "remove", "ann")
    browser = fixture.browser
    browser.do("open", hash="#/")
    browser.do("wait", text="Your session has ended")


def test_too_many_attempts(fixture):
    """Who tries too many passwords is told how long to wait"""
    browser, told = fixture.browser, []
    # Each wait is twice as long as the one before: sooner or later one is longer than this machine
    # takes for an attempt.
    for _ in range(12):
        browser.do("log_in", user="eve", password="wrong password")
        told.append("too many attempts; try again in" in browser.do("see")["text"])
        if told[-1]:
            break
    assert told[-1] and len(told) > 3, told


if "--install" in sys.argv:
    install_playwright()
else:
    run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
