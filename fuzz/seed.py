#!/usr/bin/env python3
"""Writes the golden frames and the recorded captures as first inputs of the fuzz targets, into corpus/
beside this file.

Usage: seed.py
"""
import json
import pathlib

HERE = pathlib.Path(__file__).parent
KEY = b"s3cret-key".hex()
FRAMES = json.loads((HERE.parent / "conformance/golden/golden.json").read_text())["frames"]

FILTERS = [
    'status >= 400 && rtt > 50ms || name == "login" && mac != ok && payload contains "tok"',
    "not (request.payload.len in {4KiB, 1MB..2MB} or gaps.cause == snap-length)",
    r"""client == [::1]:80 and server in {:80, 10.0.0.1} && 'a\x00\u{1b}"'""",
    "request.time > 2026-01-31T12:00:00Z && complete && !notes || payload contains 7b:22",
]


def write(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def main():
    talks = {False: b"", True: b""}
    for frame in FRAMES:
        data, signed = bytes.fromhex(frame["hex"]), frame.get("key_hex") == KEY
        limit = {None: 0, 0: 1, 16: 2, 0xFFFFFFFF: 3}.get(frame.get("limit"), 0)
        write("frame", frame["id"], bytes([signed | limit << 1]) + data)
        for target in ("split", "connection"):
            write(target, frame["id"], bytes([signed, 1, 6, 40]) + data)
        if "fields" in frame and (signed or "key_hex" not in frame):
            talks[signed] += data[: frame["fields"]["len"]]
    for signed, talk in talks.items():
        for target in ("split", "connection"):
            for start in range(0, min(len(talk), 12000), 3000):
                piece = talk[start : start + 3000]
                write(target, f"talk-{signed}-{start}", bytes([signed, 2, 10, 99, 250]) + piece)
    captures = sorted((HERE.parent / "petrel-probe/tests/captures").glob("*.pcap"))
    for capture in captures:
        write("capture", capture.stem, capture.read_bytes())
    for number, text in enumerate(FILTERS):
        write("filter", str(number), text.encode())
    print(f"{len(FRAMES)} golden frames, {len(captures)} captures, {len(FILTERS)} filters: {HERE.name}/corpus")


main()
