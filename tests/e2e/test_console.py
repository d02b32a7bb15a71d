"""weir-console's API over HTTP: what is held, and what is done with it."""

import http.client
import os
import signal
import socket
import sqlite3
import threading
import time
import urllib.parse

from console_client import PASSWORD, Client, expect
from sample_feeds import ITEMS, SPAM, feed
from servers import Weir, counts_store, make_temporary_directory, run, wait_for

RECIPIENTS = ['ann@box.test', '"bob, eve"@box.test', r'"a\",b"@box.test', 'carl@box.test']

# Whatever the tests before have taught, every item is held.
HOLD_ALL = {"cold-lessons": 0, "thresholds": {"tag": 0, "hold": 0}}


class Fixture:
    def __init__(self, directory):
        self.directory = directory
        self.counts = counts_store(directory)
        self.weir = Weir(directory, self.counts.url,
                         settings={"cold-lessons": 10, "thresholds": {"hold": 0.85}})
        self.weir.learn_samples()
        self.hold(b"planet")
        self.weir.start_console()
        self.client = Client(self.weir)

    def hold(self, name):
        """Three held items of that feed."""
        self.weir.run("weir-feedfilter", "--pipe", "--feed", name.decode(), input=feed(ITEMS))

    def held(self, **parameters):
        answer = self.client.get("held?" + urllib.parse.urlencode(parameters))
        assert answer.status == 200, answer.body
        return answer.json()


def setup():
    yield Fixture(make_temporary_directory())


def test_pages(fixture):
    """Pages are there for everybody, with headers that keep others' scripts and frames out"""
    client = Client(fixture.weir, login=False)
    for path, kind in (("/", "text/html"), ("/app.js", "text/javascript"),
                       ("/style.css", "text/css"), ("/icon.svg", "image/svg+xml")):
        answer = client.request("GET", path)
        assert answer.status == 200 and answer.headers["Content-Type"].startswith(kind), path
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy, policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        again = client.request("GET", path, **{"If-None-Match": answer.headers["ETag"]})
        assert again.status == 304 and not again.body
    for path in ("/nothing", "/../weir.conf", "/%2e%2e/weir.conf", "//etc/passwd", "/api"):
        assert client.request("GET", path).status == 404, path
    assert client.request("PUT", "/").status == 405
    assert client.request("POST", "/").status == 405


def test_bad_requests(fixture):
    """What cannot be is refused in one line, and nothing falls over"""
    client = fixture.client
    for query in ("stream=x", "state=x", "limit=0", "limit=201", "limit=x", "after=1", "after=m1.fx"):
        expect(client.get("held?" + query), 400)
    for query in ("q", "sender", "recipient", "feed"):
        expect(client.get("held?%s=%s" % (query, 257 * "a")), 400, "longer than 256 bytes")
    for query, words in (
            ("held?form=zap", "form is record or count"), ("held/f1?form=count", "form is record"),
            ("history?action=moon", 'action is accept, tag, hold, reject or defer, not "moon"'),
            ("audit?what=frob", 'nothing does "frob"; the deeds are release, confirm'), ("audit?what=frob", "refused-many"),
            ("reputation?min=-1", "min is a number of lessons"), ("reputation?min=nan", "min is a number"),
            ("reputation?min=2e9", "min is a number of lessons")):
        expect(client.get(query), 400, words)
    for path in ("history?action=defer", "audit?what=tune-undo", "reputation?min=0", "held?form=count"):
        assert client.get(path).status == 200, path
    expect(client.request("POST", "/api/learn/spam", "x", **{"Content-Type": "text/plain",
                                                            "X-Weir-Deed": client.deed_token}),
           403, "not of Content-Type message/rfc822")
    for path in ("held/m999", "held/f0", "held/x", "held/f1/nothing", "nothing", "held/" + 5000 * "1"):
        expect(client.get(path), 404)
    expect(client.post("held/f1/nothing"), 404)
    expect(client.post("held/m999/release"), 404)
    for body in ("", "x", "[]", '{"a":1', '"x"'):
        expect(client.request("POST", "/api/login", body, **{"Content-Type": "application/json"}),
               400)
    expect(client.post("login", {"user": "ann", "password": 70000 * "x"}), 413)
    assert client.get("session").status == 200


def test_slow_clients(fixture):
    """Who sends a request byte by byte is cut off, and keeps nobody out meanwhile"""
    began = time.monotonic()
    slow = [socket.create_connection(("127.0.0.1", fixture.weir.console_port),
                                     source_address=("127.0.0.2", 0)) for _ in range(150)]
    sent = 0
    while slow and time.monotonic() < began + 40:
        assert fixture.client.get("session").status == 200
        slow = [one for one in slow if drip(one, sent)]
        sent += 1
        time.sleep(1)
    assert not slow, "%d still hold a connection" % len(slow)
    assert time.monotonic() > began + 15, "they were not given the time of a request"


def drip(connection, sent):
    """The next byte of a request; False when the other end has closed the connection."""
    try:
        connection.setblocking(False)
        if not connection.recv(1):
            return False
    except BlockingIOError:
        pass
    except ConnectionError:
        return False
    try:
        request = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + 99 * b"x"
        connection.send(request[sent:sent + 1])
    except ConnectionError:
        return False
    return True


def weir_with_mail(fixture, name):
    """One more weir, in whose records m1 is held to these recipients: there is no Postfix here."""
    weir = Weir(fixture.directory, fixture.counts.url, name, HOLD_ALL)
    weir.run("weir-feedfilter", "--pipe", "--feed", "planet", input=feed(ITEMS))
    with sqlite3.connect(weir.records_feeds) as feeds, sqlite3.connect(weir.records_mail) as mail:
        feeds.backup(mail)
        mail.execute("update held set channel = 'mail', recipients = ?", (",".join(RECIPIENTS),))
    weir.start_console()
    return weir


def test_recipients(fixture):
    """Recipients are told apart, also those with a comma within quotes; a list has the first of many"""
    weir = weir_with_mail(fixture, "recipients")
    client = Client(weir)
    assert client.get("held/m1").json()["recipients"] == RECIPIENTS
    many = ["u%d@box.test" % number for number in range(25)]
    with sqlite3.connect(weir.records_mail) as mail:
        mail.execute("update held set recipients = ?", (",".join(many),))
    shown = client.get("held/m1").json()
    assert shown["recipients"] == many and "recipients_more" not in shown, shown
    shown = client.get("held?stream=mail").json()["items"][0]
    assert shown["recipients"] == many[:10] and shown["recipients_more"] == 15, shown
    weir.console.stop()


def test_a_broken_records_file_leaves_the_other(fixture):
    """Of two files of records one that is broken is named, and the other is shown"""
    weir = weir_with_mail(fixture, "broken")
    weir.console.stop()
    with open(weir.records_mail, "r+b") as file:
        file.write(b"\0" * 65536)
    weir.start_console()
    client = Client(weir)
    page = client.get("held").json()
    assert {item["stream"] for item in page["items"]} == {"feeds"}, page
    assert len(page["failed"]) == 1 and weir.records_mail in page["failed"][0], page
    expect(client.get("held?stream=mail"), 503, weir.records_mail)
    expect(client.get("held?form=record"), 503, weir.records_mail)
    assert client.get("held?stream=feeds").json()["failed"] == [], page
    weir.console.stop()


def test_preview_waits(fixture):
    """While weir-release lets one wait for a preview, all else is answered"""
    weir = weir_with_mail(fixture, "waiting")
    client, answers = Client(weir), []
    with socket.socket(socket.AF_UNIX) as release:
        release.bind(weir.settings["release"]["preview"])
        release.listen()
        release.settimeout(30)
        waiting = [threading.Thread(target=lambda: answers.append(client.get("held/m1/preview")))
                   for _ in range(5)]
        for one in waiting:
            one.start()
        asked = [release.accept()[0] for _ in waiting]
        began = time.monotonic()
        assert client.get("overview").status == client.get("held").status == 200
        assert client.post("held/f1/confirm").status == 200
        assert client.request("GET", "/").status == 200 and Client(weir).cookie
        assert time.monotonic() < began + 8 and not answers
        for one in asked:
            one.close()
        for one in waiting:
            one.join()
    assert [answer.status for answer in answers] == [503] * len(waiting), answers
    weir.console.stop()


def test_stops_orderly(fixture):
    """What is being answered when it is told to stop is answered still"""
    weir = weir_with_mail(fixture, "stopping")
    client, answers = Client(weir), []
    with socket.socket(socket.AF_UNIX) as release:
        release.bind(weir.settings["release"]["preview"])
        release.listen()
        release.settimeout(30)
        waiting = threading.Thread(target=lambda: answers.append(client.get("held/m1/preview")))
        waiting.start()
        asked = release.accept()[0]
        os.kill(weir.console.pid, signal.SIGTERM)
        wait_for(lambda: "event=stopping" in weir.console.log(), "it stops")
        time.sleep(0.5)
        asked.sendall(b"missing\n")
        waiting.join()
        asked.close()
    assert [answer.status for answer in answers] == [404], answers
    weir.console.stop()


def test_overview(fixture):
    """The overview tells how store, model and streams stand"""
    page = fixture.client.get("overview").json()
    assert page["store"]["up"] and page["model"]["lessons"] > 0, page
    mail, feeds = page["streams"]
    assert (mail["stream"], feeds["stream"]) == ("mail", "feeds")
    assert feeds["available"] and feeds["held"] == len(SPAM), page
    assert feeds["last_day"]["hold"] >= len(SPAM), page


def test_list_and_search(fixture):
    """What is held is listed newest first, in pages, and searched"""
    everything = fixture.held()
    ids = [item["id"] for item in everything["items"]]
    assert len(ids) == len(SPAM) and everything["total_open"]["feeds"] == len(SPAM), everything
    assert "next" not in everything
    first = fixture.held(limit=1)
    second = fixture.held(limit=1, after=first["next"])
    assert [page["items"][0]["id"] for page in (first, second)] == ids[:2]
    assert not fixture.held(stream="mail")["items"]
    subject = everything["items"][0]["subject"]
    found = fixture.held(q=subject[2:8])["items"]
    assert ids[0] in [item["id"] for item in found], found
    assert not fixture.held(q="nothing-like-it")["items"]


def test_clock_went_back(fixture):
    """Every entry is on some page, also where a later one has an earlier time"""
    ids = [item["id"] for item in fixture.held()["items"]]
    with sqlite3.connect(fixture.weir.records_feeds) as records:
        records.execute("update held set time_s = time_s + 3 where id = ?", (int(ids[1][1:]),))
    seen, after = [], {}
    while after is not None and len(seen) <= len(ids):
        page = fixture.held(limit=1, **after)
        seen += [item["id"] for item in page["items"]]
        after = {"after": page["next"]} if "next" in page else None
    assert seen == ids, (seen, ids)


def test_history(fixture):
    """What was judged comes in pages, newest first, is found by its texts, and says why"""
    fixture.hold(b"past")
    wait_for(lambda: fixture.weir.ctl("history", "--sender", "past").output.count(b"\n") >= 3,
             "the history is written")
    every = fixture.client.get("history?limit=200").json()
    assert "next" not in every
    assert [item["judged_s"] for item in every["items"]] == sorted(
        (item["judged_s"] for item in every["items"]), reverse=True)
    seen, after = [], ""
    while True:
        page = fixture.client.get("history?limit=2" + after).json()
        seen += page["items"]
        if "next" not in page:
            break
        assert len(page["items"]) == 2
        after = "&after=" + page["next"]
    assert seen == every["items"] and len(seen) >= 6
    for query, whether in (("q=PAST", lambda item: item["sender"] == "past"),
                           ("sender=plan", lambda item: item["sender"] == "planet"),
                           ("action=hold", lambda item: item["action"].startswith("hold")),
                           ("stream=mail", lambda item: False), ("since=1h", lambda item: True),
                           ("until=1h", lambda item: False), ("q=%25", lambda item: False)):
        found = fixture.client.get("history?limit=200&" + query).json()["items"]
        assert found == [item for item in every["items"] if whether(item)], query
    one = fixture.client.get("history/" + seen[0]["id"]).json()
    assert one["reasons"] and one["subject"] == seen[0]["subject"], one
    expect(fixture.client.get("history/0123456789"), 404)
    for query in ("stream=x", "limit=0", "limit=201", "since=x", "until=x", "after=m1", "after=1"):
        expect(fixture.client.get("history?" + query), 400)


def test_series(fixture):
    """Verdicts and what was held are counted by the hour and by the day of who asks"""
    judged = len(fixture.client.get("history?limit=200").json()["items"])
    for bucket, count, width in (("hour", 24, 3600), ("day", 30, 24 * 3600)):
        for zone in (0, 330, -210):
            series = fixture.client.get("history/series?bucket=%s&zone=%d" % (bucket, zone)).json()
            assert series["count"] == count and series["width_s"] == width
            assert (series["since_s"] + zone * 60) % width == 0
            assert series["since_s"] + count * width > time.time() >= \
                series["since_s"] + (count - 1) * width - 60
            feeds = [part for part in series["streams"] if part["stream"] == "feeds"][0]
            assert sum(one["count"] for one in feeds["verdicts"]) == judged, feeds
            assert all(0 <= one["span"] < count for one in feeds["verdicts"] + feeds["held"])
            assert sum(one["count"] for one in feeds["held"]) == \
                fixture.client.get("held?form=count&state=all").json()["count"]
    for query in ("bucket=week", "zone=x", "zone=841", "zone=7", "bucket=hour&zone=-841"):
        expect(fixture.client.get("history/series?" + query), 400)


def test_search_identities(fixture):
    """A text is looked up as whatever it may be the name of; what nobody met is not there"""
    fixture.weir.ctl("reputation", "pin", "feed", "planet")
    found = fixture.client.get("search?q=planet").json()["identities"]
    assert ("feed", "planet", "pin") in [(one["type"], one["value"], one["override"])
                                         for one in found], found
    assert fixture.client.get("search?q=nobody.example").json() == {"identities": []}
    expect(fixture.client.get("search"), 400)
    expect(fixture.client.get("search?q="), 400)
    expect(fixture.client.get("search/x?q=planet"), 404)
    fixture.weir.ctl("reputation", "learned", "feed", "planet", status=None)
    fixture.weir.ctl("reputation", "forget", "feed", "planet", status=None)


def test_one_item(fixture):
    """An entry has its reasons, its text and what can be done; as text, whatever it holds"""
    held = fixture.held()["items"][0]["id"]
    item = fixture.client.get("held/" + held).json()
    assert item["verdict"]["terms"] and item["deeds"] == ["release", "confirm", "delete"], item
    shown = "".join("%+6.2f  %s\n" % (group["log_odds"], group["name"]) + "".join(
        "   %+6.2f  %s%s\n" % (reason["log_odds"], reason["words"],
                              "  [%s]" % reason["symbol"] if "symbol" in reason else "")
        for reason in group["reasons"]) for group in item["reasons"])
    assert "[TITLE_STUFFED]" in shown and shown in fixture.weir.ctl("explain", held).text(), shown
    preview = fixture.client.get("held/%s/preview" % held)
    assert preview.status == 200 and preview.json()["text"], preview.body
    assert preview.headers["Content-Type"] == "application/json"


def test_deeds(fixture):
    """Confirm, release and delete do what weirctl does, in the name of who is logged in"""
    fixture.hold(b"moon")
    ids = [item["id"] for item in fixture.held(q="moon")["items"]]
    one, other = ids[:2]
    lessons = fixture.client.get("overview").json()["model"]["lessons"]
    done = fixture.client.post("held/%s/confirm" % one).json()
    assert done["state"] == "confirmed" and done["changed"], done
    assert not fixture.client.post("held/%s/confirm" % one).json()["changed"]
    assert fixture.client.post("held/%s/delete" % one).json()["state"] == "deleted"
    expect(fixture.client.post("held/%s/release" % one), 409, "it is deleted")
    assert fixture.client.post("held/%s/release" % other).json()["state"] == "released"
    assert fixture.client.get("overview").json()["model"]["lessons"] == lessons + 2
    with sqlite3.connect(fixture.weir.records_feeds) as records:
        audit = records.execute("select who, what, subject from audit order by id").fetchall()
    assert audit[-3:] == [("ann", "confirm", one), ("ann", "delete", one),
                          ("ann", "release", other)], audit
    assert fixture.weir.console.log().count("event=reviewed user=ann") == 3
    past = fixture.client.get("held/" + one).json()["history"]
    assert [(step["state"], step["by"]) for step in past] == [
        ("held", ""), ("confirmed", "ann"), ("deleted", "ann")], past
    assert all(step["at_s"] for step in past), past
    released = fixture.held(state="released")["items"]
    assert [item["id"] for item in released] == [other], released


def test_weirctl_gateway(fixture):
    """weirctl --gateway lists, shows and reviews over the console, and fails in one line"""
    weir = fixture.weir
    url = weir.console_url.replace("//", "//ann@")
    weir.env["WEIR_PASSWORD"] = PASSWORD

    def ctl(*words, **options):
        return weir.ctl("--gateway", options.pop("url", url), *words, **options)
    try:
        fixture.hold(b"mars")
        with sqlite3.connect(weir.records_feeds) as records:  # 4.7, but 4.750 would be 4.8
            records.execute("update held set log_odds = 4.74996 where id = "
                            "(select max(id) from held)")
        there = ctl("held", "list").text()
        assert there == weir.ctl("held", "list").text(), there
        weir.env["http_proxy"] = "http://127.0.0.1:1"  # the password goes to nobody else
        assert ctl("held", "list").text() == there
        held = fixture.held(q="mars")["items"][0]["id"]
        reasons = ctl("held", "show", held).text().split("\n", 1)[1]
        assert "[TITLE_STUFFED]" in reasons, reasons
        assert reasons in weir.ctl("held", "show", held).text(), reasons
        assert ctl("held", "release", held).text() == held + ": released\n"
        assert ctl("held", "release", held).text() == held + ": released already\n"
        listed = ctl("--json", "held", "list", "--state", "released").json()
        assert held in [item["id"] for item in (listed if isinstance(listed, list) else [listed])]
        for words, options, what, status in (
                (("held", "release", "f999"), {}, "404", 65),
                (("held", "show", "x"), {}, "no id", 65),
                (("held", "list"), {"url": weir.console_url}, "name in it", 65),
                (("held", "list"), {"url": "http://ann@127.0.0.1:1"}, "cannot be reached", 75),
                (("held", "list"), {"url": "https://ann@127.0.0.1:1"}, "cannot be reached", 75),
                (("held", "list"), {"url": "http://ann@[::1]:1"}, "cannot be reached", 75),
                (("held", "list"), {"url": "http://ann@localhost:1"}, "cannot be reached", 75),
                (("held", "list"), {"url": "http://ann@192.0.2.1"}, "use https", 65),
                (("held", "list"), {"url": "HTTP://ann@localhost.weir.test"}, "use https", 65),
                (("stats",), {}, "own machine", 64)):
            result = ctl(*words, status=status, **options)
            assert what in result.errors and result.errors.count("\n") == 1, result.errors
        weir.env["WEIR_PASSWORD"] = "wrong password"
        assert "wrong" in ctl("held", "list", status=65).errors
    finally:
        del weir.env["WEIR_PASSWORD"]
        weir.env.pop("http_proxy", None)


def test_weirctl_gateway_json(fixture):
    """What weirctl lists and shows of another machine is, as JSON, what it lists and shows there"""
    weir = weir_with_mail(fixture, "json")
    weir.env["WEIR_PASSWORD"] = PASSWORD
    weir.ctl("held", "release", "f2")
    over = "--gateway", weir.console_url.replace("//", "//ann@"), "held"
    for words in (("list",), ("list", "--all"), ("list", "--state", "released"),
                  ("show", "m1", "f1")):
        here, there = weir.ctl("--json", "held", *words), weir.ctl("--json", *over, *words)
        assert there.output and there.json() == here.json(), (words, there.output, here.output)
    assert weir.ctl(*over, "list", "--all").text() == weir.ctl("held", "list", "--all").text()
    weir.console.stop()


def test_weirctl_gateway_without_lesson(fixture):
    """A lesson that was not taught over there gives the exit code and the JSON that it gives here"""
    weir = Weir(fixture.directory, fixture.counts.url, "full",
                {**HOLD_ALL, "journal": {"size-limit": "1k"}})
    weir.run("weir-feedfilter", "--pipe", "--feed", "planet", input=feed(ITEMS))
    weir.start_console()
    weir.env["WEIR_PASSWORD"] = PASSWORD
    there = ("--json", "--gateway", weir.console_url.replace("//", "//ann@"))
    done = [weir.ctl(*words, "held", "confirm", held).json()
            for words, held in ((("--json",), "f1"), (there, "f2"))]
    assert done == [{"id": held, "changed": True, "state": "confirmed"} for held in ("f1", "f2")]
    for name in ("moon", "mars", "ceres", "titan"):
        weir.run("weir-feedfilter", "--pipe", "--feed", name, input=feed(ITEMS))
    others = ["f%d" % number for number in range(3, 5 * len(ITEMS) + 1)]
    fixture.counts.stop()
    try:
        weir.ctl("held", "confirm", *others, status=75)  # at the latest the last finds it full
        here = weir.ctl("--json", "held", "release", "f1", status=75)
        over = weir.ctl(*there, "held", "release", "f2", status=75)
    finally:
        fixture.counts.start()
    assert over.json() == {**here.json(), "id": "f2"}, over.output
    assert over.errors == here.errors.replace("f1", "f2"), over.errors
    assert "not taught" in over.errors, over.errors
    weir.console.stop()


def test_store_away(fixture):
    """With the store away lists and deeds work; the lesson waits, and the answer says so"""
    held = fixture.held()["items"][0]["id"]
    fixture.counts.stop()
    try:
        page = fixture.client.get("overview").json()
        assert not page["store"]["up"] and page["store"]["detail"], page
        done = fixture.client.post("held/%s/confirm" % held).json()
        assert done["state"] == "confirmed" and "waits" in done["warning"], done
    finally:
        fixture.counts.start()
    wait_for(lambda: fixture.client.get("overview").json()["store"]["up"], "the store is back")


def test_start_refuses(fixture):
    """A port in use, and pages that are not there, end the start with one line"""
    weir = Weir(fixture.directory, fixture.counts.url, "other")
    for settings in ({"listen": "127.0.0.1:%d" % fixture.weir.console_port,
                      "pages": fixture.weir.settings["console"]["pages"]},
                     {"listen": "127.0.0.1:1", "pages": "/nowhere"}):
        weir.configure({"console": settings})
        result = weir.run("weir-console", "--stderr", status=69)
        assert "event=start-failed" in result.errors and result.errors.count("\n") == 1, result.errors


def test_wrong_types(fixture):
    """A member of a wrong type is refused, and does not pass for one that is not there"""
    client, held = fixture.client, fixture.held()["items"][0]["id"]
    assert client.post("held/%s/confirm" % held).status == 200
    version = client.get("tuning").json()["version"]
    texts = (5, 5.5, ["release"], {"release": 1}, True, None)
    numbers, counts = ("1", [1], None, True), ("1", 1.5, -1, None)
    undo = "held/%s/undo" % held
    name, opml = {"name": "wrong", "url": "http://127.0.0.1:1/"}, "<opml version='2.0'><body/></opml>"
    pin = {"type": "link-domain", "value": "wrong.test"}
    for path, body, member, wrongs in (
            (undo, {}, "deed", texts), ("reputation/pin", pin, "type", texts),
            ("reputation/pin", pin, "value", texts), ("reputation/pin", pin, "log_odds", numbers),
            ("reputation/set", {**pin, "log_odds": 1}, "days", numbers),
            ("reputation/import", {}, "text", texts), ("reputation/import", {"text": "x"}, "after", counts),
            ("tuning/preview", {}, "changes", ("x", {}, 5, None)), ("tuning/preview", {}, "limit", counts),
            ("tuning/apply", {}, "version", counts), ("tuning/undo", {}, "version", counts),
            ("rules/apply", {"version": version}, "text", texts), ("rules/undo", {}, "version", counts),
            ("feeds/add", name, "mode", texts), ("feeds/add", name, "readers", texts),
            ("feeds/remove", {}, "name", texts), ("feeds/reader-add", {}, "name", texts),
            ("feeds/import", {"text": opml}, "mode", texts),
            ("feeds/import", {"text": opml}, "partial", ("yes", 1, None))):
        for wrong in wrongs:
            answer = client.post(path, {**body, member: wrong})
            assert answer.status == 400 and member in answer.json()["error"], (path, wrong, answer.body)
    for wrong in texts:
        expect(Client(fixture.weir, login=False).post("login", {"user": wrong, "password": PASSWORD}), 400)
        expect(Client(fixture.weir, login=False).post("login", {"user": "ann", "password": wrong}), 400)
    expect(client.post(undo, {"deed": "release"}, **{"Content-Type": "message/rfc822"}), 403)
    assert client.get("held/" + held).json()["state"] == "confirmed"
    assert client.get("reputation/show?type=link-domain&value=wrong.test").json()["override"] == "none"
    assert not client.get("feeds").json()["items"] and client.get("tuning").json()["version"] == version
    assert client.post(undo, {"deed": "confirm"}).json()["changed"]


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
