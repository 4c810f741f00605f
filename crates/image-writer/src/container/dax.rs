//! DAX version 0: every frame is a complete zlib stream. Header and entries come from
//! [`sector_decode::container::dax`].

use sector_decode::container::dax::{self, Entry, FRAME_SIZE, Header, ZLIB_OVERHEAD};

use super::{Container, Placed, Table, field, stored_deflate};
use crate::digest::ImageDigests;

/// Header bytes of a zlib stream with a window of 32 KiB and without a dictionary (RFC 1950).
const ZLIB_HEADER: [u8; 2] = [0x78, 0x9C];

pub(super) struct Dax {
    pub(super) image_size: u64,
    pub(super) frames: u32,
}

impl Container for Dax {
    fn tables(&self) -> Vec<Table> {
        vec![Table::new(dax::HEADER_LEN as u64), Table::new(dax::sizes_at(self.frames))]
    }

    fn add_block(&self, tables: &mut [Table], block: Placed) {
        let (offset, size) = Entry { offset: field(block.start), size: field(block.len) }.encode();
        tables[0].push(&offset);
        tables[1].push(&size);
    }

    fn add_end(&self, _tables: &mut [Table], _end: u64) {}

    fn header(&self, _digests: &ImageDigests) -> Vec<u8> {
        Header::new(field(self.image_size)).to_bytes().into()
    }
}

/// Whether a frame with this much raw deflate data would be as long as a block.
///
/// Readers of the ARK family only check a frame's length and would take it for a stored one.
pub(crate) fn looks_plain(deflate_len: usize) -> bool {
    ZLIB_OVERHEAD as usize + deflate_len == FRAME_SIZE as usize
}

/// Makes a frame of raw deflate data, which decodes to `block`.
pub(crate) fn wrap(deflate: &[u8], block: &[u8], frame: &mut Vec<u8>) {
    frame.extend_from_slice(&ZLIB_HEADER);
    frame.extend_from_slice(deflate);
    frame.extend_from_slice(&adler32(block).to_be_bytes());
}

#[cfg(feature = "native")]
use libdeflater::adler32;

/// The checksum of a zlib stream (RFC 1950, 8.2).
#[cfg(any(test, not(feature = "native")))]
fn plain_adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1, 0), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65521;
        (a, (b + a) % 65521)
    });
    b << 16 | a
}

#[cfg(not(feature = "native"))]
use plain_adler32 as adler32;

/// Makes a frame that holds `block` as it is.
pub(crate) fn wrap_stored(block: &[u8], frame: &mut Vec<u8>) {
    wrap(&stored_deflate(block), block, frame);
}

#[cfg(all(test, feature = "native"))]
mod tests {
    use super::*;

    #[test]
    fn checksum_without_the_library_is_the_same() {
        for len in [0, 1, 5551, 5552, 8192] {
            let bytes: Vec<u8> = (0..len).map(|at: u32| (at * 7 + 255).to_le_bytes()[0]).collect();
            assert_eq!(plain_adler32(&bytes), adler32(&bytes));
        }
    }
}
