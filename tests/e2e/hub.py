"""A WebSub hub for the tests of the feed server, honest unless it is told to lie."""

import hashlib
import hmac
import http.server
import secrets
import threading
import urllib.error
import urllib.parse
import urllib.request

from servers import PATIENCE_S
from tap import at_end

DOOR = "http://feeds.test"  # what gateways give as their public address; the hub knows where that is


def ask(request):
    """(status, body)"""
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
        hub = self.server.hub
        hub.forms.append((self.path, form, dict(self.headers)))
        hub.answers.get(self.path, Hub.verify)(hub, self, form)

    def reply(self, status, *headers, body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients that go away in the middle


class Hub:
    """`forms` lists what was posted (path, form, headers); `verified` what came of asking back
    (path, status, whether the challenge came back). `answers[path]` (called with the hub, the
    handler and the form) does something else than to accept and verify."""

    def __init__(self, gateway):
        self.gateway, self.forms, self.verified, self.answers = gateway, [], [], {}
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.hub = self
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05},
                         daemon=True).start()
        at_end(self.server.shutdown)

    def callback(self, form):
        return form["hub.callback"].replace(DOOR, self.gateway.feeds_url)

    def confirm(self, path, form, **changes):
        """Asks back whether it was them, with `changes` to what is asked."""
        challenge = secrets.token_urlsafe(300)
        query = {"hub.mode": form["hub.mode"], "hub.topic": form["hub.topic"],
                 "hub.challenge": challenge}
        if "hub.lease_seconds" in form:
            query["hub.lease_seconds"] = form["hub.lease_seconds"]
        query.update({"hub." + name: value for name, value in changes.items()})
        status, body = ask(self.callback(form) + "?" + urllib.parse.urlencode(query))
        self.verified.append((path, status, body == query["hub.challenge"].encode()))

    def verify(self, handler, form, **changes):
        handler.reply(202)
        threading.Thread(target=self.confirm, args=(handler.path, form), kwargs=changes,
                         daemon=True).start()

    def form(self, path):
        """The last that was posted there."""
        return [form for where, form, _ in self.forms if where == path][-1]

    def push(self, form, body, method="sha256", secret=None, signature=None):
        """Sends `body`; its status."""
        if signature is None:
            key = (secret or form["hub.secret"]).encode()
            signature = method + "=" + hmac.new(key, body, getattr(hashlib, method)).hexdigest()
        headers = {"Content-Type": "application/rss+xml"}
        if signature:
            headers["X-Hub-Signature"] = signature
        return ask(urllib.request.Request(self.callback(form), body, headers))[0]
