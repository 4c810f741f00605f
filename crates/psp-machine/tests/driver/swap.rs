//! The firmware selects another image while a game runs: the old image's bytes are never served for it,
//! whatever the state of the new one, and however the game notices the change.

use std::rc::Rc;
use std::sync::OnceLock;

use psp_machine::Psp;
use psp_machine::inferno::Entry;
use psp_machine::kernel::io::Fault;
use psp_machine::umd::{FileArg, FinishedRead, LbaParams, UNTOUCHED, command};

use crate::support::disc::Disc;
use crate::support::{IMAGE, USUAL, assert_sectors, ok, small_disc, taken_over, usual_image};

const SECOND: &str = "ms0:/ISO/Test Game 2.cso";
const LBA: u32 = 300;
const COUNT: u32 = 9;
/// The answer of the firmware's driver to all reads here.
const FIRMWARES: u32 = 0x7777;

/// Possible states of the second image.
const STATES: [&str; 6] = ["valid", "missing", "empty", "header damaged", "blocks damaged", "cut off"];

fn second_disc() -> &'static Disc {
    static DISC: OnceLock<Disc> = OnceLock::new();
    DISC.get_or_init(|| Disc::new(1024, 7))
}

fn second_image(state: &str) -> Option<Vec<u8>> {
    static VALID: OnceLock<Vec<u8>> = OnceLock::new();
    let mut image = VALID.get_or_init(|| USUAL.pack(&second_disc().bytes)).clone();
    match state {
        "valid" => {}
        "empty" => image.clear(),
        "header damaged" => image[8..24].fill(0xFF),
        "blocks damaged" => image[24 + 4 * 1025..].fill(0xFF),
        "cut off" => image.truncate(image.len() / 3),
        _ => return None,
    }
    Some(image)
}

/// A machine that serves the first image, with the second one on its card.
fn serving(state: &str) -> Psp {
    let (mut psp, _) = taken_over(usual_image());
    if let Some(image) = second_image(state) {
        psp.kernel.card.insert_file(SECOND, Rc::new(image));
    }
    psp
}

fn bytes_of(disc: &Disc, count: u32) -> &[u8] {
    &disc.bytes[LBA as usize * 2048..][..count as usize * 2048]
}

/// The firmware changes the image, and its driver answers reads from now on.
fn swap(psp: &mut Psp, path: &str) {
    psp.change_umd_file(path);
    psp.inferno.calls.clear();
    for entry in [Entry::Open, Entry::Read] {
        psp.inferno.answers.insert(entry as u32, FIRMWARES.into());
    }
}

fn swap_back(psp: &mut Psp) {
    psp.change_umd_file(IMAGE);
    psp.inferno.answers.clear();
    psp.inferno.calls.clear();
}

fn was_asked(psp: &Psp, entry: Entry, code: Option<u32>) -> bool {
    psp.inferno
        .calls
        .iter()
        .any(|call| call.entry == entry as u32 && code.is_none_or(|code| call.args[2] == code))
}

/// The allowed results of a read after the change: an error, the firmware's answer, or the second disc if it
/// is valid. Never a sector of the first.
fn assert_not_the_first(finished: &FinishedRead, state: &str, when: &str) {
    let old = bytes_of(small_disc(), COUNT);
    let is_old = finished.bytes.chunks(2048).zip(old.chunks(2048)).any(|(got, old)| got == old);
    assert!(!is_old, "{when}: {state}: a sector of the old disc");
    let all = finished.outcome.value == COUNT * 2048 || finished.outcome.value == COUNT;
    if all && finished.bytes.iter().any(|&byte| byte != UNTOUCHED) {
        assert_eq!(state, "valid", "{when}");
        assert!(finished.bytes == bytes_of(second_disc(), COUNT), "{when}: not the second disc");
    }
}

fn read(psp: &mut Psp) -> FinishedRead {
    ok(psp.read_lba(LbaParams::sectors(LBA, COUNT), 0))
}

/// Opens the raw device; returns whether the descriptor is the driver's.
fn open(psp: &mut Psp) -> (FileArg, bool) {
    let file = psp.file_arg(3);
    psp.inferno.calls.clear();
    ok(psp.raw_open(file));
    (file, !was_asked(psp, Entry::Open, None))
}

/// A name and its action.
type Moment = (&'static str, fn(&mut Psp));

/// What the game or its file system does first after the change, and what happened to the console before.
const MOMENTS: [Moment; 5] = [
    ("at umd open", |psp| {
        open(psp);
    }),
    ("at 0x01E38034", |psp| {
        let (outcome, answer) = ok(psp.devctl(command::MAY_MOUNT, b"umd0:", 4));
        assert_eq!((outcome.value, answer), (0, vec![0; 4]), "the mount is refused");
    }),
    ("after suspend and resume", |psp| psp.kernel.card.remove_until(0)),
    ("after the card was out", |psp| {
        let now = psp.kernel.clock.now();
        psp.kernel.card.remove_until(now + 400_000);
    }),
    ("at once", |_| ()),
];

#[test]
#[ignore = "needs the built driver"]
fn no_moment_and_no_state_of_the_second_image_brings_the_first_discs_bytes() {
    let disc = small_disc();
    for state in STATES {
        let mut psp = serving(state);
        for (moment, happens) in MOMENTS {
            let when = format!("{moment}, second image {state}");
            assert_sectors(&mut psp, disc, LBA, COUNT);
            swap(&mut psp, SECOND);
            happens(&mut psp);
            psp.inferno.calls.clear();
            let finished = read(&mut psp);
            assert_not_the_first(&finished, state, &when);
            assert!(
                was_asked(&psp, Entry::Devctl, Some(command::READ)) || state == "valid",
                "{when}: not asked"
            );
            // Queries about the disc are not ours to answer either.
            for code in [command::LAST_LBA, command::CURRENT_LBA, command::VOLUME_DESCRIPTOR] {
                let (outcome, answer) = ok(psp.devctl(code, &[], 4));
                let ours = outcome.value == 0 && answer != [UNTOUCHED; 4];
                assert!(!ours || state == "valid", "{when}: {code:#010X} gave {answer:?}");
            }
            // And back again.
            swap_back(&mut psp);
            happens(&mut psp);
            assert_sectors(&mut psp, disc, LBA, COUNT);
            assert!(
                !was_asked(&psp, Entry::Devctl, Some(command::READ)),
                "{when}: back, and still forwarded"
            );
        }
        psp.check_guards().unwrap();
    }
}

/// The same path again: if a firmware sets it again, nothing changes.
#[test]
#[ignore = "needs the built driver"]
fn the_same_path_again_is_the_same_disc() {
    let disc = small_disc();
    let mut psp = serving("valid");
    for (moment, happens) in MOMENTS {
        psp.change_umd_file(IMAGE);
        happens(&mut psp);
        psp.inferno.calls.clear();
        assert_sectors(&mut psp, disc, LBA, COUNT);
        assert_eq!(psp.inferno.calls, [], "{moment}");
    }
}

/// A different file at the same path, changed while the console slept.
#[test]
#[ignore = "needs the built driver"]
fn another_image_at_the_same_path_gives_no_wrong_byte() {
    for state in STATES {
        let mut psp = serving(state);
        assert_sectors(&mut psp, small_disc(), LBA, COUNT);
        let image = second_image(state).unwrap_or_default();
        psp.kernel.card.insert_file(IMAGE, Rc::new(image));
        psp.kernel.card.remove_until(0);
        // Not in the driver's memory yet.
        let finished = ok(psp.read_lba(LbaParams::sectors(800, COUNT), 0));
        let second = &second_disc().bytes[800 * 2048..][..COUNT as usize * 2048];
        assert!(finished.outcome.is_error() || finished.bytes == second, "{state}");
    }
}

#[test]
#[ignore = "needs the built driver"]
fn raw_descriptors_that_are_open_across_the_swap() {
    let disc = small_disc();
    for state in STATES {
        let mut psp = serving(state);
        let (before, ours) = open(&mut psp);
        assert!(ours);
        assert_eq!(ok(psp.raw_seek(before, LBA.into(), 0)).long(), i64::from(LBA));
        swap(&mut psp, SECOND);
        for _ in 0..2 {
            let finished = ok(psp.raw_read(before, COUNT));
            assert_not_the_first(&finished, state, "a descriptor of before");
            // The firmware's driver does not know this descriptor.
            assert!(!was_asked(&psp, Entry::Read, None), "{state}: forwarded with our word in it");
            assert!(finished.outcome.is_error() || state == "valid", "{state}");
        }
        let read = ok(psp.raw_ioctl(before, 0x01F3_0003, &COUNT.to_le_bytes(), COUNT * 2048));
        assert_not_the_first(&read, state, "a command to a descriptor of before");
        // Opened while the other disc is in: it belongs to the firmware from then on.
        let (between, ours) = open(&mut psp);
        assert!(!ours || state == "valid", "{state}");
        psp.inferno.calls.clear();
        assert_not_the_first(&ok(psp.raw_read(between, COUNT)), state, "a descriptor of the other disc");
        swap_back(&mut psp);
        if !ours {
            ok(psp.raw_read(between, COUNT));
            assert!(was_asked(&psp, Entry::Read, None), "{state}: the firmware's descriptor");
        }
        // At its previous position.
        let finished = ok(psp.raw_read(before, COUNT));
        assert_eq!(finished.outcome.value, COUNT, "{state}");
        assert!(finished.bytes == bytes_of(disc, COUNT), "{state}");
        assert_eq!(ok(psp.raw_close(before)).value, 0, "{state}");
    }
}

/// A descriptor can be closed whichever disc is in, so that none is leaked.
#[test]
#[ignore = "needs the built driver"]
fn descriptors_are_closed_while_another_disc_is_in() {
    let mut psp = serving("valid");
    for round in 0..12 {
        let (file, ours) = open(&mut psp);
        assert!(ours, "round {round}: no descriptor is left");
        swap(&mut psp, SECOND);
        assert_eq!(ok(psp.raw_close(file)).value, 0);
        swap_back(&mut psp);
    }
}

/// A read waits for the card while the disc is changed and mounted; the card is reinserted after that.
#[test]
#[ignore = "needs the built driver"]
fn a_read_in_flight_that_waits_for_the_card() {
    for state in STATES {
        let mut psp = serving(state);
        psp.kernel.card.inject(Fault::CardOut(1_000_000));
        let pending = psp.spawn_read(LbaParams::sectors(LBA, COUNT), 0);
        ok(psp.run_for(300_000));
        assert!(!psp.kernel.card.present(psp.kernel.clock.now()), "it waits");
        swap(&mut psp, SECOND);
        let (outcome, _) = ok(psp.devctl(command::MAY_MOUNT, b"umd0:", 4));
        assert_eq!(outcome.value, 0);
        let finished = ok(psp.finish(pending));
        assert_not_the_first(&finished, state, "in flight");
        assert!(finished.outcome.microseconds < 2_000_000, "{state}: {} µs", finished.outcome.microseconds);
        swap_back(&mut psp);
        assert_sectors(&mut psp, small_disc(), LBA, COUNT);
    }
}

/// The change happens between any two calls of a read that is retried: the result is all of the old disc's
/// data, or none.
#[test]
#[ignore = "needs the built driver"]
fn a_read_in_flight_is_whole_or_not_of_the_old_disc() {
    for call in 1..30 {
        let mut psp = serving("valid");
        psp.kernel.card.inject(Fault::ReadFails(0x8001_0005));
        psp.kernel.card.inject(Fault::Stale);
        psp.change_umd_file_in(call, SECOND);
        let finished = read(&mut psp);
        if finished.outcome.value == COUNT * 2048 {
            let discs = [small_disc(), second_disc()];
            assert!(discs.iter().any(|disc| finished.bytes == bytes_of(disc, COUNT)), "call {call}");
        } else {
            assert!(finished.outcome.is_error(), "call {call}: {:#X}", finished.outcome.value);
        }
    }
}

#[test]
#[ignore = "needs the built driver"]
fn everything_is_the_firmwares_until_the_image_is_ours_again() {
    let disc = small_disc();
    for other in [SECOND, "ms0:/ISO/missing.cso", "ms0:/ISO/Test Gamf.cso", "ms0:/ISO/Test Game.cso2", ""] {
        let (mut psp, _) = taken_over(usual_image());
        assert_sectors(&mut psp, disc, 300, 3);
        psp.change_umd_file(other);
        psp.inferno.answers.insert(Entry::Devctl as u32, FIRMWARES.into());
        let finished = ok(psp.read_lba(LbaParams::sectors(300, 3), 0));
        assert_eq!(finished.outcome.value, FIRMWARES, "{other}");
        assert!(!psp.inferno.calls.is_empty(), "{other}");
        psp.change_umd_file(IMAGE);
        assert_sectors(&mut psp, disc, 300, 3);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn it_stops_while_another_disc_is_in() {
    let (mut psp, module) = taken_over(usual_image());
    swap(&mut psp, SECOND);
    assert_eq!(ok(psp.stop(&module)).value, 0);
    crate::support::assert_no_trace(&psp, 0, "stopped on the other disc");
}
