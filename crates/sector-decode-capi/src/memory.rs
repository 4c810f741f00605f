//! How a reader's memory is divided: the reader, its decoder, its buffers.

use core::slice;

use sector_decode::{Decoder, Layout, ReaderOptions};

use crate::secdec_reader;

/// How much memory the buffers take; the rest is the same for all images.
pub(crate) struct Plan {
    buffers: usize,
}

/// Where the parts are.
pub(crate) struct Places {
    pub(crate) reader: *mut secdec_reader,
    pub(crate) decoder: &'static mut Decoder,
    pub(crate) buffers: &'static mut [u8],
}

impl Plan {
    pub(crate) fn of(layout: &Layout, options: &ReaderOptions) -> Self {
        Self { buffers: layout.memory(options).size() }
    }

    /// All of it, wherever it begins.
    pub(crate) fn size(&self) -> usize {
        let fixed = size_of::<secdec_reader>() + align_of::<secdec_reader>() - 1;
        let tables = size_of::<Decoder>() + align_of::<Decoder>() - 1;
        self.buffers.saturating_add(fixed + tables)
    }

    /// Finds the places, and makes all but the reader.
    ///
    /// # Safety
    ///
    /// `memory` points to [`size`](Self::size) bytes that nobody else uses from now on.
    pub(crate) unsafe fn place(&self, memory: *mut u8) -> Places {
        // SAFETY: Each part begins where the one before ends, plus less than its alignment, which `size` counts. All
        // bytes of the buffers and the decoder are written before there is a reference to them.
        unsafe {
            let reader = aligned::<secdec_reader>(memory);
            let decoder = aligned::<Decoder>(reader.add(1).cast());
            decoder.write(Decoder::new());
            let buffers: *mut u8 = decoder.add(1).cast();
            buffers.write_bytes(0, self.buffers);
            Places {
                reader,
                decoder: &mut *decoder,
                buffers: slice::from_raw_parts_mut(buffers, self.buffers),
            }
        }
    }
}

/// The next place for a `T`.
///
/// # Safety
///
/// `memory` points to at least one byte less than the alignment of a `T`.
pub(crate) unsafe fn aligned<T>(memory: *mut u8) -> *mut T {
    let skipped = memory.addr().wrapping_neg() & (align_of::<T>() - 1);
    // SAFETY: Less than the alignment.
    unsafe { memory.add(skipped).cast() }
}
