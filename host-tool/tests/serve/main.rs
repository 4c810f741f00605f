//! The real program, with consoles over loopback.
#![cfg(unix)]

#[cfg(target_os = "linux")]
mod bad_input;
#[cfg(target_os = "linux")]
mod namespaces;
mod running;
#[cfg(target_os = "linux")]
mod small;
#[path = "../support/mod.rs"]
mod support;
mod trace;

use std::process::Command;
use std::time::Duration;

use udpfs_sim::calls::{bread, close, next_entry, number, open, plain, read, size_at, stat, write};
use udpfs_sim::client::Outcome;

use running::{Games, Server, open_file, read_all};
use support::{BIN, raw_sectors};

#[test]
fn every_format_arrives_byte_for_byte_with_and_without_losses() {
    let games = Games::new(700);
    let server = Server::start(games.folder.path(), &[]);
    for lose_every in [None, Some(101), Some(23), Some(11)] {
        let mut console = server.console(lose_every);
        for name in ["Game.iso", "game.CSO.iso", "Game.zso.iso"] {
            let (_, entry) = console.ask(stat(name));
            assert_eq!((number(&entry, 4), size_at(&entry, 16)), (0, games.image.len() as u64));
            let handle = open_file(&mut console, name);
            read_all(&mut console, handle, &games.image);
            assert_eq!(number(&console.ask(close(handle)).1, 4), 0);
        }
        assert_eq!(console.lost > 0, lose_every.is_some());
    }
}

#[test]
fn cd_dumps_and_chds_arrive_as_the_images_that_they_hold() {
    let games = Games::new(300);
    std::fs::write(games.path("disc.bin"), raw_sectors(&games.image)).unwrap();
    let sheet = "FILE \"disc.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n";
    std::fs::write(games.path("disc.cue"), sheet).unwrap();
    // Its sectors are in a file outside the folder.
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.bin"), raw_sectors(&games.image)).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.bin"), games.path("linked.bin")).unwrap();
    std::fs::write(games.path("linked.cue"), sheet.replace("disc.bin", "linked.bin")).unwrap();

    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/image-source/tests/golden/dvd-lzma.chd");
    std::fs::copy(golden, games.path("dvd.chd")).unwrap();
    let mut extract = Command::new(BIN);
    extract.args(["extract", "-q", "-o"]).args([games.path("dvd.iso"), games.path("dvd.chd")]);
    assert!(extract.status().unwrap().success());

    let server = Server::start(games.folder.path(), &[]);
    let mut console = server.console(None);
    for name in ["disc.cue.iso", "disc.bin.iso"] {
        let (_, entry) = console.ask(stat(name));
        assert_eq!((number(&entry, 4), size_at(&entry, 16)), (0, games.image.len() as u64), "{name}");
        let handle = open_file(&mut console, name);
        read_all(&mut console, handle, &games.image);
        assert_eq!(number(&console.ask(close(handle)).1, 4), 0);
    }
    assert!(open_file(&mut console, "linked.cue.iso") < 0);

    let handle = open_file(&mut console, "dvd.chd.iso");
    read_all(&mut console, handle, &std::fs::read(games.path("dvd.iso")).unwrap());

    // The sectors change while the console has the sheet open.
    let handle = open_file(&mut console, "disc.cue.iso");
    std::fs::write(games.path("disc.bin"), vec![0; 2352 * 30]).unwrap();
    assert!(number(&console.ask(bread(handle, 0, 1)).0, 4) < 0);
}

#[test]
fn boot_goes_on_with_the_loaders_handle_from_a_new_connection() {
    let games = Games::new(300);
    let mut server =
        Server::start(games.folder.path(), &["--disk", games.path("Game.iso").to_str().unwrap()]);
    let mut console = server.console(None);
    // The loader lists the folder, reads through the file driver, and hands its handle over.
    let folder = number(&console.ask(open("", 1, 1)).1, 4);
    let mut names = Vec::new();
    loop {
        let (_, entry) = console.ask(next_entry(folder));
        if number(&entry, 4) != 1 {
            break;
        }
        let len = usize::from(entry[2]);
        names.push(String::from_utf8(entry[48..48 + len].to_vec()).unwrap());
    }
    assert_eq!(names, ["Game.cso", "Game.cso.iso", "Game.iso", "Game.zso", "Game.zso.iso"]);
    let handle = open_file(&mut console, "Game.zso.iso");
    let (header, data) = console.ask(read(handle, 2048));
    assert_eq!((number(&header, 4), &data[..]), (2048, &games.image[..2048]));
    // The game starts: a new client, the same handle.
    assert_eq!(console.start().unwrap(), Outcome::Connected);
    read_all(&mut console, handle, &games.image);
    // And the block device.
    let (_, device) = console.ask(plain(vec![0x1E, 0, 0, 0], 48));
    assert_eq!(size_at(&device, 16), games.image.len() as u64);
    read_all(&mut console, 0, &games.image[..128 << 10]);

    let opened = server.event("opened");
    assert_eq!((&opened["file"], &opened["title"]), (&"Game.zso.iso".into(), &"SLUS-20001".into()));
    assert_eq!((&opened["schema"], &opened["verb"]), (&1.into(), &"serve".into()));
}

#[test]
fn two_consoles_do_not_disturb_each_other() {
    let games = Games::new(500);
    let server = Server::start(games.folder.path(), &["--cache", "256K"]);
    std::thread::scope(|scope| {
        for (name, lose_every) in [("Game.cso.iso", Some(23)), ("Game.zso.iso", None)] {
            let (server, games) = (&server, &games);
            scope.spawn(move || {
                let mut console = server.console(lose_every);
                let handle = open_file(&mut console, name);
                for _ in 0..3 {
                    read_all(&mut console, handle, &games.image);
                }
            });
        }
    });
}

#[test]
fn nothing_is_written_without_the_option_and_nothing_outside_with_it() {
    let games = Games::new(50);
    for (args, expected) in [(&[][..], -30), (&["--writable"][..], 3000)] {
        let server = Server::start(games.folder.path(), args);
        let mut console = server.console(None);
        let handle = number(&console.ask(open("save", 0, 0x602)).1, 4);
        let outside = number(&console.ask(open("../save", 0, 0x602)).1, 4);
        assert_eq!(outside, -13);
        if handle > 0 {
            assert_eq!(number(&console.ask(write(handle, 3000)).1, 4), expected);
            assert_eq!(std::fs::read(games.path("save")).unwrap().len(), 3000);
        } else {
            assert_eq!(handle, expected);
            assert!(!games.path("save").exists());
        }
    }
}

#[test]
fn malformed_datagrams_and_floods_leave_consoles_alone() {
    let games = Games::new(100);
    let server = Server::start(games.folder.path(), &[]);
    let mut console = server.console(None);
    let handle = open_file(&mut console, "Game.cso.iso");
    let flood = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for len in 0..1500 {
        let byte = u8::try_from(len % 251).unwrap();
        flood.send_to(&vec![byte; len], server.address).unwrap();
    }
    for _ in 0..100 {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(&[0, 0, 0xF5, 0xF5, 0, 0], server.address).unwrap();
        socket.send_to(&[2, 0, 0xFF, 0x3F, 0x10, 0, 0x1E, 0, 0, 0], server.address).unwrap();
    }
    read_all(&mut console, handle, &games.image);
}

#[test]
fn damaged_image_is_an_error_for_the_console_and_a_line_with_the_block() {
    let games = Games::new(300);
    let mut zso = std::fs::read(games.path("Game.zso")).unwrap();
    let entry = |block: usize| u32::from_le_bytes(zso[24 + 4 * block..][..4].try_into().unwrap());
    let block = (100..200).find(|&block| entry(block) >> 31 == 0).expect("a packed block");
    let at = entry(block) as usize;
    zso[at..at + 8].fill(0xFF);
    std::fs::write(games.path("Bad.zso"), zso).unwrap();
    let mut server = Server::start(games.folder.path(), &[]);
    let mut console = server.console(None);
    let handle = open_file(&mut console, "Bad.zso.iso");
    let (header, _) = console.ask(bread(handle, block as u64 * 4, 4));
    assert_eq!(number(&header, 4), -5);
    let (header, data) = console.ask(bread(handle, (block as u64 - 1) * 4, 4));
    assert_eq!(number(&header, 4), 2048);
    assert!(data == games.image[(block - 1) * 2048..][..2048]);
    let trouble = server.event("trouble");
    assert_eq!((&trouble["file"], &trouble["block"]), (&"Bad.zso".into(), &block.into()));
}

#[test]
fn discovery_is_answered_only_in_allowed_networks_and_never_with_more_than_it_has() {
    let games = Games::new(50);
    // An answer may take a while on a busy machine or an emulated processor; none at all has to be waited for.
    let knock = |args: &[&str], wait: Duration| {
        let server = Server::start(games.folder.path(), args);
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(wait)).unwrap();
        socket.send_to(&[0, 0, 0xF5, 0xF5, 0, 0], server.address).unwrap();
        let mut buf = [0; 2048];
        socket.recv(&mut buf).ok()
    };
    let patient = Duration::from_secs(60);
    assert_eq!(knock(&[], patient), Some(6));
    assert_eq!(knock(&["--allow", "127.0.0.0/8"], patient), Some(6));
    assert_eq!(knock(&["--allow", "192.168.7.0/24"], Duration::from_millis(300)), None);
    assert_eq!(knock(&["--bind", "127.0.0.1"], patient), Some(6));
}

#[test]
fn what_cannot_be_served_is_said_at_once() {
    let games = Games::new(50);
    let run = |args: &[&str]| {
        let output = Command::new(BIN).arg("serve").args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = run(&[games.path("nowhere").to_str().unwrap()]);
    assert!(code == Some(2) && text.contains("is not a folder"), "{text}");
    let server = Server::start(games.folder.path(), &[]);
    let port = server.address.port().to_string();
    let (code, text) = run(&["--port", &port, games.folder.path().to_str().unwrap()]);
    assert!(code == Some(2) && text.contains("Is another server running?"), "{text}");
}

#[test]
fn signal_ends_the_server_with_success() {
    let games = Games::new(50);
    let mut server = Server::start(games.folder.path(), &[]);
    let id = server.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}
