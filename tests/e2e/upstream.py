"""An upstream site for the tests of the feed server: documents with validators, a log of what was
asked and answered, and the ways in which sites misbehave."""

import gzip
import hashlib
import http.server
import socket
import threading
import time

from tap import at_end


class Document:
    """What a path answers: `body` with validators and 304, unless `answer` (called with the handler)
    does something else."""

    def __init__(self, body=b"", kind="application/rss+xml", status=200, headers=(), answer=None,
                 validators=True, modified="Mon, 02 Nov 2026 08:00:00 GMT"):
        self.body, self.kind, self.status = body, kind, status
        self.headers, self.answer, self.validators = list(headers), answer, validators
        self.modified = modified

    def etag(self):
        return '"%s"' % hashlib.sha256(self.body).hexdigest()[:16]


class Request:
    """A line of the log."""

    def __init__(self, path, headers, status):
        self.path, self.headers, self.status, self.time = path, headers, status, time.time()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self):
        document = self.server.upstream.documents.get(self.path)
        if document is None:
            document = Document(b"nothing is here\n", "text/plain", 404, validators=False)
        if document.answer:
            self.note(None)
            document.answer(self)
        else:
            self.send(document)

    def note(self, status):
        self.server.upstream.log.append(Request(self.path, dict(self.headers), status))

    def send(self, document):
        body, headers = document.body, list(document.headers)
        status = document.status
        if document.validators:
            headers += [("ETag", document.etag()), ("Last-Modified", document.modified)]
            if self.headers.get("If-None-Match") == document.etag():
                status, body = 304, b""
        if status == 200 and "gzip" in self.headers.get("Accept-Encoding", ""):
            headers.append(("Content-Encoding", "gzip"))
            body = gzip.compress(body)
        self.note(status)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Type", document.kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address, upstream):
        self.upstream = upstream
        self.sockets = set()
        super().__init__(address, Handler)

    def process_request(self, request, client_address):
        self.sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        pass  # clients that go away in the middle are what some tests are about


class Upstream:
    """`documents[path]` is a Document; `log` lists the requests. stop() and start() keep the port."""

    def __init__(self, address="127.0.0.1"):
        self.documents, self.log = {}, []
        self.address, self.port = address, 0
        self.start()
        at_end(self.stop)

    def start(self):
        self.server = Server((self.address, self.port), self)
        self.port = self.server.server_address[1]
        self.url = "http://%s:%d" % (self.address, self.port)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05},
                         daemon=True).start()

    def stop(self):
        """No connection is taken any more, and those that are open end."""
        if not self.server:
            return
        server, self.server = self.server, None
        server.shutdown()
        server.server_close()
        for connection in list(server.sockets):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def asked(self, path):
        return [request for request in self.log if request.path == path]
