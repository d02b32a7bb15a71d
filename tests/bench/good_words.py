"""The good-word attack: what is common in the ham of a corpus, added to the text of its spam."""

import base64
import binascii
import collections
import hashlib
import re

BYTES = 2000  # added to each spam
WORD = re.compile(rb"[a-z]{4,12}")
BOUNDARY = re.compile(rb"""boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))""", re.I)
TYPE = re.compile(rb"^content-type:\s*([^\s;]+)", re.I | re.M)
BASE64 = re.compile(rb"^content-transfer-encoding:\s*base64", re.I | re.M)


def common_words(ham):
    """The words that at least one in a hundred of these messages has in its body, in order."""
    having = collections.Counter()
    for message in ham:
        having.update(set(WORD.findall(split(message)[1])))
    return sorted(word for word, count in having.items() if 100 * count >= len(ham))


def _numbers(message):
    """Numbers without end, always the same for the same message."""
    seed = message
    while True:
        seed = hashlib.sha256(seed).digest()
        yield int.from_bytes(seed[:8], "big")


def drawn(words, message):
    """BYTES of words, drawn anew for each message."""
    line, lines, size = [], [], 0
    for number in _numbers(message):
        line.append(words[number % len(words)])
        size += len(line[-1]) + 1
        if len(line) == 10 or size >= BYTES:
            lines.append(b" ".join(line))
            line = []
        if size >= BYTES:
            return b"\n".join(lines)[:BYTES]


def passage(ham, message):
    """BYTES out of the body of one of these messages, drawn anew for each message."""
    numbers = _numbers(message)
    while True:
        body = split(ham[next(numbers) % len(ham)])[1]
        if len(body) > BYTES:
            start = next(numbers) % (len(body) - BYTES)
            return body[start:start + BYTES]


def split(entity):
    """(headers with the empty line that ends them, body)."""
    end = re.search(rb"\r?\n\r?\n", entity)
    return (entity[:end.end()], entity[end.end():]) if end else (entity + b"\n\n", b"")


def _append(entity, text, depth=0):
    """The entity with `text` at the end of its first part that is text; None when it has none."""
    headers, body = split(entity)
    found = TYPE.search(headers)
    kind = found[1].lower() if found else b"text/plain"
    boundary = BOUNDARY.search(re.sub(rb"\n[ \t]+", b" ", headers))
    if kind.startswith(b"multipart/") and boundary and depth < 8:
        between = b"--" + (boundary[1] or boundary[2])
        pieces = re.split(rb"(?m)^(?=" + re.escape(between) + rb")", body)
        for number, piece in enumerate(pieces):
            if not piece.startswith(between) or piece.startswith(between + b"--"):
                continue
            line, _, part = piece.partition(b"\n")
            longer = _append(part, text, depth + 1)
            if longer is not None:
                pieces[number] = line + b"\n" + longer
                return headers + b"".join(pieces)
        return None
    if not kind.startswith((b"text", b"multipart/")):
        return None
    if BASE64.search(headers):
        try:
            return headers + base64.encodebytes(base64.b64decode(body) + b"\n" + text + b"\n")
        except binascii.Error:
            return None
    return headers + body.rstrip() + b"\n" + text + b"\n"


def attacked(message, text):
    """The message with `text` at the end of its text, or of the whole when it has none."""
    longer = _append(message, text)
    return message + b"\n" + text + b"\n" if longer is None else longer
