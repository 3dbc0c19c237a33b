#!/usr/bin/env python3
"""Writes the golden frames of Petrel: one TOML file per subject, and golden.json with all of them.

    python3 generate.py            write the files
    python3 generate.py --check    write nothing; exit 1 and name the files that differ

Python 3.9 and its standard library are all it needs. It shares no code with any implementation of Petrel: the bytes are put
together here from the text of ../SPEC.md, and the frames of captures.toml come from recorded traffic.

An id, once given, stays with its frame for ever and is never used again. A new frame takes the next free number,
whatever file it goes into.
"""

import base64
import hashlib
import hmac
import json
import re
import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCHEMA = "petrel-golden/1"
MIB4 = 4194304

FILES = {}  # file name -> list of frames, in the order written below
SUBJECTS = {}  # file name -> the comment at its top
current = None


# ---- how a frame is put together and written down ----

def file(name, about):
    global current
    current = FILES[name] = []
    SUBJECTS[name] = about


def mac(key, payload):
    return base64.b64encode(hmac.new(key, payload, hashlib.sha256).digest())


def header(status, sequence, r, p):
    return struct.pack("<HIBI", status, sequence, r, p)


def encode(status, sequence, name, payload, key=None):
    out = header(status, sequence, len(name), len(payload)) + name + payload
    return out + mac(key, payload) if key is not None else out


def text(data):
    """The bytes as readable text, or None if they are not that."""
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return decoded if decoded and decoded.isprintable() else None


def fields(status, sequence, name, payload, length):
    out = {"status": status, "sequence": sequence, "name_hex": name.hex()}
    if text(name) is not None:
        out["name"] = text(name)
    out["payload_hex"] = payload.hex()
    if text(payload) is not None:
        out["payload"] = text(payload)
    out["len"] = length
    return out


def add(id, title, clauses, data, outcome, limit=None, key=None, answer_to=None):
    entry = {"id": id, "title": title, "clauses": clauses.split(), "hex": data.hex()}
    if limit is not None:
        entry["limit"] = limit
    if key is not None:
        entry["key_hex"] = key.hex()
    if answer_to is not None:
        entry["answer_to"] = {"sequence": answer_to[0], "name": answer_to[1]}
    current.append(entry | outcome)


def good(id, title, clauses, status, sequence, name, payload, key=None, behind=b"", **config):
    """A frame that is accepted; `behind` are further bytes in the input."""
    data = encode(status, sequence, name, payload, key)
    outcome = {"fields": fields(status, sequence, name, payload, len(data))}
    add(id, title, clauses, data + behind, outcome, key=key, **config)


def more(id, title, clauses, data, n, **config):
    """Input that is the beginning of a frame, at least `n` bytes short."""
    add(id, title, clauses, data, {"need_more": n}, **config)


def bad(id, title, clauses, data, kind, at, **config):
    """Input that is refused for the field at offset `at`."""
    add(id, title, clauses, data, {"error": {"kind": kind, "at": at}}, **config)


# ---- the header: byte order, width and place of each field; all bytes written by hand ----

file("header.toml", "The 11 bytes of the header: byte order, width and place of each field.")

h = bytes.fromhex


def head(id, title, clauses, hexa, status, sequence, name, payload):
    data = h(hexa)
    add(id, title, clauses, data, {"fields": fields(status, sequence, name, payload, len(data))})


head("GF-001", "a header of zeros is a whole frame", "P-001 P-003 P-004 P-005 P-006 P-007 P-011",
     "0000 00000000 00 00000000", 0, 0, b"", b"")
head("GF-002", "status 258: low byte first", "P-003",
     "0201 00000000 00 00000000", 258, 0, b"", b"")
head("GF-003", "sequence number 0x04030201: low byte first", "P-004 P-059",
     "0000 01020304 00 00000000", 0, 0x04030201, b"", b"")
head("GF-004", "sequence number 4294967295", "P-004 P-059",
     "0000 ffffffff 00 00000000", 0, 4294967295, b"", b"")
head("GF-005", "request length 1", "P-005 P-007",
     "0000 01000000 01 00000000 61", 0, 1, b"a", b"")
more("GF-006", "request length 128 is unsigned", "P-005 P-007",
     h("0000 01000000 80 00000000"), 128)
head("GF-007", "payload length 1: low byte first", "P-006",
     "0000 01000000 00 01000000 7a", 0, 1, b"", b"z")
more("GF-008", "payload length 256: second byte", "P-006",
     h("0000 01000000 00 00010000"), 256)
bad("GF-009", "payload length 16777216: fourth byte, over the default limit", "P-006 P-033 P-040",
    h("0000 01000000 00 00000001"), "payload_too_long", 7)
head("GF-010", "every field with another value in every byte", "P-001 P-003 P-004 P-005 P-006",
     "3412 f0debc9a 02 03000000 6f6b 000180", 0x1234, 0x9abcdef0, b"ok", b"\x00\x01\x80")


# ---- request texts and payloads ----

file("frame.toml", "Whole frames: request texts and payloads of every kind.")

good("GF-011", "a request as a client sends it", "P-001 P-005 P-006 P-070", 0, 2, b"echo", b"hello")
good("GF-012", "an answer with a payload", "P-003 P-006 P-086", 200, 2, b"echo", b"hello")
good("GF-013", "no request text, some payload", "P-007 P-092", 0, 2, b"", b"hello")
good("GF-014", "request text, no payload", "P-011", 0, 2, b"null", b"")
good("GF-015", "request text of 255 bytes", "P-007", 0, 2, b"n" * 255, b"!")
good("GF-016", "request text with letters of two, three and four bytes", "P-005 P-008 P-009", 0, 2,
     "é世🐦".encode(), b"")
good("GF-017", "request text cut inside a UTF-8 letter", "P-009 P-091", 0, 2, b"caf\xc3", b"e")
good("GF-018", "request text of bytes that UTF-8 never uses", "P-009 P-091", 0, 2, b"\xff\xfe", b"")
good("GF-019", "request text with a zero byte inside", "P-005 P-009", 0, 2, b"ec\x00ho", b"")
good("GF-020", "request text with a terminal's escape sequence", "P-009 P-133", 0, 2, b"\x1b[31mred", b"")
good("GF-021", "payload of one byte", "P-010", 0, 2, b"echo", b"x")
good("GF-022", "payload that is not UTF-8", "P-010", 0, 2, b"echo", b"\xff\xfe\x80\xc3")
good("GF-023", "payload that is itself a frame", "P-010", 0, 2, b"echo", encode(0, 3, b"null", b""))
good("GF-024", "payload that looks like a MAC on a connection without", "P-010 P-012 P-015", 0, 2, b"echo",
     mac(b"k", b"hello"))


# ---- splitting and joining ----

file("split.toml", "Frames cut short, and frames with further bytes behind them.")

whole = encode(0, 2, b"echo", b"abc")  # 11 + 4 + 3
more("GF-025", "no byte yet", "P-029 P-031", b"", 11)
more("GF-026", "cut inside the status", "P-029 P-031", whole[:1], 10)
more("GF-027", "cut before the request length", "P-029 P-031", whole[:6], 5)
more("GF-028", "cut inside the payload length", "P-029 P-031", whole[:10], 1)
more("GF-029", "cut behind the header", "P-029 P-031", whole[:11], 7)
more("GF-030", "cut behind the request text", "P-029 P-031", whole[:15], 3)
more("GF-031", "one byte of the payload missing", "P-029 P-031 P-032", whole[:17], 1)
good("GF-032", "two frames joined: the first", "P-002 P-029 P-030", 0, 2, b"echo", b"abc",
     behind=encode(0, 3, b"null", b""))
good("GF-033", "a frame and one byte of the next", "P-029 P-030", 0, 2, b"echo", b"abc", behind=b"\x00")
good("GF-034", "a frame and a header over the limit behind it: the first is good", "P-029 P-030 P-036", 0, 2, b"echo",
     b"abc", behind=header(0, 3, 0, 4), limit=3)
signed = encode(0, 2, b"echo", b"abc", b"k")  # 18 + 44
more("GF-035", "MACs configured: cut behind the header", "P-014 P-029 P-031", signed[:11], 51, key=b"k")
more("GF-036", "MACs configured: cut behind the payload", "P-014 P-029 P-031", signed[:18], 44, key=b"k")
more("GF-037", "MACs configured: one byte of the MAC missing", "P-014 P-029 P-031 P-032", signed[:61], 1, key=b"k")
more("GF-038", "MACs configured: a header of zeros lacks its MAC", "P-014 P-019 P-031", bytes(11), 44, key=b"k")
good("GF-039", "MACs configured: two frames joined", "P-014 P-029 P-030", 0, 2, b"echo", b"abc", key=b"k",
     behind=encode(0, 3, b"null", b"", b"k"))


# ---- payload limits ----

file("limit.toml", "Payload limits: the limit itself is accepted, one more is refused before any payload.")

good("GF-040", "payload of exactly the limit", "P-034", 0, 2, b"echo", b"12345678", limit=8)
bad("GF-041", "payload length one over the limit, no payload yet", "P-033 P-035 P-096",
    header(0, 2, 4, 9) + b"echo", "payload_too_long", 7, limit=8)
bad("GF-042", "payload length one over the limit, whole frame there", "P-033 P-035 P-096",
    encode(0, 2, b"echo", b"123456789"), "payload_too_long", 7, limit=8)
bad("GF-043", "payload length one over the limit, empty request text", "P-033 P-035",
    header(0, 2, 0, 9), "payload_too_long", 7, limit=8)
more("GF-044", "over the limit: the request text is waited for", "P-033 P-035",
     header(0, 2, 4, 9), 4, limit=8)
more("GF-045", "over the limit, request text of 255 bytes: no payload is waited for", "P-033 P-035",
     header(0, 2, 255, 4294967295), 255, limit=8)
bad("GF-046", "over the limit, a payload that looks like frames", "P-033 P-097",
    header(0, 2, 4, 30) + b"echo" + encode(0, 3, b"null", b"") * 2, "payload_too_long", 7, limit=8)
bad("GF-047", "payload length 2147483648 is not negative", "P-006 P-033 P-035",
    header(0, 2, 1, 2147483648) + b"e", "payload_too_long", 7)
bad("GF-048", "payload length 4294967295 is not -1", "P-006 P-033 P-035",
    header(0, 2, 1, 4294967295) + b"e", "payload_too_long", 7)
bad("GF-049", "payload length 4294967285: with the header it would wrap to 0", "P-006 P-033 P-035",
    header(0, 2, 0, 4294967285), "payload_too_long", 7)
more("GF-050", "payload length 4294967295 under the highest limit", "P-006 P-034",
     header(0, 2, 1, 4294967295) + b"e", 4294967295, limit=4294967295)
more("GF-051", "payload length 4294967295 under the highest limit, MACs configured", "P-006 P-014 P-034",
     header(0, 2, 1, 4294967295), 4294967340, limit=4294967295, key=b"k")
more("GF-052", "default limit: exactly 4194304 is waited for", "P-034 P-039 P-040",
     header(0, 2, 4, MIB4) + b"echo", MIB4)
bad("GF-053", "default limit: 4194305 is refused", "P-033 P-035 P-039 P-040",
    header(0, 2, 4, MIB4 + 1) + b"echo", "payload_too_long", 7)
good("GF-054", "limit 0: an empty payload is accepted", "P-011 P-034", 0, 2, b"null", b"", limit=0)
bad("GF-055", "limit 0: one byte is refused", "P-033 P-035",
    header(0, 2, 4, 1) + b"null", "payload_too_long", 7, limit=0)
good("GF-056", "the request text does not count", "P-034 P-036", 0, 2, b"a request text of 32 bytes, long", b"1234",
     limit=4)
good("GF-057", "the MAC does not count", "P-034 P-036", 0, 2, b"echo", b"1234", key=b"k", limit=4)
bad("GF-058", "MACs configured: refused before payload and MAC", "P-033 P-035 P-066",
    header(0, 2, 4, 5) + b"echo", "payload_too_long", 7, limit=4, key=b"k")
bad("GF-059", "an answer over the client's limit", "P-033 P-035 P-116",
    header(200, 2, 4, 9) + b"echo", "payload_too_long", 7, limit=8, answer_to=(2, "echo"))


# ---- MACs ----

file("mac.toml", "MACs: 44 characters of canonical base64 over the payload alone.")

KEY = b"s3cret-key"
MAC_AT = 11 + 4 + 5  # offset of the MAC in every frame for `echo` with a payload of 5 bytes


def with_mac(tail, status=0, sequence=2, name=b"echo", payload=b"hello"):
    return encode(status, sequence, name, payload) + tail


def malformed(id, title, clauses, tail):
    bad(id, title, clauses, with_mac(tail), "mac_malformed", MAC_AT, key=KEY)


def mismatch(id, title, clauses, tail, key=KEY):
    bad(id, title, clauses, with_mac(tail), "mac_mismatch", MAC_AT, key=key)


b64 = base64.b64encode
DIGEST = hmac.new(KEY, b"hello", hashlib.sha256).digest()
right = b64(DIGEST)

good("GF-060", "a right MAC", "P-014 P-016 P-018", 0, 2, b"echo", b"hello", key=KEY)
good("GF-061", "the MAC of an empty payload", "P-016 P-019", 0, 2, b"null", b"", key=KEY)
good("GF-062", "key of one byte", "P-017", 0, 2, b"echo", b"hello", key=b"k")
good("GF-063", "key of 64 bytes: one block of the hash", "P-017", 0, 2, b"echo", b"hello", key=bytes(range(1, 65)))
good("GF-064", "key of 65 bytes is hashed first", "P-017", 0, 2, b"echo", b"hello", key=bytes(range(1, 66)))
good("GF-065", "key of 100 bytes is hashed first", "P-017", 0, 2, b"echo", b"hello", key=bytes(range(1, 101)))
add("GF-066", "the hash of a key of 100 bytes is the same key", "P-017",
    encode(0, 2, b"echo", b"hello", bytes(range(1, 101))), {"fields": fields(0, 2, b"echo", b"hello", 64)},
    key=hashlib.sha256(bytes(range(1, 101))).digest())
add("GF-067", "a key and the same with a zero byte behind it make one MAC", "P-017",
    encode(0, 2, b"echo", b"hello", b"k"), {"fields": fields(0, 2, b"echo", b"hello", 64)}, key=b"k\0")
mismatch("GF-068", "a key of 64 bytes with a zero byte behind it is another key", "P-017 P-022",
         mac(bytes(range(1, 65)), b"hello"), key=bytes(range(1, 65)) + b"\0")
good("GF-069", "a key with zero bytes and bytes that are not UTF-8", "P-017", 0, 2, b"echo", b"hello",
     key=b"\x00\xff\x80\n\x00\xc3")
good("GF-070", "status not covered: the same MAC behind status 502", "P-018", 502, 2, b"echo", b"hello", key=KEY)
good("GF-071", "sequence number not covered: the same MAC behind another", "P-018 P-025", 0, 77, b"echo", b"hello",
     key=KEY)
good("GF-072", "request text not covered: the same MAC behind another", "P-018", 0, 2, b"erase", b"hello", key=KEY)
good("GF-073", "no direction: a request sent back as an answer", "P-018 P-025", 200, 2, b"echo", b"hello", key=KEY,
     answer_to=(2, "echo"))

mismatch("GF-074", "the MAC of another key", "P-022 P-105 P-107", mac(b"other-key", b"hello"))
mismatch("GF-075", "the MAC of the key and a line end", "P-017 P-022", mac(KEY + b"\n", b"hello"))
mismatch("GF-076", "the MAC of another payload", "P-022 P-105", mac(KEY, b"hellp"))
mismatch("GF-077", "the last bit is wrong", "P-022", b64(DIGEST[:-1] + bytes([DIGEST[-1] ^ 1])))
mismatch("GF-078", "the MAC covers header and request text too", "P-018 P-022", mac(KEY, with_mac(b"")))
mismatch("GF-079", "a hash without the key", "P-016 P-022", b64(hashlib.sha256(b"hello").digest()))
mismatch("GF-080", "a capital in place of a small letter", "P-022", right[:1].swapcase() + right[1:])

# A payload of 5 bytes whose MAC holds both characters that the url-safe alphabet spells otherwise.
slashed = next(p for p in (b"%05d" % i for i in range(9999)) if {43, 47} <= set(mac(KEY, p)))
good("GF-081", "a MAC with both + and /", "P-020", 0, 2, b"echo", slashed, key=KEY)
bad("GF-082", "the url-safe alphabet", "P-020",
    with_mac(mac(KEY, slashed).translate(bytes.maketrans(b"+/", b"-_")), payload=slashed),
    "mac_malformed", MAC_AT, key=KEY)
malformed("GF-083", "no padding: 43 characters and a space", "P-020", right[:43] + b" ")
malformed("GF-084", "no padding: 44 characters of the alphabet", "P-020", b64(DIGEST + b"\0"))
malformed("GF-085", "two characters of padding: 31 bytes", "P-020", b64(DIGEST[:31]))
malformed("GF-086", "padding inside", "P-020", right[:20] + b"=" + right[21:])
malformed("GF-087", "a line end inside", "P-020", right[:20] + b"\n" + right[21:])
malformed("GF-088", "a byte over 127", "P-020", right[:20] + b"\xc3" + right[21:])
malformed("GF-089", "hexadecimal instead of base64", "P-020", DIGEST.hex().encode()[:44])
malformed("GF-090", "44 zero bytes", "P-020", bytes(44))


def unused_bits(spelled, bits):
    """The same MAC with the two bits set that its last character leaves unused."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return spelled[:42] + bytes([alphabet[alphabet.index(spelled[42]) + bits]]) + b"="


malformed("GF-091", "lowest unused bit set in the last character", "P-021", unused_bits(right, 1))
malformed("GF-092", "second unused bit set in the last character", "P-021", unused_bits(right, 2))
malformed("GF-093", "the MAC of another payload with both unused bits set", "P-021", unused_bits(mac(KEY, b"hellp"), 3))

malformed("GF-094", "MACs configured, sender without: the next frame is read as MAC", "P-012 P-014",
          encode(0, 3, b"echo", b"a payload long enough to fill the MAC"))
add("GF-095", "MACs not configured, sender with: the frame ends before the MAC", "P-012 P-015",
    with_mac(right), {"fields": fields(0, 2, b"echo", b"hello", MAC_AT)})
more("GF-096", "MACs not configured, sender with: the MAC read as the next frame ends in silence", "P-012 P-015",
     right, 11 + right[6] - 44)


# ---- status codes ----

file("status.toml", "Status codes. A receiver of frames takes every value.")


def status(id, value, title, clauses, payload=b"", sequence=2, name=b"app"):
    good(id, f"status {value}: {title}", clauses, value, sequence, name, payload)


status("GF-097", 0, "what a request carries", "P-003 P-070")
status("GF-098", 100, "an event, never sent, still a frame", "P-003")
status("GF-099", 101, "an event, never sent, still a frame", "P-003")
status("GF-100", 198, "notice that the client has gone", "P-072", b"EOF")
status("GF-101", 199, "an event, never sent, still a frame", "P-003")
status("GF-102", 200, "success", "P-086", b"ok")
status("GF-103", 400, "no such handler", "P-088 P-090")
status("GF-104", 401, "empty request text", "P-092 P-093", name=b"")
status("GF-105", 402, "payload length over the limit", "P-098")
status("GF-106", 497, "protocol mismatch", "P-045", b"\x00", 1, b"PROTOCHECK")
status("GF-107", 498, "notice of a network read error", "P-072", b"read error")
status("GF-108", 499, "an event, never sent, still a frame", "P-003")
status("GF-109", 500, "the handler returned an error", "P-100")
status("GF-110", 501, "the handler panicked", "P-103")
status("GF-111", 502, "MAC verification failed", "P-107")
status("GF-112", 599, "an event, never sent, still a frame", "P-003")
status("GF-113", 1024, "the last of the protocol's own", "P-003")
status("GF-114", 1025, "the first of an application", "P-084")
status("GF-115", 9101, "of an application", "P-084", b"no matches")
status("GF-116", 65535, "the last of an application", "P-084")
good("GF-117", "a request with status 198 is no notice", "P-071", 198, 2, b"echo", b"x")


# ---- the protocol check ----

file("check.toml", "The protocol check and its answers.")

CHECK = b"PROTOCHECK"
good("GF-118", "the protocol check of version 0", "P-041 P-043 P-070", 0, 1, CHECK, b"\x00")
good("GF-119", "its answer: version 0 is spoken", "P-044 P-060 P-061", 200, 1, CHECK, b"\x00",
     answer_to=(1, "PROTOCHECK"))
good("GF-120", "its answer: only version 1 is spoken", "P-045", 497, 1, CHECK, b"\x01", answer_to=(1, "PROTOCHECK"))
good("GF-121", "a protocol check of version 1", "P-045", 0, 1, CHECK, b"\x01")
good("GF-122", "a protocol check with an empty payload, which 497 answers", "P-046", 0, 1, CHECK, b"")
good("GF-123", "a longer protocol check: the first byte counts, 200 answers", "P-047", 0, 1, CHECK, b"\x00\x01extra")
good("GF-124", "a longer protocol check: the first byte counts, 497 answers", "P-047", 0, 1, CHECK, b"\x01\x00")
good("GF-125", "a later protocol check", "P-048", 0, 7, CHECK, b"\x00")
good("GF-126", "small letters: an ordinary request", "P-049", 0, 1, b"protocheck", b"\x00")
good("GF-127", "a protocol check with a request joined to it", "P-030 P-041 P-067", 0, 1, CHECK, b"\x00",
     behind=encode(0, 2, b"echo", b"x"))


# ---- what a client makes of an answer ----

file("answer.toml", "What a client that waits for the answer to one request makes of a frame.")

ECHO = (2, "echo")


def answer(id, title, clauses, status=200, sequence=2, name=b"echo", payload=b"hello", answer_to=ECHO, **config):
    good(id, title, clauses, status, sequence, name, payload, answer_to=answer_to, **config)


def refused(id, title, clauses, kind, status=200, sequence=2, name=b"echo", payload=b"hello", answer_to=ECHO, **config):
    at = {"notice": 0, "wrong_sequence": 2, "wrong_name": 11}[kind]
    bad(id, title, clauses, encode(status, sequence, name, payload, config.get("key")), kind, at,
        answer_to=answer_to, **config)


answer("GF-128", "the answer that is waited for", "P-064 P-065 P-117")
answer("GF-129", "an answer 201 is a response", "P-117", status=201)
answer("GF-130", "an answer 502 that verifies is a response", "P-109 P-117", status=502, payload=b"", key=KEY)
answer("GF-131", "the answer to a request with empty text", "P-065 P-092", status=401, name=b"", payload=b"",
       answer_to=(2, ""))
answer("GF-132", "sequence number 0, behind 4294967295", "P-004 P-064", sequence=0, answer_to=(0, "echo"))
refused("GF-133", "the sequence number of the request before", "P-064", "wrong_sequence", sequence=1)
refused("GF-134", "the sequence number in the other byte order", "P-004 P-064", "wrong_sequence", sequence=0x02000000)
refused("GF-135", "a sequence number right in its low 16 bits only", "P-064", "wrong_sequence", sequence=0x00010002)
refused("GF-136", "the request text of another request", "P-065", "wrong_name", name=b"null")
refused("GF-137", "an empty request text", "P-065", "wrong_name", name=b"")
refused("GF-138", "a request text that is longer", "P-065", "wrong_name", name=b"echoes")
refused("GF-139", "a request text that is shorter", "P-065", "wrong_name", name=b"ech")
refused("GF-140", "a request text in capitals", "P-065", "wrong_name", name=b"ECHO")
refused("GF-141", "a request text that looks alike: letter and accent apart", "P-065", "wrong_name",
        name="cafe\u0301".encode(), answer_to=(2, "caf\u00e9"))
refused("GF-142", "both wrong: the sequence number is named", "P-064 P-066", "wrong_sequence", sequence=3, name=b"null")
refused("GF-143", "notice 198 with the sequence number and text waited for", "P-073", "notice", status=198,
        payload=b"EOF")
refused("GF-144", "notice 498 with the sequence number and text waited for", "P-073", "notice", status=498,
        payload=b"read error")
refused("GF-145", "notice 198 of the exchange before", "P-066 P-073", "notice", status=198, sequence=1,
        name=b"PROTOCHECK", payload=b"EOF")
refused("GF-146", "notice 498 of a connection without a request", "P-066 P-072 P-073", "notice", status=498, sequence=0,
        name=b"", payload=b"read error")
refused("GF-147", "notice 198 with a right MAC", "P-014 P-073", "notice", status=198, payload=b"EOF", key=KEY)
bad("GF-148", "a wrong sequence number and the MAC of another key: the MAC is named", "P-066 P-122",
    encode(200, 3, b"echo", b"hello", b"other-key"), "mac_mismatch", MAC_AT, key=KEY, answer_to=ECHO)
bad("GF-149", "a notice with the MAC of another key: the MAC is named", "P-066 P-122",
    encode(198, 2, b"echo", b"hello", b"other-key"), "mac_mismatch", MAC_AT, key=KEY, answer_to=ECHO)
more("GF-150", "an answer cut inside its payload", "P-031 P-119", encode(200, 2, b"echo", b"hello")[:19], 1,
     answer_to=ECHO)


# ---- recorded traffic ----

def packets(path):
    """The frames of a classic capture file with Ethernet link type."""
    data = path.read_bytes()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}[data[:4]]
    if struct.unpack(order + "I", data[20:24])[0] != 1:
        raise SystemExit(f"{path.name}: link type is not Ethernet")
    at = 24
    while at < len(data):
        captured, original = struct.unpack(order + "II", data[at + 8:at + 16])
        if captured != original:
            raise SystemExit(f"{path.name}: a packet is cut short")
        yield data[at + 16:at + 16 + captured]
        at += 16 + captured


def segments(path):
    """(source, destination, sequence number, flags, data) of each TCP segment over IPv4."""
    for packet in packets(path):
        if packet[12:14] != b"\x08\x00" or packet[23] != 6:
            continue
        ip = packet[14:14 + struct.unpack(">H", packet[16:18])[0]]
        tcp = ip[4 * (ip[0] & 15):]
        source, destination, sequence = struct.unpack(">HHI", tcp[:8])
        yield (ip[12:16], source), (ip[16:20], destination), sequence, tcp[13], tcp[4 * (tcp[12] >> 4):]


def stream(parts, first):
    """One direction: sorted by sequence number, what was sent again dropped, a gap refused."""
    out = b""
    for offset, data in sorted(((sequence - first) % 2**32, data) for sequence, data in parts if data):
        if offset > len(out):
            raise SystemExit("a capture has a gap")
        out += data[len(out) - offset:]
    return out


def connections(path):
    """Per connection, in order of their first packets: bytes of the client, bytes of the server."""
    found = {}  # (client, server) -> (first sequence number, parts) of each direction
    for source, destination, sequence, flags, data in segments(path):
        if flags & 0x12 == 0x02:
            found[source, destination] = [(sequence + 1, []), (0, [])]
        elif flags & 0x12 == 0x12:
            found[destination, source][1] = (sequence + 1, [])
        elif (source, destination) in found:
            found[source, destination][0][1].append((sequence, data))
        else:
            found[destination, source][1][1].append((sequence, data))
    return [[stream(parts, first) for first, parts in both] for both in found.values()]


def cut(data, tail):
    """The stream as (bytes, status, sequence, name, payload), each frame with `tail` MAC bytes."""
    out = []
    while data:
        status, sequence, r, p = struct.unpack("<HIBI", data[:11])
        end = 11 + r + p + tail
        if len(data) < end:
            raise SystemExit("a capture ends inside a frame")
        out.append((data[:end], status, sequence, data[11:11 + r], data[11 + r:11 + r + p]))
        data = data[end:]
    return out


def recorded(first, last, capture, number, key, clauses):
    """All frames of one connection of a capture, each request with its answer, the notice at last.

    They have the ids from `first` to `last`.
    """
    client, server = (cut(data, 44 if key else 0) for data in connections(HERE / "captures" / capture)[number - 1])
    rows = [row for pair in zip(client, server) for row in zip(pair, ("request", "answer"))]
    rows += [(frame, "notice") for frame in server[len(client):]]
    if len(rows) != last - first + 1 or len(client) > len(server):
        raise SystemExit(f"{capture}, connection {number}: {len(rows)} frames, {last - first + 1} ids")
    waiting = None
    for id, (frame, kind) in enumerate(rows, first):
        data, status, sequence, name, payload = frame
        title = f"{capture}, connection {number}: {kind} {sequence} `{name.decode()}`"
        if status not in (0, 200):
            title += f", status {status}"
        if kind == "request":
            waiting = (sequence, name.decode())
        add(f"GF-{id:03d}", title, clauses[kind], data, {"fields": fields(status, sequence, name, payload, len(data))},
            key=key, answer_to=waiting if kind == "answer" else None)


file("captures.toml", "Frames from recorded traffic of the original programs, in the order of the exchanges.")

PLAIN = {"request": "P-001 P-071", "answer": "P-060 P-061 P-064 P-065", "notice": "P-072"}
SIGNED = {"request": "P-014 P-016 P-071", "answer": "P-014 P-016 P-060 P-061 P-109", "notice": "P-014 P-016 P-072"}
recorded(151, 161, "plain.pcap", 1, None, PLAIN)
recorded(162, 168, "plain.pcap", 3, None, PLAIN)
recorded(169, 179, "hmac.pcap", 1, KEY, SIGNED)

# Connection 2: the client's key is not the server's. Its key is not known here; OTHER stands for it.
OTHER = b"other-key"
[[request], [refusal]] = (cut(data, 44) for data in connections(HERE / "captures" / "hmac.pcap")[1])
bad("GF-180", "hmac.pcap, connection 2: the server refuses a protocol check under another key", "P-022 P-105",
    request[0], "mac_mismatch", 22, key=KEY)
add("GF-181", "hmac.pcap, connection 2: the answer 502 has a right MAC under the server's key", "P-016 P-107 P-109",
    refusal[0], {"fields": fields(*refusal[1:], len(refusal[0]))}, key=KEY, answer_to=(1, "PROTOCHECK"))
bad("GF-182", "hmac.pcap, connection 2: a client with another key cannot verify the answer 502", "P-022 P-122",
    refusal[0], "mac_mismatch", 54, key=OTHER, answer_to=(1, "PROTOCHECK"))
[_, farewell] = connections(HERE / "captures" / "plain.pcap")[0]
farewell = cut(farewell, 0)[-1]
bad("GF-183", "plain.pcap, connection 1: the farewell 198 is no answer to the request it names", "P-072 P-073",
    farewell[0], "notice", 0, answer_to=(farewell[2], farewell[3].decode()))


# ---- writing ----

def toml_string(value):
    def escape(char):
        code = ord(char)
        if char in '"\\':
            return "\\" + char
        if 32 <= code < 127:
            return char
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return '"' + "".join(map(escape, value)) + '"'


def toml_value(value):
    if isinstance(value, str):
        return toml_string(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return "{ " + ", ".join(f"{k} = {toml_value(v)}" for k, v in value.items()) + " }"


def toml_file(name):
    lines = [f"# {SUBJECTS[name]}", "# Written by generate.py: change that, not this file.", ""]
    for entry in FILES[name]:
        lines.append("[[frame]]")
        lines += [f"{k} = {toml_value(v)}" for k, v in entry.items() if k != "fields"]
        if "fields" in entry:
            lines += ["", "[frame.fields]"] + [f"{k} = {toml_value(v)}" for k, v in entry["fields"].items()]
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def json_file():
    rows = [json.dumps({"file": name} | entry) for name, entries in FILES.items() for entry in entries]
    return f'{{"schema": "{SCHEMA}", "frames": [\n' + ",\n".join(rows) + "\n]}\n"


def review():
    """What must hold for every frame, whatever its subject."""
    known = set(re.findall(r"(?m)^\*\*(P-\d{3})\*\* · ", (HERE.parent / "SPEC.md").read_text(encoding="utf-8")))
    ids, titles = set(), set()
    for entry in (entry for entries in FILES.values() for entry in entries):
        assert re.fullmatch(r"GF-\d{3}", entry["id"]) and entry["id"] not in ids, entry["id"]
        assert entry["title"] not in titles, entry["title"]
        assert entry["clauses"] and set(entry["clauses"]) <= known, entry["id"]
        assert sum(key in entry for key in ("fields", "need_more", "error")) == 1, entry["id"]
        assert entry.get("need_more", 1) > 0, entry["id"]
        ids.add(entry["id"])
        titles.add(entry["title"])


def main(arguments):
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    review()
    wanted = {name: toml_file(name) for name in FILES} | {"golden.json": json_file()}
    differing = [path.name for path in HERE.glob("*.toml") if path.name not in wanted]
    for name, content in wanted.items():
        path = HERE / name
        if not path.is_file() or path.read_bytes() != content.encode():
            differing.append(name)
            if not arguments:
                path.write_bytes(content.encode())
    if not arguments:
        print(f"{sum(map(len, FILES.values()))} frames in {len(FILES)} files, {len(differing)} files changed")
        return 0
    for name in sorted(differing):
        print(f"differs: {name}", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
