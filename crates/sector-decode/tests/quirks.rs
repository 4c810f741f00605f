//! What readers disagree about or tools get wrong, and this reader accepts: a test for each, by name. DAX and JSO have
//! theirs in quirks_dax_jso.rs.

mod support;

use sector_decode::{BlockIndex, Coding, Foreign, HeaderError};
use support::bytes::{get_u32, set_u32};
use support::ciso::{Ciso, FLAG, Stored, entry_at};
use support::read::{Memory, assert_decodes, header_error, image_of, layout_of};
use support::{bits, image, pack};

const SECTOR: usize = 2048;

/// Text of some sectors: every block packs.
fn text(sectors: usize) -> Vec<u8> {
    image::text(sectors * SECTOR, 11)
}

/// Every block of an image as a deflate stream.
fn deflated(image: &[u8], block_size: usize) -> Vec<Stored> {
    image.chunks(block_size).map(|block| Stored::unflagged(pack::deflate(block, 9))).collect()
}

/// Every block of an image as an LZ4 block.
fn lz4ed(image: &[u8], block_size: usize) -> Vec<Stored> {
    image.chunks(block_size).map(|block| Stored::unflagged(pack::lz4(block))).collect()
}

fn cso(image: &[u8]) -> Ciso {
    Ciso::cso(image.len(), SECTOR, deflated(image, SECTOR))
}

fn zso(image: &[u8]) -> Ciso {
    Ciso::zso(image.len(), SECTOR, lz4ed(image, SECTOR))
}

/// How the first block of a file is packed, by the reader.
fn first_coding(file: &[u8]) -> Coding {
    let layout = layout_of(file);
    let mut memory = Memory::minimal(&layout);
    memory.reader(file, layout).extent(BlockIndex(0)).expect("the index is sound").coding
}

// The header that CSO and ZSO share.

#[test]
fn header_size_zero_is_accepted() {
    let image = text(3);
    assert_decodes(&Ciso { header_size: 0, ..cso(&image) }.file(), &image);
    assert_decodes(&Ciso { header_size: 0, ..zso(&image) }.file(), &image);
}

#[test]
fn header_size_does_not_move_the_index() {
    let image = text(3);
    for header_size in [1, 20, 28, 32, 2048, 0x7FFF, 0x8001, u32::MAX] {
        let file = Ciso { header_size, ..cso(&image) }.file();
        assert_eq!(layout_of(&file).header_size_field(), Some(header_size));
        assert_decodes(&file, &image);
    }
}

#[test]
fn version_zero_is_accepted() {
    let image = text(3);
    assert_decodes(&Ciso { version: 0, ..cso(&image) }.file(), &image);
    assert_decodes(&Ciso { version: 0, ..zso(&image) }.file(), &image);
}

#[test]
fn unused_header_bytes_may_hold_anything() {
    let image = text(3);
    assert_decodes(&Ciso { unused: [0xDE, 0xAD], ..cso(&image) }.file(), &image);
    assert_decodes(&Ciso { unused: [0xDE, 0xAD], ..zso(&image) }.file(), &image);
}

#[test]
fn last_entry_bit31_is_masked() {
    let image = text(3);
    let v2 = Ciso::cso2(image.len(), SECTOR, deflated(&image, SECTOR));
    for layout in [cso(&image), v2, zso(&image)] {
        let mut file = layout.file();
        let end = get_u32(&file, entry_at(3));
        set_u32(&mut file, entry_at(3), end | FLAG);
        assert_decodes(&file, &image);
    }
}

#[test]
fn number_of_blocks_is_rounded_up() {
    // Drivers that round down lose the tail, five sectors here.
    let image = text(13);
    let file = Ciso::cso(image.len(), 8 * SECTOR, deflated(&image, 8 * SECTOR)).file();
    assert_eq!(layout_of(&file).block_count(), 2);
    assert_decodes(&file, &image);
}

#[test]
fn image_size_need_not_be_whole_sectors() {
    let image = image::text(2 * SECTOR + 700, 3);
    assert_decodes(&cso(&image).file(), &image);
    assert_decodes(&zso(&image).file(), &image);
}

#[test]
fn block_size_need_not_be_a_power_of_two() {
    // ziso.py -b takes any multiple of 2048.
    let image = text(31);
    for sectors in [3, 5, 7, 10] {
        let size = sectors * SECTOR;
        assert_decodes(&Ciso::cso(image.len(), size, deflated(&image, size)).file(), &image);
        assert_decodes(&Ciso::zso(image.len(), size, lz4ed(&image, size)).file(), &image);
    }
}

#[test]
fn every_block_size_that_a_tool_writes_is_accepted() {
    let image = text(300);
    for exponent in 11..=18 {
        let size = 1 << exponent;
        assert_decodes(&Ciso::cso(image.len(), size, deflated(&image, size)).file(), &image);
    }
}

#[test]
fn first_block_may_begin_later_than_the_index_ends() {
    let image = text(3);
    let file = cso(&image).file();
    let (index_end, gap) = (entry_at(4), 100);
    let mut moved = [&file[..index_end], &[0xEE; 100], &file[index_end..]].concat();
    for block in 0..=3 {
        let position = get_u32(&file, entry_at(block));
        set_u32(&mut moved, entry_at(block), position + gap);
    }
    assert_decodes(&moved, &image);
}

#[test]
fn file_may_go_on_behind_the_last_block() {
    // For OPL the file is padded to 2048 while the last index entry stays at the end of the data.
    let image = text(3);
    for mut file in [cso(&image).file(), zso(&image).file()] {
        file.resize(file.len().next_multiple_of(SECTOR), 0);
        assert_decodes(&file, &image);
    }
}

// CSO v0 and v1.

#[test]
fn adler32_left_behind_by_ciso_py_is_ignored() {
    let image = text(4);
    let blocks = image.chunks(SECTOR).map(|block| Stored::unflagged(pack::zlib(block, 9)[2..].to_vec()));
    assert_decodes(&Ciso::cso(image.len(), SECTOR, blocks.collect()).file(), &image);
}

#[test]
fn padding_of_any_value_is_ignored() {
    let image = text(9);
    for padding in [0, b'X', 0xFF, 0x1F, 0xF0] {
        for shift in [1, 2, 3, 6, 11] {
            assert_decodes(&Ciso { shift, padding, ..cso(&image) }.file(), &image);
            assert_decodes(&Ciso { shift, padding, ..zso(&image) }.file(), &image);
        }
    }
}

#[test]
fn the_largest_shift_is_accepted() {
    // Each block has a megabyte to itself, nearly all of it padding.
    let image = text(2);
    assert_decodes(&Ciso { shift: 20, padding: b'X', ..cso(&image) }.file(), &image);
    assert_decodes(&Ciso { shift: 20, padding: b'X', ..zso(&image) }.file(), &image);
}

#[test]
fn plain_block_longer_than_its_data_is_accepted() {
    let image = image::noise(3 * SECTOR, 1);
    for extra in [1, 7, 200] {
        let blocks = image.chunks(SECTOR).map(|block| Stored::flagged([block, &vec![b'X'; extra]].concat()));
        assert_decodes(&Ciso::cso(image.len(), SECTOR, blocks.collect()).file(), &image);
    }
}

#[test]
fn short_plain_last_block_is_accepted() {
    let image = image::noise(5 * SECTOR, 1);
    let blocks: Vec<_> = image.chunks(4 * SECTOR).map(|block| Stored::flagged(block.to_vec())).collect();
    assert_eq!(blocks[1].bytes.len(), SECTOR);
    assert_decodes(&Ciso::cso(image.len(), 4 * SECTOR, blocks.clone()).file(), &image);
    assert_decodes(&Ciso::zso(image.len(), 4 * SECTOR, blocks).file(), &image);
}

#[test]
fn short_last_stream_is_accepted() {
    // A stream of one sector in a block of four. PPSSPP, PCSX2 and Play! refuse such files.
    let image = text(5);
    assert_decodes(&Ciso::cso(image.len(), 4 * SECTOR, deflated(&image, 4 * SECTOR)).file(), &image);
    assert_decodes(&Ciso::zso(image.len(), 4 * SECTOR, lz4ed(&image, 4 * SECTOR)).file(), &image);
    for (flag, blocks) in [(false, deflated(&image, 4 * SECTOR)), (true, lz4ed(&image, 4 * SECTOR))] {
        let blocks = blocks.into_iter().map(|block| Stored { flag, ..block }).collect();
        assert_decodes(&Ciso::cso2(image.len(), 4 * SECTOR, blocks).file(), &image);
    }
}

#[test]
fn zero_filled_last_block_is_cut() {
    // maxcso fills the last block up with zeros, so that it decodes to more than the image has left.
    let image = text(5);
    let filled = pack::zero_filled(&image, 8 * SECTOR);
    assert_decodes(&Ciso::cso(image.len(), 4 * SECTOR, deflated(&filled, 4 * SECTOR)).file(), &image);
    assert_decodes(&Ciso::zso(image.len(), 4 * SECTOR, lz4ed(&filled, 4 * SECTOR)).file(), &image);
}

#[test]
fn zero_filled_plain_last_block_is_cut() {
    let filled = pack::zero_filled(&image::noise(5 * SECTOR, 4), 8 * SECTOR);
    let image = &filled[..5 * SECTOR];
    let blocks: Vec<_> = filled.chunks(4 * SECTOR).map(|block| Stored::flagged(block.to_vec())).collect();
    assert_decodes(&Ciso::cso(image.len(), 4 * SECTOR, blocks.clone()).file(), image);
    assert_decodes(&Ciso::cso2(image.len(), 4 * SECTOR, blocks).file(), image);
}

#[test]
fn packed_block_longer_than_its_data_is_accepted() {
    // PPSSPP reads such blocks; older firmwares overrun a buffer. Nothing should write them.
    let image = image::noise(2 * SECTOR, 6);
    let blocks: Vec<_> = image.chunks(SECTOR).map(|b| Stored::unflagged(pack::deflate(b, 0))).collect();
    assert!(blocks[0].bytes.len() > SECTOR);
    assert_decodes(&Ciso::cso(image.len(), SECTOR, blocks).file(), &image);
}

#[test]
fn streams_of_several_and_of_stored_deflate_blocks_are_accepted() {
    // zopfli writes both. Level 0 of zlib stores, in several blocks where one cannot hold the data.
    let image = text(64);
    let size = 32 * SECTOR;
    let blocks = image.chunks(size).map(|block| Stored::unflagged(pack::deflate(block, 0))).collect();
    assert_decodes(&Ciso::cso(image.len(), size, blocks).file(), &image);
}

#[test]
fn empty_and_one_codeword_distance_codes_are_decoded() {
    // What crashes PSPs is no reason to lose an image: files with such streams exist (maxcso 1.13.0).
    for stream in [bits::empty_distance_code(SECTOR), bits::one_distance_codeword(SECTOR)] {
        let file = Ciso::cso(SECTOR, SECTOR, vec![Stored::unflagged(stream)]).file();
        assert_decodes(&file, &[b'A'; SECTOR]);
    }
}

#[test]
fn gamecube_ciso_is_refused_by_name() {
    // The same magic; the field behind it is a block size of 2 MiB, the map of used blocks follows.
    let mut file = vec![0; 0x8000];
    file[..4].copy_from_slice(b"CISO");
    set_u32(&mut file, 4, 0x20_0000);
    file[8..0x40].fill(1);
    assert_eq!(header_error(&file), HeaderError::Foreign(Foreign::GameCubeCiso));
    assert!(header_error(&file).to_string().contains("GameCube"));
}

#[test]
fn chd_is_refused_by_name() {
    let file = [&b"MComprHD"[..], &124u32.to_be_bytes(), &5u32.to_be_bytes(), &[0; 108]].concat();
    assert_eq!(header_error(&file), HeaderError::Foreign(Foreign::Chd));
    assert!(header_error(&file).to_string().contains("CHD"));
}

// CSO v2.

#[test]
fn cso2_block_of_whole_length_is_plain_whatever_bit31_says() {
    let image = image::noise(2 * SECTOR, 1);
    for flag in [false, true] {
        let blocks = image.chunks(SECTOR).map(|block| Stored { flag, bytes: block.to_vec() }).collect();
        let file = Ciso::cso2(image.len(), SECTOR, blocks).file();
        assert_eq!(first_coding(&file), Coding::Stored);
        assert_decodes(&file, &image);
    }
}

#[test]
fn cso2_plain_block_may_be_padded() {
    // "At least" the block size, where ARK-4's vshctrl and rom-properties ask for exactly that.
    let image = image::noise(3 * SECTOR, 1);
    let blocks = image.chunks(SECTOR).map(|block| Stored::unflagged(block.to_vec())).collect();
    let file = Ciso { shift: 12, ..Ciso::cso2(image.len(), SECTOR, blocks) }.file();
    assert_decodes(&file, &image);
}

#[test]
fn cso2_lz4_padding_is_ignored() {
    let image = text(9);
    for shift in 1..=6 {
        let blocks = lz4ed(&image, SECTOR).into_iter().map(|block| Stored { flag: true, ..block }).collect();
        assert_decodes(&Ciso { shift, ..Ciso::cso2(image.len(), SECTOR, blocks) }.file(), &image);
    }
}

// ZSO.

#[test]
fn zso_block_decodes_with_every_length_of_padding() {
    // lz4_flex and LZ4_decompress_safe take padding for more data and refuse the block.
    let image = text(1);
    let packed = pack::lz4(&image);
    for padding in [0x00, b'X', 0xFF] {
        for len in 0..128 {
            let block = Stored::unflagged([&packed[..], &vec![padding; len]].concat());
            let file = Ciso { shift: 7, ..Ciso::zso(image.len(), SECTOR, vec![block]) }.file();
            assert_eq!(image_of(&file).as_ref(), Ok(&image), "{len} bytes of {padding:#04X}");
        }
    }
}

#[test]
fn zso_padding_behind_a_short_last_block_is_ignored() {
    let image = text(5);
    let blocks = lz4ed(&image, 4 * SECTOR);
    assert_decodes(
        &Ciso { shift: 6, padding: b'X', ..Ciso::zso(image.len(), 4 * SECTOR, blocks) }.file(),
        &image,
    );
}

// Plain images.

#[test]
fn anything_without_a_magic_is_a_plain_image() {
    for image in [image::noise(3 * SECTOR, 1), image::text(10, 1), vec![0], image::text(SECTOR + 1, 2)] {
        assert_decodes(&image, &image);
    }
}
