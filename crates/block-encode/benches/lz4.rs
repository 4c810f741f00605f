//! The project's LZ4 encoders compared with liblz4's, as a table for docs/benchmarks/lz4.md.
//!
//! `cargo bench -p block-encode --bench lz4 -- IMAGE` packs every tenth 64 KiB of an image, skipping blocks
//! that consist of a single byte value, one block at a time, in one thread. Speeds use that thread's CPU time
//! where the system reports it (Linux), otherwise wall-clock time. Each is the fastest of five runs, with the
//! encoders taking turns.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{Read, Seek, SeekFrom};
use std::sync::LazyLock;
use std::time::Instant;

use block_encode::lz4::{Fast, Optimal};
use lz4::block::{CompressionMode, compress_to_buffer};

const PIECE: usize = 64 << 10;
const EVERY: u64 = 10;
const RUNS: usize = 5;
const BLOCK_SIZES: [usize; 4] = [2048, 8192, 16 << 10, 64 << 10];

/// Packs a block; `None` when it does not get smaller.
type Pack = Box<dyn FnMut(&[u8], &mut [u8]) -> Option<usize>>;

fn main() {
    // The test runner asks for a list, or runs every benchmark once.
    let Some(path) = std::env::args().skip(1).find(|arg| !arg.starts_with("--")) else { return };
    let image = read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    println!(
        "`cargo xtask bench --lz4`: every {EVERY}th 64 KiB of the PSP disc, without constant blocks; each block by itself, one\n\
         thread. Size in percent, MB/s by the thread's CPU time, the fastest of {RUNS} runs of turns.\n"
    );
    let sizes = BLOCK_SIZES.map(|size| format!("{} KiB | MB/s", size >> 10));
    println!("| encoder | {} |\n|---|{}", sizes.join(" | "), "---:|---:|".repeat(sizes.len()));
    let columns: Vec<Vec<String>> = BLOCK_SIZES.iter().map(|&size| column(&image, size)).collect();
    for (row, (name, _)) in encoders().iter().enumerate() {
        let cells: Vec<&str> = columns.iter().map(|column| column[row].as_str()).collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
}

fn encoders() -> Vec<(String, Pack)> {
    let mut fast = Fast::new();
    let mut encoders: Vec<(String, Pack)> = vec![
        ("ours, fast".into(), Box::new(move |block, out| fast.pack(block, out))),
        ("liblz4, fast".into(), library(CompressionMode::DEFAULT)),
    ];
    for attempts in [64, 256, 1024, Optimal::EXHAUSTIVE] {
        let mut optimal = Optimal::new(attempts);
        encoders.push((
            format!("ours, optimal {attempts}"),
            Box::new(move |block, out| optimal.pack(block, out)),
        ));
    }
    for level in [3, 9, 10, 12] {
        encoders.push((format!("liblz4, HC {level}"), library(CompressionMode::HIGHCOMPRESSION(level))));
    }
    encoders
}

fn library(mode: CompressionMode) -> Pack {
    Box::new(move |block, out| compress_to_buffer(block, Some(mode), false, out).ok())
}

/// Size and speed of each encoder.
#[expect(clippy::cast_precision_loss, reason = "some millions")]
fn column(image: &[u8], size: usize) -> Vec<String> {
    let blocks: Vec<&[u8]> =
        image.chunks_exact(size).filter(|block| block.iter().any(|&byte| byte != block[0])).collect();
    let total = (blocks.len() * size) as f64;
    let mut encoders = encoders();
    let mut best = vec![(0, f64::MAX); encoders.len()];
    let mut out = vec![0; size - 1];
    for _ in 0..RUNS {
        for ((_, pack), best) in encoders.iter_mut().zip(&mut best) {
            let start = seconds();
            let len = blocks.iter().map(|block| black_box(pack(block, &mut out)).unwrap_or(size)).sum();
            *best = (len, best.1.min(seconds() - start));
        }
    }
    best.iter()
        .map(|(len, time)| format!("{:.3} % | {:.0}", *len as f64 / total * 100.0, total / 1e6 / time))
        .collect()
}

/// This thread's CPU time, or wall-clock time.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of some minutes")]
fn seconds() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let scheduled = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = scheduled.and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    nanoseconds.map_or_else(|| START.elapsed().as_secs_f64(), |nanoseconds| nanoseconds as f64 / 1e9)
}

fn read(path: &str) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut image = Vec::new();
    let mut piece = vec![0; PIECE];
    for at in (0..len.saturating_sub(PIECE as u64)).step_by(PIECE * usize::try_from(EVERY).unwrap_or(1)) {
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut piece)?;
        image.extend_from_slice(&piece);
    }
    Ok(image)
}
