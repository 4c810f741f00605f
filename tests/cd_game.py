#!/usr/bin/env python3
"""Makes the BIN/CUE of a CD game from an image of 2048-byte sectors, and prints the SHA-1 of each file.

    cd_game.py IMAGE FOLDER one|many 1|2     a game of mode 1 or 2, with all tracks in one file or in three
    cd_game.py --vectors                     some sectors in hexadecimal digits, with their kind and address

EDC and ECC are computed from ECMA-130 without any code of this project: here with whole rows as large integers.
The game has 20 irregular sectors, a file of Form 2 sectors (mode 2 only), a gap after the data and two audio tracks.
"""

import hashlib
import math
import os
import random
import struct
import sys

SYNC = b"\0" + b"\xff" * 10 + b"\0"
EDC = []
for entry in range(256):
    for _ in range(8):
        entry = entry >> 1 ^ (0xD8018001 if entry & 1 else 0)
    EDC.append(entry)
# Multiplication by alpha in GF(256), and the inverse of multiplication by alpha + 1.
DOUBLE = bytes((value << 1 ^ (0x11D if value & 0x80 else 0)) & 0xFF for value in range(256))
THIRD = bytearray(256)
for value in range(256):
    THIRD[DOUBLE[value] ^ value] = value


def edc(data):
    crc = 0
    for byte in data:
        crc = crc >> 8 ^ EDC[(crc ^ byte) & 0xFF]
    return struct.pack("<I", crc)


def xor(a, b):
    return (int.from_bytes(a, "little") ^ int.from_bytes(b, "little")).to_bytes(len(a), "little")


def parity(rows):
    """Two more rows, so that all rows add up to zero, and so do all rows weighted with powers of alpha."""
    plain = weighted = bytes(len(rows[0]))
    for row in rows:
        plain = xor(plain, row)
        weighted = xor(weighted, row).translate(DOUBLE)
    first = xor(plain, weighted.translate(DOUBLE)).translate(bytes(THIRD))
    return first + xor(first, plain)


def ecc(covered):
    """The codes P and Q of the 2064 bytes after the sync pattern."""
    p = parity([covered[at : at + 86] for at in range(0, 2064, 86)])
    words = [(covered + p)[at : at + 2] for at in range(0, 2236, 2)]
    diagonals = [[words[(44 * step + 43 * row) % 1118] for row in range(26)] for step in range(43)]
    return p + parity([b"".join(row) for row in diagonals])


def header(address, mode):
    fields = (address // 75 // 60, address // 75 % 60, address % 75)
    return bytes(field // 10 << 4 | field % 10 for field in fields) + bytes([mode])


def mode1(address, data):
    covered = SYNC + header(address, 1) + data
    covered += edc(covered) + bytes(8)
    return covered + ecc(covered[12:])


def form1(address, subheader, data):
    content = subheader * 2 + data
    content += edc(content)
    return SYNC + header(address, 2) + content + ecc(bytes(4) + content)


def form2(address, subheader, data, has_edc=True):
    content = subheader * 2 + data
    return SYNC + header(address, 2) + content + (edc(content) if has_edc else bytes(4))


def vectors():
    noise = random.Random(1)
    for address in (0, 150, 74 * 60 * 75 + 59 * 75 + 74, 449999):
        for data in (noise.randbytes(2324), bytes(2324)):
            subheader = noise.randbytes(2) + b"\x08\x01"
            print("mode1", address, "00000000", mode1(address, data[:2048]).hex())
            print("form1", address, subheader.hex(), form1(address, subheader, data[:2048]).hex())
            subheader = subheader[:2] + b"\x28\0"
            print("form2", address, subheader.hex(), form2(address, subheader, data).hex())
            print("form2-no-edc", address, subheader.hex(), form2(address, subheader, data, False).hex())


def music(sectors, low, high):
    frame = lambda i: (int(9000 * math.sin(i / low) + 3000 * math.sin(i / 7)), int(8000 * math.sin(i / high)))
    return b"".join(struct.pack("<hh", *frame(i)) for i in range(588 * sectors))


def data_track(image, mode, noise):
    """The sectors of the data track, regular ones only."""
    sectors = [image[at : at + 2048] for at in range(0, len(image), 2048)]
    if mode == 1:
        return [mode1(150 + lba, data) for lba, data in enumerate(sectors)]
    video = [noise.randbytes(2324) for _ in range(12)]
    # They belong to the file system, so its descriptor counts them.
    count = len(sectors) + len(video)
    descriptor = sectors[16]
    sectors[16] = descriptor[:80] + struct.pack("<I", count) + struct.pack(">I", count) + descriptor[88:]
    track = []
    for lba, data in enumerate(sectors):
        # The last sector of a file has other flags.
        subheader = b"\0\0\x89\0" if lba % 40 == 39 else b"\0\0\x08\0"
        track.append(form1(150 + lba, subheader, data))
    for number, data in enumerate(video):
        track.append(form2(150 + len(track), b"\1\0\x64\0", data, has_edc=number % 2 == 0))
    # A gap without EDC, as most discs end with.
    for _ in range(150):
        track.append(form2(150 + len(track), b"\0\0\x20\0", bytes(2324), False))
    return track


def spoil(track, noise, mode):
    """Makes 20 sectors irregular, each in one of ten ways."""
    places = noise.sample(range(20, len(track)), 20)
    for number, place in enumerate(places):
        sector = bytearray(track[place])
        address = 150 + place
        match number % 10:
            case 0:
                sector[5] ^= 0x10
            case 1:
                sector[12:16] = header(address + 75, mode)
            case 2:
                sector[14] = 0xFF
            case 3:
                sector[16 if mode == 1 else 21] ^= 1
            case 4:
                sector[2064 + 8 * (mode == 2)] ^= 0x80
            case 5:
                sector[2100] ^= 1
            case 6:
                sector[2300] ^= 1
            case 7:
                sector[1000] ^= 0xFF
            case 8:
                sector[15] = 3 - mode
            case 9:
                sector[:16] = noise.randbytes(16)
        track[place] = bytes(sector)


def time(frames):
    return f"{frames // 4500:02}:{frames // 75 % 60:02}:{frames % 75:02}"


def game(image, folder, layout, mode):
    noise = random.Random(7)
    track = data_track(image, mode, noise)
    spoil(track, noise, mode)
    # Track 2 begins with a pause of 2 seconds in its file.
    tracks = [b"".join(track), bytes(150 * 2352) + music(60, 20, 31), music(45, 13, 50)]
    lens = [len(track) // 2352 for track in tracks]
    sheet = "REM by hand\r\nCATALOG 0123456789012\r\n"
    kinds = [f"MODE{mode}/2352", "AUDIO", "AUDIO"]
    files = {}
    at = 0
    for number, (content, kind) in enumerate(zip(tracks, kinds), 1):
        name = "GAME.bin" if layout == "one" else f"GAME (Track {number}).bin"
        if name not in files:
            sheet += f'FILE "{name}" BINARY\r\n'
            at = 0
        sheet += f"  TRACK {number:02} {kind}\r\n"
        if number == 2:
            sheet += f"    FLAGS DCP\r\n    INDEX 00 {time(at)}\r\n    INDEX 01 {time(at + 150)}\r\n"
        else:
            sheet += f"    INDEX 01 {time(at)}\r\n"
        at += lens[number - 1]
        files[name] = files.get(name, b"") + content
    files["GAME.cue"] = sheet.encode()
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as out:
            out.write(content)
        print(hashlib.sha1(content).hexdigest(), name)


if __name__ == "__main__":
    if sys.argv[1:] == ["--vectors"]:
        vectors()
    else:
        with open(sys.argv[1], "rb") as file:
            game(file.read(), sys.argv[2], sys.argv[3], int(sys.argv[4]))
