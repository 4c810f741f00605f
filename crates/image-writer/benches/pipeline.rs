//! How much of the bare encoder's speed remains when images are also read, hashed and written, as a table for
//! docs/benchmarks/converter.md.
//!
//! `cargo bench -p image-writer --bench pipeline -- IMAGE` packs the whole image, from memory into memory.
//! The bare encoder is [`BlockPacker`] in one thread: it packs, lints and proves every block, and nothing
//! else. [`encode`] also computes the SHA-256 of the image in parallel, as `cisor compress` does. Speeds use
//! wall-clock time. Each is the fastest of three runs, with the two taking turns.

use std::fs;
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::thread;
use std::time::Instant;

use image_writer::{
    BlockPacker, DeflateEncoder, DigestSet, Effort, Lz4Encoder, Monitor, Optimize, OutputFormat, Plan,
    Threshold, encode,
};

const RUNS: usize = 3;

fn main() {
    // The test runner asks for a list, or runs every benchmark once.
    let Some(path) = std::env::args().skip(1).find(|arg| !arg.starts_with("--")) else { return };
    let image = fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let threads = thread_counts();
    let heads: Vec<String> =
        threads.iter().map(|count| format!("{count} threads | of {count} × bare")).collect();
    println!("| encoder | bare | {} |\n|---|---:|{}", heads.join(" | "), "---:|---:|".repeat(threads.len()));
    for (name, plan) in settings() {
        let speeds = speeds(&image, &plan, &threads);
        print!("| {name} | {:.1} |", speeds[0]);
        for (count, speed) in threads.iter().zip(&speeds[1..]) {
            #[expect(clippy::cast_precision_loss, reason = "a few")]
            let share = speed / (*count as f64 * speeds[0]);
            print!(" {speed:.1} | {share:.2} |");
        }
        println!();
    }
}

/// The most common settings, with blocks of 2 KiB.
fn settings() -> [(&'static str, Plan); 4] {
    let psp = Plan {
        format: OutputFormat::Cso,
        block_size: 2048,
        index_shift: 0,
        deflate: DeflateEncoder::Zlib { level: 9 },
        lz4: Lz4Encoder::optimal(64),
        threshold: Threshold::new(95).unwrap(),
        optimize: Optimize::Size,
        firmware_safe: true,
        pad_file_to: 1,
        threads: NonZeroUsize::MIN,
    };
    let any =
        |deflate| Plan { deflate, firmware_safe: false, threshold: Threshold::new(100).unwrap(), ..psp };
    [
        ("zlib 9 (`--for psp`)", psp),
        ("libdeflate 9 (`--to cso`)", any(DeflateEncoder::Libdeflate { level: 9 })),
        ("our own, thorough (`--to cso -9`)", any(DeflateEncoder::Sector { effort: Effort::Thorough })),
        ("LZ4 optimal (`--to zso`)", Plan { format: OutputFormat::Zso, ..any(psp.deflate) }),
    ]
}

/// MB per second of the bare encoder, then of the pipeline with each number of threads.
fn speeds(image: &[u8], plan: &Plan, threads: &[usize]) -> Vec<f64> {
    let mut best = vec![f64::MAX; 1 + threads.len()];
    for _ in 0..RUNS {
        best[0] = best[0].min(seconds(|| bare(image, plan)));
        for (&count, best) in threads.iter().zip(&mut best[1..]) {
            let plan = Plan { threads: NonZeroUsize::new(count).unwrap(), ..*plan };
            *best = best.min(seconds(|| {
                encode(image, Cursor::new(Vec::new()), &plan, DigestSet::Sha256, &Monitor::new()).unwrap();
            }));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "some hundred millions")]
    let megabytes = image.len() as f64 / 1e6;
    best.iter().map(|time| megabytes / time).collect()
}

fn bare(image: &[u8], plan: &Plan) {
    let mut packer = BlockPacker::new(plan);
    let mut packed = Vec::with_capacity(1 << 20);
    for block in image.chunks(plan.block_size as usize) {
        if packed.len() > 1 << 19 {
            packed.clear();
        }
        packer.pack(block, &mut packed).unwrap();
    }
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// One thread, two, four … up to one per core.
fn thread_counts() -> Vec<usize> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut counts: Vec<usize> = (0..).map(|power| 1 << power).take_while(|&count| count < cores).collect();
    counts.push(cores);
    counts
}
