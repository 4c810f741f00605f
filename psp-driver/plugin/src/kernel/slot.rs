//! A value or nothing.

/// As `Option`, but "nothing" is all zeros, whatever the type, so that an empty static does not take space
/// in the module's file.
#[repr(u8)]
pub(crate) enum Slot<T> {
    Empty = 0,
    Full(T) = 1,
}

impl<T> Slot<T> {
    pub(crate) const fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Empty => None,
            Self::Full(value) => Some(value),
        }
    }

    pub(crate) const fn as_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Empty => None,
            Self::Full(value) => Some(value),
        }
    }
}
