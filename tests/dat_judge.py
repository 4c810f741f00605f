#!/usr/bin/env python3
"""Judges `cisor dat check --json`: makes a tree of 300 files with every kind of fault, works out the verdicts
itself with hashlib, and compares.

Usage: dat_judge.py CISOR FOLDER. In the end one expectation is made wrong on purpose, which must be noticed.
Shares no code with the project: images and DATs are written here, from docs/formats and ECMA-119.
"""

import hashlib
import html
import json
import os
import random
import struct
import subprocess
import sys
import zlib

SECTOR = 2048
RANDOM = random.Random(20261128)


def both(number):
    return struct.pack("<I", number) + struct.pack(">I", number)


def record(name, lba, size, is_folder):
    body = both(lba) + both(size) + bytes(7) + bytes([2 if is_folder else 0, 0, 0]) + bytes(4)
    body = b"\0" + body + bytes([len(name)]) + name
    body += b"\0" * ((len(body) + 1) % 2)
    return bytes([len(body) + 1]) + body


def disc(serial, sectors):
    """A PS2 disc: SYSTEM.CNF with its id, and noise."""
    config = f"BOOT2 = cdrom0:\\{serial[:4]}_{serial[5:8]}.{serial[8:]};1\r\nVER = 1.00\r\n".encode()
    root = record(b"\0", 18, SECTOR, True) + record(b"\1", 18, SECTOR, True)
    root += record(b"SYSTEM.CNF;1", 19, len(config), False)
    descriptor = bytearray(SECTOR)
    descriptor[:7] = b"\x01CD001\x01"
    descriptor[80:88] = both(sectors)
    descriptor[128:132] = b"\0\x08\x08\0"
    descriptor[156:190] = record(b"\0", 18, SECTOR, True)
    image = bytearray(16 * SECTOR) + descriptor + bytes(SECTOR)
    image += root.ljust(SECTOR, b"\0") + config.ljust(SECTOR, b"\0")
    while len(image) < sectors * SECTOR:
        image += RANDOM.randbytes(SECTOR // 2) + bytes(SECTOR // 2)
    return bytes(image)


def deflated(block):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(block) + packer.flush()


def lz4_literals(block):
    """One sequence of literals, which is what LZ4 ends with."""
    rest = len(block) - 15
    return b"\xf0" + b"\xff" * (rest // 255) + bytes([rest % 255]) + block


def packed(image, magic):
    """A CSO or ZSO. Every third block is stored."""
    pack = deflated if magic == b"CISO" else lz4_literals
    blocks = [image[at : at + SECTOR] for at in range(0, len(image), SECTOR)]
    index, data = [], b""
    start = 24 + 4 * (len(blocks) + 1)
    for number, block in enumerate(blocks):
        small = pack(block)
        is_stored = number % 3 == 2 or len(small) >= SECTOR
        index.append(start + len(data) | (1 << 31 if is_stored else 0))
        data += block if is_stored else small
    index.append(start + len(data))
    header = struct.pack("<4sIQIBBH", magic, 24, len(image), SECTOR, 1, 0, 0)
    return header + struct.pack(f"<{len(index)}I", *index) + data


def with_bad_block(cso):
    """The reserved type of deflate block, in the first packed block."""
    count = struct.unpack_from("<Q", cso, 8)[0] // SECTOR
    index = struct.unpack_from(f"<{count + 1}I", cso, 24)
    at = next(entry for entry in index if not entry >> 31)
    return cso[:at] + b"\xff" + cso[at + 1 :]


def flipped(image):
    at = len(image) - 100
    return image[:at] + bytes([image[at] ^ 1]) + image[at + 1 :]


class Dat:
    """The entries, and the same as XML."""

    def __init__(self):
        self.games = []

    def add(self, name, serial, files, hashes=("crc", "md5", "sha1")):
        self.games.append((name, serial, files, hashes))

    def xml(self, nodump):
        text = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE datafile SYSTEM "datafile.dtd">\n<datafile>\n'
        text += "<header><name>Judge &amp; Co</name></header>\n"
        for name, serial, files, hashes in self.games:
            text += f'<game name="{html.escape(name)}"><serial>{serial}</serial>\n'
            for file, content in files:
                text += f'<rom name="{html.escape(file)}" size="{len(content)}"'
                all_hashes = {
                    "crc": f"{zlib.crc32(content):08X}",
                    "md5": hashlib.md5(content).hexdigest(),
                    "sha1": hashlib.sha1(content).hexdigest(),
                }
                text += "".join(f' {key}="{all_hashes[key]}"' for key in hashes) + "/>\n"
            text += "</game>\n"
        for name in nodump:
            text += f'<game name="{name}"><rom name="{name}.iso" status="nodump"/></game>\n'
        return text + "</datafile>\n"


class Tree:
    def __init__(self, folder):
        self.folder, self.dat, self.expected, self.left_alone = folder, Dat(), {}, 0
        os.makedirs(os.path.join(folder, "tree", "sub", ".hidden"))

    def put(self, name, content, **expected):
        path = os.path.join("tree", name)
        with open(os.path.join(self.folder, path), "wb") as file:
            file.write(content)
        if expected:
            self.expected[path] = expected

    def fill(self):
        for number in range(300):
            self.one(number, number % 19)

    def one(self, number, kind):
        serial = f"SLES-{10000 + number}"
        name = f"Game {number} & Sons (Europe)"
        image = disc(serial, 21 + number % 7)
        dump = [(f"{name}.iso", image)]
        match = {"verdict": "match", "game": name, "by": "sha1", "misnamed": False}
        wrong = {"verdict": "wrong", "game": name, "status": "mismatch"}
        if kind not in (5, 9, 10, 11, 14, 15, 18):
            self.dat.add(name, serial, dump)
        if kind == 0:
            self.put(f"{name}.iso", image, **match)
        elif kind == 1:
            self.put(f"x{number}.cso", packed(image, b"CISO"), **{**match, "misnamed": True})
        elif kind == 2:
            self.put(f"sub/{name}.zso", packed(image, b"ZISO"), **match)
        elif kind == 3:
            self.put(f"{name}.iso", flipped(image), **wrong, by="name")
        elif kind == 4:
            self.put(f"x{number}.cso", packed(flipped(image), b"CISO"), **wrong, by="serial")
        elif kind == 5:
            self.put(f"x{number}.zso", packed(image, b"ZISO"), verdict="unknown")
        elif kind == 6:
            self.put(f"{name}.cso", with_bad_block(packed(image, b"CISO")), status="damaged")
        elif kind == 7:
            self.put(f"{name}.iso", image[:-SECTOR], **wrong, by="name")
        elif kind == 8:
            self.put(f"{name}.iso", b"", status="failed")
        elif kind == 9:
            # Two games with the same content.
            self.dat.add(name, serial, dump)
            again = f"{name} (Reprint)"
            self.dat.add(again, serial, [(f"{again}.iso", image)])
            self.put(f"{again}.iso", image, **{**match, "game": again, "others": [name]})
        elif kind == 10:
            self.dat.add(name, serial, dump, ("crc", "md5"))
            self.put(f"{name}.cso", packed(image, b"CISO"), **{**match, "by": "md5"})
        elif kind == 11:
            self.dat.add(name, serial, dump, ("crc",))
            self.put(f"{name}.iso", image, **{**match, "by": "crc32"})
        elif kind == 12:
            self.put(f"{name.upper()}.iso", image, **{**match, "misnamed": True})
        elif kind == 13:
            # Hidden files and files of other kinds are not images.
            self.put(f"sub/.hidden/{name}.iso", image)
            self.put(f"{name}.txt", image)
            self.left_alone += 1
        elif kind == 14:
            # A CD: data is in another file, music is here.
            track = RANDOM.randbytes(2352 * 3)
            sheet = f'FILE "{name}.bin" BINARY'.encode()
            files = [(f"{name}.cue", sheet), (f"{name} (Track 2).bin", track)]
            self.dat.add(name, serial, files)
            self.put(f"{name} (Track 2).bin", track, **match)
        elif kind == 15:
            # A track is there, another is not.
            tracks = [RANDOM.randbytes(2352 * 3) for _ in range(2)]
            files = [(f"{name} (Track {place}).bin", track) for place, track in enumerate(tracks, 1)]
            self.dat.add(name, serial, files)
            self.put(f"{name} (Track 1).bin", tracks[0], **match)
        elif kind == 16:
            cso = packed(image, b"CISO")
            self.put(f"{name}.cso", cso[:16] + bytes(4) + cso[20:], status="damaged")
        elif kind == 17:
            self.put(f"{name}.iso", b"Rar!\x1a\x07\x01\x00" + image, status="refused")
        else:
            # Its size is in no DAT, so the damage in it does not matter and is not looked for.
            strange = image + bytes(SECTOR * 40)
            self.put(f"x{number}.cso", with_bad_block(packed(strange, b"CISO")), verdict="unknown")

    def summary(self):
        """Counts everything by what was put there."""
        verdicts = [entry.get("verdict", entry.get("status")) for entry in self.expected.values()]
        held = set()
        for path, entry in self.expected.items():
            if entry.get("verdict") == "match":
                held.update(self.files_like(path, entry["game"]))
        games = complete = incomplete = 0
        for name, _, files, _ in self.dat.games:
            needed = {file for file, _ in files if not file.endswith(".cue")}
            games += 1
            here = {file for file in needed if (name, file) in held}
            complete += here == needed
            incomplete += 0 < len(here) < len(needed)
        return {
            "images": len(verdicts),
            "matched": verdicts.count("match"),
            "misnamed": sum(entry.get("misnamed", False) for entry in self.expected.values()),
            "wrong": verdicts.count("wrong"),
            "unknown": verdicts.count("unknown"),
            "damaged": verdicts.count("damaged"),
            "failed": verdicts.count("failed") + verdicts.count("refused"),
            "left_alone": self.left_alone,
            "games": games,
            "complete": complete,
            "incomplete": incomplete,
            "missing": games - complete - incomplete,
        }

    def files_like(self, path, game):
        """All entries with the content of the entry that this file is."""
        stem = os.path.splitext(os.path.basename(path))[0].lower()
        files = next(files for name, _, files, _ in self.dat.games if name == game)
        content = files[0][1]
        for file, other in files:
            if os.path.splitext(file)[0].lower() == stem:
                content = other
        return [(name, file) for name, _, files, _ in self.dat.games for file, other in files if other == content]


def differences(tree, found, summary):
    """What was found, beside what was expected."""
    faults = []
    if sorted(found) != sorted(tree.expected):
        faults.append(f"other files: {set(found) ^ set(tree.expected)}")
    for path, expected in tree.expected.items():
        entry = found.get(path, {})
        got = {**(entry.get("dat") or {}), "status": entry.get("status")}
        for key, value in expected.items():
            if got.get(key) != value:
                faults.append(f"{path}: {key} is {got.get(key)!r}, expected {value!r}")
    for key, value in tree.summary().items():
        if summary.get(key) != value:
            faults.append(f"{key} is {summary.get(key)!r}, expected {value!r}")
    return faults


def main(cisor, folder):
    tree = Tree(folder)
    tree.fill()
    with open(os.path.join(folder, "judge.dat"), "w", encoding="utf-8") as file:
        file.write(tree.dat.xml(["Never Dumped"]))
    command = [cisor, "dat", "check", "tree", "--dat", "judge.dat", "--json"]
    run = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    objects = [json.loads(line) for line in run.stdout.decode().splitlines()]
    summary = objects.pop() if objects else {}
    found = {entry["input"].replace("\\", "/"): entry for entry in objects}
    faults = differences(tree, found, summary)
    if run.returncode != 1:
        faults.append(f"exit code {run.returncode}: {run.stderr.decode()}")
    for fault in faults:
        print(fault)
    print(f"{len(tree.expected)} images, {len(faults)} differences")
    lie = next(entry for entry in tree.expected.values() if entry.get("verdict") == "match")
    lie["verdict"] = "unknown"
    if len(differences(tree, found, summary)) <= len(faults):
        print("a wrong expectation was not noticed")
        return 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), sys.argv[2]))
