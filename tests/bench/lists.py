"""The console's lists over records of a million entries: the time to the whole answer, on a kept
connection, of first pages, of pages far behind, of filters and charts."""

import contextlib
import http.client
import json
import sqlite3
import statistics
import time
import urllib.parse

import servers

HELD = """insert into held (id, change, state, document_id, time_s, state_time_s, channel, sender,
recipients, subject, reference, log_odds, evidence) values (?1, ?1, ?2, randomblob(16), ?3, ?3, 'mail', ?4,
?5, ?6, ?7, ?8, ?9)"""
SYMBOLS = ("LINK_FARM", "DATE_MISSING", "REPLY_TO_ELSEWHERE", "REPUTATION_LINK_DOMAIN")


def held_symbols(number):
    """CONTENT in all, another in a quarter, and one of 40 rare ones in every 49th."""
    rare = ("RARE_%d" % (number // 49 % 40),) if number % 49 == 0 else ()
    return ("CONTENT", SYMBOLS[number % 4]) + rare


def held_row(number):
    terms = ",".join('{"symbol":"%s","log_odds":1.2,"detail":"shop%d.test: 12 spam, 0 ham"}' %
                     (symbol, number % 997) for symbol in held_symbols(number))
    score = 1 + number * 7919 % 1000 / 100
    return (number + 1, 4 if number % 10 == 0 else 1, 1700000000 + number,
            "sender%d@shop%d.test" % (number, number % 997), "user%d@box.test" % (number % 5000),
            "%s offer %d of the week" % (("cheap", "新品", "новый")[number % 3], number),
            "4j%010d" % number, score,
            '{"action":"hold","p":0.985,"log_odds":%.2f,"terms":[%s]}' % (score, terms))


@contextlib.contextmanager
def filling(path, table):
    """The file, to be filled. The table's triggers, which keep the indices and sums, are set aside
    meanwhile: what they would have done is for the caller to do at once."""
    with contextlib.closing(sqlite3.connect(path)) as records, records:
        triggers = records.execute("select name, sql from sqlite_master where type = 'trigger' and "
                                   "tbl_name = ?", (table,)).fetchall()
        for name, _ in triggers:
            records.execute("drop trigger " + name)
        yield records
        for _, text in triggers:
            records.execute(text)


def fill_held(path, count):
    """So many entries of mail, one in ten of which was decided."""
    with filling(path, "held") as records:
        records.executemany(HELD, map(held_row, range(count)))
        records.executemany("insert into held_symbol values (?, ?)", (
            (symbol, number + 1) for number in range(count) for symbol in held_symbols(number)))
        records.execute("insert into held_text (held_text) values ('rebuild')")
        records.execute("insert into held_sums select state, count(*) from held group by state")
        records.execute("insert into held_quarters select time_s / 900, state, count(*) from held "
                        "group by 1, 2")


def held_queries(count):
    """What the page is of, and the parameters of the API that ask for it."""
    middle = 1700000000 + count // 2
    return (
        ("first page", {}), ("a page far behind", {"after": "m%d.f0" % (count // 2)}),
        ("in any state", {"state": "all"}), ("confirmed", {"state": "confirmed"}),
        ("a sender's address", {"sender": "sender%d@" % (count // 3 + 1)}),
        ("a sender's domain", {"sender": "shop5.test"}), ("all senders", {"sender": "shop"}),
        ("a recipient", {"recipient": "user77@"}), ("a common symbol", {"symbol": "CONTENT"}),
        ("a rare symbol", {"symbol": "RARE_7"}), ("a low score", {"max_score": "1.05"}),
        ("a high score", {"min_score": "10.9"}), ("half of the scores", {"min_score": "6"}),
        ("the last hour", {"since": "@%d" % (1700000000 + count - 3600)}),
        ("older than half", {"until": "@%d" % middle}),
        ("ten seconds long ago", {"since": "@%d" % middle, "until": "@%d" % (middle + 10)}),
        ("a search for one", {"q": "offer %d of" % (count // 3 + 1)}),
        ("a search for a third", {"q": "cheap"}), ("a search for two characters", {"q": "新品"}),
        ("a search, a symbol, a sender and a score", {"q": "новый", "symbol": "RARE_7",
                                                      "sender": "shop", "min_score": "2"}))


HISTORY = """insert into history (document_id, time_s, channel, action, log_odds, sender, recipients,
subject, reference, evidence) values (randomblob(16), ?, 'mail', ?, ?, ?, ?, ?, ?, ?)"""
ACTIONS = ("accept",) * 12 + ("tag", "hold", "hold (observed)", "reject")
HISTORY_S = 30 * 86400


def history_row(number, count, now_s):
    score = number * 7919 % 1400 / 100 - 9
    return (now_s - HISTORY_S + number * HISTORY_S // count, ACTIONS[number % 16], score,
            "sender%d@shop%d.test" % (number, number % 997), "user%d@box.test" % (number % 5000),
            "%s offer %d of the week" % (("cheap", "新品", "новый")[number % 3], number),
            "4j%010d" % number,
            '{"action":"%s","p":0.5,"log_odds":%.2f,"terms":[{"symbol":"CONTENT","log_odds":%.2f,'
            '"detail":""}]}' % (ACTIONS[number % 16].split()[0], score, score))


def fill_history(path, count):
    """So many verdicts, evenly over the last 30 days."""
    now_s = int(time.time())
    with filling(path, "history") as records:
        records.executemany(HISTORY, (history_row(number, count, now_s) for number in range(count)))
        records.execute("insert into history_quarters select time_s / 900, channel, action, count(*)"
                        " from history group by 1, 2, 3")


def history_queries(count):
    return (
        ("charts by the day", "history/series", {"bucket": "day"}),
        ("charts by the day, in a zone of quarters", "history/series",
         {"bucket": "day", "zone": "345"}),
        ("charts by the hour", "history/series", {"bucket": "hour"}),
        ("first page", "history", {}),
        ("what was rejected", "history", {"action": "reject"}),
        ("a sender's domain", "history", {"sender": "shop5.test"}),
        ("a recipient", "history", {"recipient": "user77@"}),
        ("older than half", "history", {"until": "@%d" % (time.time() - HISTORY_S // 2)}),
        ("a search for a third", "history", {"q": "cheap"}),
        ("a search for one of yesterday", "history", {"q": "offer %d of" % (count * 29 // 30)}))


class Console:
    """A console of its own, and a connection to it that is kept."""

    def __init__(self, directory, name, fill, count):
        counts = servers.CountsFile(directory, "counts-" + name)
        self.weir = servers.Weir(directory, counts.url, name, {"log": {"level": "notice"}})
        self.weir.start_milter()
        fill(self.weir.records_mail, count)
        self.weir.start_console()
        self.connection = http.client.HTTPConnection("127.0.0.1", self.weir.console_port)
        self.connection.request("POST", "/api/login", json.dumps(
            {"user": "ann", "password": "correct horse"}), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        answer.read()
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]

    def milliseconds(self, path, query, full, rounds):
        """The median; the member `full` of the answer must have something in it."""
        times = []
        for _ in range(rounds):
            start = time.monotonic()
            self.connection.request("GET", "/api/%s?%s" % (path, urllib.parse.urlencode(query)),
                                    headers={"Cookie": self.cookie})
            answer = self.connection.getresponse()
            page = json.loads(answer.read())
            times.append(1000 * (time.monotonic() - start))
            assert answer.status == 200 and page[full], (query, page)
        return statistics.median(times)

    def stop(self):
        self.weir.console.stop()
        self.weir.milter.stop()


def held(directory, count, rounds):
    """(what, milliseconds) of the list of what is held."""
    console = Console(directory, "held", fill_held, count)
    for what, query in held_queries(count):
        yield what, console.milliseconds("held", query, "items", rounds)
    console.stop()


def history(directory, count, rounds):
    """(what, milliseconds) of the list of verdicts and the charts of them."""
    console = Console(directory, "history", fill_history, count)
    for what, path, query in history_queries(count):
        yield what, console.milliseconds(path, query, "items" if path == "history" else "streams",
                                         rounds)
    console.stop()
