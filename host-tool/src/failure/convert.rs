//! Converts errors of the libraries into failures.

use std::io;

use image_writer::EncodeError;
use image_writer::pipeline::Stopped;
use sector_decode::{OpenError, ReadError};

use super::Failure;
use crate::damage::{Damage, Fault};

impl From<OpenError<io::Error>> for Failure {
    fn from(error: OpenError<io::Error>) -> Self {
        match error {
            OpenError::Source(error) => match error.downcast() {
                Ok(error) => Self::Source(error),
                Err(error) => Self::Read { offset: 0, error },
            },
            OpenError::Header(error) => Self::Header(error),
        }
    }
}

impl From<disc_library::Error> for Failure {
    fn from(error: disc_library::Error) -> Self {
        Self::Library(error)
    }
}

impl From<raw_sidecar::Error> for Failure {
    fn from(error: raw_sidecar::Error) -> Self {
        Self::Sidecar(error)
    }
}

impl From<Stopped<Self>> for Failure {
    fn from(stopped: Stopped<Self>) -> Self {
        match stopped {
            Stopped::Cancelled => Self::Interrupted,
            Stopped::NoThread(kind) => Self::NoThread(kind),
            Stopped::Failed(failure) => failure,
        }
    }
}

impl From<ReadError<io::Error>> for Failure {
    fn from(error: ReadError<io::Error>) -> Self {
        match error {
            // Damage in the container travels through the decoder wrapped in an I/O error.
            ReadError::Source { offset, error } => match error.downcast() {
                Ok(error) => Self::Source(error),
                Err(error) => Self::Read { offset: offset.0, error },
            },
            ReadError::Block { block, offset, error } => {
                Self::Damaged(Damage { block: block.0, offset: offset.0, fault: Fault::Block(error) })
            }
            // Only if the file is no longer the one that was examined.
            ReadError::OutOfRange { .. } => Self::InputChanged,
            error @ ReadError::Internal { .. } => Self::Internal(error.to_string()),
        }
    }
}

impl From<EncodeError<ReadError<io::Error>>> for Failure {
    fn from(error: EncodeError<ReadError<io::Error>>) -> Self {
        match error {
            EncodeError::Plan(error) => Self::Format(error),
            EncodeError::Source { error, .. } => error.into(),
            EncodeError::Sink(error) => Self::Write(error),
            EncodeError::Proof { block } => Self::Proof(block),
            EncodeError::NoThread(kind) => Self::NoThread(kind),
            EncodeError::Cancelled => Self::Interrupted,
            // The enum is non-exhaustive; anything new is a fault of the writing side.
            other => Self::Write(io::Error::other(other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use sector_decode::BlockIndex;

    use super::*;
    use crate::exit::Status;

    #[test]
    fn mistake_of_the_decoder_is_told_in_one_line() {
        let internal = || ReadError::Internal { block: BlockIndex(7) };
        let failures = [
            Failure::from(internal()),
            EncodeError::Source { offset: 0, error: internal() }.into(),
            Failure::from(internal()).in_second("b.cso".as_ref()),
        ];
        for failure in failures {
            assert_eq!((failure.kind(), failure.status()), ("internal", Status::Failed));
            let text = failure.to_string();
            assert!(
                text.contains("this is a mistake in cisor, not in your file: please report it"),
                "{text}"
            );
            assert!(text.contains('7') && !text.contains('\n'), "{text}");
        }
    }
}
