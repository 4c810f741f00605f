//! Tests that reads come from the disk: bytes are changed there, beneath the file system, while the system
//! still caches the original ones. The disk is a loop device, which needs root.

use std::io::Write;
use std::num::NonZeroUsize;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use image_writer::OutputFormat;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::compress::tests::{noise, proof_of, written};
use super::*;
use crate::cli::Verbosity;

/// A small file system on a loop device.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Mounts one, or returns why that is not possible.
    fn mount() -> Option<Self> {
        let disk = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::File::create(disk.device()).unwrap().set_len(8 << 20).unwrap();
        std::fs::create_dir(disk.root()).unwrap();
        let (device, root) = (disk.device(), disk.root());
        for (program, args) in [("mkfs.ext4", &["-q", "-F"][..]), ("mount", &["-o", "loop", "-t", "ext4"])] {
            let mut command = Command::new(program);
            command.args(args).arg(&device).env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin");
            if program == "mount" {
                command.arg(&root);
            }
            match command.output() {
                Ok(output) if output.status.success() => {}
                outcome => {
                    eprintln!("SKIPPED: no loop device can be mounted here: {program}: {outcome:?}");
                    return None;
                }
            }
        }
        Some(disk)
    }

    fn device(&self) -> PathBuf {
        self.folder.path().join("device")
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.root().join(name);
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(bytes).unwrap();
        file.sync_all().unwrap();
        path
    }

    /// Changes one bit on the device in the middle of these bytes, and of any copies in deleted files.
    fn change(&self, bytes: &[u8]) {
        let device = std::fs::read(self.device()).unwrap();
        let piece = &bytes[bytes.len() / 2..][..64];
        let windows = device.windows(piece.len()).enumerate();
        let places: Vec<usize> = windows.filter(|(_, window)| *window == piece).map(|(at, _)| at).collect();
        assert!(!places.is_empty(), "they are on the device");
        let file = std::fs::File::options().write(true).open(self.device()).unwrap();
        for at in places {
            file.write_all_at(&[device[at] ^ 1], at as u64).unwrap();
        }
        file.sync_all().unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if std::fs::read_to_string("/proc/mounts").is_ok_and(|mounts| is_mounted(&mounts, &self.root())) {
            let unmounted = Command::new("umount").arg(self.root()).status();
            assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
        }
    }
}

fn is_mounted(mounts: &str, root: &Path) -> bool {
    mounts.lines().any(|line| line.split(' ').nth(1) == root.to_str())
}

#[test]
#[ignore = "needs root and a loop device"]
fn bytes_that_change_on_the_device_before_the_read_back_are_noticed() {
    let Some(disk) = Disk::mount() else { return };
    let (bytes, job, summary) = written(OutputFormat::Cso);
    for change in [false, true] {
        let part = PartFile::create(&disk.root().join("a.cso")).unwrap();
        part.file().write_all(&bytes).unwrap();
        let file = part.sync().unwrap();
        if change {
            disk.change(&bytes);
        }
        let proof = proof_of(file, &job, &summary);
        assert_eq!(proof.is_ok(), !change, "{proof:?}");
    }
}

#[test]
#[ignore = "needs root and a loop device"]
fn source_that_was_read_wrong_is_noticed_before_it_is_deleted() {
    let Some(disk) = Disk::mount() else { return };
    let bytes = noise(1 << 20);
    let path = disk.write("a.iso", &bytes);
    // All of it is in the system's cache.
    assert!(std::fs::read(&path).unwrap() == bytes);
    let image = Image::open(&path).unwrap();
    let reporter = Reporter::new(Verbosity { quiet: true, ..Verbosity::default() });
    let expected: [u8; 32] = Sha256::digest(&bytes).into();
    read_again(&image, expected, NonZeroUsize::MIN, &reporter).unwrap();
    disk.change(&bytes);
    let again = read_again(&image, expected, NonZeroUsize::MIN, &reporter);
    assert!(matches!(again, Err(Failure::Unsteady { .. })), "{again:?}");
}
