//! Devices, pipes and sockets, as inputs and as targets: refused by name, never opened, never replaced.

use std::os::unix::fs::{FileTypeExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use predicates::str::contains;

use super::signal;
use crate::support::{BIN, Folder, is_root};

/// A pipe, a socket, a device where root makes one, and links to all of them; `/dev/null` too.
fn specials(folder: &Folder) -> Vec<String> {
    let make = |program: &str, args: &[&str]| {
        let status = Command::new(program).args(args).current_dir(folder.root()).status().unwrap();
        assert!(status.success(), "{program}");
    };
    make("mkfifo", &["pipe"]);
    drop(UnixListener::bind(folder.path("socket")).unwrap());
    let mut names = vec!["pipe".to_owned(), "socket".into()];
    if is_root() {
        make("mknod", &["node", "c", "1", "3"]);
        names.push("node".into());
    }
    symlink("/dev/null", folder.path("null")).unwrap();
    for name in names.clone() {
        let link = format!("to-{name}");
        symlink(name, folder.path(&link)).unwrap();
        names.push(link);
    }
    names.extend(["null".into(), "/dev/null".into()]);
    names
}

#[test]
fn targets_are_refused_by_name_and_stay() {
    let folder = Folder::with_compressed_game();
    let names = specials(&folder);
    let before = folder.names();
    for name in &names {
        let expected = format!("{name} is a device or pipe, not a file. Choose another name");
        for force in [&[][..], &["-f"]] {
            let run = folder.cisor(["compress", "GAME.iso", "-o", name]).args(force).assert().code(2);
            run.stderr(contains(&expected));
            let run = folder.cisor(["extract", "GAME.cso", "-o", name]).args(force).assert().code(2);
            run.stderr(contains(&expected));
        }
        for shim in [
            &["ciso", "9", "GAME.iso", name][..],
            &["ciso", "0", "GAME.cso", name],
            &["ziso", "-c", "9", "GAME.iso", name],
            &["ziso", "-c", "0", "GAME.cso", name],
            &["maxcso", "GAME.iso", "-o", name],
            &["maxcso", "--decompress", "GAME.cso", "-o", name],
        ] {
            folder.cisor(["compat"]).args(shim).assert().code(2).stderr(contains(&expected));
        }
    }
    assert_eq!(folder.names(), before);
    for name in &names {
        let kind = std::fs::metadata(folder.path(name)).unwrap().file_type();
        assert!(kind.is_fifo() || kind.is_socket() || kind.is_char_device(), "{name}");
    }
}

#[test]
fn inputs_are_refused_wherever_they_stand() {
    let folder = Folder::with_compressed_game();
    std::fs::create_dir(folder.path("out")).unwrap();
    let expected = "it is a device or pipe, not a file. Dump the disc to a file first.";
    for name in specials(&folder) {
        for verb in ["compress", "extract", "verify", "info"] {
            folder.cisor([verb, &name]).assert().code(2).stderr(contains(expected));
        }
        folder.cisor(["compare", &name, "GAME.iso"]).assert().code(2).stderr(contains(expected));
        folder.cisor(["compare", "GAME.iso", &name]).assert().code(2).stderr(contains(expected));
        folder.cisor(["drop", "--for", "psp", &name]).assert().code(2).stderr(contains(expected));
        // If the target exists, every other input is compared with it.
        folder.write("out/GAME.cso", b"old");
        let run = folder.cisor(["compress", "-f", "-d", "out", "GAME.iso", &name]).assert().code(2);
        run.stderr(contains(expected));
        assert_eq!(&folder.read("out/GAME.cso")[..4], b"CISO");
        for shim in [&["ciso", "9", &name, "x"][..], &["ziso", &name, "x"], &["maxcso", "--crc", &name]] {
            folder.cisor(["compat"]).args(shim).assert().code(2).stderr(contains(expected));
        }
    }
}

/// The reader of the output has stopped reading, so the program blocks in the middle of a line.
#[test]
fn one_signal_ends_a_run_that_waits_for_ever() {
    let folder = Folder::with_game();
    let inputs = ["GAME.iso"; 2000];
    let mut child = Command::new(BIN)
        .current_dir(folder.root())
        .args(["info", "--json"])
        .args(inputs)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Enough to fill the pipe: a few hundred bytes for each file, for a buffer of 64 KiB.
    std::thread::sleep(Duration::from_secs(4));
    assert!(child.try_wait().unwrap().is_none(), "it waits");
    signal(&child, "-TERM");
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it still waits");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(status.code(), Some(130));
}
