//! All requests, one after another, to windows of every size and number over an index of a few entries.

use std::vec;
use std::vec::Vec;

use super::*;
use crate::container::{cso, dax};

/// The most blocks.
const MOST: u32 = if cfg!(miri) { 3 } else { 4 };
/// How many requests follow each other.
const REQUESTS: u32 = if cfg!(miri) { 2 } else { 3 };

/// A CSO of this many blocks, up to the end of its index, and the entries of all blocks.
fn positions(blocks: u32) -> (Vec<u8>, Vec<RawEntry>) {
    let header = cso::VARIANT.header(u64::from(blocks) * 2048, 2048, 0);
    let mut file = cso::VARIANT.to_bytes(&header).to_vec();
    let value = |block: u32| 1000 + 17 * block;
    file.extend((0..=blocks).flat_map(|block| value(block).to_le_bytes()));
    file.resize(3000, 0);
    let entries = (0..blocks).map(|block| RawEntry::Positions { this: value(block), next: value(block + 1) });
    (file, entries.collect())
}

/// The same for a DAX whose uncompressed areas cover the odd frames and those after the last.
fn frames(blocks: u32) -> (Vec<u8>, Vec<RawEntry>) {
    let area_count = blocks / 2;
    let header = dax::Header { version: 1, area_count, ..dax::Header::new(blocks * dax::FRAME_SIZE) };
    let mut file = header.to_bytes().to_vec();
    let size = |block: u32| u16::try_from(100 + block).unwrap();
    file.extend((0..blocks).flat_map(|block| (1000 + 17 * block).to_le_bytes()));
    file.extend((0..blocks).flat_map(|block| size(block).to_le_bytes()));
    for area in 0..area_count {
        let is_last = 2 * area + 2 >= blocks;
        file.extend((2 * area + 1).to_le_bytes());
        file.extend(if is_last { u32::MAX } else { 1 }.to_le_bytes());
    }
    file.resize(3000, 0);
    let entries = (0..blocks).map(|block| {
        let plain = block % 2 == 1;
        RawEntry::Frame { offset: 1000 + 17 * block, size: size(block), plain }
    });
    (file, entries.collect())
}

/// Makes each sequence of requests, and compares every entry that is described after each.
fn every_request(file: &[u8], entries: &[RawEntry], buffer: usize, kept: Option<Kept>) -> u64 {
    let layout = Layout::probe(&mut &file[..]).unwrap();
    let blocks = layout.block_count();
    let requests = blocks * (blocks + 1);
    let mut looked_at = 0;
    for sequence in 0..requests.pow(REQUESTS) {
        let alignment = kept.map_or(1, |kept| kept.alignment as usize);
        let mut index = IndexWindows::new(&layout, vec![0xEE; buffer], kept, alignment, false);
        let mut rest = sequence;
        for _ in 0..REQUESTS {
            let (block, count) = (rest % blocks, rest / blocks % (blocks + 1));
            rest /= requests;
            index.cover(&layout, &mut &file[..], BlockIndex(block), count).unwrap();
            assert!(index.entry(BlockIndex(block)).is_some(), "{block} is not described");
            for (number, entry) in (0..).zip(entries) {
                if let Some(found) = index.entry(BlockIndex(number)) {
                    assert_eq!(found, *entry, "{number} after {block} and {count}, {kept:?}, {buffer}");
                    looked_at += 1;
                }
            }
            assert_eq!(index.entry(BlockIndex(blocks)), None);
        }
    }
    looked_at
}

#[test]
fn every_request_to_windows_of_every_size_finds_the_right_entries() {
    let mut looked_at = 0;
    for blocks in 1..=MOST {
        for (file, entries) in [positions(blocks), frames(blocks)] {
            let layout = Layout::probe(&mut &file[..]).unwrap();
            let size = |blocks| buffer_size(&layout, blocks);
            for room in 1..=blocks {
                // A buffer may also be larger than whole entries.
                for spare in [0, 3] {
                    looked_at += every_request(&file, &entries, size(room) + spare, None);
                }
                for (most, alignment) in [(2, 1), (2, 4), (3, 1)] {
                    let kept = Kept { most, bytes: u32::try_from(size(room)).unwrap(), alignment };
                    looked_at += every_request(&file, &entries, size(room) * most, Some(kept));
                }
            }
        }
    }
    assert!(looked_at > 1000, "{looked_at}");
}
