#!/usr/bin/env python3
"""A Petrel server that is independent of the toolkit: Python 3, standard library only.

It answers by conformance/SPEC.md alone and has all fixtures. With --manner original it does
everything that the text merely allows, so that the suite can show that it does not cry wolf.

    server.py --port 0                 prints "listening on 127.0.0.1:PORT" and serves
"""

import argparse
import base64
import hashlib
import hmac
import socket
import ssl
import struct
import sys
import threading
import time

HEADER = struct.Struct("<HIBI")
MAC_LEN = 44
VERSION = b"\x00"
LIMIT = 4 * 1024 * 1024
FIXTURES = [b"echo", b"null", b"size", b"sleep", b"status", b"fail"]


class HandlerError(Exception):
    """What a handler raises to be answered 500."""


def decimal(payload, most=2**64 - 1):
    digits = payload.lstrip(b"0")
    if not payload.isdigit() or len(digits) > 20 or int(digits or b"0") > most:
        raise HandlerError("a decimal was expected, not too large")
    return int(digits or b"0")


def handle(name, payload):
    """What a fixture answers: a status and a payload."""
    if name == b"echo":
        return 200, payload
    if name == b"null":
        return 200, b""
    if name == b"size":
        return 200, b"x" * decimal(payload, LIMIT)
    if name == b"sleep":
        time.sleep(min(decimal(payload) / 1000, 1e9))  # Some decades stand for more than them.
        return 200, b""
    if name == b"status":
        status = decimal(payload, 65535)
        return (status if status > 1024 or status in (200, 400, 401, 500, 501) else 501), b""
    if name == b"fail":
        raise HandlerError("this text stays here")
    raise RuntimeError("a handler that panics")


class Connection:
    """One client, from the first byte to the last."""

    def __init__(self, options, sock):
        self.options = options
        self.original = options.manner == "original"
        self.sock = sock
        self.buffer = bytearray()
        self.is_first = True
        self.last = (0, b"")

    def run(self):
        try:
            if not self.options.unix:
                self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.options.tls:
                self.sock.settimeout(10.0)
                self.sock = self.options.tls.wrap_socket(self.sock, server_side=True)
                self.sock.settimeout(None)
            while self.serve_one():
                pass
            self.finish()
        except OSError:
            pass  # The client is gone, or took too long to go.
        finally:
            self.sock.close()

    def serve_one(self):
        """Answers one request; False when there is to be no other."""
        try:
            # The status of a request means nothing.
            _, sequence, name_len, payload_len = HEADER.unpack(self.read(HEADER.size))
            name = self.read(name_len)
            if payload_len > self.options.limit:
                return self.refuse(402, sequence, name)
            payload = self.read(payload_len)
            mac = self.read(MAC_LEN) if self.options.key else b""
        except EOFError:
            if self.original:
                self.answer(198, *self.last, b"EOF")
            return False
        # Compared as text: each MAC has exactly one spelling.
        if self.options.key and not hmac.compare_digest(mac, self.sign(payload)):
            return self.refuse(502, sequence, name)
        status, answer = self.execute(name, payload)
        self.answer(status, sequence, name, answer)
        self.is_first, self.last = False, (sequence, name)
        # Only the protocol check is answered 497: no handler may.
        while status == 497 and self.original and self.sock.recv(65536):
            pass  # Keeps the connection, but answers nothing more on it.
        return status != 497

    def execute(self, name, payload):
        """The status and payload that answer a request."""
        if name == b"PROTOCHECK":
            return (200 if payload[:1] == VERSION else 497), VERSION
        if self.is_first and self.options.require_check:
            return 497, VERSION
        if name == b"":
            return (400 if self.original else 401), b""
        if name not in self.options.fixtures:
            return 400, (b"no handler" if self.original else b"")
        try:
            return handle(name, payload)
        except HandlerError:
            return 500, b""
        except RuntimeError:
            return 501, b""

    def refuse(self, status, sequence, name):
        if not self.original:
            self.answer(status, sequence, name, b"")
        return False

    def answer(self, status, sequence, name, payload):
        frame = HEADER.pack(status, sequence, len(name), len(payload)) + name + payload
        self.sock.sendall(frame + self.sign(payload) if self.options.key else frame)

    def sign(self, payload):
        return base64.b64encode(hmac.new(self.options.key, payload, hashlib.sha256).digest())

    def read(self, count):
        while len(self.buffer) < count:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError
            self.buffer += data
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def finish(self):
        """Ends in order, and so that the answer just sent is not destroyed by a reset."""
        self.sock.settimeout(1.0)
        if self.options.tls:
            try:
                self.sock.unwrap()  # Sends close_notify, and waits for the other one.
            except OSError:
                pass  # It did not come: something else did, or nothing in that time.
        self.sock.shutdown(socket.SHUT_WR)
        until, left = time.monotonic() + 1.0, 256 * 1024
        while left > 0 and time.monotonic() < until and (data := self.sock.recv(65536)):
            left -= len(data)


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=60606, help="0 takes a free one")
    parser.add_argument("--unix", metavar="PATH", help="listen on a Unix socket instead")
    parser.add_argument("--tls-cert", metavar="FILE", help="speak TLS with this certificate")
    parser.add_argument("--tls-key", metavar="FILE", help="the key of --tls-cert")
    parser.add_argument("--hmac-key-file", metavar="FILE", help="expect and send MACs")
    parser.add_argument("--limit", type=int, default=LIMIT, help="payload limit in bytes")
    parser.add_argument("--require-check", action="store_true", help="insist on PROTOCHECK")
    parser.add_argument("--allow-panic", action="store_true", help="offer the fixture `panic`")
    parser.add_argument("--manner", choices=["reference", "original"], default="reference")
    options = parser.parse_args(arguments)
    options.fixtures = FIXTURES + [b"panic"] * options.allow_panic
    options.key = options.tls = None
    if options.hmac_key_file:
        with open(options.hmac_key_file, "rb") as file:
            options.key = file.read().removesuffix(b"\n")
        if not options.key:
            parser.error("the key file is empty: a key has at least one byte")
    if options.tls_cert:
        options.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        options.tls.load_cert_chain(options.tls_cert, options.tls_key)
    return options


def main():
    options = options_of(sys.argv[1:])
    if options.unix:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(options.unix)
        listener.listen(512)
        print(f"listening on unix:{options.unix}", flush=True)
    else:
        listener = socket.create_server(("127.0.0.1", options.port), backlog=512)
        print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        try:
            sock, _ = listener.accept()
            threading.Thread(target=Connection(options, sock).run, daemon=True).start()
        except (OSError, RuntimeError):
            time.sleep(0.05)  # Out of files or threads: others may end meanwhile.


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"server.py: {error}")
    except KeyboardInterrupt:
        pass
