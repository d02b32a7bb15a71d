"""The feed server and the WebSub hubs that feeds offer: news comes at once, and a hub that lies does
no harm."""

import json
import re
import signal
import time

from gateway import get, setup
from hub import DOOR, Hub, ask
from sample_feeds import HAM, feed
from servers import run, wait_for
from upstream import Document

SLOW = {"poll": "1h", "poll-min": "1s", "poll-max": "1h", "websub-url": DOOR}


def offering(hub, path, items=HAM):
    """A feed that offers the hub, in itself."""
    links = ("<atom:link xmlns:atom=\"http://www.w3.org/2005/Atom\" rel=\"hub\" href=\"%s%s\"/>"
             "<atom:link xmlns:atom=\"http://www.w3.org/2005/Atom\" rel=\"self\" "
             "href=\"http://blog.test%s\"/>" % (hub.url, path, path)).encode()
    return feed(items).replace(b"<description>", links + b"<description>", 1)


def news(number):
    return b"<item><guid>news%d</guid><title>Some news</title></item>" % number


def state(gateway, name):
    return gateway.health(name).get("websub")


def start(fixture, **settings):
    """A gateway that polls once an hour, and its hub."""
    gateway = fixture.gateway({}, feedfilter={**SLOW, **settings})
    return gateway, Hub(gateway)


def stop(gateway):
    assert gateway.feeds.stop() == 0, gateway.log()


def test_news_comes_at_once(fixture):
    """Signed with any of the four methods; also offered by headers; by another topic of its own"""
    gateway, hub = start(fixture)
    gateway.add("inside", Document(offering(hub, "/inside")))
    gateway.add("header", Document(feed(HAM), headers=[
        ("Link", "<%s/header>; rel=hub" % hub.url), ("Link", "</topic>; rel=\"self\"")]))
    gateway.add("json", Document(json.dumps({
        "version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [],
        "feed_url": "http://blog.test/json",
        "hubs": [{"type": "WebSub", "url": hub.url + "/json"}]}).encode(), "application/feed+json"))
    gateway.__enter__()
    names = ("inside", "header", "json")
    wait_for(lambda: all(state(gateway, name) == "active" for name in names), "the hub has said yes")
    wait_for(lambda: len(hub.verified) == 3, "the hub has heard our answers")
    assert sorted(hub.verified) == [("/header", 200, True), ("/inside", 200, True),
                                    ("/json", 200, True)], hub.verified
    topics = {path: form["hub.topic"] for path, form, _ in hub.forms}
    assert topics == {"/inside": "http://blog.test/inside", "/json": "http://blog.test/json",
                      "/header": gateway.upstream.url + "/topic"}, topics
    callbacks = {form["hub.callback"] for _, form, _ in hub.forms}
    assert all(re.fullmatch(DOOR + r"/w/\w+/[0-9a-f]{32}", callback) for callback in callbacks)
    assert len({callback[-32:] for callback in callbacks}) == 3
    form = hub.form("/inside")
    for number, method in enumerate(("sha1", "sha256", "sha384", "sha512")):
        gateway.document("inside").body = offering(hub, "/inside", [news(number)] + HAM)
        assert hub.push(form, b"whatever", method) == 202
        wait_for(lambda: b"news%d<" % number in get(gateway, "/f/inside").body, "the news is there")
    gateway.document("header").body = feed([news(1)] + HAM)
    assert hub.push(hub.form("/header"), b"") == 202
    wait_for(lambda: b"news1<" in get(gateway, "/f/header").body, "the news is there")
    # What a hub sends is never shown; nor does anybody see paths and secrets.
    everything = gateway.log() + get(gateway, "/health").text() + get(gateway, "/f/inside").text()
    for _, form, _ in hub.forms:
        assert form["hub.secret"] not in everything and form["hub.callback"][-32:] not in everything
    assert b"whatever" not in get(gateway, "/f/inside").body
    assert b"rel=\"hub\"" not in get(gateway, "/f/inside").body
    assert len(gateway.lines("websub-subscribed", "inside")) == 1
    # The interval between polls is that of the fallback: poll-max, as it is less than six hours.
    stop(gateway)


def test_restart(fixture):
    """After a restart the hub is not asked again, and what it sends is known; off, it is not"""
    gateway, hub = start(fixture)
    gateway.add("kept", Document(offering(hub, "/kept")))
    gateway.__enter__()
    wait_for(lambda: state(gateway, "kept") == "active", "the hub has said yes")
    time.sleep(0.5)  # so that it is written
    stop(gateway)
    gateway.start_feeds()
    wait_for(lambda: state(gateway, "kept") == "active", "it is remembered")
    gateway.document("kept").body = offering(hub, "/kept", [news(1)] + HAM)
    form = hub.form("/kept")  # later it is told that it is wanted no more, in another one
    assert hub.push(form, b"x") == 202
    wait_for(lambda: b"news1<" in get(gateway, "/f/kept").body, "the news is there")
    assert len(hub.forms) == 1, hub.forms
    gateway.configure({"feedfilter": {"websub-url": ""}})
    gateway.feeds.process.send_signal(signal.SIGHUP)
    wait_for(lambda: state(gateway, "kept") is None, "no hub is used any more")
    assert hub.push(form, b"x") == 404
    stop(gateway)


def test_forged(fixture):
    """Unsigned, forged and repeated pushes, and strange paths, cost no poll that was not allowed"""
    gateway, hub = start(fixture)
    gateway.add("target", Document(offering(hub, "/target")))
    gateway.__enter__()
    wait_for(lambda: state(gateway, "target") == "active", "the hub has said yes")
    form, asked = hub.form("/target"), gateway.asked("target")
    for signature in ("", "sha1=", "sha256=" + "0" * 64, "md5=" + "0" * 32, "x" * 4000, "=", "sha512"):
        assert hub.push(form, b"forged", signature=signature) == 202, signature
    assert hub.push(form, b"forged", secret="guessed") == 202
    assert hub.push(form, b"x" * (4 << 20), secret="guessed") == 202
    time.sleep(1)
    assert gateway.asked("target") == asked
    assert len(gateway.lines("websub-forged", "target")) == 1, gateway.log()[-2000:]
    base = gateway.feeds_url
    token = form["hub.callback"][-32:]
    for path in ("/w/target/" + "0" * 32, "/w/target/", "/w/target/" + token[:-1], "/w/other/" + token,
                 "/w/target/" + token + "0", "/w/target/" + token + "/x", "/w/target"):
        assert ask(base + path + "?hub.mode=subscribe&hub.topic=x&hub.challenge=y")[0] == 404, path
    # The true path, but nothing that was asked for.
    for query in ("", "?hub.mode=unsubscribe&hub.topic=http://blog.test/target&hub.challenge=y",
                  "?hub.mode=subscribe&hub.topic=http://blog.test/target&hub.challenge=y",
                  "?hub.mode=%00&hub.topic=%zz&hub.challenge=" + "y" * 3000):
        assert ask(base + "/w/target/" + token + query)[0] == 404, query
    start_s, count = time.monotonic(), 0
    while count < 300:  # the same again and again
        assert hub.push(form, b"true") == 202
        count += 1
    more = gateway.asked("target") - asked
    assert more <= time.monotonic() - start_s + 2, "%d polls" % more
    assert state(gateway, "target") == "active"
    gateway.expect_bounded()
    stop(gateway)


def test_hubs_that_lie(fixture):
    """Wrong topics, endless leases, denials, refusals, silence and nonsense: the feed is polled on"""
    gateway, hub = start(fixture, **{"poll": "1s", "poll-max": "1s", "fetch-timeout": "5s"})

    def endless(_, handler, __):
        handler.close_connection = True
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    def elsewhere(_, handler, __):
        handler.reply(307, ("Location", hub.url + "/never"))

    def silent(_, handler, __):
        handler.close_connection = True
        handler.connection.recv(1)

    lies = {
        "topic": lambda h, handler, form: h.verify(handler, form, topic="http://victim.test/"),
        "mode": lambda h, handler, form: h.verify(handler, form, mode="unsubscribe"),
        "lease": lambda h, handler, form: h.verify(handler, form, lease_seconds="9" * 30),
        "soon": lambda h, handler, form: h.verify(handler, form, lease_seconds="0"),
        "denies": lambda h, handler, form: h.verify(handler, form, mode="denied", reason="no"),
        "never": lambda _, handler, __: handler.reply(202),
        "refuses": lambda _, handler, __: handler.reply(500, body=b"<html>"),
        "elsewhere": elsewhere, "endless": endless, "silent": silent,
    }
    for name, lie in lies.items():
        hub.answers["/" + name] = lie
        gateway.add(name, Document(offering(hub, "/" + name)))
    gateway.add("private", Document(feed(HAM), headers=[
        ("Link", "<http://127.0.0.2:1/hub>; rel=hub"), ("Link", "</x>; rel=self")]))
    with gateway:
        wait_for(lambda: all(path in [form[0] for form in hub.forms]
                             for path in ("/" + name for name in lies)), "all hubs are asked")
        failing = ("refuses", "elsewhere", "silent", "private")
        wait_for(lambda: all(gateway.lines("websub-failed", name) for name in failing), "these fail")
        wait_for(lambda: len(hub.verified) >= 5, "these verify")
        states = {name: state(gateway, name) for name in lies}
        assert states == {"topic": "asked", "mode": "asked", "lease": "active", "soon": "active",
                          "denies": "due", "never": "asked", "refuses": "due", "elsewhere": "due",
                          "endless": "asked", "silent": "due"}, states
        results = {path: (status, same) for path, status, same in hub.verified}
        assert results["/topic"] == results["/mode"] == (404, False), results
        assert results["/lease"] == results["/soon"] == (200, True), results
        assert results["/denies"] == (200, False), results
        line = gateway.lines("websub-failed", "private")[0]
        assert "127.0.0.2 is private" in line, line
        assert len(gateway.lines("websub-denied", "denies")) == 1
        for name in lies:
            assert get(gateway, "/f/" + name).status == 200, name
            gateway.document(name).body = offering(hub, "/" + name, [news(7)] + HAM)
        wait_for(lambda: all(b"news7<" in get(gateway, "/f/" + name).body for name in lies),
                 "all are polled on")
        # Nobody is asked again so soon, whatever it said, and nobody but the hub.
        assert sorted(path for path, _, _ in hub.forms) == sorted("/" + name for name in lies)
        gateway.expect_told_once(failing, "websub-failed")


def modes(hub, path):
    return [form["hub.mode"] for where, form, _ in hub.forms if where == path]


def test_hubs_are_left(fixture):
    """A hub is told when its feed is removed, moves, or offers another; it is asked a little again, and
    only what was asked for is confirmed"""
    gateway, hub = start(fixture)
    names = ("gone", "moved", "changed", "refuses", "silent", "stays")
    for name in names:
        gateway.add(name, Document(offering(hub, "/" + name)))
    gateway.__enter__()
    wait_for(lambda: all(state(gateway, name) == "active" for name in names), "the hub has said yes")
    forms = {name: hub.form("/" + name) for name in names}
    hub.verified.clear()
    replies = iter((500, 202))

    def refuses(_, handler, form):
        status = next(replies)
        if status == 202:
            hub.verify(handler, form)
        else:
            handler.reply(status)

    hub.answers["/refuses"] = refuses
    hub.answers["/silent"] = lambda _, handler, __: handler.reply(202)
    gateway.document("changed").body = offering(hub, "/other")
    assert hub.push(forms["changed"], b"news") == 202
    for name in ("gone", "refuses", "silent"):
        del gateway.settings["feed " + name]
    gateway.configure({"feed moved": {"url": gateway.settings["feed stays"]["url"] + "?"}})
    gateway.feeds.process.send_signal(signal.SIGHUP)
    left = ("gone", "moved", "changed", "refuses")
    wait_for(lambda: all(gateway.lines("websub-left", name) for name in left), "these are left")
    wait_for(lambda: modes(hub, "/silent")[1:] == ["unsubscribe"], "this one, too")
    wait_for(lambda: state(gateway, "changed") == "active", "the other hub has said yes")
    for name in left:
        again = ["unsubscribe"] * (2 if name == "refuses" else 1)
        assert modes(hub, "/" + name) == ["subscribe"] + again, hub.forms
        form = hub.form("/" + name)
        assert set(form) == {"hub.mode", "hub.topic", "hub.callback"}, form
        assert form["hub.callback"] == forms[name]["hub.callback"]
        assert form["hub.topic"] == forms[name]["hub.topic"]
        assert len(gateway.lines("websub-left", name)) == 1
        # What it sends or asks after that is not known.
        assert hub.push(forms[name], b"x") == 404
        hub.confirm("late", form)
    assert {(path, status, same) for path, status, same in hub.verified} >= {
        ("/" + name, 200, True) for name in left}, hub.verified
    assert [entry for entry in hub.verified if entry[0] == "late"] == [("late", 404, False)] * 4
    # A hub that lies: the topic of another, what nobody asked for, and all of it where we stay.
    hub.verified.clear()
    form = hub.form("/silent")
    hub.confirm("lie", form, topic="http://blog.test/stays")
    hub.confirm("lie", form, mode="subscribe")
    hub.confirm("lie", {**form, "hub.callback": forms["stays"]["hub.callback"],
                        "hub.topic": forms["stays"]["hub.topic"]})
    assert hub.verified == [("lie", 404, False)] * 3, hub.verified
    assert state(gateway, "stays") == "active" and modes(hub, "/stays") == ["subscribe"]
    hub.confirm("true", form)
    assert hub.verified[3:] == [("true", 200, True)], hub.verified
    assert len(gateway.lines("websub-left", "silent")) == 1
    stop(gateway)


def test_secrets_stay(fixture):
    """The hub sees neither the feed's password nor its headers"""
    gateway, hub = start(fixture)
    gateway.add("secret", Document(offering(hub, "/secret")))
    gateway.configure({"feed secret": {"user": "ann", "password": "p4ss", "headers": ["X-Key: k3y"]}})
    gateway.__enter__()
    wait_for(lambda: state(gateway, "secret") == "active", "the hub has said yes")
    assert gateway.upstream.asked(gateway.prefix + "secret")[0].headers.get("X-Key") == "k3y"
    _, _, headers = hub.forms[0]
    assert "X-Key" not in headers and "Authorization" not in headers, headers
    stop(gateway)


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
