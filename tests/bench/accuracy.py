"""make accuracy: how well weir tells spam from ham, written into the tables of docs/ACCURACY.md.

accuracy.py [--quick] [TABLE …]; the tables are the rows of TABLES below. Without its corpus a table
stays as it is. Nothing of the corpora is written, only figures and names. --quick shows that feeds and
unseen can still be made, of a tenth of their items, and leaves the document as it is.
"""

import hashlib
import os
import re
import statistics
import sys
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import corpora  # noqa: E402
import evaluation  # noqa: E402
import explained  # noqa: E402
import feed_kinds  # noqa: E402
import gateways  # noqa: E402
import good_words  # noqa: E402
import reliability  # noqa: E402
import servers  # noqa: E402
from evaluation import mean  # noqa: E402

DOCUMENT = os.path.join(servers.SOURCE, "docs/ACCURACY.md")
PICTURE = os.path.join(servers.SOURCE, "docs/calibration.svg")
FIVE, TEN = range(1, 6), range(1, 11)
TEXT = ("--fields", "text")
QUICK = "--quick" in sys.argv
FOLDS = 5  # of the sites whose articles are judged unseen
ORDERS = 10  # that several gateways and one alone are taught
EVERYTHING = ("--reputations", "--checks")


class NoData(Exception):
    """The corpus of a table is not here."""


def have(found, what):
    if not found:
        raise NoData(what)
    return found


def rows_of(*cells):
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def table(heads, rows):
    return rows_of(heads, ["---"] * len(heads), *rows)


def reached(value, target):
    return "met" if value <= target else "**missed**"


class Bench:
    def __init__(self, directory):
        self.directory = directory
        self.evaluator = evaluation.Evaluator(directory)
        self.run, self.seeds = self.evaluator.run, self.evaluator.seeds
        self.indices = {}

    def corpus(self, name):
        """The words that make weirctl evaluate read that corpus."""
        if name not in self.indices:
            self.indices[name] = self.evaluator.index(have(corpora.indexed(name), name))
        return ("--index", self.indices[name])

    def items(self, rows):
        return ("--items", self.evaluator.items(rows))

    def orders(self):
        """What is measured online: (name, runs, the target of each figure)."""
        mail, chinese = self.corpus("spamassassin"), (*self.corpus("ccert-zh"), *TEXT)
        return [("spamassassin by date", [self.run(*mail)], (0.075, 18)),
                ("spamassassin shuffled, mean of seeds 1 to 5", self.seeds(FIVE, *mail),
                 (0.060, 7)),
                ("spamassassin shuffled, mean of seeds 1 to 10", self.seeds(TEN, *mail), None),
                ("ccert-zh, subject and body", [self.run(*chinese)], (0.009, 1.5))]


def percent(*values):
    return ", ".join("%.*f" % (4 if value < 0.1 else 3 if value < 1 else 2, value)
                     for value in values)


# --- mail, online ---

def text_alone(rows):
    """Copies of the messages that have no header but the subject and what the body needs."""
    kept = re.compile(rb"^(?:subject|content-[a-z-]+|mime-version):[^\n]*\n(?:[ \t][^\n]*\n)*",
                      re.I | re.M)
    copies = []
    for spam, path in rows:
        with open(path, "rb") as file:
            headers, body = good_words.split(file.read())
        copies.append((spam, b"".join(kept.findall(headers)) + b"\n" + body))
    return copies


def bogofilter(bench, name, runs):
    """bogofilter's figures in the same orders as `runs` had."""
    if not evaluation.have_bogofilter():
        return "not measured"
    orders = [[(spam, path) for spam, _, path in run["rows"]] for run in runs]
    if name.startswith("ccert"):
        copied = bench.evaluator.index_of(text_alone(orders[0]))
        with open(copied) as index:
            orders = [[(line.startswith("spam"), line.split()[1]) for line in index]]
    return percent(*evaluation.bogofilter_mean(orders))


def online(bench):
    rows = []
    for name, runs, target in bench.orders():
        roca, missed = mean(runs, "roca"), mean(runs, "missed", "0.1")
        each = [run["roca"] for run in runs]
        rows.append((
            name, percent(roca, missed),
            "%s to %s" % ((percent(min(each)), percent(max(each))) if len(each) > 1 else
                          (percent(runs[0]["roca_low"]), percent(runs[0]["roca_high"]))),
            bogofilter(bench, name, runs) if target else "-",
            "%g, %g" % target if target else "-",
            "%s, %s" % (reached(roca, target[0]), reached(missed, target[1])) if target else "-"))
    return table(["corpus", "weir", "1-ROCA from, to", "bogofilter", "target", "reached"], rows)


def everything(bench):
    rows = []
    mail, chinese = bench.corpus("spamassassin"), (*bench.corpus("ccert-zh"), *TEXT)
    for name, runs in (
            ("spamassassin by date", lambda more: [bench.run(*mail, *more)]),
            ("spamassassin shuffled, mean of seeds 1 to 5",
             lambda more: bench.seeds(FIVE, *mail, *more)),
            ("ccert-zh, subject and body", lambda more: [bench.run(*chinese, *more)])):
        rows.append((name, *(percent(mean(runs(more), "roca"), mean(runs(more), "missed", "0.1"))
                             for more in ((), ("--checks",), ("--reputations",), EVERYTHING))))
    return table(["corpus", "content alone", "and checks", "and reputations", "and both"], rows)


def hard(bench):
    """Wrong labels, and few."""
    mail, chinese = bench.corpus("spamassassin"), (*bench.corpus("ccert-zh"), *TEXT)
    rows = []
    for what, more, targets in (("2 % of the labels wrong", ("--noise", "0.02"), (0.12, 0.15)),
                                ("one in ten taught", ("--protocol", "partial=0.1"), (0.7, 0.06))):
        for name, corpus, target in (("spamassassin", mail, targets[0]),
                                     ("ccert-zh, subject and body", chinese, targets[1])):
            orders = [("shuffled, mean of seeds 1 to 5", bench.seeds(FIVE, *corpus, *more))]
            if corpus is chinese:
                orders.insert(0, ("in its order", [bench.run(*corpus, *more)]))
            for number, (order, runs) in enumerate(orders):
                roca, each = mean(runs, "roca"), [run["roca"] for run in runs]
                rows.append((what, name + ", " + order,
                             percent(roca, mean(runs, "missed", "0.1")),
                             "%s to %s" % (percent(min(each)), percent(max(each)))
                             if len(each) > 1 else "-",
                             "%g" % target if number == 0 else "-",
                             reached(roca, target) if number == 0 else "-"))
    return table(["lessons", "corpus", "weir", "1-ROCA from, to", "target of 1-ROCA", "reached"],
                 rows)


def calibration(bench):
    rows, series = [], {}
    for name, runs, target in bench.orders():
        if not target:
            continue
        found = mean(runs, "calibration_error")
        rows.append((name, "%.4f" % found, "0.02", reached(found, 0.02),
                     "%.2f, %.2f" % (mean(runs, "tag", "ham_misjudged"),
                                     mean(runs, "tag", "spam_missed")),
                     "%.2f, %.2f" % (mean(runs, "hold", "ham_misjudged"),
                                     mean(runs, "hold", "spam_missed"))))
        series[name.split(",")[0]] = [row for run in runs for row in run["rows"]]
    with open(PICTURE, "w") as file:
        file.write(reliability.picture(series))
    return table(["corpus", "expected calibration error", "target", "reached",
                  "ham tagged, spam not tagged, %", "ham held, spam not held, %"], rows) + \
        "\n\n![Reliability diagram](calibration.svg)\n\n" + reliability.table(series)


# --- feed items ---

INDONESIAN = "id-gambling-"
# Lines of feeds/items.jsonl labelled ham that were read and are advertisements of gambling houses.
FALSE_LABELS = (9339, 9369, 9751, 9791, 10545, 10572, 10578, 10614, 10629, 10650, 10653, 10678,
                10697, 10753, 10755, 10769, 10773, 10804, 10831, 10850, 10863, 10895, 10898, 10922,
                10923)
SAME_HOUSE = "b0sswd"  # once its letters are folded and blanks left out


def by_source(said):
    return [(one["source"], "%d, %d" % (one["ham"], one["spam"]),
             "%s (%s to %s)" % (percent(one["roca"]), percent(one["roca_low"]),
                                percent(one["roca_high"])),
             "%.1f, %.1f" % (one["missed"]["0.1"], one["missed"]["1"]),
             "%.2f, %.1f" % (one["hold"]["ham_misjudged"], one["hold"]["spam_missed"]))
            for one in said["sources"]]


SOURCE_HEADS = ["source", "ham, spam", "1-ROCA (95 %)", "spam missed at 0.1 %, 1 %",
                "ham held, spam not held, %"]


def items():
    rows = have(corpora.items(), "items")
    return rows[::10] if QUICK else rows


def feeds(bench):
    rows = items()
    split = ("--protocol", "split")
    return table(SOURCE_HEADS, by_source(bench.run(*bench.items(rows), *split)))


def indonesian_items():
    """[(line, item)]"""
    rows = [(line, row) for line, row in enumerate(have(corpora.items(), "items"), 1)
            if row["source"].startswith(INDONESIAN)]
    found = [row["label"] for line, row in rows if line in FALSE_LABELS]
    assert found == ["ham"] * len(FALSE_LABELS), "another items.jsonl than that which was read"
    return rows


def indonesian(bench):
    rows = indonesian_items()
    every = [row for _, row in rows]
    honest = [row for line, row in rows if line not in FALSE_LABELS]
    whole, less = (bench.run(*bench.items(some), "--protocol", "split") for some in (every, honest))
    return table(SOURCE_HEADS, by_source(whole)) + \
        "\n\nWithout the false labels:\n\n" + table(SOURCE_HEADS, by_source(less))


def names_house(row):
    text = unicodedata.normalize("NFKC", (row.get("title") or "") + (row.get("content") or ""))
    return SAME_HOUSE in "".join(text.lower().split())


def false_labels(_):
    rows = indonesian_items()
    lines = []
    for source in sorted({row["source"] for _, row in rows}):
        ham, spam = ([(line, row) for line, row in rows
                      if (row["source"], row["label"]) == (source, label)]
                     for label in ("ham", "spam"))
        lines.append((source, "%d" % len(ham),
                      "%d" % sum(line in FALSE_LABELS for line, _ in ham),
                      "%d, %d" % tuple(sum(names_house(row) for _, row in some)
                                       for some in (ham, spam))))
    return table(["source", "ham", "of it advertisements, at least",
                  "the same house in ham, in spam"], lines)


def held_of(bench, taught, judged, *more):
    """(number, % of them tagged, % held) of ham that is judged after `taught`: a source of its own,
    with one spam, for figures need both."""
    spam = next(row for row in taught if row["label"] == "spam")
    rows = [dict(row, source="taught") for row in taught] + \
        [dict(row, source="judged") for row in [*judged, spam]]
    said = bench.run(*bench.items(rows), "--protocol", "split", *more)
    one = next(one for one in said["sources"] if one["source"] == "judged")
    return len(judged), one["tag"]["ham_misjudged"], one["hold"]["ham_misjudged"]


def articles(bench):
    rows = items()
    ham = [row for row in rows if row.get("file")]
    fold = {site: int(hashlib.sha256(site.encode()).hexdigest(), 16) % FOLDS
            for site in {row["source"] for row in ham}}
    lines = []
    for name, more in (("content alone", ()), ("with reputations and checks", EVERYTHING)):
        whole = held_of(bench, rows, ham, *more)
        unseen = [held_of(bench, [row for row in rows if fold.get(row["source"]) != number],
                          [row for row in ham if fold[row["source"]] == number], *more)
                  for number in range(FOLDS)]
        every = sum(one[0] for one in unseen)
        lines.append((name, "%d" % whole[0], "%.2f, %.2f" % whole[1:], "%.2f, %.2f" % tuple(
            sum(one[0] * one[column] for one in unseen) / every for column in (1, 2))))
    return table(["evidence", "articles", "taught with the rest: tagged, held, %",
                  "of sites that were not taught: tagged, held, %"], lines)


def unseen(bench):
    rows = items()
    found = feed_kinds.articles(bench, rows, EVERYTHING)
    every = [sum(one[column] for one in found) for column in (1, 2, 3)]
    lines = [(name, "%d" % count, "%d" % held, "%d" % tagged,
              "%.2f, %s" % (100 * held / count, reached(100 * held / count, 0.1)))
             for name, count, held, tagged in [*found, ("each half once", *every)]]
    return table(["taught", "articles of the other half", "held", "tagged",
                  "held, %, target 0.1"], lines) + "\n\n" + \
        table(["kind of spam", "items", "caught without a lesson of it: held, held or tagged, %",
               "after %d of the spam alone" % feed_kinds.LESSONS[0],
               "its own ham then: held, held or tagged, %",
               *(head for count in feed_kinds.LESSONS for head in (
                   "after %d of each label" % count, "its own ham then: held, held or tagged, %",
                   "caught then where 1 % of that ham is"))],
              feed_kinds.kinds(bench, rows, EVERYTHING))


# --- attacks, gateways ---

def by_hash(messages, salt=b""):
    """[(is spam, bytes)] in an order that only their bytes and `salt` give."""
    read = []
    for spam, path in messages:
        with open(path, "rb") as file:
            read.append((spam, file.read()))
    return sorted(read, key=lambda message: hashlib.sha256(salt + message[1]).digest())


def good(bench):
    messages = by_hash(have(corpora.spamassassin(), "spamassassin"))
    ham, half = [text for spam, text in messages if not spam], len(messages) // 2
    words = good_words.common_words(ham)
    added = {"nothing": lambda text: text,
             "words common in ham": lambda text: good_words.attacked(
                 text, good_words.drawn(words, text)),
             "a passage of a ham": lambda text: good_words.attacked(
                 text, good_words.passage(ham, text))}
    rows, clean = [], None
    for what, add in added.items():
        attacked = [(spam, add(text) if spam else text) for spam, text in messages]
        both = (bench.run("--index", bench.evaluator.index_of(attacked)),
                bench.run("--index", bench.evaluator.index_of(messages[:half] + attacked[half:]),
                          "--protocol", "split"))
        clean = clean or both
        times = [said["roca"] / first["roca"] for said, first in zip(both, clean)]
        rows.append((what, *(cell for said, more in zip(both, times) for cell in (
            percent(said["roca"], said["missed"]["0.1"]), "%.1f" % said["hold"]["spam_missed"],
            "%.2f" % more)), reached(times[0], 2) if what.startswith("words") else "-"))
    return table(["added to a spam", "every spam, online", "not held, %", "times",
                  "second half, split", "not held, %", "times", "at most 2 times online"], rows)


def blocks(bench):
    """Every other message is taught, all of one label, then all of the other; the rest judged."""
    messages = have(corpora.indexed("spamassassin"), "spamassassin")
    rows = []
    for first in ("spam", "ham"):
        taught = sorted(messages[::2], key=lambda row: row[0] != (first == "spam"))
        said = bench.run("--index", bench.evaluator.index(taught + messages[1::2]),
                         "--protocol", "split")
        rows.append(("all %s, then all %s" % (first, "ham" if first == "spam" else "spam"),
                     percent(said["roca"], said["missed"]["0.1"])))
    return table(["taught", "weir"], rows)


def three(bench):
    """Orders differ more than numbers of gateways: each of several is taught both ways."""
    messages = have(corpora.spamassassin(), "spamassassin")
    found, digests = {"one": [], "three": []}, set()
    for order in range(1 if QUICK else ORDERS):
        path = bench.evaluator.index_of(by_hash(messages, b"%d" % order if order else b""))
        with open(path) as index:
            rows = [(line.startswith("spam"), line.split()[1]) for line in index]
        folder = os.path.join(bench.directory, "order-%d" % order)
        os.mkdir(folder)
        said = gateways.measure(folder, rows)
        for name, every in found.items():
            every.append(said[name])
        digests.add(len(set(said["digests"])) == 1)
    mean_of = {name: [statistics.mean(column) for column in zip(*every)]
               for name, every in found.items()}
    times = mean_of["three"][0] / mean_of["one"][0]

    def row(what, name, *more):
        rocas = [one[0] for one in found[name]]
        return (what, "%d" % said["lessons"], percent(*mean_of[name]),
                "%s to %s" % (percent(min(rocas)), percent(max(rocas))), *more)
    return table(["lessons of", "lessons", "1-ROCA, spam missed at 0.1 % of the second half",
                  "1-ROCA from, to", "of one gateway's 1-ROCA", "digests of the replicas"],
                 [row("one gateway", "one", "-", "-"),
                  row("three gateways at once", "three",
                      "%.2f times, target 1.1: %s" % (times, reached(times, 1.1)),
                      "equal" if digests == {True} else "**different**")])


def explanations(bench):
    messages = have(corpora.spamassassin(), "spamassassin")
    items = have(corpora.items(), "items")
    return explained.measure(bench.directory, messages, items)


TABLES = {"online": online, "everything": everything, "hard": hard, "blocks": blocks,
          "calibration": calibration, "feeds": feeds, "indonesian": indonesian,
          "false-labels": false_labels, "articles": articles, "unseen": unseen,
          "good-words": good, "gateways": three,
          "explanations": explanations}


def put(name, text):
    """Writes the text between the two comments of that table."""
    with open(DOCUMENT) as file:
        document = file.read()
    start, end = "<!-- %s: make accuracy -->\n" % name, "<!-- end of %s -->" % name
    before, found, rest = document.partition(start)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit("%s has no place for the table %s" % (DOCUMENT, name))
    with open(DOCUMENT, "w") as file:
        file.write(before + start + text + "\n" + end + after)


def main():
    chosen = [name for name in sys.argv[1:] if name != "--quick"]
    unknown = [name for name in chosen if name not in TABLES]
    if unknown:
        sys.exit("accuracy: there is no table \"%s\"; there are %s" %
                 (unknown[0], ", ".join(TABLES)))
    bench = Bench(servers.make_temporary_directory())
    for name in chosen or TABLES:
        try:
            text = TABLES[name](bench)
            print(text)
            if not QUICK:
                put(name, text)
                corpora.say("written: " + name)
        except NoData as what:
            corpora.skip(what)
        except servers.Skip as reason:
            corpora.say("skipped: %s: %s" % (name, reason))
    for complaint in servers.complaints:
        corpora.say(complaint)
    sys.exit(1 if servers.complaints else 0)


if __name__ == "__main__":
    main()
