//! Raw deflate by stock zlib, the encoder whose streams are known to run on the PSP's firmware.
//!
//! With the feature `rust-only` zlib-rs takes its place: it packs alike, but does not write the same bytes. zlib-rs
//! 0.6.8 panics on a later block when the space for an earlier one was used up, so it always gets room for the
//! longest possible stream.

use flate2::{Compress, Compression, FlushCompress, Status};

use super::Encoder;

/// The level that packs best.
pub(super) const BEST: u8 = 9;

pub(super) struct Zlib {
    compress: Compress,
    /// The stream of a block, however long.
    #[cfg(not(feature = "native"))]
    room: Vec<u8>,
}

impl Zlib {
    pub(super) fn new(level: u8) -> Self {
        // No zlib header; the window is zlib's largest, 32 KiB, for every block size.
        Self {
            compress: Compress::new(Compression::new(u32::from(level)), false),
            #[cfg(not(feature = "native"))]
            room: Vec::new(),
        }
    }

    fn stream(compress: &mut Compress, block: &[u8], out: &mut [u8]) -> Option<usize> {
        compress.reset();
        match compress.compress(block, out, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => usize::try_from(compress.total_out()).ok(),
            // The space was used up before the stream ended.
            _ => None,
        }
    }

    /// As `stream`, in memory that any stream fits.
    #[cfg(not(feature = "native"))]
    fn stream_in_room(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
        // A stored block takes 5 bytes for each 64 KiB.
        self.room.resize(block.len() + block.len() / 8 + 64, 0);
        let len = Self::stream(&mut self.compress, block, &mut self.room)?;
        out.get_mut(..len)?.copy_from_slice(&self.room[..len]);
        Some(len)
    }
}

impl Encoder for Zlib {
    fn pack(&mut self, block: &[u8], out: &mut [u8]) -> Option<usize> {
        #[cfg(feature = "native")]
        return Self::stream(&mut self.compress, block, out);
        #[cfg(not(feature = "native"))]
        self.stream_in_room(block, out)
    }
}
