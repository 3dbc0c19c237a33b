#!/usr/bin/env python3
"""An independent decoder of Petrel captures, to judge petrel-probe's.

It knows the whole file at once, sorts, and takes connections with a handshake and a protocol check only:
as simple as can be, and nothing like the program that it judges. It prints a line of JSON for each
exchange, and {"lost": true, ...} for each way of a connection in which bytes are missing.

    decode.py FILE [KEYFILE]
"""

import base64
import hashlib
import hmac
import json
import struct
import sys


def packets(data):
    """Yields (time in nanoseconds, link type, bytes) of a pcap or pcapng file."""
    magic = data[:4]
    if magic == b"\x0a\x0d\x0d\x0a":
        yield from packets_of_blocks(data)
        return
    order = "<" if magic in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    unit = 1 if magic in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1000
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, length, _ = struct.unpack_from(order + "IIII", data, at)
        body = data[at + 16 : at + 16 + length]
        if len(body) < length:
            return
        yield seconds * 10**9 + fraction * unit, link, body
        at += 16 + length


def packets_of_blocks(data):
    at, order, interfaces = 0, "<", []
    while at + 12 <= len(data):
        kind = struct.unpack_from(order + "I", data, at)[0]
        if kind == 0x0A0D0D0A:
            order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        length = struct.unpack_from(order + "I", data, at + 4)[0]
        body = data[at + 8 : at + length - 4]
        if length < 12 or at + length > len(data):
            return
        if kind == 1:
            resolution, options = 10**6, body[8:]
            while len(options) >= 4:
                code, size = struct.unpack_from(order + "HH", options)
                if code == 9:
                    value = options[4]
                    resolution = 2 ** (value & 127) if value & 128 else 10**value
                if code == 0:
                    break
                options = options[4 + (size + 3) // 4 * 4 :]
            interfaces.append((struct.unpack_from(order + "H", body)[0], resolution))
        elif kind == 6:
            number, high, low, size = struct.unpack_from(order + "IIII", body)
            link, resolution = interfaces[number]
            ticks = high << 32 | low
            yield ticks * 10**9 // resolution, link, body[20 : 20 + size]
        at += length


def network_layer(link, frame):
    """The IP packet in a frame, or nothing."""
    if link == 1:
        at, kind = 14, frame[12:14]
        while kind in (b"\x81\x00", b"\x88\xa8"):
            kind, at = frame[at + 2 : at + 4], at + 4
        return frame[at:] if kind in (b"\x08\x00", b"\x86\xdd") else b""
    if link == 113:
        return frame[16:]
    if link == 276:
        return frame[20:]
    if link in (0, 108):
        return frame[4:]
    return frame if link in (101, 12, 14, 228, 229) else b""


def segments(data):
    """Yields (time, source, destination, sequence, acknowledgment, flags, payload, length on the wire)."""
    fragments = {}
    for time, link, frame in packets(data):
        ip = network_layer(link, frame)
        if not ip:
            continue
        if ip[0] >> 4 == 4:
            head, total, protocol = (ip[0] & 15) * 4, struct.unpack_from(">H", ip, 2)[0], ip[9]
            source, target = ".".join(map(str, ip[12:16])), ".".join(map(str, ip[16:20]))
            word = struct.unpack_from(">H", ip, 6)[0]
            body, length = ip[head:total], total - head
            if word & 0x3FFF:
                parts = fragments.setdefault((ip[4:6], source, target), {})
                parts.setdefault((word & 0x1FFF) * 8, (body, not word & 0x2000))
                body, whole = b"", False
                while len(body) in parts:
                    part, last = parts[len(body)]
                    body += part
                    if last:
                        whole = True
                        break
                if not whole:
                    continue
                length = len(body)
                del fragments[(ip[4:6], source, target)]
        elif ip[0] >> 4 == 6:
            length, protocol = struct.unpack_from(">H", ip, 4)[0], ip[6]
            source, target = (
                ":".join(f"{word:x}" for word in struct.unpack_from(">8H", ip, at)) for at in (8, 24)
            )
            body = ip[40 : 40 + length]
            while protocol in (0, 43, 60):
                protocol, size = body[0], (body[1] + 1) * 8
                body, length = body[size:], length - size
        else:
            continue
        if protocol != 6:
            continue
        ports = struct.unpack_from(">HH", body)
        sequence, acknowledged = struct.unpack_from(">II", body, 4)
        head, flags = (body[12] >> 4) * 4, body[13]
        yield (
            time,
            (source, ports[0]),
            (target, ports[1]),
            sequence,
            acknowledged,
            flags,
            body[head:],
            length - head,
        )


class Stream:
    """One way of a connection: bytes by their offset, the first captured ones."""

    def __init__(self):
        self.start, self.bytes, self.length = None, {}, 0

    def text(self):
        """The bytes up to the first hole, and whether there is none."""
        out = bytearray()
        while len(out) in self.bytes:
            out.append(self.bytes[len(out)])
        return bytes(out), len(out) == self.length


def frames(stream, macs):
    out, at = [], 0
    while at + 11 <= len(stream):
        status, sequence, name, payload = struct.unpack_from("<HIBI", stream, at)
        end = at + 11 + name + payload + (44 if macs else 0)
        if end > len(stream):
            break
        text = stream[at + 11 : at + 11 + name]
        body = stream[at + 11 + name : at + 11 + name + payload]
        out.append((status, sequence, text, body, stream[end - 44 : end] if macs else None))
        at = end
    return out


def connections(data):
    """Sorts the segments of a file into connections with a handshake."""
    seen = list(segments(data))
    found = {}
    for _, source, target, sequence, _, flags, _, _ in seen:
        if flags & 0x12 == 0x02 and (source, target) not in found:
            found[source, target] = (Stream(), Stream())
            found[source, target][0].start = sequence + 1
        if flags & 0x12 == 0x12 and (target, source) in found:
            found[target, source][1].start = sequence + 1
    for _, source, target, sequence, _, flags, _, _ in seen:
        if flags & 0x12 == 0x12 and (target, source) in found:
            found[target, source][1].start = sequence + 1
    for _, source, target, sequence, _, flags, payload, length in seen:
        for key, side in (((source, target), 0), ((target, source), 1)):
            if key not in found or found[key][side].start is None or flags & 0x02:
                continue
            stream = found[key][side]
            offset = (sequence - stream.start) & 0xFFFFFFFF
            if offset > 1 << 30:
                continue
            for index, byte in enumerate(payload):
                stream.bytes.setdefault(offset + index, byte)
            if length:
                stream.length = max(stream.length, offset + length)
    return found


def main():
    data = open(sys.argv[1], "rb").read()
    key = open(sys.argv[2], "rb").read().rstrip(b"\n") if len(sys.argv) > 2 else None
    for (client, server), (there, back) in sorted(connections(data).items()):
        (asked, whole), (answered, whole_too) = there.text(), back.text()
        if asked[11:21] != b"PROTOCHECK":
            continue
        macs = len(asked) > 22 + 43 and asked[22 + 43 : 22 + 44] == b"=" and key is not None
        requests, answers = frames(asked, macs), frames(answered, macs)
        answers = [answer for answer in answers if answer[0] not in (198, 498)]
        for index, (_, sequence, name, body, mac) in enumerate(requests):
            answer = answers[index] if index < len(answers) else None

            def digest(payload):
                return hashlib.sha256(payload).hexdigest()

            def state(payload, mac):
                if mac is None:
                    return "none"
                right = base64.b64encode(hmac.new(key, payload, hashlib.sha256).digest())
                return "ok" if right == mac else "bad"

            print(
                json.dumps(
                    {
                        "client": client[1],
                        "server": server[1],
                        "seq": sequence,
                        "name": name.hex(),
                        "request": [len(body), digest(body), state(body, mac)],
                        "response": answer
                        and [answer[0], len(answer[3]), digest(answer[3]), state(answer[3], answer[4])],
                    }
                )
            )
        if not (whole and whole_too):
            print(json.dumps({"lost": True, "client": client[1]}))


if __name__ == "__main__":
    main()
