#!/usr/bin/env python3
"""A driver around a codec for Petrel frames that is independent of the toolkit: Python 3, standard library only.

    petrel-conformance codec --driver 'python3 peers/codec.py'
    petrel-conformance codec --driver 'python3 peers/codec.py --fault big-endian'

With --fault it is deliberately wrong in one way, to show that the suite sees it.
"""

import argparse
import base64
import hashlib
import hmac
import json
import struct
import sys

MAC_LEN = 44
FAULTS = {
    "big-endian": "numbers have their high byte first",
    "signed": "the payload length is a signed number",
    "pieces": "bytes of a piece that are no whole frame are forgotten",
    "joined": "bytes behind a frame are forgotten",
    "no-mac-check": "every MAC is right",
    "lenient-mac": "base64 is read leniently",
    "limit-exclusive": "a payload of exactly the limit is refused",
    "limit-waits": "a payload over the limit is waited for",
    "mac-over-all": "the MAC covers the header and the request text, too",
    "text": "request text is decoded as UTF-8 and encoded again",
    "early": "a payload over the limit is refused from the header alone",
    "small": "the limit is 64 KiB unless another is given",
    "no-encode": "encoding is not supported",
    "always-yes": "every answer is ok, whatever was asked",
    "silent": "no answer to `decode`",
    "mute": "no answer at all",
    "dies": "ends when it sees a MAC",
    "dies-at-once": "ends before the first answer",
    "chatty": "writes a line that is not JSON before each answer to `encode`",
}


class Refused(Exception):
    """Bytes that are no frame for this receiver; the class says why."""


def b64(text):
    return base64.b64decode(text, validate=True)


def text64(data):
    return base64.b64encode(data).decode()


class Codec:
    def __init__(self, key, limit, fault):
        self.key, self.limit, self.fault = key, limit, fault
        order = ">" if fault == "big-endian" else "<"
        self.header = struct.Struct(order + ("HIBi" if fault == "signed" else "HIBI"))

    def mac(self, head, payload):
        covered = head + payload if self.fault == "mac-over-all" else payload
        return base64.b64encode(hmac.new(self.key, covered, hashlib.sha256).digest())

    def encode(self, status, sequence, name, payload):
        head = self.header.pack(status, sequence, len(name), len(payload)) + name
        return head + payload + (self.mac(head, payload) if self.key is not None else b"")

    def decode(self, data):
        """The frame at the front and the bytes it took, or None while bytes are missing."""
        if len(data) < self.header.size:
            return None
        status, sequence, r, p = self.header.unpack_from(data)
        start = self.header.size + r
        over = p >= self.limit if self.fault == "limit-exclusive" else p > self.limit
        if over and self.fault != "limit-waits" and (len(data) >= start or self.fault == "early"):
            raise Refused("limit", f"the payload length {p} is over {self.limit}")
        end = start + p + (MAC_LEN if self.key is not None else 0)
        if over or len(data) < end:
            return None
        name, payload, mac = data[self.header.size:start], data[start:start + p], data[start + p:end]
        if self.key is not None and self.fault != "no-mac-check":
            right = self.mac(data[:start], payload)
            if self.fault == "lenient-mac":
                right, mac = b64(right), base64.b64decode(mac.replace(b"-", b"+").replace(b"_", b"/") + b"==")
            if not hmac.compare_digest(right, mac):
                raise Refused("mac", "the MAC is not that of the payload")
        if self.fault == "text":
            name = name.decode("utf-8", "replace").encode()
        return (status, sequence, name, payload), end


def decode(codec, data, cuts):
    frames, buffer = [], b""
    done = {"ok": True, "frames": frames, "end": "incomplete"}
    edges = [0, *cuts, len(data)]
    for start, end in zip(edges, edges[1:]):
        buffer += data[start:end]
        try:
            while buffer and (found := codec.decode(buffer)):
                (status, sequence, name, payload), used = found
                frames.append({"status": status, "sequence": sequence, "name_b64": text64(name),
                               "payload_b64": text64(payload)})
                buffer = b"" if codec.fault == "joined" else buffer[used:]
        except Refused as refused:
            return done | {"end": "refused", "class": refused.args[0], "error": refused.args[1]}
        if codec.fault == "pieces":
            buffer = b""
    return done if buffer else done | {"end": "complete"}


def answer(command, fault):
    (what, fields), = command.items()
    if fault == "always-yes":
        return {"ok": True, "frames": [], "end": "complete", "bytes_b64": ""}
    if what == "quit":
        return {"ok": True}
    if what not in ("encode", "decode") or (what == "encode" and fault == "no-encode"):
        return {"unsupported": f"no command {what}"}
    key = b64(fields["hmac_key_b64"]) if fields.get("hmac_key_b64") is not None else None
    limit = fields.get("limit", 65536 if fault == "small" else 4194304)
    codec = Codec(key, limit, fault)
    if what == "encode":
        data = codec.encode(fields["status"], fields["sequence"], b64(fields["name_b64"]), b64(fields["payload_b64"]))
        return {"ok": True, "bytes_b64": text64(data)}
    if fault == "dies" and key is not None:
        sys.exit("a MAC! I cannot go on")
    return decode(codec, b64(fields["bytes_b64"]), fields.get("cuts", []))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fault", choices=FAULTS, help="; ".join(f"{name}: {what}" for name, what in FAULTS.items()))
    fault = parser.parse_args().fault
    if fault == "dies-at-once":
        sys.exit("no luck today")
    for line in sys.stdin:
        if not line.strip():
            continue
        command = json.loads(line)
        if fault == "mute" or (fault == "silent" and "decode" in command):
            continue
        if fault == "chatty" and "encode" in command:
            print("encoding ...")
        try:
            said = answer(command, fault)
        except (ValueError, struct.error) as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)
        if "quit" in command:
            break


if __name__ == "__main__":
    main()
