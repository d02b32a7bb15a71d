"""Users of a real Dovecot move messages into Junk and out of it, and weir learns of it, through a door
that can only teach."""

import glob
import imaplib
import os
import re
import shutil
import sqlite3
import subprocess
import types

from console_client import Client, expect
from servers import (PATIENCE_S, SOURCE, Process, Weir, counts_store, free_port,
                     make_temporary_directory, need_program, need_root, run, wait_for)

CONFIGURATION = """
base_dir = {root}/run
state_dir = {root}/state
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{root}/mail/%u
mail_uid = 8
mail_gid = 8
first_valid_uid = 8
default_internal_user = dovecot
default_vsz_limit = 0 # a sanitizer wants room
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=8 gid=8 home={root}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
namespace inbox {{
  inbox = yes
  mailbox Junk {{
    auto = create
  }}
  mailbox Trash {{
    auto = create
  }}
}}
!include {root}/weir/90-weir.conf
"""


def install_recipe(root, weir, token):
    """conf/dovecot as an admin puts it in place, but elsewhere."""
    place = os.path.join(root, "weir")
    shutil.copytree(os.path.join(SOURCE, "conf/dovecot"), place)
    for path in glob.glob(place + "/*"):
        with open(path) as file:
            text = file.read()
        for old, new in (("/usr/share/weir/dovecot", place), ("/etc/weir/dovecot.token", token),
                         ("http://127.0.0.1:8093", weir.console_url),
                         ("exec weirctl", "exec " + weir.program("weirctl"))):
            text = text.replace(old, new)
        with open(path, "w") as file:
            file.write(text)
        os.chown(path, 8, 8)
    os.chown(place, 8, 8)


def start_dovecot(root, weir, token):
    for folder in ("run", "state", "mail"):
        os.mkdir(os.path.join(root, folder))
    os.chown(os.path.join(root, "mail"), 8, 8)
    install_recipe(root, weir, token)
    port = free_port()
    path = os.path.join(root, "dovecot.conf")
    with open(path, "w") as file:
        file.write(CONFIGURATION.format(root=root, port=port))
    for script in glob.glob(os.path.join(root, "weir/*.sieve")):
        subprocess.run(["sievec", "-c", path, script], check=True, timeout=PATIENCE_S)
    process = Process(root, "dovecot", [need_program("dovecot"), "-F", "-c", path],
                      env=dict(os.environ))

    def greets():
        try:
            imaplib.IMAP4("127.0.0.1", port).shutdown()
            return True
        except OSError:
            return not process.alive()
    wait_for(greets, "Dovecot greets")
    assert process.alive(), process.log()
    return process, port


def setup():
    need_root()
    need_program("sievec")
    directory = make_temporary_directory()
    os.chmod(directory, 0o755)
    fixture = types.SimpleNamespace(counts=counts_store(directory), number=0)
    fixture.weir = Weir(directory, fixture.counts.url, settings={
        "milter": {"socket": "inet:127.0.0.1:%d" % free_port()}})
    fixture.weir.start_console()
    token = os.path.join(directory, "dovecot.token")
    with open(token, "w") as file:
        file.write(fixture.weir.ctl("console-user", "token", "--role", "teacher", "dovecot").text())
    os.chmod(token, 0o640)
    os.chown(token, 0, 8)
    fixture.token = open(token).read().strip()
    root = os.path.join(directory, "dovecot")
    os.mkdir(root)
    fixture.dovecot, fixture.port = start_dovecot(root, fixture.weir, token)
    yield fixture


def log_in(fixture, user="ann@box.test"):
    imap = imaplib.IMAP4("127.0.0.1", fixture.port)
    imap.login(user, "secret")
    imap.select("INBOX")
    return imap


def put(fixture, imap):
    """A message in the inbox; its link's domain."""
    fixture.number += 1
    domain = "link%d.test" % fixture.number
    message = ("From: eve@spam.test\r\nTo: ann@box.test\r\nMessage-ID: <%d@spam.test>\r\n"
               "Subject: offer %d\r\n\r\ncheap boots http://%s/\r\n" %
               (fixture.number, fixture.number, domain))
    code, answer = imap.append("INBOX", None, None, message.encode())
    assert code == "OK", answer
    imap.noop()
    return domain


def move(imap, source, target):
    """The one message of a mailbox."""
    imap.select(source)
    code, answer = imap.uid("MOVE", imap.uid("SEARCH", "ALL")[1][0].split()[-1], target)
    assert code == "OK", answer


def lessons(fixture, domain):
    shown = fixture.weir.ctl("--json", "reputation", "show", "link-domain", domain).json()
    return round(shown["ham"], 1), round(shown["spam"], 1)


def learned(fixture, domain, ham, spam):
    """Whether that is taught: how much of a lesson a user's word is, is not this test's."""
    def right():
        now = lessons(fixture, domain)
        return (now[0] > 0, now[1] > 0) == (ham, spam)
    wait_for(right, "%s is taught" % domain)


def test_junk(fixture):
    """Into Junk is spam, out of it is ham and takes the spam back, in the name of the user"""
    imap = log_in(fixture)
    domain = put(fixture, imap)
    move(imap, "INBOX", "Junk")
    learned(fixture, domain, False, True)
    move(imap, "Junk", "INBOX")
    learned(fixture, domain, True, False)
    imap.logout()


def test_trash(fixture):
    """From Junk to the trash is no word about the message"""
    imap = log_in(fixture, "bob@box.test")
    domain = put(fixture, imap)
    move(imap, "INBOX", "Junk")
    learned(fixture, domain, False, True)
    before = lessons(fixture, domain)
    move(imap, "Junk", "Trash")
    other = put(fixture, imap)
    move(imap, "INBOX", "Junk")
    learned(fixture, other, False, True)
    assert lessons(fixture, domain) == before
    imap.logout()


def test_the_door_only_teaches(fixture):
    """The token that Dovecot has sees nothing and decides nothing; what is too large is refused"""
    program = Client(fixture.weir, login=False)
    bearer = {"Authorization": "Bearer " + fixture.token}
    for path in ("overview", "held", "held/m1", "held/m1/preview"):
        expect(program.get(path, **bearer), 403, "you are teacher")
    expect(program.post("held/m1/release", **bearer), 403, "you are teacher")
    typed = {"Content-Type": "message/rfc822", **bearer}
    expect(program.request("POST", "/api/learn/eggs", b"Subject: x\r\n\r\n", **typed), 404)
    expect(program.request("POST", "/api/learn/spam", b"", **typed), 400, "no message")
    expect(program.request("POST", "/api/learn/spam?source=" + 65 * "x", b"x: y", **typed), 400)
    expect(program.request("POST", "/api/learn/spam", 5_000_000 * b"x", **typed), 413)
    nobody = {"Content-Type": "message/rfc822", "Authorization": "Bearer " + 64 * "0"}
    expect(program.request("POST", "/api/learn/spam", b"x: y", **nobody), 401)
    expect(program.request("POST", "/api/learn/spam", 100_000 * b"x", **nobody), 413, "no token")
    expect(Client(fixture.weir).request("POST", "/api/learn/spam", b"x: y",
                                        **{"Content-Type": "message/rfc822"}), 403, "X-Weir-Deed")


def test_without_the_console(fixture):
    """While weir-console is away mail is moved all the same, and Dovecot's log says what was not taught"""
    fixture.weir.console.stop()
    imap = log_in(fixture, "carl@box.test")
    domain = put(fixture, imap)
    move(imap, "INBOX", "Junk")
    wait_for(lambda: "cannot be reached" in fixture.dovecot.log(), "it says so")
    imap.select("Junk")
    assert len(imap.uid("SEARCH", "ALL")[1][0].split()) == 1
    imap.logout()
    fixture.weir.restart_console()
    assert lessons(fixture, domain) == (0, 0)


def test_learn_over_the_api(fixture):
    """weirctl --gateway learn takes files with a message each, and says in one line what cannot be"""
    weir = fixture.weir
    weir.env["WEIR_TOKEN"] = fixture.token
    path = os.path.join(weir.directory, "one.eml")
    with open(path, "w") as file:
        file.write("From: x@one.test\nSubject: one\nMessage-ID: <one@one.test>\n\nhttp://one.test/\n")
    words = ("--gateway", weir.console_url, "learn")
    assert weir.ctl(*words, "ham", path).text() == "taught 1, known 0, corrected 0\n"
    assert weir.ctl("--json", *words, "ham", path).json()["known"] == 1
    learned(fixture, "one.test", True, False)
    for wrong, status in (((), 64), (("ham",), 64), (("ham", path, "spam", path), 64),
                          (("eggs", path), 64), (("ham", path + ".none"), 66),
                          (("ham", "/dev/null"), 65), (("ham", "--files-from", path), 64)):
        result = weir.ctl(*words, *wrong, status=status)
        assert result.errors.count("\n") == 1, result.errors
    del weir.env["WEIR_TOKEN"]


def history_of(fixture, document_id):
    """A verdict on that document, as if the gateway had seen it; what people said of it since."""
    with sqlite3.connect(fixture.weir.records_mail, timeout=PATIENCE_S) as records:
        records.execute("INSERT INTO history (document_id, time_s, channel, action, log_odds, sender,"
                        " recipients, subject, reference, evidence) VALUES (?, 1, 'mail', 'accept', "
                        "0, '', '', '', '', '{}')", (bytes.fromhex(document_id),))


def said_of(fixture, document_id):
    with sqlite3.connect(fixture.weir.records_mail, timeout=PATIENCE_S) as records:
        return records.execute("SELECT label, who, way FROM correction WHERE document_id = ?",
                               (bytes.fromhex(document_id),)).fetchall()


def test_teachers_are_users(fixture):
    """Who teaches over the API speaks as a user, whatever name is given; the log has each lesson, and
    what was said of a document in the history is a correction"""
    weir = fixture.weir
    weir.start_milter()  # which makes the records
    path = os.path.join(weir.directory, "two.eml")
    with open(path, "w") as file:
        file.write("From: x@two.test\nSubject: two\nMessage-ID: <two@two.test>\n\nhttp://two.test/\n")
    document = weir.ctl("check", "--json", path).json()["id"]
    weir.ctl("learn", "ham", path)
    history_of(fixture, document)
    weir.env["WEIR_TOKEN"] = fixture.token
    words = ("--gateway", weir.console_url, "learn", "spam", path)
    assert weir.ctl(*words, "--source", "operator").text() == "taught 1, known 0, corrected 0\n"
    assert said_of(fixture, document) == [(1, "user:operator", "learn")]
    for source, name in (("trap:x@y.test", "user:trap:x@y.test"), ("user:ann@box.test",) * 2,
                         (None, "user:dovecot")):
        weir.ctl(*words, *(("--source", source) if source else ()))
        assert re.search(r"event=taught caller=dovecot source=%s label=spam id=%s\n" % (name, document),
                         weir.console.log()), weir.console.log()
        assert said_of(fixture, document) == [(1, name, "learn")]
    assert "64" in weir.ctl(*words, "--source", 60 * "x", status=65).errors
    del weir.env["WEIR_TOKEN"]


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
