#!/usr/bin/env python3
"""Makes hard captures of easy ones: the same conversations, as a bad day would record them.

    mangle.py IN OUT SEED MANNER...

IN is a pcap file, OUT what is made of it. Manners, applied in their order:

    shuffle            all packets in a random order (each keeps its time)
    jostle             packets a few places off
    duplicate          a third of them twice
    drop               every eighth packet with payload is missing
    pieces             segments cut into pieces of 1 to 9 bytes
    overlap            every segment also carries the bytes before it again
    fragments          IPv4 datagrams in fragments of 16 bytes, in random order
    snap:N             packets cut after N bytes of TCP payload
    wrap               sequence numbers that wrap in the middle of the connection
    midstream          no handshakes
    link:NAME          ethernet vlan qinq sll sll2 raw null null-big loop
    pcap-big pcap-nano pcapng pcapng-big   the form of the file (default: pcap)
    truncate           the last seven bytes of the file are missing
"""

import random
import struct
import sys

from decode import network_layer, packets

LINKS = {
    "ethernet": (1, lambda kind: bytes(12) + kind),
    "vlan": (1, lambda kind: bytes(12) + b"\x81\x00\x00\x07" + kind),
    "qinq": (1, lambda kind: bytes(12) + b"\x88\xa8\x00\x07\x81\x00\x00\x09" + kind),
    "sll": (113, lambda kind: bytes(14) + kind),
    "sll2": (276, lambda kind: kind + bytes(18)),
    "raw": (101, lambda kind: b""),
    "null": (0, lambda kind: b"\x02\0\0\0" if kind == b"\x08\0" else b"\x1e\0\0\0"),
    "null-big": (0, lambda kind: b"\0\0\0\x02" if kind == b"\x08\0" else b"\0\0\0\x1e"),
    "loop": (108, lambda kind: b"\0\0\0\x02" if kind == b"\x08\0" else b"\0\0\0\x1e"),
}


class Packet:
    """A segment of TCP over IP, taken apart."""

    def __init__(self, time, ip):
        self.time, self.version = time, ip[0] >> 4
        head = (ip[0] & 15) * 4 if self.version == 4 else 40
        end = struct.unpack_from(">H", ip, 2)[0] if self.version == 4 else 40 + struct.unpack_from(">H", ip, 4)[0]
        self.ip, tcp = ip[:head], ip[head:end]
        self.tcp, self.payload = tcp[: (tcp[12] >> 4) * 4], tcp[(tcp[12] >> 4) * 4 :]
        self.cut, self.fragment = None, None

    def copy(self, shift=0, payload=None):
        other = object.__new__(Packet)
        other.__dict__.update(self.__dict__)
        sequence = struct.unpack_from(">I", self.tcp, 4)[0] + shift & 0xFFFFFFFF
        other.tcp = self.tcp[:4] + struct.pack(">I", sequence) + self.tcp[8:]
        other.payload = self.payload if payload is None else payload
        return other

    @property
    def flags(self):
        return self.tcp[13]

    def bytes(self):
        """The IP packet, and how much of it was captured."""
        body = self.tcp + self.payload
        word = 0
        if self.fragment:
            first, last = self.fragment
            word = first // 8 | (0 if last >= len(body) else 0x2000)
            body = body[first:last]
        if self.version == 4:
            head = self.ip[:2] + struct.pack(">H", len(self.ip) + len(body)) + self.ip[4:6]
            head += struct.pack(">H", word) + self.ip[8:]
        else:
            head = self.ip[:4] + struct.pack(">H", len(body)) + self.ip[6:]
        whole = head + body
        keep = len(whole) if self.cut is None else len(head) + len(self.tcp) + self.cut
        return whole[:keep], len(whole)


def shuffle(all_packets, chance):
    chance.shuffle(all_packets)
    return all_packets


def jostle(all_packets, chance):
    keyed = [(index + chance.uniform(0, 4), index) for index in range(len(all_packets))]
    return [all_packets[index] for _, index in sorted(keyed)]


def duplicate(all_packets, chance):
    return [copy for packet in all_packets for copy in [packet] * chance.choice((1, 1, 2))]


def drop(all_packets, chance):
    return [p for p in all_packets if not (p.payload and not p.flags & 2 and chance.random() < 0.125)]


def pieces(all_packets, chance):
    out = []
    for packet in all_packets:
        at = 0
        while at < len(packet.payload):
            size = chance.randint(1, 9)
            piece = packet.copy(at, packet.payload[at : at + size])
            at += size
            if at < len(packet.payload):
                piece.tcp = piece.tcp[:13] + bytes([piece.tcp[13] & ~1]) + piece.tcp[14:]
            out.append(piece)
        if not packet.payload:
            out.append(packet)
    return out


def overlap(all_packets, chance):
    out, before = [], {}
    for packet in all_packets:
        way = (packet.ip[12:], packet.tcp[:4])
        if packet.payload:
            back = before.get(way, b"")[-chance.randint(1, 20) :]
            out.append(packet.copy(-len(back), back + packet.payload))
            before[way] = packet.payload
        else:
            out.append(packet)
    return out


def fragments(all_packets, chance):
    out = []
    for number, packet in enumerate(all_packets):
        size = len(packet.tcp) + len(packet.payload)
        cuts = list(range(0, size, 16))
        if packet.version != 4 or len(cuts) < 2:
            out.append(packet)
            continue
        parts = []
        for first in cuts:
            part = packet.copy()
            part.ip = packet.ip[:4] + struct.pack(">H", number) + packet.ip[6:]
            part.fragment = (first, first + 16)
            parts.append(part)
        chance.shuffle(parts)
        out += parts
    return out


def snap(all_packets, length):
    out = []
    for packet in all_packets:
        copy = packet.copy()
        copy.cut = length
        out.append(copy)
    return out


def wrap(all_packets, _):
    starts = {}
    for packet in all_packets:
        if packet.flags & 2:
            starts[packet.ip[12:] if packet.version == 4 else packet.ip[8:], packet.tcp[:4]] = struct.unpack_from(
                ">I", packet.tcp, 4
            )[0]
    out = []
    for packet in all_packets:
        addresses = packet.ip[12:] if packet.version == 4 else packet.ip[8:]
        half = len(addresses) // 2
        own = starts.get((addresses, packet.tcp[:4]), 0)
        peer = starts.get((addresses[half:] + addresses[:half], packet.tcp[2:4] + packet.tcp[:2]), 0)
        copy = packet.copy(0xFFFFFFF0 - own)
        acknowledged = struct.unpack_from(">I", packet.tcp, 8)[0]
        if packet.flags & 0x10:
            acknowledged = acknowledged + 0xFFFFFFF0 - peer & 0xFFFFFFFF
        copy.tcp = copy.tcp[:8] + struct.pack(">I", acknowledged) + copy.tcp[12:]
        out.append(copy)
    return out


def written(all_packets, link, form):
    number, header = LINKS[link]
    order = ">" if form.endswith("big") else "<"
    out = bytearray()
    if form.startswith("pcapng"):
        out += struct.pack(order + "IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
        option = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0)
        out += struct.pack(order + "IIHHI", 1, 20 + len(option), number, 0, 0) + option
        out += struct.pack(order + "I", 20 + len(option))
    else:
        magic = 0xA1B23C4D if form == "pcap-nano" else 0xA1B2C3D4
        out += struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, number)
    for packet in all_packets:
        ip, length = packet.bytes()
        head = header(b"\x08\0" if packet.version == 4 else b"\x86\xdd")
        frame, length = head + ip, len(head) + length
        if form.startswith("pcapng"):
            padded = frame + bytes(-len(frame) % 4)
            size = 32 + len(padded)
            fields = (6, size, 0, packet.time >> 32, packet.time & 0xFFFFFFFF, len(frame), length)
            out += struct.pack(order + "IIIIIII", *fields) + padded + struct.pack(order + "I", size)
        else:
            unit = 1 if form == "pcap-nano" else 1000
            seconds, rest = divmod(packet.time, 10**9)
            out += struct.pack(order + "IIII", seconds, rest // unit, len(frame), length) + frame
    return out


def main():
    source, target, seed, *manners = sys.argv[1:]
    chance = random.Random(int(seed))
    found = [Packet(time, network_layer(link, frame)) for time, link, frame in packets(open(source, "rb").read())]
    link, form, keep = "ethernet", "pcap", None
    for manner in manners:
        name, _, value = manner.partition(":")
        if name == "link":
            link = value
        elif name.startswith("pcap"):
            form = name
        elif name == "truncate":
            keep = -7
        elif name == "snap":
            found = snap(found, int(value))
        elif name == "midstream":
            found = [packet for packet in found if not packet.flags & 2]
        else:
            found = globals()[name](found, chance)
    with open(target, "wb") as out:
        out.write(written(found, link, form)[:keep])


if __name__ == "__main__":
    main()
