//! The start is as patient with the card as a request: any operation may fail once, within a second in total.

use psp_machine::Psp;
use psp_machine::kernel::io::{Fault, Mishap};
use psp_machine::umd::LbaParams;

use crate::support::images::Kind;
use crate::support::{
    FAMILIES, LOG, NO_MEDIUM, SETTINGS, USUAL, assert_sectors, machine, ok, read_sectors, refused,
    small_disc, start, take_over, taken_over, usual_image,
};

const IO_ERROR: u32 = 0x8001_0005;
const SECOND: u64 = 1_000_000;

/// Every operation of the start on the image, with each mishap: the driver still takes over, and soon.
fn takes_over_all_the_same(kinds: &[Kind], mishap: Mishap) {
    let disc = small_disc();
    for kind in kinds {
        let image: std::rc::Rc<dyn psp_machine::kernel::io::HostFile> =
            std::rc::Rc::new(kind.pack(&disc.bytes));
        let boot = || {
            let mut psp = machine(Vec::new());
            psp.kernel.card.insert_file(crate::support::IMAGE, std::rc::Rc::clone(&image));
            psp
        };
        let mut psp = boot();
        take_over(&mut psp);
        let operations = psp.kernel.card.operations;
        assert!(operations > 6, "{operations} operations");
        for number in 1..=operations {
            let when = format!("{}: {mishap:?} at operation {number} of {operations}", kind.name());
            psp = boot();
            psp.kernel.card.inject_at(number, mishap);
            let (_, outcome) = start(&mut psp);
            assert_eq!(outcome.value, 0, "{when}");
            assert!(outcome.microseconds < SECOND, "{when}: {} µs", outcome.microseconds);
            assert_eq!(psp.kernel.card.open_descriptors(), 1, "{when}: descriptors leak");
        }
        // The last machine's reads are right.
        assert_sectors(&mut psp, disc, 300, 40);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn any_operation_of_the_start_may_fail_once() {
    takes_over_all_the_same(&FAMILIES, Mishap::Fails(IO_ERROR));
}

#[test]
#[ignore = "needs the built driver"]
fn any_read_of_the_start_may_be_short_once() {
    takes_over_all_the_same(&FAMILIES, Mishap::Short(5));
    takes_over_all_the_same(&[USUAL], Mishap::Short(0));
}

/// Data already delivered is not read again after a short read.
#[test]
#[ignore = "needs the built driver"]
fn a_short_read_goes_on_where_it_stopped() {
    let (mut psp, _) = taken_over(usual_image());
    psp.kernel.card.reads = Some(Vec::new());
    psp.kernel.card.inject(Fault::ShortRead(1000));
    assert_sectors(&mut psp, small_disc(), 300, 20);
    let reads = psp.kernel.card.reads.take().unwrap();
    assert_eq!(reads[1].at, reads[0].at + 1000);
    assert_eq!(reads[1].len, reads[0].len - 1000);
}

fn log(psp: &Psp) -> String {
    psp.kernel.card.written(LOG).map(|log| String::from_utf8_lossy(log).into_owned()).unwrap_or_default()
}

#[test]
#[ignore = "needs the built driver"]
fn two_seconds_of_failures_make_it_step_aside_with_a_reason() {
    for fault in [Fault::ReadFails(IO_ERROR), Fault::ShortRead(0), Fault::Stale] {
        let mut psp = machine(usual_image());
        psp.kernel.card.insert_text(SETTINGS, "log = on");
        (0..200).for_each(|_| psp.kernel.card.inject(fault));
        let began = psp.kernel.clock.now();
        refused(&mut psp, "errors without end");
        let took = psp.kernel.clock.now() - began;
        assert!(took < 2 * SECOND, "{fault:?}: {took} µs");
        let log = log(&psp);
        assert!(log.contains("\nstepping aside: the image cannot be read\n"), "{fault:?}: {log:?}");
    }
    // Without a card, nothing can be written either.
    let mut psp = machine(usual_image());
    psp.kernel.card.insert_text(SETTINGS, "log = on");
    psp.kernel.card.inject(Fault::CardOut(2 * SECOND));
    let began = psp.kernel.clock.now();
    refused(&mut psp, "no card for two seconds");
    assert!(psp.kernel.clock.now() - began < 2 * SECOND);
}

/// The timeout starts at the first failure: an attempt that took 4 s is still made once more.
#[test]
#[ignore = "needs the built driver"]
fn an_attempt_that_took_four_seconds_is_repeated_once() {
    let slow = Fault::SlowFailure(4 * SECOND, IO_ERROR);
    let (mut psp, _) = taken_over(usual_image());
    psp.kernel.card.inject(slow);
    let finished = read_sectors(&mut psp, 300, 4);
    assert_eq!(finished.outcome.value, 4 * 2048);
    assert!(finished.bytes == small_disc().bytes[300 * 2048..304 * 2048]);
    (0..8).for_each(|_| psp.kernel.card.inject(slow));
    let finished = ok(psp.read_lba(LbaParams::sectors(600, 4), 0));
    assert_eq!(finished.outcome.value, NO_MEDIUM);
    assert_eq!(psp.kernel.card.pending_faults(), 6, "one attempt, and one more");
    // The start has a shorter timeout, but also makes one more attempt.
    let mut psp = machine(usual_image());
    psp.kernel.card.inject(slow);
    take_over(&mut psp);
    assert_sectors(&mut psp, small_disc(), 300, 20);
}

/// The machine ends every run in which a read of 0 bytes reaches the card; these are the requests that could
/// do that.
#[test]
#[ignore = "needs the built driver"]
fn a_read_of_no_bytes_never_reaches_the_card() {
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&small_disc().bytes));
        let before = psp.kernel.card.operations;
        for lba in [0, 300, 1023, 1024] {
            let finished = ok(psp.read_lba(LbaParams::sectors(lba, 0), 0));
            assert!(finished.outcome.value == 0 || finished.outcome.is_error(), "at {lba}");
        }
        let file = psp.file_arg(0);
        assert_eq!(ok(psp.raw_open(file)).value, 0);
        assert_eq!(ok(psp.raw_read(file, 0)).outcome.value, 0);
        assert_eq!(psp.kernel.card.operations, before, "{}", kind.name());
    }
    // An empty settings file.
    let mut psp = machine(usual_image());
    psp.kernel.card.insert_text(SETTINGS, "");
    take_over(&mut psp);
}
