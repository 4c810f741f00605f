//! A file that a callback reads.

use core::ffi::c_int;

use sector_decode::ReadAt;

use crate::secdec_source;

/// A source whose callback is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source(secdec_source);

impl Source {
    pub(crate) fn new(source: &secdec_source) -> Option<Self> {
        source.read.map(|_| Self(*source))
    }
}

impl ReadAt for Source {
    type Error = c_int;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), c_int> {
        const PAST_END: c_int = -1;
        let inside = offset.checked_add(buf.len() as u64).is_some_and(|end| end <= self.0.file_size);
        let Some(read) = self.0.read.filter(|_| inside) else { return Err(PAST_END) };
        if buf.is_empty() {
            return Ok(());
        }
        // SAFETY: The buffer has `buf.len()` bytes, and the caller of the library promised the rest.
        match unsafe { read(self.0.user, offset, buf.as_mut_ptr(), buf.len()) } {
            0 => Ok(()),
            error => Err(error),
        }
    }

    fn byte_len(&mut self) -> Result<u64, c_int> {
        Ok(self.0.file_size)
    }
}
