//! DAX.

/// The most bytes that one frame can have.
pub(crate) const MAX_FRAME_LEN: u32 = 0x2400;
