//! CRC32 and SHA-1 of an image, by which discs are listed.

use sha1::{Digest, Sha1};

use crate::json::Object;

#[derive(Default)]
pub(crate) struct Hasher {
    crc32: crc32fast::Hasher,
    sha1: Sha1,
    len: u64,
}

impl Hasher {
    /// Adds bytes that have this CRC32. CRCs of parts can be put together, so workers compute those; SHA-1s cannot, and take
    /// most of the time that the leading worker has.
    pub(crate) fn update(&mut self, bytes: &[u8], crc32: u32) {
        let len = bytes.len() as u64;
        self.crc32.combine(&crc32fast::Hasher::new_with_initial_len(crc32, len));
        self.sha1.update(bytes);
        self.len += len;
    }

    /// The digests in hexadecimal, as JSON.
    pub(crate) fn finish(self) -> String {
        let sha1: String = self.sha1.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let crc32 = format!("{:08x}", self.crc32.finalize());
        Object::new().text("crc32", &crc32).text("sha1", &sha1).number("len", self.len).end()
    }
}
