"""How weir explains its verdicts on ten texts written for this, after it was taught the corpora."""

import glob
import os
import xml.sax.saxutils

import servers

SAMPLES = os.path.join(servers.SOURCE, "tests/samples/explained")
ITEM = ("<item><title>%s</title><link>%s</link><author>%s</author>"
        "<description>%s</description></item>\n")


def write_feed(path, rows):
    """The items as RSS."""
    def text(row, name):
        printable = "".join(c for c in row.get(name) or "" if c >= " " or c in "\t\n")
        return xml.sax.saxutils.escape(printable)
    with open(path, "w") as file:
        file.write('<rss version="2.0"><channel><title>%s</title>\n' % text(rows[0], "feed_title"))
        file.writelines(ITEM % tuple(text(row, name) for name in
                                     ("title", "link", "author", "content")) for row in rows)
        file.write("</channel></rss>\n")


def teach(weir, messages, items):
    """The messages, and the items as one feed for each source, ham and spam in turn."""
    lists = {}
    for label in ("ham", "spam"):
        lists[label] = os.path.join(weir.directory, label + ".list")
        paths = [path for spam, path in messages if spam == (label == "spam")]
        for source in sorted({row["source"] for row in items}):
            rows = [row for row in items if (row["source"], row["label"]) == (source, label)]
            if rows:
                paths.append(os.path.join(weir.directory, "%s-%d.xml" % (label, len(paths))))
                write_feed(paths[-1], rows)
        with open(lists[label], "w") as file:
            file.writelines(path + "\n" for path in paths)
        weir.ctl("learn", label, "--files-from", lists[label])


def measure(directory, messages, items):
    """What weirctl check --explain says of the samples."""
    weir = servers.Weir(directory, "sqlite://" + os.path.join(directory, "explained.db"))
    teach(weir, messages, items)
    paths = sorted(glob.glob(os.path.join(SAMPLES, "*")))
    said = weir.ctl("check", "--explain", *paths).text().replace(SAMPLES + "/", "")
    return "```\n" + said.rstrip("\n") + "\n```"
