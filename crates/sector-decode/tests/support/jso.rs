//! Lays out JSO files.
//!
//! Header of 48 bytes, index of 32-bit offsets (one per block and one for the end), blocks, each with
//! a header of four bytes where the file's header says so.

use super::bytes::Bytes;

pub const HEADER_LEN: usize = 48;

/// The two methods of jiso.exe.
pub const LZO: u16 = 0;
pub const ZLIB: u16 = 1;

/// A file by its fields; [`file`](Self::file) puts them in order.
#[derive(Clone)]
pub struct Jso {
    /// The field at 4: 1 as jiso.exe 1.00 writes it.
    pub id: u16,
    pub block_size: u16,
    pub block_headers: bool,
    pub method: u16,
    pub image_size: u32,
    pub md5: [u8; 16],
    /// Unused bytes between the file's header and the index.
    pub gap: usize,
    /// What each block holds, without its block header.
    pub payloads: Vec<Vec<u8>>,
}

impl Jso {
    pub fn new(image_size: usize, block_size: usize, method: u16, payloads: Vec<Vec<u8>>) -> Self {
        Self {
            id: 1,
            block_size: u16::try_from(block_size).expect("a block size"),
            block_headers: false,
            method,
            image_size: u32::try_from(image_size).expect("test images are small"),
            md5: [0; 16],
            gap: 0,
            payloads,
        }
    }

    pub fn with_block_headers(self) -> Self {
        Self { block_headers: true, ..self }
    }

    /// The bytes of the file.
    pub fn file(&self) -> Vec<u8> {
        let index_at = HEADER_LEN + self.gap;
        let header_len = if self.block_headers { 4 } else { 0 };
        let sizes: Vec<usize> = self.payloads.iter().map(|payload| payload.len() + header_len).collect();

        let mut file = Bytes::default();
        file.raw(b"JISO");
        file.u16(self.id);
        file.u16(self.block_size);
        file.u16(self.block_headers.into());
        file.u16(self.method);
        file.u32(self.image_size);
        file.raw(&self.md5);
        file.u32(u32::try_from(index_at).expect("test files are small"));
        file.raw(&[0; 12]);
        file.raw(&vec![0xEE; self.gap]);

        let mut at = index_at + 4 * (sizes.len() + 1);
        for size in &sizes {
            file.u32(u32::try_from(at).expect("test files are small"));
            at += size;
        }
        file.u32(u32::try_from(at).expect("test files are small"));

        for (number, payload) in self.payloads.iter().enumerate() {
            if self.block_headers {
                let next = sizes.get(number + 1).copied().unwrap_or(0);
                file.u8(0x01).u8(0x04).u16(u16::try_from(next).expect("a block is small"));
            }
            file.raw(payload);
        }
        file.finish()
    }
}
