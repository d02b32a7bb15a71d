"""What weir remembers of documents that nobody gave a label: how many bore an identity and when it
was first seen, counted beside the mail's way; and that all-new links speak, once the store knows
who is new."""

import json
import sqlite3
import time
import urllib.request

from milter_client import MilterClient
from servers import (CountsFile, Weir, counts_store, free_port, make_temporary_directory, run,
                     wait_for)

DAY = 86400


def rows(result):
    return [json.loads(line) for line in result.text().splitlines()]


class Fixture:
    def __init__(self):
        self.directory = make_temporary_directory()
        self.counts = counts_store(self.directory)
        self.metrics_port = free_port()
        self.weir = Weir(self.directory, self.counts.url, settings={
            "metrics": {"milter": "127.0.0.1:%d" % self.metrics_port}})
        self.weir.learn_samples()
        self.weir.start_milter()
        self.number = 0

    def pass_mail(self, link):
        self.number += 1
        client = MilterClient(self.weir.connect_milter()).open()
        client.message([(b"From", b"ann@sender.test"), (b"Subject", b"Tides %d" % self.number),
                        (b"Message-ID", b"<%d@sender.test>" % self.number),
                        (b"Date", b"Sun, 29 Nov 2026 10:00:00 +0000")],
                       b"See you at six: http://%s/%d\r\n" % (link.encode(), self.number))
        client.close()

    def symbols(self):
        """Of the newest message."""
        row = wait_for(lambda: next((row for row in rows(self.ctl("--json", "history"))
                                     if row["subject"] == "Tides %d" % self.number), None),
                       "the verdict is recorded")
        shown = self.ctl("--json", "explain", row["document"]).json()["verdict"]
        return {term["symbol"]: term for term in shown["terms"]}

    def ctl(self, *words, **options):
        return self.weir.ctl(*words, **options)

    def show(self, kind, value):
        return self.ctl("--json", "reputation", "show", kind, value).json()

    def count_since(self, age_s):
        """The store has counted documents for so long."""
        since_s = int(time.time()) - age_s
        if isinstance(self.counts, CountsFile):
            database = sqlite3.connect(self.counts.path)
            database.execute("UPDATE seen SET since_s = ?", (since_s,))
            database.commit()
            database.close()
        else:
            self.counts.command("SET", "weir:since", str(since_s), "KEEPTTL")

    def dropped(self):
        url = "http://127.0.0.1:%d/metrics" % self.metrics_port
        for line in urllib.request.urlopen(url).read().decode().split("\n"):
            if line.startswith("weir_volume_dropped_total "):
                return int(line.split(" ")[1])
        raise AssertionError("weir_volume_dropped_total is not there")


def setup():
    yield Fixture()


def test_documents_are_counted(fixture):
    """Judged mail is counted for each identity, with the time of the first, and nothing else changes"""
    begin = int(time.time())
    for _ in range(3):
        fixture.pass_mail("www.fresh.test")
    wait_for(lambda: round(fixture.show("link-domain", "fresh.test")["seen"]) == 3, "three are counted")
    told = fixture.show("link-host", "www.fresh.test")
    assert round(told["seen"]) == 3 and begin <= told["first_seen"] <= time.time(), told
    assert (told["ham"], told["spam"], told["log_odds"]) == (0, 0, 0), told
    assert round(fixture.show("ip", "192.0.2.1")["seen"]) == 3
    never = fixture.show("link-domain", "never.test")
    assert never["seen"] == 0 and "first_seen" not in never, never
    words = fixture.ctl("reputation", "explain", "link-domain", "fresh.test").text()
    assert "seen       3.0 documents" in words and "first met  20" in words, words
    assert "seen     3.0  link-domain" in fixture.ctl("reputation", "show", "link-domain",
                                                      "fresh.test").text()


def test_lists_leave_out_what_nobody_spoke_of(fixture):
    """list and top are of what was taught; export has all"""
    listed = rows(fixture.ctl("--json", "reputation", "list", "link-domain"))
    assert "fresh.test" not in [row["value"] for row in listed], listed
    lines = fixture.ctl("reputation", "export", "link-domain").text().split("\n")
    row, = [row for row in lines if row.startswith("link-domain,fresh.test,0,0,")]
    seen, first = row.split(",")[-2:]
    assert round(float(seen)) == 3 and int(first) > 0, row


def test_new_links_speak_once_the_store_knows_who_is_new(fixture):
    """LINK_FIRST_SEEN needs two weeks of counting; then it is of new links, in full, and of no others"""
    fixture.pass_mail("one.test")
    assert "LINK_FIRST_SEEN" not in fixture.symbols()
    fixture.count_since(13 * DAY)
    fixture.pass_mail("two.test")
    assert "LINK_FIRST_SEEN" not in fixture.symbols()
    fixture.count_since(15 * DAY)
    fixture.pass_mail("three.test")
    term = fixture.symbols()["LINK_FIRST_SEEN"]
    assert term["log_odds"] == 0.3 and term["detail"] == "three.test, never seen before", term
    wait_for(lambda: fixture.show("link-domain", "three.test")["seen"] > 0, "it is counted")

    def seen_lately():  # once what was read of it is no longer taken from the cache
        fixture.pass_mail("three.test")
        term = fixture.symbols()["LINK_FIRST_SEEN"]
        return term["log_odds"] == 0.3 and term["detail"].startswith("three.test, first seen ")
    wait_for(seen_lately, "it was seen minutes ago")
    fixture.ctl("reputation", "import", "-", input="type,value,ham,spam,time,seen,first_seen\n"
                "link-domain,old.test,0,0,%d,1,%d\n" % (time.time(), time.time() - 2 * DAY))
    fixture.pass_mail("old.test")
    assert "LINK_FIRST_SEEN" not in fixture.symbols()


def test_store_that_is_away_costs_the_count_alone(fixture):
    """While the store is away mail flows, and what is not counted is counted as dropped"""
    assert fixture.dropped() == 0
    fixture.counts.stop()
    fixture.pass_mail("away.test")
    wait_for(lambda: fixture.dropped() > 3, "what was not counted is told")
    assert "LINK_FIRST_SEEN" not in fixture.symbols()
    fixture.counts.start()
    wait_for(lambda: fixture.weir.ctl("--json", "reputation", "show", "link-domain", "back.test",
                                      status=None).status == 0, "the store is back")

    def counted():
        fixture.pass_mail("back.test")
        return fixture.show("link-domain", "back.test")["seen"] > 0
    wait_for(counted, "documents are counted again")


run(setup, [test_documents_are_counted, test_lists_leave_out_what_nobody_spoke_of,
            test_new_links_speak_once_the_store_knows_who_is_new,
            test_store_that_is_away_costs_the_count_alone])
