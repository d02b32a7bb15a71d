"""A person at the console in Chromium, on real daemons, for the tests here."""

import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))

from servers import (BUILD, PATIENCE_S, Postfix, Weir, at_end, counts_store,  # noqa: E402
                     make_message, need_program, need_root, wait_for)
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
    def __init__(self, url, *others):
        """At the console of `url`; at `others` too, where the test says so."""
        place = install_playwright()
        self.process = subprocess.Popen(
            ["node", "console.mjs", need_program("chromium"), url, *others], cwd=place, text=True,
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
    def __init__(self, directory, undo="0s", settings=None):
        need_root()
        need_program("chromium")
        self.directory, self.strangers = directory, 0
        self.counts = counts_store(directory)
        sendmail = os.path.join(directory, "sendmail")
        self.weir = Weir(directory, self.counts.url,
                         settings={"cold-lessons": 10, "held": {"undo": undo},
                                   "check FROM_NAME_IS_ADDRESS": {"log-odds": 12},
                                   "digest": {"sendmail": sendmail, "from": "weir@box.test",
                                              "key-file": os.path.join(directory, "weir/link.key")}})
        self.weir.configure(settings or {})
        self.postfix = Postfix(directory, milter=self.weir.socket)
        with open(sendmail, "w") as file:
            file.write('#!/bin/sh\nMAIL_CONFIG=%s exec /usr/sbin/sendmail "$@"\n'
                       % self.postfix.config)
        os.chmod(sendmail, 0o755)
        self.weir.learn_samples()
        self.weir.start_milter()
        self.weir.start_hold(self.postfix)
        self.weir.start_console()
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

    def digest(self, recipient):
        """(text, HTML) of the digest that is sent to somebody now."""
        def sent():
            return [message for message in self.postfix.delivered()
                    if message["Auto-Submitted"] and recipient in message["To"]]
        before = len(sent())
        told = self.weir.ctl("digest", "--recipient", recipient).text()
        assert recipient + ": told of" in told, told
        digest = wait_for(lambda: sent()[before:], "the digest is delivered")[0]
        return tuple(part.get_payload(decode=True).decode() for part in digest.get_payload())
