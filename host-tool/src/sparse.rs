//! Digests and positions of files with holes: a damaged image may contain gigabytes of holes.

use std::fs::File;

use sha2::{Digest, Sha256};

/// The unit that is either all zeros or not.
const PAGE: usize = 64 << 10;

/// A digest that skips pages of zeros quickly. It only depends on the content: stored zeros and holes are
/// equivalent.
pub(crate) struct SparseDigest {
    /// The start of the current, incomplete page.
    page: Vec<u8>,
    len: u64,
    hash: Sha256,
}

impl SparseDigest {
    pub(crate) fn new() -> Self {
        Self { page: Vec::with_capacity(PAGE), len: 0, hash: Sha256::new() }
    }

    /// Adds the next bytes.
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (these, rest) = bytes.split_at(bytes.len().min(PAGE - self.page.len()));
            self.page.extend_from_slice(these);
            self.len += these.len() as u64;
            bytes = rest;
            if self.page.len() == PAGE {
                self.end_page();
            }
        }
    }

    /// Adds this many zeros.
    pub(crate) fn zeros(&mut self, mut count: u64) {
        static ZEROS: [u8; PAGE] = [0; PAGE];
        while count > 0 {
            if self.page.is_empty() && count >= PAGE as u64 {
                let pages = count / PAGE as u64 * PAGE as u64;
                self.len += pages;
                count -= pages;
            } else {
                let left = usize::try_from(count).unwrap_or(PAGE).min(PAGE - self.page.len());
                self.update(&ZEROS[..left]);
                count -= left as u64;
            }
        }
    }

    fn end_page(&mut self) {
        if self.page.iter().any(|&byte| byte != 0) {
            self.hash.update(self.len.to_le_bytes());
            self.hash.update(&self.page);
        }
        self.page.clear();
    }

    pub(crate) fn finish(mut self) -> [u8; 32] {
        self.end_page();
        self.hash.update(self.len.to_le_bytes());
        self.hash.finalize().into()
    }
}

/// Returns where the next data of a file is from `offset` on, or `len`, its length, if only a hole is left.
/// Returns `offset` if the system does not say.
pub(crate) fn next_data(file: &File, offset: u64, len: u64) -> u64 {
    #[cfg(target_os = "linux")]
    match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(offset)) {
        Ok(data) => return data.clamp(offset, len),
        Err(rustix::io::Errno::NXIO) => return len,
        Err(_) => {}
    }
    let _ = (file, len);
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(parts: &[(&[u8], u64)]) -> [u8; 32] {
        let mut digest = SparseDigest::new();
        for (bytes, zeros) in parts {
            digest.update(bytes);
            digest.zeros(*zeros);
        }
        digest.finish()
    }

    #[test]
    fn zeros_count_the_same_as_bytes_and_as_holes() {
        let zeros = vec![0; 3 * PAGE + 5];
        let as_holes = digest(&[(b"begin", zeros.len() as u64), (b"end", 0)]);
        assert_eq!(as_holes, digest(&[(b"begin", 0), (&zeros, 0), (b"end", 0)]));
        assert_eq!(as_holes, digest(&[(b"begin", 2), (&zeros[2..], 0), (b"end", 0)]));
    }

    #[test]
    fn place_length_and_bytes_make_a_difference() {
        let pages = 2 * PAGE as u64;
        let all = [
            digest(&[(b"a", pages)]),
            digest(&[(b"b", pages)]),
            digest(&[(b"a", pages + 1)]),
            digest(&[(b"", 1), (b"a", pages - 1)]),
            digest(&[(b"", PAGE as u64), (b"a", pages - PAGE as u64)]),
            digest(&[(b"", pages + 1)]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one), "{at}");
        }
    }
}
