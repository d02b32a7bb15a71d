"""What is documented is complete: conf/weir.conf and weir.conf(5) name every setting that the code
knows, each in its section, and README names every manual page."""

import glob
import os
import re

SOURCE = os.environ.get("WEIR_SOURCE", ".")


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def known():
    """(section, name) of all settings in libconfuse's tables; the section is "" outside of any."""
    code = "".join(read(path) for path in glob.glob("core/config*.c", root_dir=SOURCE))
    tables = {name: re.findall(r'CFG_(\w+)\("([^"]+)"(?:, (\w+_options))?', body)
              for name, body in re.findall(r"cfg_opt_t (\w*options)\[\] = \{(.*?)CFG_END", code, re.S)}
    settings = set()
    for kind, name, table in tables["options"]:
        if kind == "SEC":
            settings |= {(name, setting) for _, setting, _ in tables[table]}
        elif kind != "FUNC":
            settings.add(("", name))
    return settings


def in_file():
    """Those of conf/weir.conf, also where they are commented out."""
    section, settings = "", set()
    for line in read("conf/weir.conf").splitlines():
        line = re.sub(r"^\s*(# ?)?\s*", "", line)
        if re.match(r'[a-z]+ ("[^"]+" )?\{$', line):
            section = line.split()[0]
        elif line == "}":
            section = ""
        elif re.match(r"[a-z-]+ = ", line):
            settings.add((section, line.split()[0]))
    return settings


def in_manual():
    section, settings = "", set()
    for line in read("docs/weir.conf.5").splitlines():
        if line.startswith((".Ss ", ".Sh ")):
            heading = re.match(r"\.Ss ([a-z]+) .*\{", line)
            section = heading[1] if heading else ""
        elif line.startswith(".It Ic "):
            settings |= {(section, name) for name in re.findall(r"[a-z-]+", line[len(".It Ic "):])}
    return settings


def pages():
    return {"%s(%s)" % tuple(name.rsplit(".", 1)) for name in os.listdir(os.path.join(SOURCE, "docs"))
            if re.search(r"\.[1-8]$", name)}


def main():
    settings = known()
    assert {("", "gateway"), ("console", "users"), ("feed", "url")} <= settings
    named = set(re.findall(r"[a-z.-]+\([1-8]\)", read("README.md")))
    print("1..3")
    for number, (name, missing) in enumerate((
            ("conf/weir.conf names every setting, and no other", settings ^ in_file()),
            ("weir.conf(5) names every setting, and no other", settings ^ in_manual()),
            ("README names every manual page", pages() - named)), 1):
        print("%sok %d - %s" % ("not " if missing else "", number, name))
        for one in sorted(missing):
            print("# not on both sides: %s" % (one,))


main()
