//! What readers of DAX and JSO disagree about or tools get wrong, and this reader accepts: a test for each, by name.

mod support;

use support::bytes::{get_u32, set_u32};
use support::dax::{Dax, FRAME_SIZE};
use support::jso::{self, Jso};
use support::read::{Memory, assert_decodes, layout_of};
use support::{image, pack};

const SECTOR: usize = 2048;

/// Text of some sectors: every block packs.
fn text(sectors: usize) -> Vec<u8> {
    image::text(sectors * SECTOR, 11)
}

// DAX.

fn zlib_frames(image: &[u8]) -> Vec<Vec<u8>> {
    image.chunks(FRAME_SIZE).map(|frame| pack::zlib(frame, 9)).collect()
}

#[test]
fn dax_v0_frame_may_be_longer_than_0x2000() {
    // Version 0 has no plain frames. maxcso allows for 0x2400 bytes.
    let image = image::noise(2 * FRAME_SIZE, 1);
    let frames = zlib_frames(&image);
    assert!(frames.iter().all(|frame| frame.len() > FRAME_SIZE));
    assert_decodes(&Dax::v0(image.len(), frames).file(), &image);

    // 0x400 bytes more than the data needs, in empty stored blocks of five bytes each.
    let mut long = vec![0x78, 0x9C];
    for _ in 0..200 {
        long.extend_from_slice(&[0, 0, 0, 0xFF, 0xFF]);
    }
    let stored = pack::zlib(&image[..FRAME_SIZE], 0);
    long.extend_from_slice(&stored[2..]);
    assert_eq!(long.len(), 0x2000 + 1000 + 11);
    assert_decodes(&Dax::v0(FRAME_SIZE, vec![long]).file(), &image[..FRAME_SIZE]);
}

#[test]
fn dax_v0_has_no_areas_whatever_the_field_says() {
    // As maxcso reads it; rom-properties would honour the field.
    let image = text(8);
    let file = Dax { area_count: 3, ..Dax::v0(image.len(), zlib_frames(&image)) }.file();
    assert_eq!(layout_of(&file).uncompressed_areas(), 0);
    assert_decodes(&file, &image);
}

#[test]
fn dax_area_may_run_past_the_last_frame() {
    let image = image::noise(3 * FRAME_SIZE, 1);
    let frames: Vec<_> = image.chunks(FRAME_SIZE).map(<[u8]>::to_vec).collect();
    for area in [(0, 4), (0, u32::MAX), (0, 0x1000_0000)] {
        assert_decodes(&Dax::v1(image.len(), frames.clone(), vec![area]).file(), &image);
    }
    // Areas that begin behind the last frame, or cover nothing, mark no frame.
    let areas = vec![(3, 5), (u32::MAX, u32::MAX), (1, 0)];
    let packed = Dax::v1(image.len(), zlib_frames(&image), areas);
    assert_decodes(&packed.file(), &image);
}

#[test]
fn dax_areas_may_touch_and_overlap() {
    let image = image::noise(6 * FRAME_SIZE, 1);
    let mut frames: Vec<_> = image.chunks(FRAME_SIZE).map(<[u8]>::to_vec).collect();
    frames[5] = pack::zlib(&frames[5], 9);
    for areas in [vec![(0, 2), (2, 3)], vec![(0, 4), (1, 4)], vec![(4, 1), (0, 4)], vec![(0, 5), (2, 1)]] {
        assert_decodes(&Dax::v1(image.len(), frames.clone(), areas).file(), &image);
    }
}

#[test]
fn dax_areas_may_be_more_than_are_read_at_once() {
    let mut frames: Vec<_> = (0..150).map(|n| image::noise(FRAME_SIZE, n + 1)).collect();
    // These bytes follow the last area. They look like another one, and are not.
    frames[0][..8].copy_from_slice(&[1, 0, 0, 0, 1, 0, 0, 0]);
    let stored =
        frames.iter().enumerate().map(|(n, f)| if n % 2 == 0 { f.clone() } else { pack::zlib(f, 1) });
    let areas = (0..75).map(|n| (2 * n, 1)).collect();
    assert_decodes(&Dax::v1(150 * FRAME_SIZE, stored.collect(), areas).file(), &frames.concat());
}

#[test]
fn dax_areas_are_found_in_every_index_window() {
    // Twelve frames, windows of one to thirteen: areas begin, end and lie across window borders.
    let frames: Vec<_> = (0..12).map(|n| image::noise(FRAME_SIZE, n + 1)).collect();
    let image = frames.concat();
    let areas = vec![(1, 1), (3, 3), (8, 1), (11, 1)];
    let plain = |n: usize| matches!(n, 1 | 3..=5 | 8 | 11);
    let stored = frames.iter().enumerate().map(|(n, f)| if plain(n) { f.clone() } else { pack::zlib(f, 1) });
    let file = Dax::v1(image.len(), stored.collect(), areas).file();
    let layout = layout_of(&file);
    for window in 1..=13 {
        let mut memory = Memory::sized(&layout, window, 3);
        let mut reader = memory.reader(&file[..], layout);
        let mut out = vec![0; image.len()];
        reader.read(0, &mut out).expect("the file is sound");
        assert!(out == image, "window {window}");
        for (number, frame) in frames.iter().enumerate().rev() {
            let mut out = vec![0; FRAME_SIZE];
            reader.read((number * FRAME_SIZE) as u64, &mut out).expect("the file is sound");
            assert!(&out == frame, "frame {number}, window {window}");
        }
    }
}

#[test]
fn dax_frame_length_comes_from_the_size_table() {
    // The ARK family takes the difference of offsets, which would add the gap to the frame.
    let image = text(8);
    let gap = [0xEE; 100];
    let dax = Dax::v0(image.len(), zlib_frames(&image));
    let file = dax.file();
    let (start, first) = (dax.data_start(), dax.frames[0].len());
    let mut moved = [&file[..start + first], &gap[..], &file[start + first..]].concat();
    let second = get_u32(&moved, 32 + 4);
    set_u32(&mut moved, 32 + 4, second + 100);
    assert_decodes(&moved, &image);
}

#[test]
fn dax_last_frame_may_be_short_zero_filled_or_plain() {
    let image = image::text(FRAME_SIZE + 3 * SECTOR, 2);
    let first = pack::zlib(&image[..FRAME_SIZE], 9);
    let rest = &image[FRAME_SIZE..];
    let filled = pack::zero_filled(rest, FRAME_SIZE);
    let size = image.len();
    assert_decodes(&Dax::v0(size, vec![first.clone(), pack::zlib(rest, 9)]).file(), &image);
    assert_decodes(&Dax::v0(size, vec![first.clone(), pack::zlib(&filled, 9)]).file(), &image);
    assert_decodes(&Dax::v1(size, vec![first.clone(), rest.to_vec()], vec![(1, 1)]).file(), &image);
    assert_decodes(&Dax::v1(size, vec![first, filled], vec![(1, 1)]).file(), &image);
}

// JSO.

fn jso_payloads(image: &[u8]) -> Vec<Vec<u8>> {
    image.chunks(SECTOR).map(|block| pack::deflate(block, 9)).collect()
}

#[test]
fn jso_field_at_4_is_ignored() {
    let image = text(3);
    for id in [0, 1, 0x0103, 0xFFFF] {
        let jso = Jso::new(image.len(), SECTOR, jso::ZLIB, jso_payloads(&image));
        assert_decodes(&Jso { id, ..jso }.file(), &image);
    }
}

#[test]
fn jso_index_is_where_the_header_says() {
    let image = text(3);
    for gap in [4, 16, 100] {
        let jso = Jso { gap, ..Jso::new(image.len(), SECTOR, jso::ZLIB, jso_payloads(&image)) };
        assert_decodes(&jso.file(), &image);
    }
}

#[test]
fn jso_index_may_stand_behind_the_data() {
    let image = text(3);
    let ordinary = Jso::new(image.len(), SECTOR, jso::ZLIB, jso_payloads(&image)).file();
    let (index, index_len) = (48, 4 * 4);
    let mut file = [&ordinary[..index], &ordinary[index + index_len..]].concat();
    let moved_to = u32::try_from(file.len()).expect("a small file");
    set_u32(&mut file, 0x20, moved_to);
    for block in 0..4 {
        let position = get_u32(&ordinary, index + 4 * block);
        file.extend_from_slice(&(position - 16).to_le_bytes());
    }
    assert_decodes(&file, &image);
}

#[test]
fn jso_plain_test_comes_after_the_block_header() {
    // A plain block takes 2052 bytes by the index, and a packed one can take 2048: the readers of ARK-4
    // and of the PSP CFW SDK compare the wrong length.
    let image = [image::noise(SECTOR, 1), text(1)].concat();
    let mut packed = pack::deflate(&image[SECTOR..], 9);
    packed.resize(SECTOR - 4, 0);
    let payloads = vec![image[..SECTOR].to_vec(), packed];
    let file = Jso::new(image.len(), SECTOR, jso::ZLIB, payloads).with_block_headers().file();
    assert_eq!(get_u32(&file, 52) - get_u32(&file, 48), 2052);
    assert_eq!(get_u32(&file, 56) - get_u32(&file, 52), 2048);
    assert_decodes(&file, &image);
}

#[test]
fn jso_block_headers_are_skipped_unread() {
    let image = text(3);
    let jso = Jso::new(image.len(), SECTOR, jso::ZLIB, jso_payloads(&image)).with_block_headers();
    let mut file = jso.file();
    for block in 0..3 {
        let at = get_u32(&file, 48 + 4 * block);
        set_u32(&mut file, at as usize, 0xDEAD_BEEF);
    }
    assert_decodes(&file, &image);
}

#[test]
fn jso_md5_of_the_image_is_passed_on() {
    let image = text(1);
    let jso = Jso::new(image.len(), SECTOR, jso::ZLIB, jso_payloads(&image));
    let md5 = *b"0123456789abcdef";
    assert_eq!(layout_of(&Jso { md5, ..jso }.file()).image_md5(), Some(md5));
}
