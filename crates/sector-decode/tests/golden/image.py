import sys
SECTOR = 2048
def text(first):
    lines = b"".join(b"FILE_%03d.BIN;1 lies at sector %d\n" % (n, n * 37) for n in range(first, first + 90))
    return lines[:SECTOR]
def noise(seed, length):
    out, state = bytearray(), seed
    while len(out) < length:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out.append(state >> 56)
    return bytes(out)
sectors = [text(0), text(90), bytes(SECTOR), noise(1, SECTOR), noise(2, 1980) + bytes(68),
           b"".join((n * 3).to_bytes(4, "little") for n in range(512)), text(180), bytes(SECTOR), text(270)]
sys.stdout.buffer.write(b"".join(sectors))
