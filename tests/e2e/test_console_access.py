"""Who gets into weir-console, with which role, and how attacks on it fail."""

import contextlib
import errno
import itertools
import os
import re
import sqlite3
import stat
import subprocess
import threading
import time

from console_client import PASSWORD, Client, expect
from sample_feeds import ITEMS, feed
from servers import Weir, counts_store, make_temporary_directory, run, wait_for


class Fixture:
    def __init__(self, directory):
        self.directory = directory
        self.counts = counts_store(directory)
        self.weir = Weir(directory, self.counts.url,
                         settings={"cold-lessons": 10, "thresholds": {"hold": 0.85}})
        self.weir.learn_samples()
        self.feeds = 0
        self.weir.start_console(secret=None)
        self.client = Client(self.weir)

    def restart(self):
        self.weir.console.stop()
        self.weir.restart_console()
        self.client = Client(self.weir)

    def held_id(self):
        """One of three items that are held anew."""
        self.feeds += 1
        self.weir.run("weir-feedfilter", "--pipe", "--feed", "planet%d" % self.feeds,
                      input=feed(ITEMS))
        return self.client.get("held").json()["items"][0]["id"]

    def audited(self):
        """(who, what, subject) of all that is in the audit."""
        with contextlib.closing(sqlite3.connect(self.weir.records_mail)) as records:
            return records.execute("SELECT who, what, subject FROM audit").fetchall()

    def user(self, name, *words, password=PASSWORD):
        """A client of a user with that role."""
        self.weir.ctl("console-user", "add", *words, name, input=password + "\n")
        return Client(self.weir, user=name, password=password)


    @contextlib.contextmanager
    def cheap_users(self, count):
        """Names whose passwords take no time to check, so that as many fit into a minute on any machine."""
        users = self.weir.settings["console"]["users"]
        with open(users, encoding="ascii") as file:
            before = file.read()
        found = ["guess%d" % number for number in range(count)]
        with open(users, "a", encoding="ascii") as file:
            for name in found:
                file.write("%s:$argon2id$v=19$m=8,t=1,p=1$%s$%s:reader\n" % (name, 22 * "A", 43 * "A"))
        yield found
        with open(users, "w", encoding="ascii") as file:
            file.write(before)


def guess_until_refused(guess):
    """Three guesses are only wrong. Each further one doubles the wait, until it is longer than the machine
    takes from one guess to the next."""
    for _ in range(3):
        expect(guess(), 401)
    for _ in range(8):
        answer = guess()
        if answer.status == 429:
            return
        expect(answer, 401)
    raise AssertionError("one may go on guessing")


def setup():
    yield Fixture(make_temporary_directory())


def names(weir):
    return [line.split()[0] for line in weir.ctl("console-user", "list").text().splitlines()]


def test_nothing_without_login(fixture):
    """Without a session every call is 401 and tells nothing"""
    client = Client(fixture.weir, login=False)
    ids = [fixture.held_id()]
    for path in ("session", "overview", "held", "held/" + ids[0], "nothing"):
        expect(client.get(path), 401, "log in")
    for deed in ("release", "confirm", "delete"):
        expect(client.post("held/%s/%s" % (ids[0], deed)), 401)
    client.cookie = "weir_session=" + 64 * "0"
    expect(client.get("overview"), 401)
    client.cookie = "weir_session=x"
    expect(client.get("overview"), 401)


def test_login(fixture):
    """A login gives a cookie that no script sees; logging out ends it; a name that is removed is out"""
    client = Client(fixture.weir, login=False)
    expect(client.post("login", {"user": "ann"}), 400)
    expect(client.post("login", {"user": "ann", "password": "wrong"}), 401, "wrong")
    expect(client.post("login", {"user": "eve", "password": PASSWORD}), 401, "wrong")
    expect(client.post("login", {"user": "../x", "password": PASSWORD}), 400)
    answer = client.post("login", {"user": "ann", "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie, cookie
    client.enter(answer)
    assert client.get("session").json()["user"] == "ann"
    deed, client.deed_token = client.deed_token, None
    expect(client.post("logout"), 403, "X-Weir-Deed")
    client.deed_token = deed
    assert client.get("session").json()["user"] == "ann"
    assert client.post("logout").status == 204
    expect(client.get("session"), 401)
    assert fixture.audited()[-2:] == [("ann", "log-out", "127.0.0.1"),
                                      ("127.0.0.1", "refused-session", "session")], fixture.audited()
    assert client.post("logout").status == 204
    assert [what for _, what, _ in fixture.audited()].count("log-out") == 1, fixture.audited()

    fixture.weir.ctl("console-user", "add", "bob", input="battery staple\n")
    answer = client.post("login", {"user": "bob", "password": "battery staple"})
    client.enter(answer)
    assert client.get("session").status == 200
    assert names(fixture.weir) == ["ann", "bob"]
    users = fixture.weir.settings["console"]["users"]
    os.rename(users, users + ".away")
    expect(client.get("session"), 503, "file of users")
    os.rename(users + ".away", users)
    assert client.get("session").status == 200
    fixture.weir.ctl("console-user", "add", "bob", input="paperclip staple\n")
    expect(client.get("session"), 401)
    fixture.weir.ctl("console-user", "remove", "bob")
    expect(client.post("login", {"user": "bob", "password": "paperclip staple"}), 401)
    log = fixture.weir.console.log()
    assert "event=login user=ann address=127.0.0.1" in log and "event=login-failed user=eve" in log
    assert "battery" not in log and PASSWORD not in log
    assert stat.S_IMODE(os.stat(users).st_mode) == 0o640 and "correct" not in open(users).read()


def test_users_command(fixture):
    """console-user refuses what cannot be, in one line"""
    for words, given, status in (
            (("add", "x y"), "12345678\n", 64), (("add", "x"), "short\n", 64), (("add", "x"), "", 64),
            (("remove", "x"), "", 65), ((), "", 64), (("add", "--role", "chief", "x"), "", 64),
            (("role", "ann"), "", 64), (("role", "x", "admin"), "", 65), (("token",), "", 64),
            (("role", "ann", "chief"), "", 64), (("token", "a", "b"), "", 64)):
        result = fixture.weir.ctl("console-user", *words, input=given, status=status)
        assert result.errors.count("\n") == 1, result.errors


def test_users_are_audited(fixture):
    """Who was let in, with which role, and who was shut out is in the audit, without any secret"""
    weir, before, who = fixture.weir, len(fixture.audited()), os.environ.get("SUDO_USER") or "root"
    secret, other = "battery staple 1", "battery staple 2"
    weir.ctl("console-user", "add", "m1", input=secret + "\n")
    weir.ctl("console-user", "add", "m1", input=other + "\n")
    weir.ctl("console-user", "role", "m1", "reviewer")
    weir.ctl("console-user", "add", "--role", "reader", "m1", input=secret + "\n")
    token = weir.ctl("console-user", "token", "probe").text().strip()
    weir.ctl("console-user", "token", "--role", "teacher", "probe")
    weir.ctl("console-user", "remove", "m1")
    weir.ctl("console-user", "remove", "m1", status=65)
    weir.ctl("console-user", "remove", "probe")
    assert fixture.audited()[before:] == [(who, what, subject) for what, subject in (
        ("user-add admin", "m1"), ("user-password admin", "m1"), ("user-role reviewer", "m1"),
        ("user-password reader", "m1"), ("user-token reader", "probe"), ("user-token teacher", "probe"),
        ("user-remove", "m1"), ("user-remove", "probe"))], fixture.audited()[before:]
    lines = repr(fixture.audited())
    assert not [one for one in (secret, other, token) if one in lines], lines
    assert len(weir.ctl("audit", "--what", "user-password", "--subject", "m1").text().splitlines()) == 2
    assert fixture.client.get("audit?what=user-token").json()["items"][0]["subject"] == "probe"
    assert weir.ctl("audit", "--what", "user-role").text().count("user-role reviewer  m1") == 1
    with contextlib.closing(sqlite3.connect(weir.records_mail)) as records:
        records.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(FAIL, 'no room'); END")
        done = weir.ctl("console-user", "add", "bob", input=secret + "\n")
        records.execute("DROP TRIGGER full")
    assert done.text() == "bob: may log in as admin\n", done.text()
    assert re.match(r"weirctl: it was done, but it is not in the audit log: [^\n]*no room[^\n]*\n$",
                    done.errors), done.errors
    assert "bob" in names(weir)
    weir.ctl("console-user", "remove", "bob")


def test_users_unreadable(fixture):
    """A file of users that cannot be read to its end is left as it is, and lets nobody in"""
    weir, users = fixture.weir, fixture.weir.settings["console"]["users"]
    os.rename(users, users + ".away")
    os.symlink("/proc/self/mem", users)  # it opens, but its start cannot be read
    try:
        for words in (("add", "bob"), ("remove", "ann"), ("list",)):
            result = weir.ctl("console-user", *words, input="battery staple\n", status=74)
            assert "Input/output error" in result.errors, result.errors
            assert result.errors.count("\n") == 1 and not result.output, result.errors
        assert os.path.islink(users) and not os.path.exists(users + ".new")
        expect(Client(weir, login=False).post("login", {"user": "ann", "password": PASSWORD}), 503)
    finally:
        os.rename(users + ".away", users)


def test_users_at_once(fixture):
    """Eight who add a name each at the same time all may log in"""
    weir, added = fixture.weir, ["name%d" % number for number in range(8)]
    adding = [subprocess.Popen([weir.program("weirctl"), "console-user", "add", name], env=weir.env,
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
              for name in added]
    for one in adding:
        one.stdin.write("battery staple\n")
        one.stdin.flush()
    assert [(one.communicate()[1], one.returncode)[1] for one in adding] == [0] * 8
    assert set(added) <= set(names(weir))
    for name in added:
        weir.ctl("console-user", "remove", name)


def test_brute_force(fixture):
    """After failures a name has to wait, longer each time, whatever password it brings"""
    client = Client(fixture.weir, login=False)
    fixture.weir.ctl("console-user", "add", "carl", input="long password\n")

    for _ in range(3):
        client.post("login", {"user": "carl", "password": "wrong"})

    def waits_long():  # so that it is not over before the right password comes
        answer = client.post("login", {"user": "carl", "password": "wrong"})
        wait_s = int(answer.headers["Retry-After"] or 0)
        time.sleep(wait_s if wait_s <= 7 else 0)
        return wait_s > 7
    wait_for(waits_long, "the wait is long")
    answer = client.post("login", {"user": "carl", "password": "long password"})
    expect(answer, 429, "try again in")
    time.sleep(int(answer.headers["Retry-After"]) + 1)
    assert client.post("login", {"user": "carl", "password": "long password"}).status == 200


def test_brute_force_elsewhere(fixture):
    """Who guesses at a password waits, and keeps nobody out who knows it at another address"""
    guesser = Client(fixture.weir, login=False, source="127.0.0.2")
    with fixture.cheap_users(19) as guessed:
        for name in guessed:
            expect(guesser.post("login", {"user": name, "password": "wrong"}), 401)
    expect(guesser.post("login", {"user": "ann", "password": "wrong"}), 401)
    expect(guesser.post("login", {"user": "ann", "password": PASSWORD}), 429, "try again in")
    assert Client(fixture.weir).get("session").status == 200
    expect(guesser.post("login", {"user": "ann", "password": PASSWORD}), 429)
    assert "user=ann address=127.0.0.2" in fixture.weir.console.log()
    assert ("127.0.0.2", "refused-log-in-too-soon", "ann") in fixture.audited(), fixture.audited()


def test_brute_force_through_proxy(fixture):
    """With public-url, and only then, the address that counts is the last one the web server names"""
    weir = Weir(fixture.directory, fixture.counts.url, "proxied")
    weir.start_console(secret=None)

    def guess(*addresses):
        return Client(weir, login=False).post("login", {"user": "ann", "password": "wrong"},
                                              **{"X-Forwarded-For": ", ".join(addresses)})
    number = itertools.count()
    guess_until_refused(lambda: guess("192.0.2.%d" % next(number)))
    weir.console.stop()
    weir.configure({"console": {"public-url": "https://weir.test"}})
    weir.restart_console()
    number = itertools.count()
    guess_until_refused(lambda: guess("198.51.100.%d" % next(number), "2001:db8::%d" % next(number)))
    expect(guess("2001:db8::3", "2001:db8:0:1::3"), 401)
    weir.console.stop()


def test_other_sites(fixture):
    """A page of another site can do nothing: by its origin, by its type, by its host"""
    client = fixture.client
    held = fixture.held_id()
    deed = "held/%s/release" % held
    expect(client.post(deed, Origin="http://evil.test"), 403, "another site")
    expect(client.post(deed, Origin="null"), 403)
    expect(client.request("POST", "/api/" + deed, "{}", **{"Content-Type": "text/plain"}), 403)
    expect(client.request("POST", "/api/" + deed, "{}", **{
        "Content-Type": "application/x-www-form-urlencoded"}), 403)
    expect(client.get("overview", Host="evil.test"), 421, "public-url")
    assert client.get("held/" + held).json()["state"] == "held"


def test_roles(fixture):
    """A reader only sees, a reviewer decides too; what is refused is in the audit; a role counts at once"""
    held = fixture.held_id()
    reader = fixture.user("rita", "--role", "reader")
    assert reader.get("session").json()["role"] == "reader"
    assert reader.get("held/" + held).status == 200 and reader.get("overview").status == 200
    expect(reader.post("held/%s/confirm" % held), 403, "this takes the role reviewer, and you are reader")
    assert ("rita", "refused-role", "held/%s/confirm" % held) in fixture.audited()
    assert reader.get("held/" + held).json()["state"] == "held"
    fixture.weir.ctl("console-user", "role", "rita", "reviewer")
    assert reader.post("held/%s/confirm" % held).status == 200
    fixture.weir.ctl("console-user", "role", "rita", "reader")
    expect(reader.post("held/%s/release" % held), 403)


def test_lines_without_role(fixture):
    """Whose line has no role, or none that is known, gets in nowhere; the log and list say how to mend it"""
    weir, users = fixture.weir, fixture.weir.settings["console"]["users"]
    fixture.user("old")
    token = weir.ctl("console-user", "token", "robot", "--role", "reviewer").text().strip()
    with open(users, encoding="ascii") as file:
        lines = file.read()

    def write(text):
        with open(users, "w", encoding="ascii") as file:
            file.write(text)
    mend = "weirctl console-user role NAME teacher, reader, reviewer or admin"
    admin = Client(weir)
    for role in ("", ":", ":chief"):
        write("".join(line.rpartition(":")[0] + role + "\n" for line in lines.splitlines()))
        expect(Client(weir, login=False, source="127.0.0.9").post("login", {"user": "old", "password": PASSWORD}), 401)
        expect(admin.get("session"), 401)
        expect(Client(weir, login=False).get("session", Authorization="Bearer " + token), 401)
        listed = weir.ctl("console-user", "list")
        assert not listed.output and listed.errors.count("\n") == lines.count("\n"), listed.errors
        assert "%s: old has no role and no access; mend it with %s\n" % (users, mend) in listed.errors
        before = open(users, encoding="ascii").read()
        refused = weir.ctl("console-user", "add", "old", input=PASSWORD + "\n", status=65)
        assert "old has no role that is known here: say it with --role" in refused.errors, refused.errors
        assert open(users, encoding="ascii").read() == before
    for name in ("old", "ann", "robot"):
        assert "event=user-without-role user=%s file=%s" % (name, users) in weir.console.log()
    assert 'mend="%s"' % mend in weir.console.log()

    others = "# who may log in\n\nnobody\n" + lines.replace("old:", "chief:").replace(":admin", ":chief")
    write(lines + others.rstrip("\n"))
    weir.ctl("console-user", "role", "old", "reader")
    assert others in open(users, encoding="ascii").read(), open(users, encoding="ascii").read()
    write(lines.replace(":admin", ""))
    weir.ctl("console-user", "role", "old", "admin")
    assert Client(weir, user="old").get("session").json()["role"] == "admin"
    weir.ctl("console-user", "add", "ann", "--role", "reader", input=PASSWORD + "\n")
    assert Client(weir).get("session").json()["role"] == "reader"
    write(lines)
    for name in ("old", "robot"):
        weir.ctl("console-user", "remove", name)


def test_start_warns_of_no_role(fixture):
    """A console that starts names those whose lines have no role"""
    weir, users = fixture.weir, fixture.weir.settings["console"]["users"]
    with open(users, encoding="ascii") as file:
        lines = file.read()
    with open(users, "a", encoding="ascii") as file:
        file.write("norole:$argon2id$x\n")
    weir.console.stop()
    weir.restart_console()
    wait_for(lambda: "event=user-without-role user=norole" in weir.console.log(), "its name")
    with open(users, "w", encoding="ascii") as file:
        file.write(lines)
    fixture.client = Client(weir)


def test_tokens(fixture):
    """A program comes with its token: no login, no deed token, its role and no more, until it is removed"""
    weir, held = fixture.weir, fixture.held_id()
    made = weir.ctl("console-user", "token", "monitor")
    token = made.text().strip()
    assert len(token) == 64 and "shown this once" in made.errors
    assert token not in open(weir.settings["console"]["users"], encoding="ascii").read()
    program = Client(weir, login=False)
    bearer = {"Authorization": "Bearer " + token}
    session = program.get("session", **bearer).json()
    assert (session["user"], session["role"]) == ("monitor", "reader"), session
    expect(program.post("held/%s/confirm" % held, **bearer), 403, "you are reader")
    weir.ctl("console-user", "role", "monitor", "reviewer")
    assert program.post("held/%s/confirm" % held, **bearer).status == 200
    for wrong in ("Bearer " + token[:-1], "Bearer ", "Bearer x" + token, "Basic " + token):
        expect(program.get("session", Authorization=wrong), 401)
    expect(program.post("login", {"user": "monitor", "password": token}), 401)
    weir.env["WEIR_TOKEN"] = token
    listed = weir.ctl("--gateway", weir.console_url, "--json", "held", "show", held).json()
    assert listed["id"] == held
    weir.ctl("console-user", "remove", "monitor")
    weir.ctl("--gateway", weir.console_url, "held", "show", held, status=65)
    del weir.env["WEIR_TOKEN"]
    expect(program.get("session", **bearer), 401)


def test_token_ends_no_password(fixture):
    """No token takes the place of a password or the other way round; what is made anew keeps its role"""
    weir, users = fixture.weir, fixture.weir.settings["console"]["users"]
    weir.ctl("console-user", "token", "--role", "reviewer", "robot")
    before = open(users, encoding="ascii").read()
    refused = weir.ctl("console-user", "token", "ann", status=65)
    assert refused.errors == ("weirctl: ann has a password, which a token would end: take another name, "
                              "or say weirctl console-user remove ann first\n"), refused.errors
    assert not refused.output
    refused = weir.ctl("console-user", "add", "robot", input="battery staple\n", status=65)
    assert "robot has a token, which a password would end" in refused.errors, refused.errors
    assert open(users, encoding="ascii").read() == before
    assert Client(weir).get("session").json()["role"] == "admin"

    def role_of_robot(*words):
        made = weir.ctl("console-user", "token", *words, "robot")
        bearer = {"Authorization": "Bearer " + made.text().strip()}
        role = Client(weir, login=False).get("session", **bearer).json()["role"]
        assert "has a new token as " + role in made.errors, made.errors
        return role
    assert role_of_robot() == "reviewer"
    assert role_of_robot("--role", "reader") == "reader" == role_of_robot()
    fixture.user("rose", "--role", "reviewer")
    assert fixture.user("rose").get("session").json()["role"] == "reviewer"
    for name in ("robot", "rose"):
        weir.ctl("console-user", "remove", name)


def refusals(fixture, kind):
    """How many of a kind the audit has lines of, how many more it tells of, and by whom the last of these."""
    written = sum(what == kind for _, what, _ in fixture.audited())
    told = [re.fullmatch(r"(\d+) more of %s, the last by (\S+)" % kind, subject)
            for who, what, subject in fixture.audited() if (who, what) == ("weir-console", "refused-many")]
    told = [match for match in told if match]
    return written, sum(int(match[1]) for match in told), told[-1][2] if told else None


def minutes_touched():
    """What tells how many minutes there can have been since, the first and the last in part: two at least."""
    start = time.monotonic()
    return lambda: int((time.monotonic() - start) / 60) + 2


def test_flood_hides_nothing(fixture):
    """Who is refused over and over uses up the lines of that kind alone; the rest is told of by kind, with
    an address, when the minute is over"""
    fixture.restart()  # what was refused so far counts no more
    kinds = ("refused-path", "refused-log-in", "refused-log-in-too-soon")
    before = {kind: refusals(fixture, kind) for kind in kinds}
    minutes = minutes_touched()
    noisy = Client(fixture.weir, login=False, source="127.0.0.66")
    guesser = Client(fixture.weir, login=False, source="127.0.0.67")
    for _ in range(80):
        assert noisy.request("GET", "/..%2f..%2fetc/passwd").status == 404
    with fixture.cheap_users(20) as guessed:
        for name in guessed:
            expect(guesser.post("login", {"user": name, "password": "wrong"}), 401)
    for _ in range(75):
        guesser.post("login", {"user": "ann", "password": "wrong"})
    lines = fixture.audited()
    for number in range(20):
        assert ("127.0.0.67", "refused-log-in", "guess%d" % number) in lines, lines
    assert ("127.0.0.67", "refused-log-in-too-soon", "ann") in lines, lines

    def told(kind):
        """Of a minute that ended meanwhile, too."""
        written, more, last = (now - then if isinstance(now, int) else now
                               for now, then in zip(refusals(fixture, kind), before[kind]))
        return (written + more, last)
    wait_for(lambda: told("refused-path") == (80, "127.0.0.66"), "it is told how many", 90)
    wait_for(lambda: sum(told(kind)[0] for kind in kinds[1:]) == 95, "of all kinds", 90)
    assert told("refused-log-in-too-soon")[1] == "127.0.0.67"
    assert refusals(fixture, "refused-path")[0] - before["refused-path"][0] <= 30 * minutes(), "30 a minute"


def test_attacks_are_in_the_audit(fixture):
    """What attackers try fails, and the audit says what it was and where it came from"""
    fixture.restart()
    client, held = fixture.client, fixture.held_id()
    attacker = Client(fixture.weir, login=False, source="127.0.0.9")
    deed = "held/%s/release" % held
    expect(client.post(deed, Origin="http://evil.test"), 403)
    expect(client.post(deed, **{"X-Weir-Deed": 64 * "0"}), 403, "X-Weir-Deed")
    expect(client.post(deed, **{"X-Weir-Deed": ""}), 403, "X-Weir-Deed")
    attacker.request("GET", "/../../etc/passwd")
    guess_until_refused(lambda: attacker.post("login", {"user": "ann", "password": "guess"}))
    audited = fixture.audited()
    for expected in (("127.0.0.1", "refused-from-other-site", deed),
                     ("127.0.0.1", "refused-without-deed-token", deed),
                     ("127.0.0.9", "refused-path", "/../../etc/passwd"),
                     ("127.0.0.9", "refused-log-in", "ann"),
                     ("127.0.0.9", "refused-log-in-too-soon", "ann"),
                     ("ann", "log-in", "127.0.0.1")):
        assert expected in audited, (expected, audited)
    assert client.get("held/" + held).json()["state"] != "released"


def test_session_fixation(fixture):
    """A session that somebody else put into the browser is not the one that a login gives"""
    client = Client(fixture.weir, login=False)
    client.cookie = "weir_session=" + 64 * "a"
    answer = client.post("login", {"user": "ann", "password": PASSWORD})
    assert 64 * "a" not in answer.headers["Set-Cookie"]
    expect(client.get("session"), 401)
    mine, other = Client(fixture.weir), Client(fixture.weir)
    mine.deed_token = other.deed_token
    expect(mine.post("held/%s/release" % fixture.held_id()), 403, "X-Weir-Deed")


def test_refusals_do_not_fill_the_disk(fixture):
    """Of many refusals in a minute some are written, and how many there were, at the latest when the console
    ends"""
    fixture.restart()
    client, kind = fixture.client, "refused-from-other-site"
    lines, (written, more, _) = len(fixture.audited()), refusals(fixture, kind)
    minutes = minutes_touched()
    for _ in range(150):
        expect(client.post("held/f1/release", Origin="http://evil.test"), 403)
    assert len(fixture.audited()) - lines < 31 * minutes(), "30 a minute, and one of the rest"
    fixture.restart()
    now = refusals(fixture, kind)
    assert (now[0] + now[1], now[2]) == (written + more + 150, "127.0.0.1"), now


class Verifier:
    """The file of users is a pipe: each look at a password waits until it is fed."""

    def __init__(self, weir):
        self.users = weir.settings["console"]["users"]
        with open(self.users, "rb") as file:
            self.content = file.read()

    def __enter__(self):
        os.rename(self.users, self.users + ".away")
        os.mkfifo(self.users)
        return self

    def __exit__(self, *_):
        os.rename(self.users + ".away", self.users)

    def writer(self):
        """Once a password is looked at: where its users come from."""
        def opened():
            try:
                return os.open(self.users, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                assert error.errno == errno.ENXIO, error
                return None
        return wait_for(opened, "a password is looked at")


def test_login_flood(fixture):
    """Of many that log in at once a few wait; from where somebody failed lately every fourth is let in;
    more are turned away at once, and whoever comes later gets in"""
    fixture.restart()
    known = "127.0.0.100"
    expect(Client(fixture.weir, login=False, source=known).post("login", {"user": "ann", "password": "x"}), 401)
    answers = []

    def log_in(source):
        client = Client(fixture.weir, login=False, source=source)
        answers.append((source, client.post("login", {"user": "ann", "password": "wrong"})))

    def answered(status):
        return [source for source, answer in answers if answer.status == status]

    threads = [threading.Thread(target=log_in, args=("127.0.0.%d" % number,)) for number in range(100, 131)]
    with Verifier(fixture.weir) as verifier:
        threads[1].start()
        feeding = verifier.writer()
        threads[0].start()  # it waits alone: so many of its kind may
        for thread in threads[2:]:
            thread.start()
        wait_for(lambda: len(answered(503)) == 25, "those that are too many are turned away")
        assert len(answers) == 25 and known not in answered(503), answers
        for _, answer in answers:
            assert int(answer.headers["Retry-After"]) > 0 and "at once" in answer.json()["error"], answer.body
        for number in range(1, 7):
            os.write(feeding, verifier.content)
            os.close(feeding)
            wait_for(lambda: len(answered(401)) == number, "one more is answered")
            feeding = verifier.writer() if number < 6 else None
    for thread in threads:
        thread.join()
    assert answered(401)[0] == "127.0.0.101" and answered(401)[4] == known, answered(401)
    assert Client(fixture.weir, source="127.0.0.99").get("session").status == 200
    assert refusals(fixture, "refused-log-in-busy")[0] == 25, fixture.audited()


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
