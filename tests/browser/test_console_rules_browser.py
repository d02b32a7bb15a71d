"""The Rules page in Chromium, on real daemons: a text is tried while it is written, applied, and
taken back; a reviewer reads it; it is there in Chinese.

$WEIR_SCREENSHOTS names a directory for pictures.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from person import PASSWORD, Browser  # noqa: E402
from judged_mail import WITHIN_S  # noqa: E402
import judged_mail  # noqa: E402
from servers import make_temporary_directory, need_program, run, wait_for  # noqa: E402

LABEL = "Text of the rules"
TEXT = 'rule "mail 7" { subject = "mail 7"  action = hold }\nrule "body" { content = x  action = tag }\n'


def setup():
    need_program("chromium")
    fixture = judged_mail.Fixture(make_temporary_directory())
    fixture.weir.start_console()
    fixture.weir.ctl("console-user", "add", "rea", "--role", "reader", input=PASSWORD + "\n")
    fixture.browser = Browser(fixture.weir.console_url)
    fixture.browser.directory = fixture.weir.directory
    wait_for(lambda: fixture.milter.alive(), "the milter is up")
    fixture.deliver()
    yield fixture


def log_in(browser, user="ann"):
    browser.do("come")
    browser.do("log_in", user=user, password=PASSWORD)
    browser.do("wait", text="What is learned")


def shown(fixture):
    return fixture.ctl("--json", "rules", "show").json()


def test_rules(fixture):
    """A text is tried while it is written; what is wrong with it is told; it is applied and undone"""
    browser = fixture.browser
    log_in(browser)
    browser.do("open", hash="#/rules")
    browser.do("wait", text="There are no rules in it.")
    browser.do("fill", label=LABEL, text='rule "a" {\n title = "/a(/"  action = hold }')
    browser.do("wait", text='rules:2: rule "a".title: the regular expression is wrong')
    browser.do("fill", label=LABEL, text=TEXT)
    browser.do("wait", text="cannot be told, since no bodies are kept")
    seen = browser.do("see")["text"]
    counts = {row["name"]: row for row in shown_preview(fixture)["rules"]}
    assert counts["mail 7"]["past"] == 1 and counts["body"]["past_unknown"] > 50, counts
    assert "mail 7" in seen and "0 (+%d ?)" % counts["body"]["past_unknown"] in seen, seen
    browser.picture("console-rules")
    browser.picture("console-rules-dark", dark=True)
    browser.picture("console-rules-phone", width=360)
    before = fixture.milter.log().count("event=rules")
    browser.do("click", role="button", name="Apply")
    browser.do("wait", text='Applied: 2 rules: added "mail 7", "body"')
    wait_for(lambda: fixture.milter.log().count("event=rules") > before, "it is followed", WITHIN_S)
    assert shown(fixture)["text"] == TEXT
    browser.do("click", role="button", name="Undo the last one", refuse=True)
    assert shown(fixture)["text"] == TEXT
    browser.do("click", role="button", name="Undo the last one")
    browser.do("wait", text='Taken back: 2 rules: added "mail 7", "body" What is held stays held until it is '
               "released. On the gateway, 'weirctl held reapply' lists")
    assert shown(fixture)["text"] == ""


def shown_preview(fixture):
    path = os.path.join(fixture.weir.directory, "f.rules")
    with open(path, "w") as file:
        file.write(TEXT)
    return fixture.ctl("--json", "rules", "preview", path).json()


def test_hostile_and_stale(fixture):
    """What a rule is called does nothing to the page; a change by somebody else is told"""
    browser = fixture.browser
    browser.do("open", hash="#/rules?again")
    browser.do("wait", text="There are no rules in it.")
    text = "rule '<img src=x onerror=alert(1)>' { subject = mail  action = tag }\n"
    browser.do("fill", label=LABEL, text=text)
    browser.do("wait", text="<img src=x onerror=alert(1)>")
    fixture.ctl("rules", "apply", "-", input=TEXT)
    browser.do("click", role="button", name="Apply")
    browser.do("wait", text="the settings were changed meanwhile, by ")


def test_reader(fixture):
    """Who may not change them reads them, and is offered nothing"""
    browser = fixture.browser
    browser.do("click", role="button", name="Log out")
    browser.do("wait", text="Password")
    log_in(browser, "rea")
    browser.do("open", hash="#/rules")
    browser.do("wait", text="cannot be told, since no bodies are kept")
    seen = browser.do("see")
    assert "Undo the last one" not in seen["enabled"] and "Apply" not in seen["enabled"], seen


run(setup, [test_rules, test_hostile_and_stale, test_reader])
