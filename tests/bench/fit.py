"""make fit: fits the log-odds of the checks to the SpamAssassin public corpus, and writes
core/check_weights.def, which the programs are built with, and the weights in docs/weir.conf.5.

What is fitted is what a check adds to what content says already, since that is how a verdict sums
them: a logistic regression with the content's log-odds as they are, one weight for each check. The
messages are judged as they come, each before it is taught, by date and shuffled, and with a
twentieth of them taught, as where few lessons are. Each weight is drawn towards the one set by hand
in core/checks.c (a normal prior), for spam changes and corpora are old; it never changes its sign
and stays below a bound. A check that fires on a handful of messages keeps the weight set by hand.

Nothing that ships is made from ccert-zh and the feed items, whose licences do not say that it may
be: they show how often checks fire elsewhere. The same input gives the same bytes."""

import json
import math
import os
import re
import subprocess
import sys
import tempfile

import corpora

TABLE = os.path.join(corpora.SOURCE, "core/check_weights.def")
CHECKS = os.path.join(corpora.SOURCE, "core/checks.c")
MANUAL = os.path.join(corpora.SOURCE, "docs/weir.conf.5")
WEIRCTL = os.path.join(corpora.BUILD, "weirctl")

RUNS = [[]] + [["--seed", str(seed)] for seed in (1, 2, 3)] + \
    [["--seed", str(seed), "--protocol", "partial=0.05"] for seed in (1, 2, 3)]
FOLDS = 5
MESSAGES_LEAST = 10  # that a check fires on, or nothing is said of it
# Of the prior, in log-odds. Folds of one corpus like it wider, up to 2 at least (log loss 0.084), but
# they know nothing of other mail than that of 2002: what moves far from here needs other corpora.
DEVIATION = 0.35
LEAST, MOST = 0.1, 3.0


def evaluate(*arguments):
    """What weirctl evaluate prints, line by line as JSON."""
    done = subprocess.run([WEIRCTL, "evaluate", "--json", *arguments], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return [json.loads(line) for line in done.stdout.splitlines()]


def set_by_hand():
    """{symbol: log-odds} in the order of the table, less what people say themselves: no corpus has
    that."""
    with open(CHECKS, encoding="utf-8") as file:
        rows = re.findall(r'^    \{"((?!RECIPIENT_)[A-Z_]+)", ([0-9.]+), CHANNEL_', file.read(), re.M)
    return {symbol: float(weight) for symbol, weight in rows}


# --- the regression ---

def softplus(x):
    return max(x, 0) + math.log1p(math.exp(-abs(x)))


def logistic(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def score(document, weights):
    return document["content"] + sum(weights[symbol] * strength
                                     for symbol, strength in document["checks"].items())


def fit(documents, prior):
    """The weights that make the labels most probable: coordinate by coordinate, by Newton's steps.
    Of a convex function within bounds that is the minimum."""
    weights = dict(prior)
    of_check = {symbol: [document for document in documents if symbol in document["checks"]]
                for symbol in prior}
    for _ in range(200):
        moved = 0
        for symbol, its in of_check.items():
            slope = (weights[symbol] - prior[symbol]) / DEVIATION ** 2
            bend = 1 / DEVIATION ** 2
            for document in its:
                strength = document["checks"][symbol]
                chance = logistic(score(document, weights))
                slope += strength * (chance - document["spam"]) / len(RUNS)
                bend += strength ** 2 * chance * (1 - chance) / len(RUNS)
            new = min(MOST, max(LEAST, weights[symbol] - slope / bend))
            moved = max(moved, abs(new - weights[symbol]))
            weights[symbol] = new
        if moved < 1e-6:
            break
    return weights


def log_loss(documents, weights):
    return sum(softplus(score(document, weights)) - document["spam"] * score(document, weights)
               for document in documents) / len(documents)


def fit_in_folds(documents, prior):
    """([the weights without each fold], [the log loss by what was fitted elsewhere, by hand, and
    of content alone], on documents that checks fire on)."""
    fitted, losses = [], [[], [], []]
    for fold in range(FOLDS):
        inside = [document for document in documents if document["fold"] == fold]
        weights = fit([document for document in documents if document["fold"] != fold], prior)
        fitted.append(weights)
        for row, some in zip(losses, (weights, prior, dict.fromkeys(prior, 0.0))):
            row.append(log_loss(inside, some))
    return fitted, [sum(row) / FOLDS for row in losses]


# --- the corpora ---

def judged(index, root):
    """The documents of all runs that a check fires on; the others say nothing of the weights."""
    documents = []
    with open(index, encoding="utf-8") as file:
        places = {line.split()[1]: number for number, line in enumerate(file)}
    for run in RUNS:
        with tempfile.NamedTemporaryFile("r", suffix=".terms", encoding="utf-8") as terms:
            evaluate("--index", index, "--root", root, "--terms", terms.name, *run)
            rows = [json.loads(line) for line in terms]
        for row in rows:
            row["fold"] = places[row["path"]] * FOLDS // len(places)
        documents += [row for row in rows if row["checks"]]
    return documents


def rates(*arguments):
    """{symbol: "on how much of ham and of spam it fires, in percent"}."""
    return {row["symbol"]: "%7.3f %7.3f" % (row["ham"], row["spam"])
            for row in evaluate("--rates", *arguments)}


def rates_of_items(path):
    """Of the sources that have both labels: the others tell genres apart, not ham and spam."""
    with open(path, encoding="utf-8") as file:
        lines = list(file)
    rows = [json.loads(line) for line in lines]
    labels = {}
    for row in rows:
        labels.setdefault(row["source"], set()).add(row["label"])
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as some:
        some.writelines(line for line, row in zip(lines, rows) if len(labels[row["source"]]) == 2)
        some.flush()
        return rates("--items", some.name)


# --- what is written ---

HEAD = """\
/* The log-odds of each check at full strength. Made by `make fit`: do not edit, but set the weight
 * of a check in checks.c by hand, and fit again.
 *
 * Fitted to the SpamAssassin public corpus (%(messages)d messages), beside what content says, and
 * drawn towards the weights set by hand; tests/bench/fit.py says how. Log loss of messages that
 * checks fire on, each judged by a fit to the other four fifths: %(fitted).3f; by the weights set by
 * hand: %(by_hand).3f; by content alone: %(content).3f.
 *
 * The columns are the weight set by hand; the lowest and highest that were fitted without a fifth
 * of the messages, or why there is no fit; and on how much of ham and of spam the check fires, in
 * percent: in the SpamAssassin corpus, in ccert-zh (subject and body), and in comments that were
 * taken for feed items, of sources with both labels. The last two are shown, not fitted to.
 *
 *                                      hand   fit           spamassassin    ccert-zh        comments
 *                                                            ham    spam     ham    spam     ham    spam */
"""


def table(prior, weights, origins, figures, head):
    lines = []
    for symbol in prior:
        row = "WEIGHT(%s %.1f)" % ('"%s",' % symbol, weights[symbol])
        shown = " ".join(column[symbol] for column in figures)
        lines.append("%-36s /* %.1f   %-12s %s */\n" % (row, prior[symbol], origins[symbol], shown))
    return HEAD % head + "".join(lines)


def with_weights(manual, weights):
    """The manual page with these weights in its list of checks."""
    for symbol, weight in weights.items():
        manual, found = re.subn(r"^\.It %s [0-9.]+$" % symbol, ".It %s %.1f" % (symbol, weight),
                                manual, flags=re.M)
        if found != 1:
            raise SystemExit("%s does not name %s once" % (MANUAL, symbol))
    return manual


def write(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


def fit_checks(index, root):
    """(weights, where each is from, {"fitted", "by_hand", "content": log losses})."""
    prior = set_by_hand()
    documents = judged(index, root)
    fires = {symbol: sum(symbol in document["checks"] for document in documents) // len(RUNS)
             for symbol in prior}
    folds, losses = fit_in_folds(documents, prior)
    weights, origins = dict(prior), {}
    for symbol, weight in fit(documents, prior).items():
        if fires[symbol] >= MESSAGES_LEAST:
            weights[symbol] = round(weight, 1)
            origins[symbol] = "%.2f to %.2f" % (min(some[symbol] for some in folds),
                                                max(some[symbol] for some in folds))
        else:
            origins[symbol] = "fires on %d" % fires[symbol] if fires[symbol] else "never fires"
    return weights, origins, dict(zip(("fitted", "by_hand", "content"), losses))


def main():
    corpus, chinese = corpora.mail("spamassassin"), corpora.mail("ccert-zh")
    items = corpora.feed_items()
    if not corpus or not chinese or not items:
        print("fit: spamassassin, ccert-zh and the feed items are needed, and not all of them are at "
              "%s ($WEIR_DATA); the weights stay as they are" % corpora.DATA, file=sys.stderr)
        return 1
    weights, origins, head = fit_checks(*corpus)
    with open(corpus[0], encoding="utf-8") as file:
        head["messages"] = sum(1 for _ in file)
    figures = [rates("--index", corpus[0], "--root", corpus[1]),
               rates("--index", chinese[0], "--root", chinese[1], "--fields", "text"),
               rates_of_items(items)]
    write(TABLE, table(set_by_hand(), weights, origins, figures, head))
    with open(MANUAL, encoding="utf-8") as file:
        manual = file.read()
    write(MANUAL, with_weights(manual, weights))
    print("%s: log loss %.3f, by hand %.3f, content alone %.3f" %
          (TABLE, head["fitted"], head["by_hand"], head["content"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
