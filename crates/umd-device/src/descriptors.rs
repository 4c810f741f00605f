//! Open descriptors of the raw device, whose positions count sectors.

use crate::error::ErrorCode;

/// How many descriptors can be open at once.
pub const MAX_DESCRIPTORS: usize = 8;

/// The driver's word in a descriptor that is open.
///
/// The firmware's driver keeps 0 to 7 there. Ours is neither that nor a pointer, so descriptors that were
/// opened before the driver took over are told apart for sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescriptorId(u8);

impl DescriptorId {
    const TAG: u32 = u32::from_be_bytes(*b"CIS\0");

    /// Returns the word to keep in the kernel's descriptor.
    pub const fn to_word(self) -> u32 {
        Self::TAG | self.0 as u32
    }

    /// Recognises the word of a descriptor of ours.
    pub fn from_word(word: u32) -> Option<Self> {
        let slot = u8::try_from(word ^ Self::TAG).ok()?;
        (usize::from(slot) < MAX_DESCRIPTORS).then_some(Self(slot))
    }
}

/// What a position counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// From the first sector.
    Start,
    /// From the present position.
    Current,
    /// From the end of the disc: offset 0 is the number of sectors.
    End,
}

impl Whence {
    /// Takes the number that C programs use. `None` when there is no such place to count from.
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            0 => Some(Self::Start),
            1 => Some(Self::Current),
            2 => Some(Self::End),
            _ => None,
        }
    }
}

/// An open descriptor. Both numbers are sectors.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    /// Where the next read begins.
    pub(crate) position: u32,
    /// Where the last read ended, which is where a drive's laser would be.
    pub(crate) laser: u32,
}

/// All open descriptors.
#[derive(Debug, Default)]
pub(crate) struct Descriptors {
    open: [Option<Place>; MAX_DESCRIPTORS],
}

impl Descriptors {
    pub(crate) fn open(&mut self) -> Result<DescriptorId, ErrorCode> {
        for (slot, place) in (0..).zip(&mut self.open) {
            if place.is_none() {
                *place = Some(Place::default());
                return Ok(DescriptorId(slot));
            }
        }
        Err(ErrorCode::TooManyFiles)
    }

    pub(crate) fn close(&mut self, id: DescriptorId) -> Result<(), ErrorCode> {
        match self.open[usize::from(id.0)].take() {
            Some(_) => Ok(()),
            None => Err(ErrorCode::InvalidArgument),
        }
    }

    pub(crate) fn place(&mut self, id: DescriptorId) -> Result<&mut Place, ErrorCode> {
        self.open[usize::from(id.0)].as_mut().ok_or(ErrorCode::InvalidArgument)
    }

    pub(crate) fn any_open(&self) -> bool {
        self.open.iter().any(Option::is_some)
    }
}
