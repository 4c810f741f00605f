//! What a boot and the game after it read, over a network that loses 1 % of all datagrams in both directions.

#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use udpfs_sim::calls::{bread, next_entry, number, open, read, seek, size_at, stat};
use udpfs_sim::client::Outcome;
use udpfs_sim::link::Faults;
use udpfs_sim::random::Random;
use udpfs_sim::relay::Relay;
use udpfs_sim::socket::Console;

use crate::running::{Games, Server, open_file};

const NAMES: [&str; 3] = ["Game.zso.iso", "Game.iso", "Game.cso.iso"];
/// Sectors of 512 bytes in the largest block read.
const MOST_SECTORS: u64 = 128;

/// A console that reads a disc and compares every byte.
pub(crate) struct Player<'a> {
    pub(crate) console: Console,
    pub(crate) image: &'a [u8],
    pub(crate) compared: usize,
}

impl Player<'_> {
    /// The loader: finds the game, reads the volume descriptors and the program through the file driver, and hands its
    /// handle to the game, which starts with a fresh connection.
    pub(crate) fn boot(&mut self, name: &str, program: usize) -> i32 {
        assert_eq!(self.console.start().unwrap(), Outcome::Connected);
        let folder = number(&self.console.ask(open("", 1, 1)).1, 4);
        while number(&self.console.ask(next_entry(folder)).1, 4) == 1 {}
        let (_, entry) = self.console.ask(stat(name));
        assert_eq!(size_at(&entry, 16), self.image.len() as u64, "{name}");
        let handle = open_file(&mut self.console, name);
        assert!(handle > 0, "{name}: {handle}");
        self.read(handle, 16 * 2048, 2048);
        for at in (0..program).step_by(16 << 10) {
            self.read(handle, 20 * 2048 + at, 16 << 10);
        }
        assert_eq!(self.console.start().unwrap(), Outcome::Connected);
        handle
    }

    /// The game: streams in large blocks, and small reads all over the disc.
    pub(crate) fn play(&mut self, handle: i32, random: &mut Random, bytes: usize) {
        let until = self.compared + bytes;
        let sectors = self.image.len() as u64 / 512;
        while self.compared < until {
            if random.happens(600) {
                let count = 8 + random.below(56);
                let mut at = random.below(sectors);
                for _ in 0..count {
                    self.block(handle, at, MOST_SECTORS);
                    at = (at + MOST_SECTORS) % sectors;
                }
            } else {
                for _ in 0..10 + random.below(30) {
                    let count = 4 * (1 + random.below(8));
                    self.block(handle, random.below(sectors), count);
                }
            }
        }
    }

    fn read(&mut self, handle: i32, at: usize, len: u32) {
        self.console.ask(seek(handle, at as u64));
        let (header, data) = self.console.ask(read(handle, len));
        let end = (at + len as usize).min(self.image.len());
        let expected = &self.image[at.min(end)..end];
        assert_eq!(number(&header, 4) as usize, expected.len());
        assert!(data[..expected.len()] == *expected, "wrong bytes at {at}");
        self.compared += expected.len();
    }

    /// Past the end of the disc there are zeros.
    fn block(&mut self, handle: i32, sector: u64, sectors: u64) {
        let len = usize::try_from(sectors).unwrap() * 512;
        let (header, data) = self.console.ask(bread(handle, sector, u16::try_from(sectors).unwrap()));
        assert_eq!((number(&header, 4), data.len()), (i32::try_from(len).unwrap(), len));
        let start = usize::try_from(sector).unwrap() * 512;
        let there = &self.image[start..(start + len).min(self.image.len())];
        assert!(data[..there.len()] == *there, "wrong bytes after sector {sector}");
        assert!(data[there.len()..].iter().all(|&byte| byte == 0), "after the end, sector {sector}");
        self.compared += len;
    }
}

/// Boots and plays until `bytes` have arrived, in `parts` that each start the console again with another format.
fn trace(games: &Games, bytes: usize, parts: usize, seed: u64) {
    let server = Server::start(games.folder.path(), &[]);
    let faults = Faults { lost: 10, ..Faults::default() };
    let relay = Relay::start(([127, 0, 0, 1], 0).into(), server.address, faults, seed).unwrap();
    let console = Console::new(relay.address, None).unwrap();
    let mut player = Player { console, image: &games.image, compared: 0 };
    let mut random = Random(seed);
    let begun = Instant::now();
    for part in 0..parts {
        let name = NAMES[part % NAMES.len()];
        let handle = player.boot(name, 1_500_000.min(bytes / parts / 4));
        player.play(handle, &mut random, bytes / parts);
    }
    let (sent, lost) = relay.counts();
    println!(
        "{} bytes compared in {:.1} s; {lost} of {sent} datagrams lost",
        player.compared,
        begun.elapsed().as_secs_f64()
    );
    assert!(player.compared >= bytes);
    assert!((sent / 200..sent / 50).contains(&lost), "{lost} of {sent}");
}

#[test]
fn boot_and_game_arrive_over_one_per_cent_loss() {
    trace(&Games::new(2500), 12_000_000, 3, 15);
}

#[test]
#[ignore = "takes minutes: cargo xtask soak"]
fn half_a_gigabyte_arrives_over_one_per_cent_loss() {
    trace(&Games::new(20_000), 500_000_000, 12, 16);
}

/// Four consoles, each over a network of its own, until ten million datagrams were sent in all.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes half an hour: cargo xtask soak"]
fn ten_million_packets_take_no_more_memory_than_the_first() {
    const PACKETS: u64 = 10_000_000;
    const CONSOLES: u8 = 4;
    let games = Games::new(20_000);
    let server = Server::start(games.folder.path(), &[]);
    let (games, address) = (&games, server.address);
    let counts = [const { (AtomicU64::new(0), AtomicU64::new(0)) }; CONSOLES as usize];
    let counts = &counts;
    let sent = || counts.iter().map(|(sent, _)| sent.load(Ordering::Relaxed)).sum::<u64>();
    let begun = Instant::now();
    let (mut memory, compared) = (Vec::new(), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let players = (0..CONSOLES).map(|number| {
            let compared = &compared;
            scope.spawn(move || {
                let seed = 100 + u64::from(number);
                let faults = Faults { lost: 10, ..Faults::default() };
                let relay = Relay::start(([127, 0, 0, 1], 0).into(), address, faults, seed).unwrap();
                let console = Console::new(relay.address, None).unwrap();
                let mut player = Player { console, image: &games.image, compared: 0 };
                let mut random = Random(seed);
                let (sent, lost) = &counts[usize::from(number)];
                for name in NAMES.iter().cycle() {
                    let before = player.compared;
                    let handle = player.boot(name, 1_500_000);
                    player.play(handle, &mut random, 20_000_000);
                    compared.fetch_add((player.compared - before) as u64, Ordering::Relaxed);
                    let now = relay.counts();
                    sent.store(now.0, Ordering::Relaxed);
                    lost.store(now.1, Ordering::Relaxed);
                    if now.0 >= PACKETS / u64::from(CONSOLES) {
                        break;
                    }
                }
            })
        });
        let players: Vec<_> = players.collect();
        while players.iter().any(|player| !player.is_finished()) {
            memory.push((sent(), server.resident_kib()));
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    let most = |from, to| {
        let part = memory.iter().filter(|(sent, _)| (from..=to).contains(sent));
        part.map(|(_, kib)| *kib).max().expect("it was looked at")
    };
    let by_tenth: Vec<_> =
        (0..10).map(|tenth| most(tenth * PACKETS / 10, (tenth + 1) * PACKETS / 10)).collect();
    // All three formats are open after the first tenth.
    let (early, late) = (by_tenth[0], most(PACKETS / 2, u64::MAX));
    let lost: u64 = counts.iter().map(|(_, lost)| lost.load(Ordering::Relaxed)).sum();
    println!(
        "{} bytes compared in {:.0} s; {lost} of {} datagrams lost; memory {early} KiB at first, {late} KiB later",
        compared.into_inner(),
        begun.elapsed().as_secs_f64(),
        sent()
    );
    println!("Most memory in each tenth, in KiB: {by_tenth:?}");
    assert!(sent() >= PACKETS && lost > sent() / 200);
    assert!(late <= early + (2 << 10), "{early} KiB at first, {late} KiB later");
}

/// A cable that is fine but slow, and one that delivers datagrams late and twice.
#[test]
fn boot_and_game_arrive_over_delays_and_reordering() {
    let games = Games::new(1000);
    let server = Server::start(games.folder.path(), &[]);
    let faults = Faults {
        lost: 3,
        late: 20,
        copied: 5,
        delay: Duration::from_millis(2),
        lateness: Duration::from_millis(3),
        ..Faults::default()
    };
    let relay = Relay::start(([127, 0, 0, 1], 0).into(), server.address, faults, 7).unwrap();
    // Its client recognises old ACKs, which such a network delivers.
    let console = Console::new(relay.address, None).unwrap().checking_acks();
    let mut player = Player { console, image: &games.image, compared: 0 };
    let handle = player.boot("Game.zso.iso", 100_000);
    player.play(handle, &mut Random(1), 500_000);
}
