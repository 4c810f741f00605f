//! Files with invalid headers, indexes or blocks.
//!
//! An invalid header is rejected when the driver starts, and the driver leaves nothing in memory. A bad index
//! entry or block gives a negative answer. Nothing ever runs forever or accesses memory outside its own: the
//! machine would detect that.

use psp_machine::Psp;

use crate::support::images::{JsoMethod, Kind};
use crate::support::{
    DAMAGED, FAMILIES, NO_MEDIUM, USUAL, assert_sectors, large_disc, machine, ok, read_sectors, refused,
    small_disc, start, taken_over,
};

/// Overwrites bytes of an image.
fn patched(kind: Kind, at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut image = kind.pack(&small_disc().bytes);
    image[at..at + bytes.len()].copy_from_slice(bytes);
    image
}

fn refuses(kind: Kind, what: &str, at: usize, bytes: &[u8]) {
    refused(&mut machine(patched(kind, at, bytes)), &format!("{}: {what}", kind.name()));
}

#[test]
#[ignore = "needs the built driver"]
fn headers_of_cso_and_zso() {
    let v2 = Kind::Cso2 { block: 2048, shift: 0 };
    let zso = Kind::Zso { block: 2048, shift: 0 };
    for kind in [USUAL, v2, zso] {
        refuses(kind, "no magic", 0, b"XXXX");
        refuses(kind, "half a magic", 0, b"CISX");
        refuses(kind, "size 0", 8, &[0; 8]);
        refuses(kind, "size 1", 8, &[1, 0, 0, 0, 0, 0, 0, 0]);
        refuses(kind, "size without end", 8, &[0xFF; 8]);
        refuses(kind, "size 2^63", 8, &[0, 0, 0, 0, 0, 0, 0, 0x80]);
        refuses(kind, "more blocks than the file has index", 8, &(1u64 << 40).to_le_bytes());
        for block in [0u32, 1, 512, 1024, 2047, 2049, 3000, 6144, 0x2_0000, 0x10_0000, 0x8000_0000, u32::MAX]
        {
            refuses(kind, &format!("block size {block}"), 16, &block.to_le_bytes());
        }
        for version in [3u8, 9, 255] {
            refuses(kind, &format!("version {version}"), 20, &[version]);
        }
        for shift in [21u8, 31, 32, 64, 255] {
            refuses(kind, &format!("shift {shift}"), 21, &[shift]);
        }
    }
    refuses(v2, "header size of version 2", 4, &23u32.to_le_bytes());
    refuses(v2, "header size of version 2", 4, &0u32.to_le_bytes());
}

#[test]
#[ignore = "needs the built driver"]
fn headers_of_dax() {
    for kind in [Kind::Dax { plain_areas: false }, Kind::Dax { plain_areas: true }] {
        refuses(kind, "no magic", 0, b"DAX1");
        refuses(kind, "size 0", 4, &[0; 4]);
        refuses(kind, "more frames than the file has tables", 4, &[0xFF; 4]);
        refuses(kind, "version 2", 8, &2u32.to_le_bytes());
    }
    refuses(Kind::Dax { plain_areas: true }, "more areas than the file has bytes", 12, &[0xFF; 4]);
}

#[test]
#[ignore = "needs the built driver"]
fn headers_of_jso() {
    let kind = Kind::Jso { block: 2048, method: JsoMethod::Zlib, headers: false };
    refuses(kind, "no magic", 0, b"JISX");
    refuses(kind, "size 0", 12, &[0; 4]);
    refuses(kind, "more blocks than the file has index", 12, &[0xFF; 4]);
    for block in [0u16, 1, 1024, 2047, 3000, 6144, u16::MAX] {
        refuses(kind, &format!("block size {block}"), 6, &block.to_le_bytes());
    }
    refuses(kind, "index behind the file", 0x20, &u32::MAX.to_le_bytes());
}

#[test]
#[ignore = "needs the built driver"]
fn files_that_end_early() {
    for kind in FAMILIES {
        let image = kind.pack(&small_disc().bytes);
        for len in [0, 1, 3, 4, 23, 24, 31, 32, 47, 48, 52, 100, 1000, 4000, 30_000] {
            refused(&mut machine(image[..len].to_vec()), &format!("{} cut to {len} bytes", kind.name()));
        }
    }
}

#[test]
#[ignore = "needs the built driver"]
fn discs_that_are_none() {
    let mut disc = small_disc().bytes.clone();
    disc[16 * 2048 + 1..16 * 2048 + 6].copy_from_slice(b"CD002");
    for kind in FAMILIES {
        refused(&mut machine(kind.pack(&disc)), &format!("{}: no volume", kind.name()));
        refused(&mut machine(kind.pack(&disc[..16 * 2048])), &format!("{}: 16 sectors", kind.name()));
    }
}

/// The block with the volume descriptor cannot be decoded.
#[test]
#[ignore = "needs the built driver"]
fn a_damaged_volume_descriptor() {
    let mut image = USUAL.pack(&small_disc().bytes);
    let at = entry(&image, 16);
    image[at..at + 40].fill(0xFF);
    refused(&mut machine(image), "damaged sector 16");
}

const INDEX: usize = 24;

/// Where a block of a CSO file with shift 0 begins.
fn entry(image: &[u8], block: usize) -> usize {
    let at = INDEX + 4 * block;
    (u32::from_le_bytes(image[at..at + 4].try_into().unwrap()) & 0x7FFF_FFFF) as usize
}

fn set_entry(image: &mut [u8], block: usize, value: u32) {
    image[INDEX + 4 * block..][..4].copy_from_slice(&value.to_le_bytes());
}

#[test]
#[ignore = "needs the built driver"]
fn a_first_or_last_entry_that_cannot_be_right() {
    let image = USUAL.pack(&small_disc().bytes);
    let len = u32::try_from(image.len()).unwrap();
    for (block, value) in [(0, 0), (0, 23), (0, len + 1), (0, 0x7FFF_FFFF), (1024, 0), (1024, len + 4096)] {
        let mut image = image.clone();
        set_entry(&mut image, block, value);
        refused(&mut machine(image), &format!("entry {block} is {value:#X}"));
    }
}

/// Reads around damage in the image: a negative answer that isofs passes on there, and everything else is
/// unaffected.
fn reads_around_damage(psp: &mut Psp, lba: u32, why: &str) {
    let finished = read_sectors(psp, lba, 1);
    assert_eq!(finished.outcome.value, DAMAGED, "{why}");
    let finished = read_sectors(psp, lba - 4, 9);
    assert_eq!(finished.outcome.value, DAMAGED, "{why}");
    let params = psp_machine::umd::LbaParams { cmd: 3, ..psp_machine::umd::LbaParams::sectors(lba, 2) };
    let finished = ok(psp.read_lba(params, 0));
    assert_eq!(finished.outcome.value, NO_MEDIUM, "{why}: as a directory");
    assert_sectors(psp, small_disc(), lba - 8, 3);
    assert_sectors(psp, small_disc(), lba + 8, 3);
}

/// The index is checked in parts of 511 blocks, when each is loaded: nothing is read from a part with an
/// invalid entry, and all others are unaffected.
#[test]
#[ignore = "needs the built driver"]
fn entries_that_cannot_be_right() {
    let disc = large_disc();
    let image = USUAL.pack(&disc.bytes);
    let len = u32::try_from(image.len()).unwrap();
    let here = u32::try_from(entry(&image, 5000)).unwrap();
    let window = 9 * 511..10 * 511;
    for value in [0, here - 5_000, here + 100_000, len + 1, 0x7FFF_FFFF, 0x8000_0000] {
        let mut image = image.clone();
        set_entry(&mut image, 5000, value);
        let (mut psp, _) = taken_over(image);
        let why = format!("entry 5000 is {value:#X}");
        for (lba, count) in
            [(window.start, 1), (window.start - 6, 12), (4999, 1), (5000, 2), (window.end - 1, 1)]
        {
            let finished = read_sectors(&mut psp, lba, count);
            assert_eq!(finished.outcome.value, DAMAGED, "{why}: {count} sectors at {lba}");
        }
        let params = psp_machine::umd::LbaParams { cmd: 3, ..psp_machine::umd::LbaParams::sectors(4700, 2) };
        assert_eq!(ok(psp.read_lba(params, 0)).outcome.value, NO_MEDIUM, "{why}: as a directory");
        for (lba, count) in [(100, 3), (window.start - 3, 3), (window.end, 40)] {
            assert_sectors(&mut psp, disc, lba, count);
        }
        psp.check_guards().unwrap();
    }
    // If it is in the part with the volume descriptor's block, the disc is not served.
    let image = USUAL.pack(&small_disc().bytes);
    for value in [0, 23, 0x7FFF_FFFF, u32::MAX] {
        let mut image = image.clone();
        set_entry(&mut image, 400, value);
        refused(&mut machine(image), &format!("entry 400 is {value:#X}"));
    }
}

#[test]
#[ignore = "needs the built driver"]
fn a_damaged_block() {
    for kind in [USUAL, Kind::Cso { block: 2048, shift: 2 }] {
        let image = kind.pack(&small_disc().bytes);
        // A packed block, near the middle.
        let shift = image[21];
        let is_packed = |block: &usize| image[INDEX + 4 * block + 3] & 0x80 == 0;
        let block = (400..600).find(is_packed).unwrap();
        let at = entry(&image, block) << shift;
        let mut image = image.clone();
        // A deflate block of the reserved type.
        image[at..at + 16].fill(0xFF);
        let (mut psp, _) = taken_over(image);
        reads_around_damage(&mut psp, u32::try_from(block).unwrap(), &kind.name());
    }
}

#[test]
#[ignore = "needs the built driver"]
fn a_file_that_ends_before_its_last_block() {
    let image = USUAL.pack(&small_disc().bytes);
    let cut = entry(&image, 1000);
    let (mut psp, outcome) = {
        let mut psp = machine(image[..cut].to_vec());
        let (_, outcome) = start(&mut psp);
        (psp, outcome)
    };
    if !outcome.is_error() {
        assert!(read_sectors(&mut psp, 1001, 1).outcome.is_error());
        assert_sectors(&mut psp, small_disc(), 900, 4);
    }
}
