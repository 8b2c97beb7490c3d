"""Requests that two readers could end in two places, generated: each with what a strict reader does.

`Case.accepted` is None where the request must be refused (an error or a close, and nothing of it is
passed on), else how many requests it is.
"""
import itertools
from dataclasses import dataclass
from typing import Optional

BODY = b'{"model":"assistant"}'
PATH = "/v1/completions"
# What an attacker would hide in a body: it must never be heard as a request of its own.
HIDDEN = b"POST /v1/embeddings HTTP/1.1\r\nHost: hidden\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Case:
    name: str
    data: bytes
    accepted: Optional[int]


def head(*lines, first=f"POST {PATH} HTTP/1.1", host="Host: a"):
    every = [first, *([host] if host else []), *lines]
    return "\r\n".join(every).encode("latin-1") + b"\r\n\r\n"


def chunked(data=BODY, size=None, extension=b"", end=b"\r\n", after=b"\r\n", last=b"0\r\n\r\n"):
    size = b"%x" % len(data) if size is None else size
    return size + extension + end + data + after + last


LENGTH = f"Content-Length: {len(BODY)}"
CHUNKED = "Transfer-Encoding: chunked"


def framing():
    """Both framings, twice, in every order, with every spelling of each."""
    lengths = [LENGTH, "Content-Length: 0", f"content-length:{len(BODY)}",
               f"Content-Length: {len(BODY)}, {len(BODY)}", f"Content-Length: +{len(BODY)}",
               f"Content-Length: 0{len(BODY)}x", f"Content-Length: {len(BODY)} 0",
               "Content-Length: -1", "Content-Length: 0x15", "Content-Length:",
               "Content-Length: 99999999999999999999", "Content-Length: 1e1",
               f"Content-Length: \"{len(BODY)}\"", f"Content-Length: {len(BODY)};"]
    codings = [CHUNKED, "transfer-encoding:chunked", "Transfer-Encoding: CHUNKED",
               "Transfer-Encoding: xchunked", "Transfer-Encoding: chunkedx",
               "Transfer-Encoding: identity", "Transfer-Encoding: chunked, identity",
               "Transfer-Encoding: identity, chunked", "Transfer-Encoding: chunked, chunked",
               "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: \"chunked\"",
               "Transfer-Encoding: chunked;q=1", "Transfer-Encoding:", "Transfer-Encoding: ,chunked",
               "Transfer-Encoding: chunked,", "Transfer-Encoding: cow",
               "Transfer-Encoding: \x0bchunked", "Transfer-Encoding: chunked\x0b",
               "Transfer-Encoding: \xa0chunked", "Transfer-Encoding:\tchunked"]
    for one, other in itertools.product(lengths, codings):
        for order in ((one, other), (other, one)):
            yield Case(f"both {order}", head(*order) + chunked() + HIDDEN, None)
    for one, other in itertools.product(lengths[:6], repeat=2):
        yield Case(f"two lengths {one} {other}", head(one, other) + BODY + HIDDEN, None)
    for one, other in itertools.product(codings[:4], repeat=2):
        yield Case(f"two codings {one} {other}", head(one, other) + chunked() + HIDDEN, None)
    for line in lengths:
        good = line in (LENGTH, f"content-length:{len(BODY)}")
        yield Case(f"length {line}", head(line) + BODY,
                   1 if good else 0 if line == "Content-Length: 0" else None)
    for line in codings:
        good = line in (CHUNKED, "transfer-encoding:chunked", "Transfer-Encoding: CHUNKED",
                        "Transfer-Encoding:\tchunked")
        yield Case(f"coding {line!r}", head(line) + chunked(), 1 if good else None)
    for name in ("Content-Length ", "Content-Length\t", " Content-Length", "Content_Length",
                 "Content-Length\x00", "\x00Content-Length", "Content\x00-Length", "Content-Length\r"):
        yield Case(f"name {name!r}", head(f"{name}: {len(BODY)}", CHUNKED) + chunked(),
                   1 if name == "Content_Length" else None)
        yield Case(f"coding name {name!r}",
                   head(LENGTH, name.replace("Content", "Transfer").replace("Length", "Encoding")
                        + ": chunked") + BODY, 1 if name == "Content_Length" else None)


def line_ends():
    plain = head(LENGTH) + BODY
    for count in range(1, 5):
        at = [i for i in range(len(plain)) if plain.startswith(b"\r\n", i)][:count][-1]
        for end in (b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n\n", b" \r\n", b"\x00\r\n", b"\x0b\r\n"):
            fine = end == b" \r\n" and count in (2, 3)
            yield Case(f"line end {count} {end!r}", plain[:at] + end + plain[at + 2:],
                       1 if fine else None)
    for folded in ("X: a\r\n b", "X: a\r\n\tb", f"Transfer-Encoding:\r\n chunked",
                   f"Content-Length:\r\n {len(BODY)}", "X:\r\n ", " X: a", "\tX: a"):
        yield Case(f"folding {folded!r}", head(folded, LENGTH) + BODY, None)
        yield Case(f"folding with coding {folded!r}", head(folded, CHUNKED) + chunked(), None)
    yield Case("one empty line before", b"\r\n" + plain, 1)
    yield Case("two empty lines before", b"\r\n\r\n" + plain, None)
    yield Case("a line feed before", b"\n" + plain, None)


def first_lines():
    for first in (f"POST  {PATH} HTTP/1.1", f"POST {PATH}  HTTP/1.1", f"POST {PATH} HTTP/1.1 ",
                  f" POST {PATH} HTTP/1.1", f"POST\t{PATH} HTTP/1.1", f"POST {PATH}\tHTTP/1.1",
                  f"post {PATH} HTTP/1.1", f"PO ST {PATH} HTTP/1.1", f"POST {PATH}", f"POST {PATH} HTTP/1.2",
                  f"POST {PATH} HTTP/2.0", f"POST {PATH} HTTP/0.9", f"POST {PATH} http/1.1",
                  f"POST {PATH} HTTP/1.1x", f"POST {PATH} HTTP/01.1", f"POST {PATH} HTTP/1.10",
                  f"POST {PATH} HTTP/1", f"POST {PATH}\x00 HTTP/1.1", f"POST {PATH}\x7f HTTP/1.1",
                  f"POST {PATH}\xff HTTP/1.1", f"POST {PATH}#a HTTP/1.1", "POST * HTTP/1.1",
                  f"POST a{PATH} HTTP/1.1", f"POST http:{PATH} HTTP/1.1",
                  f"POST http://{PATH} HTTP/1.1", f"POST http://b{PATH} HTTP/1.1",
                  f"POST http://u@a{PATH} HTTP/1.1", f"POST https://a{PATH} HTTP/1.1",
                  "CONNECT a:80 HTTP/1.1", f"POST {PATH}/../x HTTP/1.1", f"POST /.{PATH} HTTP/1.1",
                  "POST /v1/%2e%2e/v1/completions HTTP/1.1", "POST /v1%2fcompletions HTTP/1.1",
                  "POST /v1%5ccompletions HTTP/1.1", "POST /v1\\completions HTTP/1.1",
                  "POST /v1/completions%00 HTTP/1.1", "POST /v1/completions%0d%0a HTTP/1.1",
                  "POST /v1/completions%2 HTTP/1.1", "POST /v1/completions?%00 HTTP/1.1",
                  "POST /v1/..;/v1/completions HTTP/1.1"):
        yield Case(f"first line {first!r}", head(LENGTH, first=first) + BODY, None)
    yield Case("absolute form", head(LENGTH, first=f"POST http://a{PATH} HTTP/1.1") + BODY, 1)
    for host in (None, "Host:", "Host: a\r\nHost: a", "Host: a\r\nHost: b", "Host: a,b", "Host: a b",
                 "Host: a/b", "Host: a#b", "Host: u@a", "Host: a:b", "Host: a:999999", "Host: [::1",
                 "Host: a\x00", "Host : a", "Host\t: a", "Host: a\x0b"):
        yield Case(f"host {host!r}", head(LENGTH, host=host) + BODY, None)
    for version in ("HTTP/1.0",):
        first = f"POST {PATH} {version}"
        yield Case("chunked in 1.0", head(CHUNKED, first=first) + chunked(), None)
        yield Case("no host in 1.0", head(LENGTH, first=first, host=None) + BODY, 1)
        yield Case("both in 1.0", head(LENGTH, CHUNKED, first=first) + BODY, None)
    for line in ("Upgrade: h2c", "Upgrade: websocket", "Connection: upgrade",
                 "Connection: content-length", "Connection: host", "Connection: transfer-encoding",
                 "Connection: a b", "Expect: 200", "Expect: 100-continue, x", "X", "X\x00: a",
                 "X: a\x00b", "X: a\x7f", ": a", "X(: a", "X\xe9: a", "X: \x08"):
        yield Case(f"header {line!r}", head(line, LENGTH) + BODY, None)


def chunks():
    def case(name, data, accepted=None):
        return Case(name, head(CHUNKED) + data, accepted)

    good = b"%x" % len(BODY)
    for size in (b"", b" " + good, good + b" ", b"+" + good, b"-" + good, b"0x" + good, good + b"h",
                 b"0" * 20 + good, b"ffffffffffffffff", b"10000000000000000", b"fffffffffffffffff",
                 b"1_5", b"\t" + good, good + b"\x00", b"\xef\xbc\x91" + good, b"1.5", b"g"):
        yield case(f"chunk size {size!r}", chunked(size=size) + HIDDEN)
    yield case("upper case size", chunked(size=good.upper()), 1)
    yield case("leading zeros", chunked(size=b"000" + good), 1)
    for extension in (b";a", b";a=b", b';a="b"', b';a="b\\"c"', b";a;b=c", b";"):
        yield case(f"extension {extension!r}", chunked(extension=extension), 1)
    for extension in (b";a\n", b";a\r", b"; a=b", b" ;a", b';a="\r\n"', b';a="\n"', b";\x00", b";a\x0b",
                      b";" + b"a" * 70_000, b';a="' + b"b" * 70_000 + b'"', b";\xff"):
        yield case(f"bad extension {extension[:20]!r}", chunked(extension=extension) + HIDDEN)
    for end in (b"\n", b"\r", b"\r\r\n", b"\n\r\n", b"\x00\r\n"):
        yield case(f"size end {end!r}", chunked(end=end) + HIDDEN)
        yield case(f"data end {end!r}", chunked(after=end) + HIDDEN)
        yield case(f"data end missing {end!r}", chunked(after=b"" if end == b"\n" else end + b"0") + HIDDEN)
        yield case(f"last end {end!r}", chunked(last=b"0" + end + b"\r\n") + HIDDEN)
        if end != b"\r":
            yield case(f"trailer end {end!r}", chunked(last=b"0\r\nA: b" + end + b"\r\n") + HIDDEN)
        yield case(f"end {end!r}", chunked(last=b"0\r\n" + end + b"x") + HIDDEN)
    yield case("data too long", good + b"\r\n" + BODY + b"x\r\n0\r\n\r\n" + HIDDEN)
    yield case("data too short", good + b"\r\n" + BODY[:-1] + b"\r\n0\r\n\r\n" + HIDDEN)
    for trailer in (b"A: b", b"A:", b"A: b\r\nC: d"):
        yield case(f"trailer {trailer!r}", chunked(last=b"0\r\n" + trailer + b"\r\n\r\n"), 1)
    for trailer in (b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Host: b",
                    b"Authorization: Bearer x", b"Connection: close", b"Content-Type: a",
                    b"Content-Encoding: gzip", b" A: b", b"A b: c", b"A", b": b", b"A: b\x00",
                    b"A: " + b"b" * 70_000, b"\r\n".join(b"A%d: b" % n for n in range(5000))):
        yield case(f"bad trailer {trailer[:30]!r}",
                   chunked(last=b"0\r\n" + trailer + b"\r\n\r\n") + HIDDEN)
    for pieces in (1, 2, 3, 7):
        size = -(-len(BODY) // pieces)
        parts = [BODY[at:at + size] for at in range(0, len(BODY), size)]
        yield case(f"{len(parts)} chunks",
                   b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n", 1)


def pipelines():
    one = head(LENGTH) + BODY
    many = head(CHUNKED) + chunked()
    yield Case("two requests", one + one, 2)
    yield Case("three framings", one + many + one, 3)
    yield Case("an empty line between", one + b"\r\n" + one, 2)
    yield Case("a hidden one in a body", head(f"Content-Length: {len(HIDDEN)}") + HIDDEN, None)
    yield Case("a hidden one in a chunk", head(CHUNKED) + chunked(HIDDEN), None)
    yield Case("after an error", head("X y: z", LENGTH) + BODY + one, None)
    yield Case("after a close", head(LENGTH, "Connection: close") + BODY + HIDDEN, 1)
    for junk in (b"\x00", b"x", b" ", b"\n", b"0\r\n\r\n", b"\r\n\r\n"):
        yield Case(f"junk after {junk!r}", one + junk + one, 1)


def every_case():
    return [*framing(), *line_ends(), *first_lines(), *chunks(), *pipelines()]
