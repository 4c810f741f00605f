//! Speed and size: single encoders, whole images with several threads, and decoding.
//!
//! `cargo bench -p image-writer` prints the sizes first, then the speeds. Packing includes what a worker does
//! with each block: lint and proof. MB are millions of bytes of the image.
//! does with each block: lint and proof. MB are millions of bytes of the image.

use std::fmt;
use std::hint::black_box;
use std::io::{self, Seek, SeekFrom, Write};
use std::num::NonZeroUsize;

use divan::counter::BytesCount;
use divan::{Bencher, bench};
use image_writer::{
    BlockPacker, DeflateEncoder, DigestSet, Effort, Lz4Encoder, Monitor, Optimize, OutputFormat, Plan,
    Threshold, encode,
};
use sector_decode::{Coding, Decoder};

#[path = "../tests/support/corpus.rs"]
#[allow(dead_code, unreachable_pub, clippy::cast_possible_truncation, reason = "shared with the tests")]
mod corpus;

fn main() {
    print_sizes();
    divan::main();
}

/// An encoder at a level.
#[derive(Clone, Copy)]
struct Setting {
    name: &'static str,
    format: OutputFormat,
    deflate: DeflateEncoder,
    lz4: Lz4Encoder,
    firmware_safe: bool,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

impl Setting {
    fn plan(self, block_size: u32, threads: usize) -> Plan {
        Plan {
            format: self.format,
            block_size,
            index_shift: 0,
            deflate: self.deflate,
            lz4: self.lz4,
            threshold: Threshold::new(100).unwrap(),
            optimize: Optimize::Size,
            firmware_safe: self.firmware_safe,
            pad_file_to: 1,
            threads: NonZeroUsize::new(threads).unwrap(),
        }
    }
}

const fn deflate(name: &'static str, deflate: DeflateEncoder) -> Setting {
    Setting { name, format: OutputFormat::Cso, deflate, lz4: Lz4Encoder::Fast, firmware_safe: false }
}

const fn lz4(name: &'static str, lz4: Lz4Encoder) -> Setting {
    Setting { format: OutputFormat::Zso, lz4, ..deflate(name, DeflateEncoder::Zlib { level: 6 }) }
}

const FAST: [Setting; 17] = [
    lz4("LZ4 fast", Lz4Encoder::Fast),
    lz4("LZ4 HC 4", Lz4Encoder::Hc { level: 4 }),
    lz4("LZ4 HC 9", Lz4Encoder::Hc { level: 9 }),
    lz4("LZ4 HC 12", Lz4Encoder::Hc { level: 12 }),
    lz4("LZ4 optimal 64", Lz4Encoder::optimal(64)),
    lz4("LZ4 optimal, all", Lz4Encoder::SMALLEST),
    deflate("zlib 1", DeflateEncoder::Zlib { level: 1 }),
    deflate("zlib 6", DeflateEncoder::Zlib { level: 6 }),
    deflate("zlib 9", DeflateEncoder::Zlib { level: 9 }),
    deflate("libdeflate 1", DeflateEncoder::Libdeflate { level: 1 }),
    deflate("libdeflate 6", DeflateEncoder::Libdeflate { level: 6 }),
    deflate("libdeflate 9", DeflateEncoder::Libdeflate { level: 9 }),
    deflate("libdeflate 12", DeflateEncoder::Libdeflate { level: 12 }),
    deflate("our own, quick", DeflateEncoder::Sector { effort: Effort::Quick }),
    deflate("our own, thorough", DeflateEncoder::Sector { effort: Effort::Thorough }),
    Setting {
        format: OutputFormat::Cso2,
        lz4: Lz4Encoder::SMALLEST,
        ..deflate("CSO v2: libdeflate 12, LZ4 optimal", DeflateEncoder::Libdeflate { level: 12 })
    },
    Setting { format: OutputFormat::Dax, ..deflate("DAX: zlib 9", DeflateEncoder::Zlib { level: 9 }) },
];

const SLOW: [Setting; 2] = [
    Setting { firmware_safe: true, ..deflate("our own, best, firmware-safe", BEST) },
    deflate("our own, best", BEST),
];

const BEST: DeflateEncoder = DeflateEncoder::Sector { effort: Effort::Best };

const BLOCK_SIZES: [u32; 4] = [2048, 8192, 16 << 10, 32 << 10];

/// Equal shares of each kind of data, in runs of 32 KiB.
fn image(runs_of_each: usize) -> Vec<u8> {
    const RUN: usize = 32 << 10;
    let kinds = corpus::Kind::ALL;
    let mut image = vec![0; runs_of_each * kinds.len() * RUN];
    for ((number, run), kind) in (0u64..).zip(image.chunks_mut(RUN)).zip(kinds.iter().cycle()) {
        kind.fill(number * RUN as u64, run);
    }
    image
}

fn pack(image: &[u8], plan: &Plan) -> Vec<(Coding, Vec<u8>)> {
    let mut packer = BlockPacker::new(plan);
    let blocks = image.chunks(plan.block_size as usize).map(|block| {
        let mut packed = Vec::new();
        let coding = packer.pack(block, &mut packed).unwrap().coding;
        (coding, packed)
    });
    blocks.collect()
}

fn print_sizes() {
    // The test runner asks for a list, or runs each function once.
    if std::env::args().any(|arg| arg == "--list" || arg == "--test") {
        return;
    }
    let image = image(1);
    println!("Size in percent of {} KiB of mixed data, index included", image.len() >> 10);
    print!("{:<34}", "block size");
    for block_size in BLOCK_SIZES {
        print!("{block_size:>8}");
    }
    println!();
    for setting in FAST.into_iter().chain(SLOW) {
        print!("{setting:<34}");
        let (min, max) = setting.format.block_sizes();
        for block_size in BLOCK_SIZES {
            if (min..=max).contains(&block_size) {
                let monitor = Monitor::new();
                let plan = setting.plan(block_size, 2);
                let summary =
                    encode(image.as_slice(), io::Cursor::new(Vec::new()), &plan, DigestSet::All, &monitor)
                        .unwrap();
                #[expect(clippy::cast_precision_loss, reason = "some millions")]
                let percent = summary.stored_size as f64 / image.len() as f64 * 100.0;
                print!("{percent:>8.2}");
            } else {
                print!("{:>8}", "-");
            }
        }
        println!();
    }
    println!();
}

/// One thread packs 2-KiB blocks (DAX: 8 KiB).
#[bench(args = FAST, sample_count = 10, sample_size = 1)]
fn pack_2k(bencher: Bencher<'_, '_>, setting: Setting) {
    bench_pack(bencher, setting, 2048, &image(8));
}

/// One thread packs 16-KiB blocks.
#[bench(args = FAST, sample_count = 10, sample_size = 1)]
fn pack_16k(bencher: Bencher<'_, '_>, setting: Setting) {
    bench_pack(bencher, setting, 16 << 10, &image(8));
}

/// One thread, the slowest encoders.
#[bench(args = SLOW, sample_count = 3, sample_size = 1)]
fn pack_2k_slow(bencher: Bencher<'_, '_>, setting: Setting) {
    bench_pack(bencher, setting, 2048, &image(1));
}

fn bench_pack(bencher: Bencher<'_, '_>, setting: Setting, block_size: u32, image: &[u8]) {
    let (min, max) = setting.format.block_sizes();
    let plan = setting.plan(block_size.clamp(min, max), 1);
    let mut packer = BlockPacker::new(&plan);
    let mut packed = Vec::with_capacity(image.len() * 2);
    bencher.counter(BytesCount::new(image.len())).bench_local(|| {
        packed.clear();
        for block in image.chunks(plan.block_size as usize) {
            black_box(packer.pack(block, &mut packed));
        }
    });
}

/// A file that discards its contents.
#[derive(Default)]
struct Nowhere(u64);

impl Write for Nowhere {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0 += black_box(buf).len() as u64;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Nowhere {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if let SeekFrom::Start(position) = to {
            self.0 = position;
        }
        Ok(self.0)
    }
}

/// A whole image of 2-KiB blocks with hashing, by number of threads.
#[bench(args = FAST, consts = [1, 2, 4, 8], sample_count = 5, sample_size = 1)]
fn encode_2k<const THREADS: usize>(bencher: Bencher<'_, '_>, setting: Setting) {
    let image = image(36);
    let (min, max) = setting.format.block_sizes();
    let plan = setting.plan(2048.clamp(min, max), THREADS);
    bencher.counter(BytesCount::new(image.len())).bench_local(|| {
        encode(image.as_slice(), Nowhere::default(), &plan, DigestSet::All, &Monitor::new()).unwrap()
    });
}

/// One thread decodes 2-KiB blocks (DAX: 8 KiB) of each format; stored blocks are left out.
#[bench(args = ["deflate", "LZ4", "zlib (DAX)"], sample_count = 20, sample_size = 1)]
fn decode_2k(bencher: Bencher<'_, '_>, codec: &str) {
    let setting = match codec {
        "deflate" => deflate("", DeflateEncoder::Libdeflate { level: 9 }),
        "LZ4" => lz4("", Lz4Encoder::SMALLEST),
        _ => Setting { format: OutputFormat::Dax, ..deflate("", DeflateEncoder::Libdeflate { level: 9 }) },
    };
    let (min, max) = setting.format.block_sizes();
    let plan = setting.plan(2048.clamp(min, max), 1);
    let mut blocks = pack(&image(8), &plan);
    blocks.retain(|(coding, _)| *coding != Coding::Stored);
    let block_size = plan.block_size as usize;
    let mut decoder = Decoder::new();
    let mut block = vec![0; block_size];
    bencher.counter(BytesCount::new(blocks.len() * block_size)).bench_local(|| {
        for (coding, packed) in &blocks {
            decoder.decode_block(*coding, packed, &mut block).unwrap();
        }
        block[0]
    });
}
