//! What holds for every format, image, block size and range.

mod support;

use proptest::prelude::*;
use sector_decode::{BlockIndex, Coding};
use support::image;
use support::kinds::{Kind, Last, build};
use support::read::{Memory, image_of, layout_of};

fn any_kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.to_vec())
}

/// Block sizes of all tools: powers of two, and ziso.py's multiples of 2048.
fn any_block_size() -> impl Strategy<Value = usize> {
    prop_oneof![
        4 => prop::sample::select(vec![2048, 4096, 8192, 16384]),
        2 => prop::sample::select(vec![6144, 10240, 14336]),
        1 => prop::sample::select(vec![32768, 65536, 262_144, 1 << 20]),
    ]
}

fn any_last() -> impl Strategy<Value = Last> {
    prop::sample::select(vec![Last::Short, Last::ZeroFilled])
}

/// Lengths of images: whole sectors mostly, as discs have, but any number of bytes is served.
fn any_len() -> impl Strategy<Value = usize> {
    prop_oneof![3 => (1..60_usize).prop_map(|sectors| sectors * 2048), 1 => 1..120_000_usize]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_file_decodes_to_its_image(
        kind in any_kind(), block_size in any_block_size(), last in any_last(), len in any_len(), seed: u64,
    ) {
        let image = image::mixed(len, seed);
        let file = build(kind, &image, block_size, last);
        prop_assert!(image_of(&file).as_deref() == Ok(&image[..]));
    }

    #[test]
    fn any_ranges_equal_the_full_decode(
        kind in any_kind(), block_size in any_block_size(), last in any_last(), len in any_len(), seed: u64,
        window in prop_oneof![Just(1_usize), Just(2), Just(3), Just(1024)],
        room in prop_oneof![Just(1_usize), Just(2), Just(7), Just(64)],
        ranges in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..20),
    ) {
        let image = image::mixed(len, seed);
        let file = build(kind, &image, block_size, last);
        let layout = layout_of(&file);
        let mut memory = Memory::sized(&layout, window, room);
        let mut reader = memory.reader(&file[..], layout);
        for (from, to) in ranges {
            let (from, to) = (from.index(len + 1), to.index(len + 1));
            let range = from.min(to)..from.max(to);
            let mut out = vec![0x55; range.len()];
            prop_assert_eq!(reader.read(range.start as u64, &mut out), Ok(()));
            prop_assert!(out == image[range.clone()], "{:?}", range);
        }
    }

    #[test]
    fn extents_lie_one_behind_the_other_inside_the_file(
        kind in any_kind(), block_size in any_block_size(), len in any_len(), seed: u64,
    ) {
        let image = image::mixed(len, seed);
        let file = build(kind, &image, block_size, Last::ZeroFilled);
        let layout = layout_of(&file);
        let mut memory = Memory::suggested(&layout);
        let mut reader = memory.reader(&file[..], layout);
        let mut end = layout.data_start().0;
        let mut bytes = 0;
        for block in (0..layout.block_count()).map(BlockIndex) {
            let extent = reader.extent(block).expect("the file is sound");
            prop_assert!(extent.offset.0 >= end);
            prop_assert!(extent.len <= layout.max_packed_len());
            prop_assert!(extent.coding != Coding::Stored || extent.len == layout.block_len(block));
            end = extent.offset.0 + u64::from(extent.len);
            bytes += u64::from(layout.block_len(block));
        }
        prop_assert!(end <= layout.file_len());
        prop_assert_eq!(bytes, layout.image_size());
    }
}
