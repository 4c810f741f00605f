//! A card that fails: errors, short reads, a stale descriptor, a removed card.

use psp_machine::Psp;
use psp_machine::kernel::io::Fault;
use psp_machine::umd::{LbaParams, UNTOUCHED};

use crate::support::{
    FAMILIES, IMAGE, NO_MEDIUM, SETTINGS, USUAL, assert_sectors, machine, ok, read_sectors, small_disc,
    take_over, taken_over,
};

const IO_ERROR: u32 = 0x8001_0005;
const NO_DEVICE: u32 = 0x8001_0013;
/// How long a request may take before it gives up, in microseconds, and how much longer it may take: one more
/// pause and one more attempt.
const PATIENCE: u64 = 4_000_000;
const GRACE: u64 = 800_000;
/// How many reads of the card a request may make: the first attempt, 16 retries, and 16 reads in total to
/// continue after short ones.
const READS: u32 = 17 + 16;

/// Makes faults occur one after the other, and reads sectors across them.
fn survives(faults: &[Fault]) {
    let disc = small_disc();
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&disc.bytes));
        for (lba, count) in [(900, 1), (100, 4), (400, 60)] {
            faults.iter().for_each(|&fault| psp.kernel.card.inject(fault));
            let finished = read_sectors(&mut psp, lba, count);
            assert_eq!(finished.outcome.value, count * 2048, "{}: {faults:?}", kind.name());
            let at = lba as usize * 2048;
            let expected = &disc.bytes[at..at + count as usize * 2048];
            assert!(finished.bytes == expected, "{}: {faults:?}: {count} at {lba} differ", kind.name());
            // A fault may remain if there were fewer reads than faults; it must not affect the next round.
            while psp.kernel.card.pending_faults() > 0 {
                assert_sectors(&mut psp, disc, 512, 50);
                assert_sectors(&mut psp, disc, 700, 50);
            }
        }
        assert_eq!(psp.kernel.card.open_descriptors(), 1, "{}: descriptors leak", kind.name());
        psp.check_guards().unwrap();
    }
}

#[test]
#[ignore = "needs the built driver"]
fn one_error() {
    survives(&[Fault::ReadFails(IO_ERROR)]);
}

#[test]
#[ignore = "needs the built driver"]
fn three_errors_in_a_row() {
    survives(&[Fault::ReadFails(IO_ERROR); 3]);
}

#[test]
#[ignore = "needs the built driver"]
fn short_reads() {
    for most in [0, 1, 63, 2047, 2048] {
        survives(&[Fault::ShortRead(most)]);
    }
    survives(&[Fault::ShortRead(100), Fault::ShortRead(0), Fault::ReadFails(IO_ERROR)]);
}

#[test]
#[ignore = "needs the built driver"]
fn a_seek_that_fails() {
    survives(&[Fault::SeekFails(IO_ERROR); 2]);
}

#[test]
#[ignore = "needs the built driver"]
fn a_stale_descriptor() {
    survives(&[Fault::Stale]);
    survives(&[Fault::Stale, Fault::OpenFails(NO_DEVICE), Fault::Stale]);
}

#[test]
#[ignore = "needs the built driver"]
fn one_second_without_a_card() {
    survives(&[Fault::CardOut(1_000_000)]);
}

/// The card is reinserted under a name that only one of the two controllers answers to, or neither does.
#[test]
#[ignore = "needs the built driver"]
fn a_controller_of_another_name() {
    let disc = small_disc();
    for devices in [&["mscmhc0:"][..], &["mscmhcemu0:"], &[]] {
        let (mut psp, _) = taken_over(USUAL.pack(&disc.bytes));
        psp.kernel.card.status_devices = devices.iter().map(|&name| name.to_owned()).collect();
        psp.kernel.card.inject(Fault::CardOut(600_000));
        assert_sectors(&mut psp, disc, 300, 8);
    }
}

/// Reads while they cannot succeed: a final error, in time, and everything works once the card is back.
fn gives_up(psp: &mut Psp, why: &str) {
    let before = psp.kernel.card.stats.reads;
    let finished = read_sectors(psp, 400, 4);
    assert_eq!(finished.outcome.value, NO_MEDIUM, "{why}");
    assert!(finished.outcome.microseconds < PATIENCE + GRACE, "{why}: {} µs", finished.outcome.microseconds);
    let attempts = psp.kernel.card.stats.reads - before;
    assert!(attempts <= READS, "{why}: {attempts} reads");
}

#[test]
#[ignore = "needs the built driver"]
fn without_a_card_for_good() {
    let disc = small_disc();
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&disc.bytes));
        psp.kernel.card.inject(Fault::CardOut(u64::MAX));
        gives_up(&mut psp, "card out");
        gives_up(&mut psp, "card still out");
        psp.kernel.card.put_back();
        assert_sectors(&mut psp, disc, 400, 4);
        assert_eq!(psp.kernel.card.open_descriptors(), 1);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn errors_without_end() {
    let disc = small_disc();
    for fault in [Fault::ReadFails(IO_ERROR), Fault::ShortRead(10), Fault::Stale] {
        let (mut psp, _) = taken_over(USUAL.pack(&disc.bytes));
        (0..200).for_each(|_| psp.kernel.card.inject(fault));
        gives_up(&mut psp, "errors without end");
        while psp.kernel.card.pending_faults() > 0 {
            let _ = read_sectors(&mut psp, 400, 4);
        }
        assert_sectors(&mut psp, disc, 400, 4);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn the_file_is_gone_for_good() {
    let disc = small_disc();
    let (mut psp, _) = taken_over(USUAL.pack(&disc.bytes));
    psp.kernel.card.inject(Fault::Stale);
    (0..40).for_each(|_| psp.kernel.card.inject(Fault::OpenFails(0x8001_0002)));
    gives_up(&mut psp, "file gone");
}

#[test]
#[ignore = "needs the built driver"]
fn a_failed_read_leaves_no_block_that_passes_for_another() {
    let disc = small_disc();
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&disc.bytes));
        assert_sectors(&mut psp, disc, 64, 1);
        psp.kernel.card.inject(Fault::CardOut(u64::MAX));
        let finished = read_sectors(&mut psp, 801, 1);
        assert!(finished.outcome.is_error());
        psp.kernel.card.put_back();
        assert_sectors(&mut psp, disc, 801, 1);
        assert_sectors(&mut psp, disc, 64, 1);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn sleep_between_two_reads() {
    let disc = small_disc();
    let (mut psp, _) = taken_over(USUAL.pack(&disc.bytes));
    let file = psp.file_arg(0);
    assert_eq!(ok(psp.raw_open(file)).value, 0);
    for lba in 100..120 {
        // All descriptors of the card are invalid after this.
        psp.kernel.card.remove_until(0);
        assert_sectors(&mut psp, disc, lba, 1);
        psp.kernel.card.remove_until(0);
        let finished = ok(psp.raw_read(file, 1));
        assert_eq!(finished.outcome.value, 1);
    }
    assert_eq!(psp.kernel.card.open_descriptors(), 1);
}

/// Raw reads fail with an error too, and the position is unchanged.
#[test]
#[ignore = "needs the built driver"]
fn a_raw_read_that_fails_does_not_move() {
    let disc = small_disc();
    let (mut psp, _) = taken_over(USUAL.pack(&disc.bytes));
    let file = psp.file_arg(0);
    assert_eq!(ok(psp.raw_open(file)).value, 0);
    assert_eq!(ok(psp.raw_seek(file, 600, 0)).long(), 600);
    psp.kernel.card.inject(Fault::CardOut(u64::MAX));
    assert_eq!(ok(psp.raw_read(file, 3)).outcome.value, NO_MEDIUM);
    psp.kernel.card.put_back();
    let finished = ok(psp.raw_read(file, 3));
    assert_eq!(finished.outcome.value, 3);
    assert!(finished.bytes == disc.bytes[600 * 2048..603 * 2048]);
}

/// Another card with a different image of the same name: an error is better than its bytes.
#[test]
#[ignore = "needs the built driver"]
fn another_card() {
    let disc = small_disc();
    let (mut psp, _) = taken_over(USUAL.pack(&disc.bytes));
    let other = USUAL.pack(&disc.bytes[..500 * 2048]);
    psp.kernel.card.insert_file(crate::support::IMAGE, std::rc::Rc::new(other));
    psp.kernel.card.remove_until(0);
    let finished = ok(psp.read_lba(LbaParams::sectors(300, 2), 0));
    assert!(finished.outcome.is_error());
    assert!(finished.bytes.iter().all(|&byte| byte == UNTOUCHED));
}

/// Nothing in the blocks of a plain image tells that they are another's; only the file's length does.
#[test]
#[ignore = "needs the built driver"]
fn another_card_with_a_plain_image() {
    let disc = small_disc();
    let mut psp = machine(disc.bytes.clone());
    psp.kernel.card.insert_text(SETTINGS, "plain-images = on");
    take_over(&mut psp);
    assert_sectors(&mut psp, disc, 300, 2);
    let other: Vec<u8> = disc.bytes[..900 * 2048].iter().map(|byte| !byte).collect();
    psp.kernel.card.insert_file(IMAGE, std::rc::Rc::new(other));
    psp.kernel.card.remove_until(0);
    let finished = read_sectors(&mut psp, 700, 2);
    assert_eq!(finished.outcome.value, NO_MEDIUM);
    assert!(finished.bytes.iter().all(|&byte| byte == UNTOUCHED));
}
