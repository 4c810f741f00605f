//! What requests cost beside decoding: instructions, calls of the card, bytes from the card. All of these are counts,
//! the same in every run.

use psp_machine::Psp;
use psp_machine::cpu::Meter;

use crate::support::converter::convert;
use crate::support::images::{JsoMethod, Kind};
use crate::support::{assert_sectors, function, read_sectors, small_disc, taken_over};

/// Sectors of the small disc.
const SECTORS: u32 = 1024;

/// What reading the small disc in sequence cost.
struct Cost {
    requests: u32,
    instructions: u64,
    /// Of these, inside the decoder.
    decoding: u64,
    blocks_decoded: u64,
    card_reads: u32,
    card_bytes: u64,
}

impl Cost {
    fn ratio(&self) -> f64 {
        self.instructions as f64 / self.decoding as f64
    }
}

/// Starts the driver, and counts what its decoder does.
fn metered(image: &[u8]) -> Psp {
    let (mut psp, module) = taken_over(image.to_vec());
    psp.cpu.set_meter(Meter::new(module.region.start + function("Decoder6decode")));
    psp
}

/// Reads the whole disc in requests of `count` sectors.
fn sequence(image: &[u8], count: u32) -> Cost {
    let mut psp = metered(image);
    let before = psp.kernel.card.stats;
    let mut instructions = 0;
    for lba in (0..SECTORS).step_by(count as usize) {
        let finished = read_sectors(&mut psp, lba, count);
        let at = lba as usize * 2048;
        assert!(
            finished.bytes == small_disc().bytes[at..at + count as usize * 2048],
            "{count} sectors at {lba}"
        );
        instructions += finished.outcome.instructions;
    }
    let (after, meter) = (psp.kernel.card.stats, psp.cpu.meter());
    Cost {
        requests: SECTORS / count,
        instructions,
        decoding: meter.instructions,
        blocks_decoded: meter.calls,
        card_reads: after.reads - before.reads,
        card_bytes: after.bytes - before.bytes,
    }
}

/// The small disc in every format that people use, with the block size in sectors.
fn images() -> Vec<(&'static str, u32, Vec<u8>)> {
    let disc = &small_disc().bytes;
    let converted = |format, sectors: u32| convert(disc, format, sectors * 2048, 1);
    let lzo = Kind::Jso { block: 2048, method: JsoMethod::Lzo, headers: false };
    vec![
        ("CSO v1, 2 KiB", 1, converted("cso", 1)),
        ("CSO v1, 8 KiB", 4, converted("cso", 4)),
        ("CSO v1, 16 KiB", 8, converted("cso", 8)),
        ("CSO v2, 2 KiB", 1, converted("cso2", 1)),
        ("ZSO, 2 KiB", 1, converted("zso", 1)),
        ("ZSO, 16 KiB", 8, converted("zso", 8)),
        ("DAX, 8 KiB", 4, converted("dax", 4)),
        ("JSO deflate, 2 KiB", 1, converted("jso", 1)),
        ("JSO LZO, 2 KiB", 1, lzo.pack(disc)),
    ]
}

/// Requests on block borders: at most 15 % of instructions more than the decoder alone takes.
#[test]
#[ignore = "needs the built driver"]
fn block_aligned_requests_cost_little_more_than_decoding() {
    let mut dear = Vec::new();
    for (name, _, image) in images() {
        for count in [16, 64] {
            let cost = sequence(&image, count);
            println!("{name}, {} KiB: {:.3}", count * 2, cost.ratio());
            if cost.ratio() > 1.15 {
                dear.push(format!("{name}, {} KiB: {:.3}", count * 2, cost.ratio()));
            }
        }
    }
    assert!(dear.is_empty(), "{dear:#?}");
}

/// Sectors of larger blocks, in sequence: at most 30 % more, each block decoded once, and the card asked for
/// every sixteenth request at most.
#[test]
#[ignore = "needs the built driver"]
fn single_sectors_in_sequence_share_blocks_and_card_reads() {
    let mut dear = Vec::new();
    for (name, sectors, image) in images() {
        let cost = sequence(&image, 1);
        println!("{name}: {:.3}, {} card reads", cost.ratio(), cost.card_reads);
        assert!(cost.card_reads <= cost.requests / 16, "{name}: {} reads of the card", cost.card_reads);
        // The volume descriptor's block is in the driver's memory from the start.
        let blocks = u64::from(SECTORS / sectors);
        assert!(cost.blocks_decoded <= blocks, "{name}: {} of {blocks} blocks", cost.blocks_decoded);
        if cost.ratio() > 1.3 {
            dear.push(format!("{name}: {:.3}", cost.ratio()));
        }
    }
    assert!(dear.is_empty(), "{dear:#?}");
}

/// What is read ahead is used: requests of 32 KiB and more, in sequence, read at most 5 % more than the file has.
#[test]
#[ignore = "needs the built driver"]
fn large_requests_in_sequence_read_the_card_once() {
    for (name, _, image) in images() {
        for count in [16, 64] {
            let cost = sequence(&image, count);
            let limit = image.len() as u64 * 105 / 100;
            assert!(cost.card_bytes <= limit, "{name}: {} of {} bytes", cost.card_bytes, image.len());
        }
    }
}

/// Two files read in turn, in large requests: neither pays for the other's reading ahead.
#[test]
#[ignore = "needs the built driver"]
fn interleaved_streams_read_nothing_twice() {
    for (name, _, image) in images() {
        let mut psp = metered(&image);
        let before = psp.kernel.card.stats;
        for lba in (0..SECTORS / 2).step_by(32) {
            assert_sectors(&mut psp, small_disc(), lba, 32);
            assert_sectors(&mut psp, small_disc(), SECTORS / 2 + lba, 32);
        }
        let bytes = psp.kernel.card.stats.bytes - before.bytes;
        let limit = image.len() as u64 * 105 / 100;
        assert!(bytes <= limit, "{name}: {bytes} of {} bytes", image.len());
    }
}
