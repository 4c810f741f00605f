//! Operations that `--writable` allows. All changes to the file system are in this file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use udpfs::message::{OpenFlags, Stat};
use udpfs::{Errno, RemotePath};

use super::{OpenFile, SharedFolder, stat};
use crate::run::serve::names::Place;
use crate::run::serve::root::Change;

/// A file that a console may write to.
#[derive(Debug)]
pub(crate) struct WritableFile(File);

impl WritableFile {
    pub(super) fn len(&self) -> Result<u64, Errno> {
        self.0.metadata().map(|metadata| metadata.len()).map_err(|_| Errno::IO)
    }

    pub(super) fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        self.0.seek(SeekFrom::Start(offset)).map_err(errno)?;
        let mut got = 0;
        while got < buf.len() {
            match self.0.read(&mut buf[got..]) {
                Ok(0) => break,
                Ok(more) => got += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(errno(error)),
            }
        }
        Ok(got)
    }

    pub(super) fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
        self.0.seek(SeekFrom::Start(offset)).map_err(errno)?;
        self.0.write_all(bytes).map_err(errno)
    }
}

impl SharedFolder {
    fn check_writable(&self) -> Result<(), Errno> {
        if self.options.writable { Ok(()) } else { Err(Errno::READ_ONLY) }
    }

    pub(super) fn open_to_write(&self, place: &Place, flags: OpenFlags) -> Result<(OpenFile, Stat), Errno> {
        self.check_writable()?;
        let path = match place {
            // A file that is listed decoded is read-only.
            Place::Decoded(_) => return Err(Errno::READ_ONLY),
            Place::There(path) => {
                let known = stat(&self.metadata(path).map_err(errno)?)?;
                if known.is_folder {
                    return Err(Errno::IS_A_FOLDER);
                }
                path
            }
            Place::Nothing(path) if flags.creates() => path,
            Place::Nothing(_) => return Err(Errno::NOT_FOUND),
        };
        // If the name was taken meanwhile, perhaps by a link, it is not followed.
        let is_new = matches!(place, Place::Nothing(_));
        let file = self.root().file_to_write(path, is_new, flags.truncates()).map_err(errno)?;
        let stat = stat(&file.metadata().map_err(errno)?)?;
        Ok((OpenFile::Writable(WritableFile(file)), stat))
    }

    pub(super) fn make_folder_at(&self, path: &RemotePath) -> Result<(), Errno> {
        self.check_writable()?;
        match self.find(path)? {
            Place::Nothing(path) => self.root().change(&path, Change::MakeFolder).map_err(errno),
            _ => Err(Errno::EXISTS),
        }
    }

    pub(super) fn remove(&self, path: &RemotePath, change: Change) -> Result<(), Errno> {
        self.check_writable()?;
        match self.find(path)? {
            // A link goes itself, and what it leads to stays.
            Place::There(_) => {
                let entry = self.names.own_entry(path)?.ok_or(Errno::ACCESS)?;
                self.root().change(&entry, change).map_err(errno)
            }
            Place::Decoded(_) => Err(Errno::READ_ONLY),
            Place::Nothing(_) => Err(Errno::NOT_FOUND),
        }
    }
}

fn errno(error: io::Error) -> Errno {
    match error.kind() {
        io::ErrorKind::NotFound => Errno::NOT_FOUND,
        io::ErrorKind::PermissionDenied => Errno::ACCESS,
        io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty => Errno::EXISTS,
        io::ErrorKind::ReadOnlyFilesystem => Errno::READ_ONLY,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Errno::NO_SPACE
        }
        io::ErrorKind::IsADirectory => Errno::IS_A_FOLDER,
        io::ErrorKind::NotADirectory => Errno::NOT_A_FOLDER,
        _ => Errno::IO,
    }
}
