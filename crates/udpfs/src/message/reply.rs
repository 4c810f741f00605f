//! Replies and their layouts.

use crate::errno::Errno;
use crate::message::{Handle, Kind, MessageError};
use crate::time::Date;

const OPEN_REPLY: u8 = 0x11;
const CLOSE_REPLY: u8 = 0x13;
const WRITE_DONE: u8 = 0x18;
const LSEEK_REPLY: u8 = 0x1B;
const DREAD_REPLY: u8 = 0x1D;
const GETSTAT_REPLY: u8 = 0x1F;
const RESULT_REPLY: u8 = 0x26;

const FILE_MODE: u32 = 0x2000;
const FOLDER_MODE: u32 = 0x1000;

/// The longest name that fits a path with its NUL, and the console's buffer.
pub const MAX_NAME: usize = 255;

/// Size and dates of a file or folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Bytes of the file.
    pub size: u64,
    /// Creation time.
    pub created: Date,
    /// Time of the last read.
    pub accessed: Date,
    /// Time of the last change.
    pub modified: Date,
}

impl Stat {
    fn mode(&self) -> u32 {
        if self.is_folder { FOLDER_MODE } else { FILE_MODE }
    }

    /// Appends mode, attributes, size and dates in the layout of GETSTAT and DREAD.
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.mode().to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.size.to_le_bytes());
        for date in [self.created, self.accessed, self.modified] {
            out.extend_from_slice(&date.0);
        }
    }
}

/// A reply, ready for the transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Whether the first 8 bytes are the app header, which the console receives apart from the data.
    pub has_header: bool,
    /// Header and data. [`crate::session`] pads the data.
    pub bytes: Vec<u8>,
}

impl Reply {
    /// Bytes of the app header.
    pub const HEADER: usize = 8;

    fn plain(bytes: Vec<u8>) -> Self {
        Self { has_header: false, bytes }
    }

    /// A code, 3 unused bytes, and a number.
    fn number(code: u8, number: i32) -> Vec<u8> {
        let mut bytes = vec![code, 0, 0, 0];
        bytes.extend_from_slice(&number.to_le_bytes());
        bytes
    }

    /// Answers OPEN.
    #[must_use]
    pub fn open(outcome: Result<(Handle, Stat), Errno>) -> Self {
        let (handle, stat) = match outcome {
            Ok((Handle(handle), stat)) => (handle, stat),
            Err(errno) => (errno.negative(), Stat::default()),
        };
        let mut bytes = Self::number(OPEN_REPLY, handle);
        bytes.extend_from_slice(&stat.mode().to_le_bytes());
        bytes.extend_from_slice(&stat.size.to_le_bytes());
        bytes.extend_from_slice(&stat.created.0);
        bytes.extend_from_slice(&stat.modified.0);
        Self::plain(bytes)
    }

    /// Answers CLOSE.
    #[must_use]
    pub fn close(outcome: Result<(), Errno>) -> Self {
        Self::plain(Self::number(CLOSE_REPLY, zero_or(outcome)))
    }

    /// Answers READ and BREAD: `fill` writes the bytes into a buffer of `len` zeros and returns how many it
    /// wrote. If it wrote none, nothing follows the header.
    #[must_use]
    pub fn data(len: usize, fill: impl FnOnce(&mut [u8]) -> Result<usize, Errno>) -> Self {
        let mut bytes = vec![0; Self::HEADER + len];
        let value = match fill(&mut bytes[Self::HEADER..]) {
            Ok(got) => {
                bytes.truncate(Self::HEADER + got);
                i32::try_from(bytes.len() - Self::HEADER).unwrap_or(i32::MAX)
            }
            Err(errno) => {
                bytes.truncate(Self::HEADER);
                errno.negative()
            }
        };
        bytes[..Self::HEADER].copy_from_slice(&Self::number(RESULT_REPLY, value));
        Self { has_header: true, bytes }
    }

    /// Answers a whole WRITE or BWRITE with the number of bytes written.
    #[must_use]
    pub fn write_done(outcome: Result<u32, Errno>) -> Self {
        let value = outcome.map_or_else(Errno::negative, |len| i32::try_from(len).unwrap_or(i32::MAX));
        Self::plain(Self::number(WRITE_DONE, value))
    }

    /// Answers LSEEK with the new position. An error has all bits of the upper half set; this distinguishes
    /// it from a position beyond 2 GiB.
    #[must_use]
    pub fn lseek(outcome: Result<u64, Errno>) -> Self {
        let value = outcome.map_or_else(|errno| i64::from(errno.negative()), u64::cast_signed);
        let mut bytes = vec![LSEEK_REPLY, 0, 0, 0];
        bytes.extend_from_slice(&value.to_le_bytes());
        Self::plain(bytes)
    }

    /// Answers DREAD with an entry, or with none at the end of the folder.
    ///
    /// # Panics
    ///
    /// When the name has more than [`MAX_NAME`] bytes.
    #[must_use]
    pub fn dread(outcome: Result<Option<(&[u8], Stat)>, Errno>) -> Self {
        let (result, name, stat) = match outcome {
            Ok(Some((name, stat))) => (1, name, stat),
            Ok(None) => (0, &[][..], Stat::default()),
            Err(errno) => (errno.negative(), &[][..], Stat::default()),
        };
        assert!(name.len() <= MAX_NAME, "a name of {} bytes", name.len());
        let mut bytes = Self::number(DREAD_REPLY, result);
        let name_len = u16::try_from(name.len()).unwrap_or(0);
        bytes[2..4].copy_from_slice(&name_len.to_le_bytes());
        stat.write(&mut bytes);
        bytes.extend_from_slice(name);
        bytes.push(0);
        Self::plain(bytes)
    }

    /// Answers GETSTAT.
    #[must_use]
    pub fn getstat(outcome: Result<Stat, Errno>) -> Self {
        let (result, stat) = match outcome {
            Ok(stat) => (0, stat),
            Err(errno) => (errno.negative(), Stat::default()),
        };
        let mut bytes = Self::number(GETSTAT_REPLY, result);
        stat.write(&mut bytes);
        Self::plain(bytes)
    }

    /// Answers MKDIR, REMOVE and RMDIR.
    #[must_use]
    pub fn result(outcome: Result<(), Errno>) -> Self {
        Self::plain(Self::number(RESULT_REPLY, zero_or(outcome)))
    }

    /// Answers a request of this kind with an error.
    #[must_use]
    pub fn error(kind: Kind, errno: Errno) -> Self {
        match kind {
            Kind::Open => Self::open(Err(errno)),
            Kind::Close => Self::close(Err(errno)),
            Kind::Read | Kind::Bread => Self::data(0, |_| Err(errno)),
            Kind::Write | Kind::WriteData | Kind::Bwrite => Self::write_done(Err(errno)),
            Kind::Lseek => Self::lseek(Err(errno)),
            Kind::Dread => Self::dread(Err(errno)),
            Kind::Getstat => Self::getstat(Err(errno)),
            Kind::Mkdir | Kind::Remove | Kind::Rmdir => Self::result(Err(errno)),
        }
    }

    /// Answers a payload that is not a request.
    #[must_use]
    pub fn malformed(error: MessageError) -> Self {
        match error {
            MessageError::Code { .. } => Self::result(Err(Errno::INVALID)),
            MessageError::TooShort { kind, .. } => Self::error(kind, Errno::INVALID),
            MessageError::Field { kind, errno } => Self::error(kind, errno),
        }
    }
}

fn zero_or(outcome: Result<(), Errno>) -> i32 {
    outcome.map_or_else(Errno::negative, |()| 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: Stat = Stat {
        is_folder: false,
        size: 0x1_2345_6789,
        created: Date([0, 1, 2, 3, 4, 5, 6, 7]),
        accessed: Date([8; 8]),
        modified: Date([9; 8]),
    };

    #[test]
    fn open_reply_has_36_bytes() {
        let reply = Reply::open(Ok((Handle(7), STAT)));
        assert!(!reply.has_header);
        assert_eq!(reply.bytes.len(), 36);
        assert_eq!(reply.bytes[..12], [0x11, 0, 0, 0, 7, 0, 0, 0, 0, 0x20, 0, 0]);
        assert_eq!(reply.bytes[12..20], STAT.size.to_le_bytes());
        assert_eq!(reply.bytes[20..], [0, 1, 2, 3, 4, 5, 6, 7, 9, 9, 9, 9, 9, 9, 9, 9]);
        assert_eq!(Reply::open(Err(Errno::NOT_FOUND)).bytes[4..8], (-2_i32).to_le_bytes());
    }

    #[test]
    fn getstat_and_dread_replies_have_48_bytes_and_a_name() {
        let stat = Reply::getstat(Ok(STAT)).bytes;
        assert_eq!(stat.len(), 48);
        assert_eq!(stat[..12], [0x1F, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0]);
        assert_eq!(stat[16..24], STAT.size.to_le_bytes());
        let folder = Stat { is_folder: true, ..STAT };
        let entry = Reply::dread(Ok(Some((b"DVD", folder)))).bytes;
        assert_eq!(entry[..12], [0x1D, 0, 3, 0, 1, 0, 0, 0, 0, 0x10, 0, 0]);
        assert_eq!(entry[48..], *b"DVD\0");
        assert_eq!(Reply::dread(Ok(None)).bytes[..8], [0x1D, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn result_of_a_read_is_the_header_and_data_follows() {
        let reply = Reply::data(4, |bytes| {
            bytes.copy_from_slice(b"data");
            Ok(3)
        });
        assert!(reply.has_header);
        assert_eq!(reply.bytes, *b"\x26\0\0\0\x03\0\0\0dat");
        let error = Reply::error(Kind::Bread, Errno::IO);
        assert_eq!((error.has_header, &error.bytes[..]), (true, &b"\x26\0\0\0\xFB\xFF\xFF\xFF"[..]));
    }

    #[test]
    fn result_of_mkdir_is_data_without_header() {
        let reply = Reply::error(Kind::Mkdir, Errno::READ_ONLY);
        assert_eq!((reply.has_header, &reply.bytes[..]), (false, &b"\x26\0\0\0\xE2\xFF\xFF\xFF"[..]));
    }

    #[test]
    fn lseek_reply_tells_errors_from_large_positions() {
        assert_eq!(Reply::lseek(Ok(0xFFFF_FFFF)).bytes[4..], [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]);
        let error = Reply::lseek(Err(Errno::INVALID)).bytes;
        assert_eq!(error[4..], [0xEA, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
    }

    #[test]
    fn close_reply_and_write_done_have_eight_bytes() {
        assert_eq!(Reply::close(Ok(())).bytes, [0x13, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(Reply::write_done(Ok(0x201)).bytes, [0x18, 0, 0, 0, 1, 2, 0, 0]);
    }

    #[test]
    fn every_kind_has_an_error_that_is_negative() {
        for kind in Kind::ALL {
            let reply = Reply::error(kind, Errno::IO).bytes;
            assert_eq!(reply[4..8], (-5_i32).to_le_bytes(), "{kind:?}");
        }
    }
}
