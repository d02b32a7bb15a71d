"""Upstreams that are worse than broken, for the tests of the feed server: raw sockets that say what no
HTTP library would, and documents made to hurt. Each ends when its client goes."""

import gzip
import random
import socket
import threading
import zlib

from tap import at_end

CHUNK = 65536


class Raw:
    """A TCP server: `play(connection)` once for each connection, of which `count` counts."""

    def __init__(self, play):
        self.play, self.count = play, 0
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        at_end(self.socket.close)

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            connection.settimeout(60)
            try:
                connection.recv(CHUNK)
                self.play(connection)
            except OSError:
                pass


def says(*pieces):
    """Sends these, and hangs up once the client has."""
    def play(connection):
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(CHUNK)
    return play


def repeats(start, piece, pause_s=0):
    """Sends `start`, and `piece` for ever."""
    over = threading.Event()

    def play(connection):
        connection.sendall(start)
        while not over.wait(pause_s):
            connection.sendall(piece)
    return play


def waits(connection):
    connection.recv(CHUNK)


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"


def answer(body, *headers):
    head = b"".join(header + b"\r\n" for header in headers)
    return says(OK + head + b"Connection: close\r\n\r\n" + body)


def packed_bomb(times, wbits=31, megabytes=100):
    """So many megabytes of blanks, packed so many times over."""
    packer = zlib.compressobj(9, wbits=wbits)
    data = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(megabytes)) + packer.flush()
    for _ in range(times - 1):
        data = gzip.compress(data)
    return data


def entities(depth, width):
    """Entities of entities: width ** depth characters, if anybody were to put them in."""
    declared = "<!ENTITY a0 \"%s\">" % ("x" * width) + "".join(
        "<!ENTITY a%d \"%s\">" % (n, "&a%d;" % (n - 1) * width) for n in range(1, depth))
    return ("<?xml version=\"1.0\"?><!DOCTYPE rss [%s]><rss version=\"2.0\"><channel><title>&a%d;"
            "</title><item><guid>1</guid><title>&a%d;</title></item></channel></rss>"
            % (declared, depth - 1, depth - 1)).encode()


def in_feed(inside):
    return (b"<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>T</title>%s"
            b"</channel></rss>" % inside)


def item(inside):
    return in_feed(b"<item><guid>1</guid>%s</item>" % inside)


def mangled(body, seed):
    """`body` with bytes changed, stretches cut, doubled and swapped."""
    noise = random.Random(seed)
    data = bytearray(body)
    for _ in range(noise.randrange(1, 40)):
        at = noise.randrange(len(data))
        length = noise.randrange(1, 60)
        kind = noise.randrange(5)
        if kind == 0:
            data[at] = noise.randrange(256)
        elif kind == 1:
            del data[at:at + length]
        elif kind == 2:
            data[at:at] = data[at:at + length]
        elif kind == 3:
            data[at:at] = noise.choice([b"<", b">", b"&", b"]]>", b"<!--", b"<![CDATA[", b"\0", b"</item>",
                                        b"<item>", b"\xff\xfe", b"&#0;", b"<?xml?>", b"\""])
        else:
            data[at:at + length] = noise.randbytes(length)
        if not data:
            data = bytearray(b"<")
    return bytes(data)
