#!/usr/bin/env python3
"""Makes the inputs of the golden files: image.iso, and game.bin with game.cue (README.md).

EDC and ECC are computed here bit by bit and coefficient by coefficient from ECMA-130, not with tables.
"""
import math
import struct


def noise(length, seed):
    out = bytearray()
    while len(out) < length:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        out += struct.pack("<I", seed >> 32)
    return bytes(out[:length])


def sound(frames):
    """Two channels of 16 bits."""
    samples = ((int(9000 * math.sin(i / 20)), int(7000 * math.sin(i / 31))) for i in range(frames))
    return b"".join(struct.pack("<hh", *sample) for sample in samples)


def image():
    descriptor = bytearray(2048)
    descriptor[:7] = b"\x01CD001\x01"
    parts = [bytes(16 * 2048), descriptor, b"text and more text, " * 512, noise(2048, 7), sound(1536), bytes(2048 * 5)]
    joined = b"".join(parts)
    joined += bytes(-len(joined) % 2048)
    sectors = len(joined) // 2048
    joined = bytearray(joined)
    joined[16 * 2048 + 80 : 16 * 2048 + 84] = struct.pack("<I", sectors)
    return bytes(joined)


def edc(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xD8018001 if crc & 1 else 0)
    return struct.pack("<I", crc)


def times(a, b):
    """A product in GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0x100:
            a ^= 0x11D
        b >>= 1
    return product


def inverse(a):
    return next(b for b in range(1, 256) if times(a, b) == 1)


THIRD = inverse(3)


def parity(column):
    """The two bytes for which sum(v[i]) = 0 and sum(alpha^(n-1-i) * v[i]) = 0."""
    plain = weighted = 0
    for value in column:
        weighted = (weighted ^ value) << 1
        if weighted & 0x100:
            weighted ^= 0x11D
        plain ^= value
    weighted = times(weighted, 2)
    # a + b = plain, 2a + b = weighted (alpha^1 for the first parity byte, alpha^0 for the second)
    first = times(plain ^ weighted, THIRD)
    return first, first ^ plain


def ecc(block):
    """P and Q of the 2064 bytes after the sync pattern."""
    words = bytearray(block) + bytearray(172 + 104)
    for half in range(2):
        for column in range(43):
            values = [words[2 * (43 * row + column) + half] for row in range(24)]
            first, second = parity(values)
            words[2 * (43 * 24 + column) + half] = first
            words[2 * (43 * 25 + column) + half] = second
        for diagonal in range(26):
            values = [words[2 * ((44 * i + 43 * diagonal) % 1118) + half] for i in range(43)]
            first, second = parity(values)
            words[2 * (43 * 26 + diagonal) + half] = first
            words[2 * (43 * 26 + 26 + diagonal) + half] = second
    return bytes(words[2064:])


def header(lba, mode):
    frame = lba + 150
    fields = (frame // 4500, frame // 75 % 60, frame % 75)
    return bytes(field // 10 << 4 | field % 10 for field in fields) + bytes([mode])


SYNC = b"\0" + b"\xff" * 10 + b"\0"


def mode1(lba, data):
    covered = SYNC + header(lba, 1) + data
    covered += edc(covered) + bytes(8)
    return covered + ecc(covered[12:])


def mode2_form1(lba, data):
    content = b"\0\0\x08\0" * 2 + data
    content += edc(content)
    return SYNC + header(lba, 2) + content + ecc(bytes(4) + content)


def mode2_form2(lba, data):
    content = b"\0\0\x20\0" * 2 + data
    return SYNC + header(lba, 2) + content + edc(content)


def main():
    iso = image()
    with open("image.iso", "wb") as out:
        out.write(iso)
    sectors = [iso[at : at + 2048] for at in range(0, len(iso), 2048)]
    data = [mode2_form1(lba, sector) for lba, sector in enumerate(sectors)]
    pause = [mode2_form2(len(data) + i, bytes(2324)) for i in range(3)]
    audio = sound(588 * 12)
    with open("game.bin", "wb") as out:
        out.write(b"".join(data + pause) + audio)
    tracks = len(data) + len(pause)
    at = f"00:{tracks // 75:02}:{tracks % 75:02}"
    with open("game.cue", "w", newline="") as out:
        out.write('FILE "game.bin" BINARY\r\n  TRACK 01 MODE2/2352\r\n    INDEX 01 00:00:00\r\n')
        out.write(f"  TRACK 02 AUDIO\r\n    INDEX 01 {at}\r\n")
    with open("mode1.bin", "wb") as out:
        out.write(b"".join(mode1(lba, sector) for lba, sector in enumerate(sectors)))
    with open("mode1.cue", "w", newline="") as out:
        out.write('FILE "mode1.bin" BINARY\r\n  TRACK 01 MODE1/2352\r\n    INDEX 01 00:00:00\r\n')


if __name__ == "__main__":
    main()
