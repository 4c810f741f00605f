//! Sources that misbehave, count, or do not exist.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use sector_decode::{EndOfSlice, ReadAt};

/// Notes each read: its position, and the memory that it fills.
pub struct Counting<S> {
    inner: S,
    log: Log,
}

/// Where in the file a read began, and the addresses that it filled.
type Read = (u64, Range<usize>);

/// The reads of a [`Counting`] source, to be looked at while a reader owns the source.
#[derive(Clone, Default)]
pub struct Log(Rc<RefCell<Vec<Read>>>);

impl Log {
    /// The reads since the last time, in order: where in the file, and how long.
    pub fn take(&self) -> Vec<(u64, usize)> {
        self.take_with_memory().into_iter().map(|(offset, memory)| (offset, memory.len())).collect()
    }

    /// The same with the addresses that were filled.
    pub fn take_with_memory(&self) -> Vec<Read> {
        self.0.take()
    }
}

impl<S> Counting<S> {
    pub fn new(inner: S) -> (Self, Log) {
        let log = Log::default();
        (Self { inner, log: log.clone() }, log)
    }
}

impl<S: ReadAt> ReadAt for Counting<S> {
    type Error = S::Error;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), S::Error> {
        let memory = buf.as_ptr_range();
        self.log.0.borrow_mut().push((offset, memory.start.addr()..memory.end.addr()));
        self.inner.read_exact_at(buf, offset)
    }

    fn byte_len(&mut self) -> Result<u64, S::Error> {
        self.inner.byte_len()
    }
}

/// Fails at one read, after it has filled the buffer with garbage, and works again from the next on.
pub struct Flaky<'a> {
    file: &'a [u8],
    /// How many reads succeed before the one that fails.
    pub good_reads: usize,
    reads: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlakyError {
    PulledOut,
    End(EndOfSlice),
}

impl<'a> Flaky<'a> {
    pub fn new(file: &'a [u8], good_reads: usize) -> Self {
        Self { file, good_reads, reads: 0 }
    }
}

impl ReadAt for Flaky<'_> {
    type Error = FlakyError;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), FlakyError> {
        self.reads += 1;
        if self.reads == self.good_reads + 1 {
            buf.fill(0x99);
            return Err(FlakyError::PulledOut);
        }
        self.file.read_exact_at(buf, offset).map_err(FlakyError::End)
    }

    fn byte_len(&mut self) -> Result<u64, FlakyError> {
        Ok(self.file.len() as u64)
    }
}

/// A file that is computed as it is read, so that it can be of any length.
pub struct Virtual<F> {
    pub len: u64,
    /// Fills a piece of the file from a position on; pieces never cross a multiple of 4.
    pub word: F,
}

impl<F: FnMut(u64) -> [u8; 4]> ReadAt for Virtual<F> {
    type Error = core::convert::Infallible;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Self::Error> {
        assert!(offset.checked_add(buf.len() as u64).is_some_and(|end| end <= self.len), "read past the end");
        let mut word = (u64::MAX, [0; 4]);
        for (byte, at) in buf.iter_mut().zip(offset..) {
            let start = at - at % 4;
            if word.0 != start {
                word = (start, (self.word)(start));
            }
            *byte = word.1[(at % 4) as usize];
        }
        Ok(())
    }

    fn byte_len(&mut self) -> Result<u64, Self::Error> {
        Ok(self.len)
    }
}
