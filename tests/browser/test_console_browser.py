"""The console in Chromium, on real daemons: a person logs in, finds a held message, reads why,
releases it, and it is delivered; what spam writes into subjects and names does nothing.

`test_console_browser.py --install` only fetches what npm has to. $WEIR_SCREENSHOTS names a directory
for pictures.
"""

import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))

from servers import (BUILD, PATIENCE_S, Postfix, Weir, at_end, counts_store,  # noqa: E402
                     make_message, make_temporary_directory, need_program, need_root, run)
from tap import Skip  # noqa: E402

PASSWORD = "correct horse"
ATTACK = '<script>alert(1)</script><img src=x onerror=alert(2)>"\'><svg onload=alert(3)>'
ATTACHED = """--b
Content-Type: text/html; charset=utf-8

<p>Read me. %s</p><a href="http://evil.test/login">%s</a><img src="http://evil.test/x.png">
<iframe src="http://evil.test/"></iframe><style>body { display: none }</style>
--b
Content-Type: application/x-thing; name="%s"
Content-Disposition: attachment; filename="%s"

x
--b--
"""
PACKAGE = "node_modules/playwright-core"


def install_playwright():
    """Where playwright-core is; without a network it has to be there already."""
    need_program("node")
    npm = need_program("npm")
    place = os.path.join(BUILD, "tests/browser/npm")
    os.makedirs(place, exist_ok=True)
    for name in ("package.json", "console.mjs"):
        shutil.copy(os.path.join(HERE, name), place)
    if os.path.isdir(os.path.join(place, PACKAGE)):
        return place
    try:
        subprocess.run([npm, "install", "--no-audit", "--no-fund", "--ignore-scripts",
                        "--fetch-retries=0"], cwd=place, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=4 * PATIENCE_S, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise Skip("npm cannot install playwright-core") from None
    return place


class Browser:
    def __init__(self, url):
        place = install_playwright()
        self.process = subprocess.Popen(
            ["node", "console.mjs", need_program("chromium"), url], cwd=place, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        at_end(self.close)

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(PATIENCE_S)

    def do(self, step, **words):
        """What was seen after it; nothing that a page must not do happened so far."""
        self.process.stdin.write(json.dumps({"step": step, **words}) + "\n")
        self.process.stdin.flush()
        seen = json.loads(self.process.stdout.readline())
        assert "failed" not in seen, (step, words, seen)
        assert not seen["alarms"], seen["alarms"]
        return seen

    def picture(self, name, **words):
        directory = os.environ.get("WEIR_SCREENSHOTS", self.directory)
        seen = self.do("picture", path=os.path.join(directory, name + ".png"), **words)
        assert seen["overflow"] <= 0, "%s is %d pixels too wide" % (name, seen["overflow"])


class Fixture:
    def __init__(self, directory):
        need_root()
        need_program("chromium")
        self.directory, self.strangers = directory, 0
        self.counts = counts_store(directory)
        self.weir = Weir(directory, self.counts.url,
                         settings={"cold-lessons": 10, "held": {"undo": "0s"},
                                   "check FROM_NAME_IS_ADDRESS": {"log-odds": 12}})
        self.postfix = Postfix(directory, milter=self.weir.socket)
        self.weir.learn_samples()
        self.weir.start_milter()
        self.weir.start_hold(self.postfix)
        self.weir.start_console(PASSWORD)
        self.browser = Browser(self.weir.console_url)
        self.browser.directory = directory

    def hold(self, subject, name='"service@bank.test"', attachment=None, link="www.bank.test"):
        """From somebody new each time: a release speaks for who sent it."""
        self.strangers += 1
        domain = "stranger%d.test" % self.strangers
        text = "Please confirm the account %s.\n" % domain
        if attachment:
            text = ATTACHED % (ATTACK, link, "x", attachment.replace("\\", "").replace('"', "'"))
        message, message_id = make_message(subject, text, sender="%s <x17@%s>" % (name, domain))
        if attachment:
            message = message.replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=b")
        self.postfix.send(message, "ann@" + domain, ("bob@box.test",),
                          address="10.9.%d.9" % self.strangers, helo="mail." + domain)
        self.postfix.wait_held(message_id)
        return message_id


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
    browser.picture("console-overview")
    browser.picture("console-overview-dark", dark=True)
    browser.picture("console-overview-phone", width=390)

    browser.do("open", hash="#/held")
    browser.do("wait", text="Your account is waiting")
    browser.picture("console-held")
    browser.picture("console-held-dark", dark=True)
    browser.picture("console-held-phone", width=390)
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
    browser.picture("console-entry-phone", width=390)

    assert not fixture.postfix.delivered(message_id)
    browser.do("click", role="button", name="Release")
    fixture.postfix.wait_delivered(message_id)
    browser.do("wait", text="It is released.", exact=True)
    assert browser.do("see")["enabled"] == [], "what is released can be reviewed no more"
    browser.do("click", role="link", name="← all that is held")
    browser.do("wait", text="Nothing that is held says that.")


def test_keyboard(fixture):
    """Logging in, finding, reading and releasing need no mouse"""
    message_id = fixture.hold("By hand only")
    browser = fixture.browser
    browser.do("click", role="button", name="Log out")
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
    past = browser.do("see")["text"].split("\nHistory\n")[1].splitlines()
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
