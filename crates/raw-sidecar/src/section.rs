//! Sections: a tag, a length, the content, and a CRC-32 of all three.

use std::io::{Read, Write};

use crate::error::Error;

/// The first bytes of a sidecar. The line ends reveal transfers as text.
pub(crate) const MAGIC: [u8; 8] = *b"CisRaw\r\n";
/// The version of the format.
pub(crate) const VERSION: u16 = 1;

/// The description of the disc.
pub(crate) const DISC: [u8; 4] = *b"DISC";
/// A part of a file.
pub(crate) const PART: [u8; 4] = *b"PART";
/// The digests of all files, which end the sidecar.
pub(crate) const SUMS: [u8; 4] = *b"SUMS";

/// The largest content of a section.
pub(crate) const MAX_LEN: usize = 4 << 20;

pub(crate) fn write_start(out: &mut impl Write) -> Result<(), Error> {
    out.write_all(&MAGIC).map_err(Error::Io)?;
    out.write_all(&VERSION.to_le_bytes()).map_err(Error::Io)?;
    out.write_all(&[0, 0]).map_err(Error::Io)
}

pub(crate) fn read_start(file: &mut impl Read) -> Result<(), Error> {
    let mut start = [0; 12];
    match file.read_exact(&mut start).map_err(Error::reading) {
        Err(Error::Damaged(_)) => return Err(Error::NotASidecar),
        outcome => outcome?,
    }
    if start[..8] != MAGIC {
        return Err(Error::NotASidecar);
    }
    match u16::from_le_bytes([start[8], start[9]]) {
        VERSION if start[10..] == [0, 0] => Ok(()),
        VERSION => Err(Error::Damaged("a field has an unknown value")),
        version => Err(Error::Version(version)),
    }
}

pub(crate) fn write(out: &mut impl Write, tag: [u8; 4], content: &[u8]) -> Result<(), Error> {
    let len =
        u32::try_from(content.len()).ok().filter(|_| content.len() <= MAX_LEN).ok_or(Error::TooLarge)?;
    let mut crc = crc32fast::Hasher::new();
    for bytes in [&tag[..], &len.to_le_bytes(), content] {
        crc.update(bytes);
        out.write_all(bytes).map_err(Error::Io)?;
    }
    out.write_all(&crc.finalize().to_le_bytes()).map_err(Error::Io)
}

/// Reads the next section; its content replaces that of `content`.
pub(crate) fn read(file: &mut impl Read, content: &mut Vec<u8>) -> Result<[u8; 4], Error> {
    let mut head = [0; 8];
    file.read_exact(&mut head).map_err(Error::reading)?;
    let [a, b, c, d, len @ ..] = head;
    let len = u32::from_le_bytes(len);
    if len as usize > MAX_LEN {
        return Err(Error::Damaged("a section is too long"));
    }
    content.clear();
    // Memory grows with what is there, not with what is claimed.
    file.take(len.into()).read_to_end(content).map_err(Error::reading)?;
    if content.len() < len as usize {
        return Err(Error::Damaged("it is cut off"));
    }
    let mut expected = [0; 4];
    file.read_exact(&mut expected).map_err(Error::reading)?;
    let mut crc = crc32fast::Hasher::new();
    crc.update(&head);
    crc.update(content);
    if crc.finalize() != u32::from_le_bytes(expected) {
        return Err(Error::Damaged("a section has a wrong checksum"));
    }
    Ok([a, b, c, d])
}
