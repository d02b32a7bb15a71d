"""What attackers try on weir-console fails, changes nothing, and is seen in `weirctl audit`: a table
with a line for each attack. What markup does in a browser is in tests/browser."""

import os
import re
import sqlite3
import time
import urllib.parse

from console_client import PASSWORD, Answer, Client
from milter_client import MilterClient
from servers import Weir, counts_store, make_temporary_directory, run, wait_for

EVIL = "http://evil.test"
FORM = "application/x-www-form-urlencoded"
HEADERS = {"origin": "Origin", "site": "Sec-Fetch-Site"}  # what a browser says of a form's page
HERE = "127.0.0.1"
MARKUP = "<script>alert(1)</script>"


class Fixture:
    def __init__(self, directory):
        self.weir = Weir(directory, counts_store(directory).url, settings={
            "check FROM_NAME_IS_ADDRESS": {"log-odds": 12},
            "digest": {"from": "weir@box.test", "sendmail": "/bin/true",
                       "key-file": os.path.join(directory, "weir", "link.key")}})
        self.weir.start_milter()
        self.serial = 0
        self.mine, self.other = self.hold("bob@box.test"), self.hold("eve@box.test")
        self.weir.start_console(secret=None)
        self.ann, self.nobody = Client(self.weir), Client(self.weir, login=False)
        for role in ("reviewer", "reader", "teacher"):
            self.weir.ctl("console-user", "add", "--role", role, role, input=PASSWORD + "\n")
            setattr(self, role, Client(self.weir, user=role))
        self.link, self.page = self.links("bob@box.test")

    def hold(self, recipient, subject="Your account"):
        """The id of a message that is held for somebody."""
        self.serial += 1
        client = MilterClient(self.weir.connect_milter()).open()
        client.mail(b"<x17@stranger%d.test>" % self.serial, [b"<%s>" % recipient.encode()])
        client.header(b"From", b'"service@bank.test" <x17@stranger%d.test>' % self.serial)
        client.header(b"Subject", subject.encode())
        client.end_of_headers()
        client.body(b"Please confirm.\r\n")
        client.end("QUEUE%07d" % self.serial)
        client.close()
        return "m%d" % self.serial

    def links(self, recipient):
        """The paths that a digest leads to: of the first mail in it, and of the person's own page."""
        text = self.weir.ctl("digest", "--dry-run", "--recipient", recipient).text()
        found = re.findall(r"http://[^/\s]+(/d/[^\s?\"]+)", text)
        return found[0], found[-1]

    def door(self, path, source=HERE, method="POST", **words):
        """The answer to a form of a digest's page."""
        headers = {"Content-Type": FORM,
                   **{HEADERS[name]: words.pop(name) for name in HEADERS if name in words}}
        client = Client(self.weir, login=False, source=source)
        return client.request(method, path, urllib.parse.urlencode(words), **headers)

    def expired(self):
        """The link of a message that was held for as long as it is kept."""
        held = self.hold("old@box.test")
        with sqlite3.connect(self.weir.records_mail, timeout=30) as records:
            records.execute("UPDATE held SET time_s = ? WHERE id = ?",
                            (int(time.time()) - 30 * 86400 + 3, held[1:]))
        link = self.links("old@box.test")[0]
        wait_for(lambda: self.door(link, method="GET").status == 410, "it expires")
        return link

    def fixed(self):
        """A client whose session somebody else chose, after it has logged in."""
        client = Client(self.weir, login=False)
        client.cookie = "weir_session=" + 64 * "a"
        answer = client.post("login", {"user": "ann", "password": PASSWORD})
        assert answer.status == 200 and 64 * "a" not in answer.headers["Set-Cookie"]
        return client.get("session")

    def logged_out(self):
        client = Client(self.weir)
        assert client.post("logout").status == 204
        return client.post("held/%s/release" % self.mine)

    def guesses(self, source):
        """The answer to one guess too many at ann's password: each wait is twice as long as the one
        before, and sooner or later longer than this machine takes for a guess."""
        client = Client(self.weir, login=False, source=source)
        for _ in range(12):
            answer = client.post("login", {"user": "ann", "password": "wrong!!!"})
            if answer.status != 401:
                break
        return answer

    def audited(self):
        lines = self.weir.ctl("--json", "audit", "--limit", "1000").json()
        return [(line["who"], line["what"], line["subject"]) for line in lines]

    def state(self, held):
        return self.ann.get("held/" + held).json()["state"]


def setup():
    yield Fixture(make_temporary_directory())


def deed(f):
    return "held/%s/release" % f.mine


# Of each kind of refusal, 30 lines a minute are in the audit: fewer than that are made here.
# What it is; how it is done; the answer's status; its line in the audit: who, what, to what. None: it
# asks for nothing that anybody could want.
ATTACKS = [
    ("A deed from a page of another site",
     lambda f: f.ann.post(deed(f), Origin=EVIL), 403, (HERE, "refused-from-other-site", "held/m1/release")),
    ("A deed from a page that hides where it stands",
     lambda f: f.ann.post(deed(f), Origin="null"), 403, (HERE, "refused-from-other-site", "held/m1/release")),
    ("A deed from a site whose name begins as ours",
     lambda f: f.ann.post(deed(f), Origin=f.weir.console_url + ".evil.test"), 403,
     (HERE, "refused-from-other-site", "held/m1/release")),
    ("A deed as a form, which other sites may send",
     lambda f: f.ann.post(deed(f), **{"Content-Type": FORM}), 403,
     (HERE, "refused-content-type", "held/m1/release")),
    ("A deed as plain text, which other sites may send",
     lambda f: f.ann.post(deed(f), **{"Content-Type": "text/plain"}), 403,
     (HERE, "refused-content-type", "held/m1/release")),
    ("A deed without the session's token",
     lambda f: f.ann.post(deed(f), **{"X-Weir-Deed": ""}), 403,
     (HERE, "refused-without-deed-token", "held/m1/release")),
    ("A deed with the token of another session",
     lambda f: f.ann.post(deed(f), **{"X-Weir-Deed": f.reader.deed_token}), 403,
     (HERE, "refused-without-deed-token", "held/m1/release")),
    ("A login that another site sends for somebody",
     lambda f: f.nobody.post("login", {"user": "ann", "password": PASSWORD}, Origin=EVIL), 403,
     (HERE, "refused-from-other-site", "login")),
    ("A deed by GET", lambda f: f.ann.get(deed(f)), 404, None),
    ("A deed by PUT", lambda f: f.ann.request("PUT", "/api/" + deed(f)), 405, None),
    ("A name that leads here from elsewhere", lambda f: f.ann.get("held", Host="evil.test"), 421, None),

    ("A path out of the pages",
     lambda f: f.nobody.request("GET", "/../../etc/passwd"), 404, (HERE, "refused-path", "/../../etc/passwd")),
    ("A path out of the pages, with its dots encoded",
     lambda f: f.nobody.request("GET", "/%2e%2e/%2E%2E/etc/passwd"), 404,
     (HERE, "refused-path", "/../../etc/passwd")),
    ("A path out of the pages, with its slashes encoded",
     lambda f: f.nobody.request("GET", "/x/..%2f..%2Fetc/shadow"), 404,
     (HERE, "refused-path", "/x/../../etc/shadow")),
    ("A path out of the pages, encoded twice",
     lambda f: f.nobody.request("GET", "/%252e%252e%252fetc/passwd"), 404,
     (HERE, "refused-path", "/%2e%2e%2fetc/passwd")),
    ("A path out of the pages, with backslashes",
     lambda f: f.nobody.request("GET", "/..\\..\\etc\\passwd"), 404,
     (HERE, "refused-path", "/..\\..\\etc\\passwd")),
    ("A path out of the pages, behind a NUL",
     lambda f: f.nobody.request("GET", "/%00/../../etc/passwd"), 400,
     (HERE, "refused-path", "/%00/../../etc/passwd")),
    ("A path out of the pages, behind a page's name and a NUL",
     lambda f: f.nobody.request("GET", "/style.css%00/../x"), 400,
     (HERE, "refused-path", "/style.css%00/../x")),
    ("A call that ends at a NUL",
     lambda f: f.ann.post("held/m1/release%00/../../m2"), 400,
     (HERE, "refused-path", "/api/held/m1/release%00/../../m2")),
    ("A digest's link that ends at a NUL",
     lambda f: f.door(f.link + "%00x", do="release"), 400, (HERE, "refused-path", "a link of a digest or of an item of a feed")),
    ("A path out of the API",
     lambda f: f.ann.get("held/../../etc/passwd"), 404, ("ann", "refused-path", "held/../../etc/passwd")),
    ("A path out of the API, encoded, by nobody",
     lambda f: f.nobody.get("held/%2e%2e/%2e%2e/users"), 401, (HERE, "refused-path", "held/../../users")),
    ("A file beside the pages", lambda f: f.nobody.request("GET", "/weir.conf"), 404, None),
    ("Markup in a path", lambda f: f.nobody.request("GET", "/" + urllib.parse.quote(MARKUP)), 404, None),
    ("Markup in a path that is in the audit",
     lambda f: f.nobody.request("GET", "/../" + urllib.parse.quote(MARKUP)), 404,
     (HERE, "refused-path", "/../" + MARKUP)),
    ("Markup in what is searched for", lambda f: f.ann.get("held?min_score=" + urllib.parse.quote(MARKUP)),
     400, None),

    ("A session that somebody else chose before the login", Fixture.fixed, 401,
     (HERE, "refused-session", "session")),
    ("A session that is made up",
     lambda f: f.nobody.get("held", Cookie="weir_session=" + 64 * "0"), 401, (HERE, "refused-session", "held")),
    ("A session that was logged out", Fixture.logged_out, 401, (HERE, "refused-session", "held/m1/release")),
    ("A program's token that is made up",
     lambda f: f.nobody.get("held", Authorization="Bearer " + 64 * "0"), 401, (HERE, "refused-token", "held")),

    ("A reviewer who tunes", lambda f: f.reviewer.post("tuning/apply", {"version": 0, "changes": []}), 403,
     ("reviewer", "refused-role", "tuning/apply")),
    ("A reviewer who takes a change back", lambda f: f.reviewer.post("tuning/undo", {"version": 0}), 403,
     ("reviewer", "refused-role", "tuning/undo")),
    ("A reviewer who pins", lambda f: f.reviewer.post("reputation/pin", {
        "type": "from-domain", "value": "x.test", "log_odds": 3}), 403,
     ("reviewer", "refused-role", "reputation/pin")),
    ("A reviewer who reads the audit", lambda f: f.reviewer.get("audit"), 403,
     ("reviewer", "refused-role", "audit")),
    ("A reader who decides", lambda f: f.reader.post(deed(f)), 403,
     ("reader", "refused-role", "held/m1/release")),
    ("A teacher who looks", lambda f: f.teacher.get("held"), 403, ("teacher", "refused-role", "held")),
    ("A teacher who looks at a text", lambda f: f.teacher.get("held/m1/preview"), 403,
     ("teacher", "refused-role", "held/m1/preview")),

    ("A digest's link that is forged",
     lambda f: f.door(f.link[:-1] + ("A" if f.link[-1] != "A" else "B"), do="release"), 404,
     ("link from " + HERE, "refused-link", "")),
    ("A digest's link that was cut",
     lambda f: f.door(f.link[:-20], do="release"), 404, ("link from " + HERE, "refused-link", "")),
    ("A digest's link that is too old",
     lambda f: f.door(f.expired(), do="release"), 410, ("recipient old@box.test", "refused-link-expired", "")),
    ("A digest's link to what is somebody else's",
     lambda f: f.door(f.page, do="release", id=f.other), 200, ("recipient bob@box.test", "refused-not-theirs", "m2")),
    ("A digest's form from a page of another site",
     lambda f: f.door(f.link, do="release", origin=EVIL), 403,
     (HERE, "refused-from-other-site", "the link of a digest to bob@box.test")),
    ("A digest's form from a page of another site that hides where it stands",
     lambda f: f.door(f.link, do="release", origin="null", site="cross-site"), 403,
     (HERE, "refused-from-other-site", "the link of a digest to bob@box.test")),
    ("A digest's form from there, in a browser that does not tell sites apart",
     lambda f: f.door(f.link, do="release", origin="null"), 403,
     (HERE, "refused-from-other-site", "the link of a digest to bob@box.test")),
    ("A digest's form from another host of our domain",
     lambda f: f.door(f.link, do="release", site="same-site"), 403,
     (HERE, "refused-from-other-site", "the link of a digest to bob@box.test")),

    ("Guesses at the password of a name",
     lambda f: f.guesses("127.0.0.7"), 429, ("127.0.0.7", "refused-log-in-too-soon", "ann")),
]


def expect_safe(answer):
    """Nothing in the answer is taken for a page or for a script."""
    assert answer.headers["X-Content-Type-Options"] == "nosniff", answer.headers
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"], answer.headers
    if not answer.headers["Content-Type"].startswith("text/html"):
        assert answer.headers["Content-Type"] == "application/json", answer.headers
    elif MARKUP.encode() in answer.body:
        raise AssertionError(answer.body)


def attack(what, act, status, line):
    def test(fixture):
        before = fixture.audited().count(line)
        answer = act(fixture)
        assert isinstance(answer, Answer) and answer.status == status, (answer.status, answer.body)
        expect_safe(answer)
        assert fixture.state(fixture.mine) == fixture.state(fixture.other) == "pending"
        if line:
            audited = fixture.audited()
            assert audited.count(line) == before + 1, (line, audited[:5])
    test.__doc__ = what
    return test


def test_links_again(fixture):
    """A digest's link that is used again acts once; its page tells its own address to nobody else"""
    held = fixture.hold("zoe@box.test")
    link = fixture.links("zoe@box.test")[0]
    page = fixture.door(link, method="GET")
    assert page.status == 200 and page.headers["Referrer-Policy"] == "same-origin", page.headers
    assert fixture.state(held) == "pending"
    assert fixture.door(link, do="release", origin="null", site="same-origin").status == 200
    assert fixture.state(held) == "release-requested", fixture.state(held)
    for _ in range(2):
        assert b"That was done before" in fixture.door(link, do="release").body
    assert fixture.state(held) == "release-requested", fixture.state(held)
    audited = [line for line in fixture.audited() if line[0] == "recipient zoe@box.test"]
    assert audited == [("recipient zoe@box.test", "release", held)], audited


def test_lists_too_often(fixture):
    """Whoever has a link changes the lists 60 times in an hour; then nothing, and the audit tells it once"""
    fixture.hold("ida@box.test")
    page, who = fixture.links("ida@box.test")[1], "recipient ida@box.test"
    for number in range(60):
        answer = fixture.door(page, do="remove" if number % 2 else "allow", entry="a@pal.test")
        assert answer.status == 200, (number, answer.body)
    before = fixture.audited()
    assert sum(line[0] == who for line in before) == 60
    for _ in range(5):
        answer = fixture.door(page, do="allow", entry="b@pal.test")
        assert answer.status == 429 and b"Too many attempts" in answer.body, answer.body
        assert b"b@pal.test" not in answer.body
    added = fixture.audited()[:-len(before)]
    assert added == [(who, "refused-link-too-often", "lists")], added
    assert fixture.door(page, method="GET").status == 200


run(setup, [test_links_again, test_lists_too_often] + [attack(*row) for row in ATTACKS])
