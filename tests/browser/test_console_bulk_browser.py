"""Several held entries at once in Chromium, on real daemons: they are chosen by mouse and by keys, the
question says which and what is learned, each is done and taken back by itself, and what somebody
else did meanwhile is told.

$WEIR_SCREENSHOTS names a directory for pictures.
"""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from person import PASSWORD, Fixture  # noqa: E402
from servers import make_temporary_directory, run  # noqa: E402

TITLE = "cheap %s, buy %s online | replica %s - %s %d"


def setup():
    fixture = Fixture(make_temporary_directory(), undo="1h")
    # What is learned meanwhile must not keep a later one from being held.
    fixture.weir.ctl("rules", "apply", "-", input='rule "all" { title = online  action = hold }\n')
    fixture.weir.ctl("console-user", "add", "rea", "--role", "reader", input=PASSWORD + "\n")
    fixture.browser.do("come")
    fixture.browser.do("log_in", user="ann", password=PASSWORD)
    fixture.browser.do("wait", text="What is learned")
    yield fixture


def hold(fixture, what, count):
    """So many items that are held, newest first, as (id, title); the browser shows them."""
    titles = [TITLE % (what, what, what, what, number) for number in range(count)]
    items = "".join("<item><guid>%s%d</guid><title>%s</title></item>" % (what, number, title)
                    for number, title in enumerate(titles))
    fixture.weir.run("weir-feedfilter", "--pipe", "--feed", what,
                     input="<rss><channel><title>F</title>%s</channel></rss>" % items)
    fixture.browser.do("open", hash="#/held?state=all&feed=" + what)
    fixture.browser.do("wait", text=titles[-1])
    found = listed(fixture, what)
    assert sorted(found.values(), key=titles.index) == titles, found
    return sorted(found.items(), key=lambda item: -titles.index(item[1]))


def listed(fixture, what, *words):
    """{id: title} of the feed's entries."""
    said = fixture.weir.ctl("--json", "held", "list", "--feed", what, *(words or ("--all",)))
    rows = [json.loads(line) for line in said.text().splitlines()]
    return {row["id"]: row["subject"] for row in rows}


def in_state(fixture, what, state):
    return set(listed(fixture, what, "--state", state))


def choose(fixture, *entries):
    for _, title in entries:
        fixture.browser.do("click", role="checkbox", name="Choose: " + title)


def test_release_and_undo(fixture):
    """The question says which and what is learned; a no does nothing; a yes is taken back at once"""
    browser, entries = fixture.browser, hold(fixture, "watches", 4)
    ids = {identity for identity, _ in entries}
    browser.picture("console-held-several-none")
    choose(fixture, entries[0], entries[2])
    browser.do("wait", text="2 chosen")
    before = fixture.counts.version()
    browser.do("click", role="button", name="Release")
    browser.do("wait", text="Release 2?")
    browser.do("wait", text="Each is delivered, and learned as wanted. Each can be undone.")
    browser.picture("console-held-several")
    browser.picture("console-held-several-phone", width=360)
    browser.do("click", role="button", name="Cancel")
    browser.do("wait", text="Release 2?", gone=True)
    assert in_state(fixture, "watches", "held") == ids and fixture.counts.version() == before

    browser.do("click", role="button", name="Release")
    browser.do("click", role="button", name="Release these")
    browser.do("wait", text="Released: 2 of 2.")
    released = {entries[0][0], entries[2][0]}
    assert in_state(fixture, "watches", "released") == released
    assert in_state(fixture, "watches", "held") == ids - released
    assert fixture.counts.version() == before + 2, "each is taught"
    browser.do("click", role="button", name="Undo these")
    browser.do("wait", text="Taken back: 2 of 2.")
    assert in_state(fixture, "watches", "held") == ids
    assert fixture.counts.version() == before + 4, "each is taught the other way"
    seen = browser.do("see")
    assert seen["chosen"] == 0 and "Undo these" not in seen["enabled"], seen


def test_another_page(fixture):
    """The question goes with the page that it is about, and is a no"""
    browser, entries = fixture.browser, hold(fixture, "tablets", 2)
    choose(fixture, entries[0])
    browser.do("click", role="button", name="Release")
    browser.do("wait", text="Release 1?")
    browser.do("open", hash="#/held?state=all&feed=watches")
    browser.do("wait", text="watches 0")
    browser.do("wait", text="Release 1?", gone=True)
    assert in_state(fixture, "tablets", "held") == {identity for identity, _ in entries}


def test_meanwhile(fixture):
    """What another admin did meanwhile stays, and is told by title; the rest is done"""
    browser, entries = fixture.browser, hold(fixture, "pills", 5)
    browser.do("click", role="checkbox", name="Choose all on the page")
    browser.do("wait", text="5 chosen")
    browser.do("click", role="button", name="Confirm as spam")
    browser.do("wait", text="Each is learned as spam")
    ids = [identity for identity, _ in entries]
    fixture.weir.ctl("held", "release", ids[0])
    fixture.weir.ctl("held", "confirm", ids[1])
    browser.do("click", role="button", name="Confirm these as spam")
    browser.do("wait", text="Confirmed as spam: 3 of 5.")
    seen = browser.do("see")["text"]
    assert entries[0][1] + ": cannot confirm it, it is released" in seen, seen
    assert seen.count("\treleased\t") == 1, "its line says what it is now: " + seen
    assert entries[1][1] + ": It is confirmed as spam" in seen and "It was so already." in seen, seen
    assert in_state(fixture, "pills", "released") == {ids[0]}
    assert in_state(fixture, "pills", "confirmed") == set(ids[1:])
    browser.picture("console-held-several-told")
    fixture.weir.ctl("held", "delete", ids[2])
    browser.do("click", role="button", name="Undo these")
    browser.do("wait", text="Taken back: 2 of 3.")
    seen = browser.do("see")["text"]
    assert "something was done after it; undo that first" in seen, seen
    assert in_state(fixture, "pills", "held") == set(ids[3:])
    assert in_state(fixture, "pills", "confirmed") == {ids[1]}, "another one's is not taken back"


def test_keys(fixture):
    """Choosing and deleting need no mouse, and what cannot be is left out"""
    browser, entries = fixture.browser, hold(fixture, "loans", 3)
    ids = [identity for identity, _ in entries]
    fixture.weir.ctl("held", "release", ids[2])
    browser.do("open", hash="#/held?state=all&feed=loans&limit=50")
    browser.do("wait", text=entries[2][1])
    for key in ("j", "x", "j", "x"):
        browser.do("press", key=key)
    assert browser.do("see")["chosen"] == 2
    browser.do("press", key="x")
    browser.do("press", key="a")
    seen = browser.do("see")
    assert seen["chosen"] == seen["boxes"] == 3, seen
    browser.do("press", key="d")
    browser.do("wait", text="Delete 2?")
    browser.do("wait", text="Left out, since it cannot be done with them:")
    browser.do("wait", text="Nothing is learned of it.")
    browser.do("press", key="Enter")
    browser.do("wait", text="Deleted: 2 of 2.")
    assert browser.do("see")["focused"].startswith("Deleted: 2 of 2.")
    assert in_state(fixture, "loans", "deleted") == set(ids[:2])
    browser.do("click", role="button", name="Undo these")
    browser.do("wait", text="Taken back: 2 of 2.")
    assert in_state(fixture, "loans", "held") == set(ids[:2])


def test_mail(fixture):
    """Mail that is released with others is delivered, each to whom it was for"""
    browser = fixture.browser
    ids = [fixture.hold("Together %d" % number) for number in (1, 2)]
    browser.do("open", hash="#/held?q=Together")
    browser.do("wait", text="Together 1")
    choose(fixture, (ids[0], "Together 1"), (ids[1], "Together 2"))
    browser.do("click", role="button", name="Release")
    browser.do("wait", text="ann@stranger1.test")
    browser.do("click", role="button", name="Release these")
    browser.do("wait", text="Released: 2 of 2.")
    for message_id in ids:
        fixture.postfix.wait_delivered(message_id)


def test_chinese(fixture):
    """It is there in Chinese"""
    browser, entries = fixture.browser, hold(fixture, "casino", 2)
    browser.do("click", role="button", name="中文")
    browser.do("wait", text="选择本页全部")
    browser.do("click", role="checkbox", name="选择本页全部")
    browser.do("click", role="button", name="放行")
    browser.do("wait", text="放行 2 项？")
    browser.do("click", role="button", name="放行这些")
    browser.do("wait", text="已放行：2 / 2。")
    assert in_state(fixture, "casino", "released") == {identity for identity, _ in entries}
    browser.do("click", role="button", name="English")
    browser.do("wait", text="Choose all on the page")


def test_short_text(fixture):
    """That a short text is not looked for in old entries is said, as weirctl says it"""
    browser, note = fixture.browser, "is looked for in the newest 10,000 entries only."
    for page in ("#/held?q=pi", "#/search?q=pi"):
        browser.do("open", hash=page)
        browser.do("wait", text=note)
        browser.do("open", hash=page + "lls")
        browser.do("wait", text="pills 0")
        assert note not in browser.do("see")["text"]


def test_reader(fixture):
    """Who may not review is offered no boxes"""
    browser = fixture.browser
    browser.do("click", role="button", name="Log out")
    browser.do("log_in", user="rea", password=PASSWORD)
    browser.do("open", hash="#/held?state=all&feed=pills")
    browser.do("wait", text="pills 4")
    for key in ("j", "x", "a", "d"):
        browser.do("press", key=key)
    seen = browser.do("see")
    assert seen["boxes"] == 0 and seen["lines"] == 5 and "Delete" not in seen["text"], seen


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
