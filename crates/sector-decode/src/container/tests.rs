//! `locate` is arithmetic on numbers that a file may choose freely: here it gets all of them.

use std::vec;

use proptest::prelude::*;

use super::*;
use crate::error::BlockError;

/// The header of a format with these sizes, as far as it can be valid.
pub(super) fn layout(
    format: Format,
    file_len: u64,
    image_size: u64,
    block_size: u32,
    shift: u8,
) -> Result<Layout, HeaderError> {
    let small = u32::try_from(image_size & 0xFFFF_FFFF).unwrap();
    let ciso =
        |variant: ciso::Variant| variant.to_bytes(&variant.header(image_size, block_size, shift)).to_vec();
    let head = match format {
        Format::Iso => vec![0; PROBE_LEN],
        Format::Cso => ciso(cso::VARIANT),
        Format::Cso2 => ciso(cso2::VARIANT),
        Format::Zso => ciso(zso::VARIANT),
        Format::Dax => dax::Header::new(small).to_bytes().to_vec(),
        Format::Jso => {
            let method = if shift & 2 == 0 { jso::Method::Lzo } else { jso::Method::Deflate };
            let block_size = u16::try_from(block_size & 0xFFFF).unwrap();
            let header = jso::Header::new(small, block_size, [0; 16]);
            jso::Header { block_headers: shift & 1 == 1, method, ..header }.to_bytes().to_vec()
        }
    };
    Layout::parse(&head, file_len)
}

fn any_layout() -> impl Strategy<Value = Layout> {
    let format = prop::sample::select(Format::ALL.to_vec());
    let sizes = (any::<u64>(), any::<u64>(), 0..60_u32, 0..60_u32);
    (format, sizes, 1..=512_u32, 0..=MAX_INDEX_SHIFT).prop_filter_map(
        "the header is refused",
        |(format, (file_len, image_size, file_bits, image_bits), sectors, shift)| {
            layout(format, file_len >> file_bits, image_size >> image_bits, sectors * 2048, shift).ok()
        },
    )
}

/// Where an index value points to: anywhere, or near a border of the data.
#[derive(Clone, Copy, Debug)]
enum Place {
    Anywhere(u32),
    NearStart(u32),
    NearEnd(u32),
}

impl Place {
    fn value(self, layout: &Layout) -> u32 {
        let near = |FileOffset(border), distance| {
            u32::try_from(border >> layout.index_shift()).unwrap_or(u32::MAX).saturating_sub(distance)
        };
        match self {
            Self::Anywhere(value) => value,
            Self::NearStart(distance) => near(layout.data_start(), 10).saturating_add(distance),
            Self::NearEnd(distance) => near(FileOffset(layout.file_len()), distance),
        }
    }
}

fn any_place() -> impl Strategy<Value = Place> {
    prop_oneof![
        (any::<u32>(), 0..32_u32).prop_map(|(value, bits)| Place::Anywhere(value >> bits)),
        (0..20_u32).prop_map(Place::NearStart),
        (0..3000_u32).prop_map(Place::NearEnd),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn an_extent_is_inside_the_file_and_fits_the_buffer(
        layout in any_layout(), block: prop::sample::Index, place in any_place(), flag: bool,
        step in prop_oneof![Just(u32::MAX), 0..3000_u32, any::<u32>()], size: u16, plain: bool,
    ) {
        let block = BlockIndex(u32::try_from(block.index(layout.block_count() as usize)).unwrap());
        let first = place.value(&layout);
        let next = first.wrapping_add(step);
        let first = if flag { first | 1 << 31 } else { first };
        let entry = match layout.index_shape() {
            IndexShape::Frames { .. } => RawEntry::Frame { offset: first, size, plain },
            _ => RawEntry::Positions { this: first, next },
        };
        match locate_or_fault(&layout, block, entry) {
            Ok(extent) => {
                prop_assert!(extent.offset >= layout.data_start());
                prop_assert!(extent.offset.0 + u64::from(extent.len) <= layout.file_len());
                prop_assert!(extent.len > 0 && extent.len <= layout.max_packed_len());
                prop_assert!(extent.coding != Coding::Stored || extent.len == layout.block_len(block));
            }
            Err((_, error)) => prop_assert!(!matches!(error, BlockError::Codec(_)), "{}", error),
        }
    }

    /// What is computed in the index's units says the same as plain arithmetic on bytes.
    #[test]
    fn entries_are_judged_as_in_bytes(
        layout in any_layout(), block: prop::sample::Index, this in any_place(), next in any_place(),
        step in prop_oneof![Just(None), (0..3000_u32).prop_map(Some)], size: u16, plain: bool, flag: bool,
    ) {
        let block = BlockIndex(u32::try_from(block.index(layout.block_count() as usize)).unwrap());
        let this = this.value(&layout);
        let next = step.map_or(next.value(&layout), |step| this.wrapping_add(step));
        let this = this | if flag { 1 << 31 } else { 0 };
        let entry = match layout.index_shape() {
            IndexShape::None => return Ok(()),
            IndexShape::Frames { .. } => RawEntry::Frame { offset: this, size, plain },
            IndexShape::Positions { .. } => RawEntry::Positions { this, next },
        };
        let expected = in_bytes(&layout, block, entry);
        prop_assert_eq!(locate_or_fault(&layout, block, entry), expected);
        let is_admitted = EntryRules::new(&layout).admits(block, entry);
        let nothing_is_left =
            matches!(expected, Err((_, BlockError::NotMonotonic { start, end })) if start == layout.file_len() && end == start);
        if !nothing_is_left {
            prop_assert_eq!(is_admitted, matches!(expected, Ok(_) | Err((_, BlockError::TooShort { .. }))));
        }
    }

    #[test]
    fn blocks_cover_the_image(layout in any_layout()) {
        let last = BlockIndex(layout.block_count() - 1);
        let whole = u64::from(last.0) * u64::from(layout.block_size());
        prop_assert_eq!(whole + u64::from(layout.block_len(last)), layout.image_size());
        prop_assert!(layout.block_len(last) > 0);
        prop_assert_eq!(layout.block_len(BlockIndex(layout.block_count())), 0);
        prop_assert!(layout.data_start().0 <= layout.file_len());
    }
}

/// A block's place, or what is wrong with its entry.
pub(super) fn locate_or_fault(
    layout: &Layout,
    block: BlockIndex,
    entry: RawEntry,
) -> Result<Extent, (FileOffset, BlockError)> {
    let rules = EntryRules::new(layout);
    let extent = layout.locate_without_index(block).or_else(|| rules.locate(layout, block, entry));
    extent.ok_or_else(|| rules.fault(layout, block, entry))
}

/// What the formats say of an entry, in the order in which things go wrong.
pub(super) fn in_bytes(
    layout: &Layout,
    block: BlockIndex,
    entry: RawEntry,
) -> Result<Extent, (FileOffset, BlockError)> {
    let shift = layout.index_shift();
    let position = |value: u32| match layout.format() {
        Format::Jso => u64::from(value),
        _ => u64::from(value & 0x7FFF_FFFF) << shift,
    };
    let (offset, end) = match entry {
        RawEntry::Positions { this, next } => (position(this), position(next)),
        RawEntry::Frame { offset, size, .. } => (offset.into(), u64::from(offset) + u64::from(size)),
    };
    let wrong = |error| Err((FileOffset(offset), error));
    let data_start = layout.data_start().0;
    let start = if offset < end && layout.has_block_headers() { offset + 4 } else { offset };
    // The end of the last block may have been rounded down to a whole unit.
    let is_rounded =
        shift > 0 && block.0 == layout.block_count() - 1 && end >= start && end <= layout.file_len();
    let reach = if is_rounded { (end + (1 << shift) - 1).min(layout.file_len()) } else { end };
    if offset < data_start && offset < reach {
        return wrong(BlockError::InsideIndex { start: offset, data_start });
    }
    if reach <= start {
        return wrong(BlockError::NotMonotonic { start, end });
    }
    if end > layout.file_len() {
        return wrong(BlockError::PastEnd { end, file_len: layout.file_len() });
    }
    let (len, longest) = (end - start, u64::from(layout.max_packed_len()));
    let max = longest + (1 << shift) - 1;
    if len > max {
        return wrong(BlockError::TooLong { len, max });
    }
    let block_size = u64::from(layout.block_size());
    let coding = match (layout.format(), entry) {
        (Format::Cso2, _) if len >= block_size => Coding::Stored,
        (Format::Jso, _) if len == block_size => Coding::Stored,
        (Format::Jso, _) => match layout.container {
            Container::Jso(header) => header.method.coding(),
            _ => unreachable!(),
        },
        (Format::Cso2, RawEntry::Positions { this, .. }) if this >> 31 == 1 => Coding::Lz4,
        (Format::Cso | Format::Zso, RawEntry::Positions { this, .. }) if this >> 31 == 1 => Coding::Stored,
        (Format::Dax, RawEntry::Frame { plain: true, .. }) => Coding::Stored,
        (Format::Zso, _) => Coding::Lz4,
        (Format::Dax, _) => Coding::Zlib,
        _ => Coding::Deflate,
    };
    let needed = u64::from(layout.block_len(block));
    let len = reach - start;
    let len = match coding {
        Coding::Stored if len.min(longest) < needed => {
            return wrong(BlockError::TooShort { len, needed: layout.block_len(block) });
        }
        Coding::Stored => needed,
        _ => len.min(longest),
    };
    Ok(Extent { offset: FileOffset(start), len: u32::try_from(len).unwrap(), coding })
}

/// A CSO of four sectors in a file of 10 000 bytes; data begins at 44.
fn cso() -> Layout {
    layout(Format::Cso, 10_000, 4 * 2048, 2048, 0).unwrap()
}

fn locate(layout: Layout, this: u32, next: u32) -> Result<Extent, BlockError> {
    locate_or_fault(&layout, BlockIndex(0), RawEntry::Positions { this, next }).map_err(|(_, error)| error)
}

#[test]
fn the_first_and_the_last_byte_of_the_data_can_be_used() {
    let extent = |offset, len| Extent { offset: FileOffset(offset), len, coding: Coding::Deflate };
    assert_eq!(locate(cso(), 44, 45), Ok(extent(44, 1)));
    assert_eq!(locate(cso(), 9_999, 10_000), Ok(extent(9_999, 1)));
    let outside = BlockError::PastEnd { end: 10_001, file_len: 10_000 };
    assert_eq!(locate(cso(), 9_999, 10_001), Err(outside));
    assert_eq!(locate(cso(), 43, 45), Err(BlockError::InsideIndex { start: 43, data_start: 44 }));
}

#[test]
fn the_longest_block_that_is_taken() {
    let max = 2048 + 256 + 64;
    assert_eq!(cso().max_packed_len(), max);
    assert_eq!(locate(cso(), 100, 100 + max).map(|extent| extent.len), Ok(max));
    let too_long = BlockError::TooLong { len: u64::from(max) + 1, max: max.into() };
    assert_eq!(locate(cso(), 100, 101 + max), Err(too_long));
    // A shift of 7 allows for up to 127 bytes of padding; what is surely padding is not read.
    let shifted = layout(Format::Zso, 10_000, 4 * 2048, 2048, 7).unwrap();
    assert_eq!(locate(shifted, 1, 1 + 19).map(|extent| extent.len), Ok(max));
    let too_long = BlockError::TooLong { len: 20 * 128, max: u64::from(max) + 127 };
    assert_eq!(locate(shifted, 1, 1 + 20), Err(too_long));
}

#[test]
fn values_are_shifted_in_64_bits() {
    let layout = layout(Format::Cso, u64::MAX, 4 * 2048, 2048, 20).unwrap();
    let extent = locate(layout, 0x7FFF_FFFE, 0x7FFF_FFFF).unwrap();
    assert_eq!(extent.offset.0, 0x7FFF_FFFE << 20);
    let entry = RawEntry::Positions { this: u32::MAX, next: 0 };
    let (offset, _) = locate_or_fault(&layout, BlockIndex(0), entry).unwrap_err();
    assert_eq!(offset.0, 0x7FFF_FFFF << 20);
}

/// The last frame of a file that is as long as DAX can make it: it begins below 4 GiB and ends above.
#[test]
fn a_frame_may_end_past_4_gib_but_not_past_the_file() {
    const GIB_4: u64 = 1 << 32;
    let entry = |offset, size| RawEntry::Frame { offset, size, plain: false };
    let last = |file_len, offset, size| {
        let layout = layout(Format::Dax, file_len, 8192, 8192, 0).unwrap();
        let place = locate_or_fault(&layout, BlockIndex(0), entry(offset, size));
        place.map(|extent| (extent.offset.0, extent.len)).map_err(|(_, error)| error)
    };
    for file_len in [GIB_4 - 2, GIB_4 - 1, GIB_4, GIB_4 + 1, GIB_4 + 100, GIB_4 + 8000, 3 * GIB_4] {
        for offset in [u32::MAX - 4000, u32::MAX - 1, u32::MAX] {
            for size in [1, 2, 3, 4000, 4001, 4002, 4101, 8192] {
                let end = u64::from(offset) + u64::from(size);
                let expected = match end {
                    _ if end <= file_len => Ok((u64::from(offset), size.into())),
                    _ => Err(BlockError::PastEnd { end, file_len }),
                };
                assert_eq!(last(file_len, offset, size), expected, "{size} bytes at {offset} of {file_len}");
            }
        }
    }
}

/// ziso.py and ciso.py round the end of the data down to a whole unit.
#[test]
fn last_block_may_end_up_to_a_unit_beyond_its_entry() {
    // Four blocks and units of 8 bytes; the file ends 3 bytes into its last unit.
    let layout = layout(Format::Zso, 8 * 1000 + 3, 4 * 2048, 2048, 3).unwrap();
    let place = |block, this, next| {
        let place = locate_or_fault(&layout, BlockIndex(block), RawEntry::Positions { this, next });
        place.map(|extent| (extent.offset.0, extent.len)).map_err(|(_, error)| error)
    };
    assert_eq!(place(3, 900, 910), Ok((7200, 80 + 7)));
    assert_eq!(place(2, 900, 910), Ok((7200, 80)), "no other block");
    assert_eq!(place(3, 900, 1000), Ok((7200, 803)), "not beyond the file");
    // A block of fewer bytes than a unit ends where it starts.
    assert_eq!(place(3, 900, 900), Ok((7200, 7)));
    assert_eq!(place(3, 1000, 1000), Ok((8000, 3)));
    assert_eq!(place(2, 900, 900), Err(BlockError::NotMonotonic { start: 7200, end: 7200 }));
    assert_eq!(place(3, 900, 899), Err(BlockError::NotMonotonic { start: 7200, end: 7192 }));
    assert_eq!(place(3, 900, 1001), Err(BlockError::PastEnd { end: 8008, file_len: 8003 }));
}
