//! The output file: data is appended at its end, index pages and header are written to their places.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use crate::imprint::{Imprint, Press};

/// Collects the many small writes of a chunk.
const BUFFER: usize = 256 << 10;

/// A file that grows at its end and whose front parts are filled in later.
pub(crate) struct Output<W: Write + Seek> {
    file: BufWriter<W>,
    end: u64,
    press: Press,
}

impl<W: Write + Seek> Output<W> {
    /// Begins after a gap of `front` bytes, to be filled by [`put`](Self::put).
    pub(crate) fn new(file: W, front: u64) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(BUFFER, file);
        file.seek(SeekFrom::Start(front))?;
        Ok(Self { file, end: front, press: Press::default() })
    }

    /// The current length of the file, in bytes.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.press.add(self.end, bytes);
        self.file.write_all(bytes)?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// Pads the file with zeros to a multiple of `alignment` bytes.
    pub(crate) fn pad_to(&mut self, alignment: u64) -> io::Result<()> {
        const ZEROS: [u8; 4096] = [0; 4096];
        let wanted = self.end.next_multiple_of(alignment.max(1));
        while self.end < wanted {
            let len = usize::try_from(wanted - self.end).unwrap_or(usize::MAX).min(ZEROS.len());
            self.append(&ZEROS[..len])?;
        }
        Ok(())
    }

    /// Writes within the existing part; the end stays where it is.
    pub(crate) fn put(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.press.add(at, bytes);
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(bytes)?;
        self.file.seek(SeekFrom::Start(self.end))?;
        Ok(())
    }

    /// Passes everything that is still in memory to the file.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    /// Finishes the file; returns the imprint of all its bytes.
    pub(crate) fn finish(self) -> Imprint {
        self.press.finish()
    }
}
