//! Files whose content is computed, so any byte can be checked.

use std::cell::RefCell;

use udpfs::errno::Errno;
use udpfs::message::{OpenFlags, Stat};
use udpfs::path::RemotePath;
use udpfs::service::Files;

/// Names and sizes of the files. One has an odd size, one is larger than 4 GiB, one is empty.
pub const FILES: [(&str, u64); 4] =
    [("GAME.iso", 300_037), ("HUGE.iso", 5 << 30), ("SYSTEM.CNF", 61), ("empty", 0)];
/// Bytes of the block device.
pub const DEVICE: u64 = 1 << 20;

/// Index of the file in [`FILES`]. The next index is the block device, and the one after that the saved
/// file.
pub type FileNumber = usize;

/// Returns a byte of a file.
#[must_use]
pub fn byte(file: FileNumber, offset: u64) -> u8 {
    let mixed = (offset ^ (file as u64) << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32).to_le_bytes()[0]
}

/// Files in one folder, and the last saved file.
#[derive(Debug, Default)]
pub struct Disc {
    /// The content of the file `saved`.
    pub saved: RefCell<Vec<u8>>,
}

const SAVED: FileNumber = FILES.len() + 1;

fn size(file: FileNumber) -> u64 {
    FILES.get(file).map_or(DEVICE, |(_, size)| *size)
}

impl Files for Disc {
    type File = FileNumber;
    type Folder = usize;

    fn open(&self, path: &RemotePath, flags: OpenFlags) -> Result<(FileNumber, Stat), Errno> {
        let name = path.to_string();
        if name == "saved" && flags.writes() {
            self.saved.borrow_mut().clear();
            return Ok((SAVED, Stat::default()));
        }
        let file = FILES.iter().position(|(known, _)| *known == name).ok_or(Errno::NOT_FOUND)?;
        Ok((file, Stat { size: size(file), ..Stat::default() }))
    }

    fn open_folder(&self, _: &RemotePath) -> Result<(usize, Stat), Errno> {
        Ok((0, Stat { is_folder: true, ..Stat::default() }))
    }

    fn next_entry(&self, folder: &mut usize) -> Result<Option<(Vec<u8>, Stat)>, Errno> {
        let entry = FILES.get(*folder);
        *folder += 1;
        Ok(entry.map(|&(name, size)| (name.into(), Stat { size, ..Stat::default() })))
    }

    fn stat(&self, path: &RemotePath) -> Result<Stat, Errno> {
        self.open(path, OpenFlags::READ).map(|(_, stat)| stat)
    }

    fn open_device(&self) -> Result<(FileNumber, Stat), Errno> {
        Ok((FILES.len(), Stat::default()))
    }

    fn size(&self, file: &FileNumber) -> Result<u64, Errno> {
        Ok(size(*file))
    }

    fn read_at(&self, file: &mut FileNumber, offset: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let left = usize::try_from(size(*file).saturating_sub(offset)).unwrap_or(usize::MAX);
        let got = left.min(buf.len());
        for (at, slot) in (offset..).zip(&mut buf[..got]) {
            *slot = byte(*file, at);
        }
        Ok(got)
    }

    fn write_at(&self, file: &mut FileNumber, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
        if *file != SAVED {
            return Err(Errno::READ_ONLY);
        }
        let mut saved = self.saved.borrow_mut();
        let at = usize::try_from(offset).map_err(|_| Errno::INVALID)?;
        let len = saved.len().max(at + bytes.len());
        saved.resize(len, 0);
        saved[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn make_folder(&self, _: &RemotePath) -> Result<(), Errno> {
        Err(Errno::READ_ONLY)
    }

    fn remove_file(&self, _: &RemotePath) -> Result<(), Errno> {
        Err(Errno::READ_ONLY)
    }

    fn remove_folder(&self, _: &RemotePath) -> Result<(), Errno> {
        Err(Errno::READ_ONLY)
    }
}
