//! Any bytes as a disc: which disc it is, its icon and its hash can be asked for, or there are none; and the work stays
//! bounded whatever its folders say.
#![no_main]

use std::cell::Cell;

use libfuzzer_sys::fuzz_target;
use sector_decode::ReadAt;

/// Where the volume descriptors begin, in bytes. What is before them is never read.
const FIRST: u64 = 16 * 2048;
/// The most bytes that one question may read. A file on the disc may be as large as the disc, and a hash covers it.
const MOST_READ: u64 = 64 << 20;

/// The bytes from the first volume descriptor on, with zeros before and after them.
struct Disc<'a> {
    bytes: &'a [u8],
    read: Cell<u64>,
}

/// Something past the end of the disc was asked for.
#[derive(Debug)]
struct PastEnd;

impl ReadAt for Disc<'_> {
    type Error = PastEnd;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), PastEnd> {
        let end = offset.checked_add(buf.len() as u64).ok_or(PastEnd)?;
        if end > self.byte_len()? {
            return Err(PastEnd);
        }
        self.read.set(self.read.get() + buf.len() as u64);
        for (byte, at) in buf.iter_mut().zip(offset..) {
            let place = at.checked_sub(FIRST).and_then(|at| usize::try_from(at).ok());
            *byte = place.map_or(0, |place| self.bytes[place]);
        }
        Ok(())
    }

    fn byte_len(&mut self) -> Result<u64, PastEnd> {
        Ok(FIRST + self.bytes.len() as u64)
    }
}

fuzz_target!(|bytes: &[u8]| {
    let disc = || Disc { bytes, read: Cell::new(0) };
    let mut asked = disc();
    disc_info::identify(&mut asked).expect("it asks for nothing past the end");
    let mut icon = disc();
    let _ = disc_info::icon(&mut icon);
    let mut hashed = disc();
    let _ = disc_info::achievements_hash(&mut hashed);
    for read in [asked.read, icon.read, hashed.read] {
        assert!(read.get() <= MOST_READ, "{} bytes read of {}", read.get(), bytes.len());
    }
});
