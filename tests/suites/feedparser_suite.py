"""The tests of Python's feedparser: what they expect of title, link, date, author, content, guid and
encoding, asked of weir's reader.

Each file says what it expects in a comment at its head, `Expect:` and a Python expression over what
feedparser returns. Comparisons of one value that weir reads too are translated; the rest is counted
as skipped, by the pattern of the value. What feedparser would have cleaned of markup is compared as
what a reader shows of it, since weir judges a feed as it is.
"""

import ast
import codecs
import collections
import html.parser
import os
import re
import time
import urllib.parse

import suite

BASE = "http://127.0.0.1:8097/"  # that feedparser's tests have their feeds from
ENCODINGS_AT_HEAD = ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le",
                     "utf-32-be"]
UNSHOWN = {"script", "style", "head", "title"}
REFERENCES = {"href", "src", "action", "cite", "longdesc", "data", "background", "usemap",
              "classid", "codebase", "profile", "for"}
DATES = {"updated", "published", "created", "modified", "issued", "date"}


class Untranslated(Exception):
    """The expectation is about something that weir does not read."""


# --- the expectations ---

def head_of(data):
    """The comment at the head, which may stand in any of several encodings."""
    for name in ENCODINGS_AT_HEAD:
        text = data.decode(name, errors="ignore").lstrip("\ufeff")
        if "Expect:" in text:
            return text
    return data.decode("latin-1")


def find_expectation(data):
    """(its expression, the headers that the feed is served with)"""
    head = head_of(data)
    expected = re.search(r"Expect:(.*?)(?=-->|\n\s*\w+:\s|\Z)", head, re.S)
    headers = dict(re.findall(r"^\s*Header:\s*([\w-]+):[ \t]*(.*?)\s*$", head, re.M))
    return (expected.group(1).strip() if expected else None,
            {name.lower(): value for name, value in headers.items()})


def path_of(node):
    """("entries", 0, "title") of entries[0]['title'] or entries[0].title"""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        return path_of(node.value) + (node.attr,)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return path_of(node.value) + (node.slice.value,)
    raise Untranslated(ast.unparse(node))


def terms_of(expression):
    """The (path, value) that have to be equal, with None as the path of what cannot be translated."""
    tree = ast.parse("(%s)" % expression, mode="eval").body
    for node in tree.values if isinstance(tree, ast.BoolOp) else [tree]:
        bare = node.operand if isinstance(node, ast.UnaryOp) else node
        if isinstance(bare, ast.Name) and bare.id == "bozo":
            continue
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq):
            yield None, ast.unparse(node)
            continue
        values = [node.left] + node.comparators
        try:
            wanted = ast.literal_eval(values[-1])
            for value in values[:-1]:
                yield path_of(value), wanted
        except (ValueError, Untranslated):
            yield None, ast.unparse(node)


# --- what a reader shows of markup ---

class Shown(html.parser.HTMLParser):
    def __init__(self, base):
        super().__init__(convert_charrefs=True)
        self.base, self.text, self.references, self.hidden = base, [], set(), 0

    def handle_starttag(self, tag, attrs):
        if tag in UNSHOWN:
            self.hidden += 1
        for name, value in attrs:
            if name in REFERENCES and value:
                self.references.add(urllib.parse.urljoin(self.base, value.strip()))

    def handle_endtag(self, tag):
        if tag in UNSHOWN and self.hidden:
            self.hidden -= 1

    def handle_data(self, data):
        if not self.hidden:
            self.text.append(data)


def shown(markup, base=""):
    parser = Shown(base)
    # A comment that nothing closes goes on to the end; older versions of Python show it.
    parser.feed(re.sub(r"<!--(?!.*?-->).*", "", markup, flags=re.S))
    parser.close()
    return " ".join("".join(parser.text).split()), parser.references


def says(ours, wanted, with_references=True):
    """Whether one of the texts that stand in `ours` is `wanted`."""
    if not ours:
        return not wanted
    for text in [ours["value"]] + ours["value"].split("\n"):
        if text == wanted:
            return True
        text, references = shown(text, ours.get("base", ""))
        wanted_text, wanted_references = shown(wanted)
        # feedparser drops references that lead to a script, and those of elements it drops.
        if text == wanted_text and (wanted_references <= references or not with_references):
            return True
    return False


# --- the answers ---

def date_is(ours, wanted):
    if isinstance(wanted, tuple):
        return ours.get("time") is not None and tuple(time.gmtime(ours["time"]))[:6] == wanted[:6]
    return ours.get("date") == wanted


def author_is(ours, key, wanted):
    names = ours.get("author", "").split(", ")
    emails = ours.get("author_email", "").split(", ")
    if key == "email":
        return wanted in emails
    name = re.sub(r" \(\S+@\S+\)$", "", wanted)
    email = wanted[len(name):].strip(" ()")
    return name in names and (not email or email in emails)


def common_is(ours, path, wanted):
    """Of what feeds and entries have alike."""
    if path == ("title",) or path == ("title_detail", "value"):
        # Nothing of a feed's own title is judged, so weir does not follow what it links to.
        return says(ours.get("title"), wanted, with_references="items" not in ours)
    if path[0] == "link" and len(path) == 1:
        return ours.get("link") == wanted
    if path == ("author",) or path in (("author_detail", "name"), ("author_detail", "email")):
        return author_is(ours, path[-1], wanted)
    if path[0] == "authors" and path[2:] in (("name",), ("email",)):
        return author_is(ours, path[-1], wanted)
    if len(path) == 1 and path[0].removesuffix("_parsed") in DATES:
        return date_is(ours, wanted)
    raise Untranslated()


def entry_is(entry, path, wanted):
    texts = {"summary": "summary", "description": "summary", "content": "content"}
    name = path[0].removesuffix("_detail") if path else ""
    if name in texts:
        member = [part for part in path[1:] if not isinstance(part, int)] or ["value"]
        # Readers differ in which of two texts they take for the content: weir judges both.
        ours = [entry.get("summary"), entry.get("content")]
        if member == ["value"]:
            return any(says(text, wanted) for text in ours)
        if member == ["base"]:
            return any(text and text.get("base") == wanted for text in ours)
        raise Untranslated()
    if path in (("id",), ("guid",)):
        return entry.get("guid") == wanted
    if path[0] == "links" and path[2:] == ("href",):
        return wanted in [entry.get("link")] + entry["links"] + entry["enclosures"]
    if path[0] == "enclosures" and path[2:] in (("href",), ("url",)):
        return wanted in entry["enclosures"]
    if path[0] == "tags" and path[2:] in (("term",), ("label",)):
        return wanted in entry["categories"]
    if path == ("category",):
        return wanted in entry["categories"]
    if path == ("title_detail", "base"):
        return entry.get("title", {}).get("base") == wanted
    return common_is(entry, path, wanted)


def encoding_is(feed, data, wanted):
    ours = feed.get("encoding")
    try:
        if codecs.lookup(ours).name == codecs.lookup(wanted).name:
            return True
        return data.decode(ours) == data.decode(wanted)
    except (LookupError, UnicodeDecodeError):
        return False


def is_met(feed, data, path, wanted):
    if path == ("encoding",):
        return encoding_is(feed, data, wanted)
    if path[0] == "entries":
        if len(path) < 3:
            raise Untranslated()
        items = feed.get("items", [])
        # Whether it can be translated does not depend on there being an entry.
        entry = items[path[1]] if path[1] < len(items) else {"links": [], "enclosures": [],
                                                             "categories": []}
        return entry_is(entry, path[2:], wanted)
    if path[0] == "feed":
        return common_is(feed, path[1:], wanted)
    raise Untranslated()


def pattern(path, text):
    if path is None:
        return re.sub(r"\d+", "N", text)
    return "".join("[N]" if isinstance(part, int) else "." + part for part in path).lstrip(".")


class Feedparser(suite.Suite):
    def __init__(self):
        super().__init__("feedparser", "suites.tar.zst", (".xml", ".json"))
        self.skipped = collections.Counter()

    def requests(self):
        for path in self.paths:
            _, headers = find_expectation(suite.read(path))
            address = urllib.parse.urljoin(BASE, os.path.relpath(path, self.folder))
            location = headers.get("content-location", "")
            where = urllib.parse.urljoin(address, location)
            if where.startswith("http"):
                address = where
            yield path, address, headers.get("content-type", "")

    def check(self, path, feed):
        data = suite.read(path)
        expression, _ = find_expectation(data)
        if not expression:
            return suite.SKIPPED
        wrong, translated = [], 0
        for term, wanted in terms_of(expression):
            try:
                if term is None:
                    raise Untranslated()
                met = is_met(feed, data, term, wanted)
            except Untranslated:
                self.skipped[pattern(term, wanted)] += 1
                continue
            translated += 1
            if not met:
                wrong.append("%s is not %r" % (pattern(term, ""), wanted))
        return wrong if translated else suite.SKIPPED


if __name__ == "__main__":
    # What is not asked, and how often.
    feeds = Feedparser()
    feeds.results()
    for text, times in feeds.skipped.most_common():
        print("%5d  %s" % (times, text))
