//! Why an image cannot be written.

use sector_decode::BlockIndex;

use crate::plan::OutputFormat;

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
    /// The format does not have blocks of this size.
    #[error("{format} has no blocks of {got} bytes (powers of two from {min} to {max})")]
    BlockSize {
        /// The format.
        format: OutputFormat,
        /// The requested size, in bytes.
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
        format: OutputFormat,
        /// Size of the image in bytes.
        size: u64,
    },
    /// With this shift the index cannot hold every position, or the format does not have a shift.
    #[error("index shift {got} does not work for this {format} file (smallest: {smallest})")]
    IndexShift {
        /// The format.
        format: OutputFormat,
        /// The requested shift.
        got: u8,
        /// The smallest shift that works.
        smallest: u8,
    },
    /// The encoder does not have such a level.
    #[error("{encoder} has no level {got} ({min} to {max})")]
    Level {
        /// Name of the encoder.
        encoder: &'static str,
        /// The requested level.
        got: u8,
        /// The lowest available level.
        min: u8,
        /// The highest available level.
        max: u8,
    },
    /// Blocks that are not safe for the PSP's firmware would have to be stored, which the format cannot do.
    #[error(
        "{format} cannot be limited to streams that are safe for the PSP's firmware: it has no plain blocks"
    )]
    NoPlainBlocks {
        /// The format.
        format: OutputFormat,
    },
    /// The encoder is not in this build.
    #[error("{format} cannot be written by this build of the program")]
    NoEncoder {
        /// The format.
        format: OutputFormat,
    },
    /// The format cannot choose encodings by their loading time.
    #[error("{format} cannot be written for fast loading: there are no plain blocks to choose")]
    NoChoice {
        /// The format.
        format: OutputFormat,
    },
}

/// Why writing an image failed. `E` is the error of the source image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError<E> {
    /// The plan does not fit the image.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The source image cannot be read.
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
    /// A packed block does not decode to its source. This program or the machine is at fault.
    #[error("block {block} does not decode to what was packed; nothing has been written for it")]
    Proof {
        /// Which block.
        block: BlockIndex,
    },
    /// The encoder of a whole format, which is not this crate's, refuses what it was given.
    #[error("the encoder failed: {0}")]
    Encoder(String),
    /// The system could not start a thread.
    #[error("cannot start a thread: {0}")]
    NoThread(std::io::ErrorKind),
    /// [`Monitor::cancel`](crate::Monitor::cancel) was called.
    #[error("cancelled")]
    Cancelled,
}
