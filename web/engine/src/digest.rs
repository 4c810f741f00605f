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
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.crc32.update(bytes);
        self.sha1.update(bytes);
        self.len += bytes.len() as u64;
    }

    /// The digests in hexadecimal, as JSON.
    pub(crate) fn finish(self) -> String {
        let sha1: String = self.sha1.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let crc32 = format!("{:08x}", self.crc32.finalize());
        Object::new().text("crc32", &crc32).text("sha1", &sha1).number("len", self.len).end()
    }
}
