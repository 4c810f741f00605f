//! Index entries that are refused, and with which numbers.
//!
//! Readers disagree about indexes whose positions do not rise ("scrambled", or with several blocks that share their
//! bytes): some clamp, some read zeros, PPSSPP refuses. Here they are refused, since nothing tells such a file from a
//! damaged one.

mod support;

use sector_decode::BlockError;
use support::bytes::{get_u32, set_u32};
use support::ciso::{Ciso, Stored, entry_at, four_sectors as cso, one_block};
use support::dax::{Dax, FRAME_SIZE};
use support::jso::{self, Jso};
use support::pack;
use support::read::{block_error, image_of, layout_of};

const SECTOR: usize = 2048;
/// Where the data of the four-block files here begins.
const DATA: u64 = 24 + 4 * 5;

#[test]
fn scrambled_index_is_refused() {
    let mut file = cso();
    let (first, second) = (get_u32(&file, entry_at(0)), get_u32(&file, entry_at(1)));
    set_u32(&mut file, entry_at(0), second);
    set_u32(&mut file, entry_at(1), first);
    let expected = BlockError::NotMonotonic { start: second.into(), end: first.into() };
    assert_eq!(block_error(&file), (0, expected));
}

#[test]
fn blocks_that_share_their_bytes_are_refused() {
    let mut file = cso();
    let second = get_u32(&file, entry_at(1));
    set_u32(&mut file, entry_at(2), second);
    let expected = BlockError::NotMonotonic { start: second.into(), end: second.into() };
    assert_eq!(block_error(&file), (1, expected));
}

#[test]
fn block_without_bytes() {
    let mut file = Dax::v0(FRAME_SIZE, vec![pack::zlib(&[7; FRAME_SIZE], 9)]).file();
    file[36..38].fill(0);
    assert!(matches!(block_error(&file), (0, BlockError::NotMonotonic { .. })));
}

#[test]
fn jso_block_shorter_than_its_header() {
    for len in 1..=4u32 {
        let jso = Jso::new(SECTOR, SECTOR, jso::ZLIB, vec![vec![0; 9]]).with_block_headers();
        let mut file = jso.file();
        let start = get_u32(&file, 48);
        set_u32(&mut file, 52, start + len);
        assert!(matches!(block_error(&file), (0, BlockError::NotMonotonic { .. })), "{len}");
    }
}

#[test]
fn block_inside_header_or_index() {
    for start in [0, 1, 23, DATA - 1] {
        let mut file = cso();
        set_u32(&mut file, entry_at(0), u32::try_from(start).unwrap());
        assert_eq!(block_error(&file), (0, BlockError::InsideIndex { start, data_start: DATA }));
    }
}

#[test]
fn block_past_the_end_of_the_file() {
    let mut file = cso();
    let file_len = file.len() as u64;
    let end = u32::try_from(file_len + 1).unwrap();
    set_u32(&mut file, entry_at(4), end);
    assert_eq!(block_error(&file), (3, BlockError::PastEnd { end: end.into(), file_len }));
}

#[test]
fn cut_file_names_the_first_block_that_is_not_whole() {
    let file = cso();
    let end = u64::from(get_u32(&file, entry_at(3)));
    let cut = &file[..usize::try_from(end).unwrap() - 1];
    assert_eq!(block_error(cut), (2, BlockError::PastEnd { end, file_len: end - 1 }));
}

#[test]
fn block_longer_than_its_buffer() {
    let len = 2 * SECTOR;
    for flag in [false, true] {
        let file = one_block(Stored { flag, bytes: vec![0; len] });
        let max = layout_of(&file).max_packed_len().into();
        assert_eq!(block_error(&file), (0, BlockError::TooLong { len: len as u64, max }));
    }
    // With a shift, as much padding as it can cause is no error, and one byte more is.
    let max = 2048 + 256 + 64 + 4095;
    for (len, error) in [(4096, false), (8192, true)] {
        let block = Stored::flagged(vec![0; len]);
        let file = Ciso { shift: 12, ..Ciso::cso(SECTOR, SECTOR, vec![block]) }.file();
        match image_of(&file) {
            Ok(_) => assert!(!error, "{len}"),
            Err(_) => {
                assert!(error, "{len}");
                assert_eq!(block_error(&file), (0, BlockError::TooLong { len: 8192, max }));
            }
        }
    }
}

#[test]
fn plain_block_shorter_than_its_data() {
    let file = one_block(Stored::flagged(vec![0; SECTOR - 1]));
    assert_eq!(block_error(&file), (0, BlockError::TooShort { len: 2047, needed: 2048 }));
    let file = Dax::v1(FRAME_SIZE, vec![vec![0; FRAME_SIZE - 1]], vec![(0, 1)]).file();
    assert_eq!(block_error(&file), (0, BlockError::TooShort { len: 8191, needed: 8192 }));
}
