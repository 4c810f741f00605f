//! Images of more than 4 GiB, in files of more than 4 GiB. Only the parts that are read are generated.

use miniz_oxide::deflate::compress_to_vec;
use psp_machine::isofs::params_for;
use psp_machine::kernel::io::HostFile;
use psp_machine::umd::LbaParams;

use crate::support::{OUT_OF_RANGE, ok, read_sectors, taken_over};

const SECTORS: u32 = 3_300_000;
const SHIFT: u32 = 3;
const HEADER: u64 = 24;
const DATA: u64 = (HEADER + 4 * (SECTORS as u64 + 1)).next_multiple_of(1 << SHIFT);
/// Every block takes this much of the file; the rest of a packed one is padding.
const SLOT: u64 = 2048;

/// Sector number `lba`, which is different from all others.
fn sector(lba: u32) -> Vec<u8> {
    if lba == 16 {
        let mut volume = vec![0; 2048];
        volume[..6].copy_from_slice(b"\x01CD001");
        return volume;
    }
    (0..512u32).flat_map(|word| (lba ^ word << 22).to_le_bytes()).collect()
}

fn is_plain(block: u32) -> bool {
    block.is_multiple_of(3)
}

/// A CSO file of 6.3 GiB with stored and packed blocks.
struct Virtual;

impl Virtual {
    fn byte(at: u64) -> u8 {
        let mut byte = [0];
        Self::piece(at, &mut byte);
        byte[0]
    }

    /// Fills `out`, which must be inside one part of the file.
    fn piece(at: u64, out: &mut [u8]) -> usize {
        let (bytes, offset) = if at < HEADER {
            let mut header = b"CISO".to_vec();
            header.extend(24u32.to_le_bytes());
            header.extend((u64::from(SECTORS) * 2048).to_le_bytes());
            header.extend(2048u32.to_le_bytes());
            header.extend([1, SHIFT as u8, 0, 0]);
            (header, at)
        } else if at < DATA {
            let entry = ((at - HEADER) / 4) as u32;
            let position = (DATA + u64::from(entry) * SLOT) >> SHIFT;
            let flag = if entry < SECTORS && is_plain(entry) { 1 << 31 } else { 0 };
            ((position as u32 | flag).to_le_bytes().to_vec(), (at - HEADER) % 4)
        } else {
            let block = ((at - DATA) / SLOT) as u32;
            let mut bytes = sector(block);
            if !is_plain(block) {
                bytes = compress_to_vec(&bytes, 6);
                assert!(bytes.len() as u64 <= SLOT);
                bytes.resize(SLOT as usize, 0x58);
            }
            (bytes, (at - DATA) % SLOT)
        };
        let rest = &bytes[offset as usize..];
        let len = rest.len().min(out.len());
        out[..len].copy_from_slice(&rest[..len]);
        len
    }
}

impl HostFile for Virtual {
    fn len(&self) -> u64 {
        DATA + u64::from(SECTORS) * SLOT
    }

    fn read_at(&self, mut at: u64, mut out: &mut [u8]) {
        while !out.is_empty() {
            let len = Self::piece(at, out);
            out = &mut out[len..];
            at += len as u64;
        }
    }
}

#[test]
fn the_file_is_what_it_says() {
    assert!(Virtual.len() > 6 << 30);
    let first: Vec<u8> = (DATA..DATA + 4).map(Virtual::byte).collect();
    assert_eq!(first, sector(0)[..4]);
}

#[test]
#[ignore = "needs the built driver"]
fn sectors_beyond_4_gib() {
    let (mut psp, _) = taken_over(Virtual);
    let border = (1u32 << 21) - 3;
    for lba in [0, 17, 1000, border, border + 3, 2_100_000, 2_500_000, 3_000_001, SECTORS - 40, 64] {
        for count in [1, 2, 33] {
            let finished = read_sectors(&mut psp, lba, count);
            assert_eq!(finished.outcome.value, count * 2048, "{count} at {lba}");
            let expected: Vec<u8> = (lba..lba + count).flat_map(sector).collect();
            assert!(finished.bytes == expected, "{count} sectors at {lba} differ");
        }
    }
    assert_eq!(read_sectors(&mut psp, SECTORS - 1, 1).outcome.value, 2048);
    assert_eq!(read_sectors(&mut psp, SECTORS, 1).outcome.value, OUT_OF_RANGE);
}

#[test]
#[ignore = "needs the built driver"]
fn parts_of_sectors_beyond_4_gib() {
    let (mut psp, _) = taken_over(Virtual);
    for (position, len) in [(5, 100), (2040, 16), (100, 5000), (2048, 4096)] {
        let lba = 2_800_000;
        let params: LbaParams = params_for(lba, position, len, false);
        let finished = ok(psp.read_lba(params, 1));
        assert_eq!(finished.outcome.value, len);
        let all: Vec<u8> = (lba..lba + 4).flat_map(sector).collect();
        assert!(finished.bytes == all[position as usize..(position + len) as usize]);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn the_raw_device_beyond_4_gib() {
    let (mut psp, _) = taken_over(Virtual);
    let file = psp.file_arg(0);
    assert_eq!(ok(psp.raw_open(file)).value, 0);
    assert_eq!(ok(psp.raw_seek(file, 0, 2)).long(), i64::from(SECTORS));
    assert_eq!(ok(psp.raw_seek(file, -2, 1)).long(), i64::from(SECTORS) - 2);
    let finished = ok(psp.raw_read(file, 9));
    assert_eq!(finished.outcome.value, 2);
    assert!(finished.bytes[..4096] == [sector(SECTORS - 2), sector(SECTORS - 1)].concat());
}
