"""An upstream site for the tests of the feed server: documents with validators, a log of what was
asked and answered, and the ways in which sites misbehave."""

import gzip
import hashlib
import http.server
import os
import socket
import struct
import threading
import time
import zlib

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

    def __init__(self, address="127.0.0.1", port=0):
        self.documents, self.log = {}, []
        self.address, self.port = address, port
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


# --- how sites misbehave: for Document(answer=…); each ends when its client goes ---

CHUNK = 16384


def begin(handler, *headers, status=200):
    """A head with no length in it; the body ends with the connection."""
    handler.close_connection = True
    handler.send_response(status)
    for name, value in (("Content-Type", "application/rss+xml"), ("Connection", "close"), *headers):
        handler.send_header(name, value)
    handler.end_headers()


def endless(handler):
    begin(handler)
    while True:
        handler.wfile.write(b"<item>".ljust(CHUNK))


def trickle(handler):
    begin(handler)
    while True:
        handler.wfile.write(b"<")
        time.sleep(1)


def silent(handler):
    """No answer; it hangs up when the client does."""
    handler.close_connection = True
    handler.connection.recv(1)


def reset(handler):
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(handler.connection.detach())


def huge_headers(handler):
    begin(handler, *(("X-Filler-%d" % number, "x" * 8000) for number in range(200)))


def sends(body, *headers, status=200):
    """Those headers and that body and no others, then the end of the connection."""
    def answer(handler):
        begin(handler, *headers, status=status)
        handler.wfile.write(body)
    return answer


def broken_off(body):
    """The length promises more than what comes."""
    return sends(body, ("Content-Length", str(len(body) + 1000)))


def broken_off_chunk(body):
    return sends(b"%x\r\n%s" % (len(body) + 1000, body), ("Transfer-Encoding", "chunked"))


def broken_off_gzip(body):
    packed = gzip.compress(body)[:-20]
    return sends(packed, ("Content-Encoding", "gzip"), ("Content-Length", str(len(packed))))


def gzip_bomb(megabytes):
    packer = zlib.compressobj(9, wbits=31)
    blank = b" " * (1 << 20)
    packed = b"".join(packer.compress(blank) for _ in range(megabytes)) + packer.flush()
    return sends(packed, ("Content-Encoding", "gzip"))


def redirect(location, status=302):
    return sends(b"", ("Location", location), ("Content-Length", "0"), status=status)
