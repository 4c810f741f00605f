//! What was done since the driver took over.

/// Counts since the start. They wrap round rather than stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Reads that were answered in full.
    pub requests: u32,
    /// Reads of these that needed nothing from the card.
    pub hits: u32,
    /// Reads of the file on the card, index and failures included.
    pub card_reads: u32,
    /// Times that a request was tried again.
    pub retries: u32,
    /// Bytes of the disc that were delivered.
    pub bytes: u64,
    /// Bytes that came from the card.
    pub card_bytes: u64,
}
