//! Writes, which arrive in pieces and are answered once.

use crate::errno::Errno;
use crate::message::{Handle, Piece, Reply};
use crate::service::{Files, Service};

/// A write whose last piece has not arrived yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Write {
    handle: Handle,
    /// Where the next piece goes, or why the write has failed.
    at: Result<u64, Errno>,
    /// Whether the write moves the file's position.
    moves: bool,
    /// Announced bytes that have not arrived yet.
    left: u32,
    written: u32,
    next_piece: u16,
}

impl Write {
    pub(super) fn new(handle: Handle, at: Result<u64, Errno>, len: u32) -> Self {
        Self { handle, at, moves: true, left: len, written: 0, next_piece: 0 }
    }

    pub(super) fn new_sectors(handle: Handle, at: Result<u64, Errno>, len: u32) -> Self {
        Self { moves: false, ..Self::new(handle, at, len) }
    }

    /// For a piece that does not belong to a write.
    pub(super) fn nowhere() -> Self {
        Self::new(Handle::DEVICE, Err(Errno::INVALID), 0)
    }
}

impl<F: Files> Service<F> {
    /// Takes a piece. The console sends all of them regardless, so an error is reported after the last one.
    pub(super) fn take_piece(&mut self, files: &F, mut write: Write, piece: Piece<'_>) -> Option<Reply> {
        if let Ok(at) = write.at {
            write.at = self.write_piece(files, &mut write, at, piece);
        }
        if !piece.is_last() {
            self.write = Some(write);
            return None;
        }
        self.write = None;
        let is_short = write.left > 0;
        let outcome = write.at.and(if is_short { Err(Errno::INVALID) } else { Ok(write.written) });
        Some(Reply::write_done(outcome))
    }

    fn write_piece(&mut self, files: &F, write: &mut Write, at: u64, piece: Piece<'_>) -> Result<u64, Errno> {
        let len = u32::try_from(piece.bytes.len()).unwrap_or(u32::MAX);
        if piece.number != write.next_piece || len > write.left {
            return Err(Errno::INVALID);
        }
        let entry = self.handles.file(files, write.handle)?;
        if !entry.flags.writes() {
            return Err(Errno::BAD_HANDLE);
        }
        if !piece.bytes.is_empty() {
            files.write_at(&mut entry.file, at, piece.bytes)?;
        }
        let end = at.checked_add(u64::from(len)).ok_or(Errno::INVALID)?;
        if write.moves {
            entry.position = end;
        }
        write.left -= len;
        write.written += len;
        write.next_piece = write.next_piece.wrapping_add(1);
        Ok(end)
    }
}
