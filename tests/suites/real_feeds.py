"""Real feeds through weir-feedfilter --pipe: with nothing held, and with one item held, by bytes and
as lenient parsers from npm see it.

The feeds are in $WEIR_DATA (default ../shared/data beside the checkout), feeds/real/ or
feeds.tar.zst. Most of it is done by hold_each, many items in one process; of each feed one output is
taken from weir-feedfilter itself, in turn with an item held and with none. WEIR_SUITE_ITEMS says how
many items of each feed are held one at a time.
"""

import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))

from servers import (BUILD, PATIENCE_S, SOURCE, at_end, environment, need_program,  # noqa: E402
                     note_sanitizer, run)
from tap import Skip  # noqa: E402

DATA = os.path.abspath(os.environ.get("WEIR_DATA", os.path.join(SOURCE, "../shared/data")))
ITEMS = int(os.environ.get("WEIR_SUITE_ITEMS", "10"))
AT_LEAST = 0.99
RELEASED = 3  # as store/records.h numbers the states
FEED_NAME = "suite"
CHUNK = 14  # feeds whose outputs lie on the disk at the same time, for each worker
BLANKS = b" \t\r\n"

# What may go: an item, and its entry in the table of contents of RSS 1.0.
ITEM = re.compile(rb"<((?:\w+:)?(?:item|entry))(?=[\s>/]).*?</\1\s*>", re.S)
MENTION = re.compile(rb"<(?:\w+:)?li\s[^<>]*?(?:/>|>\s*</(?:\w+:)?li\s*>)", re.S)
STARTS = re.compile(rb"<(?:\w+:)?(?:item|entry|li)(?=[\s>/])")


class Suite:
    def __init__(self, directory):
        self.directory = directory
        self.feeds = find_feeds(directory)
        self.node_modules = install_parsers()
        counts = "counts = \"sqlite://%s/counts.db\"\n" % directory
        self.settings = counts + "feedfilter {\n mode = enforce\n}\nlog {\n level = error\n}\n"
        self.config = self.write_config("suite", "")
        self.program("weirctl", self.config, "reputation", "pin", "feed", FEED_NAME, "20")

    def write_config(self, name, more):
        path = os.path.join(self.directory, name + ".conf")
        with open(path, "w") as file:
            file.write(self.settings + more)
        return path

    def program(self, name, config, *arguments, input=b""):
        """What it writes to stdout."""
        done = subprocess.run([os.path.join(BUILD, name), *arguments], input=input,
                              env=environment(WEIR_CONFIG=config), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=20 * PATIENCE_S)
        errors = done.stderr.decode(errors="replace")
        note_sanitizer(name, errors)
        if done.returncode != 0:
            raise RuntimeError("%s: status %d: %s" % (name, done.returncode, errors[-2000:]))
        return done.stdout


def find_feeds(directory):
    """The paths of the feeds; unpacks them where they are packed."""
    real = os.path.join(DATA, "feeds/real")
    packed = os.path.join(DATA, "feeds.tar.zst")
    if not os.path.isdir(real):
        if not os.path.exists(packed):
            raise Skip("no data at %s" % DATA)
        need_program("zstd")
        with subprocess.Popen(["zstd", "-dc", packed], stdout=subprocess.PIPE) as unpack:
            subprocess.run(["tar", "x", "-C", directory], stdin=unpack.stdout, check=True)
        found = [root for root, _, _ in os.walk(directory) if root.endswith("/real")]
        real = found[0] if found else directory
    feeds = [os.path.join(real, name) for name in sorted(os.listdir(real))
             if name.endswith((".xml", ".json"))]
    if not feeds:
        raise Skip("no data at %s" % DATA)
    return feeds


def install_parsers():
    """The directory in the build that the parsers are installed in; where there is no network, they
    have to be there already: `real_feeds.py --install` does no more than this."""
    need_program("node")
    npm = need_program("npm")
    place = os.path.join(BUILD, "tests/suites/npm")
    os.makedirs(place, exist_ok=True)
    for name in ("package.json", "less_one.mjs"):
        shutil.copy(os.path.join(HERE, name), place)
    if os.path.isdir(os.path.join(place, "node_modules/rss-parser")):
        return place
    try:
        subprocess.run([npm, "install", "--no-audit", "--no-fund", "--ignore-scripts",
                        "--fetch-retries=0"], cwd=place, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=4 * PATIENCE_S, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise Skip("npm cannot install the parsers") from None
    return place


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def common_length(left, right):
    """How many bytes at the start are the same."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def gone_from(whole, rest):
    """The items and mentions, in order, without which `whole` is `rest`; None: it is not so."""
    gone = []
    while True:
        same = common_length(whole, rest)
        if same == len(whole):
            return gone if same == len(rest) else None
        starts = [match.start() for match in STARTS.finditer(whole[:same + 12])
                  if match.start() <= same]
        if not starts:
            return None
        start = starts[-1]
        match = ITEM.match(whole, start) or MENTION.match(whole, start)
        if not match:
            return None
        gone.append(match.group())
        whole, rest = whole[match.end():], rest[start:]


def wrong_in_xml(whole, rest, item, twice):
    """What is wrong with `rest` as the feed less `item`; None: nothing. `twice`: the feed has items
    that are the same, which go together."""
    gone = gone_from(whole, rest)
    if gone is None:
        return "more differs than items"
    items = [stretch for stretch in gone if ITEM.match(stretch)]
    if item not in items:
        return "the item that went is not the one that was held"
    if len(items) != 1 and not twice:
        return "%d items went" % len(items)
    if len(gone) - len(items) != (1 if MENTION.search(whole) and b"<rdf:Seq" in whole else 0):
        return "%d entries of the table of contents went" % (len(gone) - len(items))
    return None


def wrong_in_json(whole, rest, item):
    more = len(whole) - len(rest) - len(item)
    start = whole.find(item)
    while more >= 0 and start >= 0:
        for left in range(more + 1):
            begin, end = start - left, start + len(item) + more - left
            beside = whole[begin:start] + whole[start + len(item):end]
            if (whole[:begin] + whole[end:] == rest and not beside.strip(BLANKS + b",") and
                    beside.count(b",") <= 1):
                return None
        start = whole.find(item, start + 1)
    return "more differs than the item and a comma"


class Trial:
    """One feed, after hold_each was at it."""

    def __init__(self, suite, directory, path, line):
        self.suite, self.directory, self.path = suite, directory, path
        self.name = os.path.basename(path)
        self.whole = read(path)
        _, items, entries, self.trouble = line.split("\t", 3)
        self.items, self.entries = int(items), int(entries)
        self.records = os.path.join(directory, self.name + ".db")
        self.held = sorted(int(name[len(self.name) + 1:]) for name in os.listdir(directory)
                           if re.fullmatch(re.escape(self.name) + r"\.\d+", name))
        self.last = self.held[-1] if self.held else None
        self.wrong = []

    def query(self, sql):
        with contextlib.closing(sqlite3.connect(self.records)) as records, records:
            return records.execute(sql).fetchall()

    def output(self, variant):
        return read(self.directory, "%s.%s" % (self.name, variant))

    def check_bytes(self):
        if self.output("none") != self.whole:
            self.wrong.append("with nothing held the bytes differ")
        if not self.entries:
            self.wrong.append("no item can be held: " + (self.trouble or "there is none"))
        held = [bytes(row[0]) for row in self.query("select item from held order by id")]
        for entry in self.held:
            rest, item = self.output(entry), held[entry - 1]
            wrong = (wrong_in_json(self.whole, rest, item) if self.name.endswith(".json") else
                     wrong_in_xml(self.whole, rest, item, self.entries < self.items))
            if wrong:
                self.wrong.append("entry %d held: %s" % (entry, wrong))

    def check_pipe(self, with_held):
        """weir-feedfilter itself, with the last entry held or with none."""
        more = "records {\n feeds = \"%s\"\n}\n" % self.records
        config = self.suite.write_config(self.name, more)
        arguments = "--pipe", "--strict", "--feed", FEED_NAME
        expected = self.whole
        if not self.entries:
            arguments = arguments[:1] + arguments[2:]
        elif with_held:
            expected = self.output(self.last)
        else:
            self.query("update held set state = %d" % RELEASED)
        if self.suite.program("weir-feedfilter", config, *arguments, input=self.whole) != expected:
            self.wrong.append("entry %s held: --pipe gives other bytes" %
                              (self.last if with_held else 0))
        os.unlink(config)

    def question(self):
        """For less_one.mjs."""
        several = self.entries < self.items
        less = [[os.path.join(self.directory, "%s.%d" % (self.name, entry)),
                 None if several else entry - 1] for entry in self.held]
        return json.dumps({"whole": self.path, "items": self.items, "less": less})


def try_feeds(suite, paths):
    """{name of the feed: what is wrong}"""
    with tempfile.TemporaryDirectory(dir=suite.directory) as directory:
        lines = suite.program("tests/suites/hold_each", suite.config, directory, FEED_NAME,
                              str(ITEMS), *paths).decode(errors="replace").splitlines()
        trials = [Trial(suite, directory, path, line) for path, line in zip(paths, lines)]
        for number, trial in enumerate(trials):
            trial.check_bytes()
            trial.check_pipe(with_held=number % 2 == 0)
        node = subprocess.run(["node", os.path.join(suite.node_modules, "less_one.mjs")],
                              input="".join(trial.question() + "\n" for trial in trials),
                              stdout=subprocess.PIPE, check=True, text=True,
                              timeout=20 * PATIENCE_S)
        for trial, answer in zip(trials, node.stdout.splitlines(), strict=True):
            trial.wrong += json.loads(answer)
        return {trial.name: trial.wrong for trial in trials}


def setup():
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    directory = tempfile.mkdtemp(prefix="weir-suite-", dir=place)
    at_end(shutil.rmtree, directory, True)
    yield Suite(directory)


def test_real_feeds(suite):
    """At least 99 % of the real feeds pass whole, and less one item when one is held"""
    chunks = [suite.feeds[i:i + CHUNK] for i in range(0, len(suite.feeds), CHUNK)]
    results = {}
    with concurrent.futures.ThreadPoolExecutor(2) as workers:
        for result in workers.map(lambda chunk: try_feeds(suite, chunk), chunks):
            results.update(result)
    assert len(results) == len(suite.feeds)
    passed = sum(not wrong for wrong in results.values())
    for name, wrong in results.items():
        for reason in wrong:
            print("# %s: %s" % (name, reason))
    print("# real feeds: %d/%d" % (passed, len(results)), flush=True)
    assert passed >= AT_LEAST * len(results)


if __name__ == "__main__":
    if sys.argv[1:] == ["--install"]:
        try:
            print("the parsers are in " + install_parsers())
        except Skip as reason:
            print("skipped: %s" % reason)
    else:
        run(setup, [test_real_feeds])
