"""Feed items split by source, none of which is taught and judged: articles held by mistake, and how
much is caught of a kind of spam before any lesson of it, after a hundred, and after three hundred."""

import hashlib
import sys

# Of each label, where the kind has both.
LESSONS = (10, 30) if "--quick" in sys.argv else (100, 300)
POOL = "generated-spider-pool"


def drawn(row):
    """An order that only the items give."""
    text = "%s\n%s\n%s" % (row["source"], row.get("title") or "", row.get("content") or "")
    return hashlib.sha256(text.encode()).digest()


def half(source):
    return int(hashlib.sha256(source.encode()).hexdigest(), 16) % 2


def kind(source):
    return "id-gambling" if source.startswith("id-gambling-") else source


def judged(bench, taught, rows, more):
    """What weirctl evaluate says of `rows`, after `taught`, in its order."""
    some = [dict(row, source="taught") for row in taught] + \
        [dict(row, source="judged") for row in rows]
    said = bench.run(*bench.items(some), "--protocol", "split", *more)
    return next(one for one in said["sources"] if one["source"] == "judged")


def articles(bench, rows, more):
    """[(half that is taught, articles of the other, held, tagged)]"""
    found = []
    for taught in (0, 1):
        ham = [row for row in rows if row.get("file") and half(row["source"]) != taught]
        spam = next(row for row in rows if row["label"] == "spam")
        one = judged(bench, sorted((row for row in rows if half(row["source"]) == taught), key=drawn),
                     [*ham, spam], more)
        found.append(("the %s half of the sources" % ("first", "second")[taught], len(ham),
                      *(round(len(ham) * one[what]["ham_misjudged"] / 100)
                        for what in ("hold", "tag"))))
    return found


def caught(one):
    return "%.1f, %.1f" % (100 - one["hold"]["spam_missed"], 100 - one["tag"]["spam_missed"])


def misjudged(one):
    return "%.2f, %.2f" % (one["hold"]["ham_misjudged"], one["tag"]["ham_misjudged"])


def kinds(bench, rows, more):
    """[(kind, spam, caught without lessons, after the first of LESSONS of the spam alone, its own ham
    misjudged then; after so many of each label, its own ham misjudged then, and what is caught when
    the threshold is such that 1 % of that ham is held, the same after more)]"""
    found = []
    article = next(row for row in rows if row.get("file"))
    spam_sources = {row["source"] for row in rows if row["label"] == "spam"}
    for name in sorted({kind(source) for source in spam_sources}):
        own = sorted((row for row in rows if kind(row["source"]) == name), key=drawn)
        others = sorted((row for row in rows if kind(row["source"]) != name and
                         (name != POOL or half(row["source"]) != half(POOL))), key=drawn)
        spam, ham = ([row for row in own if row["label"] == label] for label in ("spam", "ham"))
        before = judged(bench, others, [*spam, *(ham or [article])], more)
        alone = judged(bench, others + spam[:LESSONS[0]],
                       [*spam[LESSONS[0]:], *(ham or [article])], more)
        cells = [caught(alone), misjudged(alone) if ham else "-"]
        for count in LESSONS:
            lessons = sorted(spam[:count] + ham[:count], key=drawn)
            after = judged(bench, others + lessons,
                           [*spam[count:], *(ham[count:] or [article])], more)
            cells += [caught(after), misjudged(after) if ham else "-",
                      "%.1f" % (100 - after["missed"]["1"]) if ham else "-"]
        found.append((name, "%d" % len(spam), caught(before), *cells))
    return found
