//! What is written is what is read: headers and index entries of every format, with every legal value.

use proptest::prelude::*;

use super::*;

/// Sizes of an image and its blocks that a header may have.
fn sizes() -> impl Strategy<Value = (u64, u32)> {
    const MOST: u64 = SECTOR_SIZE as u64 * (u32::MAX as u64 - 1);
    let image = prop_oneof![1..=MOST, (0..43_u32).prop_map(|bits| MOST >> bits), Just(MOST), Just(1)];
    (image, (1..=MAX_BLOCK_SIZE / MIN_BLOCK_SIZE).prop_map(|sectors| sectors * MIN_BLOCK_SIZE))
}

fn small_sizes() -> impl Strategy<Value = (u32, u16)> {
    (1..=u32::MAX, (1..=31_u16).prop_map(|sectors| sectors * 2048))
}

fn variant() -> impl Strategy<Value = ciso::Variant> {
    prop::sample::select(&[cso::VARIANT, cso2::VARIANT, zso::VARIANT])
}

/// Puts a file's header and its length to [`Layout::parse`].
fn layout(header: &[u8], index_end: u64) -> Layout {
    Layout::parse(header, index_end).expect("a legal header of a file that has its index")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn headers_of_cso_and_zso(
        variant in variant(), (image_size, block_size) in sizes(), header_size: u32,
        version in 0..=1_u8, index_shift in 0..=MAX_INDEX_SHIFT,
    ) {
        let written = variant.header(image_size, block_size, index_shift);
        prop_assert_eq!(variant.parse(&variant.to_bytes(&written)), Ok(written));
        let read = match variant.checks_header_size {
            true => written,
            false => ciso::Header { header_size, version, ..written },
        };
        let bytes = variant.to_bytes(&read);
        prop_assert_eq!(variant.parse(&bytes), Ok(read));
        let blocks = u32::try_from(image_size.div_ceil(block_size.into())).unwrap();
        // A size that could be a GameCube's block size makes the file one of theirs.
        let is_foreign = read.header_size >= 0x8000 && read.header_size.is_power_of_two();
        prop_assume!(variant == zso::VARIANT || !is_foreign);
        let layout = layout(&bytes, ciso::index_end(blocks));
        prop_assert_eq!(layout.image_size(), image_size);
        prop_assert_eq!(layout.block_size(), block_size);
        prop_assert_eq!(layout.block_count(), blocks);
        prop_assert_eq!(layout.index_shift(), index_shift);
        prop_assert_eq!(layout.version(), Some(read.version.into()));
        prop_assert_eq!(layout.header_size_field(), Some(read.header_size));
        prop_assert_eq!(layout.data_start().0, ciso::index_end(blocks));
        let format = match variant {
            zso::VARIANT => Format::Zso,
            cso2::VARIANT => Format::Cso2,
            _ => Format::Cso,
        };
        prop_assert_eq!(layout.format(), format);
    }

    #[test]
    fn headers_of_dax((image_size, _) in small_sizes(), areas: prop::sample::Index, version in 0..=1_u32) {
        let frames = image_size.div_ceil(dax::FRAME_SIZE);
        let area_count = match version {
            0 => 0,
            _ => u32::try_from(areas.index(frames as usize + 1)).unwrap(),
        };
        let header = dax::Header { image_size, version, area_count };
        let bytes = header.to_bytes();
        prop_assert_eq!(dax::Header::parse(&bytes), Ok(header));
        let layout = layout(&bytes, dax::index_end(frames, area_count));
        prop_assert_eq!(layout.format(), Format::Dax);
        prop_assert_eq!(layout.image_size(), u64::from(image_size));
        prop_assert_eq!(layout.version(), Some(version));
        prop_assert_eq!(layout.uncompressed_areas(), area_count);
        let written = dax::Header::new(image_size);
        prop_assert_eq!(dax::Header::parse(&written.to_bytes()), Ok(written));
    }

    #[test]
    fn headers_of_jso(
        (image_size, block_size) in small_sizes(), version: u16, block_headers: bool, lzo: bool,
        image_md5: [u8; 16], index_at in prop_oneof![Just(48), 48_u32..],
    ) {
        let method = if lzo { jso::Method::Lzo } else { jso::Method::Deflate };
        let header =
            jso::Header { version, block_size, block_headers, method, image_size, image_md5, index_at };
        let bytes = header.to_bytes();
        prop_assert_eq!(jso::Header::parse(&bytes), Ok(header));
        let blocks = image_size.div_ceil(block_size.into());
        let layout = layout(&bytes, positions_end(index_at.into(), blocks));
        prop_assert_eq!(layout.format(), Format::Jso);
        prop_assert_eq!(layout.image_size(), u64::from(image_size));
        prop_assert_eq!(layout.block_size(), u32::from(block_size));
        prop_assert_eq!(layout.has_block_headers(), block_headers);
        prop_assert_eq!(layout.image_md5(), Some(image_md5));
        let written = jso::Header::new(image_size, block_size, image_md5);
        prop_assert_eq!(jso::Header::parse(&written.to_bytes()), Ok(written));
        prop_assert_eq!(jso::index_end(blocks), positions_end(48, blocks));
    }

    #[test]
    fn entries_of_cso_and_zso(units in 0..=ciso::POSITION_BITS, flag: bool, shift in 0..=MAX_INDEX_SHIFT) {
        let entry = ciso::Entry { position: u64::from(units) << shift, flag };
        let bytes = entry.encode(shift).expect("a position that the index can hold");
        prop_assert_eq!(ciso::Entry::decode(bytes, shift), entry);
    }

    /// Every value of an index is an entry.
    #[test]
    fn entries_from_any_bytes(value: [u8; 4], size: [u8; 2], area: [u8; 8], shift in 0..=MAX_INDEX_SHIFT) {
        prop_assert_eq!(ciso::Entry::decode(value, shift).encode(shift), Some(value));
        prop_assert_eq!(jso::Entry::decode(value).encode(), value);
        prop_assert_eq!(dax::Entry::decode(value, size).encode(), (value, size));
        prop_assert_eq!(dax::Area::decode(area).encode(), area);
    }

    #[test]
    fn entries_of_dax_and_jso(position: u32, size: u16, first: u32, frames: u32) {
        let entry = dax::Entry { offset: position, size };
        let (offset_bytes, size_bytes) = entry.encode();
        prop_assert_eq!(dax::Entry::decode(offset_bytes, size_bytes), entry);
        let area = dax::Area { first, frames };
        prop_assert_eq!(dax::Area::decode(area.encode()), area);
        let entry = jso::Entry { position };
        prop_assert_eq!(jso::Entry::decode(entry.encode()), entry);
    }

    /// A position is refused, never cut.
    #[test]
    fn positions_that_an_index_cannot_hold(position: u64, flag: bool, shift: u8) {
        let entry = ciso::Entry { position, flag };
        match entry.encode(shift) {
            Some(bytes) => prop_assert_eq!(ciso::Entry::decode(bytes, shift), entry),
            None => {
                let is_held = shift <= MAX_INDEX_SHIFT
                    && position.is_multiple_of(1 << shift)
                    && position >> shift < 1 << 31;
                prop_assert!(!is_held);
            }
        }
    }
}

#[test]
fn positions_are_written_up_to_the_last_that_there_is_room_for() {
    const LAST: u64 = 0x7FFF_FFFF;
    for (position, shift, value) in [
        (LAST, 0, Some(u32::MAX)),
        (LAST + 1, 0, None),
        (LAST << 2, 2, Some(u32::MAX)),
        ((LAST + 1) << 2, 2, None),
        ((LAST << 2) - 1, 2, None),
        (0, 0, Some(0x8000_0000)),
    ] {
        let entry = ciso::Entry { position, flag: true };
        assert_eq!(entry.encode(shift).map(u32::from_le_bytes), value, "{position:#X} {shift}");
    }
}

#[test]
fn frames_of_dax_are_written_with_what_zlib_adds() {
    assert_eq!((dax::ZLIB_OVERHEAD, dax::MAX_FRAME_LEN), (6, 6 + 5 + 8192));
}

#[test]
fn what_is_written_is_within_what_is_read() {
    for limits in [ciso::WRITTEN, dax::WRITTEN, jso::WRITTEN] {
        let (least, most) = limits.block_sizes;
        assert!(MIN_BLOCK_SIZE <= least && least <= most && most <= MAX_BLOCK_SIZE);
        assert!(limits.max_shift <= MAX_INDEX_SHIFT);
    }
    let flagged =
        [(cso::VARIANT, Coding::Stored), (cso2::VARIANT, Coding::Lz4), (zso::VARIANT, Coding::Stored)];
    for (variant, flagged) in flagged {
        for coding in [Coding::Stored, Coding::Deflate, Coding::Zlib, Coding::Lz4, Coding::Lzo] {
            assert_eq!(variant.flag(coding), coding == flagged);
        }
    }
}
