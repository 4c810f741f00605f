#!/usr/bin/env python3
"""Decodes a CSO, ZSO, DAX or JSO file and prints the SHA-256 of the image.

An independent reader for the tests: written from docs/formats, with Python's zlib and the LZ4 reference
library, without any code of this project. Raises an error at the first thing that it does not understand.
"""

import ctypes
import hashlib
import struct
import sys
import zlib

FLAG = 1 << 31


def raw_deflate(packed, room):
    inflate = zlib.decompressobj(-15)
    out = inflate.decompress(packed, room)
    if not inflate.eof and inflate.decompress(b"", 1):
        raise ValueError("a block decodes to more than a block")
    return out


def lz4(packed, room):
    # The reference decoder that stops when the output is full, so that padding after the data is not an
    # error.
    out = ctypes.create_string_buffer(room)
    made = LIBLZ4.LZ4_decompress_safe_partial(packed, out, len(packed), room, room)
    if made < 0:
        raise ValueError(f"LZ4 error {made}")
    return out.raw[:made]


def ciso_blocks(file, header):
    magic, _, size, block_size, version, shift = struct.unpack_from("<4sIQIBB", header)
    count = -(-size // block_size)
    file.seek(24)
    index = struct.unpack(f"<{count + 1}I", file.read(4 * (count + 1)))
    for this, following in zip(index, index[1:]):
        start, end = (this & ~FLAG) << shift, (following & ~FLAG) << shift
        file.seek(start)
        packed = file.read(end - start)
        flagged = bool(this & FLAG)
        if version == 2:
            method = None if len(packed) >= block_size else lz4 if flagged else raw_deflate
        elif flagged:
            method = None
        else:
            method = lz4 if magic == b"ZISO" else raw_deflate
        yield size, packed[:block_size] if method is None else method(packed, block_size)


def dax_frames(file, header):
    _, size, _version, _areas = struct.unpack_from("<4sIII", header)
    count = -(-size // 0x2000)
    file.seek(32)
    offsets = struct.unpack(f"<{count}I", file.read(4 * count))
    sizes = struct.unpack(f"<{count}H", file.read(2 * count))
    for offset, length in zip(offsets, sizes):
        file.seek(offset)
        yield size, zlib.decompress(file.read(length))


def jso_blocks(file, header):
    _, _, block_size, _headers, method, size = struct.unpack_from("<4sHHHHI", header)
    (index_at,) = struct.unpack_from("<I", header, 0x20)
    if method == 0:
        raise ValueError("LZO is not decoded here")
    count = -(-size // block_size)
    file.seek(index_at)
    index = struct.unpack(f"<{count + 1}I", file.read(4 * (count + 1)))
    for start, end in zip(index, index[1:]):
        file.seek(start)
        packed = file.read(end - start)
        yield size, packed if len(packed) == block_size else raw_deflate(packed, block_size)


def main(path):
    with open(path, "rb") as file:
        header = file.read(48)
        blocks = {b"CISO": ciso_blocks, b"ZISO": ciso_blocks, b"DAX\0": dax_frames, b"JISO": jso_blocks}[header[:4]]
        digest, done, size = hashlib.sha256(), 0, 0
        for size, block in blocks(file, header):
            block = block[: size - done]
            digest.update(block)
            done += len(block)
    if done != size:
        raise ValueError(f"{done} of {size} bytes")
    print(digest.hexdigest())


if __name__ == "__main__":
    LIBLZ4 = ctypes.CDLL("liblz4.so.1")
    main(sys.argv[1])
