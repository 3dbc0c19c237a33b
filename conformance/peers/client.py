#!/usr/bin/env python3
"""A Petrel client that is independent of the toolkit: Python 3, standard library only.

    client.py 127.0.0.1:60606 echo hello          one request
    client.py unix:/run/app.sock echo a null b    several, in order: NAME PAYLOAD NAME PAYLOAD ...
    client.py --tls-ca ca.pem --tls-name localhost 127.0.0.1:60606 echo hello

For each request it prints the status on one line and the payload on the next. It greets the server
first. Exit code 0 when every request was answered, whatever the status; 1 when one was not.
"""

import argparse
import base64
import hashlib
import hmac
import os
import socket
import ssl
import struct
import sys

HEADER = struct.Struct("<HIBI")
MAC_LEN = 44
VERSION = b"\x00"
NOTICES = (198, 498)
PAYLOAD_MAX = 64 * 1024 * 1024


class Failed(Exception):
    """A request was not answered as it has to be."""


class Client:
    def __init__(self, sock, key=None):
        self.sock = sock
        self.key = key
        self.sequence = 0

    def greet(self):
        status, payload = self.dispatch(b"PROTOCHECK", VERSION)
        if status != 200 or payload != VERSION:
            raise Failed(f"the protocol check was answered {status} with version {payload.hex()}")

    def dispatch(self, name, payload):
        """Sends one request and waits for its answer: status and payload."""
        self.send(name, payload)
        return self.receive(name, self.sequence)

    def pipeline(self, requests):
        """Sends all requests in one write, then reads the answers in their order."""
        first = self.sequence + 1
        self.sock.sendall(b"".join(self.frame(name, payload) for name, payload in requests))
        return [self.receive(name, first + n) for n, (name, _) in enumerate(requests)]

    def send(self, name, payload):
        self.sock.sendall(self.frame(name, payload))

    def frame(self, name, payload):
        if len(name) > 255:
            raise Failed(f"the name has {len(name)} bytes: at most 255 fit")
        self.sequence = (self.sequence + 1) % 2**32
        frame = HEADER.pack(0, self.sequence, len(name), len(payload)) + name + payload
        return frame + self.sign(payload) if self.key is not None else frame

    def receive(self, name, sequence):
        status, got_sequence, name_len, payload_len = HEADER.unpack(self.read(HEADER.size))
        if payload_len > PAYLOAD_MAX:
            raise Failed(f"the answer claims {payload_len} bytes: at most {PAYLOAD_MAX} are read")
        got_name = self.read(name_len)
        payload = self.read(payload_len)
        if status in NOTICES:
            raise Failed(f"the server closes: notice {status}, {payload!r}")
        if self.key is not None and not hmac.compare_digest(self.read(MAC_LEN), self.sign(payload)):
            raise Failed(f"the MAC of the answer is wrong; it claims {status}: do the keys differ?")
        if got_sequence != sequence % 2**32:
            raise Failed(f"the answer has sequence {got_sequence}, not {sequence}")
        if got_name != name:
            raise Failed(f"the answer has the name {got_name!r}, not {name!r}")
        return status, payload

    def sign(self, payload):
        return base64.b64encode(hmac.new(self.key, payload, hashlib.sha256).digest())

    def read(self, count):
        data = bytearray()
        while len(data) < count:
            chunk = self.sock.recv(min(count - len(data), 1 << 20))
            if not chunk:
                raise Failed(f"the connection ended, {count - len(data)} bytes early")
            data += chunk
        return bytes(data)


def connect(options):
    if options.target.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(options.timeout)
        sock.connect(options.target.removeprefix("unix:"))
    else:
        host, _, port = options.target.rpartition(":")
        sock = socket.create_connection((host.strip("[]"), int(port)), options.timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if options.tls_ca:
        context = ssl.create_default_context(cafile=options.tls_ca)
        if options.tls_cert:
            context.load_cert_chain(options.tls_cert, options.tls_key)
        name = options.tls_name or options.target.rpartition(":")[0].strip("[]")
        sock = context.wrap_socket(sock, server_hostname=name)
    return sock


def key_of(options):
    if options.hmac_key_env:
        if options.hmac_key_env not in os.environ:
            raise Failed(f"the environment variable {options.hmac_key_env} is not set")
        return os.environb[options.hmac_key_env.encode()].removesuffix(b"\n")
    if options.hmac_key_file:
        with open(options.hmac_key_file, "rb") as file:
            return file.read().removesuffix(b"\n")
    return None


def options_of(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hmac-key-file", metavar="FILE")
    parser.add_argument("--hmac-key-env", metavar="VAR")
    parser.add_argument("--tls-ca", metavar="FILE", help="speak TLS, trust this CA")
    parser.add_argument("--tls-name", metavar="NAME", help="the name in the server's certificate")
    parser.add_argument("--tls-cert", metavar="FILE", help="the client's certificate")
    parser.add_argument("--tls-key", metavar="FILE", help="the key of --tls-cert")
    parser.add_argument("--pipeline", action="store_true", help="send all requests in one write")
    parser.add_argument("--no-check", action="store_true", help="send no protocol check")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
    parser.add_argument("target", help="host:port or unix:/path")
    parser.add_argument("requests", nargs="+", metavar="NAME PAYLOAD")
    options = parser.parse_args(arguments)
    if len(options.requests) % 2:
        parser.error("each NAME needs a PAYLOAD, which may be ''")
    if not options.target.startswith("unix:") and not options.target.rpartition(":")[2].isdigit():
        parser.error(f"`{options.target}` is no target: write host:port or unix:/path")
    return options


def main():
    options = options_of(sys.argv[1:])
    words = [os.fsencode(word) for word in options.requests]
    requests = list(zip(words[::2], words[1::2]))
    with connect(options) as sock:
        client = Client(sock, key_of(options))
        if not options.no_check:
            client.greet()
        if options.pipeline:
            answers = client.pipeline(requests)
        else:
            answers = (client.dispatch(name, payload) for name, payload in requests)
        for status, payload in answers:
            print(status, flush=True)
            sys.stdout.buffer.write(payload + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    try:
        main()
    except (Failed, OSError, ValueError) as error:
        print(f"client.py: {error}", file=sys.stderr)
        sys.exit(1)
