"""The test cases of the W3C's feed validator. Each says in a comment at its head which message the
validator has to give, or with `!` has to withhold. weir is no validator; what can be asked of a
reader is asked: whether XML is well-formed and in the encoding it declares, whether a valid date is
understood, and whether what is said to be missing is missing. All feeds that are not broken have to
be read without a complaint.
"""

import re

import suite

BROKEN = {"SAXError", "UnicodeError", "UnknownEncoding"}
VALID_DATES = {"ValidRFC2822Date", "ValidW3CDTFDate", "ValidRFC3339Date"}
INVALID_DATES = {"InvalidRFC2822Date", "InvalidW3CDTFDate", "InvalidRFC3339Date"}
FEEDS = re.compile(rb"<(?:\w+:)?(?:rss|RDF|feed)[\s>]")


def find_expectation(data):
    """(withheld, class of the message, {its parameters})"""
    text = data.decode("latin-1").replace("\0", "")
    found = re.search(r"Expect:\s*(!?)(\w+)(?:\{([^}]*)\})?", text)
    if not found:
        return False, "", {}
    parameters = dict(pair.split(":", 1) for pair in (found.group(3) or "").split(",")
                      if ":" in pair)
    return found.group(1) == "!", found.group(2), {key.strip(): value.strip()
                                                   for key, value in parameters.items()}


def owner_of(feed, parameters):
    """What the parent of a message is for weir, or None."""
    parent = parameters.get("parent")
    if parent in ("channel", "feed"):
        return feed
    if parent in ("item", "entry") and len(feed["items"]) == 1:
        return feed["items"][0]
    return None


class Feedvalidator(suite.Suite):
    def __init__(self):
        super().__init__("feedvalidator", "suites.tar.zst", (".xml",))

    def requests(self):
        for path in self.paths:
            yield path, "http://www.example.com/feed", ""

    def check(self, path, feed):
        data = suite.read(path)
        withheld, message, parameters = find_expectation(data)
        if not message or not FEEDS.search(data.replace(b"\0", b"")):
            return suite.SKIPPED
        trouble = feed.get("unparsed") or feed.get("trouble")
        if message in BROKEN and not withheld:
            return [] if trouble else ["it is broken, and weir does not say so"]
        if trouble:
            return ["weir complains: " + trouble]
        owner = owner_of(feed, parameters)
        if owner is None:
            return []
        if (message in VALID_DATES) or (message in INVALID_DATES and withheld):
            if owner.get("date") and not owner.get("time"):
                return ["the date %s is not understood" % owner["date"]]
        if message == "MissingElement" and not withheld:
            element = {"id": "guid"}.get(parameters.get("element"), parameters.get("element"))
            guessed = element == "guid" and owner.get("guid") in (owner.get("link"), None)
            if owner.get(element) and not guessed and not owner[element].startswith("hash:"):
                return ["%s is said to be missing" % element]
        return []
