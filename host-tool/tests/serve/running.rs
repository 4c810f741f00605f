//! A running server, its games, and what a console does with them.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;
use tempfile::TempDir;
use udpfs_sim::calls::{bread, number, open};
use udpfs_sim::client::Outcome;
use udpfs_sim::socket::Console;

use crate::support::BIN;

/// A running server that is stopped at the end of the test.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    /// Its output. A thread reads it: the program waits for whoever does not read its events.
    lines: Mutex<Receiver<String>>,
}

impl Server {
    /// Starts the program on loopback.
    pub(crate) fn start(folder: &Path, args: &[&str]) -> Self {
        Self::started_by(Command::new(BIN), folder, args)
    }

    /// Starts the program on loopback with a command, to which its arguments are added.
    pub(crate) fn started_by(command: Command, folder: &Path, args: &[&str]) -> Self {
        Self::run(command, ([127, 0, 0, 1], 0).into(), folder, args)
    }

    /// Starts the program with a command, to which its arguments are added. Port 0 is any that is free.
    pub(crate) fn run(mut command: Command, mut address: SocketAddr, folder: &Path, args: &[&str]) -> Self {
        let port = address.port();
        command.args(["serve", "--json", "--port", &port.to_string()]).arg(folder).args(args);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let line = lines.recv().unwrap();
        let lines = Mutex::new(lines);
        let first: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(first["event"], "listening", "{line}");
        address.set_port(first["port"].as_u64().unwrap().try_into().unwrap());
        assert!(address.port() == port || (port == 0 && address.port() > 0), "{line}");
        Self { child, address, lines }
    }

    pub(crate) fn console(&self, lose_every: Option<u64>) -> Console {
        let mut console = Console::new(self.address, lose_every).unwrap();
        assert_eq!(console.start().unwrap(), Outcome::Connected);
        console
    }

    /// Returns how much memory the program has at the moment, in KiB.
    #[cfg(target_os = "linux")]
    pub(crate) fn resident_kib(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = text.lines().find(|line| line.starts_with("VmRSS")).expect("VmRSS");
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Reads events until one has this name.
    pub(crate) fn event(&mut self, name: &str) -> Value {
        loop {
            let line = self.lines.get_mut().unwrap().recv().unwrap_or_else(|_| panic!("no event {name}"));
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["event"] == name {
                return event;
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with a disc and the same disc as CSO and ZSO.
pub(crate) struct Games {
    pub(crate) folder: TempDir,
    pub(crate) image: Vec<u8>,
}

impl Games {
    pub(crate) fn new(sectors: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut image =
            disc_info::test_disc::disc("GAME", &[("SYSTEM.CNF", b"BOOT2 = cdrom0:\\SLUS_200.01;1\r\n")]);
        let start = image.len();
        image.resize(start.max(sectors * 2048), 0);
        for (at, byte) in image.iter_mut().enumerate().skip(start) {
            // Half noise, so that there are both packed and stored blocks.
            let mixed = (at as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
            *byte = if at % 4096 < 2500 { (at / 512).to_le_bytes()[0] } else { mixed.to_le_bytes()[0] };
        }
        let games = Self { folder, image };
        std::fs::write(games.path("Game.iso"), &games.image).unwrap();
        for format in ["cso", "zso"] {
            let output = games.path(&format!("Game.{format}"));
            let mut run = Command::new(BIN);
            run.args(["compress", "-q", "--to", format, "-o"]).arg(&output).arg(games.path("Game.iso"));
            assert!(run.status().unwrap().success());
        }
        games
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

pub(crate) fn open_file(console: &mut Console, name: &str) -> i32 {
    number(&console.ask(open(name, 0, 1)).1, 4)
}

/// Reads a whole image in blocks and compares it.
pub(crate) fn read_all(console: &mut Console, handle: i32, image: &[u8]) {
    for (index, expected) in image.chunks(64 << 10).enumerate() {
        let sectors = u16::try_from(expected.len().div_ceil(512)).unwrap();
        let (header, data) = console.ask(bread(handle, index as u64 * 128, sectors));
        assert_eq!(number(&header, 4), i32::from(sectors) * 512);
        assert!(data[..expected.len()] == *expected, "block {index}");
    }
}
