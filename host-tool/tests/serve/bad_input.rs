//! What a console, a network or a disk does wrong must not disturb the other consoles, and costs bounded memory.

use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Command, Stdio};

use udpfs_sim::calls::{bread, close, number, open};
use udpfs_sim::client::Outcome;
use udpfs_sim::socket::Console;

use crate::running::{Games, Server, open_file, read_all};

/// A DISCOVERY.
const DISCOVERY: [u8; 6] = [0, 0, 0xF5, 0xF5, 0, 0];

/// A packet with a request.
fn request(seq: u16, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap();
    let mut bytes = (2 | seq << 4).to_le_bytes().to_vec();
    bytes.extend_from_slice(&(0xFFF | 3 << 12 | len << 18).to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

#[test]
fn ten_thousand_opens_keep_few_files_open() {
    let games = Games::new(60);
    let server = Server::start(games.folder.path(), &[]);
    let mut console = server.console(None);
    let names = ["Game.iso", "Game.zso.iso", "Game.cso"];
    let mut last = 0;
    for index in 0..10_000 {
        last = open_file(&mut console, names[index % names.len()]);
        assert!(last > 0, "open {index}: {last}");
    }
    let files = std::fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap().count();
    assert!(files < 64 + 30, "{files} files are open");
    // The last handle works, and the first was closed.
    assert_eq!(number(&console.ask(bread(last, 0, 4)).0, 4), 2048);
    assert!(number(&console.ask(close(1)).1, 4) < 0);
}

/// A program that is stopped at the end of the test.
struct Stopped(std::process::Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn consoles_do_not_wait_for_whoever_should_read_the_events() {
    let games = Games::new(60);
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut program = Command::new(crate::support::BIN);
    program.args(["serve", "--json", "--port", &port.to_string()]).arg(games.folder.path());
    let mut server = Stopped(program.stdout(Stdio::piped()).spawn().unwrap());
    let mut output = BufReader::new(server.0.stdout.take().unwrap()).lines();
    output.next().unwrap().unwrap();
    // More events than a pipe and the program hold, and nobody reads them.
    let mut console = Console::new(([127, 0, 0, 1], port).into(), None).unwrap();
    assert_eq!(console.start().unwrap(), Outcome::Connected);
    for _ in 0..4_000 {
        assert!(open_file(&mut console, "Game.iso") > 0);
    }
    let reader = std::thread::spawn(move || {
        output.map_while(Result::ok).find(|line| line.contains(r#""event":"missed""#))
    });
    while !reader.is_finished() {
        assert!(open_file(&mut console, "Game.iso") > 0);
    }
    assert!(reader.join().unwrap().is_some());
}

#[test]
fn flood_from_one_address_takes_bounded_memory_and_another_console_goes_on() {
    let games = Games::new(300);
    let server = Server::start(games.folder.path(), &["--cache", "1M"]);
    let mut console = server.console(None);
    let handle = open_file(&mut console, "Game.zso.iso");
    read_all(&mut console, handle, &games.image);
    let before = server.resident_kib();
    let address = server.address;
    let flood = std::thread::spawn(move || {
        let socket = UdpSocket::bind("127.0.0.2:0").unwrap();
        for round in 0..20_000_u32 {
            // Openings, the largest reads, writes that nobody allowed, and new sessions.
            let seq = u16::try_from(round % 4096).unwrap();
            let _ = socket.send_to(&DISCOVERY, address);
            let _ = socket.send_to(&request(seq, b"\x10\0\x01\0\0\0\0\0Game.iso\0\0\0\0"), address);
            let _ = socket
                .send_to(&request(seq, &[0x28, 0, 128, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), address);
            let _ = socket.send_to(&request(seq, &[0x16; 1400]), address);
            if round % 64 == 0 {
                std::thread::yield_now();
            }
        }
    });
    while !flood.is_finished() {
        read_all(&mut console, handle, &games.image);
    }
    flood.join().unwrap();
    read_all(&mut console, handle, &games.image);
    let after = server.resident_kib();
    assert!(after < before + (16 << 10), "{before} KiB before the flood, {after} KiB after it");
}

#[test]
fn paths_that_no_file_can_have_are_errors() {
    let games = Games::new(60);
    std::fs::write(games.folder.path().join("secret"), b"x").unwrap();
    let server = Server::start(games.folder.path(), &[]);
    let mut console = server.console(None);
    let long = "n".repeat(255);
    let longer = "n".repeat(256);
    let deep = "a/".repeat(120);
    for path in ["..", "../secret", "DVD/../../etc/passwd", "a/../../..", ".", long.as_str(), &longer, &deep]
    {
        let handle = number(&console.ask(open(path, 0, 1)).1, 4);
        assert!(handle < 0, "{path}: {handle}");
    }
    // A leading slash is the console's own, and what comes after a NUL is not part of the path.
    for path in ["/Game.iso", "//Game.iso", "Game.iso\0/../../etc/passwd"] {
        assert!(open_file(&mut console, path) > 0, "{path}");
    }
    assert!(number(&console.ask(open("/etc/passwd", 0, 1)).1, 4) < 0);
}

#[test]
fn image_that_is_replaced_truncated_or_deleted_is_an_error_and_one_line() {
    let games = Games::new(300);
    for name in ["replaced", "truncated", "deleted"] {
        std::fs::copy(games.path("Game.zso"), games.path(&format!("{name}.zso"))).unwrap();
        std::fs::copy(games.path("Game.iso"), games.path(&format!("{name}.iso"))).unwrap();
    }
    let mut server = Server::start(games.folder.path(), &[]);
    let mut console = server.console(None);
    for name in ["replaced", "truncated", "deleted"] {
        for (file, shown) in [
            (format!("{name}.zso"), format!("{name}.zso.iso")),
            (format!("{name}.iso"), format!("{name}.iso")),
        ] {
            let handle = open_file(&mut console, &shown);
            assert_eq!(number(&console.ask(bread(handle, 0, 4)).0, 4), 2048);
            let path = games.path(&file);
            match name {
                "replaced" => {
                    std::fs::copy(games.path("Game.cso"), games.path("new")).unwrap();
                    std::fs::rename(games.path("new"), &path).unwrap();
                }
                "truncated" => {
                    std::fs::File::options().write(true).open(&path).unwrap().set_len(100_000).unwrap();
                }
                _ => std::fs::remove_file(&path).unwrap(),
            }
            for _ in 0..3 {
                assert_eq!(number(&console.ask(bread(handle, 400, 4)).0, 4), -5, "{shown}");
            }
            let trouble = server.event("trouble");
            assert_eq!(trouble["file"], *file, "{trouble}");
        }
    }
    // The rest goes on.
    let handle = open_file(&mut console, "Game.zso.iso");
    read_all(&mut console, handle, &games.image);
}

/// A file system in memory, in a folder.
struct Mounted<'a>(&'a Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}

#[test]
fn folder_that_is_unmounted_is_an_error_and_the_rest_goes_on() {
    let games = Games::new(300);
    let disk = games.path("disk");
    std::fs::create_dir(&disk).unwrap();
    let mut mount = Command::new("mount");
    let outcome = mount.args(["-t", "tmpfs", "cisor-test"]).arg(&disk).output();
    if !outcome.as_ref().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: no file system can be mounted here: {outcome:?}");
        return;
    }
    let mounted = Mounted(&disk);
    std::fs::copy(games.path("Game.zso"), disk.join("Game.zso")).unwrap();
    let mut server = Server::start(games.folder.path(), &[]);
    let mut console = server.console(None);
    let handle = open_file(&mut console, "disk/Game.zso.iso");
    assert_eq!(number(&console.ask(bread(handle, 0, 4)).0, 4), 2048);
    drop(mounted);
    assert_eq!(number(&console.ask(bread(handle, 0, 4)).0, 4), -5);
    assert_eq!(server.event("trouble")["file"], "Game.zso");
    assert!(open_file(&mut console, "disk/Game.zso.iso") < 0);
    let handle = open_file(&mut console, "Game.zso.iso");
    read_all(&mut console, handle, &games.image);
}

#[test]
fn no_file_is_opened_for_writing() {
    let games = Games::new(100);
    let log = games.path("strace.log");
    let mut strace = Command::new("strace");
    // The program is the child here, and strace watches it from aside.
    strace.args(["-D", "-f", "-s", "200", "-e", "trace=%file,openat2,ftruncate,fallocate", "-o"]);
    strace.arg(&log).arg(crate::support::BIN);
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("SKIPPED: there is no strace");
        return;
    }
    let server = Server::run(strace, ([127, 0, 0, 1], port).into(), games.folder.path(), &[]);
    let mut console = server.console(None);
    for name in ["Game.iso", "Game.zso.iso", "Game.cso.iso", "Game.cso"] {
        let handle = open_file(&mut console, name);
        assert_eq!(number(&console.ask(bread(handle, 0, 4)).0, 4), 2048);
    }
    for flags in [2, 3, 0x202, 0x602, 0x402, 0x102] {
        assert_eq!(number(&console.ask(open("Game.iso", 0, flags)).1, 4), -30);
        assert_eq!(number(&console.ask(open("new", 0, flags)).1, 4), -30);
    }
    drop(server);
    let mut text = String::new();
    for _ in 0..200 {
        text = std::fs::read_to_string(&log).unwrap();
        if text.contains("+++ killed by SIGKILL") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let log = text;
    let opened: Vec<&str> =
        log.lines().filter(|line| line.contains("/Game.") || line.contains("\"Game.")).collect();
    assert!(opened.iter().any(|line| line.contains("open")), "no file was opened: {log}");
    let forbidden =
        ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "unlink", "rename", "mkdir", "truncate"];
    let ours = games.folder.path().to_string_lossy().into_owned();
    for line in
        log.lines().filter(|line| line.contains(&ours) || line.contains("openat2") || line.contains("Game."))
    {
        assert!(!forbidden.iter().any(|word| line.contains(word)), "{line}");
    }
}
