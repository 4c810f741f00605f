//! Executes requests: handles, positions, and the replies to the console.

mod handles;
mod writes;

use std::fmt;

use crate::errno::Errno;
use crate::message::{Handle, MessageError, OpenFlags, Reply, Request, SECTOR, Stat, StatTarget, Whence};
use crate::path::RemotePath;
use handles::{Entry, Handles};
use writes::Write;

pub use handles::MAX_HANDLES;

/// The files of a server. Methods may block on a disk.
pub trait Files {
    /// An open file.
    type File;
    /// An open folder.
    type Folder;

    /// Opens a file.
    ///
    /// # Errors
    ///
    /// When it does not exist, or may not be opened with these flags.
    fn open(&self, path: &RemotePath, flags: OpenFlags) -> Result<(Self::File, Stat), Errno>;

    /// Opens a folder.
    ///
    /// # Errors
    ///
    /// When it does not exist.
    fn open_folder(&self, path: &RemotePath) -> Result<(Self::Folder, Stat), Errno>;

    /// Returns the next entry of a folder, with a name of at most [`crate::message::MAX_NAME`] bytes, and
    /// `None` at the end.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    fn next_entry(&self, folder: &mut Self::Folder) -> Result<Option<(Vec<u8>, Stat)>, Errno>;

    /// Returns size and dates of a file or folder.
    ///
    /// # Errors
    ///
    /// When it does not exist.
    fn stat(&self, path: &RemotePath) -> Result<Stat, Errno>;

    /// Opens the block device.
    ///
    /// # Errors
    ///
    /// [`Errno::NO_DEVICE`] when there is none.
    fn open_device(&self) -> Result<(Self::File, Stat), Errno>;

    /// Returns how many bytes a file has now.
    ///
    /// # Errors
    ///
    /// When the file is gone.
    fn size(&self, file: &Self::File) -> Result<u64, Errno>;

    /// Reads at `offset` until `buf` is full or the file ends. Returns the number of bytes read.
    ///
    /// # Errors
    ///
    /// When any of the bytes cannot be read.
    fn read_at(&self, file: &mut Self::File, offset: u64, buf: &mut [u8]) -> Result<usize, Errno>;

    /// Writes all bytes at `offset`.
    ///
    /// # Errors
    ///
    /// [`Errno::READ_ONLY`] where nothing may be written.
    fn write_at(&self, file: &mut Self::File, offset: u64, bytes: &[u8]) -> Result<(), Errno>;

    /// Makes a folder.
    ///
    /// # Errors
    ///
    /// [`Errno::READ_ONLY`] where nothing may be written.
    fn make_folder(&self, path: &RemotePath) -> Result<(), Errno>;

    /// Deletes a file.
    ///
    /// # Errors
    ///
    /// [`Errno::READ_ONLY`] where nothing may be written.
    fn remove_file(&self, path: &RemotePath) -> Result<(), Errno>;

    /// Deletes a folder that is empty.
    ///
    /// # Errors
    ///
    /// [`Errno::READ_ONLY`] where nothing may be written.
    fn remove_folder(&self, path: &RemotePath) -> Result<(), Errno>;

    /// Prepares `len` bytes at `offset`, which the console may want next. Called while a reply is in
    /// flight.
    fn read_ahead(&self, file: &mut Self::File, offset: u64, len: usize) {
        let _ = (file, offset, len);
    }
}

/// An open file or folder.
#[derive(Debug)]
pub enum Opened<F, D> {
    /// A file.
    File(F),
    /// A folder.
    Folder(D),
}

/// The open files of one console. They outlive the console's sessions: a game keeps using the handle that
/// its loader opened.
pub struct Service<F: Files> {
    handles: Handles<F>,
    write: Option<Write>,
    last_read: Option<LastRead>,
}

/// Where the last read ended, for [`Files::read_ahead`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LastRead {
    handle: Handle,
    end: u64,
    len: usize,
}

impl<F: Files> Default for Service<F> {
    fn default() -> Self {
        Self { handles: Handles::default(), write: None, last_read: None }
    }
}

impl<F: Files> fmt::Debug for Service<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("open", &self.handles.len()).finish_non_exhaustive()
    }
}

impl<F: Files> Service<F> {
    /// Returns how many handles are open.
    #[must_use]
    pub fn open_handles(&self) -> usize {
        self.handles.len()
    }

    /// Executes a request. Only the last piece of a write gets a reply.
    pub fn execute(&mut self, files: &F, payload: &[u8]) -> Option<Reply> {
        let request = match Request::parse(payload) {
            Ok(request) => request,
            Err(error) => return self.refuse(error),
        };
        Some(match request {
            Request::Open { is_folder, flags, path } => {
                let opened = if is_folder {
                    files.open_folder(&path).map(|(folder, stat)| (Opened::Folder(folder), stat))
                } else {
                    files.open(&path, flags).map(|(file, stat)| (Opened::File(file), stat))
                };
                Reply::open(opened.map(|(opened, stat)| (self.handles.insert(opened, flags), stat)))
            }
            Request::Close { handle: Handle::DEVICE } => Reply::close(Ok(())),
            Request::Close { handle } => Reply::close(self.handles.remove(handle)),
            Request::Read { handle, len } => self.read(files, handle, len),
            Request::Lseek { handle, whence, offset } => {
                Reply::lseek(self.seek(files, handle, whence, offset))
            }
            Request::Dread { handle } => {
                let entry = self.handles.folder(handle).and_then(|folder| files.next_entry(folder));
                match &entry {
                    Ok(entry) => Reply::dread(Ok(entry.as_ref().map(|(name, stat)| (&name[..], *stat)))),
                    Err(errno) => Reply::dread(Err(*errno)),
                }
            }
            Request::Getstat { target: StatTarget::Device } => {
                let device = self.handles.device(files);
                let size = device.and_then(|entry| files.size(&entry.file));
                Reply::getstat(size.map(|size| Stat { size, ..Stat::default() }))
            }
            Request::Getstat { target: StatTarget::Path(path) } => Reply::getstat(files.stat(&path)),
            Request::Mkdir { path } => Reply::result(files.make_folder(&path)),
            Request::Remove { path } => Reply::result(files.remove_file(&path)),
            Request::Rmdir { path } => Reply::result(files.remove_folder(&path)),
            Request::Bread { handle, sector, sectors } => self.read_sectors(files, handle, sector, sectors),
            Request::Write { handle, len, piece } => {
                let begun = self.begin_write(files, handle);
                return self.take_piece(files, Write::new(handle, begun, len), piece);
            }
            Request::Bwrite { handle, sector, sectors, piece } => {
                let begun = sector.checked_mul(SECTOR).ok_or(Errno::INVALID);
                let len = u32::from(sectors) * 512;
                return self.take_piece(files, Write::new_sectors(handle, begun, len), piece);
            }
            Request::WriteData { piece } => {
                let write = self.write.take().unwrap_or_else(Write::nowhere);
                return self.take_piece(files, write, piece);
            }
        })
    }

    /// Makes use of the time while a reply is in flight: if the console is reading sequentially, prepares
    /// the next bytes.
    pub fn read_ahead(&mut self, files: &F) {
        let Some(last) = self.last_read.take() else { return };
        if let Ok(entry) = self.handles.file(files, last.handle)
            && std::mem::replace(&mut entry.expected, last.end) == last.end - last.len as u64
        {
            files.read_ahead(&mut entry.file, last.end, last.len);
        }
    }

    /// Answers an invalid request. The pieces of a write get one answer, to the last piece, even if one of
    /// them is invalid.
    fn refuse(&mut self, error: MessageError) -> Option<Reply> {
        self.write = None;
        Some(Reply::malformed(error))
    }

    fn read(&mut self, files: &F, handle: Handle, len: u32) -> Reply {
        let entry = match self.handles.file(files, handle) {
            Ok(entry) => entry,
            Err(errno) => return Reply::data(0, |_| Err(errno)),
        };
        let offset = entry.position;
        let reply = Reply::data(len as usize, |buf| {
            let got = files.read_at(&mut entry.file, offset, buf)?;
            entry.position += got as u64;
            Ok(got)
        });
        self.note_read(handle, offset, reply.bytes.len() - Reply::HEADER);
        reply
    }

    /// Reads all of the sectors or none. The console takes a short answer for a full one and would use
    /// stale memory for the rest, so everything past the end of the file is zeros.
    fn read_sectors(&mut self, files: &F, handle: Handle, sector: u64, sectors: u16) -> Reply {
        let len = usize::from(sectors) * 512;
        let offset = sector.checked_mul(SECTOR).filter(|offset| offset.checked_add(len as u64).is_some());
        let reply = Reply::data(len, |buf| {
            let entry = self.handles.file(files, handle)?;
            let offset = offset.ok_or(Errno::INVALID)?;
            let got = files.read_at(&mut entry.file, offset, buf)?;
            buf[got..].fill(0);
            Ok(len)
        });
        if reply.bytes.len() > Reply::HEADER {
            self.note_read(handle, sector * SECTOR, len);
        }
        reply
    }

    fn note_read(&mut self, handle: Handle, offset: u64, len: usize) {
        self.last_read = Some(LastRead { handle, end: offset + len as u64, len });
    }

    fn seek(&mut self, files: &F, handle: Handle, whence: Whence, offset: i64) -> Result<u64, Errno> {
        let entry = self.handles.file(files, handle)?;
        let from = match whence {
            Whence::Start => 0,
            Whence::Current => entry.position,
            Whence::End => files.size(&entry.file)?,
        };
        let position = from.checked_add_signed(offset).filter(|&position| i64::try_from(position).is_ok());
        entry.position = position.ok_or(Errno::INVALID)?;
        Ok(entry.position)
    }

    /// Returns where a write at a file's position goes.
    fn begin_write(&mut self, files: &F, handle: Handle) -> Result<u64, Errno> {
        let entry = self.handles.file(files, handle)?;
        if !entry.flags.writes() {
            return Err(Errno::BAD_HANDLE);
        }
        if entry.flags.appends() {
            entry.position = files.size(&entry.file)?;
        }
        Ok(entry.position)
    }
}

impl<F: Files> Entry<F> {
    fn new(file: F::File, flags: OpenFlags) -> Self {
        Self { file, flags, position: 0, expected: 0 }
    }
}

#[cfg(test)]
mod tests;
