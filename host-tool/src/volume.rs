//! Limits of a target's file system: free space, and the largest file.

use std::path::Path;

use crate::failure::Failure;
use crate::output::{folder_of, system_path};

/// The largest file of FAT12, FAT16 and FAT32.
const FAT_MAX: u64 = u32::MAX as u64;

/// Refuses a target of up to `needed` bytes if its file system does not have the space. If the system does
/// not report that, the target is accepted.
///
/// # Errors
///
/// [`Failure::NoSpace`] or [`Failure::TooLargeForFat`].
pub fn check(target: &Path, needed: u64) -> Result<(), Failure> {
    let folder = system_path(&folder_of(target));
    // The kind of file system is only queried if it matters.
    let is_fat = needed > FAT_MAX && is_fat(&folder);
    judge(target, needed, is_fat, free_space(&folder))
}

/// Free bytes. Some file systems in user space report sizes of 0, which say nothing.
fn free_space(folder: &Path) -> Option<u64> {
    let free = fs4::available_space(folder).ok()?;
    (free > 0 || fs4::total_space(folder).is_ok_and(|total| total > 0)).then_some(free)
}

/// Returns how many bytes are free on a folder's file system, if the system says so.
pub(crate) fn free(folder: &Path) -> Option<u64> {
    fs4::available_space(system_path(folder)).ok()
}

fn judge(target: &Path, needed: u64, is_fat: bool, free: Option<u64>) -> Result<(), Failure> {
    match free {
        _ if is_fat && needed > FAT_MAX => Err(Failure::TooLargeForFat { target: target.to_owned(), needed }),
        Some(free) if free < needed => Err(Failure::NoSpace { target: target.to_owned(), needed, free }),
        _ => Ok(()),
    }
}

/// What is known of the names that a disk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// All but `/`.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only Linux tells what a disk is"))]
    Any,
    /// Those that Windows allows.
    OfWindows,
    /// That depends on the disk behind a driver in user space or a network, and on how it was mounted.
    Unknown,
}

/// Returns which names the disk of a folder holds: FAT, exFAT and NTFS only those of Windows.
#[cfg(target_os = "linux")]
pub(crate) fn names(folder: &Path) -> Names {
    kind(&system_path(folder)).map_or(Names::Any, names_of)
}

#[cfg(target_os = "linux")]
fn names_of(kind: i64) -> Names {
    // EXFAT_SUPER_MAGIC of <linux/magic.h>, and those of the old and the new driver for NTFS.
    const OF_WINDOWS: [i64; 4] = [FAT, 0x2011_BAB0, 0x5346_544E, 0x7366_746E];
    // FUSE_SUPER_MAGIC, as which ntfs-3g and exfat-fuse show; CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC.
    const UNKNOWN: [i64; 3] = [0x6573_5546, 0xFF53_4D42, 0xFE53_4D42];
    // Some machines have the number in 32 bits with a sign.
    let kind = kind & 0xFFFF_FFFF;
    match kind {
        _ if OF_WINDOWS.contains(&kind) => Names::OfWindows,
        _ if UNKNOWN.contains(&kind) => Names::Unknown,
        _ => Names::Any,
    }
}

/// Windows itself does not accept any other names; other systems do not tell which disk it is.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn names(_folder: &Path) -> Names {
    if cfg!(windows) { Names::OfWindows } else { Names::Unknown }
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

/// There is no way to find out here; a failed write will report the cause.
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

    #[cfg(target_os = "linux")]
    #[test]
    fn disks_are_told_by_their_numbers() {
        for (kind, names) in [
            (0x4D44, Names::OfWindows),
            (0x2011_BAB0, Names::OfWindows),
            (0x7366_746E, Names::OfWindows),
            (0x6573_5546, Names::Unknown),
            (i64::from(0xFE53_4D42_u32.cast_signed()), Names::Unknown),
            (0xEF53, Names::Any),
        ] {
            assert_eq!(names_of(kind), names, "{kind:#X}");
        }
    }

    #[test]
    fn this_disk_tells_what_it_is() {
        // Tests do not run on FAT in any case: it does not support the links that they make.
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_fat(folder.path()));
        assert!(check(&folder.path().join("a.iso"), 1).is_ok());
    }
}
