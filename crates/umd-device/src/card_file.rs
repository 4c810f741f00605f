//! The image file on the card, as the decoder wants it: read exactly this range, or fail.
//!
//! A descriptor can go stale at any time: the card is pulled out, the console sleeps. So nothing is ever
//! assumed of it. Every read seeks first, and after any failure the descriptor is closed, so that the next
//! attempt opens the file again and seeks again. One call makes one attempt, unless the card asks for another. A read
//! that ends early goes on where it stopped: that is no failure.

use core::cell::Cell;

use sector_decode::ReadAt;

/// The file functions of the kernel, for the one file that is the image. `None` for any failure.
pub trait Card {
    /// A descriptor of the open file.
    type Descriptor: Copy;

    /// Opens the image.
    fn open(&mut self) -> Option<Self::Descriptor>;

    /// Closes it. What the kernel says of it is of no use: the descriptor is gone either way.
    fn close(&mut self, descriptor: Self::Descriptor);

    /// Moves the descriptor's position and returns where it is then, in bytes from the beginning.
    fn seek(&mut self, descriptor: Self::Descriptor, to: Seek) -> Option<u64>;

    /// Reads at the position and returns how many bytes came; fewer than `buf` holds is possible.
    fn read(&mut self, descriptor: Self::Descriptor, buf: &mut [u8]) -> Option<usize>;

    /// Called after an attempt that failed: waits if that makes sense, and returns whether to make another. Where a
    /// lock is held nobody should wait here.
    fn again(&mut self) -> bool {
        false
    }
}

/// How often reads go on at most from one request that was answered in full to the next.
///
/// A limit for each attempt is no limit for a request, which has up to 17 of them: a card that delivers ten bytes at a time
/// was read 272 times. With this one a request that fails takes 16 reads more than it would if no read went on, and
/// every retry has its pause, so the time is still that of [`Patience`](crate::Patience).
const MAX_PARTS: u8 = 16;

/// Where to seek.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// To this many bytes from the beginning.
    To(u64),
    /// To the end of the file.
    End,
}

/// Why an attempt to read the file failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardError {
    /// The file could not be opened.
    Open,
    /// The position could not be set.
    Seek,
    /// The read failed.
    Read,
    /// The read ended before the buffer was full.
    Short {
        /// Bytes that came.
        got: usize,
    },
    /// The file that was opened again is not as long as before: another card.
    Replaced,
}

/// The image file.
pub struct CardFile<C: Card> {
    card: C,
    open: Option<C::Descriptor>,
    /// Length when it was first opened.
    len: Option<u64>,
    /// How often reads may still go on.
    parts: Cell<u8>,
    reads: u32,
    bytes: u64,
}

impl<C: Card> CardFile<C> {
    /// Makes the file; it is opened when it is first needed.
    pub const fn new(card: C) -> Self {
        Self { card, open: None, len: None, parts: Cell::new(MAX_PARTS), reads: 0, bytes: 0 }
    }

    /// A request was answered in full: reads may go on as often as at first.
    pub fn renew(&self) {
        self.parts.set(MAX_PARTS);
    }

    /// Returns how many reads were made, successful or not.
    pub const fn reads(&self) -> u32 {
        self.reads
    }

    /// Returns how many bytes came from the card.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Closes the file. It is opened again when it is next needed.
    fn close(&mut self) {
        if let Some(descriptor) = self.open.take() {
            self.card.close(descriptor);
        }
    }

    fn descriptor(&mut self) -> Result<C::Descriptor, CardError> {
        if let Some(descriptor) = self.open {
            return Ok(descriptor);
        }
        let descriptor = self.card.open().ok_or(CardError::Open)?;
        self.open = Some(descriptor);
        let len = self.card.seek(descriptor, Seek::End).ok_or(CardError::Seek)?;
        if *self.len.get_or_insert(len) == len { Ok(descriptor) } else { Err(CardError::Replaced) }
    }

    fn attempt(&mut self, buf: &mut [u8], offset: u64) -> Result<(), CardError> {
        let descriptor = self.descriptor()?;
        if self.card.seek(descriptor, Seek::To(offset)) != Some(offset) {
            return Err(CardError::Seek);
        }
        let mut got = 0;
        while let Some(rest) = buf.get_mut(got..) {
            self.reads = self.reads.wrapping_add(1);
            let part = self.card.read(descriptor, rest).ok_or(CardError::Read)?;
            self.bytes += part as u64;
            got += part;
            if got == buf.len() {
                return Ok(());
            }
            let Some(parts) = self.parts.get().checked_sub(1).filter(|_| part > 0) else { break };
            self.parts.set(parts);
        }
        Err(CardError::Short { got })
    }

    /// Makes attempts; closes the file after each that fails.
    fn attempts(&mut self, buf: &mut [u8], offset: u64) -> Result<(), CardError> {
        loop {
            // Without bytes to read, an attempt is to have the file open.
            let result =
                if buf.is_empty() { self.descriptor().map(|_| ()) } else { self.attempt(buf, offset) };
            if result.is_ok() {
                return result;
            }
            self.close();
            if !self.card.again() {
                return result;
            }
        }
    }
}

impl<C: Card> Drop for CardFile<C> {
    #[inline(never)]
    fn drop(&mut self) {
        self.close();
    }
}

impl<C: Card> ReadAt for CardFile<C> {
    type Error = CardError;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), CardError> {
        // A read of nothing needs no card: it would get an address where no memory is.
        if buf.is_empty() { Ok(()) } else { self.attempts(buf, offset) }
    }

    fn byte_len(&mut self) -> Result<u64, CardError> {
        self.attempts(&mut [], 0)?;
        Ok(self.len.unwrap_or(0))
    }
}
