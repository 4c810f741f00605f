//! Delays that the firmwares' own drivers add: 55 ms for nine ids, and the slowness of a drive if requested.

use psp_machine::Psp;
use psp_machine::umd::FileArg;

use crate::support::{SETTINGS, USUAL, assert_sectors, machine, ok, small_disc, take_over};

const READ: u32 = 0x01F3_0003;
/// Position of the id in the volume descriptor.
const ID: usize = 16 * 2048 + 0x373;
const PAUSE: u64 = 55_000;
/// The maximum time of a read of a few sectors without a delay.
const READING: u64 = 20_000;

/// The ids for which ARK-5 and isage's Adrenaline add a delay, from their source.
const SLOW: [&str; 9] = [
    "ULKS-46116",
    "ULKS-46189",
    "ULJM-06034",
    "ULKS-46190",
    "ULKS-46191",
    "ULKS-46240",
    "ULKS-46236",
    "ULUS-10538",
    "ULJM-05836",
];

/// A machine that serves a disc with this id, and an open descriptor.
fn opened(id: &str, settings: &str) -> (Psp, FileArg) {
    let mut disc = small_disc().bytes.clone();
    disc[ID..ID + id.len()].copy_from_slice(id.as_bytes());
    disc[ID + id.len()] = b'|';
    let mut psp = machine(USUAL.pack(&disc));
    psp.kernel.card.insert_text(SETTINGS, settings);
    take_over(&mut psp);
    let file = psp.file_arg(0);
    assert_eq!(ok(psp.raw_open(file)).value, 0);
    (psp, file)
}

/// Microseconds that a read with the descriptor's command takes.
fn by_command(psp: &mut Psp, file: FileArg) -> u64 {
    let finished = ok(psp.raw_ioctl(file, READ, &3u32.to_le_bytes(), 3 * 2048));
    assert_eq!(finished.outcome.value, 3);
    finished.outcome.microseconds
}

/// Microseconds that a read of this many sectors at a position takes.
fn read_at(psp: &mut Psp, file: FileArg, lba: u32, sectors: u32) -> u64 {
    assert_eq!(ok(psp.raw_seek(file, lba.into(), 0)).long(), i64::from(lba));
    let finished = ok(psp.raw_read(file, sectors));
    assert_eq!(finished.outcome.value, sectors);
    assert!(finished.bytes == small_disc().bytes[lba as usize * 2048..][..sectors as usize * 2048]);
    finished.outcome.microseconds
}

#[test]
#[ignore = "needs the built driver"]
fn nine_discs_get_a_pause_after_each_read_by_command() {
    for id in SLOW {
        let (mut psp, file) = opened(id, "");
        for _ in 0..3 {
            let took = by_command(&mut psp, file);
            assert!((PAUSE..PAUSE + READING).contains(&took), "{id}: {took} µs");
        }
        let took = ok(psp.raw_read(file, 3)).outcome.microseconds;
        assert!(took < READING, "{id}: an ordinary read took {took} µs");
        let (outcome, _) = ok(psp.devctl(psp_machine::umd::command::LAST_LBA, &[], 4));
        assert!(outcome.microseconds < READING, "{id}");
    }
}

#[test]
#[ignore = "needs the built driver"]
fn no_other_disc_gets_a_pause() {
    for id in ["ULKS-46117", "ULUS-10539", "ULJM-05835", "ULKS-4611", "ULKS46116", "XULKS-4611", "ulks-46116"]
    {
        let (mut psp, file) = opened(id, "");
        let took = by_command(&mut psp, file);
        assert!(took < READING, "{id}: {took} µs");
    }
}

#[test]
#[ignore = "needs the built driver"]
fn a_drives_slowness_is_off_by_default() {
    for settings in ["", "umdseek = 0\numdspeed = 0", "umdseek = many"] {
        let (mut psp, file) = opened("TEST-00001", settings);
        for (lba, sectors) in [(0, 1), (1000, 4), (0, 4)] {
            let took = read_at(&mut psp, file, lba, sectors);
            assert!(took < READING, "{settings:?}: {took} µs");
        }
    }
}

/// Microseconds per KiB between the end of one read and the beginning of the next.
#[test]
#[ignore = "needs the built driver"]
fn umdseek_delays_raw_reads_by_distance() {
    let (mut psp, file) = opened("TEST-00001", "umdseek = 100");
    read_at(&mut psp, file, 0, 4);
    for (lba, distance) in [(4, 0), (108, 100), (12, 100), (1016, 1000)] {
        let took = read_at(&mut psp, file, lba, 4);
        let pause = 100 * 2 * distance;
        assert!((pause..pause + READING).contains(&took), "over {distance} sectors: {took} µs");
    }
    // Reads through the file system are not delayed.
    let before = psp.kernel.clock.now();
    assert_sectors(&mut psp, small_disc(), 300, 4);
    assert!(psp.kernel.clock.now() - before < READING);
}

/// Microseconds per byte read.
#[test]
#[ignore = "needs the built driver"]
fn umdspeed_delays_raw_reads_by_length() {
    let (mut psp, file) = opened("TEST-00001", "umdspeed = 3");
    for sectors in [1, 4, 16] {
        let took = read_at(&mut psp, file, 100, sectors);
        let pause = 3 * 2048 * u64::from(sectors);
        assert!((pause..pause + READING).contains(&took), "{sectors} sectors: {took} µs");
    }
    let finished = ok(psp.raw_read(file, 0));
    assert!(finished.outcome.microseconds < READING, "nothing was read");
}
