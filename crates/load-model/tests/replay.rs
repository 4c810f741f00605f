//! The costs of traces on actual files.

use std::io::Cursor;
use std::num::NonZeroUsize;

use image_writer::{
    DeflateEncoder, DigestSet, Lz4Encoder, Monitor, Optimize, OutputFormat, Plan, Threshold, encode,
};
use load_model::{Access, LoadError, Model, Origin, PackedImage, Trace};
use sector_decode::Lba;
use test_noise::Noise;

const SECTORS: u32 = 2048;

/// Text-like data in which every block gets smaller.
fn image() -> Vec<u8> {
    let mut noise = Noise::new(1);
    let mut bytes = Vec::new();
    while bytes.len() < 2048 * SECTORS as usize {
        bytes.extend_from_slice(format!("{:04} ", noise.below(1024)).as_bytes());
    }
    bytes.truncate(2048 * SECTORS as usize);
    bytes
}

fn packed(format: OutputFormat, block_size: u32) -> Vec<u8> {
    let plan = Plan {
        format,
        block_size,
        index_shift: 0,
        deflate: DeflateEncoder::Zlib { level: 6 },
        lz4: Lz4Encoder::SMALLEST,
        threshold: Threshold::new(100).unwrap(),
        optimize: Optimize::Size,
        firmware_safe: false,
        pad_file_to: 1,
        threads: NonZeroUsize::MIN,
    };
    let mut file = Cursor::new(Vec::new());
    encode(image().as_slice(), &mut file, &plan, DigestSet::Sha256, &Monitor::new()).unwrap();
    file.into_inner()
}

fn trace(accesses: impl IntoIterator<Item = (u32, u32)>) -> Trace {
    let accesses = accesses.into_iter().map(|(lba, sectors)| Access { lba: Lba(lba), sectors });
    Trace { name: "test".into(), origin: Origin::Synthetic, accesses: accesses.collect() }
}

#[test]
fn a_plain_image_costs_its_bytes() {
    let image = image();
    let mut plain = PackedImage::open(image.as_slice()).unwrap();
    let trace = Trace::streaming(SECTORS);
    let (ours, classic) = (plain.load(&trace).unwrap(), plain.load_classic(&trace).unwrap());
    assert_eq!((ours.card_bytes, classic.card_bytes), (image.len() as u64, image.len() as u64));
    assert_eq!(ours, classic);
    assert_eq!(ours.card_calls, u64::from(SECTORS) / 16);
}

#[test]
fn reads_in_sequence_decode_each_block_once_and_share_calls() {
    let file = packed(OutputFormat::Cso, 16 << 10);
    let mut image = PackedImage::open(file.as_slice()).unwrap();
    let load = image.load(&trace((0..SECTORS).map(|lba| (lba, 1)))).unwrap();
    assert!(load.card_calls * 16 <= u64::from(SECTORS), "{} calls", load.card_calls);
    assert!(load.card_bytes <= file.len() as u64 * 21 / 20);
    let costs = Model::PSP.ours;
    let blocks = f64::from(SECTORS / 8);
    let bytes = f64::from(SECTORS * 2048);
    let expected =
        blocks * costs.deflate[2] * 16384.0 + bytes * costs.copy + f64::from(SECTORS) * costs.per_request;
    assert!((load.instructions - expected).abs() < 1.0, "{} {expected}", load.instructions);
}

#[test]
fn blocks_that_are_wanted_whole_are_not_copied() {
    let file = packed(OutputFormat::Zso, 2048);
    let mut image = PackedImage::open(file.as_slice()).unwrap();
    let load = image.load(&trace([(100, 32)])).unwrap();
    let costs = Model::PSP.ours;
    let expected = 32.0 * 2048.0 * costs.lz4[0] + costs.per_request;
    assert!((load.instructions - expected).abs() < 1e-6);
    // One for the index, one for the data.
    assert_eq!(load.card_calls, 2);
}

#[test]
fn classic_readers_call_for_each_block() {
    for (block_size, blocks) in [(2048, 64), (8192, 17), (16 << 10, 9)] {
        let file = packed(OutputFormat::Cso, block_size);
        let image = PackedImage::open(file.as_slice()).unwrap();
        // Begins inside a block of 8 and of 16 KiB.
        let load = image.load_classic(&trace([(101, 64)])).unwrap();
        // Plus one for the index.
        assert_eq!(load.card_calls, blocks + 1);
        let costs = Model::PSP.classic;
        let decoded = blocks as f64 * costs.block(sector_decode::Coding::Deflate, block_size);
        let copied = 3.0 * 64.0 * 2048.0 * costs.copy;
        assert!((load.instructions - decoded - copied - costs.per_request).abs() < 1e-3);
    }
    let file = packed(OutputFormat::Cso, 8192);
    let image = PackedImage::open(file.as_slice()).unwrap();
    // Sector by sector, the same block is used four times.
    assert_eq!(image.load_classic(&trace((0..8).map(|lba| (lba, 1)))).unwrap().card_calls, 3);
    // Another index window.
    let file = packed(OutputFormat::Zso, 2048);
    let image = PackedImage::open(file.as_slice()).unwrap();
    assert_eq!(image.load_classic(&trace([(0, 1), (1023, 1), (1024, 1)])).unwrap().card_calls, 5);
}

#[test]
fn every_format_can_be_replayed() {
    for format in
        [OutputFormat::Cso, OutputFormat::Cso2, OutputFormat::Zso, OutputFormat::Dax, OutputFormat::Jso]
    {
        let file = packed(format, 8192);
        let mut image = PackedImage::open(file.as_slice()).unwrap();
        for trace in
            [Trace::streaming(SECTORS), Trace::random(SECTORS, 50), Trace::directory_walk(SECTORS, 9)]
        {
            let (ours, classic) = (image.load(&trace).unwrap(), image.load_classic(&trace).unwrap());
            let [ours, classic] = [ours, classic].map(|load| load.seconds(&Model::PSP));
            assert!(ours > 0.0 && classic > 0.0, "{format:?} {}", trace.name);
            if trace == Trace::streaming(SECTORS) {
                assert!(ours < classic, "{format:?}: {ours} {classic}");
            }
        }
    }
}

#[test]
fn what_is_not_on_the_disc_is_an_error() {
    let image = image();
    let mut plain = PackedImage::open(image.as_slice()).unwrap();
    assert_eq!(plain.sectors(), u64::from(SECTORS));
    plain.load(&trace([(SECTORS - 1, 1)])).unwrap();
    for access in [(SECTORS, 1), (SECTORS - 1, 2), (u32::MAX, u32::MAX)] {
        assert!(matches!(plain.load(&trace([access])), Err(LoadError::BehindEnd { .. })));
        assert!(matches!(plain.load_classic(&trace([access])), Err(LoadError::BehindEnd { .. })));
    }
}
