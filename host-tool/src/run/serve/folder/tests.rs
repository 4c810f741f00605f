use std::os::unix::fs::symlink;

use disc_info::test_disc;

use std::fs::File;

use super::*;

struct Bench {
    _outer: tempfile::TempDir,
    root: PathBuf,
}

impl Bench {
    /// A folder `games` with a file outside it.
    fn new() -> Self {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("games");
        std::fs::create_dir_all(root.join("DVD")).unwrap();
        std::fs::write(outer.path().join("secret"), b"secret").unwrap();
        Self { root, _outer: outer }
    }

    fn serve(&self, writable: bool, alias: bool) -> SharedFolder {
        let options = Options { writable, alias, disk: None, cache: 1 << 20 };
        SharedFolder::new(&self.root, options, Events::new().0).unwrap()
    }
}

fn path(text: &str) -> RemotePath {
    RemotePath::parse(text.as_bytes()).unwrap()
}

fn read(folder: &SharedFolder, name: &str) -> Result<Vec<u8>, Errno> {
    let (mut file, stat) = folder.open(&path(name), OpenFlags::READ)?;
    let mut bytes = vec![0; usize::try_from(stat.size).unwrap()];
    let got = folder.read_at(&mut file, 0, &mut bytes)?;
    bytes.truncate(got);
    Ok(bytes)
}

fn list(folder: &SharedFolder, name: &str) -> Vec<(String, u64)> {
    let (mut open, _) = folder.open_folder(&path(name)).unwrap();
    let mut entries = Vec::new();
    while let Some((name, stat)) = folder.next_entry(&mut open).unwrap() {
        entries.push((String::from_utf8(name).unwrap(), stat.size));
    }
    entries
}

/// The same disc as a ZSO in which every block is stored.
fn stored_zso(image: &[u8]) -> Vec<u8> {
    let blocks = u32::try_from(image.len() / 2048).unwrap();
    let mut file = b"ZISO\x18\0\0\0".to_vec();
    file.extend_from_slice(&(image.len() as u64).to_le_bytes());
    file.extend_from_slice(&2048_u32.to_le_bytes());
    file.extend_from_slice(&[1, 0, 0, 0]);
    let data = 24 + 4 * (blocks + 1);
    for block in 0..=blocks {
        let flag = if block < blocks { 0x8000_0000 } else { 0 };
        file.extend_from_slice(&(flag | (data + block * 2048)).to_le_bytes());
    }
    file.extend_from_slice(image);
    file
}

fn disc() -> Vec<u8> {
    let mut image = test_disc::disc("PS2", &[("SYSTEM.CNF", b"BOOT2 = cdrom0:\\SLUS_200.01;1\r\n")]);
    image.resize(image.len().next_multiple_of(2048) + 70 * 2048, 0xA5);
    for (at, byte) in image.iter_mut().enumerate().skip(40 * 2048) {
        *byte = (at / 7).to_le_bytes()[0];
    }
    image
}

#[test]
fn compressed_images_are_listed_as_they_are_and_decoded() {
    let bench = Bench::new();
    let image = disc();
    let zso = stored_zso(&image);
    std::fs::write(bench.root.join("DVD/Game.zso"), &zso).unwrap();
    std::fs::write(bench.root.join("DVD/Other.iso"), &image).unwrap();
    std::fs::write(bench.root.join("DVD/fake.zso"), b"nothing of the kind").unwrap();
    let folder = bench.serve(false, false);
    let (stored, decoded) = (zso.len() as u64, image.len() as u64);
    let expected =
        [("Game.zso", stored), ("Game.zso.iso", decoded), ("Other.iso", decoded), ("fake.zso", 19)];
    assert_eq!(list(&folder, "dvd"), expected.map(|(name, size)| (name.to_owned(), size)));
    assert_eq!(read(&folder, "DVD/game.ZSO.ISO").unwrap(), image);
    assert_eq!(read(&folder, "DVD/Game.zso").unwrap(), zso);
    assert_eq!(read(&folder, "DVD/Other.iso").unwrap(), image);
    assert_eq!(folder.stat(&path("DVD/Game.zso.iso")).unwrap().size, decoded);
    assert_eq!(folder.title(&path("DVD/Game.zso.iso")).unwrap(), "SLUS-20001");
    for missing in ["DVD/Game.iso", "DVD/fake.zso.iso", "DVD/Other.iso.iso", "nothing/Game.zso"] {
        assert_eq!(read(&folder, missing), Err(Errno::NOT_FOUND), "{missing}");
    }
    assert_eq!(read(&folder, "DVD"), Err(Errno::IS_A_FOLDER));
    // The alternative name is available on request.
    let folder = bench.serve(false, true);
    assert_eq!(read(&folder, "DVD/Game.iso").unwrap(), image);
    assert_eq!(list(&folder, "DVD")[2], ("Game.iso".to_owned(), decoded));
}

#[test]
fn what_a_link_leads_to_stays_when_the_link_is_removed() {
    let bench = Bench::new();
    std::fs::write(bench.root.join("DVD/real.iso"), b"disc").unwrap();
    std::fs::create_dir(bench.root.join("empty")).unwrap();
    symlink("real.iso", bench.root.join("DVD/link.iso")).unwrap();
    symlink("empty", bench.root.join("folder-link")).unwrap();
    symlink("DVD", bench.root.join("CD")).unwrap();
    let folder = bench.serve(true, false);
    folder.remove_file(&path("CD/link.iso")).unwrap();
    assert!(std::fs::symlink_metadata(bench.root.join("DVD/link.iso")).is_err());
    assert_eq!(std::fs::read(bench.root.join("DVD/real.iso")).unwrap(), b"disc");
    assert_eq!(folder.remove_folder(&path("folder-link")), Err(Errno::NOT_A_FOLDER));
    assert!(bench.root.join("empty").is_dir() && bench.root.join("folder-link").exists());
    folder.remove_folder(&path("empty")).unwrap();
    assert!(!bench.root.join("empty").exists());
}

#[test]
fn nothing_outside_the_folder_is_served() {
    let bench = Bench::new();
    std::fs::write(bench.root.join("DVD/in"), b"in").unwrap();
    symlink(bench.root.join("DVD/in"), bench.root.join("link")).unwrap();
    symlink("DVD", bench.root.join("CD")).unwrap();
    symlink(bench.root.join("../secret"), bench.root.join("out")).unwrap();
    symlink("..", bench.root.join("up")).unwrap();
    symlink("/", bench.root.join("all")).unwrap();
    symlink("loop", bench.root.join("loop")).unwrap();
    for writable in [false, true] {
        let folder = bench.serve(writable, false);
        assert_eq!(read(&folder, "link").unwrap(), b"in");
        assert_eq!(read(&folder, "CD/in").unwrap(), b"in");
        for name in ["out", "up/secret", "all/etc/passwd"] {
            assert_eq!(read(&folder, name), Err(Errno::ACCESS), "{name}");
            assert!(folder.open(&path(name), OpenFlags(0x602)).is_err());
            assert!(folder.remove_file(&path(name)).is_err());
        }
        assert_eq!(read(&folder, "loop"), Err(Errno::NOT_FOUND));
        assert!(folder.make_folder(&path("up/new")).is_err());
        let names: Vec<String> = list(&folder, "").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["CD", "DVD", "link"]);
    }
    assert_eq!(std::fs::read(bench.root.join("../secret")).unwrap(), b"secret");
}

#[test]
fn names_beyond_ascii_and_odd_ones_are_found() {
    let bench = Bench::new();
    for name in ["Ōkami.iso", "ÄRGER [USA].iso", ".hidden", "a.b.c"] {
        std::fs::write(bench.root.join(name), name).unwrap();
    }
    let long = "n".repeat(255);
    std::fs::write(bench.root.join(&long), b"long").unwrap();
    std::fs::write(bench.root.join("line\nbreak"), b"").unwrap();
    let folder = bench.serve(false, false);
    assert_eq!(read(&folder, "ōkami.ISO").unwrap(), "Ōkami.iso".as_bytes());
    assert_eq!(read(&folder, "ärger [usa].iso").unwrap(), "ÄRGER [USA].iso".as_bytes());
    assert_eq!(read(&folder, &long).unwrap(), b"long");
    assert!(list(&folder, "").iter().all(|(name, _)| !name.contains('\n')));
}

#[test]
fn nothing_is_written_unless_it_is_allowed() {
    let bench = Bench::new();
    std::fs::write(bench.root.join("a"), b"aaaa").unwrap();
    let folder = bench.serve(false, false);
    for flags in [2, 3, 0x200, 0x201, 0x401, 0x602] {
        assert_eq!(folder.open(&path("a"), OpenFlags(flags)).err(), Some(Errno::READ_ONLY));
        assert_eq!(folder.open(&path("new"), OpenFlags(flags)).err(), Some(Errno::READ_ONLY));
    }
    assert_eq!(folder.make_folder(&path("new")), Err(Errno::READ_ONLY));
    assert_eq!(folder.remove_file(&path("a")), Err(Errno::READ_ONLY));
    assert_eq!(folder.remove_folder(&path("DVD")), Err(Errno::READ_ONLY));
    let (mut file, _) = folder.open(&path("a"), OpenFlags::READ).unwrap();
    assert_eq!(folder.write_at(&mut file, 0, b"x"), Err(Errno::READ_ONLY));

    let folder = bench.serve(true, false);
    let (mut file, _) = folder.open(&path("new"), OpenFlags(0x602)).unwrap();
    folder.write_at(&mut file, 2, b"xyz").unwrap();
    assert_eq!(std::fs::read(bench.root.join("new")).unwrap(), b"\0\0xyz");
    assert_eq!(folder.size(&file), Ok(5));
    folder.make_folder(&path("made")).unwrap();
    assert_eq!(folder.make_folder(&path("MADE")), Err(Errno::EXISTS));
    folder.remove_folder(&path("made")).unwrap();
    folder.remove_file(&path("new")).unwrap();
    assert_eq!(folder.remove_folder(&path("")), Err(Errno::ACCESS));
    assert_eq!(list(&folder, ""), [("DVD".to_owned(), 0), ("a".to_owned(), 4)]);
}

#[test]
fn files_that_change_or_go_while_they_are_open_are_errors() {
    let bench = Bench::new();
    let image = disc();
    let folder = bench.serve(false, false);
    for (name, change) in [("a.iso", true), ("b.iso", false)] {
        let file = bench.root.join(name);
        std::fs::write(&file, &image).unwrap();
        std::fs::write(bench.root.join("c.zso"), stored_zso(&image)).unwrap();
        let (mut plain, _) = folder.open(&path(name), OpenFlags::READ).unwrap();
        let (mut view, _) = folder.open(&path("c.zso.iso"), OpenFlags::READ).unwrap();
        let mut buf = [0; 512];
        for file in [&mut plain, &mut view] {
            assert_eq!(folder.read_at(file, 0, &mut buf), Ok(512));
        }
        for file in [file, bench.root.join("c.zso")] {
            if change {
                File::options().write(true).open(file).unwrap().set_len(4096).unwrap();
            } else {
                std::fs::remove_file(file).unwrap();
            }
        }
        for file in [&mut plain, &mut view] {
            assert_eq!(folder.read_at(file, 0, &mut buf), Err(Errno::IO));
        }
    }
}

#[test]
fn damaged_block_is_an_error_and_the_rest_is_read() {
    let bench = Bench::new();
    let image = disc();
    let mut zso = stored_zso(&image);
    // Block 50 is marked as packed, but is not.
    let entry = 24 + 4 * 50 + 3;
    zso[entry] &= 0x7F;
    std::fs::write(bench.root.join("a.zso"), zso).unwrap();
    let (events, told) = Events::new();
    let options = Options { writable: false, alias: false, disk: None, cache: 1 << 20 };
    let folder = SharedFolder::new(&bench.root, options, events).unwrap();
    let (mut file, _) = folder.open(&path("a.zso.iso"), OpenFlags::READ).unwrap();
    let mut buf = [0; 2048];
    for _ in 0..3 {
        for block in 0..60_usize {
            let outcome = folder.read_at(&mut file, block as u64 * 2048, &mut buf);
            if block == 50 {
                assert_eq!(outcome, Err(Errno::IO));
            } else {
                assert_eq!(outcome, Ok(2048));
                assert_eq!(buf, image[block * 2048..][..2048], "block {block}");
            }
        }
    }
    // One line in the log, with the number of the block.
    let blocks: Vec<_> = told.try_iter().collect();
    assert!(
        matches!(&blocks[..], [super::super::events::Event::Trouble { block: Some(50), .. }]),
        "{blocks:?}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn folder_that_is_swapped_for_a_link_at_any_moment_never_leads_out() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use std::sync::atomic::{AtomicBool, Ordering};

    let bench = Bench::new();
    let outside = bench.root.join("../outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("a.bin"), b"secret").unwrap();
    std::fs::write(outside.join("only-here"), b"secret").unwrap();
    std::fs::write(bench.root.join("DVD/a.bin"), b"inside").unwrap();
    symlink(&outside, bench.root.join("link")).unwrap();
    let folder = bench.serve(true, false);
    let is_over = AtomicBool::new(false);
    let mut read_inside = 0;
    std::thread::scope(|scope| {
        let (a, b) = (bench.root.join("DVD"), bench.root.join("link"));
        let is_over = &is_over;
        scope.spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                renameat_with(CWD, &a, CWD, &b, RenameFlags::EXCHANGE).unwrap();
            }
        });
        for round in 0..6000 {
            if let Ok(bytes) = read(&folder, "DVD/a.bin") {
                assert_eq!(bytes, b"inside", "round {round}");
                read_inside += 1;
            }
            let _ = folder.open(&path("DVD/new"), OpenFlags(0x602));
            let _ = folder.make_folder(&path("DVD/made"));
            let _ = folder.remove_file(&path("DVD/new"));
            let _ = folder.remove_folder(&path("DVD/made"));
            let _ = folder.remove_file(&path("DVD/only-here"));
            if let Ok((mut open, _)) = folder.open_folder(&path("DVD")) {
                while let Ok(Some((name, _))) = folder.next_entry(&mut open) {
                    assert_ne!(name, b"only-here", "round {round}");
                }
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(read_inside > 0);
    let mut names: Vec<_> = std::fs::read_dir(&outside).unwrap().map(|it| it.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a.bin", "only-here"]);
}
