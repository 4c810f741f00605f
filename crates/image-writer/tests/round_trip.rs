//! Packed images decode to their source, for every format and setting.

mod support;

use std::sync::Arc;

use image_writer::{
    BlockSizer, DeflateEncoder, DigestKinds, DigestSet, Effort, ImageDigests, Lz4Encoder, Monitor, Optimize,
    OutputFormat, ParallelHasher, Plan, Threshold, encode,
};
use proptest::prelude::*;
use sector_decode::SECTOR_SIZE;
use support::corpus::{Kind, Mixed};
use support::{FORMATS, pack, plan, threads, unpack, with_reader};

/// Any format with any of its block sizes, and any settings that fit together.
fn any_plan() -> impl Strategy<Value = Plan> {
    let deflate = prop_oneof![
        4 => (1..=9u8).prop_map(|level| DeflateEncoder::Zlib { level }),
        4 => (1..=12u8).prop_map(|level| DeflateEncoder::Libdeflate { level }),
        2 => prop::sample::select(vec![Effort::Quick, Effort::Thorough, Effort::Best])
            .prop_map(|effort| DeflateEncoder::Sector { effort }),
    ];
    let lz4 = prop_oneof![
        Just(Lz4Encoder::Fast),
        (3..=12u8).prop_map(|level| Lz4Encoder::Hc { level }),
        (1..=100u16).prop_map(Lz4Encoder::optimal),
    ];
    let sizes = (0..FORMATS.len(), 0..=7u8);
    let rules =
        (1..=100u8, any::<bool>(), any::<bool>(), 0..=12u8, prop::sample::select(vec![1u32, 2048, 5000]));
    (sizes, deflate, lz4, rules, 1..=5usize).prop_map(
        |(
            (format, size),
            deflate,
            lz4,
            (percent, firmware_safe, load, index_shift, pad_file_to),
            workers,
        )| {
            let format = FORMATS[format];
            let (min, max) = format.block_sizes();
            let shifts = matches!(format, OutputFormat::Cso | OutputFormat::Cso2 | OutputFormat::Zso);
            Plan {
                format,
                block_size: (min << size).min(max),
                index_shift: if shifts { index_shift } else { 0 },
                deflate,
                lz4,
                threshold: Threshold::new(percent).unwrap(),
                optimize: if load && format != OutputFormat::Dax { Optimize::Load } else { Optimize::Size },
                firmware_safe: firmware_safe && format != OutputFormat::Dax,
                pad_file_to,
                threads: threads(workers),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn decoding_gives_the_image_back(plan in any_plan(), sectors in 1..=300u64, seed in 0..1000u64) {
        let size = match plan.format {
            OutputFormat::Jso => (sectors * 2048).next_multiple_of(u64::from(plan.block_size)),
            _ => sectors * u64::from(SECTOR_SIZE),
        };
        let image = Mixed { size, seed }.bytes();
        let (file, summary) = pack(image.as_slice(), &plan).unwrap();

        prop_assert_eq!(unpack(&file) == image, true);
        let mut hasher = ParallelHasher::new(DigestKinds::ALL).unwrap();
        hasher.update(&Arc::new(image));
        prop_assert_eq!(summary.digests, ImageDigests::All(hasher.finish().all().unwrap()));
        prop_assert_eq!(summary.image_size, size);
        prop_assert_eq!(summary.stored_size, file.len() as u64);
        prop_assert!(summary.stored_size <= plan.worst_case_len(size));
        let counts = summary.blocks;
        let blocks = size.div_ceil(u64::from(plan.block_size));
        prop_assert_eq!(u64::from(counts.stored + counts.deflate + counts.lz4), blocks);
    }
}

#[test]
fn every_kind_of_data_in_every_format_and_block_size() {
    for format in FORMATS {
        let (min, max) = format.block_sizes();
        let sizes = std::iter::successors(Some(min), |size| (size * 2 <= max).then_some(size * 2));
        for block_size in sizes {
            for kind in Kind::ALL {
                // JSO takes only whole blocks; the others get a last one of a single sector.
                let odd = if format == OutputFormat::Jso { 0 } else { 2048 };
                let mut image = vec![0; 2 * block_size as usize + odd];
                kind.fill(0, &mut image);
                let plan = Plan { block_size, ..plan(format) };
                let (file, _) = pack(image.as_slice(), &plan).unwrap();
                assert!(unpack(&file) == image, "{format:?} {block_size} {kind:?}");
            }
        }
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let image = Mixed { size: 2 << 20, seed: 3 }.bytes();
    let encoders = [DeflateEncoder::Zlib { level: 9 }, DeflateEncoder::Libdeflate { level: 12 }];
    for format in FORMATS {
        for deflate in encoders {
            let with =
                |count| pack(image.as_slice(), &Plan { threads: threads(count), deflate, ..plan(format) });
            let (one, summary) = with(1).unwrap();
            for count in [2, 3, 8, 16] {
                let (file, other) = with(count).unwrap();
                assert!(file == one, "{format:?} {deflate:?} with {count} threads");
                assert_eq!(other, summary);
            }
        }
    }
}

#[test]
fn the_summary_counts_what_a_reader_finds() {
    use sector_decode::{BlockIndex, Coding};
    let image = Mixed { size: 3 << 20, seed: 8 }.bytes();
    for format in FORMATS {
        let (file, summary) = pack(image.as_slice(), &plan(format)).unwrap();
        let (mut stored, mut deflate, mut lz4) = (0, 0, 0);
        with_reader(&file, |reader| {
            for block in 0..reader.layout().block_count() {
                match reader.extent(BlockIndex(block)).unwrap().coding {
                    Coding::Stored => stored += 1,
                    Coding::Deflate | Coding::Zlib => deflate += 1,
                    Coding::Lz4 => lz4 += 1,
                    Coding::Lzo => panic!("nothing writes LZO"),
                }
            }
        });
        let counts = summary.blocks;
        assert_eq!((counts.stored, counts.deflate, counts.lz4, counts.lzo), (stored, deflate, lz4, 0));
        // The corpus contains media that do not get smaller and text that does.
        assert_eq!(stored > 0, format != OutputFormat::Dax, "{format:?}");
        assert!(deflate + lz4 > 0, "{format:?}");
    }
}

#[test]
fn the_monitor_ends_at_the_image_and_the_data() {
    let image = Mixed { size: (1 << 20) + 2048, seed: 1 }.bytes();
    for format in FORMATS {
        let (mut file, monitor) = (std::io::Cursor::new(Vec::new()), Monitor::new());
        let summary = encode(image.as_slice(), &mut file, &plan(format), DigestSet::All, &monitor).unwrap();
        let index = with_reader(file.get_ref(), |reader| reader.layout().data_start().0);
        if format == OutputFormat::Cso {
            assert_eq!(index, 24 + 4 * (513 + 1));
        }
        assert_eq!(monitor.bytes_in(), image.len() as u64);
        assert_eq!(monitor.bytes_out(), summary.stored_size - index, "{format:?}");
    }
}

/// What is said of single blocks before an image is packed is what they take afterwards.
#[test]
fn lengths_of_single_blocks_are_those_in_the_file() {
    for format in FORMATS {
        let plan = plan(format);
        let image = Mixed { size: 3 << 20, seed: 5 }.bytes();
        let (file, _) = pack(image.as_slice(), &plan).unwrap();
        let mut sizer = BlockSizer::new(&plan).unwrap();
        let blocks = image.chunks(plan.block_size as usize);
        with_reader(&file, |reader| {
            for (number, block) in (0..).zip(blocks) {
                let extent = reader.extent(sector_decode::BlockIndex(number)).unwrap();
                assert_eq!(sizer.packed_len(block), Some(extent.len.into()), "{format:?}, {number}");
            }
        });
        assert_eq!(sizer.packed_len(&vec![0; plan.block_size as usize + 1]), None);
    }
}
