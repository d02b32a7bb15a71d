"""What the drivers of suites that others wrote have in common: where the data are, how the programs
are asked, and the list of what is known to fail.

A suite is a folder in $WEIR_DATA (default ../shared/data beside the checkout), or in an archive
there, which is unpacked into the build. Failures are compared with NAME.known beside the driver:
lines of a file's path in the suite, a tab and the reason. A failure that is not listed fails the
run, and so does one that is listed and no longer happens.
"""

import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))

from servers import BUILD, SANITIZER, SOURCE  # noqa: E402
from tap import Skip  # noqa: E402

DATA = os.path.abspath(os.environ.get("WEIR_DATA", os.path.join(SOURCE, "../shared/data")))
SKIPPED = None
PATIENCE_S = 1200


def read(path):
    with open(path, "rb") as file:
        return file.read()


def find_folder(name, archive):
    """The folder `name` of the data, unpacked where it is packed."""
    there = os.path.join(DATA, name)
    if os.path.isdir(there):
        return there
    packed = os.path.join(DATA, archive)
    unpacked = os.path.join(BUILD, "tests/suites/data", archive.split(".")[0])
    if os.path.exists(packed) and not os.path.isdir(unpacked):
        if not shutil.which("zstd"):
            raise Skip("no zstd to unpack %s" % packed)
        draft = unpacked + ".draft"
        shutil.rmtree(draft, ignore_errors=True)
        os.makedirs(draft)
        with subprocess.Popen(["zstd", "-dc", packed], stdout=subprocess.PIPE) as unpack:
            subprocess.run(["tar", "x", "-C", draft], stdin=unpack.stdout, check=True)
        os.rename(draft, unpacked)
    for root, _, _ in os.walk(unpacked):
        if root.endswith("/" + name):
            return root
    raise Skip("no data at %s" % there)


def find_files(folder, endings):
    """The paths of all files under `folder` that end so, in order."""
    found = [os.path.join(root, name) for root, _, names in os.walk(folder) for name in names
             if name.endswith(endings)]
    return sorted(found)


def ask_reader(requests):
    """What read_feeds prints of each (path, address, content type)."""
    lines = "".join("\t".join(request) + "\n" for request in requests)
    done = subprocess.run([os.path.join(BUILD, "tests/suites/read_feeds")], input=lines.encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE_S)
    errors = done.stderr.decode(errors="replace")
    if done.returncode != 0 or SANITIZER.search(errors):
        raise RuntimeError("read_feeds: status %d: %s" % (done.returncode, errors[-4000:]))
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def read_known(name):
    """{path: reason}"""
    path = os.path.join(HERE, name + ".known")
    known = {}
    if os.path.exists(path):
        with open(path) as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    which, reason = line.rstrip("\n").split("\t", 1)
                    known[which] = reason
    return known


def report(name, results, whole=True):
    """Prints passed/total of {path: what is wrong, or SKIPPED}; AssertionError when that differs from
    what is known. `whole`: the results are of all files."""
    known = read_known(name)
    judged = {path: wrong for path, wrong in results.items() if wrong is not SKIPPED}
    failed = {path: wrong for path, wrong in judged.items() if wrong}
    news = ["%s: %s" % (path, "; ".join(failed[path])) for path in sorted(failed)
            if path not in known]
    news += ["%s is listed in %s.known, and passes" % (path, name) for path in sorted(known)
             if path not in failed and (whole or path in judged)]
    print("# %s: %d/%d passed, %d known to fail, %d of %d files expect nothing that is asked"
          % (name, len(judged) - len(failed), len(judged), len(failed.keys() & known.keys()),
             len(results) - len(judged), len(results)), flush=True)
    assert not news, "\n".join(news)


class Suite:
    """A folder of feeds, each of which read_feeds is asked about; check() says what is wrong."""

    def __init__(self, name, archive, endings):
        self.name = name
        self.folder = find_folder(name, archive)
        self.paths = find_files(self.folder, endings)

    def results(self):
        answers = ask_reader(list(self.requests()))
        return {os.path.relpath(path, self.folder): self.check(path, answer)
                for path, answer in zip(self.paths, answers, strict=True)}

    def run(self):
        report(self.name, self.results())
