"""Outages of a counts store under load: SMTP sessions that never cease, a reader that polls feeds,
and what must be true of mail, feeds, lessons and logs when the store is back.
"""

import contextlib
import ctypes
import email.parser
import email.policy
import grp
import itertools
import json
import os
import pwd
import random
import re
import signal
import smtplib
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.error
import urllib.request

from sample_feeds import HAM, ITEMS, feed, item
from servers import (PATIENCE_S, CountsFile, Postfix, Redis, Skip, Weir, as_client, at_end,
                     make_message, wait_for)
from upstream import Document, sends

SESSIONS = 3        # SMTP clients at once
MAIL_WAIT_S = 10.0  # no message waits longer, from MAIL to the answer at its end
FEED_WAIT_S = 10.0  # nor a reader of a feed
OUTAGE_S = 3.0      # how long each lasts at least
# Longer than a busy machine stands still at times: that would be an outage more.
COUNTS_TIMEOUT = "2s"
LINES_MOST = 6      # of a daemon's log about one outage, its end included
TAUGHT = 60         # lessons in one outage, given twice
WORDS = [a + b for a in "ba ce di fo gu ka le mi no pu".split()
         for b in "ra sti ndo lme xi tru vy pok gle zan".split()]
TAUGHT_WORDS = [word[::-1] for word in WORDS]  # what is learned says nothing of the load
# Verdicts that stand whatever is learned meanwhile: one check holds, all three refuse.
CHECKS = {"FROM_NAME_IS_ADDRESS": 12, "LINK_TEXT_MISMATCH": 20, "HTML_HIDDEN_TEXT": 20}
THRESHOLDS = {"hold": 0.95, "reject": 0.9999999997}
STATE_HELD, STATE_RELEASED = 1, 3  # of a record, as store/records.h numbers them
DELIVERED, HELD, REFUSED, QUEUED = "delivered", "held", "refused", "queued"
EXPECTED = {"ham": DELIVERED, "spam": HELD, "certain": REFUSED}

_numbers = itertools.count(1)


def words(count, chance=random):
    return " ".join(chance.choice(WORDS) for _ in range(count))


def mailbox(domain, label):
    """Half of the lessons of an outage."""
    chance = random.Random(domain + label)
    theme = chance.sample(TAUGHT_WORDS, 10)
    return "".join(
        "From ann Thu Jan  1 00:00:00 2026\nFrom: ann@%s\nMessage-ID: <%s.%d@%s>\nSubject: %s\n\n"
        "%s\n\n" % (domain, label, number, domain, chance.choice(TAUGHT_WORDS),
                    " ".join(chance.choice(theme if chance.random() < 0.5 else TAUGHT_WORDS)
                             for _ in range(40)))
        for number in range(TAUGHT // 2))


# --- load ---

class Sent:
    """A message, and what its sender knows of it."""

    def __init__(self, kind, message_id):
        self.kind, self.message_id = kind, message_id
        self.queue_id, self.known, self.seconds = None, QUEUED, 0.0


class Load:
    """Mail and a reader, until the context ends."""

    def __init__(self, site):
        self.site, self.over = site, threading.Event()
        self.sent, self.answers, self.trouble = [], [], []
        self.threads = [threading.Thread(target=self._guard, args=(self._send,), daemon=True)
                        for _ in range(SESSIONS)]
        self.threads.append(threading.Thread(target=self._guard, args=(self._read,), daemon=True))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(PATIENCE_S)

    def _guard(self, work):
        try:
            work()
        except Exception as error:  # told of by the test, which is in another thread
            self.trouble.append(error)

    def _send(self):
        while not self.over.is_set():
            number = next(_numbers)
            domain = "stranger%d.test" % number
            with self.site.postfix.client("mail." + domain) as client:
                as_client(client, "10.%d.%d.7" % (number // 256, number % 256))
                for kind in ("ham", "ham", "spam", "ham", "certain", "ham"):
                    if self.over.is_set():
                        return
                    self._send_one(client, kind, domain)
                    self.over.wait(0.05)

    def _send_one(self, client, kind, domain):
        text = "Dear Bob,\n\n%s\n" % words(30)
        if kind == "certain":
            text = ('<p>%s</p><a href="http://%s/x">www.%s.test</a>'
                    '<div style="display:none">%s</div>\n' %
                    (words(30), domain, words(1), words(200)))
        # Nothing is in all of them that a release could teach to be ham.
        sender = "Ann" if kind == "ham" else '"%s@%s.test"' % (words(1), words(1))
        message, message_id = make_message(words(3), text, "%s <ann@%s>" % (sender, domain),
                                           kind="html" if kind == "certain" else "plain")
        sent = Sent(kind, message_id)
        self.sent.append(sent)
        start = time.monotonic()
        try:
            for code, reply in (client.mail("ann@" + domain), client.rcpt("bob@box.test"),
                                client.data(message)):
                if code >= 500:
                    sent.known = REFUSED
                if code >= 400:
                    return
            sent.queue_id = re.search(rb"queued as (\w+)", reply).group(1).decode()
            sent.known = None
        except smtplib.SMTPResponseException as error:
            sent.known = REFUSED if error.smtp_code >= 500 else QUEUED
        finally:
            sent.seconds = time.monotonic() - start

    def _read(self):
        while not self.over.is_set():
            for name in ("planet", "steady", "fresh"):
                self.answers.append(self.site.read_feed(name))
            self.over.wait(0.1)


class FreshFeed:
    """A feed with something new at each poll: an item that is fine, and one that a check holds."""

    def __init__(self):
        self.count = 0

    def __call__(self, handler):
        self.count += 1
        latest = range(self.count, max(self.count - 6, 0), -1)
        sends(feed([data for number in latest for data in self._items(number)]))(handler)

    @staticmethod
    def _items(number):
        chance = random.Random(number)
        return (item("https://buoy.example/%d" % number, words(4, chance),
                     "<p>%s</p>" % words(30, chance)),
                item("https://trap.example/%d" % number, words(4, chance),
                     '<p>%s</p><a href="http://trap%d.test/">www.%s.test</a>' %
                     (words(30, chance), number, words(1, chance))))


# --- stores and what may become of them ---

class GuardedRedis(Redis):
    """weir logs in, as a user of its own; the test does not."""

    def start(self):
        super().start()
        self.url = "redis+unix://weir:first@" + self.socket
        self.set_password("first")

    def set_password(self, password):
        answer = self.command("ACL", "SETUSER", "weir", "on", "resetpass", ">" + password, "~*",
                              "&*", "+@all")
        assert answer == b"+OK\r\n", answer

    def hang_up(self):
        self.command("CLIENT", "KILL", "TYPE", "normal")

    def shut_out(self):
        self.set_password("second")
        self.hang_up()

    def limit_memory(self, bytes):
        self.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
        self.command("CONFIG", "SET", "maxmemory", bytes)

    def version(self):
        return int(self.command("GET", "weir:version").split(b"\r\n")[1] or 0)

    def signal(self, number):
        self.process.process.send_signal(number)

    def start_empty(self):
        for folder, _, names in os.walk(os.path.join(self.directory, "appendonlydir")):
            for name in names:
                os.unlink(os.path.join(folder, name))
        self.start()


class SlowProxy:
    """Stands in the place of Redis's socket and holds each answer back for `delay_s`."""

    def __init__(self, redis, delay_s):
        self.redis, self.delay_s, self.open = redis, delay_s, []
        self.behind = redis.socket + ".behind"

    def start(self):
        front = self.redis.socket + ".front"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(front)
        os.chmod(front, 0o777)
        self.listener.listen(128)
        os.rename(self.redis.socket, self.behind)
        os.rename(front, self.redis.socket)
        threading.Thread(target=self._accept, daemon=True).start()
        self.redis.hang_up()

    def stop(self):
        os.rename(self.behind, self.redis.socket)
        for connection in [self.listener] + self.open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.behind)
                self.open += [client, server]
                for source, to, slow in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pump, args=(source, to, slow),
                                     daemon=True).start()

    def _pump(self, source, to, slow):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if slow:
                    time.sleep(self.delay_s)
                to.sendall(data)
        for connection in (source, to):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class SmallDisk(CountsFile):
    """A counts store on a disk of its own, which can be filled, and be mounted read-only. After
    own_mounts()."""

    SIZE_MB = 24

    def __init__(self, directory, name="disk"):
        super().__init__(directory, name)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm" % self.SIZE_MB, "none",
                        self.directory], check=True)
        at_end(subprocess.run, ["umount", "-l", self.directory])
        os.chown(self.directory, pwd.getpwnam(Weir.MILTER).pw_uid, grp.getgrnam(Weir.GROUP).gr_gid)
        os.chmod(self.directory, 0o2770)

    def fill(self):
        with contextlib.suppress(OSError), open(self.directory + "/filler", "wb", 0) as filler:
            while True:
                filler.write(bytes(4096))

    def make_room(self):
        os.unlink(self.directory + "/filler")

    def forbid_writing(self):
        """New looks at the directory find it read-only, also those of root."""
        subprocess.run(["mount", "--bind", self.directory, self.directory], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", self.directory], check=True)

    def allow_writing(self):
        subprocess.run(["umount", "-l", self.directory], check=True)

    def lock(self):
        self.locked = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self.locked.execute("begin immediate")

    def unlock(self):
        self.locked.execute("rollback")
        self.locked.close()


def own_mounts():
    """From here on, what this program and its children mount is seen by no other; Skip if that
    cannot be."""
    new_namespace = 0x00020000
    if ctypes.CDLL(None, use_errno=True).unshare(new_namespace) != 0:
        raise Skip("mount namespaces cannot be made here")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


# --- a gateway ---

class Site:
    """weir on one store, behind the Postfix that all share."""

    def __init__(self, fixture, name, store):
        self.postfix, self.store, self.total = fixture.postfix, store, 0
        self.fresh, self.rows = FreshFeed(), fixture.rows
        upstream = fixture.upstream
        upstream.documents["/planet"] = Document(feed(ITEMS), validators=False)
        upstream.documents["/steady"] = Document(feed(HAM))
        upstream.documents["/fresh"] = Document(answer=self.fresh)
        self.weir = Weir(fixture.directory, store.url, name, {
            "counts-timeout": COUNTS_TIMEOUT, "milter": {"socket": fixture.milter},
            "thresholds": THRESHOLDS,
            "feedfilter": {"upstream-networks": ["127.0.0.0/8"], "poll": "1s", "poll-min": "1s",
                           "poll-max": "1s", "fetch-timeout": "5s"},
            **{"check " + symbol: {"log-odds": weight} for symbol, weight in CHECKS.items()},
            **{"feed " + feed_name: {"url": upstream.url + "/" + feed_name}
               for feed_name in ("planet", "steady", "fresh")}})
        self.name = name

    def start(self):
        self.weir.start_milter()
        self.weir.start_hold(self.postfix)
        self.weir.start_feeds()

    def stop(self):
        self.weir.feeds.stop()
        self.weir.hold.stop()
        self.weir.milter.stop(signal.SIGUSR2)

    def daemons(self):
        return {"weir-milter": self.weir.milter, "weir-hold": self.weir.hold,
                "weir-feedfilter": self.weir.feeds}

    def read_feed(self, name):
        """(name, status, body, seconds)"""
        start = time.monotonic()
        try:
            with urllib.request.urlopen(self.weir.feeds_url + "/f/" + name,
                                        timeout=PATIENCE_S) as answer:
                return name, answer.status, answer.read(), time.monotonic() - start
        except urllib.error.HTTPError as error:
            with error:
                return name, error.code, error.read(), time.monotonic() - start

    def store_up(self):
        with urllib.request.urlopen(self.weir.feeds_url + "/health", timeout=PATIENCE_S) as answer:
            return json.load(answer)["counts"] == "up"

    def held_feed_item(self):
        with contextlib.closing(sqlite3.connect(self.weir.records_feeds)) as records:
            row = records.execute("select max(id) from held where sender = 'fresh' and "
                                  "state = ?", (STATE_HELD,)).fetchone()
        return row[0]

    def mail_records(self):
        """{queue id: (id, state)}"""
        with contextlib.closing(sqlite3.connect(self.weir.records_mail)) as records:
            return {reference: (held, state) for held, reference, state in
                    records.execute("select id, reference, state from held")}

    def digest(self, daemon, number):
        """Of a daemon's replica at the newest version."""
        def look():
            daemon.process.send_signal(number)
            found = re.findall(r"event=replica version=(\d+) digest=([0-9a-f]{16})", daemon.log())
            return found and int(found[-1][0]) == self.total and found[-1][1]
        return wait_for(look, "%s is at lesson %d" % (daemon.name, self.total))


class Outage:
    """With it comes the load. teach() while the store is away; check() when it is over."""

    def __init__(self, site, name, domain):
        self.site, self.name = site, name
        self.domain = "%s-%s.test" % (domain, site.name)
        self.load, self.taught, self.released = Load(site), 0, set()
        self.may_be_empty = False
        self.logs = {name: len(daemon.log()) for name, daemon in site.daemons().items()}

    def __enter__(self):
        self.load.__enter__()
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            wait_for(self.site.store_up, "the feed server says that the store is up")
            time.sleep(1)
        self.load.__exit__()

    def teach(self):
        """Lessons given twice, and releases of a message and of a feed's item asked for twice."""
        paths = {label: os.path.join(self.site.weir.directory, self.domain + "." + label)
                 for label in ("spam", "ham")}
        for label, path in paths.items():
            with open(path, "w") as file:
                file.write(mailbox(self.domain, label))
        for _ in range(2):
            sums = self.site.weir.ctl("--json", "learn", "spam", paths["spam"], "ham",
                                      paths["ham"]).json()
            assert sum(sums.values()) == TAUGHT, sums
        self.taught += TAUGHT
        held = [wait_for(find, "something is held")
                for find in (self._held_message, self._held_feed_item)]
        for _ in range(2):
            self.site.weir.ctl("held", "release", *held)
        self.taught += len(held)

    def _held_feed_item(self):
        newest = self.site.held_feed_item()
        return newest and "f%d" % newest

    def _held_message(self):
        records = self.site.mail_records()
        for sent in list(self.load.sent):
            if sent.kind == "spam" and records.get(sent.queue_id, (0, 0))[1] == STATE_HELD:
                self.released.add(sent.message_id)
                return "m%d" % records[sent.queue_id][0]
        return None

    # --- afterwards ---

    def check(self, states):
        wait_for(lambda: self.site.store.version() >= self.site.total + self.taught,
                 "%d lessons are in the log, not %d" % (self.site.total + self.taught,
                                                        self.site.store.version()))
        applied = self.site.store.version() - self.site.total
        ends = self._where_it_all_is()
        waits = [sent.seconds for sent in self.load.sent]
        feed_waits = [seconds for _, _, _, seconds in self.load.answers]
        counts = {end: sum(value == end for value in ends.values())
                  for end in (DELIVERED, HELD, REFUSED, QUEUED)}
        self.site.rows.append((self.name, len(self.load.sent), *counts.values(), self.taught,
                               applied, "%.2f s" % max(waits), len(self.load.answers),
                               "%.2f s" % max(feed_waits)))
        self.site.total += self.taught
        self._check_mail(ends)
        self._check_feeds()
        self._check_lessons(applied)
        self._check_logs(states)

    def _where_it_all_is(self):
        """{message id: where it is}, once Postfix is done with what it took."""
        postfix = self.site.postfix
        wait_for(lambda: len(postfix.queue()) == len(postfix.held()), "Postfix has delivered")
        wait_for(lambda: self.released <= set(postfix.message_ids()), "what was released is there")
        held, delivered = set(postfix.held()), postfix.message_ids()
        ends = {}
        for sent in self.load.sent:
            copies = delivered.count(sent.message_id)
            places = ([DELIVERED] * copies + [HELD] * (sent.queue_id in held) +
                      [sent.known] * (sent.known is not None))
            assert len(places) == 1, (sent.kind, sent.message_id, sent.queue_id, places)
            ends[sent.message_id] = places[0]
        return ends

    def _check_mail(self, ends):
        assert not self.load.trouble, self.load.trouble
        wanted = {sent.queue_id: STATE_RELEASED if sent.message_id in self.released else STATE_HELD
                  for sent in self.load.sent if sent.kind == "spam"}

        def others():
            records = self.site.mail_records()
            return [(queue_id, records.get(queue_id)) for queue_id, state in wanted.items()
                    if records.get(queue_id, (0, None))[1] != state]
        # weir-hold looks at what is new in the hold queue a moment after Postfix put it there.
        wait_for(lambda: not others(), "the records know where each spam is")
        for sent in self.load.sent:
            end, released = ends[sent.message_id], sent.message_id in self.released
            expected = DELIVERED if released else EXPECTED[sent.kind]
            assert end == expected, (sent.kind, sent.queue_id, end, re.findall(
                "event=verdict queue_id=%s .*" % sent.queue_id, self.site.weir.milter.log()))
            assert sent.seconds < MAIL_WAIT_S, (sent.kind, sent.seconds)

    def _check_feeds(self):
        fresh = set()
        for name, status, body, seconds in self.load.answers:
            assert status == 200, (name, status, body[:200])
            assert seconds < FEED_WAIT_S, (name, seconds)
            if name == "steady":
                assert body == feed(HAM)
            if name == "fresh":
                fresh |= set(re.findall(rb"<guid>https://buoy.example/(\d+)</guid>", body))
        newest = self.site.fresh.count
        wait_for(lambda: b"buoy.example/%d<" % (newest + 1) in self.site.read_feed("fresh")[2] or
                 self.site.fresh.count > newest + 4, "what is new comes")
        assert len(fresh) >= 3, fresh

    def _check_lessons(self, applied):
        assert applied == self.taught, (applied, self.taught)
        known = self.site.weir.ctl("--json", "reputation", "show", "from-domain",
                                   self.domain).json()
        for label in ("ham", "spam"):
            assert abs(known[label] - TAUGHT / 2) < 0.1, known

    def _told(self, daemon):
        """Lines of its log since the outage began that are not about one message or request."""
        return [line for line in daemon.log()[self.logs[daemon.name]:].splitlines()
                if not re.search(r" event=(verdict|request|held|released|started|key-made) ", line)]

    def _states(self, daemon):
        """What it said of the store since the outage began, in order."""
        return tuple(re.findall(r"event=store state=(\w+)", "\n".join(self._told(daemon))))

    def wait_until_noticed(self, states):
        """A daemon that is not at work on the store notices only when it next asks."""
        for name, daemon in self.site.daemons().items():
            if states and name != "weir-hold":
                wait_for(lambda: self._states(daemon), name + " notices the outage")

    def _check_logs(self, states):
        for name, daemon in self.site.daemons().items():
            # An emptied store is "empty" to whoever looks before its lessons are there again.
            allowed = [()] if name == "weir-hold" else [states]
            if self.may_be_empty and name != "weir-hold":
                allowed.append(("away", "empty", "back"))
            with contextlib.suppress(AssertionError):
                wait_for(lambda: self._states(daemon) in allowed, name + " says what it sees", 10)
            told = "\n".join(self._told(daemon))
            assert self._states(daemon) in allowed, (name, told)
            assert told.count("\n") < LINES_MOST, (name, told)


def live_through(site, name, domain, begin, end, states=("away", "back"), fresh_logs=False,
                 may_be_empty=False):
    """An outage from begin() to end(). `states`: what each daemon that follows the store says of
    it, in order. `fresh_logs`: what it said when it started belongs to it. `may_be_empty`: the
    store may be seen empty before it is back."""
    outage = Outage(site, name, domain)
    outage.may_be_empty = may_be_empty
    if fresh_logs:
        outage.logs = dict.fromkeys(outage.logs, 0)
    with outage:
        time.sleep(0.7)  # mail and feeds flow
        begin()
        start = time.monotonic()
        try:
            outage.teach()
            time.sleep(max(0, start + OUTAGE_S - time.monotonic()))
            outage.wait_until_noticed(states)
        finally:
            end()
    outage.check(states)


class Post(Postfix):
    """Many messages are looked for: each is read once."""

    def message_ids(self):
        """Message-IDs in the Maildir; one that is there twice comes twice."""
        folder = os.path.join(self.root, "maildir/all/new")
        if not hasattr(self, "_read"):
            self._read = {}
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            if name not in self._read:
                with open(os.path.join(folder, name), "rb") as file:
                    headers = email.parser.BytesHeaderParser(policy=email.policy.compat32)
                    self._read[name] = headers.parse(file)["Message-ID"]
        return list(self._read.values())
