//! Reads a file from a server in blocks of 256 KiB, as for the tables in docs/benchmarks/serve.md, and compares every
//! byte.
//!
//! ```text
//! measure SERVER:PORT NAME FILE MEBIBYTES LOSE_EVERY [RUNS [MB_PER_SECOND [PID]]]
//! ```
//!
//! FILE is the disc that NAME must decode to. With 0 for LOSE_EVERY, no packet is lost on purpose; with 0 for
//! MB_PER_SECOND, the console reads as fast as it can. PID is the server's process, whose processor time and peak memory
//! are printed as well, on Linux.

use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

use udpfs_sim::calls::{bread, number, open};
use udpfs_sim::client::Outcome;
use udpfs_sim::socket::Console;

/// Ticks per second of the processor times in /proc.
const TICKS: f64 = 100.0;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [server, name, file, mebibytes, lose_every, more @ ..] = &args[..] else {
        panic!("wanted: SERVER:PORT NAME FILE MEBIBYTES LOSE_EVERY [RUNS [MB_PER_SECOND [PID]]]")
    };
    let server = server.parse().expect("an address and a port");
    let mebibytes: usize = mebibytes.parse().expect("a number of mebibytes");
    let lose_every = lose_every.parse().ok().filter(|&every| every > 0);
    let more = |index: usize| more.get(index).and_then(|text| text.parse::<u32>().ok());
    let (runs, rate, process) = (more(0).unwrap_or(1).max(1), f64::from(more(1).unwrap_or(0)), more(2));
    let mut expected = vec![0; mebibytes << 20];
    File::open(file).and_then(|mut file| file.read_exact(&mut expected)).expect("a file of that size");

    let mut console = Console::new(server, lose_every).expect("a socket");
    assert_eq!(console.start().expect("a socket"), Outcome::Connected);
    let (_, reply) = console.ask(open(name, 0, 1));
    let handle = number(&reply, 4);
    assert!(handle > 0, "cannot open {name}: {handle}");
    let megabytes = expected.len() as f64 / 1e6;
    let (begun, busy) = (Instant::now(), process.map(processor_seconds));
    let mut rates = Vec::new();
    for _ in 0..runs {
        let begun = Instant::now();
        for (index, expected) in expected.chunks(64 << 10).enumerate() {
            let sector = index as u64 * 128;
            let (header, data) = console.ask(bread(handle, sector, 128));
            assert_eq!(number(&header, 4), 65_536, "sector {sector}");
            assert!(data == expected, "wrong bytes after sector {sector}");
            if rate > 0.0 && index % 4 == 3 {
                let due = Duration::from_secs_f64((index + 1) as f64 * 65_536.0 / 1e6 / rate);
                std::thread::sleep(due.saturating_sub(begun.elapsed()));
            }
        }
        rates.push(megabytes / begun.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    let (median, best) = (rates[rates.len() / 2], rates[rates.len() - 1]);
    println!("{median:.1} MB/s, the best of {runs} runs {best:.1}; {} packets lost on purpose", console.lost);
    if let (Some(process), Some(before)) = (process, busy) {
        let seconds = processor_seconds(process) - before;
        let share = seconds / begun.elapsed().as_secs_f64() * 100.0;
        let per_gigabyte = seconds / megabytes / f64::from(runs) * 1000.0;
        println!("server: {share:.1} % of a core, {per_gigabyte:.2} s per GB, {}", peak_memory(process));
    }
}

/// Returns the processor time that a process has used.
fn processor_seconds(process: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("the server's process");
    let after_name = text.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS
}

/// Returns the line with the peak of a process's memory.
fn peak_memory(process: u32) -> String {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the server's process");
    let line = text.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or("no memory").split_whitespace().collect::<Vec<_>>().join(" ")
}
