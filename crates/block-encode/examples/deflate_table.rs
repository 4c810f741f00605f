//! Sizes and speeds of deflate encoders on a disc's sectors, side by side, as a table for
//! docs/benchmarks/deflate.md.
//!
//! `cargo run --release --package block-encode --example deflate_table -- DISC [-b BYTES] [-n EVERY]
//! [NAME...]` packs every n-th block of the disc that does not consist of a single byte value. With names, it
//! runs only the encoders whose names start with one of them. Speeds are based on CPU time, the best of three
//! runs. A block that does not get smaller counts at its full size.

use std::fs;
use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use block_encode::deflate::{Deflate, Effort};
use flate2::{Compress, Compression, FlushCompress};
use libdeflater::{CompressionLvl, Compressor};
use sector_decode::deflate_lint::lint;
use sector_decode::{Coding, Decoder};

/// Packs a block into a buffer of the block's size; `None` when it does not get smaller.
type Pack = Box<dyn FnMut(&[u8], &mut [u8]) -> Option<usize>>;

struct Encoder {
    name: String,
    runs: u32,
    pack: Pack,
}

fn main() {
    let mut args = std::env::args().skip(1);
    let disc = args.next().expect("a disc image");
    let (mut block_size, mut every, mut names) = (2048, 1, Vec::new());
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|number| number.parse().ok()).expect("a number");
        match arg.as_str() {
            "-b" => block_size = number(),
            "-n" => every = number(),
            _ => names.push(arg),
        }
    }
    let image = fs::read(disc).expect("a readable image");
    let whole = image.chunks_exact(block_size).filter(|block| block.iter().any(|byte| *byte != block[0]));
    let blocks: Vec<&[u8]> = whole.step_by(every).collect();
    let bytes = blocks.len() * block_size;
    println!("{} blocks of {block_size} bytes\n", blocks.len());
    println!(
        "| encoder | size | | against libdeflate 12 | MB/s | not firmware-safe |\n|---|---:|---:|---:|---:|---:|"
    );
    let mut yardstick = None;
    for mut encoder in encoders(block_size) {
        if !names.is_empty() && !names.iter().any(|name| encoder.name.starts_with(name)) {
            continue;
        }
        let (size, unsafe_streams, time) = measure(&mut encoder, &blocks);
        #[expect(clippy::cast_precision_loss, reason = "some hundred millions")]
        let [size_f, bytes] = [size, bytes].map(|number| number as f64);
        if encoder.name == "libdeflate 12" {
            yardstick = Some(size_f);
        }
        let against = yardstick
            .map_or(String::new(), |yardstick| format!("{:+.3} %", (size_f / yardstick - 1.0) * 100.0));
        println!(
            "| {} | {size} | {:.3} % | {against} | {:.2} | {unsafe_streams} |",
            encoder.name,
            size_f / bytes * 100.0,
            bytes / 1e6 / time.as_secs_f64(),
        );
    }
}

fn measure(encoder: &mut Encoder, blocks: &[&[u8]]) -> (usize, usize, Duration) {
    let mut out = vec![0; blocks[0].len()];
    let mut decoded = vec![0; out.len()];
    let (mut decoder, mut size, mut unsafe_streams) = (Decoder::new(), 0, 0);
    for block in blocks {
        let len = (encoder.pack)(block, &mut out);
        size += len.unwrap_or(block.len());
        if let Some(len) = len {
            decoder.decode_block(Coding::Deflate, &out[..len], &mut decoded).expect("a sound stream");
            assert!(decoded == *block, "{} lost something", encoder.name);
            unsafe_streams += usize::from(lint(&out[..len]).is_err());
        }
    }
    let mut best = Duration::MAX;
    for _ in 0..encoder.runs {
        let start = cpu_time();
        for block in blocks {
            black_box((encoder.pack)(block, &mut out));
        }
        best = best.min(cpu_time().saturating_sub(start));
    }
    (size, unsafe_streams, best)
}

/// CPU time this thread has used; wall-clock time where the system does not report it.
fn cpu_time() -> Duration {
    thread_local!(static START: Instant = Instant::now());
    let nanoseconds = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = nanoseconds.and_then(|stat| stat.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| START.with(Instant::elapsed), Duration::from_nanos)
}

fn encoders(block_size: usize) -> Vec<Encoder> {
    let mut all = Vec::new();
    let mut add = |name: &str, runs, pack: Pack| all.push(Encoder { name: name.into(), runs, pack });
    add(
        "zlib 9",
        3,
        Box::new({
            let mut zlib = Compress::new(Compression::new(9), false);
            move |block, out| {
                zlib.reset();
                let status = zlib.compress(block, out, FlushCompress::Finish).ok()?;
                (status == flate2::Status::StreamEnd).then(|| usize::try_from(zlib.total_out()).ok())?
            }
        }),
    );
    for level in [9, 12] {
        let mut libdeflate = Compressor::new(CompressionLvl::new(level).expect("a level"));
        add(
            &format!("libdeflate {level}"),
            3,
            Box::new(move |block, out| libdeflate.deflate_compress(block, out).ok()),
        );
    }
    for effort in [Effort::Quick, Effort::Thorough, Effort::Best] {
        let mut deflate = Deflate::new(effort, block_size);
        add(&format!("{effort:?}"), 3, Box::new(move |block, out| deflate.encode(block, out)));
    }
    for effort in [Effort::Thorough, Effort::Best] {
        let mut deflate = Deflate::firmware_safe(effort, block_size);
        add(&format!("{effort:?}, firmware-safe"), 3, Box::new(move |block, out| deflate.encode(block, out)));
    }
    for splits in [1, 15] {
        let options = zopfli::Options { maximum_block_splits: splits, ..Default::default() };
        add(
            &format!("zopfli 15, {splits} blocks"),
            1,
            Box::new(move |block, out| {
                let mut stream = Vec::new();
                let mut zopfli =
                    zopfli::DeflateEncoder::new(options, zopfli::BlockType::Dynamic, &mut stream);
                zopfli.write_all(block).ok()?;
                zopfli.finish().ok()?;
                out.get_mut(..stream.len())?.copy_from_slice(&stream);
                Some(stream.len())
            }),
        );
    }
    all
}
