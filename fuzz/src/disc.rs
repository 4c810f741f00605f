//! A folder that exists only in memory, for the fuzz target of UDPFS.

use udpfs::message::{MAX_NAME, OpenFlags};
use udpfs::{Errno, Files, RemotePath, Stat};

/// Bytes of each file: reads at its end are short.
const SIZE: u64 = 100_001;

/// Has a file under every path but the longest, and folders of three entries. Writes succeed, and change
/// nothing.
pub struct Disc;

impl Files for Disc {
    type File = ();
    type Folder = usize;

    fn open(&self, path: &RemotePath, _: OpenFlags) -> Result<((), Stat), Errno> {
        if path.names().len() > 3 { Err(Errno::NOT_FOUND) } else { Ok(((), stat())) }
    }

    fn open_folder(&self, _: &RemotePath) -> Result<(usize, Stat), Errno> {
        Ok((0, Stat { is_folder: true, ..Stat::default() }))
    }

    fn next_entry(&self, folder: &mut usize) -> Result<Option<(Vec<u8>, Stat)>, Errno> {
        *folder += 1;
        match *folder {
            1 => Ok(Some((b"a".to_vec(), stat()))),
            2 => Ok(Some((vec![b'b'; MAX_NAME], stat()))),
            3 => Err(Errno::IO),
            _ => Ok(None),
        }
    }

    fn stat(&self, path: &RemotePath) -> Result<Stat, Errno> {
        self.open(path, OpenFlags::READ).map(|(_, stat)| stat)
    }

    fn open_device(&self) -> Result<((), Stat), Errno> {
        Ok(((), stat()))
    }

    fn size(&self, _: &()) -> Result<u64, Errno> {
        Ok(SIZE)
    }

    fn read_at(&self, _: &mut (), offset: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let rest = usize::try_from(SIZE.saturating_sub(offset)).unwrap_or(usize::MAX);
        let got = rest.min(buf.len());
        buf[..got].fill(0xA5);
        Ok(got)
    }

    fn write_at(&self, _: &mut (), _: u64, _: &[u8]) -> Result<(), Errno> {
        Ok(())
    }

    fn make_folder(&self, _: &RemotePath) -> Result<(), Errno> {
        Err(Errno::READ_ONLY)
    }

    fn remove_file(&self, _: &RemotePath) -> Result<(), Errno> {
        Ok(())
    }

    fn remove_folder(&self, _: &RemotePath) -> Result<(), Errno> {
        Err(Errno::EXISTS)
    }
}

fn stat() -> Stat {
    Stat { size: SIZE, ..Stat::default() }
}
