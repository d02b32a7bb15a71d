"""weirctl evaluate from Python, and bogofilter by the same online protocol."""

import concurrent.futures
import functools
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import tempfile

import corpora
import servers


class Evaluator:
    """Runs weirctl evaluate; what was asked once is not computed again."""

    def __init__(self, directory):
        self.directory = directory
        self.count = 0

    def new_path(self, name):
        self.count += 1
        return os.path.join(self.directory, "%d-%s" % (self.count, name))

    def index(self, rows):
        """An index of [(is spam, path)]."""
        path = self.new_path("index")
        with open(path, "w") as file:
            file.writelines("%s %s\n" % ("spam" if spam else "ham", path) for spam, path in rows)
        return path

    def index_of(self, messages):
        """An index of [(is spam, bytes)]."""
        folder = self.new_path("messages")
        os.mkdir(folder)
        rows = []
        for number, (spam, text) in enumerate(messages):
            rows.append((spam, os.path.join(folder, "%d.eml" % number)))
            with open(rows[-1][1], "wb") as file:
                file.write(text)
        return self.index(rows)

    def items(self, rows):
        path = self.new_path("items.jsonl")
        with open(path, "w") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        return path

    @functools.lru_cache(maxsize=None)
    def run(self, *arguments):
        """Its figures, with the scores it gave as `rows`: [(is spam, log-odds, path)]."""
        scores = self.new_path("scores")
        done = subprocess.run([os.path.join(servers.BUILD, "weirctl"), "--json", "evaluate",
                               "--scores", scores, *arguments], stdout=subprocess.PIPE, check=True)
        said = json.loads(done.stdout)
        with open(scores) as file:
            rows = [line.rstrip("\n").split(" ", 2) for line in file]
        said["rows"] = [(row[0] == "1", float(row[1]), row[2]) for row in rows]
        return said

    def seeds(self, seeds, *arguments):
        return [self.run(*arguments, "--seed", str(seed)) for seed in seeds]


def mean(runs, *names):
    """The mean of one figure, named by its way into what was said."""
    return statistics.mean(functools.reduce(lambda part, name: part[name], names, run)
                           for run in runs)


def figures(rows):
    """(1-ROCA, spam missed at 0.1 % of ham misjudged) of [(is spam, score, …)], in percent, as
    weirctl evaluate has them."""
    ham = sorted((row[1] for row in rows if not row[0]), reverse=True)
    spam = [row[1] for row in rows if row[0]]
    order = sorted([(score, 1) for score in spam] + [(score, 0) for score in ham])
    inverted, spam_below, start = 0.0, 0, 0
    while start < len(order):
        end = start
        while end < len(order) and order[end][0] == order[start][0]:
            end += 1
        spams = sum(is_spam for _, is_spam in order[start:end])
        hams = end - start - spams
        inverted += hams * (spam_below + spams / 2)
        spam_below += spams
        start = end
    threshold = ham[int(0.001 * len(ham))]
    return (100 * inverted / len(ham) / len(spam),
            100 * sum(score <= threshold for score in spam) / len(spam))


def have_bogofilter():
    if shutil.which("bogofilter"):
        return True
    corpora.say("skipped: bogofilter is not installed")
    return False


def bogofilter_online(rows):
    """The figures of bogofilter, asked of each message of [(is spam, path)] and then taught it. It
    takes spam for likelier at a higher spamicity, of which it prints 16 digits."""
    scored = []
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as words:
        base = ["bogofilter", "-C", "--db-transaction=no", "-d", words]
        subprocess.run([*base, "-n"], input=b"", check=True)
        for spam, path in rows:
            said = subprocess.run([*base, "-TT", "-I", path], stdout=subprocess.PIPE, check=False)
            scored.append((spam, float(said.stdout)))
            subprocess.run([*base, "-s" if spam else "-n", "-I", path], check=True)
    return figures(scored)


def _name_of(rows):
    name = hashlib.sha256()
    for spam, path in rows:
        with open(path, "rb") as file:
            name.update(b"%d%s" % (spam, hashlib.sha256(file.read()).digest()))
    return name.hexdigest()


def bogofilter_of(rows):
    """The same, kept in the build: it takes minutes, and is the same whatever weir does."""
    kept = os.path.join(servers.BUILD, "corpora", "bogofilter-" + _name_of(rows))
    if not os.path.exists(kept):
        found = bogofilter_online(rows)
        with open(kept + ".half", "w") as file:
            json.dump(found, file)
        os.rename(kept + ".half", kept)
    with open(kept) as file:
        return json.load(file)


def bogofilter_mean(orders):
    """The mean figures of several orders, which take their turns on all processors."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(bogofilter_of, orders))
    return [statistics.mean(column) for column in zip(*found)]
