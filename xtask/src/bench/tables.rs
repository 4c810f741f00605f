//! The tables of the page.

use std::fmt::Write as _;
use std::fs;
use std::thread;

use anyhow::Result;

use super::measure::{Bench, Cost};
use crate::shell;

/// A name for people and the options that ask for it.
type Way = (&'static str, &'static [&'static str]);

const PROFILES: &[Way] = &[
    ("psp", &["--for", "psp"]),
    ("adrenaline", &["--for", "adrenaline"]),
    ("ark, 8 KiB", &["--for", "ark", "-b", "8K"]),
    ("ppsspp", &["--for", "ppsspp"]),
    ("pcsx2", &["--for", "pcsx2", "-f"]),
    ("opl", &["--for", "opl", "-f"]),
    ("cisor, CSO", &["--for", "cisor", "--to", "cso"]),
    ("cisor, CSO v2", &["--for", "cisor", "--to", "cso2"]),
    ("cisor, ZSO", &["--for", "cisor", "--to", "zso"]),
    ("any, DAX", &["--to", "dax"]),
    ("any, JSO", &["--to", "jso"]),
];

const ENCODERS: &[Way] = &[
    ("stock zlib, level 1 (`--for psp -1`)", &["--for", "psp", "-1"]),
    ("stock zlib, level 6 (`--for psp -5`)", &["--for", "psp", "-5"]),
    ("stock zlib, level 9 (`--for psp`)", &["--for", "psp"]),
    ("libdeflate, level 1 (`--to cso -1`)", &["--to", "cso", "-1"]),
    ("libdeflate, level 9 (`--to cso`)", &["--to", "cso"]),
    ("libdeflate, level 11 (`--to cso -8`)", &["--to", "cso", "-8"]),
    ("our own, thorough (`--to cso -9`)", &["--to", "cso", "-9"]),
    ("LZ4 fast (`--to zso -1`)", &["--to", "zso", "-1"]),
    ("LZ4 optimal, 64 attempts (`--to zso`)", &["--to", "zso"]),
    ("LZ4 optimal, all attempts (`--to zso -9`)", &["--to", "zso", "-9"]),
];

/// Slow ones, on the small disc.
const SLOW_ENCODERS: &[Way] = &[
    ("our own, thorough (`--to cso -9`)", &["--to", "cso", "-9"]),
    ("our own, best (`--to cso --best`)", &["--to", "cso", "--best"]),
];

/// JSO is the one format in which stock zlib has a choice of block sizes.
const RATIOS: &[Way] = &[
    ("stock zlib, level 9 (JSO)", &["--to", "jso"]),
    ("libdeflate, level 9 (CSO)", &["--to", "cso"]),
    ("our own, thorough (CSO)", &["--to", "cso", "-9"]),
    ("LZ4 fast (ZSO)", &["--to", "zso", "-1"]),
    ("LZ4 optimal, all attempts (ZSO)", &["--to", "zso", "-9"]),
];

const BLOCK_SIZES: [&str; 4] = ["2K", "8K", "16K", "32K"];

/// Whole programs: the times a user waits.
pub(super) fn programs(bench: &Bench) -> Result<String> {
    let mut text = String::from(
        "## Whole programs by profile\n\n\
         Default level, default number of threads. `compress` reads the disc, packs and verifies each \
         block, writes the file,\nreads it back and compares digests. `extract` and `verify` decode and \
         compute four digests. CPU is the time of all cores.\n\n\
         | profile | file | compress | CPU | MiB | extract | CPU | MiB | verify | CPU | MiB |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for &(name, options) in PROFILES {
        let (compress, len) = bench.compress(&bench.disc, options)?;
        let percent = percent(len, bench.disc_size);
        let costs = [compress, bench.extract(&[])?, bench.verify(&[])?];
        let cells = costs.map(|cost| format!("{:.1} s | {:.1} s | {:.0}", cost.wall, cost.cpu, cost.memory));
        writeln!(text, "| {name} | {percent} | {} |", cells.join(" | "))?;
    }
    text.push('\n');
    Ok(text)
}

/// Speed by encoder and number of threads, at 2 KiB.
pub(super) fn encoders(bench: &Bench) -> Result<String> {
    let threads = thread_counts();
    let heads: Vec<String> = threads.iter().map(|threads| format!("`-j {threads}`")).collect();
    let mut text = format!(
        "## Encoders\n\n\
         2-KiB blocks. MB of image per second of wall time, from the start of the program to its end, so \
         reading and\n\
         verification are included. The last column is `verify` in one thread, with its four digests.\n\n\
         | encoder | file | {} | decode |\n|---|---:|{}\n",
        heads.join(" | "),
        "---:|".repeat(threads.len() + 1),
    );
    for &(name, options) in ENCODERS {
        encoder_row(&mut text, bench, (name, options), &threads, false)?;
    }
    write!(text, "\nOn the small disc ({:.0} MB):\n\n", bench.small_size as f64 / 1e6)?;
    write!(
        text,
        "| encoder | file | {} | decode |\n|---|---:|{}\n",
        heads.join(" | "),
        "---:|".repeat(threads.len() + 1)
    )?;
    for &(name, options) in SLOW_ENCODERS {
        encoder_row(&mut text, bench, (name, options), &threads, true)?;
    }
    text.push('\n');
    Ok(text)
}

fn encoder_row(text: &mut String, bench: &Bench, way: Way, threads: &[usize], small: bool) -> Result<()> {
    let (disc, size) =
        if small { (&bench.small_disc, bench.small_size) } else { (&bench.disc, bench.disc_size) };
    let (mut speeds, mut len) = (Vec::new(), 0);
    for threads in threads {
        let threads = threads.to_string();
        let options = [way.1, &["-j", &threads]].concat();
        let (cost, written) = bench.compress(disc, &options)?;
        len = written;
        speeds.push(speed(size, cost));
    }
    speeds.push(speed(size, bench.verify(&["-j", "1"])?));
    writeln!(text, "| {} | {} | {} |", way.0, percent(len, size), speeds.join(" | "))?;
    Ok(())
}

/// Size by encoder and block size.
pub(super) fn block_sizes(bench: &Bench) -> Result<String> {
    let mut text = format!(
        "## Block sizes\n\nSize of the file in percent of the disc.\n\n| encoder | {}iB |\n|---|{}\n",
        BLOCK_SIZES.map(|size| size.replace('K', " K")).join("iB | "),
        "---:|".repeat(BLOCK_SIZES.len()),
    );
    for &(name, options) in RATIOS {
        let mut cells = Vec::new();
        for block_size in BLOCK_SIZES {
            // JSO has blocks of up to 16 KiB and holds only images that consist of whole ones.
            let kib: u64 = block_size.trim_end_matches('K').parse()?;
            let whole = bench.disc_size.is_multiple_of(kib << 10);
            if options.contains(&"jso") && (kib > 16 || !whole) {
                cells.push("–".to_owned());
                continue;
            }
            let options = [options, &["-b", block_size]].concat();
            cells.push(percent(bench.compress(&bench.disc, &options)?.1, bench.disc_size));
        }
        writeln!(text, "| {name} | {} |", cells.join(" | "))?;
    }
    text.push('\n');
    Ok(text)
}

/// How long `extract` and `verify` take, compared with the work that they cannot avoid.
pub(super) fn decoding(bench: &Bench) -> Result<String> {
    const ROUNDS: usize = 5;
    let mut text = format!(
        "## Extracting and verifying\n\n\
         Wall time with the default number of threads, the fastest of {ROUNDS} interleaved runs. *Digests* \
         is `verify` of the ISO itself:\nreading it and computing all four digests, each in its own thread. \
         *Copy* writes the ISO to the same disk and waits until\nit is there. `extract` decodes, writes, \
         waits for the disk, reads everything back and compares the SHA-256 of both.\n\n\
         | file | verify | CPU | digests | CPU | verify / digests | extract | CPU | copy |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for &(name, options) in PROFILES.iter().filter(|(name, _)| ["psp", "ppsspp", "opl"].contains(name)) {
        bench.compress(&bench.disc, options)?;
        let (mut verify, mut hash, mut extract) = (Cost::LONGEST, Cost::LONGEST, Cost::LONGEST);
        let mut copy = f64::INFINITY;
        for _ in 0..ROUNDS {
            verify = verify.faster(bench.verify(&[])?);
            hash = hash.faster(bench.hash()?);
            extract = extract.faster(bench.extract(&[])?);
            copy = copy.min(bench.copy()?);
        }
        let ratio = verify.wall / hash.wall;
        let [verify, hash, extract] =
            [verify, hash, extract].map(|cost| format!("{:.2} s | {:.2} s", cost.wall, cost.cpu));
        writeln!(text, "| {name} | {verify} | {hash} | {ratio:.2} | {extract} | {copy:.2} s |")?;
    }
    text.push('\n');
    Ok(text)
}

/// How much of the encoders' speed the pipeline keeps.
pub(super) fn pipeline(bench: &Bench) -> Result<String> {
    let mut cargo = shell::cargo();
    cargo.args(["bench", "--quiet", "--package", "image-writer", "--bench", "pipeline", "--"]);
    let printed = shell::text(cargo.arg(&bench.disc))?;
    Ok(format!(
        "## The pipeline\n\n\
         `cargo bench --package image-writer --bench pipeline`: the whole disc in 2-KiB blocks, from memory \
         to memory, in MB/s of\nwall time. *Bare* is one thread that only packs, lints and verifies every \
         block. The pipeline also distributes blocks to\nthreads, puts them back in order, writes the index \
         and computes the SHA-256.\n\n{printed}\n\n"
    ))
}

/// Peak memory by format and number of threads.
pub(super) fn memory(bench: &Bench) -> Result<String> {
    let mut text = String::from(
        "## Memory\n\n\
         Peak resident memory in MiB, measured by GNU time. The limit is 64.\n\n\
         | format | `compress -j 1` | `-j 16` | `extract -j 1` | `-j 16` | `verify -j 1` | `-j 16` |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
    );
    for format in ["cso", "cso2", "zso", "dax", "jso"] {
        let mut cells = Vec::new();
        for threads in ["1", "16"] {
            cells.push(bench.compress(&bench.disc, &["--to", format, "-j", threads])?.0);
        }
        for threads in ["1", "16"] {
            cells.push(bench.extract(&["-j", threads])?);
        }
        for threads in ["1", "16"] {
            cells.push(bench.verify(&["-j", threads])?);
        }
        let cells: Vec<String> = cells.iter().map(|cost| format!("{:.1}", cost.memory)).collect();
        writeln!(text, "| {} | {} |", format, cells.join(" | "))?;
    }
    text.push('\n');
    Ok(text)
}

/// The largest image that the memory limit is promised for.
pub(super) fn huge(bench: &Bench) -> Result<String> {
    let mut text = String::from(
        "A sparse image of 16 GiB in 16 threads, fastest level:\n\n\
         | format | compress | MiB | extract | MiB | verify | MiB |\n|---|---:|---:|---:|---:|---:|---:|\n",
    );
    let image = bench.huge_image()?;
    for format in ["cso", "zso"] {
        let (compress, _) = bench.compress(&image, &["--to", format, "-1", "-j", "16"])?;
        let costs = [compress, bench.extract(&["-j", "16"])?, bench.verify(&["-j", "16"])?];
        let cells = costs.map(|cost| format!("{:.0} s | {:.1}", cost.wall, cost.memory));
        writeln!(text, "| {format} | {} |", cells.join(" | "))?;
    }
    fs::remove_file(image)?;
    text.push('\n');
    Ok(text)
}

/// One thread, two, and as many as there are cores.
fn thread_counts() -> Vec<usize> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut counts = vec![1, 2, cores];
    counts.sort_unstable();
    counts.dedup();
    counts.retain(|&count| count <= cores);
    counts
}

fn percent(part: u64, whole: u64) -> String {
    format!("{:.2} %", part as f64 * 100.0 / whole as f64)
}

fn speed(bytes: u64, cost: Cost) -> String {
    format!("{:.1}", bytes as f64 / 1e6 / cost.wall)
}
