#!/usr/bin/env python3
"""Measures `cisor extract` and `cisor compress` from everything that discs come in, side by side with chdman. Prints
tables in Markdown.

Usage: sources.py CISOR PSP_DISC PS2_DISC FOLDER MEGABYTES, as `cargo xtask bench --sources` does. The PSP disc is
repeated up to MEGABYTES, and becomes a game on CD behind the PS2 disc's file system. Each archive and CHD is made by
7z or chdman from the same bytes. All that is written is compared with them, or the run ends. Everything is in FOLDER,
about ten times MEGABYTES, and is deleted at the end, and before, if a run was stopped.
"""

import filecmp
import multiprocessing
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from archive import Bench, say
from cd_game import mode1
from dat_judge import SECTOR, both

MIB = 1 << 20
# Of a CHD, with any number of threads.
MOST_MEMORY = 128 * MIB
FULL_SIZE = 1_600_000_000
HASH_TARGET = 0.05
HASH_ROUNDS, HASH_FILES = 10, 5
ROUNDS = 3
CODECS = "lzma,zlib,huff,flac"
# Name, hunk size, codecs.
DVDS = [
    ("2,048-byte hunks, zlib", 2048, "zlib"),
    ("2,048-byte hunks, chdman's choice", 2048, CODECS),
    ("4,096-byte hunks, chdman's choice", 4096, CODECS),
    ("32,768-byte hunks, lzma", 32768, "lzma"),
    ("1,048,576-byte hunks, the largest, lzma", MIB, "lzma"),
    ("4,096-byte hunks, unpacked", 4096, "none"),
]
# Sectors in a hunk.
CDS = [("8 sectors a hunk, cdzl", 8, "cdzl"), ("8 sectors a hunk, chdman's choice", 8, "cdlz,cdzl,cdfl")]
ARCHIVES = [
    ("ZIP, stored", "zip", ["-tzip", "-mx=0"]),
    ("ZIP, deflate", "zip", ["-tzip"]),
    ("7z, LZMA2", "7z", ["-t7z", "-mx=3"]),
]


def repeated(disc, content, size):
    """The disc, then the content over and over. The volume is that long."""
    size = size // SECTOR * SECTOR
    image = bytearray(disc[:size])
    while len(image) < size:
        image += content[: size - len(image)]
    image[16 * SECTOR + 80 : 16 * SECTOR + 88] = both(len(image) // SECTOR)
    return bytes(image)


def raw(job):
    first, data = job
    sectors = range(len(data) // SECTOR)
    return b"".join(mode1(150 + first + at, data[at * SECTOR : (at + 1) * SECTOR]) for at in sectors)


def write_cd(bench, image):
    """BIN and CUE, with every code that a CD has."""
    step = 2000
    jobs = ((at, image[at * SECTOR : (at + step) * SECTOR]) for at in range(0, len(image) // SECTOR, step))
    with open(bench.at("cd.bin"), "wb") as file, multiprocessing.Pool() as pool:
        for part in pool.imap(raw, jobs):
            file.write(part)
    with open(bench.at("cd.cue"), "w", encoding="ascii") as file:
        file.write('FILE "cd.bin" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n')


def chdman(bench, *args):
    bench.run(*args, program="chdman")


class Table:
    """Programs that do the same, in turns; the fastest round of each counts."""

    def __init__(self, bench):
        self.bench = bench
        self.worst = 0.0

    def head(self, text):
        say(f"\n{text}\n\n| Source | Command | Time | Processor time | Memory |\n|---|---|---:|---:|---:|")

    def rows(self, name, runs, limit=None, rounds=ROUNDS):
        """`runs`: what is shown, program, arguments, output, and the file that it has to equal. `limit`: of Cisor's
        memory."""
        bench, best = self.bench, {}
        for _ in range(rounds):
            for shown, program, args, output, same in runs:
                cost = bench.run(*args, program=program)
                best[shown] = min(best.get(shown, cost), cost)
                self.compare(output, same)
                os.remove(bench.at(output))
        for shown, program, *_ in runs:
            wall, cpu, memory = best[shown]
            note = ""
            if limit and program is None:
                self.worst = max(self.worst, memory * 1e6)
                note = " **over the limit**" if memory * 1e6 > limit else ""
            say(f"| {name} | {shown} | {wall:.2f} s | {cpu:.2f} s | {memory * 1e6 / MIB:.0f} MiB{note} |")

    def compare(self, output, same):
        path = self.bench.at(output)
        if same and path.endswith((".cso", ".zso")):
            self.bench.run("compare", "-q", output, same)
        elif same and not filecmp.cmp(path, self.bench.at(same), shallow=False):
            sys.exit(f"{output} is not {same}")


def compress(name, reader, target, image, threads=()):
    shown = " ".join(["`compress --for", reader, *threads]) + "`"
    return shown, None, ["compress", "-q", "--for", reader, *threads, "-o", target, name], target, image


def extract(name, image, threads=()):
    shown = " ".join(["`extract", *threads]) + "`"
    return shown, None, ["extract", "-q", *threads, "-o", "out.iso", name], "out.iso", image


def both_ways(name, image, reader):
    target = "out.zso" if reader == "opl" else "out.cso"
    return [extract(name, image), compress(name, reader, target, image)]


def many(name, image, reader):
    """With more threads than there are cores: their memory counts."""
    target = "out.zso" if reader == "opl" else "out.cso"
    return [extract(name, image, ["-j", "16"]), compress(name, reader, target, image, ["-j", "16"])]


def dvds(bench, table, can_dvd):
    verb = "dvd" if can_dvd else "raw"
    table.head(f"### PSP disc of {os.path.getsize(bench.at('psp.iso')) / 1e6:.0f} MB, as the CHD of a DVD")
    for name, hunk, codecs in DVDS:
        units = [] if can_dvd else ["-us", "2048"]
        chdman(bench, f"create{verb}", "-i", "psp.iso", "-o", "psp.chd", *units, "-hs", str(hunk), "-c", codecs)
        size = os.path.getsize(bench.at("psp.chd"))
        args = [f"extract{verb}", "-i", "psp.chd", "-o", "out.raw"]
        theirs = (f"`chdman extract{verb}`", "chdman", args, "out.raw", "psp.iso")
        name = f"{name}, {size / 1e6:.0f} MB"
        table.rows(name, [theirs, *both_ways("psp.chd", "psp.iso", "psp")], MOST_MEMORY)
        table.rows(name, many("psp.chd", "psp.iso", "psp"), MOST_MEMORY, rounds=1)
        os.remove(bench.at("psp.chd"))


def cds(bench, table):
    table.head(f"### PS2 disc of {os.path.getsize(bench.at('cd.iso')) / 1e6:.0f} MB on a CD")
    for name, sectors, codecs in CDS:
        hunk = str(sectors * 2448)
        chdman(bench, "createcd", "-i", "cd.cue", "-o", "cd.chd", "-hs", hunk, "-c", codecs)
        size = os.path.getsize(bench.at("cd.chd"))
        args = ["extractcd", "-f", "-i", "cd.chd", "-o", "out.cue", "-ob", "out.bin"]
        theirs = ("`chdman extractcd`", "chdman", args, "out.bin", "cd.bin")
        name = f"{name}, {size / 1e6:.0f} MB"
        table.rows(name, [theirs, *both_ways("cd.chd", "cd.iso", "opl")], MOST_MEMORY)
        table.rows(name, many("cd.chd", "cd.iso", "opl"), MOST_MEMORY, rounds=1)
        os.remove(bench.at("cd.chd"))
    table.rows("BIN/CUE", both_ways("cd.cue", "cd.iso", "opl"))
    table.rows("ISO, to compare", [compress("cd.iso", "opl", "out.zso", "cd.iso")])


def archives(bench, table):
    table.head("### The same PSP disc in archives")
    for name, extension, args in ARCHIVES:
        archive = f"psp.{extension}"
        bench.run("a", "-bd", "-y", *args, archive, "psp.iso", program="7z")
        size = os.path.getsize(bench.at(archive))
        unpack = ["x", "-bd", "-y", "-ounpacked", archive]
        theirs = ("`7z x`", "7z", unpack, os.path.join("unpacked", "psp.iso"), "psp.iso")
        table.rows(f"{name}, {size / 1e6:.0f} MB", [theirs, *both_ways(archive, "psp.iso", "psp")])
        os.remove(bench.at(archive))
    table.rows("ISO, to compare", [compress("psp.iso", "psp", "out.cso", "psp.iso")])


def without_program(disc):
    """The same disc, whose folders do not have the program's name: there is nothing to hash then. Also returns the
    program's size."""
    # The name in a folder's record, after its length.
    found = list(re.finditer(rb"[\x09\x0b]EBOOT\.BIN", disc))
    if len(found) != 1:
        sys.exit(f"the program is in the disc's folders {len(found)} times")
    at = found[0].start()
    # Its size is 22 bytes before that, with the low byte first.
    size = int.from_bytes(disc[at - 22 : at - 18], "little")
    return disc[: at + 1] + b"EBOOT.BIX" + disc[at + 10 :], size


def hashes(bench, content):
    times = max(min(FULL_SIZE, bench.size * 4) // len(content), 1)
    full = len(content) * times
    say(f"\n### The hash for RetroAchievements: `info` of the CSO of a disc of {full / 1e6:.0f} MB, from the cache\n")
    content = repeated(content, content, len(content))
    other, size = without_program(content)
    for name, front in (("with", content), ("without", other)):
        with open(bench.at(f"{name}.iso"), "wb") as file:
            file.write(front)
            for _ in range(times - 1):
                file.write(content)
        bench.run("compress", "-q", "-1", "--to", "cso", f"{name}.iso", "-o", f"{name}.cso")
        os.remove(bench.at(f"{name}.iso"))
    costs = {}
    for name in ("with", "without") * HASH_ROUNDS:
        # GNU time counts hundredths of a second, which is too coarse: several files in one run.
        wall, cpu, _ = bench.run("info", *[f"{name}.cso"] * HASH_FILES, stdout=bench.at("info.txt"))
        with open(bench.at("info.txt"), encoding="utf-8") as file:
            if file.read().count("RA hash") != (HASH_FILES if name == "with" else 0):
                sys.exit(f"{name}.cso: not the hashes that were expected")
        cost = (wall / HASH_FILES, cpu / HASH_FILES)
        costs[name] = min(costs.get(name, cost), cost)
    say("| `info` | Time | Processor time |\n|---|---:|---:|")
    for name, text in (("with", "with the hash"), ("without", "without it: the program has another name")):
        say(f"| {text} | {costs[name][0] * 1e3:.0f} ms | {costs[name][1] * 1e3:.0f} ms |")
    added = costs["with"][0] - costs["without"][0]
    verdict = "met" if added < HASH_TARGET else "**missed**"
    program = f"The program that is hashed has {size / 1e6:.1f} MB."
    say(f"\n{program} The hash adds {added * 1e3:.0f} ms; target {HASH_TARGET * 1e3:.0f} ms: {verdict}.")


def load():
    return " / ".join(f"{value:.1f}" for value in os.getloadavg())


def main(cisor, psp, ps2, folder, megabytes):
    bench = Bench(os.path.abspath(cisor), None, psp, os.path.abspath(folder))
    bench.size = int(megabytes) * 1_000_000
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    try:
        help_text = subprocess.run(["chdman"], capture_output=True, text=True, check=False).stdout
        before = load()
        say(f"{help_text.splitlines()[0]}. Load of the machine over 1, 5 and 15 minutes before: {before}.")
        with open(psp, "rb") as file:
            content = file.read()
        with open(ps2, "rb") as file:
            small = file.read()
        with open(bench.at("psp.iso"), "wb") as file:
            file.write(repeated(content, content, bench.size))
        # A CD has at most 80 minutes.
        image = repeated(small, content, min(bench.size, 700_000_000))
        with open(bench.at("cd.iso"), "wb") as file:
            file.write(image)
        write_cd(bench, image)
        del image
        table = Table(bench)
        dvds(bench, table, "createdvd" in help_text)
        cds(bench, table)
        say(f"\nThe most memory that Cisor took for a CHD: {table.worst / MIB:.0f} MiB, the limit is 128 MiB.")
        archives(bench, table)
        hashes(bench, content)
        say(f"\nLoad of the machine after: {load()}.")
    finally:
        if "CISOR_KEEP" not in os.environ:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
