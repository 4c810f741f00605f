//! Two threads read at once and switch at every kernel call.

use psp_machine::kernel::io::Fault;
use psp_machine::umd::{LbaParams, command};
use psp_machine::{Interleave, Psp};

use crate::support::{FAMILIES, USUAL, assert_sectors, ok, small_disc, taken_over};
use test_noise::Noise;

/// Two readers at a time, `rounds` times, each checked.
fn readers(psp: &mut Psp, noise: &mut Noise, rounds: u32) {
    let disc = small_disc();
    for _ in 0..rounds {
        let requests: Vec<(u32, u32)> = (0..2)
            .map(|_| {
                let count = 1 + noise.below32(20);
                (noise.below32(1024 - count), count)
            })
            .collect();
        let pending: Vec<_> =
            requests.iter().map(|&(lba, count)| psp.spawn_read(LbaParams::sectors(lba, count), 0)).collect();
        for ((lba, count), pending) in requests.into_iter().zip(pending) {
            let finished = ok(psp.finish(pending));
            assert_eq!(finished.outcome.value, count * 2048);
            let at = lba as usize * 2048;
            assert!(finished.bytes == disc.bytes[at..at + count as usize * 2048], "{count} at {lba}");
        }
    }
}

#[test]
#[ignore = "needs the built driver"]
fn in_turn() {
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&small_disc().bytes));
        psp.interleave = Interleave::EveryCall;
        readers(&mut psp, &mut Noise::new(3), 150);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn at_random() {
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&small_disc().bytes));
        psp.interleave = Interleave::Random;
        readers(&mut psp, &mut Noise::new(4), 150);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn while_the_card_fails() {
    let (mut psp, _) = taken_over(USUAL.pack(&small_disc().bytes));
    psp.interleave = Interleave::Random;
    let mut noise = Noise::new(5);
    for round in 0..60 {
        psp.kernel.card.inject(match round % 4 {
            0 => Fault::ReadFails(0x8001_0005),
            1 => Fault::ShortRead(noise.below(3000) as usize),
            2 => Fault::Stale,
            _ => Fault::SeekFails(0x8001_0005),
        });
        readers(&mut psp, &mut noise, 2);
    }
    assert_eq!(psp.kernel.card.pending_faults(), 0);
}

/// A thread that waits for the card does not block requests that do not need the card.
#[test]
#[ignore = "needs the built driver"]
fn nobody_waits_for_a_reader_that_waits_for_the_card() {
    let disc = small_disc();
    let (mut psp, _) = taken_over(USUAL.pack(&disc.bytes));
    assert_sectors(&mut psp, disc, 700, 2);
    psp.kernel.card.inject(Fault::CardOut(1_500_000));
    let reader = psp.spawn_read(LbaParams::sectors(400, 4), 0);
    let started = psp.kernel.clock.now();
    psp.interleave = Interleave::EveryCall;
    // Let the reader reach the card before the other one starts.
    while psp.kernel.card.present(psp.kernel.clock.now()) {
        let (outcome, _) = ok(psp.devctl(command::LAST_LBA, &[], 4));
        assert_eq!(outcome.value, 0);
    }
    let (outcome, _) = ok(psp.devctl(command::LAST_LBA, &[], 4));
    assert_eq!(outcome.value, 0);
    assert!(psp.kernel.clock.now() - started < 500_000, "the answer came only with the card");
    let finished = ok(psp.finish(reader));
    assert_eq!(finished.outcome.value, 4 * 2048);
    assert!(finished.bytes == disc.bytes[400 * 2048..404 * 2048]);
}
