//! Lays out JSO files: header, index, blocks, each with a header of four bytes where the file's header says so.

use sector_decode::container::jso::{Entry, Header, Method};

use super::bytes::{Bytes, set_u16};

pub use sector_decode::container::jso::HEADER_LEN;

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
        let mut header = Header {
            version: self.id,
            block_size: self.block_size,
            block_headers: self.block_headers,
            method: Method::Deflate,
            image_size: self.image_size,
            image_md5: self.md5,
            index_at: u32::try_from(index_at).expect("test files are small"),
        }
        .to_bytes();
        // Also numbers that no tool writes.
        set_u16(&mut header, 0x0A, self.method);
        file.raw(&header).raw(&vec![0xEE; self.gap]);

        let mut at = index_at + 4 * (sizes.len() + 1);
        for size in &sizes {
            file.raw(&entry(at));
            at += size;
        }
        file.raw(&entry(at));

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

fn entry(at: usize) -> [u8; 4] {
    Entry { position: u32::try_from(at).expect("test files are small") }.encode()
}
