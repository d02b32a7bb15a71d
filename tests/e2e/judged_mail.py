"""Mail between spam and ham that a gateway judges again and again, for tests of tuning."""

import os
import random
import re
import signal

import servers
from milter_client import MilterClient
from servers import Weir, counts_store, wait_for

SPAM = ("cheap replica watches buy now best prices order online discount pills casino bonus winner "
        "offer unlimited free click guaranteed deal").split()
HAM = ("minutes board meeting attached please read before friday agenda committee report budget "
       "review schedule colleagues thursday notes discussion").split()
MAILS = 60
WITHIN_S = 15  # "about two seconds", on a loaded machine with a sanitizer


class Fixture:
    def __init__(self, directory):
        self.counts = counts_store(directory)
        self.weir = Weir(directory, self.counts.url, settings={
            "cold-lessons": 2, "thresholds": {"tag": 0.4, "hold": 0.8}})
        self.milter = self.weir.start_milter()
        self.random = random.Random(7)
        self.serial = 0
        self.mails = [self.mail(number) for number in range(MAILS)]

    def ctl(self, *arguments, **options):
        return self.weir.run("weirctl", *arguments, **options)

    def words(self, share, count=30):
        return " ".join(self.random.choice(SPAM if self.random.random() < share else HAM)
                        for _ in range(count))

    def mail(self, number):
        """(subject, client, headers, body); some between spam and ham, some with what checks see."""
        share = number / MAILS
        subject = "mail %d" % number
        if number % 7 == 0:
            subject = subject.upper() + " " + self.words(share, 4).upper()
        headers = [("From", "Ann <ann@sender%d.test>" % (number % 5)), ("Subject", subject),
                   ("Message-ID", "<%d@sender.test>" % number)]
        if number % 3:
            headers.append(("Date", "Mon, 24 Jun 2024 10:00:%02d +0000" % number))
        if number % 4 == 0:
            headers.append(("Reply-To", "other@elsewhere.test"))
        body = self.words(share) + "\r\nhttp://host%d.test/%d\r\n" % (number % 6, number)
        return subject, "192.0.2.%d" % (number % 9), headers, body

    def teach(self):
        paths = {"spam": [], "ham": []}
        for number in range(24):
            label = "spam" if number % 2 else "ham"
            path = os.path.join(self.weir.directory, "%s%d.eml" % (label, number))
            with open(path, "wb") as file:
                file.write(servers.make_message(
                    "lesson", self.words(0.9 if number % 2 else 0.1) +
                    "\nhttp://host%d.test/\n" % (number % 6 if number % 2 else number % 3),
                    sender="Ann <ann@sender%d.test>" % (number % 5))[0])
            paths[label].append(path)
        self.ctl("learn", "spam", *paths["spam"], "ham", *paths["ham"])
        version = self.counts.version()
        wait_for(lambda: self.ctl("check", "--brief", paths["spam"][0]).text() and
                 version == self.counts.version(), "lessons are learned")

    def follow(self):
        """Waits until the milter has applied every lesson."""
        def look():
            self.milter.process.send_signal(signal.SIGUSR1)
            found = re.findall(r"event=replica version=(\d+)", self.milter.log())
            return found and int(found[-1]) == self.counts.version()
        wait_for(look, "the milter's replica has all lessons")

    def deliver(self):
        """{subject: (action, log-odds)} as the history has it afterwards."""
        for subject, client_address, headers, body in self.mails:
            self.serial += 1
            client = MilterClient(self.weir.connect_milter())
            client.negotiate()
            client.connect(address=client_address)
            client.ask(b"H", b"mail.sender.test\0")
            client.mail()
            for name, value in headers:
                client.header(name.encode(), value.encode())
            client.end_of_headers()
            client.body(body.encode())
            client.end("QUEUE%07d" % self.serial)
            client.close()
        rows = wait_for(lambda: self.history(), "the history has all verdicts")
        return {row["subject"]: (row["action"], row["log_odds"]) for row in rows}

    def judge_all(self):
        """Teaches all of the mail, as a person who thinks more of it spam than the gateway did."""
        paths = {"spam": [], "ham": []}
        for number, (_, _, headers, body) in enumerate(self.mails):
            label = "spam" if number >= MAILS // 3 else "ham"
            paths[label].append(os.path.join(self.weir.directory, "judged%d.eml" % number))
            with open(paths[label][-1], "w", newline="") as file:
                file.write("".join("%s: %s\r\n" % pair for pair in headers) + "\r\n" + body)
        self.ctl("learn", "spam", *paths["spam"], "ham", *paths["ham"])

    def history(self):
        rows = self.ctl("--json", "history", "--limit", str(MAILS)).json()
        rows = rows if isinstance(rows, list) else [rows]
        return rows if len(rows) == MAILS and any(
            row["reference"] == "QUEUE%07d" % self.serial for row in rows) else None

    def tune(self, *arguments):
        """Changes the tuning and waits until the milter says that it goes by it."""
        before = self.milter.log().count("event=tuning")
        said = self.ctl(*arguments)
        wait_for(lambda: self.milter.log().count("event=tuning") > before,
                 "the milter follows within about two seconds", WITHIN_S)
        return said


def same_verdicts(rows, foretold, fresh):
    moved = {row["subject"]: row for row in foretold["list"]}
    for subject, (action, _) in rows.items():
        expected = moved[subject]["after"] if subject in moved else action
        assert fresh[subject][0] == expected, (subject, action, moved.get(subject), fresh[subject])
        if subject in moved:
            assert moved[subject]["before"] == action, (subject, action, moved[subject])
            assert abs(moved[subject]["log_odds_after"] - fresh[subject][1]) < 0.02, (
                moved[subject], fresh[subject])
