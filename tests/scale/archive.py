"""Trees as archives have them, made from the test disc, and what the converter takes for them: docs/benchmarks/archive.md.

archive.py CISOR ROWS DISC FOLDER

ROWS is the example of disc-library that fills a library. Prints tables. Everything is in FOLDER, about 9 GB, and is
deleted at the end, and before, if a run was stopped.
"""

import hashlib
import html
import json
import os
import shutil
import struct
import subprocess
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from dat_judge import SECTOR, both, disc

SMALL, LARGE, GAMES = 2000, 40, 15_000
LARGE_BYTES = 400_000_000 // SECTOR * SECTOR


class Bench:
    def __init__(self, cisor, rows, base, folder):
        self.cisor, self.rows, self.base, self.folder = cisor, rows, base, folder

    def at(self, *names):
        return os.path.join(self.folder, *names)

    def run(self, *args, codes=(0,), program=None, stdout=None):
        """Wall time, processor time and peak memory in MB of a run."""
        # GNU time starts it: the peak of a process begins with that of the one it was forked from.
        report = self.at("time.txt")
        command = ["time", "-q", "-f", "%e %U %S %M", "-o", report, program or self.cisor, *args]
        with open(stdout or os.devnull, "wb") as out, open(self.at("stderr"), "wb") as err:
            code = subprocess.run(command, cwd=self.folder, stdout=out, stderr=err, check=False).returncode
        if code not in codes:
            with open(self.at("stderr"), encoding="utf-8", errors="replace") as err:
                sys.exit(f"{args} ended with {code}: {err.read()[-2000:]}")
        with open(report, encoding="utf-8") as file:
            wall, user, system, kib = map(float, file.read().split()[-4:])
        return wall, user + system, kib * 1024 / 1e6

    def best(self, *args, rounds=3, **more):
        """The run with the least processor time."""
        return min((self.run(*args, **more) for _ in range(rounds)), key=lambda cost: cost[1])


def say(text=""):
    print(text, flush=True)


def row(name, cost):
    wall, cpu, memory = cost
    say(f"| {name} | {wall:.2f} s | {cpu:.2f} s | {memory:.0f} MB |")


def head(text):
    say(f"\n{text}\n\n| Command | Time | Processor time | Memory |\n|---|---:|---:|---:|")


def entry(name, serial, size, hashes):
    name = html.escape(name)
    return (
        f'\t<game name="{name}">\n\t\t<category>Games</category>\n\t\t<description>{name}</description>\n'
        f'\t\t<serial>{serial}</serial>\n\t\t<rom name="{name}.iso" size="{size}" {hashes}/>\n\t</game>\n'
    )


def all_hashes(image):
    crc, md5, sha1 = zlib.crc32(image), hashlib.md5(image).hexdigest(), hashlib.sha1(image).hexdigest()
    return f'crc="{crc:08x}" md5="{md5}" sha1="{sha1}"'


def write_dat(path, entries):
    header = '<?xml version="1.0"?>\n<datafile>\n<header><name>Sony</name></header>\n'
    with open(path, "w", encoding="utf-8") as file:
        file.write(header + "".join(entries) + "</datafile>\n")


def small_disc(content, number):
    """A file system of its own, and 160 KB of the test disc."""
    front = bytearray(disc(f"SLES-{10000 + number}", 21))
    at = number * 97 * SECTOR % (len(content) - 80 * SECTOR)
    image = front + content[at : at + 80 * SECTOR]
    image[16 * SECTOR + 80 : 16 * SECTOR + 88] = both(len(image) // SECTOR)
    return bytes(image)


def make_small(bench, content):
    entries = []
    for number in range(SMALL):
        folder = bench.at("small", f"{number % 40:02}")
        os.makedirs(folder, exist_ok=True)
        name = f"Some Game with a Long Name {number} (Europe) (En,Fr,De)"
        image = small_disc(content, number)
        with open(os.path.join(folder, name + ".iso"), "wb") as file:
            file.write(image)
        entries.append(entry(name, f"SLES-{10000 + number}", len(image), all_hashes(image)))
    for number in range(SMALL, GAMES):
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        hashes = f'crc="{digest[:8]}" md5="{digest[:32]}" sha1="{digest[:40]}"'
        size = 4_000_000_000 + number % 5000 * SECTOR
        entries.append(entry(f"Another Game {number} & Its Subtitle (Europe) (En,Fr,De)", f"SLES-{number}", size, hashes))
    write_dat(bench.at("small.dat"), entries)


def stored_block(packed):
    """Number and position of the last block that is stored as it is."""
    size, block_size, _, shift = struct.unpack_from("<QIBB", packed, 8)
    if block_size != SECTOR:
        sys.exit(f"blocks of {block_size} bytes")
    index = struct.unpack_from(f"<{size // block_size}I", packed, 24)
    number = max(number for number, value in enumerate(index) if value >> 31)
    return number, (index[number] & 0x7FFFFFFF) << shift


def make_large(bench, content):
    """Half of the files are CSOs, half ZSOs. They differ in a block that both store as it is."""
    image = (content * 3)[:LARGE_BYTES]
    with open(bench.at("base.iso"), "wb") as file:
        file.write(image)
    for kind in ("cso", "zso"):
        bench.run("compress", "-q", "--to", kind, "base.iso", "-o", f"base.{kind}")
    os.mkdir(bench.at("large"))
    entries = []
    for kind in ("cso", "zso"):
        with open(bench.at(f"base.{kind}"), "rb") as file:
            block, at = stored_block(file.read())
        before = hashlib.sha1(image[: block * SECTOR])
        rest = image[block * SECTOR + 8 :]
        for number in range(LARGE // 2):
            name = f"Large {kind} {number}"
            path = bench.at("large", f"{name}.{kind}")
            shutil.copyfile(bench.at(f"base.{kind}"), path)
            mark = struct.pack("<4sI", kind.encode(), number)
            with open(path, "r+b") as file:
                file.seek(at)
                file.write(mark)
            sha1 = before.copy()
            sha1.update(mark)
            sha1.update(rest)
            entries.append(entry(name, f"ULES-{number}", len(image), f'sha1="{sha1.hexdigest()}"'))
    write_dat(bench.at("large.dat"), entries)
    # What each digest costs.
    for kind in ("crc", "md5", "sha1"):
        hashes = next(part for part in all_hashes(image).split() if part.startswith(kind))
        write_dat(bench.at(f"{kind}.dat"), [entry("base", "ULES-1", len(image), hashes)])


def forget(*paths):
    """Has the next run read these files from the disk. Returns their bytes."""
    total = 0
    for path in paths:
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            total += os.fstat(file.fileno()).st_size
    return total


def check(bench, path, matched):
    """All images have to match: otherwise the figures are worth nothing."""
    with open(bench.at(path), encoding="utf-8") as file:
        summary = json.loads(file.read().splitlines()[-1])
    if summary.get("matched") != matched:
        sys.exit(f"{path}: {summary}")


def small_tables(bench):
    head(f"### {SMALL:,} images of 207 KB, and a DAT of {GAMES:,} games")
    os.mkdir(bench.at("out"))
    compress = ["compress", "-q", "-r", "--to", "cso", "-d", "out", "small"]
    row("`compress -r --to cso -d out small`: everything is new", bench.run(*compress))
    row("the same again: each pair is decoded and compared", bench.best(*compress, rounds=2))
    row("the same with `--skip-existing=name`", bench.best(*compress, "--skip-existing=name"))
    os.mkdir(bench.at("none"))
    row("`dat check` of an empty folder: loading the DAT", bench.best("dat", "check", "none", "--dat", "small.dat"))
    for folder, what in (("small", "the ISOs"), ("out", "the CSOs")):
        args = ["dat", "check", folder, "--dat", "small.dat"]
        row(f"`dat check {folder} --dat FILE`: {what}, all match", bench.best(*args))
        bench.run(*args, "--json", stdout=bench.at("check.json"))
        check(bench, "check.json", SMALL)
    row("`verify -r --dat FILE out`", bench.best("verify", "-q", "-r", "--dat", "small.dat", "out"))
    row("`verify -r out`, with all digests", bench.best("verify", "-q", "-r", "out"))

    head(f"### The library, {SMALL:,} images")
    db = ["--db", "library.db"]
    row("`library scan out`: everything is new", bench.run("library", "scan", "-q", *db, "out"))
    row("the same again: nothing has changed", bench.best("library", "scan", "-q", *db, "out", rounds=5))
    report = ["library", "report", "-f", "-o", "report.html", *db]
    cost = bench.best(*report)
    size = os.path.getsize(bench.at("report.html"))
    row(f"`library report`: a page of {size / 1e6:.2f} MB", cost)
    bench.run("100000", "library.db", program=bench.rows)
    size = os.path.getsize(bench.at("library.db"))
    head(f"### The same with 100,000 other images in the library, which has {size / 1e6:.0f} MB then")
    row("`library scan out`: nothing has changed", bench.best("library", "scan", "-q", *db, "out"))
    row("`library list --damaged`", bench.best("library", "list", "--damaged", *db))


def large_tables(bench):
    files = [bench.at("large", name) for name in sorted(os.listdir(bench.at("large")))]
    packed = sum(os.path.getsize(path) for path in files)
    image = LARGE * LARGE_BYTES
    head(f"### {LARGE} images of {LARGE_BYTES / 1e6:.0f} MB, half CSO, half ZSO: {packed / 1e9:.1f} GB packed")
    args = ["dat", "check", "large", "--dat", "large.dat"]
    forget(*files)
    row("`dat check`, read from the disk", bench.run(*args, "--json", stdout=bench.at("check.json")))
    check(bench, "check.json", LARGE)
    row("the same from the system's cache", bench.run(*args))
    row("`verify -r --dat`, from the cache", bench.run("verify", "-q", "-r", "--dat", "large.dat", "large"))
    row("`verify -r`, from the cache", bench.run("verify", "-q", "-r", "large"))
    say(f"\nThe images have {image / 1e9:.1f} GB together.")

    say("\n### What a pass is bound by\n")
    say("| One file | CRC-32 | MD5 | SHA-1 | `verify --dat` | `verify` | SHA-1, of the image | of the file |")
    say("|---|---:|---:|---:|---:|---:|---:|---:|")
    for kind in ("iso", "cso", "zso"):
        name = f"base.{kind}"
        costs = [bench.best("dat", "check", name, "--dat", f"{digest}.dat") for digest in ("crc", "md5", "sha1")]
        costs.append(bench.best("verify", "-q", "--dat", "sha1.dat", name))
        costs.append(bench.best("verify", "-q", name))
        cells = " | ".join(f"{wall:.2f} / {cpu:.2f} s" for wall, cpu, _ in costs)
        wall = costs[2][0]
        rates = [size / 1e6 / wall for size in (LARGE_BYTES, os.path.getsize(bench.at(name)))]
        say(f"| {kind.upper()} | {cells} | {rates[0]:.0f} MB/s | {rates[1]:.0f} MB/s |")


def main(cisor, rows, base, folder):
    bench = Bench(os.path.abspath(cisor), os.path.abspath(rows), base, os.path.abspath(folder))
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    try:
        with open(base, "rb") as file:
            content = file.read()
        make_small(bench, content)
        small_tables(bench)
        make_large(bench, content)
        large_tables(bench)
    finally:
        if "CISOR_KEEP" not in os.environ:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
