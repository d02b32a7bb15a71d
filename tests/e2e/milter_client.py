"""A mail server's side of the milter protocol (version 6), for what Postfix would never send.

Only what the tests need: one step after the other, each answered by one packet, and the
modifications that come before the last answer.
"""

import struct

ACTIONS = 0x1FF
STEPS = 0x1FFFFF & ~0x0FF80  # every callback, each answered: no SMFIP_NR_* bits
CHUNK = 65535


class MilterClient:
    """Speaks over a connected socket. Every call returns the code of the milter's answer, as one
    byte; ConnectionError when the milter has closed."""

    def __init__(self, connection, actions=ACTIONS):
        self.connection = connection
        self.actions = actions

    def close(self):
        self.connection.close()

    def send(self, code, data=b""):
        self.connection.sendall(struct.pack("!I", len(data) + 1) + code + data)

    def receive(self):
        """(code, data) of one packet."""
        (length,) = struct.unpack("!I", self._read(4))
        packet = self._read(length)
        return packet[:1], packet[1:]

    def _read(self, length):
        data = b""
        while len(data) < length:
            got = self.connection.recv(length - len(data))
            if not got:
                raise ConnectionError("the milter has closed the connection")
            data += got
        return data

    def ask(self, code, data=b""):
        self.send(code, data)
        return self.receive()[0]

    def macros(self, stage, **values):
        pairs = b"".join(("{%s}" % name if len(name) > 1 else name).encode() + b"\0" +
                         value.encode() + b"\0" for name, value in values.items())
        self.send(b"D", stage + pairs)

    def negotiate(self):
        """(actions, steps) that the milter wants."""
        self.send(b"O", struct.pack("!III", 6, self.actions, STEPS))
        code, data = self.receive()
        assert code == b"O", code
        return struct.unpack("!II", data[4:12])

    def connect(self, name="mail.sender.test", address="192.0.2.1"):
        self.macros(b"C", client_addr=address, client_name=name, daemon_name="mx")
        return self.ask(b"C", name.encode() + b"\0" + b"4" + struct.pack("!H", 2525) +
                        address.encode() + b"\0")

    def open(self):
        """Everything up to the first message."""
        self.negotiate()
        self.connect()
        self.ask(b"H", b"mail.sender.test\0")
        return self

    def mail(self, sender=b"<ann@sender.test>", recipients=(b"<bob@box.test>",)):
        answer = self.ask(b"M", sender + b"\0")
        for recipient in recipients if answer == b"c" else ():
            self.ask(b"R", recipient + b"\0")
        return answer

    def header(self, name, value):
        return self.ask(b"L", name + b"\0 " + value + b"\0")

    def body(self, data):
        for start in range(0, len(data), CHUNK):
            self.ask(b"B", data[start:start + CHUNK])

    def end_of_headers(self):
        return self.ask(b"N")

    def end(self, queue_id="4jYytS2sjWz1bpTN"):
        """(answer, modifications): what the milter says to the whole message; modifications are
        (code, data) pairs."""
        self.macros(b"E", i=queue_id)
        self.send(b"E")
        modifications = []
        while True:
            code, data = self.receive()
            if code in b"acdrty":
                return code, modifications
            if code != b"p":
                modifications.append((code, data))

    def message(self, headers, body):
        """A whole message; what end() returns."""
        assert self.mail() == b"c"
        for name, value in headers:
            self.header(name, value)
        self.end_of_headers()
        self.body(body)
        return self.end()


def inserted(modifications):
    """The headers that the milter inserted, by name."""
    result = {}
    for code, data in modifications:
        if code == b"i":
            name, value, _ = data[4:].split(b"\0")
            result[name.decode()] = value.decode()
    return result
