//! Collects writes for the page, which carries them out itself: browsers write files asynchronously.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Seek, SeekFrom, Write};
use std::rc::Rc;

/// Writes that were not fetched yet, in order.
pub(crate) type Writes = Rc<RefCell<VecDeque<(u64, Vec<u8>)>>>;

/// A file that only remembers what is to be written, and where.
#[derive(Default)]
pub(crate) struct Journal {
    writes: Writes,
    position: u64,
    len: u64,
}

impl Journal {
    pub(crate) fn writes(&self) -> Writes {
        Rc::clone(&self.writes)
    }
}

impl Write for Journal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut writes = self.writes.borrow_mut();
        match writes.back_mut() {
            Some((at, last)) if *at + last.len() as u64 == self.position => last.extend_from_slice(bytes),
            _ => writes.push_back((self.position, bytes.to_vec())),
        }
        self.position += bytes.len() as u64;
        self.len = self.len.max(self.position);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Journal {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::End(by) => (self.len, by),
            SeekFrom::Current(by) => (self.position, by),
        };
        self.position = from.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
