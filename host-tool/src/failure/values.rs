//! The numeric values of a failure for JSON objects.

use sector_decode::HeaderError;
use serde::Serialize;

use super::Failure;

/// An expected or actual value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Quantity {
    /// Bytes, a file position or a checksum, depending on the kind of failure.
    Number(u64),
    /// A digest in hexadecimal.
    Text(String),
}

impl From<&str> for Quantity {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Failure {
    /// Returns the block and the file position that the failure is about.
    pub fn place(&self) -> (Option<u32>, Option<u64>) {
        match self {
            Self::Damaged(damage) => (Some(damage.block), Some(damage.offset)),
            Self::DamagedBlocks(list) => match list.ranges().first() {
                Some(range) => (Some(range.first.block), Some(range.first.offset)),
                None => (None, None),
            },
            Self::Read { offset, .. }
            | Self::Different { offset }
            | Self::NotAsWritten { start: offset, .. } => (None, Some(*offset)),
            Self::Proof(block) => (Some(block.0), None),
            Self::ReadBack(inner) | Self::InSecond { failure: inner, .. } => inner.place(),
            _ => (None, None),
        }
    }

    /// Returns the expected and actual values, if there are any.
    pub fn expected_and_got(&self) -> (Option<Quantity>, Option<Quantity>) {
        let numbers = |(expected, got): (Option<u64>, Option<u64>)| {
            (expected.map(Quantity::Number), got.map(Quantity::Number))
        };
        let text = |expected: &str, got: &str| (Some(expected.into()), Some(got.into()));
        match self {
            Self::Damaged(damage) => numbers(damage.fault.numbers()),
            Self::DamagedBlocks(list) => match list.ranges().first() {
                Some(range) => numbers(range.first.fault.numbers()),
                None => (None, None),
            },
            Self::HeaderMd5 { expected, got }
            | Self::Digest { expected, got }
            | Self::DatWrong { expected, got, .. }
            | Self::SidecarMismatch { expected, got, .. }
            | Self::Unsteady { expected, got } => text(expected, got),
            Self::NoSpace { needed, free, .. } => numbers((Some(*needed), Some(*free))),
            Self::CardFull { needed, free, .. } => numbers((Some(*needed), Some(*free))),
            Self::TooLargeForFat { needed, .. } | Self::TooLargeForOpl { needed, .. } => {
                numbers((Some(*needed), Some(u32::MAX.into())))
            }
            Self::DifferentSize { a, b } => numbers((Some(*a), Some(*b))),
            Self::Header(error) => numbers(header_numbers(error)),
            Self::ReadBack(inner) | Self::InSecond { failure: inner, .. } => inner.expected_and_got(),
            _ => (None, None),
        }
    }
}

/// The expected and actual values in a header, if they are numbers.
fn header_numbers(error: &HeaderError) -> (Option<u64>, Option<u64>) {
    match *error {
        HeaderError::FileTooShort { len, needed } => (Some(needed.into()), Some(len)),
        HeaderError::Version { got, max, .. } => (Some(max.into()), Some(got.into())),
        HeaderError::Method { got } => (None, Some(got.into())),
        HeaderError::IndexPosition { got, min } => (Some(min.into()), Some(got.into())),
        HeaderError::HeaderSize { got, expected } => (Some(expected.into()), Some(got.into())),
        HeaderError::BlockSize { got, .. } => (None, Some(got.into())),
        HeaderError::IndexShift { got, max } => (Some(max.into()), Some(got.into())),
        HeaderError::IndexPastEnd { index_end, file_len } => (Some(index_end), Some(file_len)),
        HeaderError::TooManyAreas { areas, frames } => (Some(frames.into()), Some(areas.into())),
        _ => (None, None),
    }
}
