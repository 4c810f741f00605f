//! Requests as the console builds them, and the fields it reads from replies.

use crate::client::{Call, DATA_PATIENCE, REPLY_PATIENCE};
use crate::disc::byte;

/// Builds a request.
#[must_use]
pub fn message(start: [u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = start.to_vec();
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// A request whose reply does not have an app header.
#[must_use]
pub fn plain(request: Vec<u8>, buffer: usize) -> Call {
    Call { packets: vec![(vec![], request)], buffer, wants_header: false, patience: REPLY_PATIENCE }
}

/// A request whose reply is an app header and data.
#[must_use]
pub fn data(request: Vec<u8>, buffer: usize) -> Call {
    Call { packets: vec![(vec![], request)], buffer, wants_header: true, patience: DATA_PATIENCE }
}

/// OPEN.
#[must_use]
pub fn open(name: &str, is_folder: u8, flags: u16) -> Call {
    let [low, high] = flags.to_le_bytes();
    plain(message([0x10, is_folder, low, high], &[&[0; 4], name.as_bytes(), &[0]]), 36)
}

/// BREAD.
#[must_use]
pub fn bread(handle: i32, sector: u64, sectors: u16) -> Call {
    let [low, high] = sectors.to_le_bytes();
    let request = message([0x28, 0, low, high], &[&handle.to_le_bytes(), &sector.to_le_bytes()]);
    data(request, usize::from(sectors) * 512)
}

fn with_handle(code: u8, handle: i32, buffer: usize) -> Call {
    plain(message([code, 0, 0, 0], &[&handle.to_le_bytes()]), buffer)
}

/// WRITE as the console splits it: the first packet has the request and the header of the first piece.
#[must_use]
pub fn write(handle: i32, len: u32) -> Call {
    let content: Vec<u8> = (0..u64::from(len)).map(|at| byte(99, at)).collect();
    let pieces: Vec<&[u8]> = if content.is_empty() { vec![&[]] } else { content.chunks(1392).collect() };
    let total = u16::try_from(if content.is_empty() { 0 } else { pieces.len() }).unwrap_or(0);
    let mut packets = Vec::new();
    for (number, piece) in (0_u16..).zip(pieces) {
        let piece_len = u16::try_from(piece.len()).unwrap_or(0);
        let fields = [number, piece_len, total].map(u16::to_le_bytes);
        let header = message([0x17, 0, fields[0][0], fields[0][1]], &[&fields[1], &fields[2]]);
        let request = message([0x16, 0, 0, 0], &[&handle.to_le_bytes(), &len.to_le_bytes()]);
        let app = if number == 0 { [request, header].concat() } else { header };
        packets.push((app, piece.to_vec()));
    }
    Call { packets, buffer: 8, wants_header: false, patience: REPLY_PATIENCE }
}

/// CLOSE.
#[must_use]
pub fn close(handle: i32) -> Call {
    with_handle(0x12, handle, 8)
}

/// DREAD.
#[must_use]
pub fn next_entry(handle: i32) -> Call {
    with_handle(0x1C, handle, 312)
}

/// GETSTAT.
#[must_use]
pub fn stat(path: &str) -> Call {
    plain(message([0x1E, 0, 0, 0], &[path.as_bytes(), &[0]]), 48)
}

/// READ.
#[must_use]
pub fn read(handle: i32, len: u32) -> Call {
    data(message([0x14, 0, 0, 0], &[&handle.to_le_bytes(), &len.to_le_bytes()]), len as usize)
}

/// LSEEK from the start.
#[must_use]
pub fn seek(handle: i32, to: u64) -> Call {
    plain(message([0x1A, 0, 0, 0], &[&handle.to_le_bytes(), &to.to_le_bytes()]), 12)
}

/// Returns the 32-bit number at an offset of a reply.
#[must_use]
pub fn number(reply: &[u8], at: usize) -> i32 {
    reply.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(i32::MIN, i32::from_le_bytes)
}

/// Returns the 64-bit number at an offset of a reply.
#[must_use]
pub fn size_at(reply: &[u8], at: usize) -> u64 {
    reply.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(u64::MAX, u64::from_le_bytes)
}
