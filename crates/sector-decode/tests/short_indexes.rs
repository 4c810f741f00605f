//! Files whose index says less than the file holds: the end of the data rounded down (ziso.py over 2 GiB, ciso.py `-a`),
//! one value too few (ziso.py `-b` with an image that is not whole blocks). And an Xbox image, which has CSO v2's header.

mod support;

use sector_decode::{BlockError, BlockIndex, Foreign, Layout, ReadError};
use support::bytes::{get_u32, set_u32};
use support::ciso::{Ciso, FLAG, HEADER_LEN, Stored, entry_at, xbox};
use support::read::{Memory, assert_decodes, block_error, layout_of};
use support::{image, pack};

const SECTOR: usize = 2048;

/// Rounds the end of the data down, and cuts off the padding after it: the file ends with the last block's data.
fn rounded_down(ciso: &Ciso) -> Vec<u8> {
    let mut file = ciso.file();
    let last = &ciso.blocks[ciso.blocks.len() - 1].bytes;
    let at = entry_at(ciso.blocks.len() - 1);
    let start = ((get_u32(&file, at) & !FLAG) << ciso.shift) as usize;
    file.truncate(start + last.len());
    let end = u32::try_from(file.len()).expect("a small file") >> ciso.shift;
    set_u32(&mut file, entry_at(ciso.blocks.len()), end);
    file
}

fn blocks(image: &[u8], block_size: usize, pack: impl Fn(&[u8]) -> Vec<u8>) -> Vec<Stored> {
    image.chunks(block_size).map(|block| Stored::unflagged(pack(block))).collect()
}

#[test]
fn end_of_the_last_block_may_be_rounded_down_to_a_unit() {
    for shift in 1..=12 {
        for sectors in [1, 2, 7] {
            let image = image::text(sectors * SECTOR, 5);
            let zso = Ciso::zso(image.len(), SECTOR, blocks(&image, SECTOR, pack::lz4));
            let cso = Ciso::cso(image.len(), SECTOR, blocks(&image, SECTOR, |block| pack::deflate(block, 9)));
            for ciso in [zso, cso] {
                let file = rounded_down(&Ciso { shift, padding: b'X', ..ciso });
                assert_decodes(&file, &image);
                // As OPL wants it: the file filled up with zeros.
                let mut padded = file.clone();
                padded.resize(file.len().next_multiple_of(2048), 0);
                assert_decodes(&padded, &image);
            }
        }
    }
}

#[test]
fn stored_last_block_may_be_rounded_down_too() {
    // Units larger than a sector, so that a stored block of one is no whole number of them.
    let image = image::noise(3 * SECTOR, 2);
    let stored = image.chunks(SECTOR).map(|block| Stored::flagged(block.to_vec())).collect();
    let file = rounded_down(&Ciso { shift: 13, ..Ciso::cso(image.len(), SECTOR, stored) });
    assert_decodes(&file, &image);
    let (block, error) = block_error(&file[..file.len() - 1]);
    assert_eq!((block, error), (2, BlockError::TooShort { len: 2047, needed: 2048 }));
}

#[test]
fn only_the_last_block_may_go_beyond_its_entry() {
    let image = image::text(3 * SECTOR, 5);
    let ciso = Ciso::zso(image.len(), SECTOR, blocks(&image, SECTOR, pack::lz4));
    let mut file = Ciso { shift: 3, ..ciso }.file();
    // One unit less for the second block than it needs.
    let end = get_u32(&file, entry_at(2));
    set_u32(&mut file, entry_at(2), end - 1);
    assert_eq!(block_error(&file).0, 1);
}

/// A file as ziso.py makes it of an image that is not whole blocks: neither the last block nor its index value.
fn without_last_value(image: &[u8], block_size: usize, shift: u8) -> Vec<u8> {
    let whole = image.len() / block_size * block_size;
    let mut ciso = Ciso::zso(whole, block_size, blocks(&image[..whole], block_size, pack::lz4));
    (ciso.image_size, ciso.shift) = (image.len() as u64, shift);
    ciso.file()
}

#[test]
fn index_of_ziso_py_that_is_one_value_short_keeps_all_blocks_that_are_there() {
    const BLOCK: usize = 4 * SECTOR;
    for (sectors, shift) in [(5, 0), (7, 0), (9, 0), (41, 0), (5, 2)] {
        let image = image::text(sectors * SECTOR, 3);
        let file = without_last_value(&image, BLOCK, shift);
        let layout = layout_of(&file);
        let whole = sectors / 4;
        assert_eq!(layout.block_count() as usize, whole + 1);
        for window in [1, 2, 1024] {
            let mut memory = Memory::sized(&layout, window, 2);
            let mut reader = memory.reader(&file[..], layout);
            let mut out = vec![0; whole * BLOCK];
            reader.read(0, &mut out).expect("all but the last block is there");
            assert!(out == image[..whole * BLOCK]);
            let lost = u32::try_from(image.len() - whole * BLOCK).expect("less than a block");
            let last = BlockIndex(layout.block_count() - 1);
            match reader.extent(last) {
                Err(ReadError::Block { block, error, .. }) => {
                    assert_eq!((block, error), (last, BlockError::NotIndexed { lost }));
                }
                other => panic!("expected that the last block is named, got {other:?}"),
            }
        }
    }
}

#[test]
fn no_block_begins_inside_an_index_that_is_one_value_short() {
    let mut file = without_last_value(&image::text(9 * SECTOR, 3), 4 * SECTOR, 0);
    let data_start = get_u32(&file, entry_at(0));
    set_u32(&mut file, entry_at(1), data_start - 4);
    let layout = layout_of(&file);
    let mut memory = Memory::sized(&layout, 1024, 2);
    match memory.reader(&file[..], layout).extent(BlockIndex(1)) {
        Err(ReadError::Block { error, .. }) => {
            let (start, data_start) = (u64::from(data_start) - 4, data_start.into());
            assert_eq!(error, BlockError::InsideIndex { start, data_start });
        }
        other => panic!("expected that the block is refused, got {other:?}"),
    }
}

#[test]
fn whole_index_is_not_taken_for_a_short_one() {
    let image = image::text(5 * SECTOR, 3);
    let filled = |block: &[u8]| pack::lz4(&pack::zero_filled(block, 4 * SECTOR));
    for shift in 0..4 {
        let ciso = Ciso::zso(image.len(), 4 * SECTOR, blocks(&image, 4 * SECTOR, filled));
        assert_decodes(&Ciso { shift, ..ciso }.file(), &image);
    }
    // Damage that leads the first block to the last index value is named as before, where blocks are whole.
    let image = image::text(8 * SECTOR, 3);
    let mut file = Ciso::zso(image.len(), 4 * SECTOR, blocks(&image, 4 * SECTOR, pack::lz4)).file();
    let data_start = get_u32(&file, entry_at(0));
    set_u32(&mut file, entry_at(0), data_start - 4);
    let expected =
        BlockError::InsideIndex { start: u64::from(data_start) - 4, data_start: data_start.into() };
    assert_eq!(block_error(&file), (0, expected));
}

#[test]
fn xbox_image_is_recognised_by_its_blocks() {
    let foreign = |mut file: &[u8]| {
        let layout = Layout::probe(&mut file).expect("the header is that of CSO v2");
        Foreign::in_blocks(&layout, &mut file).expect("a slice has all its bytes")
    };
    let image = [image::noise(3 * SECTOR, 1), image::text(20 * SECTOR, 2)].concat();
    assert_eq!(foreign(&xbox(&image)), Some(Foreign::XboxCiso));
    assert_eq!(foreign(&xbox(&image::text(SECTOR, 2))), Some(Foreign::XboxCiso));
    // The same as CSO v2, with the same shift.
    let lz4 = |block: &[u8]| {
        let packed = pack::lz4(block);
        let fits = packed.len().next_multiple_of(4) < SECTOR;
        Stored { flag: fits, bytes: if fits { packed } else { block.to_vec() } }
    };
    let cso2 = |image: &[u8]| {
        let blocks = image.chunks(SECTOR).map(lz4).collect();
        Ciso { shift: 2, ..Ciso::cso2(image.len(), SECTOR, blocks) }.file()
    };
    assert_eq!(foreign(&cso2(&image)), None);
    assert_decodes(&cso2(&image), &image);
    assert_eq!(foreign(&cso2(&[0; 9 * SECTOR])), None);
    // Nothing is packed: nothing tells them apart, and both decode.
    let noise = image::noise(3 * SECTOR, 1);
    assert_eq!(foreign(&xbox(&noise)), None);
    assert_decodes(&xbox(&noise), &noise);
    // Not all of its packed blocks begin with their lengths.
    let mut other = xbox(&image);
    let fifth = (get_u32(&other, entry_at(4)) & !FLAG) << 2;
    set_u32(&mut other, fifth as usize, 1);
    assert_eq!(foreign(&other), None);
    // Damage in the index is for the decoder to find.
    let mut damaged = xbox(&image);
    for block in 0..23 {
        set_u32(&mut damaged, HEADER_LEN + 4 * block, u32::MAX);
    }
    assert_eq!(foreign(&damaged), None);
}
