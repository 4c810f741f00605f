//! The cost of the built driver, as a table for docs/benchmarks/driver.md: for every format and request size,
//! sequential and at random places.
//!
//! `cargo xtask psp && cargo build --release && cargo run --package psp-machine --example driver_table`
//!
//! All numbers are counts from the emulated machine: instructions, not cycles. They are the same in every
//! run.

#![allow(clippy::cast_precision_loss, reason = "numbers for people")]

#[path = "../tests/driver/support/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod support;

use psp_machine::Psp;
use psp_machine::umd::LbaParams;

use support::converter::convert;
use support::disc::Disc;
use support::images::{JsoMethod, Kind};
use test_noise::Noise;

/// Sectors of the disc: 16 MiB.
const SECTORS: u32 = 8192;
/// Where the requests of a run begin, and how many bytes they read in total.
const FIRST: u32 = 512;
const BYTES: u32 = 4 << 20;

/// The cost of a number of requests.
#[derive(Default)]
struct Cost {
    requests: u32,
    instructions: u64,
    card_reads: u32,
    card_bytes: u64,
    bytes: u64,
    stack: u32,
    extended_stack: u32,
}

fn main() {
    let disc = Disc::new(SECTORS as usize, 7);
    println!(
        "| format | request | card reads each, in sequence | at random | bytes read per byte, in sequence \
         | at random | instructions per byte, in sequence | at random | stack | extended stack | partition 1 |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (name, image) in images(&disc.bytes) {
        for kilobytes in [2, 8, 32, 128] {
            let sequence = run(&disc, &image, kilobytes, false);
            let random = run(&disc, &image, kilobytes, true);
            print_row(&name, kilobytes, &sequence, &random);
        }
    }
}

/// The same disc in all commonly used formats.
fn images(disc: &[u8]) -> Vec<(String, Vec<u8>)> {
    let convert = |format, block| convert(disc, format, block, 1);
    let lzo = Kind::Jso { block: 2048, method: JsoMethod::Lzo, headers: false };
    vec![
        ("CSO v1, 2 KiB blocks".to_owned(), convert("cso", 2048)),
        ("CSO v1, 8 KiB".to_owned(), convert("cso", 8192)),
        ("CSO v1, 16 KiB".to_owned(), convert("cso", 16_384)),
        ("CSO v2, 2 KiB".to_owned(), convert("cso2", 2048)),
        ("ZSO, 2 KiB".to_owned(), convert("zso", 2048)),
        ("ZSO, 16 KiB".to_owned(), convert("zso", 16_384)),
        ("DAX, 8 KiB".to_owned(), convert("dax", 8192)),
        ("JSO deflate, 2 KiB".to_owned(), convert("jso", 2048)),
        ("JSO LZO, 2 KiB".to_owned(), lzo.pack(disc)),
    ]
}

/// Reads the same number of bytes in requests of one size; every byte is compared.
fn run(disc: &Disc, image: &[u8], kilobytes: u32, random: bool) -> (Cost, u32) {
    let (mut psp, module) = support::taken_over(image.to_vec());
    let blocks = &psp.kernel.memory.partitions;
    let memory = blocks.kernel().used;
    assert!(memory > module.region.len);
    let mut noise = Noise::new(11);
    let mut cost = Cost::default();
    let count = kilobytes / 2;
    for request in 0..BYTES / (kilobytes << 10) {
        let lba = if random { noise.below32(SECTORS - count) } else { FIRST + request * count };
        one(&mut psp, disc, lba, count, &mut cost);
    }
    (cost, memory)
}

fn one(psp: &mut Psp, disc: &Disc, lba: u32, count: u32, cost: &mut Cost) {
    let before = psp.kernel.card.stats;
    let finished = support::ok(psp.read_lba(LbaParams::sectors(lba, count), 0));
    let at = lba as usize * 2048;
    assert!(finished.bytes == disc.bytes[at..at + count as usize * 2048], "{count} sectors at {lba} differ");
    let after = psp.kernel.card.stats;
    cost.requests += 1;
    cost.instructions += finished.outcome.instructions;
    cost.card_reads += after.reads - before.reads;
    cost.card_bytes += after.bytes - before.bytes;
    cost.bytes += u64::from(count) * 2048;
    cost.stack = cost.stack.max(finished.outcome.stack);
    cost.extended_stack = cost.extended_stack.max(finished.outcome.extended_stack);
}

fn print_row(name: &str, kilobytes: u32, (sequence, memory): &(Cost, u32), (random, _): &(Cost, u32)) {
    let each = |cost: &Cost| f64::from(cost.card_reads) / f64::from(cost.requests);
    let per_byte = |number: u64, cost: &Cost| number as f64 / cost.bytes as f64;
    println!(
        "| {name} | {kilobytes} KiB | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} | {:.1} | {} | {} | {:.1} KiB |",
        each(sequence),
        each(random),
        per_byte(sequence.card_bytes, sequence),
        per_byte(random.card_bytes, random),
        per_byte(sequence.instructions, sequence),
        per_byte(random.instructions, random),
        sequence.stack.max(random.stack),
        sequence.extended_stack.max(random.extended_stack),
        f64::from(*memory) / 1024.0,
    );
}
