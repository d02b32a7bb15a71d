"""Digests and the pages of their links when strangers write what people do not expect."""

import json
import re
import time

from console_client import Client
from servers import run, wait_for
from test_mail import Stranger
from test_quarantine import (browse, ctl, held, hold, link_in, query, set_now, setup, tell,
                             wait_digests)

HOSTILE = "'\"watches\"' <&>"
DIGEST_MOST = 1 << 20  # bytes


def fill(gateway, recipient, count, sender="x@y.test", subject="Number ", evidence="{}"):
    """So many more are held for that recipient, as an earlier weir may have written it down."""
    now = int(time.time())
    set_now(gateway, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO held (state, document_id, time_s, state_time_s, channel, sender, "
            "recipients, subject, reference, log_odds, evidence) SELECT 1, zeroblob(16), ?, ?, "
            "'mail', ?, ?, ? || i, 'FILLER' || i, 9, ? FROM n", count, now, now, sender, recipient,
            subject, evidence)


def empty(gateway):
    set_now(gateway, "DELETE FROM held WHERE reference GLOB 'FILLER*'")


def test_long_subjects(gateway):
    """However long strangers make subjects, senders and names, a digest is sent, and lists and
    pages stay short; what earlier versions kept whole is cut where it is shown"""
    folded = "Cheap" + "".join("\n  %s number %d" % (HOSTILE, i) for i in range(2800))
    assert len(folded) > 80000
    long = hold(gateway, ["wim@box.test"], folded)
    hold(gateway, ["wim@box.test"], "The real letter")
    terms = [{"symbol": symbol, "log_odds": 3, "detail": HOSTILE * 3000}
             for symbol in ("ATTACHMENT_DISGUISED", "LINK_TEXT_MISMATCH", "REPLY_TO_ELSEWHERE")]
    fill(gateway, "wim@box.test", 75, "x" * 2000 + "@y.test", HOSTILE * 4000,
         json.dumps({"action": "hold", "p": 0.9, "log_odds": 9, "terms": terms}))
    try:
        told = tell(gateway, "--recipient", "wim@box.test").text()
        assert told.startswith("wim@box.test: told of "), told
        message, text, page = wait_digests(gateway, "wim@box.test", 1)[0]
        assert len(message.as_bytes()) <= DIGEST_MOST, len(message.as_bytes())
        assert "The real letter" in text and "The real letter" in page
        assert max(map(len, text.splitlines())) < 1000, max(map(len, text.splitlines()))
        gateway.weir.env["WEIR_PASSWORD"] = "correct horse"
        over = "--gateway", gateway.weir.console_url.replace("//", "//ann@")
        for words in ("held", "list"), ("history",), (*over, "held", "list"):
            lines = ctl(gateway, *words).text().splitlines()
            assert max(map(len, lines)) < 1000, (words, max(map(len, lines)))
        listed = Client(gateway.weir).get("held?limit=200")
        assert len(listed.json()["items"]) >= 77 and len(listed.body) < 200000, len(listed.body)
        body = browse(re.findall(r"http://\S+/d/\S+", text)[-1])[1]
        assert "The real letter" in body and len(body) < DIGEST_MOST, len(body)
    finally:
        gateway.weir.env.pop("WEIR_PASSWORD", None)
        empty(gateway)
    for table in ("held", "history"):
        kept, = query(gateway, "SELECT subject FROM %s WHERE reference = ?" % table, long.queue_id)[0]
        assert kept.startswith("Cheap") and kept.endswith("…"), kept[:50]
        assert 490 < len(kept.encode()) <= 500, len(kept)


def test_named_twice(gateway):
    """Whoever is named twice, in whatever case, is one person, who has their mail delivered"""
    mail = hold(gateway, ["tim@box.test", "TIM@box.test", "tim@BOX.test", "tim@box.test"])
    assert held(gateway, mail.id)["recipients"] == "tim@box.test"
    set_now(gateway, "UPDATE held SET recipients = 'Tim@box.test,tim@BOX.test' WHERE id = ?",
            mail.id[1:])  # as an earlier weir wrote it down
    tell(gateway, "--recipient", "tim@box.test")
    text = wait_digests(gateway, "tim@box.test", 1)[0][1]
    assert "several recipients" not in text, text
    assert "It will be delivered to you" in browse(
        link_in(text, 1, "release").split("?")[0], {"do": "release"})[1]
    gateway.postfix.wait_delivered(mail.message_id)


def pages(gateway, recipient):
    """What their latest digest leads to: the page of its first mail, and their own."""
    tell(gateway, "--recipient", recipient)
    text = wait_digests(gateway, recipient, 1)[0][1]
    found = re.findall(r"http://\S+/d/[^\s?]+", text)
    return found[0], found[-1]


def lists(page):
    """{entry: "allowed" or "blocked"} of a person's page."""
    return dict(re.findall(r"<p>([^<]*) – (allowed|blocked) <form", browse(page)[1]))


def audited(gateway, recipient):
    return [what for what, in query(gateway, "SELECT what FROM audit WHERE who = ? ORDER BY id",
                                    "recipient " + recipient)]


def test_domains_of_any_letters(gateway):
    """A domain is the same in its own letters and in those of the DNS, on lists and in senders"""
    hold(gateway, ["kay@box.test"])
    own = pages(gateway, "kay@box.test")[1]
    for entry, form in (("München.de", "xn--mnchen-3ya.de"), ("@例子。测试", "xn--fsqu00a.xn--0zwm56d"),
                        ("Ann@MÜNCHEN.de", "ann@xn--mnchen-3ya.de")):
        assert "Your list of blocked" in browse(own, {"do": "deny", "entry": entry})[1], entry
        assert lists(own)[form] == "blocked", (entry, lists(own))
    for bad in ("mün chen.de", "ün", "jörg@münchen.de", "münchen.de/x", "ann@", "[::1]"):
        assert "neither an address" in browse(own, {"do": "deny", "entry": bad})[1], bad

    def denied(sender):
        stranger = Stranger()
        message, _ = stranger.ham("Minutes")
        start = len(gateway.weir.milter.log())
        gateway.postfix.send(message, sender, ["kay@box.test"], address=stranger.address)
        line = wait_for(lambda: re.search(r"event=verdict [^\n]*\n", gateway.weir.milter.log()[start:]),
                        "a verdict")[0]
        return "RECIPIENT_DENIES" in line

    assert denied("kim@xn--mnchen-3ya.de") and denied("kim@mail.XN--MNCHEN-3YA.de")
    assert denied("a..b@xn--mnchen-3ya.de"), "however odd the name before it is"
    assert "no longer on your list" in browse(own, {"do": "remove", "entry": "MÜNCHEN.DE"})[1]
    assert not denied("kim@xn--mnchen-3ya.de") and denied("ann@xn--mnchen-3ya.de")


def test_minds_change(gateway):
    """Allow, block, and allow again: the last word counts, from a link and on a person's page; what is
    so already is said to be so, and is no refusal"""
    mail = hold(gateway, ["ulf@box.test"])
    link, own = pages(gateway, "ulf@box.test")
    for place, form, entry in ((link, {}, "sender"), (own, {"id": mail.id}, "sender"),
                               (own, {"entry": "Pal.test"}, "pal.test")):
        entry = mail.sender if entry == "sender" else entry
        before = len(audited(gateway, "ulf@box.test"))
        for do, said, state in (
                ("allow", "list of allowed senders has it now", "allowed"),
                ("deny", "list of blocked senders has it now", "blocked"),
                ("deny", "It is on your list of blocked senders already", "blocked"),
                ("allow", "list of allowed senders has it now", "allowed"),
                ("allow", "It is on your list of allowed senders already", "allowed")):
            body = browse(place, {"do": do, **form})[1]
            assert said in body, (place, form, do, body)
            assert lists(own)[entry] == state, (do, lists(own))
        assert "no longer on your list" in browse(own, {"do": "remove", "entry": entry})[1]
        assert "list of allowed senders has it now" in browse(place, {"do": "allow", **form})[1]
        assert audited(gateway, "ulf@box.test")[before:] == ["allow", "deny", "allow", "remove", "allow"]
        browse(own, {"do": "remove", "entry": entry})
    assert "It will be delivered to you" in browse(link, {"do": "release"})[1]
    before = audited(gateway, "ulf@box.test")
    assert "That was done before" in browse(link, {"do": "release"})[1]
    assert "That was done before" in browse(own, {"do": "release", "id": mail.id})[1]
    assert audited(gateway, "ulf@box.test") == before


def test_minds_change_too_often(gateway):
    """Nor does a link change the lists more often in an hour than a person's page does"""
    hold(gateway, ["ute@box.test"])
    link = pages(gateway, "ute@box.test")[0]
    for number in range(60):
        body = browse(link, {"do": "deny" if number % 2 else "allow"})[1]
        assert "senders has it now" in body, (number, body)
    status, body, _ = browse(link, {"do": "allow"})
    assert status == 429 and "Too many attempts" in body, body
    assert audited(gateway, "ute@box.test")[-2:] == ["deny", "refused-link-too-often"]


def test_more_than_one_page(gateway):
    """Digest and page say how many more are held than they show; the page leads on to older ones, and
    acts there as well"""
    for recipient, more, older, most in (
            ("uma@box.test", "Held for you besides these: %d.", "Older ones (%d)", "Newest ones"),
            ("lin@box.test", "另有 %d 封", "更早的邮件（%d）", "最新的")):
        first = hold(gateway, [recipient], "The oldest")
        fill(gateway, recipient, 230)
        try:
            told = tell(gateway, "--recipient", recipient).text()
            assert told == "%s: told of 200; of 31 more next time\n" % recipient, told
            _, text, page = wait_digests(gateway, recipient, 1)[0]
            assert more % 31 in text and more % 31 in page, text[-1500:]
            own, seen = re.findall(r"http://\S+/d/\S+", text)[-1], []
            place, left = own, 231
            while place:
                status, body, _ = browse(place)
                subjects = re.findall(r"<article><p><strong>([^<]*)", body)
                seen += subjects
                left -= len(subjects)
                assert status == 200 and len(subjects) == min(100, left + len(subjects)), len(subjects)
                assert left <= 0 or older % left in body, (left, body[-3000:])
                assert (most in body) == (place != own), place
                last, found = place, re.search(r'<a href="(\?before=m\d+)">', body)
                place = own + found[1] if found else None
            assert seen == ["Number %d" % i for i in range(230, 0, -1)] + ["The oldest"], seen
            page = browse(last, {"do": "deny", "id": first.id})[1]
            assert "The oldest" in page and "<p>%s – " % first.sender in page, page
            for bad in ("?before=m0", "?before=f3", "?before=x", "?before=", "?before=m99999999999999999999"):
                assert browse(own + bad)[0] == 200, bad
            told = tell(gateway, "--recipient", recipient).text()
            assert told == "%s: told of 31\n" % recipient, told
            assert more.split("%d")[0] not in wait_digests(gateway, recipient, 2)[1][1]
        finally:
            empty(gateway)


def test_many_pages(gateway):
    """Whoever has a link cannot have the console count all mail of an address again and again: beyond
    a thousand older ones the page says that there are more"""
    for recipient, exactly, more in (
            ("yul@box.test", "Older ones (%d)", "Older ones (more than 1000)"),
            ("wang@box.test", "更早的邮件（%d）", "更早的邮件（超过 1000 封）")):
        try:
            hold(gateway, [recipient])
            own = pages(gateway, recipient)[1]
            fill(gateway, recipient, 1099)
            body = browse(own)[1]
            assert exactly % 1000 in body and more not in body, body[-3000:]
            fill(gateway, recipient, 1)
            body = browse(own)[1]
            assert more in body, body[-3000:]
            older = re.search(r'<a href="(\?before=m\d+)">', body)[1]
            assert exactly % 901 in browse(own + older)[1], older
        finally:
            empty(gateway)


def test_pages_behind_a_busy_address(gateway):
    """Nor look through all mail of an address that theirs is the end of: that is gone through by
    pages, and nobody is told that there is nothing before it was all looked at"""
    try:
        hold(gateway, ["ul@box.test"])
        own = pages(gateway, "ul@box.test")[1]
        fill(gateway, "ful@box.test", 3500)
        body = browse(own)[1]
        assert "Nothing is held" not in body and "<article>" not in body, body
        older = re.search(r'<a href="(\?before=m\d+)">Look among older ones</a>', body)[1]
        body = browse(own + older)[1]
        assert body.count("<article>") == 1 and "Look among" not in body and "Newest" in body, body
        fill(gateway, "ul@box.test", 100)
        body = browse(own)[1]
        assert body.count("<article>") == 100, body
        older = re.search(r'<a href="(\?before=m\d+)">Look among older ones</a>', body)[1]
        body = browse(own + older)[1]
        assert body.count("<article>") == 0, body
        older = re.search(r'<a href="(\?before=m\d+)">Look among older ones</a>', body)[1]
        assert browse(own + older)[1].count("<article>") == 1
    finally:
        empty(gateway)


def test_digest_is_bounded(gateway):
    """What does not fit into a digest of bounded length is told the next time"""
    terms = [{"symbol": symbol, "log_odds": 3, "detail": "'" * 300}
             for symbol in ("ATTACHMENT_DISGUISED", "LINK_TEXT_MISMATCH", "REPLY_TO_ELSEWHERE")]
    recipient = "v" * 60 + "@box.test"
    fill(gateway, recipient, 180, "'" * 200 + "@y.test", "'" * 200,
         json.dumps({"action": "hold", "p": 0.9, "log_odds": 9, "terms": terms}))
    try:
        told, rest = map(int, re.search(r": told of (\d+); of (\d+) more next time\n",
                                        tell(gateway, "--recipient", recipient).text()).groups())
        assert told + rest == 180 and told > 20, (told, rest)
        message, text, page = wait_digests(gateway, recipient, 1)[0]
        length = len(message.as_bytes())
        assert DIGEST_MOST * 9 // 10 < length <= DIGEST_MOST, length
        assert "\n%d. " % told in text and "\n%d. " % (told + 1) not in text
        assert tell(gateway, "--dry-run", "--recipient", recipient).text().count("?do=release") <= rest
    finally:
        empty(gateway)


if __name__ == "__main__":
    run(setup, [test_long_subjects, test_named_twice, test_domains_of_any_letters,
                test_minds_change, test_minds_change_too_often, test_more_than_one_page,
                test_many_pages, test_pages_behind_a_busy_address,
                test_digest_is_bounded])
