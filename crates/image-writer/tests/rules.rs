//! The rules that readers rely on, checked on the written bytes, independently of the decoder's own idea of a
//! header or an index.

#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

mod support;

use std::io::Cursor;

use image_writer::{
    DeflateEncoder, DigestSet, Effort, Lz4Encoder, Optimize, OutputFormat, Plan, PlanError, Summary,
    Threshold,
};
use sector_decode::deflate_lint::{Finding, lint};
use sector_decode::{BlockIndex, Coding};
use support::corpus::{Kind, Mixed};
use support::{FORMATS, pack, plan, unpack, with_reader};

const CISO_LIKE: [OutputFormat; 3] = [OutputFormat::Cso, OutputFormat::Cso2, OutputFormat::Zso];

fn u16_at(file: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(file[at..at + 2].try_into().unwrap())
}

fn u32_at(file: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(file[at..at + 4].try_into().unwrap())
}

fn u64_at(file: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(file[at..at + 8].try_into().unwrap())
}

/// A block as the index of a CSO or ZSO file has it.
struct Entry {
    start: usize,
    /// Including the padding.
    len: usize,
    flag: bool,
}

/// Reads an index of 31-bit positions and a flag; also returns where the data ends.
fn index(file: &[u8]) -> (Vec<Entry>, usize) {
    let (image_size, block_size) = (u64_at(file, 8), u64::from(u32_at(file, 16)));
    let blocks = image_size.div_ceil(block_size) as usize;
    let value = |block| u32_at(file, 24 + 4 * block);
    let position = |block| ((value(block) & 0x7FFF_FFFF) as usize) << file[21];
    let entries = (0..blocks).map(|block| Entry {
        start: position(block),
        len: position(block + 1).checked_sub(position(block)).expect("positions never go back"),
        flag: value(block) >> 31 == 1,
    });
    assert_eq!(value(blocks) >> 31, 0, "bit 31 of the last value is 0");
    (entries.collect(), position(blocks))
}

/// An image with all kinds of data and, if the format allows it, a partial last block.
fn image(plan: &Plan, seed: u64) -> Vec<u8> {
    let odd = if plan.format == OutputFormat::Jso { 0 } else { 2048 };
    Mixed { size: (1 << 20) + odd, seed }.bytes()
}

fn packed(plan: &Plan, seed: u64) -> (Vec<u8>, Vec<u8>, Summary) {
    let image = image(plan, seed);
    let (file, summary) = pack(image.as_slice(), plan).unwrap();
    (image, file, summary)
}

#[test]
fn cso_and_zso_headers() {
    for (format, magic, version) in
        [(OutputFormat::Cso, b"CISO", 1), (OutputFormat::Cso2, b"CISO", 2), (OutputFormat::Zso, b"ZISO", 1)]
    {
        let plan = Plan { block_size: 4096, index_shift: 3, ..plan(format) };
        let (image, file, _) = packed(&plan, 0);
        assert_eq!(&file[..4], magic);
        assert_eq!(u32_at(&file, 4), 24);
        assert_eq!(u64_at(&file, 8), image.len() as u64);
        assert_eq!(u32_at(&file, 16), 4096);
        assert_eq!(file[20..24], [version, 3, 0, 0]);
    }
}

#[test]
fn blocks_are_aligned_and_padded_with_zeros() {
    for format in CISO_LIKE {
        for index_shift in [0, 1, 3, 8, 11] {
            let plan = Plan { index_shift, ..plan(format) };
            let (_, file, _) = packed(&plan, 1);
            let (entries, end) = index(&file);
            let index_end = 24 + 4 * (entries.len() + 1);
            assert_eq!(entries[0].start, index_end.next_multiple_of(1 << index_shift));
            assert!(file[index_end..entries[0].start].iter().all(|&byte| byte == 0));
            assert_eq!(end, file.len());
            with_reader(&file, |reader| {
                for (number, entry) in (0..).zip(&entries) {
                    let packed = entry.start..entry.start + entry.len;
                    let coding = reader.extent(BlockIndex(number)).unwrap().coding;
                    let data = match coding {
                        Coding::Stored => 2048,
                        Coding::Deflate => deflate_len(&file[packed.clone()]),
                        _ => continue, // LZ4 data does not mark its end.
                    };
                    let padding = &file[packed][data..];
                    assert!(padding.len() < 1 << index_shift, "{format:?} {index_shift} block {number}");
                    assert!(padding.iter().all(|&byte| byte == 0));
                }
            });
        }
    }
}

/// How many bytes a raw deflate stream has, found by cutting it shorter until it does not decode.
fn deflate_len(stream: &[u8]) -> usize {
    let mut out = [0; 2048];
    let mut decodes =
        |len| sector_decode::Decoder::new().decode_block(Coding::Deflate, &stream[..len], &mut out).is_ok();
    (1..=stream.len()).rev().take_while(|&len| decodes(len)).last().unwrap()
}

#[test]
fn the_flag_and_the_length_say_how_a_block_is_packed() {
    for format in CISO_LIKE {
        for index_shift in [0, 2, 9] {
            let plan = Plan { index_shift, ..plan(format) };
            let (image, file, summary) = packed(&plan, 2);
            let (mut stored, mut flagged) = (0, 0);
            for (entry, block) in index(&file).0.iter().zip(image.chunks(2048)) {
                let plain = file[entry.start..].starts_with(block) && entry.len == 2048;
                assert!(entry.len <= 2048, "with its padding too a block fits the buffer of its reader");
                match format {
                    // Bit 31 means stored; any other block is smaller, including padding.
                    OutputFormat::Cso | OutputFormat::Zso => {
                        assert_eq!(entry.flag, plain);
                        assert_eq!(entry.flag, entry.len == 2048);
                    }
                    // A full length means stored, without a flag; in other blocks, bit 31 means LZ4.
                    _ => {
                        assert_eq!(entry.len == 2048, plain);
                        assert!(!(plain && entry.flag));
                    }
                }
                stored += u32::from(plain);
                flagged += u32::from(entry.flag);
            }
            assert_eq!(summary.blocks.stored, stored);
            let expected = if format == OutputFormat::Cso2 { summary.blocks.lz4 } else { stored };
            assert_eq!(flagged, expected);
            assert!(stored > 0 && stored < 512);
        }
    }
}

#[test]
fn the_last_block_is_whole_packed_or_plain() {
    for format in [OutputFormat::Cso, OutputFormat::Cso2, OutputFormat::Zso, OutputFormat::Dax] {
        for kind in [Kind::Text, Kind::Random] {
            let plan = Plan { block_size: 8192, ..plan(format) };
            let mut image = vec![0; 8192 + 2048];
            kind.fill(0, &mut image);
            // The block must be filled with zeros, which pack; random data is stored because of its
            // threshold.
            let plan = match kind {
                Kind::Random => Plan { threshold: Threshold::new(20).unwrap(), ..plan },
                _ => plan,
            };
            let (file, _) = pack(image.as_slice(), &plan).unwrap();
            with_reader(&file, |reader| {
                let extent = reader.extent(BlockIndex(1)).unwrap();
                let packed = &file[extent.offset.0 as usize..];
                let mut block = vec![0xEE; 8192];
                // All readers ask for the whole block, not just for what the image needs of it.
                sector_decode::Decoder::new().decode_block(extent.coding, packed, &mut block).unwrap();
                assert_eq!(block[..2048], image[8192..]);
                assert!(block[2048..].iter().all(|&byte| byte == 0));
            });
            assert_eq!(unpack(&file), image);
        }
    }
}

#[test]
fn the_threshold_is_kept() {
    for (percent, most) in [(100, 2047), (95, 1945), (50, 1023), (1, 20)] {
        for format in CISO_LIKE {
            let plan = Plan { threshold: Threshold::new(percent).unwrap(), ..plan(format) };
            let (_, file, _) = packed(&plan, 3);
            let lens: Vec<_> = index(&file).0.iter().map(|entry| entry.len).collect();
            assert!(lens.iter().all(|&len| len <= most || len == 2048), "{format:?} {percent}");
        }
    }
}

#[test]
fn the_file_is_padded_behind_the_end_of_the_data() {
    let plan = Plan { pad_file_to: 2048, index_shift: 2, ..plan(OutputFormat::Zso) };
    let (image, file, summary) = packed(&plan, 4);
    let (_, end) = index(&file);
    assert_eq!(file.len() % 2048, 0);
    assert!(end < file.len() && file.len() - end < 2048);
    assert!(file[end..].iter().all(|&byte| byte == 0));
    assert_eq!(summary.stored_size, file.len() as u64);
    assert_eq!(unpack(&file), image);
}

#[test]
fn cso2_takes_the_smaller_one_and_lz4_on_a_tie() {
    let with = |format, index_shift| {
        let plan = Plan { index_shift, ..plan(format) };
        index(&packed(&plan, 5).1).0
    };
    for index_shift in [0, 6] {
        let both = with(OutputFormat::Cso2, index_shift);
        let deflate = with(OutputFormat::Cso, index_shift);
        let lz4 = with(OutputFormat::Zso, index_shift);
        let mut ties = 0;
        for ((both, deflate), lz4) in both.iter().zip(&deflate).zip(&lz4) {
            assert_eq!(both.len, deflate.len.min(lz4.len));
            if both.len < 2048 {
                assert_eq!(both.flag, lz4.len <= deflate.len);
                ties += u32::from(lz4.len == deflate.len);
            }
        }
        assert!(ties > 0 || index_shift == 0, "padding makes ties, so that the rule is looked at");
        assert!(both.iter().any(|entry| entry.flag) || index_shift == 0);
    }
}

#[test]
fn firmware_safe_files_have_only_streams_that_pass_the_lint() {
    let encoders = [
        DeflateEncoder::Zlib { level: 1 },
        DeflateEncoder::Zlib { level: 9 },
        DeflateEncoder::Libdeflate { level: 1 },
        DeflateEncoder::Libdeflate { level: 12 },
        DeflateEncoder::Sector { effort: Effort::Thorough },
        DeflateEncoder::Sector { effort: Effort::Best },
    ];
    let size = 256 << 10;
    for deflate in encoders {
        for format in [OutputFormat::Cso, OutputFormat::Cso2, OutputFormat::Jso] {
            // Blocks large enough for encoders to want to split them.
            let block_size = 16 << 10;
            let plan = Plan { firmware_safe: true, deflate, block_size, ..plan(format) };
            let image = Mixed { size, seed: 6 }.bytes();
            let (file, summary) = pack(image.as_slice(), &plan).unwrap();
            assert_eq!(findings(&file), []);
            let refused: u32 = summary.lint_findings.values().sum();
            assert!(refused <= summary.blocks.stored + summary.blocks.lz4);

            let plan = Plan { firmware_safe: false, ..plan };
            let (file, summary) = pack(image.as_slice(), &plan).unwrap();
            let mut counted: Vec<_> = Vec::new();
            for (finding, count) in summary.lint_findings {
                counted.extend(std::iter::repeat_n(finding, count as usize));
            }
            let mut found = findings(&file);
            found.sort();
            assert_eq!(counted, found, "{format:?} {deflate:?}");
        }
    }
}

/// The lint's findings for the deflate streams in a file.
fn findings(file: &[u8]) -> Vec<Finding> {
    with_reader(file, |reader| {
        let blocks = 0..reader.layout().block_count();
        let streams = blocks.filter_map(|block| {
            let extent = reader.extent(BlockIndex(block)).unwrap();
            let packed = &file[extent.offset.0 as usize..][..extent.len as usize];
            (extent.coding == Coding::Deflate).then_some(packed)
        });
        streams.filter_map(|stream| lint(stream).err()).collect()
    })
}

#[test]
fn blocks_are_divided_only_where_that_is_allowed() {
    // A block whose two halves have nothing in common.
    let mut block = vec![0; 16 << 10];
    Kind::Text.fill(0, &mut block[..8 << 10]);
    Kind::Noise.fill(0, &mut block[8 << 10..]);
    let with = |firmware_safe| {
        let deflate = DeflateEncoder::Sector { effort: Effort::Thorough };
        let plan = Plan { firmware_safe, deflate, block_size: 16 << 10, ..plan(OutputFormat::Cso) };
        pack(block.as_slice(), &plan).unwrap()
    };
    let ((split, summary), (single, safe)) = (with(false), with(true));
    assert_eq!(summary.lint_findings.get(&Finding::SeveralBlocks), Some(&1));
    assert_eq!(safe.lint_findings.len(), 0);
    assert_eq!(safe.blocks.deflate, 1);
    assert!(split.len() < single.len());
}

#[test]
fn dax_frames_are_zlib_streams_that_fit_their_readers() {
    let plan = plan(OutputFormat::Dax);
    let (image, file, summary) = packed(&plan, 7);
    let frames = image.len().div_ceil(8192);
    assert_eq!(&file[..4], b"DAX\0");
    assert_eq!(u32_at(&file, 4), image.len() as u32);
    assert_eq!(u32_at(&file, 8), 0, "version 0");
    assert_eq!(u32_at(&file, 12), 0, "no uncompressed areas");
    assert!(file[16..32].iter().all(|&byte| byte == 0));

    let mut at = 32 + 6 * frames;
    let mut long = 0;
    for frame in 0..frames {
        let len = usize::from(u16_at(&file, 32 + 4 * frames + 2 * frame));
        assert_eq!(u32_at(&file, 32 + 4 * frame) as usize, at, "frames lie back to back");
        assert!(len <= 0x2400);
        long += u32::from(len > 0x2000);
        let stream = &file[at..at + len];
        let header = u32::from(stream[0]) << 8 | u32::from(stream[1]);
        assert!(stream[0] & 0x0F == 8 && header.is_multiple_of(31));
        let mut block = image[frame * 8192..image.len().min((frame + 1) * 8192)].to_vec();
        block.resize(8192, 0);
        assert_eq!(stream[len - 4..], libdeflater::adler32(&block).to_be_bytes());
        // An independent inflater, which must find the end of the stream exactly at the frame's end.
        let mut inflate = flate2::Decompress::new(true);
        let mut decoded = vec![0; 8192];
        let status = inflate.decompress(stream, &mut decoded, flate2::FlushDecompress::Finish).unwrap();
        assert_eq!(status, flate2::Status::StreamEnd);
        assert_eq!(inflate.total_in(), len as u64);
        assert!(decoded == block);
        at += len;
    }
    assert_eq!(at, file.len());
    assert!(long > 0, "frames of media do not get smaller");
    assert_eq!(summary.lint_findings.get(&Finding::StoredBlock), Some(&long));
}

#[test]
fn jso_has_an_md5_also_when_nobody_asks_for_one() {
    let plan = plan(OutputFormat::Jso);
    let (image, file, _) = packed(&plan, 8);
    let mut other = Cursor::new(Vec::new());
    let monitor = image_writer::Monitor::new();
    image_writer::encode(image.as_slice(), &mut other, &plan, DigestSet::Sha256, &monitor).unwrap();
    assert!(file[16..32] != [0; 16]);
    assert_eq!(other.into_inner(), file);
}

#[test]
fn jso_header_and_index() {
    let plan = Plan { block_size: 4096, ..plan(OutputFormat::Jso) };
    let (image, file, summary) = packed(&plan, 8);
    assert_eq!(&file[..4], b"JISO");
    assert_eq!(u16_at(&file, 4), 1);
    assert_eq!(u16_at(&file, 6), 4096);
    assert_eq!(u16_at(&file, 8), 0, "no block headers");
    assert_ne!(u16_at(&file, 10), 0, "not LZO");
    assert_eq!(u32_at(&file, 12), image.len() as u32);
    assert_eq!(file[16..32], summary.digests.all().unwrap().md5);
    assert_eq!(u32_at(&file, 32), 0x30);
    assert!(file[36..48].iter().all(|&byte| byte == 0));

    let position = |block| u32_at(&file, 48 + 4 * block) as usize;
    let blocks = image.len() / 4096;
    assert_eq!(position(0), 48 + 4 * (blocks + 1));
    assert_eq!(position(blocks), file.len());
    for (number, block) in image.chunks(4096).enumerate() {
        let packed = &file[position(number)..position(number + 1)];
        assert!(packed.len() <= 4096);
        if packed.len() == 4096 {
            assert!(packed == block);
        } else {
            let mut decoded = vec![0; 4096];
            let len = libdeflater::Decompressor::new().deflate_decompress(packed, &mut decoded).unwrap();
            assert_eq!(len, 4096);
            assert!(decoded == block);
        }
    }
}

#[test]
fn deflate_and_lz4_blocks_decode_with_other_decoders() {
    let plan_of = |format| Plan { block_size: 8192, index_shift: 4, ..plan(format) };
    let (image, file, _) = packed(&plan_of(OutputFormat::Cso), 9);
    for (entry, block) in index(&file).0.iter().zip(image.chunks(8192)).filter(|(entry, _)| !entry.flag) {
        let mut decoded = vec![0; 8192];
        let packed = &file[entry.start..entry.start + entry.len];
        let mut inflate = flate2::Decompress::new(false);
        inflate.decompress(packed, &mut decoded, flate2::FlushDecompress::Finish).unwrap();
        assert!(decoded[..block.len()] == *block);
    }
    let (image, file, _) = packed(&Plan { index_shift: 0, ..plan_of(OutputFormat::Zso) }, 9);
    for (entry, block) in index(&file).0.iter().zip(image.chunks(8192)).filter(|(entry, _)| !entry.flag) {
        let packed = &file[entry.start..entry.start + entry.len];
        let decoded = lz4::block::decompress(packed, Some(8192)).unwrap();
        assert_eq!(decoded.len(), 8192);
        assert!(decoded[..block.len()] == *block);
    }
}

#[test]
fn plans_that_break_a_rule_are_refused_before_anything_is_written() {
    let image = vec![0u8; 10240];
    let refused = |plan: Plan, source: &[u8]| {
        let mut file = std::io::Cursor::new(Vec::new());
        let monitor = image_writer::Monitor::new();
        let error = image_writer::encode(source, &mut file, &plan, DigestSet::All, &monitor).unwrap_err();
        assert!(file.into_inner().is_empty());
        match error {
            image_writer::EncodeError::Plan(error) => error,
            other => panic!("{other}"),
        }
    };
    let cso = plan(OutputFormat::Cso);
    assert_eq!(refused(cso, &[]), PlanError::ImageSize { size: 0 });
    assert_eq!(refused(cso, &image[..2050]), PlanError::ImageSize { size: 2050 });
    for format in FORMATS {
        for got in [0, 1024, 3072, 1 << 20] {
            assert!(matches!(refused(Plan { block_size: got, ..plan(format) }, &image),
                PlanError::BlockSize { got: named, .. } if named == got));
        }
        let shift = if CISO_LIKE.contains(&format) { 21 } else { 1 };
        assert!(matches!(
            refused(Plan { index_shift: shift, ..plan(format) }, &image),
            PlanError::IndexShift { smallest: 0, .. }
        ));
    }
    let jso = Plan { block_size: 4096, firmware_safe: true, ..plan(OutputFormat::Jso) };
    assert!(matches!(refused(jso, &image), PlanError::NoPlainBlocks { .. }));
    let dax = Plan { firmware_safe: true, ..plan(OutputFormat::Dax) };
    assert!(matches!(refused(dax, &image), PlanError::NoPlainBlocks { .. }));

    for deflate in [
        DeflateEncoder::Zlib { level: 0 },
        DeflateEncoder::Zlib { level: 10 },
        DeflateEncoder::Libdeflate { level: 0 },
        DeflateEncoder::Libdeflate { level: 13 },
    ] {
        assert!(matches!(refused(Plan { deflate, ..cso }, &image), PlanError::Level { .. }));
        // Settings of an unused encoder do not matter.
        pack(image.as_slice(), &Plan { deflate, ..plan(OutputFormat::Zso) }).unwrap();
    }
    for level in [2, 13] {
        let zso = Plan { lz4: Lz4Encoder::Hc { level }, ..plan(OutputFormat::Zso) };
        assert!(matches!(refused(zso, &image), PlanError::Level { .. }));
    }
}

/// Records and options of the converter hold these names.
#[test]
fn names_are_those_in_records() {
    assert_eq!(Optimize::ALL.map(Optimize::name), ["size", "load"]);
    let names = ["cso", "cso2", "zso", "dax", "jso", "chd"];
    assert_eq!(OutputFormat::ALL.map(OutputFormat::name), names);
}
