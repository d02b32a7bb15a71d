"""Tuning, reputations and the audit in Chromium, on real daemons: what a change would do is seen
before it is applied, and it is undone; what identities are made of does nothing to the pages.

$WEIR_SCREENSHOTS names a directory for pictures.
"""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from person import ATTACK, PASSWORD, Browser  # noqa: E402
from judged_mail import WITHIN_S  # noqa: E402
import judged_mail  # noqa: E402
from servers import make_temporary_directory, need_program, run, wait_for  # noqa: E402


def setup():
    need_program("chromium")
    fixture = judged_mail.Fixture(make_temporary_directory())
    fixture.weir.start_console()
    fixture.browser = Browser(fixture.weir.console_url)
    fixture.browser.directory = fixture.weir.directory
    fixture.teach()
    wait_for(lambda: fixture.milter.alive(), "the milter is up")
    time.sleep(1.5)  # its replica follows within half a second
    fixture.before = fixture.deliver()
    fixture.judge_all()
    yield fixture


def log_in(browser, user="ann"):
    browser.do("come")
    browser.do("log_in", user=user, password=PASSWORD)
    browser.do("wait", text="What is learned")


def test_tune(fixture):
    """A threshold is moved, what it would do is seen, it is applied, and taken back"""
    browser = fixture.browser
    log_in(browser)
    browser.do("open", hash="#/tuning")
    browser.do("wait", text="one good document wrongly held is worth 4 spams let through")
    browser.do("fill", label="mail.hold", text="0.42")
    browser.do("wait", text="mail.hold 0.8 -> 0.42")
    seen = browser.do("see")
    assert "past verdicts" in seen["text"] and "mistakes mended" in seen["text"], seen["text"]
    assert "wrongly held is worth 0.724 spams" in seen["text"], seen["text"]
    foretold = fixture.ctl("--json", "tune", "--threshold", "mail.hold=0.42").json()
    assert "%d would change" % foretold["changed"] in seen["text"], (foretold, seen["text"])
    assert "tag → hold" in seen["text"] and seen["lines"] == foretold["changed"], seen["text"]
    browser.picture("console-tuning")
    browser.picture("console-tuning-dark", dark=True)
    browser.picture("console-tuning-phone", width=360)
    before = fixture.milter.log().count("event=tuning")
    browser.do("click", role="button", name="Apply")
    browser.do("wait", text="Applied: mail.hold 0.8 -> 0.42")
    wait_for(lambda: fixture.milter.log().count("event=tuning") > before, "it is followed", WITHIN_S)
    assert fixture.ctl("--json", "tune", "show").json()["tuning"] == {"mail.hold": 0.42}
    assert "As configured: 0.8" in browser.do("see")["enabled"]
    browser.do("click", role="button", name="Undo the last one", refuse=True)
    assert fixture.ctl("--json", "tune", "show").json()["tuning"] == {"mail.hold": 0.42}
    browser.do("click", role="button", name="Undo the last one")
    browser.do("wait", text="Taken back: mail.hold 0.8 -> 0.42")
    assert fixture.ctl("--json", "tune", "show").json()["tuning"] == {}


def test_stale_and_wrong(fixture):
    """A number that cannot be, and a change by somebody else meanwhile, are told on the page"""
    browser = fixture.browser
    browser.do("open", hash="#/tuning?again")
    browser.do("wait", text="Change a number")
    browser.do("fill", label="mail.hold", text="much")
    browser.do("wait", text='threshold mail.hold: "much" is not a probability')
    browser.do("fill", label="mail.hold", text="0")
    browser.do("wait", text="Mind: mail: a threshold of 0 is reached by everything.")
    browser.do("fill", label="mail.hold", text="0.6")
    browser.do("wait", text="mail.hold 0.8 -> 0.6")
    fixture.ctl("tune", "--weight", "LINK_FARM=1.5", "--apply")
    browser.do("click", role="button", name="Apply")
    browser.do("wait", text="(LINK_FARM 2.5 -> 1.5): look at the preview again")
    browser.do("click", role="button", name="Look again")
    browser.do("wait", text="mail.hold 0.8 -> 0.6", exact=True)
    browser.do("click", role="button", name="Apply")
    browser.do("wait", text="Applied: mail.hold 0.8 -> 0.6")
    fixture.ctl("tune", "--undo")
    fixture.ctl("tune", "--undo")


def test_suggestion(fixture):
    """What corrections favour is put into the fields, with its preview"""
    browser = fixture.browser
    proposed = fixture.ctl("--json", "tune", "--suggest").json()
    browser.do("open", hash="#/tuning")
    browser.do("click", role="button", name="Suggest")
    browser.do("wait", text=proposed["what"])
    assert "Apply" in browser.do("see")["enabled"]
    browser.do("click", role="button", name="Discard")
    browser.do("wait", text="Change a number")


def test_reputation(fixture):
    """Reputations are found, explained and overruled; what they are named does nothing"""
    browser = fixture.browser
    browser.do("open", hash="#/reputations")
    browser.do("fill", label="Search", text="host1")
    browser.do("click", role="button", name="Search")
    browser.do("wait", text="host1.test")
    browser.picture("console-reputations")
    browser.picture("console-reputations-phone", width=360)
    browser.do("click", role="link", name="host1.test")
    browser.do("wait", text="Verdicts here that it moved")
    seen = browser.do("see")
    told = fixture.ctl("--json", "reputation", "explain", "link-domain", "host1.test").json()
    assert "with 90% between" in seen["text"] and "half in" in seen["text"], seen["text"]
    assert seen["text"].count("its part") == len(told["verdicts"]) > 0, (told, seen["text"])
    assert "by user:" in seen["text"] or "by operator" in seen["text"], seen["text"]
    browser.picture("console-reputation")
    browser.picture("console-reputation-dark", dark=True)
    browser.picture("console-reputation-phone", width=360)
    passed = next(verdict for verdict in told["verdicts"] if "id" not in verdict)
    browser.do("click", role="link", name=passed["subject"])
    browser.do("wait", text="← all verdicts")
    assert passed["subject"] in browser.do("see")["title"]
    browser.do("open", hash="#/reputation/link-domain/host1.test")
    browser.do("wait", text="Verdicts here that it moved")
    browser.do("fill", label="Log-odds", text="-3.5")
    browser.do("click", role="button", name="Pin", refuse=True)
    browser.do("click", role="button", name="Pin")
    browser.do("wait", text="pin -3.50")
    seen = browser.do("see")
    assert "pinned" in seen["text"] and "−3.50" in seen["text"], seen["text"]
    browser.do("fill", label="Log-odds", text="99")
    browser.do("click", role="button", name="Pin")
    browser.do("wait", text="log-odds")
    browser.do("click", role="button", name="Go by what is learned")
    browser.do("wait", text="learned", exact=True)
    value = ATTACK.lower()
    fixture.ctl("reputation", "pin", "author", value, "2")
    browser.do("open", hash="#/reputations?q=onerror")
    browser.do("wait", text="<script>alert(1)</script>")
    assert browser.do("see")["scripts"] == 0
    browser.do("click", role="link", name=value)
    browser.do("wait", text="Changes by admins here")
    seen = browser.do("see")
    assert seen["scripts"] == 0 and value in seen["text"], seen


def test_audit(fixture):
    """Who did what is there, by filters and page by page"""
    browser = fixture.browser
    browser.do("open", hash="#/audit")
    browser.do("wait", text="pin -3.50")
    seen = browser.do("see")
    assert "link-domain host1.test" in seen["text"] and seen["scripts"] == 0, seen["text"]
    browser.picture("console-audit")
    browser.picture("console-audit-dark", dark=True)
    browser.picture("console-audit-phone", width=360)
    browser.do("fill", label="Deed", text="tune-undo")
    browser.do("click", role="button", name="Search")
    browser.do("wait", text="mail.hold 0.8 -> 0.42")
    assert browser.do("see")["lines"] == 3
    browser.do("fill", label="Since", text="soon")
    browser.do("click", role="button", name="Search")
    browser.do("wait", text="That did not work")


def test_reader(fixture):
    """Who only reads sees what a change would do, but cannot apply it, nor overrule a reputation"""
    fixture.weir.ctl("console-user", "add", "rita", "--role", "reader", input=PASSWORD + "\n")
    browser = fixture.browser
    browser.do("click", role="button", name="Log out")
    log_in(browser, "rita")
    browser.do("open", hash="#/tuning")
    browser.do("fill", label="mail.hold", text="0.42")
    browser.do("wait", text="mail.hold 0.8 -> 0.42")
    seen = browser.do("see")
    assert "Apply" not in seen["enabled"] and "Undo the last one" not in seen["enabled"], seen
    browser.do("open", hash="#/reputation/link-domain/host1.test")
    browser.do("wait", text="Verdicts here that it moved")
    assert "Pin" not in browser.do("see")["enabled"]


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
