"""weirctl evaluate on a small corpus made here: its figures against others computed from the scores
it writes, its protocols, and what it says of input that is wrong."""

import json
import math
import os
import random

import servers

DOCUMENTS = 120  # of which every third is spam
WORDS = {True: "pills casino bonus replica cheap winner click free offer buy".split(),
         False: "minutes board meeting draft patch review budget lunch train report".split()}
COMMON = "the a of and to for we you please today".split()


def setup():
    directory = servers.make_temporary_directory()
    fixture = Fixture(directory)
    fixture.write_corpus()
    fixture.write_items()
    yield fixture


class Fixture:
    def __init__(self, directory):
        self.directory = directory
        self.weir = servers.Weir(directory, "sqlite://" + os.path.join(directory, "counts.db"))
        self.index = self.path("corpus.index")
        self.items = self.path("items.jsonl")
        self.scores_path = self.path("scores")
        self.labels = [number % 3 == 0 for number in range(DOCUMENTS)]

    def path(self, name):
        return os.path.join(self.directory, name)

    def text(self, chance, spam):
        """A few words of its kind among common ones, and some of the other kind."""
        return " ".join(chance.choice(WORDS[spam ^ (chance.random() < 0.25)])
                        if chance.random() < 0.4 else chance.choice(COMMON) for _ in range(25))

    def write_corpus(self):
        chance = random.Random(1)
        os.mkdir(self.path("mail"))
        with open(self.index, "w") as index:
            for number, spam in enumerate(self.labels):
                body = self.text(chance, spam)
                with open(self.path("mail/%d.eml" % number), "w") as file:
                    message_id = "none" if number % 7 == 0 else "<%d@sender.test>" % number
                    file.write("From: ann%d@sender.test\nSubject: %s\n"
                               "Date: Mon, 1 Jan 2024 10:00:00 +0000\nMessage-ID: %s\n\n%s\n"
                               % (number, body[:30], message_id, body))
                index.write("%s mail/%d.eml group\n" % ("spam" if spam else "ham", number))

    def write_items(self):
        """Two sources with both labels, and one of ham alone."""
        chance = random.Random(2)
        with open(self.items, "w") as items:
            for number in range(90):
                source = ("one", "two", "only ham")[number % 3]
                spam = number % 3 < 2 and number // 3 % 2 == 0
                items.write(json.dumps({"label": "spam" if spam else "ham", "source": source,
                                        "title": "Item %d" % number,
                                        "content": self.text(chance, spam),
                                        "link": "http://%d.test/" % number}) + "\n")

    def evaluate(self, *arguments):
        """(what it says, its scores as (spam, score, path))."""
        said = self.weir.ctl("--json", "evaluate", "--index", self.index, "--root",
                             self.directory, "--scores", self.scores_path, *arguments).json()
        return said, self.scores()

    def scores(self):
        with open(self.scores_path) as file:
            rows = [line.rstrip("\n").split(" ", 2) for line in file]
        return [(row[0] == "1", float(row[1]), row[2]) for row in rows]

    def refuses(self, status, said, *arguments):
        done = self.weir.ctl("evaluate", *arguments, status=status)
        assert said in done.errors and done.errors.count("\n") == 1, done.errors
        assert not done.output, done.output


def near(a, b):
    assert abs(a - b) < 1e-3, (a, b)


def figures_are_those_of_the_scores(fixture):
    """The figures printed are those that the written scores give"""
    said, rows = fixture.evaluate()
    ham = sorted((score for spam, score, _ in rows if not spam), reverse=True)
    spam = [score for label, score, _ in rows if label]
    assert (said["ham"], said["spam"]) == (len(ham), len(spam)) == (80, 40), said
    inverted = sum((h > s) + 0.5 * (h == s) for h in ham for s in spam)
    near(said["roca"], 100 * inverted / len(ham) / len(spam))
    assert 0 < said["roca_low"] < said["roca"] < said["roca_high"] < 100, said
    for share, missed in said["missed"].items():
        threshold = ham[int(float(share) / 100 * len(ham))]
        near(missed, 100 * sum(score <= threshold for score in spam) / len(spam))
    for action in ("tag", "hold"):
        at = math.log(said[action]["threshold"] / (1 - said[action]["threshold"]))
        near(said[action]["ham_misjudged"], 100 * sum(score >= at for score in ham) / len(ham))
        near(said[action]["spam_missed"], 100 * sum(score < at for score in spam) / len(spam))


def calibration_error_is_that_of_the_scores(fixture):
    """The calibration error printed is the one that the written scores give"""
    said, rows = fixture.evaluate()
    bins = [[] for _ in range(said["calibration_bins"])]
    for spam, score, _ in rows:
        p = 1 / (1 + math.exp(-score))
        bins[int(p * len(bins))].append((p, spam))
    error = sum(abs(sum(p for p, _ in one) - sum(spam for _, spam in one)) for one in bins if one)
    near(said["calibration_error"], error / len(rows))


def online_scores_before_it_teaches(fixture):
    """Online scores each document before it is taught, in the index's order"""
    said, rows = fixture.evaluate()
    assert rows[0][1] == 0, rows[0]
    assert any(score != 0 for _, score, _ in rows), rows
    assert [row[2] for row in rows] == ["mail/%d.eml" % n for n in range(DOCUMENTS)], rows
    assert [row[0] for row in rows] == fixture.labels, rows
    assert said["lessons"] == DOCUMENTS and said["lesson_bytes"] > 40 * DOCUMENTS, said
    assert set(said["documents_per_second"]) == {"parse", "features", "checks", "score",
                                                 "learn"}, said


def it_learns(fixture):
    """What was taught tells the labels apart"""
    said, rows = fixture.evaluate("--protocol", "split")
    assert len(rows) == DOCUMENTS // 2 and said["lessons"] == DOCUMENTS // 2, said
    assert rows[0][2] == "mail/%d.eml" % (DOCUMENTS // 2), rows[0]
    assert said["roca"] < 25, said  # 50 is chance


def lessons_can_come_late(fixture):
    """A delayed lesson counts from when it is taught"""
    said, rows = fixture.evaluate("--protocol", "delayed=10")
    assert all(score == 0 for _, score, _ in rows[:11]), rows[:11]
    assert rows[11][1] != 0, rows[11]
    assert said["lessons"] == DOCUMENTS - 10, said
    late, rows = fixture.evaluate("--protocol", "delayed=1000")
    assert late["lessons"] == 0 and {row[1] for row in rows} == {0.0}, late


def a_share_can_be_taught(fixture):
    """With partial only that share is taught, the same whenever it is asked"""
    some, rows = fixture.evaluate("--protocol", "partial=0.3")
    assert 0.1 * DOCUMENTS < some["lessons"] < 0.5 * DOCUMENTS, some
    assert fixture.evaluate("--protocol=partial=0.3")[1] == rows
    assert fixture.evaluate("--protocol", "partial=1")[1] == fixture.evaluate()[1]


def noise_is_taught_and_not_judged(fixture):
    """Flipped labels are what is taught, not what is judged"""
    clean, clean_rows = fixture.evaluate("--protocol", "split")
    wrong, wrong_rows = fixture.evaluate("--protocol", "split", "--noise", "1")
    assert [row[0] for row in wrong_rows] == [row[0] for row in clean_rows]
    assert wrong["roca"] > 75, wrong
    some, rows = fixture.evaluate("--noise", "0.2")
    assert some["roca"] < 50 and rows != fixture.evaluate()[1], some
    assert fixture.evaluate("--noise", "0.2")[1] == rows


def a_seed_gives_one_order(fixture):
    """A seed shuffles, the same way each time"""
    _, first = fixture.evaluate("--seed", "5")
    assert fixture.evaluate("--seed", "5")[1] == first
    paths = [row[2] for row in first]
    assert paths != [row[2] for row in fixture.evaluate("--seed", "6")[1]]
    assert sorted(paths) == sorted("mail/%d.eml" % n for n in range(DOCUMENTS)), paths


def evidence_beside_content_counts_when_asked(fixture):
    """Checks and reputations count in when they are asked for, content alone is told beside"""
    said, content = fixture.evaluate()
    assert "content" not in said
    assert fixture.evaluate("--checks")[1] != content
    both, scores = fixture.evaluate("--reputations")
    assert scores != content
    assert both["content"] == {key: said[key] for key in both["content"]}, both


def text_alone_looks_at_no_header(fixture):
    """With --fields text a message scores as if it had no header but its subject"""
    whole = fixture.evaluate()[1]
    text = fixture.evaluate("--fields", "text")[1]
    assert whole != text
    stripped = fixture.path("stripped")
    os.makedirs(os.path.join(stripped, "mail"))
    for number in range(DOCUMENTS):
        with open(fixture.path("mail/%d.eml" % number)) as file:
            lines = file.read().split("\n")
        with open(os.path.join(stripped, "mail/%d.eml" % number), "w") as file:
            file.write("\n".join([lines[1], *lines[4:]]))
    assert fixture.evaluate("--root", stripped, "--fields", "text")[1] == text


def items_have_figures_for_each_source(fixture):
    """Feed items have figures for each source with both labels"""
    said = fixture.weir.ctl("--json", "evaluate", "--items", fixture.items, "--scores",
                            fixture.scores_path).json()
    assert [one["source"] for one in said["sources"]] == ["one", "two"], said
    assert [(one["ham"], one["spam"]) for one in said["sources"]] == [(15, 15)] * 2, said
    assert (said["ham"], said["spam"]) == (60, 30), said
    rows = fixture.scores()
    assert rows[3][2] == fixture.items + ":4", rows[3]
    one = rows[0::3]
    inverted = sum((h > s) + 0.5 * (h == s) for spam, h, _ in one if not spam
                   for label, s, _ in one if label)
    near(said["sources"][0]["roca"], 100 * inverted / 15 / 15)


def halves_of_pairs_are_no_text(fixture):
    """Half a surrogate pair, or NUL, in one line is read as U+FFFD, and the others as they are"""
    scores = []
    for cut, whole in (("\\ud83d", "\\\\ud800 \\ud83d\\ude00"), ("\\ufffd", "\\\\ud800 \U0001f600")):
        lines = ['{"label":"ham","title":"Cut %s","content":"short"}' % cut,
                 '{"label":"spam","title":"%sx","content":"\\uDE00 %s"}' % (cut, "\\u0000"),
                 '{"label":"ham","title":"%s","content":"a \\" quote"}' % whole]
        with open(fixture.path("halves.jsonl"), "w") as items:
            items.write("\n".join(lines) + "\n")
        said = fixture.weir.ctl("--json", "evaluate", "--items", fixture.path("halves.jsonl"),
                                "--scores", fixture.scores_path)
        assert (said.json()["ham"], said.json()["spam"], said.errors) == (2, 1, ""), said.json()
        scores.append(fixture.scores())
    assert scores[0] == scores[1], scores


def items_are_split_by_source(fixture):
    """Split, each source is judged by what the others taught"""
    said = fixture.weir.ctl("--json", "evaluate", "--items", fixture.items, "--protocol", "split",
                            "--scores", fixture.scores_path).json()
    assert said["lessons"] == 2 * 60 and (said["ham"], said["spam"]) == (30, 30), said
    numbers = [int(row[2].rsplit(":", 1)[1]) - 1 for row in fixture.scores()]
    assert numbers == list(range(0, 90, 3)) + list(range(1, 90, 3)), numbers
    assert said["roca"] < 25, said


def comments_teach_nothing_of_articles(fixture):
    """What is spam as a comment is none as the text of an item with a title"""
    plea = "Please subscribe to my channel and share this video with all your friends, thanks"
    with open(fixture.path("kinds.jsonl"), "w") as items:
        def write(label, source, content, **fields):
            items.write(json.dumps({"label": label, "source": source, "content": content,
                                    **fields}) + "\n")
        for number in range(40):
            write("spam", "comments", "%s %d" % (plea, number))
            write("ham", "comments", "I love the second verse, it was played at our wedding %d" % number)
            write("spam", "videos", "%s %d" % (plea, number + 100))
            write("spam", "videos", "%s %d" % (plea, number + 200), title="Re",
                  feed_title="Comments on: a video")
            write("ham", "videos", plea, title="How to bake bread, part %d" % number)
    said = fixture.weir.ctl("--json", "evaluate", "--items", fixture.path("kinds.jsonl"),
                            "--protocol", "split").json()
    videos = next(one for one in said["sources"] if one["source"] == "videos")
    assert (videos["tag"]["ham_misjudged"], videos["tag"]["spam_missed"]) == (0, 0), videos


SYLLABLES = "ba ke lo mi ru sa te vo ni da".split()


def a_new_kind_of_comment_is_learned_from_a_hundred(fixture):
    """A hundred comments of each label of a kind that was unknown to a model of thousands of lessons
    suffice to hold nine in ten of the kind's spam, and none of its ham"""
    chance = random.Random(14)

    def words(first, count):
        return ["".join(chance.choices(SYLLABLES, k=3)) if chance.random() < 0.3 else
                "%s%d" % (first, chance.randrange(150)) for _ in range(count)]

    def praise():
        said = words("um", chance.randrange(6, 14))
        form = chance.randrange(3)
        name = chance.choice(("slotking", "winlandia")) + chance.choice(SYLLABLES)
        if form == 1:
            name = " ".join(name[:8])
        elif form == 2:
            name = "".join(chr(0x1d41a + ord(letter) - ord("a")) for letter in name)
        said.insert(chance.randrange(len(said)), name)
        return " ".join(said)

    with open(fixture.path("hundred.jsonl"), "w") as items:
        def write(label, source, content, **fields):
            items.write(json.dumps({"label": label, "source": source, "content": content,
                                    **fields}) + "\n")
        for number in range(1500):
            write("ham", "articles", " ".join(words("en", 60)), title="Article %d" % number)
            write("ham", "known", " ".join(words("en", 10)))
            write("spam", "known", " ".join(words("en", 9) + ["subscribe to my channel"]))
        for source, count in (("lessons", 100), ("judged", 400)):
            for _ in range(count):
                write("spam", source, praise())
                write("ham", source, " ".join(words("um", chance.randrange(6, 14))))
    said = fixture.weir.ctl("--json", "evaluate", "--items", fixture.path("hundred.jsonl"),
                            "--protocol", "split").json()
    judged = next(one for one in said["sources"] if one["source"] == "judged")
    assert judged["hold"]["spam_missed"] <= 10 and not judged["hold"]["ham_misjudged"], judged


def words_say_the_same(fixture):
    """Without --json the figures are in words"""
    said, _ = fixture.evaluate()
    words = fixture.weir.ctl("evaluate", "--index", fixture.index, "--root",
                             fixture.directory).text()
    assert "scored: 80 ham, 40 spam" in words and "1-ROCA %.4f %%" % said["roca"] in words, words
    assert "(15 bins)" in words and "bytes each" in words, words


def rates_say_how_often_checks_fire(fixture):
    """--rates says on which share of each label a check fires"""
    with open(fixture.path("shouted.eml"), "w") as file:
        file.write("From: a@sender.test\nSubject: BUY OUR PILLS NOW TODAY\n\nHello\n")
    with open(fixture.path("rates.index"), "w") as file:
        file.write("spam shouted.eml\nham mail/1.eml\n")
    arguments = ["evaluate", "--rates", "--index", fixture.path("rates.index"), "--root",
                 fixture.directory]
    rows = {row["symbol"]: row for row in fixture.weir.ctl("--json", *arguments).json()}
    assert (rows["MESSAGE_ID_MISSING"]["ham"], rows["MESSAGE_ID_MISSING"]["spam"]) == (0, 100), rows
    assert rows["MESSAGE_ID_MISSING"]["strength"] > 0, rows
    assert "MESSAGE_ID_MISSING" in fixture.weir.ctl(*arguments).text()


def terms_say_what_a_score_is_made_of(fixture):
    """--terms writes what content, checks and reputations say of each document"""
    path = fixture.path("terms")
    fixture.evaluate("--terms", path, "--reputations")
    with open(path) as file:
        rows = [json.loads(line) for line in file]
    assert [(row["spam"], row["path"]) for row in rows] == \
        [(spam, name) for spam, _, name in fixture.scores()]
    for row, (_, score, _) in zip(rows, fixture.scores()):
        assert abs(row["content"] + sum(row["reputations"].values()) - score) < 1e-4, row
        malformed = int(row["path"].split("/")[1].split(".")[0]) % 7 == 0
        assert row["checks"] == ({"MESSAGE_ID_MALFORMED": 1} if malformed else {}), row
    assert any(row["reputations"] for row in rows)


def text_alone_lacks_no_header(fixture):
    """With --fields text no check misses the headers that were left out"""
    rates = {row["symbol"]: row for row in fixture.weir.ctl(
        "--json", "evaluate", "--rates", "--fields", "text", "--index", fixture.index, "--root",
        fixture.directory).json()}
    for symbol in ("DATE_MISSING", "FROM_MISSING", "MESSAGE_ID_MISSING", "MESSAGE_ID_MALFORMED"):
        assert (rates[symbol]["ham"], rates[symbol]["spam"]) == (0, 0), rates[symbol]


def bad_files_are_refused_in_a_line(fixture):
    """Files that are missing or wrong are named, with the line"""
    bad = fixture.path("bad")

    def write(text):
        with open(bad, "w") as file:
            file.write(text)
        return bad

    root = ("--root", fixture.directory)
    fixture.refuses(66, "cannot read /nowhere: No such file", "--index", "/nowhere")
    fixture.refuses(66, "cannot read mail/none.eml: No such file", "--index",
                    write("ham mail/1.eml\nspam mail/none.eml\n"), *root)
    fixture.refuses(66, "cannot read mail: Is a directory", "--index",
                    write("ham mail/1.eml\nspam mail\n"), *root)
    fixture.refuses(66, "cannot read mail/0.eml: No such file", "--index", fixture.index,
                    "--root", "/nowhere")
    for line in ("junk mail/1.eml", "spam", "spamham mail/1.eml"):
        fixture.refuses(65, "bad:3: not \"ham PATH\"", "--index",
                        write("ham mail/1.eml\nspam mail/0.eml\n%s\n" % line), *root)
    fixture.refuses(65, "ham and spam are both needed", "--index", write("ham mail/1.eml\n"), *root)
    fixture.refuses(65, "no documents", "--index", write("\n"), *root)
    item = '{"label": "ham", "title": "t"}\n'
    fixture.refuses(66, "cannot read /nowhere: No such file", "--items", "/nowhere")
    fixture.refuses(65, "bad:2: ", "--items", write(item + "{\n"))
    fixture.refuses(65, "bad:2: ", "--items", write(item + '["ham"]\n'))
    fixture.refuses(65, "bad:1: its label is neither", "--items", write('{"title": "t"}\n'))
    fixture.refuses(65, "bad:1: it has neither", "--items", write('{"label": "ham"}\n'))
    fixture.refuses(74, "cannot write /nowhere/scores", "--index", fixture.index, *root,
                    "--scores", "/nowhere/scores")


def pipes_without_a_writer_are_refused_in_a_line(fixture):
    """A pipe that nobody writes to is refused, not waited for; one with a writer is read"""
    pipe = fixture.path("pipe")
    os.mkfifo(pipe)
    root = ("--root", fixture.directory)
    fixture.refuses(65, "pipe: no documents in it", "--index", pipe, *root)
    fixture.refuses(65, "pipe: no documents in it", "--items", pipe)
    bad = fixture.path("pipe.index")
    with open(bad, "w") as file:
        file.write("ham mail/1.eml\nspam pipe\n")
    fixture.refuses(66, "cannot read pipe: ", "--index", bad, *root)
    with open(fixture.index, "rb") as file:
        piped = fixture.weir.ctl("evaluate", "--index", "/dev/stdin", *root, input=file.read())
    assert "scored: 80 ham, 40 spam" in piped.text(), piped.output


def outputs_that_cannot_be_written_are_refused_in_a_line(fixture):
    """One file for two outputs, and an output that --rates does not write, are refused"""
    index = ("--index", fixture.index, "--root", fixture.directory)
    path = fixture.path("output")
    fixture.refuses(64, "--scores and --terms name the same file", *index, "--scores", path,
                    "--terms", fixture.path("./output"))
    fixture.refuses(64, "nothing to write for --scores", *index, "--rates", "--scores", path)
    fixture.refuses(64, "nothing to write for --terms", *index, "--rates", "--terms", path)


def bad_words_are_refused_in_a_line(fixture):
    """Options that cannot be are refused, and say what could"""
    index = ("--index", fixture.index, "--root", fixture.directory)
    fixture.refuses(64, "--index FILE, or --items FILE?")
    fixture.refuses(64, "--index FILE, or --items FILE?", *index, "--items", fixture.items)
    fixture.refuses(64, "--root goes with --index", "--items", fixture.items, "--root", "/")
    fixture.refuses(64, "online, split, delayed=N, partial=P", *index, "--protocol", "offline")
    for word in ("partial=1.5", "partial=", "partial=x", "delayed=0", "delayed=-1"):
        fixture.refuses(64, "is not a number from", *index, "--protocol", word)
    for noise in ("-0.1", "1.1", "much", "nan"):
        fixture.refuses(64, "--noise: ", *index, "--noise=" + noise)
    fixture.refuses(64, "--seed: ", *index, "--seed", "s")
    fixture.refuses(64, "is not a whole number", *index, "--seed", "1.5")
    fixture.refuses(64, "is not a whole number", *index, "--protocol", "delayed=1.5")
    fixture.refuses(64, "--fields is all or text", *index, "--fields", "subject")
    fixture.refuses(64, "--prior is none or shipped", *index, "--prior", "mine")
    fixture.refuses(64, "takes options only", *index, "more")


def the_prior_speaks_before_the_first_lesson(fixture):
    """--prior shipped scores what nobody taught, never far enough to hold, and yields to lessons"""
    untaught = ("--protocol", "partial=0")
    _, scores = fixture.evaluate(*untaught)
    assert {score for _, score, _ in scores} == {0.0}
    _, scores = fixture.evaluate(*untaught, "--prior", "shipped")
    assert len({score for _, score, _ in scores}) > DOCUMENTS / 2
    assert all(-2 <= score <= 2 for _, score, _ in scores)
    means = [sum(score for spam, score, _ in scores if spam == wanted) /
             sum(spam == wanted for spam, _, _ in scores) for wanted in (False, True)]
    assert means[0] < means[1], means
    _, learned = fixture.evaluate("--seed", "1")
    _, both = fixture.evaluate("--seed", "1", "--prior", "shipped")
    differences = [abs(a[1] - b[1]) for a, b in zip(learned, both)]
    assert sum(differences[-40:]) < 0.75 * sum(differences[:40]), differences


def anything_can_be_a_message(fixture):
    """Empty and binary files are scored like others"""
    with open(fixture.path("empty.eml"), "w"):
        pass
    with open(fixture.path("binary.eml"), "wb") as file:
        file.write(bytes(range(256)) * 50)
    with open(fixture.path("odd.index"), "w") as file:
        file.write("ham empty.eml\nspam binary.eml\nham %s\n" % fixture.path("mail/1.eml"))
    said = fixture.weir.ctl("--json", "evaluate", "--index", fixture.path("odd.index"), "--root",
                            fixture.directory).json()
    assert (said["ham"], said["spam"]) == (2, 1), said


servers.run(setup, [
    figures_are_those_of_the_scores,
    calibration_error_is_that_of_the_scores,
    online_scores_before_it_teaches,
    it_learns,
    lessons_can_come_late,
    a_share_can_be_taught,
    noise_is_taught_and_not_judged,
    a_seed_gives_one_order,
    evidence_beside_content_counts_when_asked,
    text_alone_looks_at_no_header,
    items_have_figures_for_each_source,
    halves_of_pairs_are_no_text,
    items_are_split_by_source,
    comments_teach_nothing_of_articles,
    a_new_kind_of_comment_is_learned_from_a_hundred,
    words_say_the_same,
    rates_say_how_often_checks_fire,
    terms_say_what_a_score_is_made_of,
    text_alone_lacks_no_header,
    bad_files_are_refused_in_a_line,
    pipes_without_a_writer_are_refused_in_a_line,
    outputs_that_cannot_be_written_are_refused_in_a_line, bad_words_are_refused_in_a_line,
    the_prior_speaks_before_the_first_lesson,
    anything_can_be_a_message,
])
