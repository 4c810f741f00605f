//! Threads that are ended from outside while they are in the driver, at every kernel call: whatever they
//! held, others do not wait forever, and never get wrong bytes.

use psp_machine::Psp;
use psp_machine::inferno::Entry;
use psp_machine::kernel::io::Fault;
use psp_machine::kernel::threads::{ENDED, Ending};
use psp_machine::machine::Module;
use psp_machine::umd::{FinishedRead, LbaParams, command};

use crate::support::images::Kind;
use crate::support::{PLUGIN, machine, ok, prx, small_disc, start, usual_image};

const LBA: u32 = 300;
const COUNT: u32 = 9;
const SECOND: u64 = 1_000_000;
/// How long another request may take: the wait for the lock, and one read.
const LOCK_LIMIT: u64 = 5 * SECOND;
const GRACE: u64 = SECOND / 2;
/// How long `module_stop` may take: three waits for the lock, 5 s for requests in progress, 2.5 s for the
/// log.
const STOP_LIMIT: u64 = 12 * SECOND;

/// Both ways of ending a thread at a kernel call.
const BOTH: [fn(u64) -> Ending; 2] = [Ending::Before, Ending::After];

fn serving(settings: &str) -> (Psp, Module) {
    let mut psp = machine(usual_image());
    psp.kernel.card.insert_text(crate::support::SETTINGS, settings);
    let module = crate::support::take_over(&mut psp);
    (psp, module)
}

/// The allowed results of another thread's read: the right bytes, or an error; in time.
fn assert_answered(psp: &mut Psp, limit: u64, when: &str) -> FinishedRead {
    let finished = ok(psp.read_lba(LbaParams::sectors(LBA + 3, COUNT), 0));
    assert_right(&finished, LBA + 3, limit, when);
    finished
}

fn assert_right(finished: &FinishedRead, lba: u32, limit: u64, when: &str) {
    let took = finished.outcome.microseconds;
    assert!(took <= limit, "{when}: answered after {took} µs");
    if finished.outcome.is_error() {
        return;
    }
    assert_eq!(finished.outcome.value, COUNT * 2048, "{when}");
    let expected = &small_disc().bytes[lba as usize * 2048..][..COUNT as usize * 2048];
    assert!(finished.bytes == expected, "{when}: wrong bytes");
}

/// Ends a request of `victim` at each of its kernel calls, while others read during and after it.
fn others_are_answered(victim: impl Fn(&mut Psp) -> u32, why: &str, endings: &[fn(u64) -> Ending]) {
    let mut ended = 0;
    for call in 1.. {
        let mut done = false;
        for ending in endings.iter().map(|ending| ending(call)) {
            let when = format!("{why}, {ending:?}");
            let (mut psp, module) = serving("");
            psp.end_next_call = Some(ending);
            if victim(&mut psp) == ENDED {
                ended += 1;
            } else {
                done = true;
            }
            let first = assert_answered(&mut psp, LOCK_LIMIT + GRACE, &when);
            let second = assert_answered(&mut psp, GRACE, &format!("{when}: the second read"));
            assert_eq!(first.outcome.is_error(), second.outcome.is_error(), "{when}");
            if first.outcome.is_error() {
                let asked = |call: &psp_machine::inferno::Forwarded| call.args[2] == command::READ;
                assert!(psp.inferno.calls.iter().any(asked), "{when}: the firmware was not asked");
            }
            assert_stops(&mut psp, &module, &when);
            psp.check_guards().unwrap();
        }
        if done {
            break;
        }
    }
    assert!(ended > 7 * endings.len(), "{why}: only {ended} endings");
}

/// `module_stop` answers in time; if it refuses, the driver continues as before.
fn assert_stops(psp: &mut Psp, module: &Module, when: &str) {
    let served = !ok(psp.read_lba(LbaParams::sectors(LBA, COUNT), 0)).outcome.is_error();
    let outcome = ok(psp.stop(module));
    assert!(outcome.microseconds < STOP_LIMIT, "{when}: stopping took {} µs", outcome.microseconds);
    if outcome.is_error() {
        assert!(!psp.inferno.untouched(&psp.cpu), "{when}: refused, but the table was given back");
        let finished = assert_answered(psp, LOCK_LIMIT + GRACE, &format!("{when}: after a refused stop"));
        assert_eq!(!finished.outcome.is_error(), served, "{when}: after a refused stop");
    } else {
        assert!(psp.inferno.untouched(&psp.cpu), "{when}: stopped with the table taken");
        assert!(served, "{when}: memory was freed that a thread may be working in");
    }
}

#[test]
#[ignore = "needs the built driver"]
fn a_read_ended_at_any_call() {
    others_are_answered(
        |psp| ok(psp.read_lba(LbaParams::sectors(LBA, COUNT), 0)).outcome.value,
        "a read",
        &BOTH,
    );
}

#[test]
#[ignore = "needs the built driver"]
fn a_read_ended_at_any_call_while_the_card_fails() {
    others_are_answered(
        |psp| {
            psp.kernel.card.inject(Fault::Stale);
            psp.kernel.card.inject(Fault::ReadFails(0x8001_0005));
            psp.kernel.card.inject(Fault::CardOut(50_000));
            ok(psp.read_lba(LbaParams::sectors(LBA, COUNT), 0)).outcome.value
        },
        "a read from a card that fails",
        &[Ending::After],
    );
}

#[test]
#[ignore = "needs the built driver"]
fn a_command_ended_at_any_call() {
    others_are_answered(
        |psp| ok(psp.devctl(command::LAST_LBA, &[], 4)).0.value,
        "a sector count",
        &[Ending::After],
    );
}

/// The other thread is already waiting for the lock when its owner is ended.
#[test]
#[ignore = "needs the built driver"]
fn readers_that_wait_for_the_one_that_is_ended() {
    for call in 1.. {
        let ending = Ending::After(call);
        let when = format!("{ending:?}");
        let (mut psp, _) = serving("");
        psp.interleave = psp_machine::Interleave::EveryCall;
        psp.end_next_call = Some(ending);
        let victim = psp.spawn_read(LbaParams::sectors(LBA, COUNT), 0);
        let others: Vec<_> =
            (1..3).map(|at| (LBA + at, psp.spawn_read(LbaParams::sectors(LBA + at, COUNT), 0))).collect();
        for (lba, other) in others {
            let finished = ok(psp.finish(other));
            assert_right(&finished, lba, LOCK_LIMIT + GRACE, &when);
        }
        let finished = ok(psp.finish(victim));
        assert_answered(&mut psp, LOCK_LIMIT + GRACE, &when);
        if finished.outcome.value != ENDED {
            assert_eq!(finished.outcome.value, COUNT * 2048, "{when}");
            assert!(call > 9, "{when}: a read makes more calls");
            break;
        }
    }
}

/// A start that is ended leaves the table consistent: all of it the firmware's, or all of it ours and
/// working.
#[test]
#[ignore = "needs the built driver"]
fn a_start_ended_at_any_call() {
    let mut psp = machine(usual_image());
    start(&mut psp);
    let calls = psp.kernel.calls;
    assert!(calls > 20, "{calls}");
    for call in 1..=calls {
        for ending in BOTH.map(|ending| ending(call)) {
            let when = format!("{ending:?} of {calls}");
            let mut psp = machine(usual_image());
            let module = psp.load(prx(), 0).unwrap();
            psp.end_next_call = Some(ending);
            let outcome = ok(psp.start(&module, PLUGIN));
            assert!(outcome.value == ENDED || call == calls, "{when}: {:#X}", outcome.value);
            assert!(!psp.kernel.interrupts.suspended, "{when}");
            psp.inferno.calls.clear();
            if psp.inferno.untouched(&psp.cpu) {
                continue;
            }
            let entries = [Entry::Open, Entry::Close, Entry::Read, Entry::Lseek, Entry::Ioctl, Entry::Devctl];
            for entry in entries {
                let address = psp.driver_entry(entry);
                let range = module.region.start..module.region.end();
                assert!(range.contains(&address), "{when}: half of the table is taken");
            }
            let finished = assert_answered(&mut psp, LOCK_LIMIT + GRACE, &when);
            assert!(!finished.outcome.is_error(), "{when}: the table is ours, and nothing is served");
        }
    }
}

/// A `module_stop` that is ended: the table is the firmware's, or ours and everybody gets an answer.
#[test]
#[ignore = "needs the built driver"]
fn a_stop_ended_at_any_call() {
    for (settings, endings) in [("", &BOTH[1..]), ("log = on", &BOTH)] {
        let (mut psp, module) = serving(settings);
        let before = psp.kernel.calls;
        ok(psp.stop(&module));
        let calls = psp.kernel.calls - before;
        for call in 1..=calls {
            for ending in endings.iter().map(|ending| ending(call)) {
                let when = format!("{settings:?}, {ending:?} of {calls}");
                let (mut psp, module) = serving(settings);
                psp.end_next_call = Some(ending);
                let outcome = ok(psp.stop(&module));
                assert!(outcome.microseconds < STOP_LIMIT, "{when}");
                if outcome.value != ENDED {
                    continue;
                }
                assert!(!psp.kernel.interrupts.suspended, "{when}");
                if !psp.inferno.untouched(&psp.cpu) {
                    assert_answered(&mut psp, LOCK_LIMIT + GRACE, &when);
                }
                psp.check_guards().unwrap();
            }
        }
    }
}

/// The wait for the lost lock is paid only once: later requests do not wait 5 s each.
#[test]
#[ignore = "needs the built driver"]
fn a_lost_lock_costs_its_limit_once() {
    let (mut psp, _) =
        crate::support::taken_over(Kind::Cso { block: 16_384, shift: 0 }.pack(&small_disc().bytes));
    psp.kernel.card.inject(Fault::SlowFailure(SECOND, 0x8001_0005));
    // In the middle of a read from the card.
    psp.end_next_call = Some(Ending::After(9));
    ok(psp.read_lba(LbaParams::sectors(LBA, COUNT), 0));
    let began = psp.kernel.clock.now();
    for _ in 0..20 {
        assert_answered(&mut psp, LOCK_LIMIT + GRACE, "after a lost lock");
    }
    let took = psp.kernel.clock.now() - began;
    assert!(took < LOCK_LIMIT + SECOND, "20 reads took {took} µs");
}
