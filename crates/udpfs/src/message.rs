//! Requests and replies. The first byte of a payload identifies it. All layouts are in this module.

mod reply;

use std::fmt;

use crate::bytes::{i32_at, u16_at, u32_at, u64_at};
use crate::errno::Errno;
use crate::path::RemotePath;

pub use reply::{MAX_NAME, Reply, Stat};

/// Maximum bytes of one READ.
pub const MAX_READ: u32 = 64 << 10;
/// Maximum sectors of one BREAD.
pub const MAX_SECTORS: u16 = 128;
/// Bytes of a sector in block reads and writes.
pub const SECTOR: u64 = 512;

/// Number of an open file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle(pub i32);

impl Handle {
    /// The block device, which is always open.
    pub const DEVICE: Self = Self(0);
}

/// The kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Open a file or folder.
    Open,
    /// Close a handle.
    Close,
    /// Read from a file at its position.
    Read,
    /// Write to a file at its position. Includes the first piece.
    Write,
    /// A further piece of a write.
    WriteData,
    /// Set a file's position.
    Lseek,
    /// Read the next entry of a folder.
    Dread,
    /// Ask for size and dates.
    Getstat,
    /// Make a folder.
    Mkdir,
    /// Delete a file.
    Remove,
    /// Delete a folder.
    Rmdir,
    /// Read sectors.
    Bread,
    /// Write sectors. Includes the first piece.
    Bwrite,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 13] = [
        Self::Open,
        Self::Close,
        Self::Read,
        Self::Write,
        Self::WriteData,
        Self::Lseek,
        Self::Dread,
        Self::Getstat,
        Self::Mkdir,
        Self::Remove,
        Self::Rmdir,
        Self::Bread,
        Self::Bwrite,
    ];

    /// Returns the first byte of such a request.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Open => 0x10,
            Self::Close => 0x12,
            Self::Read => 0x14,
            Self::Write => 0x16,
            Self::WriteData => 0x17,
            Self::Lseek => 0x1A,
            Self::Dread => 0x1C,
            Self::Getstat => 0x1E,
            Self::Mkdir => 0x20,
            Self::Remove => 0x22,
            Self::Rmdir => 0x24,
            Self::Bread => 0x28,
            Self::Bwrite => 0x2A,
        }
    }

    /// Returns the length of the fixed part in bytes, including the code.
    #[must_use]
    pub const fn fixed_len(self) -> usize {
        match self {
            Self::Getstat | Self::Mkdir | Self::Remove | Self::Rmdir => 4,
            Self::Open | Self::Close | Self::Dread | Self::WriteData => 8,
            Self::Read => 12,
            // The first piece has a header as well, which every client sends.
            Self::Write => 12 + PIECE_HEADER,
            Self::Lseek | Self::Bread => 16,
            Self::Bwrite => 16 + PIECE_HEADER,
        }
    }
}

/// Bytes before the data of a written piece.
const PIECE_HEADER: usize = 8;

/// The flags that a console opens a file with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenFlags(pub u16);

impl OpenFlags {
    /// Read only.
    pub const READ: Self = Self(1);

    /// Returns whether the file may change through this handle.
    #[must_use]
    pub const fn writes(self) -> bool {
        self.0 & 2 != 0
    }

    /// Returns whether writes go to the end.
    #[must_use]
    pub const fn appends(self) -> bool {
        self.0 & 0x100 != 0
    }

    /// Returns whether a missing file is created.
    #[must_use]
    pub const fn creates(self) -> bool {
        self.0 & 0x200 != 0
    }

    /// Returns whether the file is truncated first.
    #[must_use]
    pub const fn truncates(self) -> bool {
        self.0 & 0x400 != 0
    }
}

/// What an offset is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// The beginning.
    Start,
    /// The position.
    Current,
    /// The end.
    End,
}

/// A piece of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Its number, from 0.
    pub number: u16,
    /// Number of pieces in the write. 0 for an empty write.
    pub total: u16,
    /// Its bytes, without padding.
    pub bytes: &'a [u8],
}

/// The target of a GETSTAT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatTarget {
    /// The block device.
    Device,
    /// A file or folder.
    Path(RemotePath),
}

/// A parsed request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are named as in the protocol, and Kind says what each request does"
)]
pub enum Request<'a> {
    Open { is_folder: bool, flags: OpenFlags, path: RemotePath },
    Close { handle: Handle },
    Read { handle: Handle, len: u32 },
    Write { handle: Handle, len: u32, piece: Piece<'a> },
    WriteData { piece: Piece<'a> },
    Lseek { handle: Handle, whence: Whence, offset: i64 },
    Dread { handle: Handle },
    Getstat { target: StatTarget },
    Mkdir { path: RemotePath },
    Remove { path: RemotePath },
    Rmdir { path: RemotePath },
    Bread { handle: Handle, sector: u64, sectors: u16 },
    Bwrite { handle: Handle, sector: u64, sectors: u16, piece: Piece<'a> },
}

/// Why a payload is not a request that can be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageError {
    /// No request begins with this byte.
    Code {
        /// The byte.
        got: u8,
    },
    /// The request ends inside its fixed part.
    TooShort {
        /// Which request.
        kind: Kind,
        /// Bytes of the request.
        len: usize,
        /// Bytes of its fixed part.
        needed: usize,
    },
    /// A field has an invalid value, or a path leads out of the served folder.
    Field {
        /// Which request.
        kind: Kind,
        /// The error that the console gets.
        errno: Errno,
    },
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code { got } => write!(f, "a request with the unknown code {got:#04X}"),
            Self::TooShort { kind, len, needed } => {
                write!(f, "{kind:?} of {len} bytes, but its fixed part has {needed}")
            }
            Self::Field { kind, errno } => write!(f, "{kind:?} refused with error {}", errno.negative()),
        }
    }
}

impl std::error::Error for MessageError {}

impl<'a> Request<'a> {
    /// Returns which request a payload is.
    ///
    /// # Errors
    ///
    /// [`MessageError::Code`]; an empty payload counts as one with the code 0.
    pub fn kind_of(payload: &[u8]) -> Result<Kind, MessageError> {
        let got = payload.first().copied().unwrap_or(0);
        Kind::ALL.into_iter().find(|kind| kind.code() == got).ok_or(MessageError::Code { got })
    }

    /// Parses a payload.
    ///
    /// # Errors
    ///
    /// When it is too short, or a field is out of range.
    pub fn parse(payload: &'a [u8]) -> Result<Self, MessageError> {
        let kind = Self::kind_of(payload)?;
        let (len, needed) = (payload.len(), kind.fixed_len());
        if len < needed {
            return Err(MessageError::TooShort { kind, len, needed });
        }
        let invalid = MessageError::Field { kind, errno: Errno::INVALID };
        let handle = Handle(i32_at(payload, 4));
        let path = |at: usize| {
            RemotePath::parse(&payload[at..]).map_err(|errno| MessageError::Field { kind, errno })
        };
        Ok(match kind {
            Kind::Open => {
                let flags = OpenFlags(u16_at(payload, 2));
                Self::Open { is_folder: payload[1] != 0, flags, path: path(8)? }
            }
            Kind::Close => Self::Close { handle },
            Kind::Read => {
                let len = u32_at(payload, 8);
                if len > MAX_READ {
                    return Err(invalid);
                }
                Self::Read { handle, len }
            }
            Kind::Write => {
                let piece = Piece::parse(&payload[12..]).ok_or(invalid)?;
                Self::Write { handle, len: u32_at(payload, 8), piece }
            }
            Kind::WriteData => Self::WriteData { piece: Piece::parse(payload).ok_or(invalid)? },
            Kind::Lseek => {
                let whence = match payload[1] {
                    0 => Whence::Start,
                    1 => Whence::Current,
                    2 => Whence::End,
                    _ => return Err(invalid),
                };
                Self::Lseek { handle, whence, offset: u64_at(payload, 8).cast_signed() }
            }
            Kind::Dread => Self::Dread { handle },
            // The block driver sends the code alone; the file driver always sends a path, even an empty
            // one.
            Kind::Getstat if len == needed => Self::Getstat { target: StatTarget::Device },
            Kind::Getstat => Self::Getstat { target: StatTarget::Path(path(4)?) },
            Kind::Mkdir => Self::Mkdir { path: path(4)? },
            Kind::Remove => Self::Remove { path: path(4)? },
            Kind::Rmdir => Self::Rmdir { path: path(4)? },
            Kind::Bread => {
                let sectors = u16_at(payload, 2);
                if sectors > MAX_SECTORS {
                    return Err(invalid);
                }
                Self::Bread { handle, sector: u64_at(payload, 8), sectors }
            }
            Kind::Bwrite => {
                let piece = Piece::parse(&payload[16..]).ok_or(invalid)?;
                Self::Bwrite { handle, sector: u64_at(payload, 8), sectors: u16_at(payload, 2), piece }
            }
        })
    }
}

impl<'a> Piece<'a> {
    /// Parses a piece with its header, which always begins with the code of WRITE_DATA.
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let len = usize::from(u16_at(bytes, 4));
        let data = bytes.get(PIECE_HEADER..PIECE_HEADER + len)?;
        let is_piece = bytes.first() == Some(&Kind::WriteData.code());
        is_piece.then(|| Self { number: u16_at(bytes, 2), total: u16_at(bytes, 6), bytes: data })
    }

    /// Returns whether this is the last piece of the write.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.number.checked_add(1).is_none_or(|next| next >= self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(code: u8, rest: &[u8]) -> Vec<u8> {
        [&[code][..], rest].concat()
    }

    #[test]
    fn open_has_flags_and_path() {
        let bytes = request(0x10, b"\x01\x03\x02\0\0\0\0DVD/a.iso\0\0\0");
        let Ok(Request::Open { is_folder, flags, path }) = Request::parse(&bytes) else { panic!() };
        assert!(is_folder && flags.writes() && flags.creates() && !flags.truncates() && !flags.appends());
        assert_eq!(path.to_string(), "DVD/a.iso");
    }

    #[test]
    fn close_read_dread_and_lseek_have_a_handle() {
        let parse = |bytes: &[u8]| format!("{:?}", Request::parse(bytes).unwrap());
        assert_eq!(parse(&request(0x12, &[0, 0, 0, 5, 0, 0, 0])), "Close { handle: Handle(5) }");
        assert_eq!(parse(&request(0x1C, &[0, 0, 0, 5, 0, 0, 0])), "Dread { handle: Handle(5) }");
        let read = request(0x14, &[0, 0, 0, 5, 0, 0, 0, 0, 0, 1, 0]);
        assert_eq!(parse(&read), "Read { handle: Handle(5), len: 65536 }");
        let mut lseek = request(0x1A, &[2, 0, 0, 5, 0, 0, 0]);
        lseek.extend_from_slice(&(-2048_i64).to_le_bytes());
        assert_eq!(parse(&lseek), "Lseek { handle: Handle(5), whence: End, offset: -2048 }");
    }

    #[test]
    fn getstat_of_four_bytes_is_the_block_device() {
        let parse = |bytes: &[u8]| match Request::parse(bytes) {
            Ok(Request::Getstat { target }) => target,
            other => panic!("{other:?}"),
        };
        assert_eq!(parse(&[0x1E, 0, 0, 0]), StatTarget::Device);
        assert_eq!(parse(&[0x1E, 0, 0, 0, 0, 0, 0, 0]), StatTarget::Path(RemotePath::default()));
    }

    #[test]
    fn mkdir_remove_and_rmdir_have_a_path() {
        for (code, name) in [(0x20, "Mkdir"), (0x22, "Remove"), (0x24, "Rmdir")] {
            let parsed = format!("{:?}", Request::parse(&request(code, b"\0\0\0art\0")).unwrap());
            assert!(parsed.starts_with(name), "{parsed}");
        }
    }

    #[test]
    fn bread_has_a_64_bit_sector() {
        let mut bytes = request(0x28, &[0, 128, 0, 1, 0, 0, 0]);
        bytes.extend_from_slice(&0x1_0000_0002_u64.to_le_bytes());
        let expected = Request::Bread { handle: Handle(1), sector: 0x1_0000_0002, sectors: 128 };
        assert_eq!(Request::parse(&bytes), Ok(expected));
        bytes[2] = 129;
        assert!(matches!(Request::parse(&bytes), Err(MessageError::Field { kind: Kind::Bread, .. })));
    }

    #[test]
    fn write_and_bwrite_carry_their_first_piece() {
        let piece = [0x17, 0, 0, 0, 3, 0, 2, 0, b'a', b'b', b'c', 0];
        let mut write = request(0x16, &[0, 0, 0, 4, 0, 0, 0, 0x70, 5, 0, 0]);
        write.extend_from_slice(&piece);
        let Ok(Request::Write { handle, len, piece: first }) = Request::parse(&write) else { panic!() };
        assert_eq!((handle, len, first.bytes), (Handle(4), 0x570, &b"abc"[..]));
        assert!(!first.is_last());
        let mut bwrite = request(0x2A, &[0, 3, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
        bwrite.extend_from_slice(&piece);
        assert!(matches!(Request::parse(&bwrite), Ok(Request::Bwrite { sector: 9, sectors: 3, .. })));
        assert!(matches!(Request::parse(&piece), Ok(Request::WriteData { piece }) if piece.bytes == b"abc"));
        // A piece that declares more bytes than it has.
        let short = [0x17, 0, 0, 0, 9, 0, 1, 0, b'a', b'b', b'c', 0];
        let field = MessageError::Field { kind: Kind::WriteData, errno: Errno::INVALID };
        assert_eq!(Request::parse(&short), Err(field));
    }

    #[test]
    fn every_kind_is_refused_one_byte_short_and_unknown_codes_are_named() {
        for kind in Kind::ALL {
            let needed = kind.fixed_len();
            let bytes = request(kind.code(), &vec![0; needed - 2]);
            let expected = MessageError::TooShort { kind, len: needed - 1, needed };
            assert_eq!(Request::parse(&bytes), Err(expected));
        }
        for got in 0..=255 {
            let is_known = Kind::ALL.iter().any(|kind| kind.code() == got);
            assert_eq!(Request::kind_of(&[got]).is_ok(), is_known);
        }
        assert_eq!(Request::parse(&[]), Err(MessageError::Code { got: 0 }));
    }
}
