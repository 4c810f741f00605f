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

/// Every other option that names a file to write, and the files that verbs write beside others.
#[test]
fn other_outputs_are_refused_by_name_and_stay() {
    let folder = Folder::with_compressed_game();
    let names = specials(&folder);
    let special = |name: &str| format!("{name} is a device or pipe, not a file. Choose another name");
    folder.write("x.dat", DAT.as_bytes());
    for name in &names {
        for force in [&[][..], &["-f"]] {
            let run = folder
                .cisor(["dat", "fixdat", "--dat", "x.dat", "-o", name, "GAME.iso"])
                .args(force)
                .assert();
            run.code(2).stderr(contains(special(name)));
        }
    }
    std::fs::create_dir(folder.path("man1")).unwrap();
    for (name, page) in names.iter().take(2).zip(["cisor.1", "cisor-info.1"]) {
        let page = format!("man1/{page}");
        symlink(format!("../{name}"), folder.path(&page)).unwrap();
        folder.cisor(["man", "man1"]).assert().code(2).stderr(contains(special(&page)));
        folder.remove(&page);
    }
    // The digest beside the file is refused before the work, too.
    for name in &names {
        symlink(name, folder.path("NEW.sha256")).unwrap();
        for verb in
            [&["compress", "GAME.iso", "-o", "NEW.cso"][..], &["extract", "GAME.cso", "-o", "NEW.iso"]]
        {
            for force in [&[][..], &["-f"]] {
                let run = folder.cisor(verb).args(force).arg("--sidecar").assert().code(2);
                run.stderr(contains(special("NEW.sha256")));
            }
        }
        folder.remove("NEW.sha256");
    }
    assert!(!folder.path("NEW.cso").exists() && !folder.path("NEW.iso").exists());
}

/// Files that verbs read beside the images are not opened either.
#[test]
fn other_inputs_are_refused_by_name() {
    let folder = Folder::with_game();
    let expected = "it is a device or pipe, not a file";
    for name in specials(&folder) {
        for args in [&["verify", "--dat"][..], &["dat", "check", "--dat"], &["dat", "rename", "--dat"]] {
            folder.cisor(args).args([name.as_str(), "GAME.iso"]).assert().code(2).stderr(contains(expected));
        }
        folder.write("x.dat", DAT.as_bytes());
        folder.cisor(["dat", "check", "--dat", "x.dat", &name]).assert().code(2).stderr(contains(expected));
        symlink(&name, folder.path("GAME.sha256")).unwrap();
        let run = folder.cisor(["verify", "GAME.iso"]).assert().success();
        run.stdout(contains("GAME.iso: ok")).stderr(contains("does not tell the SHA-256"));
        let run = folder.cisor(["verify", "--sidecar", "GAME.iso"]).assert().code(3);
        run.stdout(contains("decodes, but something is wrong with its sidecar"))
            .stderr(contains("GAME.sha256 exists already and does not tell the SHA-256 of this image"));
        folder.remove("GAME.sha256");
    }
}

const DAT: &str = r#"<?xml version="1.0"?><datafile><header><name>X</name></header><game name="A">
<description>A</description><rom name="A.iso" size="2048" crc="00000000"/></game></datafile>"#;

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
