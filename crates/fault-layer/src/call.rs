//! The system calls that can be made to fail.

use crate::Kind;

/// A kind of system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// Opening or creating a file.
    Open,
    /// Reading, with or without a position.
    Read,
    /// Writing, with or without a position.
    Write,
    /// Moving the position in an open file.
    Seek,
    /// Setting a file's length.
    Truncate,
    /// Waiting until everything is on disk, for files and for folders.
    Sync,
    /// Locking.
    Lock,
    /// Renaming or linking a file.
    Rename,
    /// Removing a file's name.
    Unlink,
    /// Querying a file's metadata.
    Metadata,
    /// Querying a file system's free space.
    Space,
    /// Telling the system what will be read.
    Advise,
}

/// How a call refers to its file.
#[derive(Clone, Copy)]
pub(crate) enum About {
    /// A descriptor in its first argument.
    Descriptor,
    /// Paths in these arguments.
    Paths(&'static [usize]),
    /// A path in its second argument or, where that is empty, a descriptor in its first.
    PathOrDescriptor,
}

impl Call {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Open,
        Self::Read,
        Self::Write,
        Self::Seek,
        Self::Truncate,
        Self::Sync,
        Self::Lock,
        Self::Rename,
        Self::Unlink,
        Self::Metadata,
        Self::Space,
        Self::Advise,
    ];

    /// Returns the name used in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write",
            Self::Seek => "seek",
            Self::Truncate => "truncate",
            Self::Sync => "fsync",
            Self::Lock => "flock",
            Self::Rename => "rename, link",
            Self::Unlink => "unlink",
            Self::Metadata => "stat",
            Self::Space => "statfs",
            Self::Advise => "fadvise",
        }
    }

    /// Returns what can happen to such a call.
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Read => &[Kind::Fail, Kind::Shorten, Kind::Flip, Kind::Change],
            Self::Write => &[Kind::Fail, Kind::Shorten, Kind::Flip, Kind::Reorder, Kind::Lose, Kind::Change],
            _ => &[Kind::Fail],
        }
    }

    /// The error of a failing call.
    pub(crate) const fn error(self) -> i32 {
        match self {
            Self::Open | Self::Rename | Self::Unlink => libc::EACCES,
            Self::Write => libc::ENOSPC,
            Self::Lock => libc::ENOLCK,
            _ => libc::EIO,
        }
    }

    /// The kind of a call by its number, and how it refers to its file.
    pub(crate) fn of(number: i64) -> Option<(Self, About)> {
        use About::{Descriptor, PathOrDescriptor, Paths};
        Some(match number {
            libc::SYS_open | libc::SYS_creat => (Self::Open, Paths(&[0])),
            libc::SYS_openat | libc::SYS_openat2 => (Self::Open, Paths(&[1])),
            libc::SYS_read | libc::SYS_pread64 => (Self::Read, Descriptor),
            libc::SYS_write | libc::SYS_pwrite64 => (Self::Write, Descriptor),
            libc::SYS_lseek => (Self::Seek, Descriptor),
            libc::SYS_ftruncate => (Self::Truncate, Descriptor),
            libc::SYS_fsync | libc::SYS_fdatasync | libc::SYS_syncfs => (Self::Sync, Descriptor),
            libc::SYS_flock => (Self::Lock, Descriptor),
            libc::SYS_rename | libc::SYS_link => (Self::Rename, Paths(&[0, 1])),
            libc::SYS_renameat | libc::SYS_renameat2 | libc::SYS_linkat => (Self::Rename, Paths(&[1, 3])),
            libc::SYS_unlink => (Self::Unlink, Paths(&[0])),
            libc::SYS_unlinkat => (Self::Unlink, Paths(&[1])),
            libc::SYS_stat | libc::SYS_lstat => (Self::Metadata, Paths(&[0])),
            libc::SYS_fstat => (Self::Metadata, Descriptor),
            libc::SYS_statx | libc::SYS_newfstatat => (Self::Metadata, PathOrDescriptor),
            libc::SYS_statfs => (Self::Space, Paths(&[0])),
            libc::SYS_fstatfs => (Self::Space, Descriptor),
            libc::SYS_fadvise64 => (Self::Advise, Descriptor),
            _ => return None,
        })
    }
}
