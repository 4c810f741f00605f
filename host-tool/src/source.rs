//! Detects changes of a file while it is being read.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Granularity of a file system's clock: a change within this time may leave the times as they were.
const TICK: Duration = Duration::from_millis(20);
/// The same on FAT, which stores times in units of two seconds.
const COARSE_TICK: Duration = Duration::from_secs(2);
/// How many times a file that is currently being written is checked before giving up.
const LOOKS: u32 = 5;

/// A stamp that distinguishes one state of a file from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
    /// From the file system: device, inode, and when the inode last changed.
    #[cfg(unix)]
    inode: (u64, u64, i64, i64),
    #[cfg(not(unix))]
    created: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            len: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: {
                use std::os::unix::fs::MetadataExt;
                (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
            },
            #[cfg(not(unix))]
            created: metadata.created().ok(),
        }
    }

    /// Takes the stamp of the file with this very name in its current state, without following links.
    pub(crate) fn named(path: &Path) -> io::Result<Self> {
        std::fs::symlink_metadata(path).map(|metadata| Self::of(&metadata))
    }

    /// Takes the stamp of an open file. If it was written to just now, waits until any further change must
    /// show in its times.
    pub(crate) fn settled(file: &File) -> io::Result<Self> {
        let mut stamp = Self::of(&file.metadata()?);
        for _ in 0..LOOKS {
            let Some(wait) = stamp.unsettled_for() else { break };
            std::thread::sleep(wait);
            stamp = Self::of(&file.metadata()?);
        }
        Ok(stamp)
    }

    /// How long a further change may leave the times unchanged.
    fn unsettled_for(&self) -> Option<Duration> {
        // A wrong clock can put the time in the future, which does not tell anything.
        let age = SystemTime::now().duration_since(self.changed()?).ok()?;
        let tick = if self.is_coarse() { COARSE_TICK } else { TICK };
        tick.checked_sub(age).filter(|left| !left.is_zero())
    }

    /// When the file last changed, as far as the system reports it.
    fn changed(&self) -> Option<SystemTime> {
        #[cfg(unix)]
        let inode = {
            let (_, _, seconds, nanoseconds) = self.inode;
            let since = u64::try_from(seconds).ok().map(Duration::from_secs);
            since.map(|since| {
                SystemTime::UNIX_EPOCH + since + Duration::from_nanos(nanoseconds.unsigned_abs())
            })
        };
        #[cfg(not(unix))]
        let inode = None;
        self.modified.max(inode)
    }

    fn is_coarse(&self) -> bool {
        let whole = self.changed().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        whole.is_some_and(|since| since.subsec_nanos() == 0)
    }

    /// Whether `file` and the file at `path` both still match the stamp.
    pub(crate) fn fits(&self, path: &Path, file: &File) -> bool {
        let fits = |metadata: io::Result<Metadata>| metadata.is_ok_and(|now| *self == Self::of(&now));
        fits(file.metadata()) && fits(std::fs::metadata(path)) && leads_to(path, file)
    }
}

/// Device and inode are in the stamp.
#[cfg(unix)]
fn leads_to(_path: &Path, _file: &File) -> bool {
    true
}

#[cfg(not(unix))]
fn leads_to(path: &Path, file: &File) -> bool {
    use crate::identity::FileId;
    matches!((FileId::at(path), FileId::open(file)), (Ok(named), Ok(open)) if named == open)
}

/// Makes the system write other programs' changes of the file to the disk. Until a page that a program has
/// mapped and changed is written back, further changes may not show in the file's times. Only data that is
/// on the disk can be dropped from memory by [`forget_cached`].
pub(crate) fn write_back(file: &File) {
    // Windows requires write access for this. If it fails, nothing is worse than before.
    #[cfg(unix)]
    let _ = file.sync_data();
    #[cfg(not(unix))]
    let _ = file;
}

/// Drops the system's cache of a file, so that it is read from the disk. The file must be synchronised
/// first. If the system cannot do this, reads keep coming from the cache.
pub(crate) fn forget_cached(path: &Path, file: &File) {
    #[cfg(target_os = "linux")]
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
    // Data read from now on does not stay in the cache, and is read again the next time.
    #[cfg(target_os = "macos")]
    let _ = rustix::fs::fcntl_nocache(file, true);
    // NTFS drops its cache of a file when the file is opened without buffering.
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt;
        const FILE_FLAG_NO_BUFFERING: u32 = 0x2000_0000;
        let _ = std::fs::OpenOptions::new().read(true).custom_flags(FILE_FLAG_NO_BUFFERING).open(path);
    }
    // Each system needs one of the two.
    let _ = (path, file);
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;

    const LEN: usize = 4096;

    /// Whether the stamp of a file detects `change`.
    fn notices(change: impl FnOnce(&Path)) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.iso");
        fs::write(&path, [1; LEN]).unwrap();
        let file = File::open(&path).unwrap();
        let stamp = Stamp::settled(&file).unwrap();
        assert!(stamp.fits(&path, &file));
        change(&path);
        !stamp.fits(&path, &file)
    }

    fn set_modified(path: &Path, time: SystemTime) {
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn stamp_is_taken_when_the_next_change_must_show() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.iso");
        fs::write(&path, [1; LEN]).unwrap();
        let file = File::open(&path).unwrap();
        assert!(Stamp::settled(&file).unwrap().unsettled_for().is_none());
    }

    #[test]
    fn bytes_that_change_at_once_are_noticed() {
        assert!(!notices(|_| {}));
        assert!(notices(|path| fs::write(path, [2; LEN]).unwrap()));
    }

    #[test]
    fn length_alone_is_noticed() {
        // The time is reset, so that it does not reveal the change.
        for len in [LEN as u64 - 1, LEN as u64 + 1] {
            let mut stamps = Vec::new();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.iso");
            fs::write(&path, [1; LEN]).unwrap();
            let file = File::options().write(true).read(true).open(&path).unwrap();
            let time = file.metadata().unwrap().modified().unwrap();
            for _ in 0..2 {
                let mut stamp = Stamp::of(&file.metadata().unwrap());
                stamp.inode = (0, 0, 0, 0);
                stamps.push(stamp);
                file.set_len(len).unwrap();
                file.set_modified(time).unwrap();
            }
            assert_ne!(stamps[0], stamps[1]);
        }
    }

    #[test]
    fn time_alone_is_noticed() {
        let (mut before, mut after) = (None, None);
        notices(|path| {
            let stamp = || Stamp { inode: (0, 0, 0, 0), ..Stamp::of(&fs::metadata(path).unwrap()) };
            before = Some(stamp());
            set_modified(path, SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 1));
            after = Some(stamp());
        });
        assert_ne!(before, after);
    }

    #[test]
    fn change_with_the_old_time_put_back_is_noticed() {
        assert!(notices(|path| {
            let time = fs::metadata(path).unwrap().modified().unwrap();
            fs::write(path, [2; LEN]).unwrap();
            set_modified(path, time);
        }));
    }

    #[test]
    fn other_file_of_the_same_size_and_time_is_noticed() {
        assert!(notices(|path| {
            let time = fs::metadata(path).unwrap().modified().unwrap();
            let other = path.with_extension("other");
            fs::write(&other, [2; LEN]).unwrap();
            set_modified(&other, time);
            fs::rename(&other, path).unwrap();
        }));
    }

    #[test]
    fn file_that_is_gone_is_noticed() {
        assert!(notices(|path| fs::remove_file(path).unwrap()));
    }
}
