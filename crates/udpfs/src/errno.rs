//! Error numbers of the console's C library.

/// A positive error number. Replies carry it negated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Errno(i32);

impl Errno {
    /// No such file or folder.
    pub const NOT_FOUND: Self = Self(2);
    /// The medium could not be read or written.
    pub const IO: Self = Self(5);
    /// No such handle.
    pub const BAD_HANDLE: Self = Self(9);
    /// Not allowed.
    pub const ACCESS: Self = Self(13);
    /// The file exists already, or a folder is not empty.
    pub const EXISTS: Self = Self(17);
    /// No such device: the server does not have a block device.
    pub const NO_DEVICE: Self = Self(19);
    /// A file where a folder is needed.
    pub const NOT_A_FOLDER: Self = Self(20);
    /// A folder where a file is needed.
    pub const IS_A_FOLDER: Self = Self(21);
    /// The request is invalid.
    pub const INVALID: Self = Self(22);
    /// The volume is full.
    pub const NO_SPACE: Self = Self(28);
    /// Read-only file system.
    pub const READ_ONLY: Self = Self(30);

    /// Returns the number as replies carry it: below zero.
    #[must_use]
    pub const fn negative(self) -> i32 {
        -self.0
    }
}
