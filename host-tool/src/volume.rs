//! What the file system takes that a target is on: how much room there is, and how large a file may be.

use std::path::Path;

use crate::failure::Failure;
use crate::output::{folder_of, system_path};

/// The largest file of FAT12, FAT16 and FAT32.
const FAT_MAX: u64 = u32::MAX as u64;

/// Refuses a target that may have up to `needed` bytes and for which its file system has no room. What the
/// system does not tell is no reason to refuse.
///
/// # Errors
///
/// [`Failure::NoSpace`] or [`Failure::TooLargeForFat`].
pub fn check(target: &Path, needed: u64) -> Result<(), Failure> {
    let folder = system_path(&folder_of(target));
    // Which file system it is, is asked only where that matters.
    let is_fat = needed > FAT_MAX && is_fat(&folder);
    judge(target, needed, is_fat, fs4::available_space(&folder).ok())
}

fn judge(target: &Path, needed: u64, is_fat: bool, free: Option<u64>) -> Result<(), Failure> {
    match free {
        _ if is_fat && needed > FAT_MAX => Err(Failure::TooLargeForFat { target: target.to_owned(), needed }),
        Some(free) if free < needed => Err(Failure::NoSpace { target: target.to_owned(), needed, free }),
        _ => Ok(()),
    }
}

/// Returns whether a folder is on a disk that holds only names that Windows knows: FAT, exFAT or NTFS. Where the system
/// does not tell, it is not.
#[cfg(target_os = "linux")]
pub(crate) fn has_names_of_windows(folder: &Path) -> bool {
    // EXFAT_SUPER_MAGIC of <linux/magic.h>, and those of the old and the new driver for NTFS.
    const OTHERS: [i64; 3] = [0x2011_BAB0, 0x5346_544E, 0x7366_746E];
    kind(&system_path(folder)).is_some_and(|kind| kind == FAT || OTHERS.contains(&kind))
}

/// Windows itself takes no other names.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn has_names_of_windows(_folder: &Path) -> bool {
    cfg!(windows)
}

/// `MSDOS_SUPER_MAGIC` of <linux/magic.h>, for vfat too.
#[cfg(target_os = "linux")]
const FAT: i64 = 0x4D44;

#[cfg(target_os = "linux")]
fn is_fat(folder: &Path) -> bool {
    kind(folder) == Some(FAT)
}

/// The number of the file system that a folder is on.
#[cfg(target_os = "linux")]
fn kind(folder: &Path) -> Option<i64> {
    #[expect(clippy::useless_conversion, reason = "the field's type depends on the machine")]
    rustix::fs::statfs(folder).ok().map(|found| i64::from(found.f_type))
}

#[cfg(windows)]
fn is_fat(folder: &Path) -> bool {
    windows_host::file_system(folder).is_ok_and(|name| matches!(name.as_str(), "FAT" | "FAT32"))
}

/// Nobody tells here; a write that fails names the cause.
#[cfg(not(any(target_os = "linux", windows)))]
fn is_fat(_folder: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused() {
        let judge = |needed, is_fat, free| judge(Path::new("a.iso"), needed, is_fat, free);
        assert!(judge(FAT_MAX, true, Some(FAT_MAX)).is_ok());
        let too_large = judge(FAT_MAX + 1, true, Some(1 << 40));
        assert!(matches!(too_large, Err(Failure::TooLargeForFat { needed: 0x1_0000_0000, .. })));
        assert!(judge(FAT_MAX + 1, false, Some(1 << 40)).is_ok());
        assert!(matches!(judge(10, true, Some(9)), Err(Failure::NoSpace { needed: 10, free: 9, .. })));
        assert!(judge(u64::MAX, false, None).is_ok());
    }

    #[test]
    fn this_disk_tells_what_it_is() {
        // Whatever it is, tests do not run on FAT, which has no links that they could make.
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_fat(folder.path()));
        assert!(check(&folder.path().join("a.iso"), 1).is_ok());
    }
}
