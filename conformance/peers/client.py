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
CLOSING = (402, 497, 502)
LIMIT = 4 * 1024 * 1024
TIMEOUT = 10.0


class Failed(Exception):
    """A request was not answered as it has to be; `kind` is its class in DRIVER.md."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


def sign(key, payload):
    return base64.b64encode(hmac.new(key, payload, hashlib.sha256).digest())


def encode(status, sequence, name, payload, key=None):
    if len(name) > 255:
        raise Failed("usage", f"the name has {len(name)} bytes: at most 255 fit")
    try:
        frame = HEADER.pack(status, sequence, len(name), len(payload)) + name + payload
    except struct.error as error:
        raise Failed("usage", f"this fits no header: {error}") from None
    return frame if key is None else frame + sign(key, payload)


class Decoder:
    """Makes frames of the bytes of one direction, in whatever pieces they come."""

    def __init__(self, key=None, limit=LIMIT):
        self.key = key
        self.limit = limit
        self.buffer = bytearray()

    def feed(self, piece):
        self.buffer += piece

    def next(self):
        """The next frame as status, sequence, name, payload; None until all of it has come."""
        if len(self.buffer) < HEADER.size:
            return None
        status, sequence, name_len, payload_len = HEADER.unpack_from(self.buffer)
        is_long = payload_len > self.limit
        behind_name = HEADER.size + name_len
        behind_payload = behind_name + payload_len
        end = behind_payload + (0 if self.key is None else MAC_LEN)
        if len(self.buffer) < (behind_name if is_long else end):
            return None
        if is_long:
            raise Failed("limit", f"the payload has {payload_len} bytes: the limit is {self.limit}")
        name = bytes(self.buffer[HEADER.size : behind_name])
        payload = bytes(self.buffer[behind_name:behind_payload])
        mac = bytes(self.buffer[behind_payload:end])
        # Compared as text: each MAC has exactly one spelling.
        if self.key is not None and not hmac.compare_digest(mac, sign(self.key, payload)):
            hint = ": the keys probably differ" if status == 502 else ""
            raise Failed("mac", f"the MAC of a frame that claims status {status} is wrong{hint}")
        del self.buffer[:end]
        return status, sequence, name, payload


class Client:
    """One connection. When it is of no use any more, `ended` says why."""

    def __init__(self, sock, key=None, limit=LIMIT):
        self.sock = sock
        self.decoder = Decoder(key, limit)
        self.sequence = 0
        self.unsent = None
        self.ended = None

    def check(self, version=VERSION):
        """Makes the protocol check, the first request of a connection."""
        status, payload = self.dispatch(b"PROTOCHECK", version)
        if status != 200 or payload != version:
            text = f"the protocol check was answered {status} with version {payload[:99]!r}"
            self.close(text)
            raise Failed("version", text)

    def dispatch(self, name, payload):
        """Sends one request and waits for its answer: status and payload."""
        [answer] = self.pipeline([(name, payload)])
        return answer

    def pipeline(self, requests):
        """Sends all requests in one write, then reads the answers in their order."""
        if self.ended:
            raise Failed("closed", f"the connection is closed: {self.ended}")
        numbers = [(self.sequence + n) % 2**32 for n, _ in enumerate(requests, 1)]
        frames = [encode(0, n, *request, self.decoder.key) for n, request in zip(numbers, requests)]
        self.sequence = numbers[-1]
        try:
            self.sock.sendall(b"".join(frames))
        except OSError as error:
            self.unsent = error  # What the server said before it closed is still to be read.
        return [self.receive(n, name) for n, (name, _) in zip(numbers, requests)]

    def receive(self, sequence, name):
        if self.ended:
            raise Failed("closed", f"the connection is closed: {self.ended}")
        try:
            status, got_sequence, got_name, payload = self.read_frame()
            if status in NOTICES:
                raise Failed("notice", f"the server closes: notice {status}, {payload[:99]!r}")
            if got_sequence != sequence:
                raise Failed("sequence", f"the answer has number {got_sequence}, not {sequence}")
            if got_name != name:
                raise Failed("name", f"the answer has the name {got_name!r}, not {name!r}")
        except Failed as error:
            self.close(str(error))
            raise
        if status in CLOSING or self.unsent:
            self.close(f"a request was answered {status}")
        return status, payload

    def read_frame(self):
        while (frame := self.decoder.next()) is None:
            end = "the connection ended"
            try:
                piece = self.sock.recv(65536)
            except ssl.SSLEOFError:
                piece, end = b"", "the connection ended without close_notify"
            except OSError as error:
                raise Failed("transport", f"no answer: {self.unsent or error}") from None
            if not piece and self.decoder.buffer:
                raise Failed("framing", f"{end} inside a frame")
            if not piece:
                raise Failed("transport", f"{end} before the answer")
            self.decoder.feed(piece)
        return frame

    def close(self, why="its user closed it"):
        """Ends the connection, in order where that takes no waiting. Twice does no harm."""
        self.ended = self.ended or why
        try:
            self.sock.setblocking(False)
            if isinstance(self.sock, ssl.SSLSocket):
                self.sock.unwrap()
        except (OSError, ValueError):
            pass  # Their close_notify is not waited for.
        self.sock.close()


def connect(target, tls=None, tls_name=None, timeout=TIMEOUT):
    """A socket to host:port or unix:/path, under TLS where a context for it is given."""
    host, _, port = target.rpartition(":")
    try:
        if target.startswith("unix:"):
            host = "localhost"
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(timeout)
            sock.connect(target.removeprefix("unix:"))
        else:
            host = host.strip("[]")
            sock = socket.create_connection((host, int(port)), timeout)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            options = {"server_hostname": tls_name or host, "suppress_ragged_eofs": False}
            return tls.wrap_socket(sock, **options)
        return sock
    except OSError as error:
        raise Failed("transport", f"no connection to {target}: {error}") from None


def tls_of(options):
    if not options.tls_ca:
        return None
    context = ssl.create_default_context(cafile=options.tls_ca)
    if options.tls_cert:
        context.load_cert_chain(options.tls_cert, options.tls_key)
    return context


def key_of(options):
    key = None
    if options.hmac_key_env:
        if options.hmac_key_env not in os.environ:
            raise Failed("usage", f"the environment variable {options.hmac_key_env} is not set")
        key = os.environb[options.hmac_key_env.encode()].removesuffix(b"\n")
    elif options.hmac_key_file:
        with open(options.hmac_key_file, "rb") as file:
            key = file.read().removesuffix(b"\n")
    if key == b"":
        raise Failed("usage", "the key is empty: a key has at least one byte")
    return key


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
    parser.add_argument("--limit", type=int, default=LIMIT, help="payload limit of answers")
    parser.add_argument("--timeout", type=float, default=TIMEOUT, metavar="SECONDS")
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
    sock = connect(options.target, tls_of(options), options.tls_name, options.timeout)
    client = Client(sock, key_of(options), options.limit)
    if not options.no_check:
        client.check()
    if options.pipeline:
        answers = client.pipeline(requests)
    else:
        answers = (client.dispatch(name, payload) for name, payload in requests)
    for status, payload in answers:
        print(status, flush=True)
        sys.stdout.buffer.write(payload + b"\n")
        sys.stdout.buffer.flush()
    client.close()


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(f"client.py: {error.kind}: {error}")
    except (OSError, ValueError) as error:
        sys.exit(f"client.py: {error}")
