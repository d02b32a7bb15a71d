"""Every file of the suites and all real feeds through weir's filter: with nothing held the bytes are
the same, with items held they are the same less these, and a lenient parser sees no other
difference. What is no feed has to pass as it is.

hold_each does the holding: of each feed all items, none, some chosen by chance that is the same each
time, and a few one at a time. WEIR_SUITE_ITEMS says how many.
"""

import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile

import real_feeds
import suite
from servers import at_end, note_sanitizer
from tap import Skip

ITEMS = os.environ.get("WEIR_SUITE_ITEMS", "3")
CHUNK = 100  # feeds whose outputs lie on the disk at the same time, for each worker
MENTION = re.compile(rb"<(?:\w+:)?li\s[^<>]*?(?:/>|>\s*</(?:\w+:)?li\s*>)", re.S)
ELEMENT = re.compile(rb"<(?:\w+:)?(item|entry)[\s/>].*>\Z", re.S | re.I)


def is_chosen(entry):
    """As hold_each.c chooses."""
    return (entry * 2654435761 % 2 ** 64 >> 16) % 3 == 0


def is_json(data):
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


class Trial:
    """One feed, after hold_each was at it."""

    def __init__(self, directory, name, path):
        self.directory, self.name, self.path = directory, name, path
        self.whole = suite.read(path)
        with contextlib.closing(sqlite3.connect(os.path.join(directory, name + ".db"))) as records:
            self.held = {row[0]: bytes(row[1]) for row in
                         records.execute("select id, item from held order by id")}
        self.wrong = []

    def output(self, variant):
        return suite.read(os.path.join(self.directory, "%s.%s" % (self.name, variant)))

    def check_less(self, variant, entries):
        """The bytes with these entries held."""
        rest = self.output(variant)
        if is_json(self.whole):
            good = self.json_is_less(rest, entries)
        else:
            expected = self.whole
            for entry in entries:
                expected = expected.replace(self.held[entry], b"")
            good = (expected == rest or self.alike_are_gone(rest, entries) or
                    (entries and b"li" in self.whole and
                     MENTION.sub(b"", expected) == MENTION.sub(b"", rest)))
        if not good:
            self.wrong.append("%s: the bytes are not those less what was held" % variant)

    def alike_are_gone(self, rest, entries):
        """Items that say the same have one entry in the records and go together, though their bytes
        may differ."""
        gone = real_feeds.gone_from(self.whole, rest)
        return gone is not None and all(self.held[entry] in gone for entry in entries)

    def json_is_less(self, rest, entries):
        whole, rest = (json.loads(data.decode("utf-8-sig")) for data in (self.whole, rest))
        gone = [json.loads(self.held[entry]) for entry in entries]
        kept = [item for item in whole.pop("items") if item not in gone]
        return rest.pop("items") == kept and rest == whole

    def check(self):
        if self.output("none") != self.whole:
            self.wrong.append("with nothing held the bytes differ")
        for item in self.held.values():
            if not is_json(self.whole) and not ELEMENT.match(item.replace(b"\0", b"")):
                self.wrong.append("what was held is no item: %r" % item[:60])
        self.check_less("all", list(self.held))
        self.check_less("some", [entry for entry in self.held if is_chosen(entry)])
        for entry in self.held:
            if os.path.exists(os.path.join(self.directory, "%s.%d" % (self.name, entry))):
                self.check_less(str(entry), [entry])

    def question(self):
        """For less_one.mjs."""
        less = [[os.path.join(self.directory, "%s.%d" % (self.name, entry)), None]
                for entry in self.held
                if os.path.exists(os.path.join(self.directory, "%s.%d" % (self.name, entry)))]
        return json.dumps({"whole": self.path, "less": less})


class HeldItems:
    """`one_in`: how many files stand for one that is tried."""

    def __init__(self, name, archive, one_in=1):
        self.name = name
        self.folder = suite.find_folder(name, archive)
        self.paths = suite.find_files(self.folder, (".xml", ".json", ".opml", ".html"))[::one_in]
        self.whole = one_in == 1
        place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.directory = tempfile.mkdtemp(prefix="weir-held-", dir=place)
        at_end(shutil.rmtree, self.directory, True)
        try:
            self.parsers = real_feeds.install_parsers()
        except Skip as reason:
            print("# not seen by a lenient parser: %s" % reason)
            self.parsers = None
        self.config = os.path.join(self.directory, "suite.conf")
        with open(self.config, "w") as file:
            file.write("counts = \"sqlite://%s/counts.db\"\nfeedfilter {\n mode = enforce\n}\n"
                       "log {\n level = error\n}\n" % self.directory)
        self.program("weirctl", "reputation", "pin", "feed", real_feeds.FEED_NAME, "20")

    def program(self, name, *arguments):
        done = subprocess.run([os.path.join(suite.BUILD, name), *arguments],
                              env=dict(os.environ, WEIR_CONFIG=self.config),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=suite.PATIENCE_S)
        errors = done.stderr.decode(errors="replace")
        note_sanitizer(name, errors)
        if done.returncode != 0:
            raise RuntimeError("%s: status %d: %s" % (name, done.returncode, errors[-4000:]))

    def try_chunk(self, paths):
        with tempfile.TemporaryDirectory(dir=self.directory) as directory:
            # Files of different folders have the same names.
            names = ["%d" % i for i in range(len(paths))]
            links = [os.path.join(directory, "in", name) for name in names]
            os.mkdir(os.path.join(directory, "in"))
            for path, link in zip(paths, links):
                os.symlink(path, link)
            self.program("tests/suites/hold_each", "--some", directory, real_feeds.FEED_NAME, ITEMS, *links)
            trials = [Trial(directory, name, path) for name, path in zip(names, paths)]
            for trial in trials:
                trial.check()
            self.ask_parser(trials)
            return {os.path.relpath(trial.path, self.folder): trial.wrong for trial in trials}

    def ask_parser(self, trials):
        if not self.parsers:
            return
        node = subprocess.run(["node", os.path.join(self.parsers, "less_one.mjs")],
                              input="".join(trial.question() + "\n" for trial in trials),
                              stdout=subprocess.PIPE, check=True, text=True,
                              timeout=suite.PATIENCE_S)
        for trial, answer in zip(trials, node.stdout.splitlines(), strict=True):
            trial.wrong += json.loads(answer)

    def run(self):
        results = {}
        chunks = [self.paths[i:i + CHUNK] for i in range(0, len(self.paths), CHUNK)]
        with concurrent.futures.ThreadPoolExecutor(2) as workers:
            for result in workers.map(self.try_chunk, chunks):
                results.update(result)
        suite.report(self.name.replace("/", "-") + "-held", results, self.whole)
