//! Every entry near a border, in every format, and near the ends of 32 and 64 bits. Few enough for Miri, too.

use std::collections::BTreeSet;
use std::vec::Vec;

use super::tests::{in_bytes, layout, locate_or_fault};
use super::*;

/// Sizes of files around the end of the data: small, and around the limits of 32 bits.
fn file_lens(data_start: u64) -> Vec<u64> {
    let borders = [data_start + 1, data_start + 2048, 1 << 31, 1 << 32, 1 << 35, u64::MAX - 3];
    let few = if cfg!(miri) { 0..=1 } else { 0..=3 };
    let borders = if cfg!(miri) { &borders[1..4] } else { &borders };
    borders.iter().flat_map(|&border| few.clone().map(move |more| border.saturating_add(more))).collect()
}

/// Values of the index at and around each border of the file, of the data and of 32 bits.
fn values(layout: &Layout) -> Vec<u32> {
    let longest = u64::from(layout.max_packed_len());
    let shift = layout.index_shift();
    let (start, end) = (layout.data_start().0, layout.file_len());
    let borders = [0, start, start + longest, end.saturating_sub(longest), end, 1 << 31, 1 << 32, u64::MAX];
    let near = if cfg!(miri) { 0_u64 } else { 3 };
    let mut values = BTreeSet::new();
    for border in borders {
        let units = border >> shift;
        for value in units.saturating_sub(near)..=units.saturating_add(near) {
            if let Ok(value) = u32::try_from(value) {
                values.extend([value, value ^ 1 << 31]);
            }
        }
    }
    values.extend([u32::MAX - 1, u32::MAX]);
    values.into_iter().collect()
}

#[test]
fn every_entry_near_a_border_is_judged_as_in_bytes() {
    let shifts: &[u8] = if cfg!(miri) { &[0, 1, 11] } else { &[0, 1, 2, 3, 7, 11, 20] };
    let image_sizes: &[u64] = if cfg!(miri) { &[2 * 8192 + 2048] } else { &[8192, 8192 + 2048, 2 * 8192] };
    let mut entries = 0_u64;
    let mut taken = 0_u64;
    for (format, &shift, &image_size) in Format::ALL
        .into_iter()
        .flat_map(|format| shifts.iter().map(move |shift| (format, shift)))
        .flat_map(|(format, shift)| image_sizes.iter().map(move |size| (format, shift, size)))
    {
        let Ok(any) = layout(format, u64::MAX, image_size, 8192, shift) else { continue };
        for file_len in file_lens(any.data_start().0) {
            let Ok(layout) = layout(format, file_len, image_size, 8192, shift) else { continue };
            let values = values(&layout);
            for block in (0..layout.block_count()).map(BlockIndex) {
                for &this in &values {
                    let mut check = |entry| {
                        let expected = in_bytes(&layout, block, entry);
                        assert_eq!(locate_or_fault(&layout, block, entry), expected, "{layout:?} {entry:?}");
                        entries += 1;
                        if let Ok(extent) = expected {
                            taken += 1;
                            assert!(extent.offset >= layout.data_start() && extent.len > 0);
                            assert!(extent.offset.0.checked_add(extent.len.into()).unwrap() <= file_len);
                            assert!(extent.len <= layout.max_packed_len());
                        }
                    };
                    match layout.index_shape() {
                        IndexShape::None => {}
                        IndexShape::Positions { .. } => {
                            values.iter().for_each(|&next| check(RawEntry::Positions { this, next }));
                        }
                        IndexShape::Frames { .. } => {
                            for size in [0, 1, 2047, 2048, 8191, 8192, 8193, u16::MAX] {
                                check(RawEntry::Frame { offset: this, size, plain: false });
                                check(RawEntry::Frame { offset: this, size, plain: true });
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(entries > 5_000 && taken > 500, "{taken} of {entries}");
}

/// The shift in two halves of 32 bits is the shift in 64.
#[test]
fn positions_are_shifted_alike_in_32_and_64_bits() {
    for shift in 0..=MAX_INDEX_SHIFT {
        for bit in 0..31 {
            for units in [1_u32 << bit, (1_u32 << bit) - 1, !(1_u32 << bit) & 0x7FFF_FFFF] {
                let position = u64::from(units) << shift;
                assert_eq!(ciso::position(units, shift), position, "{units} << {shift}");
                let entry = ciso::Entry { position, flag: bit % 2 == 0 };
                let bytes = entry.encode(shift).unwrap();
                assert_eq!(ciso::Entry::decode(bytes, shift), entry);
            }
        }
    }
}
