"""make fit on small corpora made here: which weights it moves and where to, that it gives the same
bytes again, and that it leaves them alone without data."""

import json
import os
import re
import shutil
import subprocess
import sys

import servers

FIT = os.path.join(servers.SOURCE, "tests/bench/fit.py")
MESSAGES = 300  # of which every third is spam


def setup():
    fixture = Fixture(servers.make_temporary_directory())
    fixture.write_mail("spamassassin")
    fixture.write_mail("ccert-zh")
    fixture.write_items()
    yield fixture


class Fixture:
    def __init__(self, directory):
        self.directory = directory
        self.source = os.path.join(directory, "source")
        self.data = os.path.join(directory, "data")
        for name in ("core/checks.c", "docs/weir.conf.5"):
            os.makedirs(os.path.join(self.source, os.path.dirname(name)), exist_ok=True)
            shutil.copy(os.path.join(servers.SOURCE, name), os.path.join(self.source, name))
        os.makedirs(os.path.join(self.data, "feeds"))

    def write_mail(self, name):
        """Capitals are of spam, answers to elsewhere of ham; two messages have no Date."""
        os.mkdir(os.path.join(self.data, name))
        with open(os.path.join(self.data, name + ".index"), "w") as index:
            for number in range(MESSAGES):
                spam = number % 3 == 0
                path = "%s/%d.eml" % (name, number)
                subject = "BUY OUR CHEAP PILLS TODAY" if spam and number % 2 else "The tide"
                reply = "" if spam else "Reply-To: ann@elsewhere.example\n"
                date = "" if number in (30, 60) else "Date: Mon, 1 Jan 2024 10:00:00 +0000\n"
                with open(os.path.join(self.data, path), "w") as file:
                    file.write("From: ann@sender.test\nSubject: %s\n%s%sMessage-ID: <%d@sender.test>"
                               "\n\nword%d\n" % (subject, reply, date, number, number % 17))
                index.write("%s %s group\n" % ("spam" if spam else "ham", path))

    def write_items(self):
        with open(os.path.join(self.data, "feeds/items.jsonl"), "w") as items:
            for number in range(20):
                items.write(json.dumps({"label": "spam" if number % 2 else "ham", "source": "one",
                                        "title": "Item %d" % number, "content": "Some words"})
                            + "\n")

    def fit(self, data):
        return subprocess.run(
            [sys.executable, "-B", FIT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, WEIR_SOURCE=self.source, WEIR_BUILD=servers.BUILD, WEIR_DATA=data))

    def read(self, name):
        with open(os.path.join(self.source, name)) as file:
            return file.read()

    def table(self):
        """{symbol: (weight, by hand, where it is from)}."""
        return {symbol: (float(weight), float(by_hand), origin.strip()) for symbol, weight, by_hand,
                origin in re.findall(r'^WEIGHT\("([A-Z_]+)", ([0-9.]+)\) +/\* ([0-9.]+)   (.{12})',
                                     self.read("core/check_weights.def"), re.M)}


def without_data_nothing_is_written(fixture):
    """Without the corpora it says so, and leaves the weights as they are"""
    done = fixture.fit("/nowhere")
    assert done.returncode == 1 and "/nowhere" in done.stderr, done
    assert done.stderr.count("\n") == 1, done.stderr
    assert os.listdir(os.path.join(fixture.source, "core")) == ["checks.c"]


# A row of the table; what a recipient says is no corpus's to weigh.
CHECK = r'\{"(?!RECIPIENT_)([A-Z_]+)", ([0-9.]+), CHANNEL_'


def weights_follow_the_corpus(fixture):
    """What fires on spam weighs more, what fires on ham no less than nothing, the rest stays"""
    done = fixture.fit(fixture.data)
    assert done.returncode == 0, done
    table = fixture.table()
    assert len(table) == len(re.findall(CHECK, fixture.read("core/checks.c"))), table
    weight, by_hand, origin = table["SUBJECT_CAPITALS"]
    assert by_hand + 0.2 < weight <= 3 and " to " in origin, table
    weight, by_hand, origin = table["REPLY_TO_ELSEWHERE"]
    assert 0 < weight < by_hand and " to " in origin, table
    assert table["DATE_MISSING"][0] == table["DATE_MISSING"][1], table
    assert table["DATE_MISSING"][2] == "fires on 2", table
    assert table["LINK_FARM"][0] == table["LINK_FARM"][1], table
    assert table["LINK_FARM"][2] == "never fires", table


def the_manual_page_says_the_same(fixture):
    """The list of checks in weir.conf(5) has the weights that were written"""
    for symbol, (weight, _, _) in fixture.table().items():
        assert ".It %s %.1f\n" % (symbol, weight) in fixture.read("docs/weir.conf.5"), symbol


def again_gives_the_same_bytes(fixture):
    """The same corpora give the same files"""
    names = ("core/check_weights.def", "docs/weir.conf.5")
    before = [fixture.read(name) for name in names]
    assert fixture.fit(fixture.data).returncode == 0
    assert before == [fixture.read(name) for name in names]


def every_check_has_its_line(fixture):
    """The table that ships has a line for each check, with the weight set by hand as it is now"""
    with open(os.path.join(servers.SOURCE, "core/check_weights.def")) as file:
        shipped = dict(re.findall(r'^WEIGHT\("([A-Z_]+)", [0-9.]+\) +/\* ([0-9.]+) ', file.read(),
                                  re.M))
    rows = dict(re.findall(CHECK, fixture.read("core/checks.c")))
    assert shipped == rows, (shipped, rows)

servers.run(setup, [
    without_data_nothing_is_written,
    weights_follow_the_corpus,
    the_manual_page_says_the_same,
    again_gives_the_same_bytes,
    every_check_has_its_line,
])
