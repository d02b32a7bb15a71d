"""Real servers for the end-to-end tests: private Postfix, Redis, HTTP, and weir's own programs.

Tests are run by tap.py. Everything a test starts lives under one temporary directory, listens on
loopback or a unix socket, and is stopped by its process id at the end, whatever happened. Nothing
sleeps for a fixed time: wait_for() polls. A program that a sanitizer complains about fails the run,
whichever test was busy then.
"""

import email
import email.header
import email.policy
import email.utils
import http.server
import json
import os
import re
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time

from tap import Skip, at_end, complaints, run  # noqa: F401 (tests import these from here too)

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.abspath(os.environ.get("WEIR_SOURCE", os.path.join(HERE, "../..")))
SAMPLES = os.path.join(SOURCE, "conf/samples")
BUILD = os.path.abspath(os.environ.get("WEIR_BUILD", os.path.join(SOURCE, "build")))
PATIENCE_S = 60  # how long anything may take before it counts as never happening
SANITIZER = re.compile(r"(ERROR|WARNING|SUMMARY): \w*Sanitizer|runtime error: ")


def wait_for(predicate, what, timeout=PATIENCE_S):
    """The first true value that `predicate` gives; AssertionError naming `what` when none comes."""
    end = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %g s in vain: %s" % (timeout, what))
        time.sleep(0.02)


def free_port():
    """A TCP port on loopback that the kernel gives to nobody else for a minute: a connection that its
    listening side has closed first stays there in TIME_WAIT, beside which only who asks for this port
    by number, with SO_REUSEADDR as every server does, may listen."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with socket.create_connection(listening.getsockname()) as client:
            listening.accept()[0].close()
            client.recv(1)  # its end has come: ours is the one that waits
        return listening.getsockname()[1]


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


def need_program(name):
    """Its path; Skip when it is not installed."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Skip("%s is not installed" % name)
    return path


# --- temporary directory, processes ---

def make_temporary_directory():
    """A new directory that every user may walk through; removed at the end of the program."""
    path = tempfile.mkdtemp(prefix="weir-e2e-")
    os.chmod(path, 0o755)
    if os.environ.get("WEIR_KEEP"):
        print("# kept: " + path, flush=True)
    else:
        at_end(shutil.rmtree, path, True)
    return path


def environment(**more):
    """What weir's programs run with: strict sanitizers, and no slice allocator to hide leaks."""
    result = dict(os.environ, UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1",
                  G_SLICE="always-malloc", LC_ALL="C.UTF-8")
    result.update(more)
    return result


def note_sanitizer(name, text):
    if SANITIZER.search(text):
        complaints.append("%s: a sanitizer complains:\n%s" % (name, text[-6000:]))


def resident_kb(pid):
    with open("/proc/%d/status" % pid) as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


class Process:
    """One program in the foreground. Its output goes to `log_path`."""

    def __init__(self, directory, name, arguments, env=None, user=None, group=None):
        self.name = name
        self.log_path = os.path.join(directory, name + ".log")
        options = {}
        if user and os.geteuid() == 0:
            options = {"user": user, "group": group, "extra_groups": [], "umask": 0o007}
        with open(self.log_path, "ab") as log:
            self._log_start = log.tell()
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=env or environment(), cwd="/",
                                            **options)
        self.pid = self.process.pid
        self._ended = False
        at_end(self.stop)

    def alive(self):
        return self.process.poll() is None

    def log(self):
        """What this run has written."""
        with open(self.log_path, errors="replace") as log:
            log.seek(self._log_start)
            return log.read()

    def wait_started(self):
        """Until it says that it has; one that ended instead does not start."""
        wait_for(lambda: "event=started" in self.log() or not self.alive(), self.name + " starts")
        assert self.alive(), "%s does not start:\n%s" % (self.name, self.log())

    def wait(self, timeout=PATIENCE_S):
        """Its exit status, once it has ended."""
        status = self.process.wait(timeout)
        self._note_end()
        return status

    def stop(self, number=signal.SIGTERM):
        """Ends it and gives its status. Once wait() or stop() saw it end, nothing more happens;
        one that ended of its own with another status than 0 is complained of."""
        if self.alive():
            self.process.send_signal(number)
        elif not self._ended and self.process.returncode != 0:
            complaints.append("%s ended of its own, status %d:\n%s" %
                              (self.name, self.process.returncode, self.log()[-3000:]))
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            complaints.append("%s did not end at signal %d:\n%s" %
                              (self.name, number, self.log()[-3000:]))

    def kill(self):
        self.stop(signal.SIGKILL)

    def memory_kb(self):
        """Resident memory now."""
        return resident_kb(self.pid)

    def _note_end(self):
        if not self._ended:
            self._ended = True
            note_sanitizer(self.name, self.log())


# --- Redis ---

class Redis:
    """A private Redis on a unix socket, empty at first; what it holds survives stop and start only
    with `persistent`."""

    def __init__(self, directory, name="redis", persistent=False):
        self.program = need_program("redis-server")
        self.directory = os.path.join(directory, name)
        os.mkdir(self.directory)
        os.chmod(self.directory, 0o755)
        self.name = name
        self.persistent = persistent
        self.socket = os.path.join(self.directory, "redis.sock")
        self.url = "redis+unix://" + self.socket
        self.start()

    def start(self):
        self.process = Process(self.directory, self.name, [
            self.program, "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "777",
            "--dir", self.directory, "--save", "", "--appendfsync", "always",
            "--appendonly", "yes" if self.persistent else "no"])
        wait_for(self._answers, "Redis answers PING")

    def stop(self):
        self.process.stop()

    def kill(self):
        self.process.kill()

    def command(self, *words):
        """The raw reply to one command: enough to look, not a client."""
        request = b"*%d\r\n" % len(words)
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            request += b"$%d\r\n%s\r\n" % (len(word), word)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(self.socket)
            connection.sendall(request)
            return connection.recv(1 << 20)

    def version(self):
        """Of the newest lesson."""
        return int(self.command("GET", "weir:version").split(b"\r\n")[1])

    def log_length(self):
        return int(self.command("XLEN", "weir:log").strip(b":\r\n"))

    def elsewhere(self):
        """A line of weir.conf for a store that this one knows nothing of."""
        return 'counts-prefix = "elsewhere:"\n'

    def _answers(self):
        try:
            return self.command("PING") == b"+PONG\r\n"
        except OSError:
            return False


# --- SQLite ---

class CountsFile:
    """A counts store in SQLite, in a directory as conf/tmpfiles.d makes it. "Stopped" it is out of
    reach: the directory is gone; "started", it is where it was."""

    def __init__(self, directory, name="counts"):
        self.directory = os.path.join(directory, name)
        os.mkdir(self.directory)
        if os.geteuid() == 0:
            shutil.chown(self.directory, Weir.MILTER, Weir.GROUP)
        os.chmod(self.directory, 0o2770)
        self.path = os.path.join(self.directory, "counts.db")
        self.url = "sqlite://" + self.path

    def start(self):
        os.rename(self.directory + ".away", self.directory)

    def stop(self):
        os.rename(self.directory, self.directory + ".away")

    kill = stop

    def query(self, statement):
        with sqlite3.connect(self.path) as counts:
            return counts.execute(statement).fetchall()

    def version(self):
        return self.query("select max(version) from log")[0][0] or 0

    def log_length(self):
        return self.query("select count(*) from log")[0][0]

    def elsewhere(self):
        return 'counts = "sqlite://%s/elsewhere.db"\n' % self.directory


def counts_store(directory, name="counts", persistent=False):
    """An empty counts store of the kind that $WEIR_COUNTS names: redis (the default) or sqlite."""
    if os.environ.get("WEIR_COUNTS", "redis") == "sqlite":
        return CountsFile(directory, name)
    return Redis(directory, name, persistent)


# --- HTTP ---

class HttpServer:
    """Serves `documents[path] = (content type, bytes)` on loopback; `requests` lists the paths
    asked for, in order."""

    def __init__(self):
        self.documents = {}
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append(self.path)
                kind, body = outer.documents.get(self.path, ("text/plain", None))
                self.send_response(200 if body is not None else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        at_end(self.stop)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


# --- Postfix ---

MASTER_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

MAIN_CF = """\
compatibility_level = 3.6
config_directory = {root}/etc
queue_directory = {root}/spool
data_directory = {root}/data
maillog_file = {root}/log/maillog
maillog_file_prefixes = {root}/log
syslog_name = weir-test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {host}
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
mynetworks = 127.0.0.0/8
smtp_host_lookup = native
disable_dns_lookups = yes
smtpd_peername_lookup = no
default_transport = error:no mail goes outside
smtpd_recipient_restrictions = reject_unauth_destination, permit
smtpd_client_connection_count_limit = 0
smtpd_authorized_xclient_hosts = 127.0.0.0/8
in_flow_delay = 0
message_size_limit = 50000000
virtual_mailbox_domains = box.test
virtual_mailbox_base = {root}/maildir
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:8
virtual_gid_maps = static:8
virtual_minimum_uid = 8
virtual_mailbox_limit = 0
"""


class Postfix:
    """A private Postfix that delivers all mail for box.test into one Maildir. `milter` is the
    address for weir_milter, the one parameter of conf/postfix/main.cf.weir that a test sets; with
    None no milter is asked. `settings` go last into main.cf."""

    def __init__(self, directory, name="postfix", milter=None, settings=None):
        need_root()
        for program in ("postfix", "postconf", "postqueue", "postsuper", "postcat"):
            need_program(program)
        self.root = os.path.join(directory, name)
        self.config = os.path.join(self.root, "etc")
        self.spool = os.path.join(self.root, "spool")
        for folder in ("", "etc", "spool", "data", "log", "maildir"):
            os.mkdir(os.path.join(self.root, folder))
        os.chmod(self.root, 0o755)
        shutil.chown(os.path.join(self.root, "data"), "postfix")
        os.chown(os.path.join(self.root, "maildir"), 8, 8)
        self.milter = milter
        self.settings = settings or {}
        self.host = "gw-%s.weir.test" % os.urandom(4).hex()
        self.start()

    def start(self):
        for attempt in range(3):
            self.port = free_port()
            self._configure()
            command = ["/usr/sbin/postfix", "-c", self.config, "start-fg"]
            self.process = Process(self.root, "master", command, env=dict(os.environ))
            at_end(self.stop)
            try:
                wait_for(lambda: self._greets() or not self.process.alive(), "Postfix greets")
            except AssertionError:
                self.stop()
                break
            if self.process.alive():
                return
        raise AssertionError("Postfix does not start:\n" + self.process.log() + self.log())

    def stop(self):
        """Ends the master (which `start-fg` only waits for); it ends its daemons."""
        master = self._master()
        if master and self.process.alive():
            os.kill(master, signal.SIGTERM)
            try:
                self.process.wait()
            except subprocess.TimeoutExpired:
                os.killpg(master, signal.SIGKILL)
        self.process.stop()

    def _master(self):
        try:
            with open(os.path.join(self.spool, "pid/master.pid")) as file:
                return int(file.read())
        except (FileNotFoundError, ValueError):
            return None

    def _configure(self):
        with open(os.path.join(self.config, "master.cf"), "w") as master:
            master.write(MASTER_CF.format(port=self.port))
        with open(os.path.join(self.config, "main.cf"), "w") as main:
            main.write(MAIN_CF.format(root=self.root, host=self.host))
            if self.milter:
                with open(os.path.join(SOURCE, "conf/postfix/main.cf.weir")) as shipped:
                    text, lines = re.subn(r"(?m)^weir_milter = .*$", "weir_milter = " + self.milter,
                                          shipped.read())
                assert lines == 1, "conf/postfix/main.cf.weir sets weir_milter once"
                main.write(text)
            for key, value in self.settings.items():
                main.write("%s = %s\n" % (key, value))

    def _greets(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                return self.host.encode() in connection.recv(200)
        except OSError:
            return False

    def run(self, program, *arguments):
        """postqueue, postsuper, postcat or postconf on this instance; its output."""
        return subprocess.run(["/usr/sbin/" + program, "-c", self.config, *arguments], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()

    def queue(self, name=None):
        """Entries of `postqueue -j`; only those in queue `name` when given."""
        entries = [json.loads(line) for line in self.run("postqueue", "-j").splitlines()]
        return [entry for entry in entries if name in (None, entry["queue_name"])]

    def held(self):
        """Queue ids in the hold queue."""
        return [entry["queue_id"] for entry in self.queue("hold")]

    def log(self):
        try:
            with open(os.path.join(self.root, "log/maillog"), errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def delivered(self, message_id=None):
        """Messages in the Maildir, as email.message objects; only those with that Message-ID."""
        folder = os.path.join(self.root, "maildir/all/new")
        messages = []
        arrived = [(os.stat(os.path.join(folder, name)).st_mtime_ns, name)
                   for name in (os.listdir(folder) if os.path.isdir(folder) else [])]
        for _, name in sorted(arrived):
            with open(os.path.join(folder, name), "rb") as file:
                message = email.message_from_binary_file(file, policy=email.policy.compat32)
            if message_id in (None, message["Message-ID"]):
                messages.append(message)
        return messages

    def wait_delivered(self, message_id):
        """The one message with that Message-ID, once it is there."""
        return wait_for(lambda: self.delivered(message_id), "%s is delivered" % message_id)[0]

    def wait_held(self, message_id):
        """The queue id of the message with that Message-ID, once it lies in hold."""
        def find():
            for queue_id in self.held():
                try:
                    if message_id in self.run("postcat", "-hq", queue_id):
                        return queue_id
                except subprocess.CalledProcessError:
                    pass  # another one, which was released since the queue was listed
            return None
        return wait_for(find, "%s is in hold" % message_id)

    def client(self, helo="mail.sender.test"):
        """An smtplib session. Postfix lets loopback use XCLIENT, see as_client()."""
        return smtplib.SMTP("127.0.0.1", self.port, local_hostname=helo, timeout=PATIENCE_S)

    def send(self, message, sender="ann@sender.test", recipients=("bob@box.test",), address=None,
             helo="mail.sender.test"):
        """Sends bytes in a session of its own; `address`: as if the client had that IP address."""
        with self.client(helo) as client:
            if address:
                as_client(client, address)
            client.sendmail(sender, recipients, message)


def as_client(client, address, name="[UNAVAILABLE]"):
    """The SMTP session goes on as if `address` had connected."""
    client.ehlo_or_helo_if_needed()
    code, reply = client.docmd("XCLIENT", "ADDR=%s NAME=%s" % (address, name))
    assert code == 220, reply
    client.ehlo()


_serial = 0


def make_message(subject, body, sender="Ann <ann@sender.test>", recipient="bob@box.test",
                 kind="plain", headers=()):
    """(bytes, Message-ID) of a whole message with CRLF line ends. `headers` are (name, value)
    pairs put in front as they are; values may be folded and need not be ASCII."""
    global _serial
    _serial += 1
    message_id = "<%d.%d.%s@sender.test>" % (os.getpid(), _serial, os.urandom(4).hex())
    if not subject.isascii():
        subject = email.header.Header(subject, "utf-8").encode()
    lines = ["%s: %s" % pair for pair in headers]
    lines += ["From: " + sender, "To: " + recipient, "Subject: " + subject,
              "Date: " + email.utils.formatdate(), "Message-ID: " + message_id,
              "MIME-Version: 1.0", "Content-Type: text/%s; charset=utf-8" % kind,
              "Content-Transfer-Encoding: 8bit", "", body]
    text = "\n".join(lines).replace("\r\n", "\n").replace("\n", "\r\n")
    return text.encode() + (b"" if text.endswith("\r\n") else b"\r\n"), message_id


# --- weir ---

PASSWORD = "correct horse"
# What libsodium makes of it in the least time that it takes.
QUICK_SECRET = ("$argon2id$v=19$m=8,t=1,p=1$Fyfb7+go5ITDJx2lCutq2g$"
                "761G+JKhG7fBvL/nu8vhsSTgInHgQ/dehfopOJfu+HY")


def to_configuration(settings, indent=""):
    """Nested dictionaries as weir.conf: a dictionary is a section, "name title" a titled one."""
    lines = []
    for key, value in settings.items():
        if isinstance(value, dict):
            words = key.split(" ", 1)
            head = words[0] + (' "%s"' % words[1] if len(words) > 1 else "")
            lines += [indent + head + " {", to_configuration(value, indent + "  "), indent + "}"]
        elif isinstance(value, (list, tuple)):
            lines.append("%s%s = {%s}" % (indent, key, ", ".join('"%s"' % item for item in value)))
        elif isinstance(value, bool):
            lines.append("%s%s = %s" % (indent, key, "true" if value else "false"))
        elif isinstance(value, (int, float)):
            lines.append("%s%s = %s" % (indent, key, value))
        else:
            lines.append('%s%s = "%s"' % (indent, key, value))
    return "\n".join(lines)


class Result:
    def __init__(self, status, output, errors):
        self.status, self.output, self.errors = status, output, errors

    def text(self):
        return self.output.decode()

    def json(self):
        """One value, or a list of them when there are several lines."""
        values = [json.loads(line) for line in self.output.splitlines() if line.strip()]
        return values[0] if len(values) == 1 else values


class Weir:
    """weir's programs on one configuration file. Where the test is root, weir-milter and
    weir-release run as two users of one group, as an installation has it, from places that they
    can reach; weir-hold runs as root."""

    MILTER, RELEASE, GROUP = "nobody", "mail", "mail"

    def __init__(self, directory, counts, name="weir", settings=None):
        self.directory = os.path.join(directory, name)
        os.mkdir(self.directory)
        os.chmod(self.directory, 0o755)
        if os.geteuid() == 0:
            shutil.chown(self.directory, self.MILTER, self.GROUP)
            os.chmod(self.directory, 0o2775)
        self.config_path = os.path.join(self.directory, "weir.conf")
        self.records_mail = os.path.join(self.directory, "mail.db")
        self.records_feeds = os.path.join(self.directory, "feeds.db")
        self.socket = "unix:" + os.path.join(self.directory, "milter.sock")
        self.settings = {
            "gateway": name,
            "counts": counts,
            "counts-timeout": "5s",  # a busy machine is no outage
            "milter": {"socket": self.socket, "mode": "enforce",
                       "key-file": os.path.join(self.directory, "weir-id.key")},
            "feedfilter": {"mode": "enforce", "host-fetches": 1000, "host-spacing": "1ms"},
            "release": {"poll": "50ms", "preview": os.path.join(self.directory, "preview.sock")},
            "records": {"mail": self.records_mail, "feeds": self.records_feeds},
        }
        self.env = environment(WEIR_CONFIG=self.config_path)
        self.configure(settings or {})
        self.milter = self.hold = self.feeds = self.console = None

    def configure(self, changes):
        """Merges `changes` (nested) into the settings and writes the file, which is whole at any moment: a
        daemon that reloads may be reading it."""
        def merge(into, new):
            for key, value in new.items():
                if isinstance(value, dict) and isinstance(into.get(key), dict):
                    merge(into[key], value)
                else:
                    into[key] = value
        merge(self.settings, changes)
        self.socket = self.settings["milter"]["socket"]
        new = self.config_path + ".new"
        with open(new, "w") as file:
            file.write(to_configuration(self.settings) + "\n")
        os.replace(new, self.config_path)

    def program(self, name):
        """A path to the built program that every user can execute."""
        built = os.path.join(BUILD, name)
        if not os.path.exists(built):
            raise Skip("%s is not built" % name)
        reachable = os.path.join(self.directory, name)
        if not os.path.exists(reachable):
            try:
                os.link(built, reachable)
            except OSError:
                shutil.copy(built, reachable)
        return reachable

    def start_milter(self):
        self.milter = Process(self.directory, "weir-milter", [
            self.program("weir-milter"), "--stderr", "--config", self.config_path],
            env=self.env, user=self.MILTER, group=self.GROUP)
        wait_for(lambda: self.accepts() or not self.milter.alive(), "weir-milter listens")
        assert self.milter.alive(), "weir-milter does not start:\n" + self.milter.log()
        return self.milter

    def accepts(self):
        """Whether somebody listens on the milter's socket."""
        try:
            self.connect_milter().close()
            return True
        except OSError:
            return False

    def connect_milter(self):
        """A connected socket to the milter."""
        kind, address = self.socket.split(":", 1)
        if kind == "inet":
            host, port = address.rsplit(":", 1)
            return socket.create_connection((host, int(port)), timeout=PATIENCE_S)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE_S)
        connection.connect(address)
        return connection

    def start_hold(self, postfix):
        """weir-hold and, under it, weir-release, for this Postfix."""
        self.hold = Process(self.directory, "weir-hold", [
            self.program("weir-hold"), "--postfix", postfix.config, "--key",
            self.settings["milter"]["key-file"], "--user", self.RELEASE, "--",
            self.program("weir-release"), "--stderr", "--config", self.config_path], env=self.env)
        self.hold.wait_started()
        return self.hold

    def start_feeds(self, wait=True):
        """weir-feedfilter as a server, on a port of its own; `self.feeds_url` is where."""
        self.feeds_port = free_port()
        self.feeds_url = "http://127.0.0.1:%d" % self.feeds_port
        self.configure({"feedfilter": {"listen": "127.0.0.1:%d" % self.feeds_port,
                                       "cache": os.path.join(self.directory, "cache")}})
        self.feeds = Process(self.directory, "weir-feedfilter", [
            self.program("weir-feedfilter"), "--stderr", "--config", self.config_path],
            env=self.env)
        if wait:
            wait_for(lambda: self.feeds_answer() or not self.feeds.alive(),
                     "weir-feedfilter answers")
            assert self.feeds.alive(), "weir-feedfilter does not start:\n" + self.feeds.log()
        return self.feeds

    def start_console(self, secret=QUICK_SECRET):
        """weir-console with the user "ann", on a port of its own; `self.console_url` is where. Her
        password is PASSWORD, and `secret` what the file of users has of it; None: what weirctl makes,
        which takes long to check."""
        self.console_port = free_port()
        self.console_url = "http://127.0.0.1:%d" % self.console_port
        self.configure({"console": {
            "listen": "127.0.0.1:%d" % self.console_port,
            "users": os.path.join(self.directory, "console.users"),
            "pages": os.path.join(SOURCE, "admin/console")}})
        if secret:
            with open(self.settings["console"]["users"], "w") as users:
                users.write("ann:%s:admin\n" % secret)
        else:
            self.ctl("console-user", "add", "ann", input=PASSWORD + "\n")
        return self.restart_console()

    def restart_console(self):
        """The same once more, where it was; it was stopped."""
        self.console = Process(self.directory, "weir-console", [
            self.program("weir-console"), "--stderr", "--config", self.config_path], env=self.env)
        self.console.wait_started()
        return self.console

    def feeds_answer(self):
        try:
            with socket.create_connection(("127.0.0.1", self.feeds_port), timeout=5) as connection:
                connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
                return connection.recv(100).startswith(b"HTTP/1.")
        except OSError:
            return False

    def run(self, name, *arguments, input=None, status=0):
        """Runs weirctl or weir-feedfilter to its end. `status`: expected exit status; None: any."""
        if isinstance(input, str):
            input = input.encode()
        done = subprocess.run([self.program(name), *arguments], input=input or b"", env=self.env,
                              cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=4 * PATIENCE_S)
        errors = done.stderr.decode(errors="replace")
        note_sanitizer(name, errors)
        assert status is None or done.returncode == status, "%s %s: status %d, not %d\n%s%s" % (
            name, " ".join(arguments), done.returncode, status,
            done.stdout.decode(errors="replace")[-3000:], errors[-3000:])
        return Result(done.returncode, done.stdout, errors)

    def ctl(self, *arguments, **options):
        return self.run("weirctl", *arguments, **options)

    def learn_samples(self):
        """Teaches the mail and the feeds of conf/samples."""
        for label in ("ham", "spam"):
            self.ctl("learn", label, os.path.join(SAMPLES, label),
                     os.path.join(SAMPLES, "feed-%s.xml" % label))
