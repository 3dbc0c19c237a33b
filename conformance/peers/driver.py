#!/usr/bin/env python3
"""The example driver of conformance/DRIVER.md: lets the suite work the client of client.py.

It reads one JSON object per line and writes one per line. The suite starts it:

    petrel-conformance client --driver 'python3 conformance/peers/driver.py'
    petrel-conformance codec --driver 'python3 conformance/peers/driver.py'
"""

import base64
import inspect
import json
import ssl
import sys

from client import LIMIT, Client, Decoder, Failed, connect, encode


def to_text(data):
    return base64.b64encode(data).decode()


def to_bytes(text):
    return base64.b64decode(text, validate=True)


def to_key(text):
    if text == "":
        raise Failed("usage", "the key is empty: a key has at least one byte")
    return None if text is None else to_bytes(text)


class Driver:
    """One method for each command: its parameters are the fields, and it returns the answer's."""

    def __init__(self):
        self.client = None

    def connect(self, addr, tls_ca=None, hmac_key_b64=None, limit=LIMIT, version=0):
        self.close()
        key, version = to_key(hmac_key_b64), bytes([version])
        tls = ssl.create_default_context(cafile=tls_ca) if tls_ca else None
        self.client = Client(connect(addr, tls), key, limit)
        self.client.check(version)
        return {}

    def dispatch(self, name, payload_b64):
        if self.client is None:
            raise Failed("closed", "there is no connection")
        status, payload = self.client.dispatch(name.encode(), to_bytes(payload_b64))
        return {"status": status, "payload_b64": to_text(payload)}

    def encode(self, status, sequence, name_b64, payload_b64, hmac_key_b64=None):
        name, payload = to_bytes(name_b64), to_bytes(payload_b64)
        frame = encode(status, sequence, name, payload, to_key(hmac_key_b64))
        return {"bytes_b64": to_text(frame)}

    def decode(self, bytes_b64, hmac_key_b64=None, limit=LIMIT, cuts=()):
        data = to_bytes(bytes_b64)
        decoder = Decoder(to_key(hmac_key_b64), limit)
        frames, start = [], 0
        try:
            for end in (*sorted(cuts), len(data)):
                decoder.feed(data[start:end])
                start = end
                while (frame := decoder.next()) is not None:
                    frames.append(frame)
            ending = {"end": "incomplete" if decoder.buffer else "complete"}
        except Failed as error:
            ending = {"end": "refused", "error": str(error), "class": error.kind}
        keys = ("status", "sequence", "name_b64", "payload_b64")
        rows = [(*frame[:2], to_text(frame[2]), to_text(frame[3])) for frame in frames]
        return {"frames": [dict(zip(keys, row)) for row in rows], **ending}

    def quit(self):
        self.close()
        sys.exit()

    def close(self):
        if self.client is not None:
            self.client.close()
            self.client = None


def answer(commands, line):
    """The answer to one line."""
    try:
        [(word, fields)] = json.loads(line).items()
        if word not in commands:
            return {"unsupported": f"the command {word}"}
        strange = fields.keys() - inspect.signature(commands[word]).parameters.keys()
        if strange:
            return {"unsupported": f"{word} with {', '.join(sorted(strange))}"}
        return {"ok": True, **commands[word](**fields)}
    except Failed as error:
        return {"error": str(error), "class": error.kind}
    except (AttributeError, OSError, TypeError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}", "class": "usage"}


def main():
    driver = Driver()
    names = ("connect", "dispatch", "encode", "decode", "quit")
    commands = {name: getattr(driver, name) for name in names}
    for line in sys.stdin.buffer:
        print(json.dumps(answer(commands, line)), flush=True)
    driver.quit()


if __name__ == "__main__":
    main()
