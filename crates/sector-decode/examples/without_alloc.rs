//! Reads a sector without any allocation: all memory is static or on the stack, and the source is a slice.

use sector_decode::{Decoder, Layout, Lba, ReaderOptions, SectorReader};

/// A CSO of one block, which is stored plain.
fn file() -> [u8; 32 + 2048] {
    let mut file = [0x5A; 32 + 2048];
    let header = b"CISO\x18\0\0\0\0\x08\0\0\0\0\0\0\0\x08\0\0\x01\0\0\0";
    file[..24].copy_from_slice(header);
    file[24..28].copy_from_slice(&(1 << 31 | 32_u32).to_le_bytes());
    file[28..32].copy_from_slice(&(32 + 2048_u32).to_le_bytes());
    file
}

pub(crate) fn main() {
    let file = file();
    let (mut memory, mut decoder) = ([0; 16 << 10], Decoder::new());
    let layout = Layout::probe(&mut &file[..]).expect("the header is sound");
    let options = ReaderOptions::new().with_one_window(64).with_read_ahead(0);
    let mut image = SectorReader::with_memory(&file[..], layout, &options, &mut memory, &mut decoder)
        .expect("16 KiB are enough for blocks of 2 KiB");
    let mut sector = [0; 2048];
    image.read_sectors(Lba(0), &mut sector).expect("the block is sound");
    assert_eq!(sector, [0x5A; 2048]);
}
