//! Digests of the decoded image, for looking up a dump.

use sha1::{Digest, Sha1};

/// Digests of a whole image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// CRC-32 as in zip files and DATs.
    pub crc32: u32,
    /// SHA-1.
    pub sha1: [u8; 20],
}

/// Computes both digests of bytes passed in order.
#[derive(Clone, Default)]
pub(crate) struct Hasher {
    crc32: crc32fast::Hasher,
    sha1: Sha1,
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.crc32.update(bytes);
        self.sha1.update(bytes);
    }

    pub(crate) fn finish(self) -> Digests {
        Digests { crc32: self.crc32.finalize(), sha1: self.sha1.finalize().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::hex;

    #[test]
    fn known_digests_of_abc() {
        let mut hasher = Hasher::default();
        hasher.update(b"a");
        hasher.update(b"bc");
        let digests = hasher.finish();
        assert_eq!(digests.crc32, 0x3524_41C2);
        assert_eq!(hex(&digests.sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }
}
