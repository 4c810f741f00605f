//! Reads a file from a server in 256-KiB blocks, as for the tables in docs/benchmarks.md, and compares
//! every byte.
//!
//! ```text
//! measure SERVER:PORT NAME FILE MEBIBYTES LOSE_EVERY
//! ```
//!
//! FILE is the disc that NAME must decode to. With 0, no packet is lost on purpose.

use std::fs::File;
use std::io::Read;
use std::time::Instant;

use udpfs_sim::calls::{bread, number, open};
use udpfs_sim::client::Outcome;
use udpfs_sim::socket::Console;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [server, name, file, mebibytes, lose_every] = &args[..] else {
        panic!("wanted: SERVER:PORT NAME FILE MEBIBYTES LOSE_EVERY")
    };
    let server = server.parse().expect("an address and a port");
    let mebibytes: usize = mebibytes.parse().expect("a number of mebibytes");
    let lose_every = lose_every.parse().ok().filter(|&every| every > 0);
    let mut expected = vec![0; mebibytes << 20];
    File::open(file).and_then(|mut file| file.read_exact(&mut expected)).expect("a file of that size");

    let mut console = Console::new(server, lose_every).expect("a socket");
    assert_eq!(console.start().expect("a socket"), Outcome::Connected);
    let (_, reply) = console.ask(open(name, 0, 1));
    let handle = number(&reply, 4);
    assert!(handle > 0, "cannot open {name}: {handle}");
    let begun = Instant::now();
    for (index, expected) in expected.chunks(64 << 10).enumerate() {
        let sector = index as u64 * 128;
        let (header, data) = console.ask(bread(handle, sector, 128));
        assert_eq!(number(&header, 4), 65_536, "sector {sector}");
        assert!(data == expected, "wrong bytes after sector {sector}");
    }
    let seconds = begun.elapsed().as_secs_f64();
    let lost = console.lost;
    println!("{:.1} MB/s, {lost} packets lost on purpose", expected.len() as f64 / 1e6 / seconds);
}
