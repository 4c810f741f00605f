//! Why an image cannot be written.

use sector_decode::{BlockIndex, Format};

/// Why a [`Plan`](crate::Plan) does not fit an image. Nothing has been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The image is empty or does not consist of whole sectors.
    #[error("the image has {size} bytes, which is not a whole number of 2048-byte sectors")]
    ImageSize {
        /// Its size in bytes.
        size: u64,
    },
    /// The format has no such block size.
    #[error("{format} has no blocks of {got} bytes (powers of two from {min} to {max})")]
    BlockSize {
        /// The format.
        format: Format,
        /// What was asked for, in bytes.
        got: u32,
        /// Smallest possible, in bytes.
        min: u32,
        /// Largest possible, in bytes.
        max: u32,
    },
    /// The format's positions are too small for this image.
    #[error(
        "{format} cannot hold an image of {size} bytes: the positions in its index do not reach that far"
    )]
    TooLarge {
        /// The format.
        format: Format,
        /// Size of the image in bytes.
        size: u64,
    },
    /// With this shift the index cannot hold every position, or the format has no shift.
    #[error("index shift {got} does not work for this {format} file (smallest: {smallest})")]
    IndexShift {
        /// The format.
        format: Format,
        /// What was asked for.
        got: u8,
        /// The smallest shift that works.
        smallest: u8,
    },
    /// The encoder has no such level.
    #[error("{encoder} has no level {got} ({min} to {max})")]
    Level {
        /// Name of the encoder.
        encoder: &'static str,
        /// What was asked for.
        got: u8,
        /// The lowest there is.
        min: u8,
        /// The highest there is.
        max: u8,
    },
    /// Blocks that are not safe for the PSP's firmware would have to be stored plain, which the format cannot.
    #[error(
        "{format} cannot be limited to streams that are safe for the PSP's firmware: it has no plain blocks"
    )]
    NoPlainBlocks {
        /// The format.
        format: Format,
    },
    /// Blocks cannot be chosen by how long they take to load.
    #[error("{format} cannot be written for fast loading: it has no plain blocks to choose")]
    NoChoice {
        /// The format.
        format: Format,
    },
}

/// Why writing an image failed. `E` is the error of the image that is read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError<E> {
    /// The plan does not fit the image.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The image that is packed cannot be read.
    #[error("cannot read the image at {offset:#X}: {error}")]
    Source {
        /// Where in the decoded image, in bytes.
        offset: u64,
        /// The image's own error.
        error: E,
    },
    /// The file cannot be written.
    #[error("cannot write: {0}")]
    Sink(std::io::Error),
    /// A packed block does not decode to what went in. A fault of this program or of the machine.
    #[error("block {block} does not decode to what was packed; nothing has been written for it")]
    Proof {
        /// Which block.
        block: BlockIndex,
    },
    /// The system could not start a thread.
    #[error("cannot start a thread: {0}")]
    NoThread(std::io::ErrorKind),
    /// [`Monitor::cancel`](crate::Monitor::cancel) was called.
    #[error("cancelled")]
    Cancelled,
}
