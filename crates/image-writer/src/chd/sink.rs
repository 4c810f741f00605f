//! The file below the encoder: appends hunks and the map, keeps the front back until the end, and remembers the errors
//! that the encoder reduces to a number.

use std::cell::RefCell;
use std::io::{self, Seek, SeekFrom, Write};
use std::rc::Rc;

use crate::imprint::Imprint;
use crate::output::Output;

/// The header, and the entry of metadata after it. The encoder writes both twice.
pub(super) const FRONT: usize = 124 + 16 + 1;

/// The last error of the file. The encoder's caller has a clone.
#[derive(Clone, Default)]
pub(super) struct Failed(Rc<RefCell<Option<io::Error>>>);

impl Failed {
    pub(super) fn take(&self) -> Option<io::Error> {
        self.0.borrow_mut().take()
    }

    fn note<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        outcome.map_err(|error| {
            let kind = error.kind();
            *self.0.borrow_mut() = Some(error);
            kind.into()
        })
    }
}

pub(super) struct Sink<W: Write + Seek> {
    output: Output<W>,
    front: [u8; FRONT],
    at: u64,
    failed: Failed,
}

impl<W: Write + Seek> Sink<W> {
    pub(super) fn new(file: W) -> io::Result<(Self, Failed)> {
        let failed = Failed::default();
        let output = Output::new(file, FRONT as u64)?;
        Ok((Self { output, front: [0; FRONT], at: 0, failed: failed.clone() }, failed))
    }

    /// Writes the front, which makes it a CHD. Returns the length of the file, and the imprint of all its bytes.
    pub(super) fn finish(mut self) -> io::Result<(u64, Imprint)> {
        // Everything else must be in the file before.
        self.output.flush()?;
        self.output.put(0, &self.front)?;
        self.output.flush()?;
        Ok((self.output.end(), self.output.finish()))
    }

    fn write_at(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.at < FRONT as u64 {
            let at = usize::try_from(self.at).map_err(io::Error::other)?;
            let len = bytes.len().min(FRONT - at);
            self.front[at..at + len].copy_from_slice(&bytes[..len]);
            return Ok(len);
        }
        // The imprint covers each byte once.
        if self.at != self.output.end() {
            return Err(io::Error::other("the CHD encoder writes where it has written before"));
        }
        self.output.append(bytes)?;
        Ok(bytes.len())
    }
}

impl<W: Write + Seek> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let outcome = self.write_at(bytes);
        let len = self.failed.note(outcome)?;
        self.at += len as u64;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        let outcome = self.output.flush();
        self.failed.note(outcome)
    }
}

impl<W: Write + Seek> Seek for Sink<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.output.end().checked_add_signed(by),
        };
        self.at = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
