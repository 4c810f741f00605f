//! A game that is played for a day: requests of every size, in every format, with pauses between them and now and then
//! something that goes wrong. Every byte is compared, and nothing may grow.

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use psp_machine::kernel::io::Fault;
use psp_machine::umd::{FileArg, LbaParams};
use psp_machine::{Disturbance, Psp};
use test_noise::Noise;

use crate::support::disc::{Disc, SECTOR};
use crate::support::images::{JsoMethod, Kind};
use crate::support::{FAMILIES, SETTINGS, USUAL, large_disc, machine, ok, small_disc, take_over};

const MILLISECOND: u64 = 1000;
const SECOND: u64 = 1_000_000;
const HOUR: u64 = 3600 * SECOND;
/// How many requests there are between two pauses.
const BURST: u64 = 4;
/// When the kernel's 32-bit clock starts again, which it does every 71.6 minutes.
const WRAP: u64 = 1 << 32;
/// How long a request may take, and how much longer one that a suspension hits.
const LIMIT: u64 = 4_800 * MILLISECOND;
/// How long the card is out when that is longer than a request waits.
const OUT: u64 = 10 * SECOND;
const LONGEST_SUSPENSION: u64 = 60 * SECOND;

const IO_ERROR: u32 = 0x8001_0005;

/// All formats, with the families that most other tests use.
fn kinds() -> Vec<Kind> {
    let others = [
        Kind::Iso,
        Kind::Cso2 { block: 2048, shift: 0 },
        Kind::Dax { plain_areas: false },
        Kind::Jso { block: 2048, method: JsoMethod::Zlib, headers: false },
    ];
    FAMILIES.into_iter().chain(others).collect()
}

/// What happened.
#[derive(Default)]
struct Figures {
    requests: u64,
    bytes: u64,
    mishaps: u64,
    wraps: u64,
    refused: u64,
    time: u64,
    instructions: u64,
}

/// What must be the same at the end as after the start.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    memory: u32,
    blocks: usize,
    objects: usize,
    threads: usize,
}

fn held(psp: &Psp) -> Held {
    Held {
        memory: psp.kernel.memory.partitions.kernel().used,
        blocks: psp.kernel.memory.partitions.blocks.len(),
        objects: psp.kernel.threads.objects.len(),
        threads: psp.kernel.threads.all.len(),
    }
}

struct Game {
    disc: &'static Disc,
    psp: Psp,
    noise: Noise,
    raw: FileArg,
    figures: Figures,
    name: String,
    /// When the game ends, on the machine's clock.
    end: u64,
    /// Whether the card is or will be out for longer than a request waits.
    may_fail: bool,
}

impl Game {
    /// Lets time pass so that `requests` of them take as long as the game is played. When the kernel's clock starts again
    /// meanwhile, the card goes out right before that.
    fn pause(&mut self, requests: u64) {
        let now = self.psp.kernel.clock.now();
        let left = (requests.saturating_sub(self.figures.requests) / BURST).max(1);
        let mean = self.end.saturating_sub(now) / left;
        let pause = self.noise.below(2 * mean + 1);
        let to_wrap = WRAP - now % WRAP;
        if pause < to_wrap {
            return ok(self.psp.run_for(pause));
        }
        ok(self.psp.run_for(to_wrap.saturating_sub(300 * MILLISECOND)));
        self.psp.kernel.card.inject(Fault::CardOut(700 * MILLISECOND));
        self.figures.mishaps += 1;
        self.figures.wraps += 1;
    }

    /// Something goes wrong during one of the next requests.
    fn mishap(&mut self) {
        let at = 1 + self.noise.below(12);
        let time = self.noise.below(LONGEST_SUSPENSION);
        let card = &mut self.psp.kernel.card;
        self.figures.mishaps += 1;
        match self.noise.below(8) {
            0 => card.inject(Fault::ReadFails(IO_ERROR)),
            1 => card.inject(Fault::ShortRead(self.noise.index(3000))),
            2 => card.inject(Fault::Stale),
            3 => card.inject(Fault::CardOut(700 * MILLISECOND)),
            4 => card.inject(Fault::SeekFails(IO_ERROR)),
            5 => self.psp.disturb(at, Disturbance::Stale),
            6 => self.psp.disturb(at, Disturbance::Suspension(time)),
            _ => {
                card.inject(Fault::CardOut(OUT));
                self.may_fail = true;
            }
        }
    }

    /// One request, compared. Returns whether it was refused.
    fn request(&mut self) -> bool {
        let disc = &self.disc.bytes;
        let sectors = disc.len() / SECTOR;
        let count = match self.noise.below(32) {
            0 => 1 + self.noise.below32(300),
            1..6 => 1 + self.noise.below32(32),
            6..12 => 1 + self.noise.below32(6),
            _ => 1,
        };
        let lba = self.noise.below32(u32::try_from(sectors).unwrap() - count);
        let at = lba as usize * SECTOR;
        let len = count as usize * SECTOR;
        let (finished, expected, range) = match self.noise.below(8) {
            // Through a raw descriptor.
            0 => {
                let sought = ok(self.psp.raw_seek(self.raw, lba.into(), 0));
                assert_eq!(sought.long(), i64::from(lba), "{}", self.name);
                (ok(self.psp.raw_read(self.raw, count)), count, at..at + len)
            }
            // Some bytes of a sector or two.
            1..4 => {
                let skip = self.noise.below32(2047);
                let bytes = 1 + self.noise.below32(2048);
                let params = psp_machine::isofs::params_for(lba, skip, bytes, false);
                let start = at + skip as usize;
                let end = (start + bytes as usize).min(disc.len());
                if end < start + bytes as usize {
                    return false;
                }
                (ok(self.psp.read_lba(params, 0)), bytes, start..end)
            }
            _ => {
                let slack = [0, 0, 64, 1, 37][self.noise.index(5)];
                (ok(self.psp.read_lba(LbaParams::sectors(lba, count), slack)), count * 2048, at..at + len)
            }
        };
        let outcome = finished.outcome;
        self.figures.requests += 1;
        self.figures.instructions += outcome.instructions;
        let took = outcome.microseconds;
        assert!(took <= LIMIT + LONGEST_SUSPENSION, "{}: {took} µs", self.name);
        if outcome.is_error() {
            return true;
        }
        assert_eq!(outcome.value, expected, "{}: request {}", self.name, self.figures.requests);
        let right = finished.bytes == disc[range.clone()];
        assert!(right, "{}: request {}: {range:?} differs", self.name, self.figures.requests);
        self.figures.bytes += range.len() as u64;
        false
    }
}

/// Plays a disc in one format for so many hours on the machine's clock.
fn play(disc: &'static Disc, kind: Kind, requests: u64, hours: u64) -> Figures {
    let mut psp = machine(kind.pack(&disc.bytes));
    // The log's thread wakes twice a second, which takes the machine longer than the game.
    let log = if kind == USUAL { "log = on" } else { "log = off" };
    psp.kernel.card.insert_text(SETTINGS, &format!("{log}\nplain-images = on\n"));
    psp.time_limit = LIMIT + 2 * LONGEST_SUSPENSION;
    let module = take_over(&mut psp);
    let raw = psp.file_arg(0);
    assert_eq!(ok(psp.raw_open(raw)).value, 0);
    let before = held(&psp);
    let noise = Noise::new(kind.name().bytes().fold(7, |seed, byte| 31 * seed % 1_000_003 + u64::from(byte)));
    let mut game = Game {
        disc,
        psp,
        noise,
        raw,
        figures: Figures::default(),
        name: kind.name(),
        end: hours * HOUR,
        may_fail: false,
    };
    let often = (requests / 40).clamp(1, 500);
    while game.figures.requests < requests {
        if game.noise.below(often) == 0 {
            game.mishap();
        }
        for _ in 0..BURST {
            if game.request() {
                assert!(game.may_fail, "{}: refused without a reason", game.name);
                game.figures.refused += 1;
                ok(game.psp.run_for(OUT));
                game.may_fail = false;
            }
        }
        let open = game.psp.kernel.card.open_descriptors();
        assert!(open <= 2, "{}: {open} descriptors", game.name);
        game.psp.inferno.calls.clear();
        game.pause(requests);
        if game.figures.requests % 1000 < BURST {
            assert_eq!(held(&game.psp), before, "{}: drift", game.name);
            game.psp.check_guards().unwrap();
        }
    }
    let Game { mut psp, mut figures, .. } = game;
    assert_eq!(held(&psp), before, "{}: drift", kind.name());
    assert!(figures.wraps > 0, "the clock started again");
    figures.time = psp.kernel.clock.now();
    assert_eq!(ok(psp.raw_close(raw)).value, 0);
    assert_eq!(ok(psp.stop(&module)).value, 0);
    crate::support::assert_no_trace(&psp, 0, &kind.name());
    figures
}

fn play_all(disc: &'static Disc, requests: u64, hours: u64) {
    let kinds = kinds();
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    let lanes = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                while let Some(&kind) = kinds.get(next.fetch_add(1, Relaxed)) {
                    let began = Instant::now();
                    let figures = play(disc, kind, requests, hours);
                    let row = format!(
                        "| {} | {} | {:.2} | {:.1} | {} | {} | {:.1} |",
                        kind.name(),
                        figures.requests,
                        figures.bytes as f64 / 1e9,
                        figures.time as f64 / HOUR as f64,
                        figures.mishaps,
                        figures.refused,
                        figures.instructions as f64 / 1e9,
                    );
                    eprintln!("{row} {:.0} s", began.elapsed().as_secs_f64());
                    rows.lock().unwrap().push(row);
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    assert_eq!(rows.len(), kinds.len());
    rows.sort();
    println!("| image | requests | GB compared | hours | mishaps | refused | instructions, 10^9 |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    rows.iter().for_each(|row| println!("{row}"));
}

#[test]
#[ignore = "needs the built driver"]
fn for_a_moment() {
    play_all(small_disc(), 200, 2);
}

/// A part of `cargo xtask soak`: ten million requests in all. `CISOR_PLAYED_REQUESTS` sets how many there are in each format.
#[test]
#[ignore = "needs the built driver; takes an hour"]
fn for_a_day_in_every_format() {
    let requests = std::env::var("CISOR_PLAYED_REQUESTS").map_or(1_112_000, |number| number.parse().unwrap());
    play_all(large_disc(), requests, 24);
}
