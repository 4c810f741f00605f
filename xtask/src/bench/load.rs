//! Predicts how long a PSP loads from the test disc, in every format and through old and new readers.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, anyhow};
use load_model::{Model, Origin, PackedImage, Trace};

use super::measure::Bench;
use crate::paths;

/// A row: its name and the options that make the file; none for the disc itself.
type Row = (&'static str, Option<&'static [&'static str]>);

const ROWS: &[Row] = &[
    ("ISO", None),
    ("CSO, 2 KiB", Some(&["--for", "psp"])),
    ("CSO, 8 KiB", Some(&["--for", "ark", "-b", "8K"])),
    ("CSO, 16 KiB", Some(&["--to", "cso", "-b", "16K"])),
    ("CSO, 32 KiB", Some(&["--to", "cso", "-b", "32K"])),
    ("CSO, 64 KiB", Some(&["--to", "cso", "-b", "64K"])),
    ("ZSO, 2 KiB", Some(&["--to", "zso", "-9"])),
    ("ZSO, 16 KiB", Some(&["--to", "zso", "-9", "-b", "16K"])),
    ("ZSO, 32 KiB", Some(&["--to", "zso", "-9", "-b", "32K"])),
    ("ZSO, 64 KiB", Some(&["--to", "zso", "-9", "-b", "64K"])),
    ("CSO v2, 2 KiB", Some(&["--to", "cso2"])),
    ("CSO, 2 KiB, `--optimize load`", Some(&["--for", "psp", "--optimize", "load"])),
    ("CSO, 8 KiB, `--optimize load`", Some(&["--for", "ark", "-b", "8K", "--optimize", "load"])),
    ("ZSO, 2 KiB, `--optimize load`", Some(&["--to", "zso", "-9", "--optimize", "load"])),
    ("CSO v2, 2 KiB, `--optimize load`", Some(&["--to", "cso2", "-9", "--optimize", "load"])),
    ("CSO v2, 8 KiB, `--optimize load`", Some(&["--to", "cso2", "-9", "-b", "8K", "--optimize", "load"])),
];

/// Single reads, and folders of the walk.
const RANDOM: u32 = 2000;
const FOLDERS: u32 = 100;

/// Returns the table with its introduction.
pub(super) fn table(bench: &Bench) -> Result<String> {
    let model = Model::PSP;
    let sectors = u32::try_from(bench.disc_size / 2048)?;
    let mut traces = vec![
        Trace::streaming(sectors),
        Trace::random(sectors, RANDOM),
        Trace::directory_walk(sectors, FOLDERS),
    ];
    traces.extend(recorded()?);
    let mut text = format!(
        "**This is a model; no console was measured.** It assumes a card that delivers {:.0} MB/s and \
         takes {:.0} ms for every call, and\na processor of {:.0} MHz that executes an instruction per \
         cycle, with no overlap between the two. Instructions per byte are\nthose of \
         [device-costs.md](../device-costs.md). All numbers are in `crates/load-model/src/model.rs`. The \
         files are\nmade from the test disc.\n\n\
         *Ours* is the driver's own reader with its read-ahead of {} KiB; its card calls are counted, index \
         reads included.\n*Classic* is a model of older readers: a call for each block and for each 1024 \
         entries of the index, {:.0} copies, and the\ncosts of zlib and liblz4 in C. Both read the ISO in \
         the same way. Seconds for:\n\n",
        model.card_bytes_per_second / 1e6,
        model.card_seconds_per_call * 1e3,
        model.instructions_per_second / 1e6,
        model.read_ahead >> 10,
        model.classic_copies,
    );
    for (number, trace) in (1..).zip(&traces) {
        let origin = match trace.origin {
            Origin::Synthetic => "synthetic",
            Origin::Recorded => "recorded",
        };
        let read: u64 = trace.accesses.iter().map(|access| u64::from(access.sectors)).sum();
        writeln!(
            text,
            "{number}. {} ({origin}): {} requests, {:.1} MB",
            trace.name,
            trace.accesses.len(),
            read as f64 * 2048.0 / 1e6
        )?;
    }
    text.push_str("\n| file | size |");
    for number in 1..=traces.len() {
        write!(text, " {number}: ours | classic |")?;
    }
    writeln!(text, "\n|---|---:|{}", "---:|---:|".repeat(traces.len()))?;
    for &(name, options) in ROWS {
        let (path, len) = match options {
            None => (bench.disc.clone(), bench.disc_size),
            Some(options) => {
                let (_, len) = bench.compress(&bench.disc, options)?;
                (bench.packed(), len)
            }
        };
        let file = fs::read(&path).with_context(|| path.display().to_string())?;
        let mut image = PackedImage::open(file.as_slice()).map_err(|error| anyhow!("{name}: {error}"))?;
        write!(text, "| {name} | {:.2} % |", len as f64 * 100.0 / bench.disc_size as f64)?;
        for trace in &traces {
            let ours = image.load(trace).map_err(|error| anyhow!("{name}, {}: {error}", trace.name))?;
            let classic =
                image.load_classic(trace).map_err(|error| anyhow!("{name}, {}: {error}", trace.name))?;
            write!(text, " {:.2} | {:.2} |", ours.seconds(&model), classic.seconds(&model))?;
        }
        text.push('\n');
    }
    text.push('\n');
    Ok(text)
}

/// Returns the recorded traces, in the order of their names.
fn recorded() -> Result<Vec<Trace>> {
    let folder = paths::root().join("crates/load-model/traces");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .with_context(|| folder.display().to_string())?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "trace"));
    files.sort();
    files
        .iter()
        .map(|path| {
            let text = fs::read_to_string(path)?;
            Trace::parse(&text).map_err(|error| anyhow!("{}: {error}", path.display()))
        })
        .collect()
}
