//! One thing goes wrong at one kernel call, whichever function that is: for every call of a start, of reads, of a raw
//! descriptor's life and of a stop, and for everything that can go wrong with that function.
//!
//! The rule is the same everywhere: right bytes or a negative answer, in time; a start that fails leaves no trace; nothing
//! leaks; and the next read is right.

mod wrongs;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use psp_machine::inferno::Entry;
use psp_machine::kernel::io::{Fault, HostFile};
use psp_machine::machine::Module;
use psp_machine::umd::{LbaParams, command};
use psp_machine::{Disturbance, Psp};

use crate::support::{
    FAMILIES, IMAGE, SETTINGS, USUAL, assert_no_trace, assert_sectors, machine, ok, read_sectors, small_disc,
    start, take_over,
};

use wrongs::{EVENTS, IO_ERROR, MILLISECOND, SECOND, SUSPENDED, is_short, wrongs_of};

/// How long a start may take: its patience with the card, and one more attempt.
const START_LIMIT: u64 = 2 * SECOND;
/// The same for a request.
const REQUEST_LIMIT: u64 = 4_800 * MILLISECOND;
/// How long `module_stop` may take (`ended_threads.rs`).
const STOP_LIMIT: u64 = 12 * SECOND;
/// How long a thread waits for the lock before it counts as lost.
const LOCK_LIMIT: u64 = 5 * SECOND;

/// One case: a machine, what goes wrong on it, and how to say so.
struct Case {
    psp: Psp,
    module: Option<Module>,
    wrong: Disturbance,
    function: &'static str,
    when: String,
    /// The limit of the kernel's memory before somebody took the rest.
    memory: u32,
    /// The functions that were called, if they were recorded.
    called: Vec<&'static str>,
}

impl Case {
    /// The limit for a call's time.
    fn limit(&self, usual: u64) -> u64 {
        if let Disturbance::Suspension(time) = self.wrong { usual + time } else { usual }
    }

    /// The card is back, and memory is free again. What is called from now on is not disturbed.
    fn is_over(&mut self) {
        if let Some(called) = self.psp.called.take() {
            self.called = called;
        }
        self.psp.kernel.card.put_back();
        self.psp.kernel.memory.partitions.get_mut(1).unwrap().limit = self.memory;
    }

    /// A close that fails leaves the descriptor open, whoever tried to close it.
    fn leaked(&self) -> usize {
        usize::from(self.function == "sceIoClose" && matches!(self.wrong, Disturbance::Returns(_)))
    }

    /// Everything works again: reads, and the stop, which leaves nothing behind.
    fn works_again(&mut self, open_before: usize) {
        self.is_over();
        let leaked = self.leaked();
        let psp = &mut self.psp;
        for (lba, count) in [(300, 40), (0, 1), (1023, 1), (64, 9)] {
            assert_sectors(psp, small_disc(), lba, count);
        }
        assert!(
            psp.kernel.card.open_descriptors() <= open_before + leaked,
            "{}: descriptors leak",
            self.when
        );
        psp.check_guards().unwrap();
        let Some(module) = self.module.take() else { return };
        let outcome = ok(self.psp.stop(&module));
        assert_eq!(outcome.value, 0, "{}: it cannot be stopped", self.when);
        self.left_nothing(leaked);
    }

    /// Nothing is left but descriptors that could not be closed.
    fn left_nothing(&mut self, leaked: usize) {
        if leaked == 0 {
            return assert_no_trace(&self.psp, 0, &self.when);
        }
        assert!(self.psp.inferno.untouched(&self.psp.cpu), "{}: the table was touched", self.when);
        assert!(self.psp.kernel.memory.partitions.blocks.is_empty(), "{}: blocks were not freed", self.when);
        assert!(self.psp.kernel.card.open_descriptors() <= leaked, "{}: descriptors leak", self.when);
    }

    /// Reads sectors; right, or negative.
    fn reads(&mut self, lba: u32, count: u32) -> bool {
        let finished = read_sectors(&mut self.psp, lba, count);
        let took = finished.outcome.microseconds;
        assert!(took <= self.limit(REQUEST_LIMIT), "{}: {count} sectors at {lba} took {took} µs", self.when);
        if finished.outcome.is_error() {
            return false;
        }
        assert_eq!(finished.outcome.value, count * 2048, "{}: {count} sectors at {lba}", self.when);
        let right = &small_disc().bytes[lba as usize * 2048..][..count as usize * 2048];
        assert!(finished.bytes == right, "{}: {count} sectors at {lba} differ", self.when);
        true
    }
}

/// How many of the cases are run: one of so many. All of them take minutes, so `cargo xtask soak` does that.
#[derive(Clone, Copy)]
struct OneIn(usize);

const ALL: OneIn = OneIn(1);
/// A prime, so that every kind of case has its turn.
const SOME: OneIn = OneIn(11);

/// Runs `act` once for each thing that can go wrong at each of its kernel calls, on a machine from `new`, and lists those
/// cases that fail.
fn at_every_call(
    OneIn(step): OneIn,
    what: &str,
    wanted: impl Fn(Disturbance) -> bool,
    new: impl Fn() -> (Psp, Option<Module>),
    act: impl Fn(&mut Case),
) {
    let case = |wrong, function, when: String| {
        let (mut psp, module) = new();
        psp.time_limit = SUSPENDED + 30 * SECOND;
        let memory = psp.kernel.memory.partitions.kernel().limit;
        Case { psp, module, wrong, function, when, memory, called: Vec::new() }
    };
    let mut usual = case(Disturbance::CardOut(0), "", format!("{what}: nothing is wrong"));
    usual.psp.called = Some(Vec::new());
    act(&mut usual);
    let functions = usual.called;
    assert!(!functions.is_empty(), "{what}: no calls");
    let cases = (1..).zip(functions.iter().copied()).flat_map(|(number, function)| {
        let wrongs = wrongs_of(function).into_iter().chain(EVENTS).filter(|&wrong| wanted(wrong));
        wrongs.map(move |wrong| (number, function, wrong))
    });
    let mut failed = Vec::new();
    let mut count = 0;
    for (number, function, wrong) in cases.step_by(step) {
        let when = format!("{what}: {wrong:X?} at call {number} of {}, {function}", functions.len());
        let check = || {
            let mut case = case(wrong, function, when.clone());
            case.psp.disturb(number, wrong);
            act(&mut case);
            assert!(!case.psp.is_to_be_disturbed(), "{when}: that did not happen");
        };
        count += 1;
        if catch_unwind(AssertUnwindSafe(check)).is_err() {
            failed.push(when);
        }
    }
    println!("{what}: {count} cases at {} calls", functions.len());
    assert!(failed.is_empty(), "{} of {count} fail: {failed:#?}", failed.len());
}

/// A machine with an image on its card, and settings.
fn with_image(image: &Rc<dyn HostFile>, settings: &str) -> Psp {
    let mut psp = machine(Vec::new());
    psp.kernel.card.insert_file(IMAGE, Rc::clone(image));
    psp.kernel.card.insert_text(SETTINGS, settings);
    psp
}

/// The same, served.
fn serving(image: &Rc<dyn HostFile>, settings: &str) -> (Psp, Option<Module>) {
    let mut psp = with_image(image, settings);
    let module = take_over(&mut psp);
    (psp, Some(module))
}

fn image_of(kind: crate::support::images::Kind) -> Rc<dyn HostFile> {
    Rc::new(kind.pack(&small_disc().bytes))
}

fn everything(_: Disturbance) -> bool {
    true
}

/// A start either takes over or leaves no trace.
fn starts(case: &mut Case) {
    let (module, outcome) = start(&mut case.psp);
    let took = outcome.microseconds;
    assert!(took < case.limit(START_LIMIT), "{}: the start took {took} µs", case.when);
    if outcome.is_error() {
        assert!(!is_short(case.wrong), "{}: {:#X}", case.when, outcome.value);
        return case.left_nothing(case.leaked());
    }
    case.module = Some(module);
    assert!(!case.psp.inferno.untouched(&case.psp.cpu), "{}: the table is not taken", case.when);
    // With a log, its thread may have the file open.
    case.works_again(2);
}

fn of_starts(share: OneIn) {
    let image = image_of(USUAL);
    for settings in ["", "log = on"] {
        at_every_call(
            share,
            &format!("start {settings:?}"),
            everything,
            || (with_image(&image, settings), None),
            starts,
        );
    }
    for kind in FAMILIES {
        let image = image_of(kind);
        let name = format!("start, {}", kind.name());
        at_every_call(share, &name, is_short, || (with_image(&image, ""), None), starts);
    }
}

/// Reads of many blocks, of one, and a command.
fn several_requests(case: &mut Case) {
    let all = [case.reads(300, 40), case.reads(7, 1), case.reads(290, 30)];
    let (count, _) = ok(case.psp.devctl(command::LAST_LBA, &[], 4));
    assert!(count.is_error() || count.value == 0, "{}", case.when);
    if is_short(case.wrong) {
        assert!(all.into_iter().all(|right| right), "{}: {all:?}", case.when);
    }
    case.works_again(1);
}

fn of_reads(share: OneIn) {
    let image = image_of(USUAL);
    at_every_call(share, "reads", everything, || serving(&image, ""), several_requests);
    for kind in FAMILIES {
        let image = image_of(kind);
        let name = format!("reads, {}", kind.name());
        at_every_call(share, &name, is_short, || serving(&image, ""), several_requests);
    }
}

/// The same while the card already fails: now the calls that wait and retry are disturbed as well.
fn of_reads_whose_card_fails_already(share: OneIn) {
    let image = image_of(USUAL);
    at_every_call(
        share,
        "read while the card fails",
        everything,
        || serving(&image, ""),
        |case| {
            for fault in [Fault::Stale, Fault::ReadFails(IO_ERROR), Fault::CardOut(50 * MILLISECOND)] {
                case.psp.kernel.card.inject(fault);
            }
            case.reads(300, 40);
            while case.psp.kernel.card.pending_faults() > 0 {
                case.is_over();
                case.reads(600, 40);
            }
            case.works_again(1);
        },
    );
}

/// Opens the raw device, seeks, reads twice, and closes it.
fn raw(case: &mut Case) {
    let disc = &small_disc().bytes;
    let psp = &mut case.psp;
    let file = psp.file_arg(0);
    let opened = ok(psp.raw_open(file));
    // If the firmware's driver was asked instead, the descriptor is its own from then on.
    let is_ours = psp.inferno.calls.iter().all(|call| call.entry != Entry::Open as u32);
    let sought = ok(psp.raw_seek(file, 300, 0));
    let read = ok(psp.raw_read(file, 20));
    let by_command = ok(psp.raw_ioctl(file, 0x01F3_0003, &10u32.to_le_bytes(), 10 * 2048));
    let closed = ok(psp.raw_close(file));
    assert!(!opened.is_error() || !is_ours, "{}: {:#X}", case.when, opened.value);
    if is_ours {
        let right = |at: usize, finished: &psp_machine::umd::FinishedRead| {
            let limit = case.limit(REQUEST_LIMIT);
            let took = finished.outcome.microseconds;
            assert!(took <= limit, "{}: {took} µs", case.when);
            if !finished.outcome.is_error() {
                let len = finished.bytes.len();
                assert_eq!(finished.outcome.value as usize, len / 2048, "{}", case.when);
                assert!(finished.bytes == disc[at * 2048..][..len], "{}: wrong bytes at {at}", case.when);
            }
        };
        // What fails does not move the position.
        let at = if sought.long() < 0 { 0 } else { 300 };
        assert!(sought.long() < 0 || sought.long() == 300, "{}: {}", case.when, sought.long());
        right(at, &read);
        right(if read.outcome.is_error() { at } else { at + 20 }, &by_command);
        if is_short(case.wrong) {
            let all = [sought.value, read.outcome.value, by_command.outcome.value, closed.value];
            assert!(all.iter().all(|value| value >> 31 == 0), "{}: {all:X?}", case.when);
        }
        // A program may close again what could not be closed: the kernel keeps its descriptor then.
        case.is_over();
        if closed.is_error() {
            assert_eq!(ok(case.psp.raw_close(file)).value, 0, "{}: closing again", case.when);
        }
    }
    // Stopping needs all raw descriptors closed.
    case.works_again(1);
}

fn of_raw_descriptors(share: OneIn) {
    let image = image_of(USUAL);
    at_every_call(share, "raw descriptor", everything, || serving(&image, ""), raw);
    for kind in FAMILIES {
        let image = image_of(kind);
        at_every_call(
            share,
            &format!("raw descriptor, {}", kind.name()),
            is_short,
            || serving(&image, ""),
            raw,
        );
    }
}

/// A stop either gives everything back, or everything works on and the next stop does.
fn stops(case: &mut Case) {
    case.reads(300, 3);
    let module = case.module.take().unwrap();
    let outcome = ok(case.psp.stop(&module));
    let took = outcome.microseconds;
    assert!(took < case.limit(STOP_LIMIT), "{}: stopping took {took} µs", case.when);
    case.is_over();
    if outcome.is_error() {
        assert!(
            !case.psp.inferno.untouched(&case.psp.cpu),
            "{}: refused, and the table given back",
            case.when
        );
        case.module = Some(module);
        case.works_again(2);
    } else {
        case.left_nothing(case.leaked());
    }
}

fn of_stops(share: OneIn) {
    let image = image_of(USUAL);
    for settings in ["", "log = on"] {
        at_every_call(share, &format!("stop {settings:?}"), everything, || serving(&image, settings), stops);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn of_a_start() {
    of_starts(SOME);
}

#[test]
#[ignore = "needs the built driver"]
fn of_a_read() {
    of_reads(SOME);
}

#[test]
#[ignore = "needs the built driver"]
fn of_a_read_whose_card_fails_already() {
    of_reads_whose_card_fails_already(SOME);
}

#[test]
#[ignore = "needs the built driver"]
fn of_a_raw_descriptor() {
    of_raw_descriptors(SOME);
}

#[test]
#[ignore = "needs the built driver"]
fn of_a_stop() {
    of_stops(SOME);
}

// All cases, as a part of `cargo xtask soak`.

#[test]
#[ignore = "needs the built driver; takes minutes"]
fn all_cases_of_starts() {
    of_starts(ALL);
}

#[test]
#[ignore = "needs the built driver; takes minutes"]
fn all_cases_of_reads() {
    of_reads(ALL);
}

#[test]
#[ignore = "needs the built driver; takes minutes"]
fn all_cases_of_reads_whose_card_fails_already() {
    of_reads_whose_card_fails_already(ALL);
}

#[test]
#[ignore = "needs the built driver; takes minutes"]
fn all_cases_of_raw_descriptors() {
    of_raw_descriptors(ALL);
}

#[test]
#[ignore = "needs the built driver; takes minutes"]
fn all_cases_of_stops() {
    of_stops(ALL);
}

/// Whoever does not get the lock, for whatever reason, does not touch the device: the firmware's driver is asked.
#[test]
#[ignore = "needs the built driver"]
fn without_the_lock_nothing_is_served() {
    let (mut psp, _) = serving(&image_of(USUAL), "");
    psp.called = Some(Vec::new());
    assert_sectors(&mut psp, small_disc(), 300, 3);
    let calls = psp.called.take().unwrap();
    let wait = (1..).zip(&calls).find(|&(_, &name)| name == "sceKernelWaitSema").unwrap().0;
    let wrongs = wrongs_of("sceKernelWaitSema");
    assert!(wrongs.len() > 3);
    for wrong in wrongs {
        psp.inferno.calls.clear();
        psp.disturb(wait, wrong);
        assert!(read_sectors(&mut psp, 300, 3).outcome.is_error(), "{wrong:X?}: served");
        assert_eq!(psp.inferno.calls.len(), 1, "{wrong:X?}: the firmware was not asked");
        assert_sectors(&mut psp, small_disc(), 300, 3);
    }
}

/// The kernel never refuses to release a semaphore that exists. If it did, requests would go to the firmware's driver: the
/// first after a wait of 5 seconds, the others at once; and the driver stays loaded.
#[test]
#[ignore = "needs the built driver"]
fn a_lock_that_is_not_released() {
    let image = image_of(USUAL);
    let (mut psp, module) = serving(&image, "");
    psp.called = Some(Vec::new());
    assert_sectors(&mut psp, small_disc(), 300, 3);
    let calls = psp.called.take().unwrap();
    let release = (1..).zip(&calls).find(|&(_, &name)| name == "sceKernelSignalSema").unwrap().0;
    psp.disturb(release, Disturbance::Returns(IO_ERROR));
    assert_sectors(&mut psp, small_disc(), 500, 3);
    for limit in [LOCK_LIMIT + 100 * MILLISECOND, 100 * MILLISECOND, 100 * MILLISECOND] {
        psp.inferno.calls.clear();
        let finished = ok(psp.read_lba(LbaParams::sectors(300, 2), 0));
        assert!(finished.outcome.is_error());
        assert!(finished.outcome.microseconds < limit, "{} µs", finished.outcome.microseconds);
        assert_eq!(psp.inferno.calls.len(), 1, "the firmware was not asked");
    }
    let outcome = ok(psp.stop(&module.unwrap()));
    assert!(outcome.is_error() && outcome.microseconds < STOP_LIMIT);
    psp.check_guards().unwrap();
}
