//! A disk that becomes full at any moment: real file systems of a few megabytes, with every amount of room.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::support::{BIN, Folder, noise, psp_disc};

/// Bytes of each file system.
const SIZE: u64 = 16 << 20;
/// How much more room there is from one run to the next.
const STEP: usize = 224 << 10;

/// Files by name, from the top of the disk.
type Files = BTreeMap<String, Vec<u8>>;

/// A mounted file system.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Mounts a new one of this kind, or says why that is not possible.
    fn mount(kind: &str) -> Option<Self> {
        let disk = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(disk.root()).unwrap();
        let (device, root) = (disk.folder.path().join("device"), disk.root());
        let mounted = if kind == "tmpfs" {
            let size = format!("size={SIZE}");
            run("mount", &["-t", "tmpfs", "-o", &size, "cisor-test"], &[&root])
        } else {
            std::fs::File::create(&device).unwrap().set_len(SIZE).unwrap();
            run(&format!("mkfs.{kind}"), &["-q"], &[&device])
                .and_then(|()| run("mount", &["-o", "loop", "-t", kind], &[&device, &root]))
        };
        match mounted {
            Ok(()) => Some(disk),
            Err(reason) => {
                eprintln!("SKIPPED: no {kind} can be mounted here: {reason}");
                None
            }
        }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }

    /// Deletes what is there, writes these files, and makes the folder `out`.
    fn fill(&self, files: &Files) {
        for entry in std::fs::read_dir(self.root()).unwrap().map(Result::unwrap) {
            match entry.path() {
                path if entry.file_name() == "lost+found" => drop(path),
                path if path.is_dir() => std::fs::remove_dir_all(path).unwrap(),
                path => std::fs::remove_file(path).unwrap(),
            }
        }
        std::fs::create_dir(self.root().join("out")).unwrap();
        for (name, bytes) in files {
            let path = self.root().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }

    /// Leaves this many bytes free, or a little less.
    fn leave(&self, room: usize) {
        let mut file = std::fs::File::create(self.root().join(FILLER)).unwrap();
        let mut filled = 0;
        // Smaller and smaller pieces, until not a block is left.
        for piece in [vec![0x55; 256 << 10], vec![0x55; 4096], vec![0x55; 512]] {
            while let Ok(len @ 1..) = file.write(&piece) {
                filled += len as u64;
            }
        }
        // Blocks that the system still has to find a place for may not all have one.
        let _ = file.sync_all();
        file.set_len(filled.saturating_sub(room as u64)).unwrap();
        let _ = file.sync_all();
    }

    fn free(&self) {
        std::fs::remove_file(self.root().join(FILLER)).unwrap();
    }

    /// All files but the one that takes the room.
    fn files(&self) -> Files {
        fn walk(path: &Path, below: &str, all: &mut Files) {
            for entry in std::fs::read_dir(path).unwrap().map(Result::unwrap) {
                let name = format!("{below}{}", entry.file_name().to_string_lossy());
                match entry.path() {
                    _ if [FILLER, "lost+found"].contains(&&*name) => {}
                    path if path.is_dir() => walk(&path, &format!("{name}/"), all),
                    path => drop(all.insert(name, std::fs::read(path).unwrap())),
                }
            }
        }
        let mut all = Files::new();
        walk(&self.root(), "", &mut all);
        all
    }

    fn cisor(&self, args: &[&str]) -> Output {
        Command::new(BIN).current_dir(self.root()).args(args).output().unwrap()
    }
}

/// The file that takes the room.
const FILLER: &str = "filler";

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = run("umount", &["-l"], &[&self.root()]);
    }
}

fn run(program: &str, args: &[&str], paths: &[&Path]) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(args).args(paths).env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin");
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        outcome => Err(format!("{program}: {outcome:?}")),
    }
}

/// The files of one disc: those whose names differ in folder and extension only.
fn of_disc<'a>(files: &'a Files, disc: &str) -> BTreeMap<&'a str, &'a [u8]> {
    let is_of = |name: &str| Path::new(name).file_stem().unwrap() == disc;
    files.iter().filter(|(name, _)| is_of(name)).map(|(name, bytes)| (&**name, &**bytes)).collect()
}

/// Runs a command with every amount of room. It begins even if the disk may be too small. Whatever happens, each disc is as
/// before, or as after a run that had room enough; with room, the command then does the rest.
fn with_every_room(kind: &str, before: &Files, args: &[&str]) {
    let Some(disk) = Disk::mount(kind) else { return };
    disk.fill(before);
    let output = disk.cisor(args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    let finished = disk.files();
    let (mut went_well, mut full) = (0, 0);
    for room in (0..).step_by(STEP) {
        disk.fill(before);
        disk.leave(room);
        let output = disk.cisor(args);
        let after = disk.files();
        let about = format!("{kind}, {args:?}, {room} bytes: {output:?}");
        for name in before.keys().chain(finished.keys()).chain(after.keys()) {
            let disc = Path::new(name).file_stem().unwrap().to_str().unwrap();
            let now = of_disc(&after, disc);
            let is_whole = now == of_disc(before, disc) || now == of_disc(&finished, disc);
            assert!(is_whole, "{disc}: {:?} are left; {about}", now.keys());
        }
        if output.status.success() {
            assert!(after == finished, "{about}");
            went_well += 1;
            if went_well == 3 {
                break;
            }
            continue;
        }
        full += 1;
        assert!(matches!(output.status.code(), Some(1..=3)), "{about}");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("error: ") && !text.contains("panicked"), "{about}");
        disk.free();
        if after == *before {
            let output = disk.cisor(args);
            assert!(output.status.success() && disk.files() == finished, "{about}, then {output:?}");
        }
    }
    println!("{kind}, {args:?}: the disk was full {full} times");
    assert!(full > 3, "{kind}, {args:?}: the disk was full {full} times");
}

/// Discs that hardly get smaller.
fn shelf() -> Files {
    let disc = |number: usize| [psp_disc(), noise((256 << 10) + number * 2048)].concat();
    (0..3).map(|number| (format!("shelf/{number}.iso"), disc(number))).collect()
}

/// The same as CSOs that a PSP cannot read, one beside the other.
fn packed() -> &'static Files {
    static PACKED: OnceLock<Files> = OnceLock::new();
    PACKED.get_or_init(pack)
}

fn pack() -> Files {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("shelf")).unwrap();
    shelf().iter().for_each(|(name, disc)| folder.write(name, disc));
    folder.cisor(["compress", "-q", "--rm", "--to", "cso", "--best", "-r", "shelf"]).assert().success();
    let names = std::fs::read_dir(folder.path("shelf")).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| format!("shelf/{}", name.to_str().unwrap()));
    names.map(|name| (name.clone(), folder.read(&name))).collect()
}

/// On each kind of file system, runs a command on these files.
fn on_each_kind(before: &Files, args: &[&str]) {
    for kind in ["tmpfs", "ext4"] {
        with_every_room(kind, before, args);
    }
}

#[test]
#[ignore = "needs root to mount file systems"]
fn compress_on_a_full_disk_loses_nothing() {
    on_each_kind(&shelf(), &["compress", "--ignore-limits", "-r", "--to", "cso", "shelf"]);
    on_each_kind(&shelf(), &["compress", "--ignore-limits", "-r", "--to", "zso", "--rm", "shelf"]);
}

#[test]
#[ignore = "needs root to mount file systems"]
fn replacing_on_a_full_disk_loses_nothing() {
    let mut before = shelf();
    before.extend(packed().iter().map(|(name, file)| (name.replace("shelf/", "out/"), file.clone())));
    on_each_kind(
        &before,
        &["compress", "--ignore-limits", "-r", "-f", "--to", "cso", "-1", "-d", "out", "shelf"],
    );
    on_each_kind(
        packed(),
        &[
            "compress",
            "--ignore-limits",
            "-r",
            "--in-place",
            "--only-unsafe",
            "--for",
            "psp",
            "--to",
            "cso",
            "shelf",
        ],
    );
}

#[test]
#[ignore = "needs root to mount file systems"]
fn extract_on_a_full_disk_loses_nothing() {
    on_each_kind(packed(), &["extract", "--ignore-limits", "-r", "-d", "out", "shelf"]);
    on_each_kind(packed(), &["extract", "--ignore-limits", "-r", "--rm", "shelf"]);
}

/// The list of images is no disc: a scan may leave it without the last ones. The next scan ends what was begun.
#[test]
#[ignore = "needs root to mount file systems"]
fn scan_on_a_full_disk_can_be_repeated() {
    for kind in ["tmpfs", "ext4"] {
        let Some(disk) = Disk::mount(kind) else { continue };
        let scan = ["library", "scan", "--db", "library.db", "shelf"];
        for room in (0..160 << 10).step_by(8 << 10) {
            disk.fill(&shelf());
            disk.leave(room);
            let output = disk.cisor(&scan);
            let about = format!("{kind}, {room} bytes: {output:?}");
            assert!(matches!(output.status.code(), Some(0..=3)), "{about}");
            assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{about}");
            disk.free();
            let output = disk.cisor(&scan);
            assert!(output.status.success(), "{about}, then {output:?}");
            let output = disk.cisor(&["library", "list", "--json", "--db", "library.db"]);
            let lines = String::from_utf8(output.stdout).unwrap();
            assert_eq!(lines.lines().filter(|line| line.contains("shelf/")).count(), 3, "{about}: {lines}");
        }
    }
}
