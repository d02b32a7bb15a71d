"""One day at the console in Chromium, on real daemons: ann logs in, reviews what is held, tunes and
takes it back; bob opens the link of his digest; ann logs out, and nobody is let in after her.

Each test goes on where the one before it ended. $WEIR_SCREENSHOTS names a directory for pictures.
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from person import PASSWORD, Fixture as Person  # noqa: E402
from console_client import Client  # noqa: E402
from servers import make_message, make_temporary_directory, run, wait_for  # noqa: E402

FOLLOWED_WITHIN_S = 10  # "about two seconds", on a loaded machine with a sanitizer
# Far from the thresholds, so that what is learned on the way moves no verdict over one.
SETTINGS = {"thresholds": {"tag": 0.8, "hold": 0.95}, "check REPLY_TO_ELSEWHERE": {"log-odds": 8},
            "check SUBJECT_CAPITALS": {"log-odds": 0.8}}


class Fixture(Person):
    def judge(self, subject, headers=()):
        """What becomes of a message from somebody new: "hold", or what its header says."""
        self.strangers += 1
        domain = "letter%d.test" % self.strangers
        message, message_id = make_message(subject, "The minutes of the meeting at %s are attached.\n" % domain,
                                           sender="Kim <kim@%s>" % domain, headers=headers)
        self.postfix.send(message, "kim@" + domain, address="10.8.%d.9" % self.strangers,
                          helo="mail." + domain)
        return wait_for(lambda: self.became(message_id), "%s is delivered or held" % subject)

    def became(self, message_id):
        delivered = self.postfix.delivered(message_id)
        if delivered:
            return delivered[0]["X-Weir-Verdict"].split()[0].rstrip(";,")
        return "hold" if any(message_id in self.postfix.run("postcat", "-hq", queue_id)
                             for queue_id in self.postfix.held()) else None

    def judge_all(self, number):
        """{kind: verdict} of one message of each kind."""
        return {"MINUTES": self.judge("MINUTES OF THE MEETING NUMBER %d" % number),
                "Answers": self.judge("Answers to %d" % number,
                                      [("Reply-To", "board@elsewhere.test")]),
                "Minutes": self.judge("Minutes of the meeting number %d" % number)}

    def followed(self, act):
        """Does what changes the tuning, and waits until the milter goes by it."""
        before = self.weir.milter.log().count("event=tuning")
        act()
        wait_for(lambda: self.weir.milter.log().count("event=tuning") > before,
                 "the milter follows", FOLLOWED_WITHIN_S)


def setup():
    yield Fixture(make_temporary_directory(), settings=SETTINGS)


def test_log_in(fixture):
    """Ann logs in: a wrong password is refused, hers shows how the gateway stands"""
    browser = fixture.browser
    browser.do("come")
    browser.do("wait", text="Log in")
    assert "Overview" not in browser.do("read")["text"]
    browser.picture("console-login")
    browser.picture("console-login-phone", width=360)
    browser.do("log_in", user="ann", password="wrong password")
    browser.do("wait", text="the name or the password is wrong")
    browser.do("log_in", user="ann", password=PASSWORD)
    browser.do("wait", text="What is learned")


def test_review(fixture):
    """She looks at a message that is held, sees why, releases it, and it is delivered"""
    browser = fixture.browser
    message_id = fixture.hold("Your account is waiting")
    browser.do("click", role="link", name="Held")
    browser.do("click", role="link", name="Your account is waiting")
    browser.do("wait", text="Please confirm the account stranger1.test")
    assert "the name shows bank.test" in browser.do("see")["text"]
    assert not fixture.postfix.delivered(message_id)
    browser.do("click", role="button", name="Release")
    browser.do("wait", text="It is released.", exact=True)
    assert "X-Spam-Flag" not in fixture.postfix.wait_delivered(message_id)


def test_tune(fixture):
    """She moves a threshold and re-weighs a check, sees which past mail it concerns, applies it, and
    the next mail gets the verdicts foretold"""
    browser = fixture.browser
    fixture.before = fixture.judge_all(1)
    assert fixture.before == {"MINUTES": "accept", "Answers": "hold", "Minutes": "accept"}, \
        fixture.weir.ctl("history").text()
    wait_for(lambda: fixture.weir.ctl("history").output.count(b"meeting number 1") == 1,
             "the history is written")
    browser.do("click", role="link", name="Tuning")
    browser.do("fill", label="mail.hold", text="0.999")
    browser.do("fill", label="Find a number", text="subject_capitals")
    browser.do("fill", label="SUBJECT_CAPITALS", text="12")
    browser.do("wait", text="mail.hold 0.95 -> 0.999, SUBJECT_CAPITALS 0.8 -> 12")
    browser.do("wait", text="Of 4 past verdicts 2 would change.")
    seen = browser.do("see")
    assert seen["lines"] == 2, seen["text"]
    fixture.foretold = {}
    for kind, subject in (("MINUTES", "MINUTES OF THE MEETING NUMBER 1"),
                          ("Answers", "Answers to 1")):
        moved = re.search(re.escape(subject) + r"\n.*\s+(\w+) → (\w+)\s", seen["text"])
        assert moved and moved[1] == fixture.before[kind], (subject, seen["text"])
        fixture.foretold[kind] = moved[2]
    assert fixture.foretold == {"MINUTES": "hold", "Answers": "tag"}, fixture.foretold
    assert fixture.judge_all(2) == fixture.before, "what is only looked at changes nothing"
    fixture.followed(lambda: browser.do("click", role="button", name="Apply"))
    browser.do("wait", text="Applied: mail.hold 0.95 -> 0.999, SUBJECT_CAPITALS 0.8 -> 12")
    assert fixture.judge_all(3) == {**fixture.before, **fixture.foretold}


def test_undo(fixture):
    """She takes it back, and mail is judged as before"""
    browser = fixture.browser
    fixture.followed(lambda: browser.do("click", role="button", name="Undo the last one"))
    browser.do("wait", text="Taken back: mail.hold 0.95 -> 0.999, SUBJECT_CAPITALS 0.8 -> 12")
    assert fixture.judge_all(4) == fixture.before
    browser.do("click", role="link", name="Audit")
    browser.do("wait", text="tune-undo")
    text = browser.do("see")["text"]
    assert [deed for deed in re.findall(r"\b(tune-undo|tune|release|log-in)\b", text)
            ][:4] == ["tune-undo", "tune", "release", "log-in"], text


def test_digest(fixture):
    """Bob opens the link of his digest: looking acts on nothing, the button delivers, once"""
    browser = fixture.browser
    message_id = fixture.hold("Your parcel, bob")
    text, _ = fixture.digest("bob@box.test")
    about = next(part for part in re.split(r"\n(?=\d+\. )", text) if "Your parcel, bob" in part)
    link = re.search(r"http://\S+/d/\S+\?do=release\b", about)[0]
    browser.do("turn_to", who="bob")
    for _ in range(2):
        browser.do("come", link=link)
        browser.do("wait", text="Have this message delivered to you?")
        assert fixture.became(message_id) == "hold"
    browser.do("click", role="button", name="Deliver it, it is not spam")
    browser.do("wait", text="It will be delivered to you")
    fixture.postfix.wait_delivered(message_id)
    browser.do("come", link=link)
    assert "Deliver it, it is not spam" not in browser.do("read")["text"]
    assert not browser.do("cookies")["cookies"], "the link is no login"
    browser.do("come")
    browser.do("wait", text="Log in")
    browser.do("turn_to", who="reviewer")
    browser.do("open", hash="#/held?state=released")
    browser.do("click", role="link", name="Your parcel, bob")
    browser.do("wait", text="recipient bob@box.test")


def test_log_out(fixture):
    """She logs out: the button for the page before shows nothing, and her session opens nothing"""
    browser = fixture.browser
    cookie = browser.do("cookies")["cookies"][0]
    kept = Client(fixture.weir, login=False)
    kept.cookie = cookie
    assert kept.get("held").status == 200
    browser.do("click", role="button", name="Log out")
    browser.do("wait", text="Log in")
    for _ in range(2):
        browser.do("go_back")
        browser.do("wait", text="Log in")
        text = browser.do("read")["text"]
        assert "parcel" not in text and "account" not in text, text
    browser.do("come", link=fixture.weir.console_url + "/#/held")
    browser.do("wait", text="Log in")
    text = browser.do("read")["text"]
    assert "Held" not in text, text
    for path in ("held", "session", "overview", "audit"):
        assert kept.get(path).status == 401, path
    assert kept.post("held/m2/release").status == 401


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
