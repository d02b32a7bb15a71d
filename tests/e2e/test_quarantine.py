"""What people do with held mail, through a real Postfix: undo, retention, digests and their links."""

import re
import sqlite3
import time
import types
import urllib.request

from sample_feeds import ITEMS, SPAM, feed, without
from servers import (Postfix, Weir, counts_store, free_port, make_temporary_directory, need_root,
                     run, wait_for)
from test_mail import Stranger


def setup():
    need_root()
    directory = make_temporary_directory()
    gateway = types.SimpleNamespace(directory=directory)
    gateway.counts = counts_store(directory)
    gateway.weir = Weir(directory, gateway.counts.url, settings={
        "milter": {"socket": "inet:127.0.0.1:%d" % free_port()},
        "cold-lessons": 10, "thresholds": {"tag": 0.75, "hold": 0.85},
        # Holds whatever the releases of other tests have taught.
        "check FROM_NAME_IS_ADDRESS": {"log-odds": 20}})
    gateway.weir.learn_samples()
    gateway.postfix = Postfix(directory, milter=gateway.weir.socket)
    gateway.weir.start_milter()
    gateway.weir.start_hold(gateway.postfix)
    yield gateway


def ctl(gateway, *arguments, **options):
    return gateway.weir.ctl(*arguments, **options)


def query(gateway, statement, *values):
    with sqlite3.connect(gateway.weir.records_mail) as records:
        return records.execute(statement, values).fetchall()


def set_now(gateway, statement, *values):
    with sqlite3.connect(gateway.weir.records_mail, timeout=30) as records:
        records.execute(statement, values)


def hold(gateway, recipients=("bob@box.test",), subject="Your account"):
    """Sends a message that is held, from a stranger; its queue id, its Message-ID, its held id."""
    stranger = Stranger()
    message, message_id = stranger.spam(subject)
    stranger.send(gateway, message, recipients)
    queue_id = gateway.postfix.wait_held(message_id)
    held_id = "m%d" % query(gateway, "SELECT id FROM held WHERE reference = ?", queue_id)[0]
    wait_state(gateway, held_id, "held")
    return types.SimpleNamespace(queue_id=queue_id, message_id=message_id, id=held_id,
                                 sender="ann@" + stranger.domain, domain=stranger.domain)


def held(gateway, held_id):
    return ctl(gateway, "held", "show", "--json", held_id).json()


def wait_state(gateway, held_id, state):
    wait_for(lambda: held(gateway, held_id)["state"] == state, "%s is %s" % (held_id, state))


def counts(gateway, mail):
    """(spam, ham) of the sender's domain."""
    shown = ctl(gateway, "reputation", "show", "--json", "envelope-domain", mail.domain).json()
    return round(shown["spam"]), round(shown["ham"])


# --- undo ---

def test_undo_delete(gateway):
    """A deleted message stays in hold until held.undo has passed, and can be had back until then"""
    mail = hold(gateway)
    assert "will be deleted" in ctl(gateway, "held", "delete", mail.id).text()
    other = hold(gateway)  # weir-release made passes meanwhile
    assert mail.queue_id in gateway.postfix.held()
    assert held(gateway, mail.id)["state"] == "delete-requested"
    assert ctl(gateway, "undo", mail.id).text() == "%s: delete undone: held again\n" % mail.id
    assert held(gateway, mail.id)["state"] == "held"
    assert ctl(gateway, "undo", mail.id).text() == "%s: delete undone already\n" % mail.id
    ctl(gateway, "held", "delete", other.id)
    set_now(gateway, "UPDATE held SET due_s = ? WHERE id = ?", int(time.time()) - 1, other.id[1:])
    wait_state(gateway, other.id, "deleted")
    assert other.queue_id not in gateway.postfix.held()
    refused = ctl(gateway, "undo", other.id, status=65)
    assert refused.errors == "weirctl: %s: cannot undo its delete: deleted\n" % other.id
    ctl(gateway, "held", "release", mail.id)
    gateway.postfix.wait_delivered(mail.message_id)


def test_undo_confirm(gateway):
    """The undo of a confirm corrects its lesson and puts the message back among what is held"""
    mail = hold(gateway)
    ctl(gateway, "held", "confirm", mail.id)
    assert counts(gateway, mail) == (1, 0)
    assert "held again" in ctl(gateway, "undo", mail.id).text()
    assert held(gateway, mail.id)["state"] == "held"
    assert counts(gateway, mail) == (0, 1)
    audit = query(gateway, "SELECT what FROM audit WHERE subject = ? ORDER BY id", mail.id)
    assert [row[0] for row in audit] == ["confirm", "undo confirm"], audit
    ctl(gateway, "held", "confirm", mail.id)
    assert counts(gateway, mail) == (1, 0)


def test_undo_release(gateway):
    """Delivered mail stays delivered; one line says so, and the lesson is taken back"""
    mail = hold(gateway)
    ctl(gateway, "held", "confirm", mail.id)
    ctl(gateway, "held", "release", mail.id)
    gateway.postfix.wait_delivered(mail.message_id)
    wait_state(gateway, mail.id, "released")
    assert counts(gateway, mail) == (0, 1)
    refused = ctl(gateway, "undo", "--deed", "confirm", mail.id, status=65)
    assert "something was done after it" in refused.errors, refused.errors
    assert ctl(gateway, "undo", mail.id).text() == (
        "%s: release undone: it was delivered and cannot be recalled; its lesson is taken back\n"
        % mail.id)
    assert counts(gateway, mail) == (1, 0)
    assert held(gateway, mail.id)["state"] == "released"
    assert len(gateway.postfix.delivered(mail.message_id)) == 1


def test_undo_in_time(gateway):
    """A release that was not carried out yet is recalled"""
    mail = hold(gateway)
    gateway.weir.hold.stop()
    ctl(gateway, "held", "release", mail.id)
    assert "held again" in ctl(gateway, "undo", mail.id).text()
    gateway.weir.start_hold(gateway.postfix)
    hold(gateway)
    assert mail.queue_id in gateway.postfix.held()


def test_undo_item(gateway):
    """Releases and deletions of feed items are undone: they are cut from the feed again"""
    def pipe():
        return gateway.weir.run("weir-feedfilter", "--pipe", "--feed", "planet",
                                input=feed(ITEMS)).output

    assert pipe() == without(feed(ITEMS), *SPAM)
    ctl(gateway, "held", "release", "f1")
    assert pipe() == without(feed(ITEMS), SPAM[1])
    assert ctl(gateway, "undo", "f1").text() == "f1: release undone: held again\n"
    assert pipe() == without(feed(ITEMS), *SPAM)
    ctl(gateway, "held", "confirm", "f2")
    ctl(gateway, "held", "delete", "f2")
    assert "confirmed as spam again" in ctl(gateway, "undo", "f2").text()
    assert "held again" in ctl(gateway, "undo", "--deed", "confirm", "f2").text()
    assert held(gateway, "f2")["state"] == "held"
    for nothing in (["undo", "f99"], ["undo", "--deed", "delete", "f1"]):
        assert re.match(r"weirctl: [^\n]+\n$", ctl(gateway, *nothing, status=65).errors)


# --- retention ---

def test_retention(gateway):
    """What nobody decided about is deleted at held.keep, by Postfix too; log, audit and metrics say
    so, and weirctl retention foretells it"""
    mail, young = hold(gateway), hold(gateway)
    port = free_port()
    gateway.weir.hold.stop()
    gateway.weir.configure({"metrics": {"release": "127.0.0.1:%d" % port}})
    month = 30 * 86400
    set_now(gateway, "UPDATE held SET time_s = ? WHERE id = ?", int(time.time()) - month - 1,
            mail.id[1:])
    set_now(gateway, "UPDATE held SET time_s = ? WHERE id = ?", int(time.time()) - month + 3600,
            young.id[1:])
    told = ctl(gateway, "retention").text()
    assert re.match(r"mail: 1 held would expire now, 0 ", told), told
    listed = re.findall(r"(?m)^expires \S+ \S+  (m\d+)", told)
    assert set(listed) == {mail.id, young.id}, told
    assert [entry["id"] for entry in ctl(gateway, "retention", "--json").json()[0]["expiring"]
            ] == listed
    assert held(gateway, mail.id)["state"] == "held"
    gateway.weir.start_hold(gateway.postfix)
    wait_state(gateway, mail.id, "deleted")
    assert mail.queue_id not in gateway.postfix.held()
    assert young.queue_id in gateway.postfix.held()
    assert re.search(r"event=dropped expired=1 ", gateway.weir.hold.log()), gateway.weir.hold.log()
    assert query(gateway, "SELECT who, what FROM audit WHERE subject = ?", mail.id) == [
        ("weir", "expire")]
    with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port) as metrics:
        assert b'weir_records_dropped_total{what="expired"} 1\n' in metrics.read()


if __name__ == "__main__":
    run(setup, [test_undo_delete, test_undo_confirm, test_undo_release, test_undo_in_time,
                test_undo_item, test_retention])
