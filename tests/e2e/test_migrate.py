"""weirctl migrate, backup and restore: what was learned moves between Redis and SQLite and back."""

import glob
import os
import subprocess
import threading
import time

from servers import (SAMPLES, CountsFile, Redis, Weir, make_message, make_temporary_directory, run,
                     wait_for)


class Fixture:
    def __init__(self, directory):
        self.directory = directory
        self.redis = Redis(directory)
        self.file = CountsFile(directory)
        self.weir = Weir(directory, self.redis.url, settings={
            "cold-lessons": 2, "journal": {"resend-window": "1s"}})
        self.use(self.redis)
        self.weir.ctl("learn", "ham", os.path.join(SAMPLES, "ham"))
        self.weir.ctl("learn", "spam", os.path.join(SAMPLES, "spam"))
        self.weir.ctl("reputation", "pin", "link-domain", "shop.test", "7")
        self.weir.ctl("reputation", "set", "ip", "192.0.2.7", "--", "-3")

    def path(self, name):
        return os.path.join(self.directory, name)

    def use(self, store):
        """Each has a journal of its own: what one has forgotten is not taught to the other."""
        self.weir.configure({"counts": store.url,
                             "journal": {"mail": store.directory + ".journal"}})

    def verdicts(self):
        """What check says of all samples."""
        samples = sorted(glob.glob(os.path.join(SAMPLES, "*/*")))
        verdicts = self.weir.ctl("check", "--json", *samples).json()
        for verdict in verdicts:
            # Largest first, until one that decays falls below another.
            verdict["terms"].sort(key=lambda term: (term["symbol"], str(term.get("detail"))))
        return verdicts

    def teach_for_good(self, label, subject, body):
        """What was taught within the re-send window would be taught again to a store that has lost
        it: waits until it is not."""
        self.weir.ctl("learn", label, "-", input=make_message(subject, body)[0])
        end = time.monotonic() + 2.5  # the window counts whole seconds
        wait_for(lambda: time.monotonic() > end, "the re-send window is over")

    def refused(self, status, words, *arguments):
        result = self.weir.ctl(*arguments, status=status)
        assert len(result.errors.splitlines()) == 1 and words in result.errors, result.errors


def assert_same(one, other):
    """The same values throughout; reputations decay by the second, which may be seen in the last
    digit of a number."""
    assert type(one) is type(other), (one, other)
    if isinstance(one, dict):
        assert list(one) == list(other), (one, other)
        assert_same(list(one.values()), list(other.values()))
    elif isinstance(one, list):
        assert len(one) == len(other), (one, other)
        for pair in zip(one, other):
            assert_same(*pair)
    elif isinstance(one, float):
        assert abs(one - other) < 0.0021, (one, other)
    else:
        assert one == other, (one, other)


def setup():
    yield Fixture(make_temporary_directory())


def test_verdicts_move_to_sqlite_and_back(fixture):
    """Migrated to SQLite and back to Redis, check gives the same verdicts and evidence"""
    before = fixture.verdicts()
    there = fixture.weir.ctl("--json", "migrate", fixture.redis.url, fixture.file.url).json()
    assert there["verified"] is True and there["version"] == fixture.redis.version(), there
    assert there["events"] == there["labels"] == there["lessons"] == there["version"], there
    fixture.use(fixture.file)
    assert_same(fixture.verdicts(), before)
    assert b'"pin"' in fixture.weir.ctl("--json", "reputation", "show", "link-domain",
                                        "shop.test").output
    # Taught the same again, it knows.
    again = fixture.weir.ctl("learn", "spam", os.path.join(SAMPLES, "spam"))
    assert "0 taught" in again.text() or "known" in again.text(), again.text()
    assert fixture.file.version() == there["version"]

    fixture.redis.command("FLUSHALL")
    back = fixture.weir.ctl("migrate", fixture.file.url, fixture.redis.url).text()
    assert "verified on both sides: replica digest " + there["digest"] in back, back
    fixture.use(fixture.redis)
    assert_same(fixture.verdicts(), before)
    assert fixture.redis.version() == there["version"]


def test_lessons_go_on_after_migrating(fixture):
    """Lessons go on where the migrated log ends"""
    version = fixture.redis.version()
    message, _ = make_message("another", "quite another text than there was before\n")
    fixture.weir.ctl("learn", "ham", "-", input=message)
    assert fixture.redis.version() == version + 1


def test_bad_words_are_refused(fixture):
    """A missing file, one URL twice, a URL that is none, a target with something in it: one line"""
    missing = "sqlite://" + fixture.path("missing.db")
    refused = fixture.refused
    refused(66, "missing.db: No such file", "migrate", missing, fixture.redis.url)
    assert not os.path.exists(fixture.path("missing.db"))
    refused(64, "same store", "migrate", fixture.redis.url, fixture.redis.url)
    refused(64, "same store", "migrate", "--force", fixture.redis.url, fixture.redis.url + "?db=0")
    os.symlink(fixture.file.path, fixture.path("other-name.db"))
    refused(64, "same store", "migrate", "--force", fixture.file.url,
            "sqlite://" + fixture.path("other-name.db"))
    refused(65, "no store is known", "migrate", "mysql://localhost/x", fixture.redis.url)
    refused(65, "names no file", "migrate", fixture.redis.url, "sqlite://counts.db")
    refused(65, "not empty; --force", "migrate", fixture.redis.url, fixture.file.url)
    refused(75, "No such file", "migrate", fixture.redis.url,
            "sqlite://%s/nowhere/counts.db" % fixture.directory)
    refused(75, "redis at", "migrate", "redis+unix://" + fixture.path("nothing.sock"),
            "sqlite://" + fixture.path("new.db"))
    refused(64, "which URL", "migrate", fixture.redis.url)
    refused(64, "which file", "backup")
    refused(66, "missing.db: No such file", "restore", fixture.path("missing.db"))
    with open(fixture.path("letter"), "w") as file:
        file.write("Dear Ann, this is a letter and no backup.\n" * 100)
    refused(65, "no backup of weir's", "backup", fixture.path("letter"))
    refused(65, "not a database", "restore", fixture.path("letter"))
    refused(74, "No such file", "backup", fixture.path("nowhere/backup.db"))


def test_forced_migration_replaces(fixture):
    """With --force the target holds what the source holds and nothing else"""
    fixture.use(fixture.file)
    fixture.teach_for_good("ham", "only in the file", "words that only the file was taught\n")
    fixture.weir.ctl("migrate", "--force", fixture.redis.url, fixture.file.url)
    assert fixture.file.version() == fixture.redis.version()
    fixture.use(fixture.redis)


def back_up_while_learning(fixture, store):
    """Backs up, again and again, while weirctl teaches; gives (backup, version at its begin)."""
    fixture.use(store)
    mbox = "".join("From a Thu Jan  1 00:00:00 2026\nFrom: ann@sender.test\nSubject: %s %d\n"
                   "Message-ID: <%s.%d@sender.test>\n\nsome words about %d\n\n"
                   % (store.url, i, os.path.basename(store.directory), i, i) for i in range(600))
    env = dict(fixture.weir.env)
    teacher = subprocess.Popen([fixture.weir.program("weirctl"), "learn", "ham", "-"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, env=env, cwd="/")
    said = []
    talk = threading.Thread(target=lambda: said.append(teacher.communicate(mbox.encode())[0]))
    start = store.version()
    talk.start()
    wait_for(lambda: store.version() > start or teacher.poll() is not None, "it teaches")
    backup = fixture.path("backup-%s.db" % os.path.basename(store.directory))
    begun = store.version()
    for _ in range(2):
        fixture.weir.ctl("backup", backup)
    talk.join()
    assert teacher.returncode == 0, said
    assert store.version() == start + 600, (store.version(), start, said)
    return backup, begun


def test_backup_while_learning(fixture):
    """A backup taken while lessons are taught is whole, private, and restores what it holds"""
    for store in (fixture.file, fixture.redis):
        backup, begun = back_up_while_learning(fixture, store)
        assert os.stat(backup).st_mode & 0o777 == 0o600
        assert not os.path.exists(backup + ".new")
        fixture.refused(65, "not empty; --force", "restore", backup)
        restored = fixture.weir.ctl("--json", "restore", "--force", backup).json()
        assert restored["verified"] is True, restored
        assert begun <= restored["version"] == store.version(), (begun, restored)
        assert restored["events"] >= restored["labels"] == restored["version"], restored


def test_restored_under_a_running_gateway(fixture):
    """A running gateway goes on with what was restored"""
    fixture.use(fixture.file)
    fixture.weir.ctl("backup", fixture.path("before.db"))
    version = fixture.file.version()
    fixture.weir.start_milter()
    log = fixture.weir.milter.log

    def digest_at(number):
        fixture.weir.milter.process.send_signal(10)  # SIGUSR1
        return "event=replica version=%d " % number in log()

    wait_for(lambda: digest_at(version), "the gateway has caught up")
    fixture.teach_for_good("spam", "more", "one more lesson that will be undone\n")
    wait_for(lambda: digest_at(version + 1), "the gateway has learned it")
    seen = log().count("event=replica version=%d " % version)
    fixture.weir.ctl("restore", "--force", fixture.path("before.db"))

    def is_back():
        digest_at(version)
        return log().count("event=replica version=%d " % version) > seen
    wait_for(is_back, "the gateway has what was restored")
    fixture.weir.milter.stop()


run(setup, [test_verdicts_move_to_sqlite_and_back, test_lessons_go_on_after_migrating,
            test_bad_words_are_refused, test_forced_migration_replaces,
            test_backup_while_learning, test_restored_under_a_running_gateway])
