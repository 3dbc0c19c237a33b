#!/usr/bin/env python3
"""A Petrel server that is independent of the toolkit: Python 3, standard library only.

It answers by conformance/SPEC.md alone and has all fixtures. With --mutant it breaks one rule on
purpose, so that the suite can show that it notices; with --manner original it does everything
that the text merely allows, so that the suite can show that it does not cry wolf.

    server.py --port 0                 prints "listening on 127.0.0.1:PORT" and serves
"""

import argparse
import base64
import hashlib
import hmac
import os
import select
import socket
import struct
import sys
import threading
import time

HEADER = struct.Struct("<HIBI")
MAC_LEN = 44
VERSION = b"\x00"
DISCARD_MAX = 256 * 1024
DISCARD_SECONDS = 1.0

MUTANTS = {
    "accepts_bad_mac": "executes requests whose MAC is wrong",
    "accepts_empty_check": "answers a protocol check without a version 200",
    "accepts_last_version": "takes the last byte of a longer protocol check",
    "accepts_later_check": "answers every later protocol check 200",
    "accepts_partial": "executes a request that the end of the stream cut off",
    "accepts_spelling": "decodes MACs leniently",
    "always_200": "answers everything 200 without a payload",
    "answers_twice": "sends each answer two times",
    "big_endian": "reads and writes numbers in network byte order",
    "byte_echo": "sends every byte back",
    "check_any_case": "takes a protocol check in small letters",
    "closes_on_400": "closes the connection after an answer 400",
    "counts_header": "counts header and name towards the limit",
    "drops_half_closed": "closes at once when the client shuts its writing side down",
    "empty_unsigned": "expects no MAC behind an empty payload",
    "executes_behind_mismatch": "executes what stands behind a refused protocol check",
    "instant_close": "closes every connection at once",
    "joins_frames": "takes what one read returns for one frame",
    "keeps_bad_mac": "answers 502 and keeps the connection",
    "leaks": "leaves the payload of the request before in an answer 400",
    "limit_exclusive": "refuses a payload of exactly the limit",
    "no_limit": "accepts every payload length",
    "one_at_a_time": "serves the next connection when the one before has ended",
    "original_name": "answers with the name up to its first zero byte",
    "panics_out": "lets a panicking handler end the whole server",
    "reads_refused": "reads a refused payload as frames",
    "replay_guard": "refuses a MAC that it has seen",
    "reversed": "answers a pipeline from its end",
    "sends_notice_as_answer": "answers with 198 where a handler says so",
    "serves_no_name": "answers 200 to a request with empty text",
    "short_reads": "damages a payload that comes in several pieces",
    "signed_name": "lets the MAC cover the name too",
    "silent": "accepts connections and says nothing",
    "small_status": "cuts application statuses to 15 bits",
    "speaks_first": "greets before the client has spoken",
    "swallows_errors": "answers 200 when a handler returns an error",
    "text_payloads": "passes payloads through UTF-8",
    "trailing_newline": "sends a newline when a connection ends",
    "trusts_status": "drops requests whose status is not 0",
    "unsigned_errors": "sends answers other than 200 without a right MAC",
    "utf8_only": "closes the connection when a name is not UTF-8",
    "waits_for_payload": "answers 402 only when the whole payload has come",
    "wrong_sequence": "answers with the sequence number plus 1",
}


class HandlerError(Exception):
    """What a handler raises to be answered 500."""


def decimal(payload, most=2**64 - 1):
    if not payload or not all(48 <= byte <= 57 for byte in payload):
        raise HandlerError("a decimal was expected")
    number = int(payload)
    if number > most:
        raise HandlerError("the number is too large")
    return number


class Server:
    def __init__(self, options):
        self.key = options.key
        self.limit = options.limit
        self.mutant = options.mutant
        self.original = options.manner == "original"
        self.require_check = options.require_check
        self.allow_panic = options.allow_panic
        self.answer_limit = 4 * 1024 * 1024
        self.leak = b""
        self.seen_macs = set()
        self.header = struct.Struct(">HIBI") if self.mutant == "big_endian" else HEADER

    def handle(self, name, payload):
        """The status and payload of an ordinary request."""
        if name == b"":
            if self.mutant == "serves_no_name":
                return 200, b""
            return (400 if self.original else 401), b""
        if name == b"echo":
            if self.mutant == "text_payloads":
                payload = payload.decode(errors="replace").encode()
            return 200, payload
        if name == b"null":
            return 200, b""
        if name == b"size":
            return 200, b"x" * decimal(payload, self.answer_limit)
        if name == b"sleep":
            time.sleep(decimal(payload) / 1000)
            return 200, b""
        if name == b"status":
            status = decimal(payload, 65535)
            if self.mutant == "small_status":
                status &= 0x7FFF
            if self.mutant == "sends_notice_as_answer" or status > 1024:
                return status, b""
            return (status if status in (200, 400, 401, 500, 501) else 501), b""
        if name == b"fail":
            raise HandlerError("this text stays here")
        if name == b"panic" and self.allow_panic:
            raise RuntimeError("a handler that panics")
        return 400, (b"no handler" if self.original else b"")

    def execute(self, name, payload):
        try:
            status, answer = self.handle(name, payload)
        except HandlerError:
            return (200 if self.mutant == "swallows_errors" else 500), b""
        except RuntimeError:
            if self.mutant == "panics_out":
                os._exit(1)
            return 501, b""
        if status == 400 and self.mutant == "leaks":
            answer, self.leak = self.leak, payload
        return status, answer

    def check(self, payload, is_first):
        """The status of a protocol check."""
        if self.mutant == "accepts_later_check" and not is_first:
            return 200
        if self.mutant == "accepts_empty_check" and not payload:
            return 200
        if self.mutant == "accepts_last_version" and payload:
            return 200 if payload[-1:] == VERSION else 497
        return 200 if payload[:1] == VERSION else 497

    def sign(self, name, payload):
        covered = name + payload if self.mutant == "signed_name" else payload
        return base64.b64encode(hmac.new(self.key, covered, hashlib.sha256).digest())

    def accepts_mac(self, name, payload, mac):
        if self.mutant == "accepts_bad_mac":
            return True
        if self.mutant == "replay_guard" and payload:
            if (name, mac) in self.seen_macs:
                return False
            self.seen_macs.add((name, mac))
        wanted = self.sign(name, payload)
        if self.mutant == "accepts_spelling":
            return base64.b64decode(mac[:43] + b"=") == base64.b64decode(wanted)
        return hmac.compare_digest(mac, wanted)


class Gone(Exception):
    """The client has ended its side."""


class Connection:
    def __init__(self, server, sock):
        self.server = server
        self.sock = sock
        self.buffer = bytearray()
        self.last = (0, b"")
        self.requests = 0
        self.held = []

    def run(self):
        try:
            null_peer = getattr(self, "null_" + str(self.server.mutant), None)
            if null_peer:
                null_peer()
            else:
                self.serve()
        except (Gone, OSError):
            pass
        finally:
            self.sock.close()

    def null_instant_close(self):
        pass

    def null_silent(self):
        while self.sock.recv(65536):
            pass

    def null_byte_echo(self):
        while data := self.sock.recv(65536):
            self.sock.sendall(data)

    def null_always_200(self):
        while True:
            _, sequence, name, payload_len = self.read_head()
            self.read(payload_len)
            self.read_mac(b"x")
            self.answer(200, sequence, name, b"")

    def read(self, count):
        """Exactly so many bytes; fewer only for the mutant that does not mind."""
        while len(self.buffer) < count:
            data = self.sock.recv(65536)
            if not data:
                if self.server.mutant == "accepts_partial" and self.buffer:
                    break
                raise Gone
            self.buffer += data
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def read_head(self):
        header = self.read(HEADER.size).ljust(HEADER.size, b"\0")
        status, sequence, name_len, payload_len = self.server.header.unpack(header)
        return status, sequence, self.read(name_len), payload_len

    def read_mac(self, payload):
        if self.server.key is None or (not payload and self.server.mutant == "empty_unsigned"):
            return None
        return self.read(MAC_LEN)

    def serve(self):
        if self.server.mutant == "speaks_first":
            self.answer(200, 0, b"PROTOCHECK", VERSION)
        try:
            while self.serve_one():
                pass
        except Gone:
            self.flush_held()
            if self.server.mutant == "trailing_newline":
                self.sock.sendall(b"\n")
            if self.server.original:
                self.notice(198, b"EOF")
            raise

    def serve_one(self):
        """Answers one request; False when the connection is done with."""
        server = self.server
        status, sequence, name, payload_len = self.read_head()
        counted = payload_len
        if server.mutant == "counts_header":
            counted += HEADER.size + len(name)
        if server.mutant == "limit_exclusive":
            counted += 1
        if counted > server.limit and server.mutant != "no_limit":
            return self.refuse_length(sequence, name, payload_len)
        here = min(payload_len, len(self.buffer))
        payload = self.read(payload_len)
        mac = self.read_mac(payload)
        self.requests += 1
        self.last = (sequence, name)
        if server.mutant == "joins_frames":
            self.buffer.clear()
        if mac is not None and not server.accepts_mac(name, payload, mac):
            return self.refuse_mac(sequence, name)
        if server.mutant == "utf8_only":
            try:
                name.decode()
            except UnicodeDecodeError:
                return False
        if server.mutant == "trusts_status" and status:
            return True
        if server.mutant == "drops_half_closed" and self.is_half_closed():
            return False
        if server.mutant == "short_reads":
            payload = payload[:here].ljust(payload_len, b"\0")
        return self.reply(sequence, name, payload)

    def reply(self, sequence, name, payload):
        server = self.server
        is_check = name == b"PROTOCHECK"
        if server.mutant == "check_any_case":
            is_check = name.upper() == b"PROTOCHECK"
        if is_check:
            status, answer = server.check(payload, self.requests == 1), VERSION
        elif server.require_check and self.requests == 1:
            status, answer = 497, VERSION
        else:
            status, answer = server.execute(name, payload)
        self.answer(status, sequence, name, answer)
        # An application cannot answer 497: only the protocol check does.
        if status == 497 and server.mutant != "executes_behind_mismatch":
            return self.finish_mismatch()
        return not (status == 400 and server.mutant == "closes_on_400")

    def finish_mismatch(self):
        if self.server.original:
            # Keeps the connection, but answers nothing more on it.
            while self.sock.recv(65536):
                pass
            raise Gone
        return self.finish()

    def refuse_length(self, sequence, name, payload_len):
        if self.server.mutant == "waits_for_payload":
            self.read(payload_len)
        if self.server.original:
            return False
        self.answer(402, sequence, name, b"")
        return self.server.mutant == "reads_refused" or self.finish()

    def refuse_mac(self, sequence, name):
        if self.server.original:
            return False
        self.answer(502, sequence, name, b"")
        return self.server.mutant == "keeps_bad_mac" or self.finish()

    def answer(self, status, sequence, name, payload):
        mutant = self.server.mutant
        if mutant == "wrong_sequence" and status != 497:
            sequence = (sequence + 1) % 2**32
        if mutant == "original_name":
            name = name.split(b"\0")[0]
        frame = self.frame(status, sequence, name, payload)
        if mutant == "reversed" and self.requests > 1:
            self.held.insert(0, frame)
            if not self.buffer:
                self.flush_held()
            return
        self.sock.sendall(frame * 2 if mutant == "answers_twice" else frame)

    def flush_held(self):
        held, self.held = self.held, []
        self.sock.sendall(b"".join(held))

    def frame(self, status, sequence, name, payload):
        frame = self.server.header.pack(status, sequence, len(name), len(payload)) + name + payload
        if self.server.key is None:
            return frame
        if self.server.mutant == "unsigned_errors" and status != 200:
            return frame + b"A" * 43 + b"="
        if self.server.mutant == "empty_unsigned" and not payload:
            return frame
        return frame + self.server.sign(name, payload)

    def notice(self, status, text):
        sequence, name = self.last
        self.sock.sendall(HEADER.pack(status, sequence, len(name), len(text)) + name + text)

    def is_half_closed(self):
        """Whether the client has ended its side; gives it a moment to do so."""
        if self.buffer or not select.select([self.sock], [], [], 0.15)[0]:
            return False
        return self.sock.recv(1, socket.MSG_PEEK) == b""

    def finish(self):
        """Ends in a way that cannot destroy the answer just sent. Always False."""
        self.sock.shutdown(socket.SHUT_WR)
        self.sock.settimeout(DISCARD_SECONDS)
        until, discarded = time.monotonic() + DISCARD_SECONDS, 0
        while discarded < DISCARD_MAX and time.monotonic() < until:
            data = self.sock.recv(65536)
            if not data:
                break
            discarded += len(data)
        return False


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=60606, help="0 takes a free one")
    parser.add_argument("--unix", metavar="PATH", help="listen on a Unix socket instead")
    parser.add_argument("--hmac-key-file", help="expect and send MACs under this key")
    parser.add_argument("--limit", type=int, default=4 * 1024 * 1024, help="payload limit in bytes")
    parser.add_argument("--require-check", action="store_true", help="insist on PROTOCHECK")
    parser.add_argument("--allow-panic", action="store_true", help="offer the fixture `panic`")
    parser.add_argument("--manner", choices=["reference", "original"], default="reference")
    parser.add_argument("--mutant", choices=sorted(MUTANTS), metavar="NAME")
    parser.add_argument("--list-mutants", action="store_true")
    options = parser.parse_args(arguments)
    options.key = None
    if options.hmac_key_file:
        with open(options.hmac_key_file, "rb") as file:
            options.key = file.read().removesuffix(b"\n")
        if not options.key:
            parser.error("the key file is empty: a key has at least one byte")
    return options


def main():
    options = options_of(sys.argv[1:])
    if options.list_mutants:
        for name, fault in sorted(MUTANTS.items()):
            print(f"{name:24} {fault}")
        return
    server = Server(options)
    if options.unix:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(options.unix)
        listener.listen(512)
        print(f"listening on unix:{options.unix}", flush=True)
    else:
        listener = socket.create_server(("127.0.0.1", options.port), backlog=512)
        print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        sock, _ = listener.accept()
        if not options.unix:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(server, sock)
        if server.mutant == "one_at_a_time":
            connection.run()
        else:
            threading.Thread(target=connection.run, daemon=True).start()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
