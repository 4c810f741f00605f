//! The driver on every firmware of the table: it takes over where an image is started, and leaves everything
//! else alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use psp_machine::Psp;
use psp_machine::cfw::{Expected, ROWS, Row};
use psp_machine::inferno::Entry;
use psp_machine::kernel::io::{Fault, HostFile};

use crate::support::disc::Disc;
use crate::support::{
    FAMILIES, LOG, SETTINGS, USUAL, assert_sectors, machine, read_sectors, refused, small_disc, start,
    take_over,
};

/// Runs a check on each matching row, for each way to start it, and lists those that fail. The check creates
/// machines from the row as needed.
fn on_rows(meant: impl Fn(&Row) -> bool, check: impl Fn(&Row, &dyn Fn() -> Psp)) {
    let image = Rc::new(USUAL.pack(&small_disc().bytes));
    let mut failed = Vec::new();
    let mut count = 0;
    for row in ROWS.iter().filter(|row| meant(row)) {
        for &apitype in row.apitypes {
            count += 1;
            let boot = || {
                let mut psp = row.boot(apitype);
                if !row.path.is_empty() {
                    psp.kernel.card.insert_file(row.path, Rc::clone(&image) as Rc<dyn HostFile>);
                }
                psp
            };
            if catch_unwind(AssertUnwindSafe(|| check(row, &boot))).is_err() {
                failed.push(format!("{} with {apitype:#X}", row.name));
            }
        }
    }
    assert!(count > 5, "the table has such rows");
    assert!(failed.is_empty(), "{} of {count} fail: {failed:#?}", failed.len());
}

fn takes_over(row: &Row) -> bool {
    row.expected == Expected::TakesOver
}

/// Reads through the driver: single sectors, many, the first and the last.
fn assert_serves(psp: &mut Psp, disc: &Disc) {
    for (lba, count) in [(16, 1), (0, 1), (300, 40), (511, 2), (1023, 1)] {
        assert_sectors(psp, disc, lba, count);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn takes_over_wherever_an_image_is_started() {
    on_rows(takes_over, |_, boot| {
        let mut psp = boot();
        take_over(&mut psp);
        assert_serves(&mut psp, small_disc());
    });
}

#[test]
#[ignore = "needs the built driver"]
fn serves_on_every_firmware_when_its_card_fails() {
    on_rows(takes_over, |_, boot| {
        let mut psp = boot();
        take_over(&mut psp);
        let now = psp.kernel.clock.now();
        psp.kernel.card.remove_until(now + 300_000);
        assert_sectors(&mut psp, small_disc(), 300, 40);
        for fault in [Fault::ReadFails(0x8001_0005), Fault::ShortRead(100), Fault::Stale] {
            psp.kernel.card.inject(fault);
            assert_sectors(&mut psp, small_disc(), 700, 40);
        }
    });
}

#[test]
#[ignore = "needs the built driver"]
fn declines_wherever_no_image_is_started() {
    on_rows(
        |row| !takes_over(row),
        |row, boot| {
            let Expected::Declines(why) = row.expected else { unreachable!("filtered above") };
            refused(&mut boot(), why);
        },
    );
}

#[test]
#[ignore = "needs the built driver"]
fn the_log_says_why_it_declined() {
    on_rows(
        |row| !takes_over(row),
        |row, boot| {
            let Expected::Declines(why) = row.expected else { unreachable!("filtered above") };
            let mut psp = boot();
            psp.kernel.card.insert_text(SETTINGS, "log = on\n");
            refused(&mut psp, why);
            let log = psp.kernel.card.written(LOG).map(String::from_utf8_lossy).unwrap_or_default();
            assert!(log.contains("stepping aside: "), "{}: the log says {log:?}", row.name);
        },
    );
}

#[test]
#[ignore = "needs the built driver"]
fn strings_may_lie_at_any_address() {
    on_rows(takes_over, |row, boot| {
        for alignment in 0..4 {
            let mut psp = boot();
            psp.string_alignment = alignment;
            psp.set_umd_file(row.path);
            psp.kernel.card.insert_text(SETTINGS, "log = on\n");
            let (_, outcome) = start(&mut psp);
            assert_eq!(outcome.value, 0, "strings at {alignment} mod 4");
            assert_serves(&mut psp, small_disc());
        }
    });
}

/// A third-party driver whose name begins with "umd", registered later: the firmware's function finds that
/// one.
#[test]
#[ignore = "needs the built driver"]
fn a_driver_with_a_similar_name_is_not_taken_for_the_discs() {
    on_rows(takes_over, |_, boot| {
        for name in ["umd9", "umdxyz", "UMDvideo"] {
            let mut psp = boot();
            let entry = psp.driver_entry(Entry::Devctl);
            let table = [entry; 22].map(u32::to_le_bytes).concat();
            let functions = psp.place("table of another driver", &table);
            psp.register_driver(name, "not the disc's", functions).unwrap();
            let (_, outcome) = start(&mut psp);
            let mut now = vec![0; table.len()];
            psp.cpu.read(functions, &mut now).unwrap();
            assert!(now == table, "{name}: its table was taken over");
            if outcome.is_error() {
                assert!(psp.inferno.untouched(&psp.cpu), "{name}: stepped aside with the table changed");
            } else {
                assert_serves(&mut psp, small_disc());
            }
        }
    });
}

#[test]
#[ignore = "needs the built driver"]
fn time_may_pass_in_every_call() {
    const LONGEST: u64 = 20_000;
    on_rows(takes_over, |_, boot| {
        let mut psp = boot();
        psp.time_per_call = LONGEST;
        take_over(&mut psp);
        assert_serves(&mut psp, small_disc());
    });
    for kind in FAMILIES {
        for microseconds in [0, 1, 1000, LONGEST] {
            let mut psp = machine(kind.pack(&small_disc().bytes));
            psp.time_per_call = microseconds;
            take_over(&mut psp);
            assert_serves(&mut psp, small_disc());
        }
    }
}

/// The path changes during the start, and after it: the first disc's bytes are never returned for the second.
/// The tests in `changing` cover every call of a start and of a read, on one firmware.
#[test]
#[ignore = "needs the built driver"]
fn the_image_may_change_behind_its_back() {
    const SECOND: &str = "ms0:/ISO/Another Game.cso";
    let forwards = |psp: &mut Psp, when: &str| {
        psp.inferno.calls.clear();
        let finished = read_sectors(psp, 300, 3);
        assert!(!psp.inferno.calls.is_empty(), "{when}: the firmware's driver was not asked");
        let old = &small_disc().bytes[300 * 2048..][..3 * 2048];
        assert!(finished.bytes.chunks(2048).zip(old.chunks(2048)).all(|(got, old)| got != old), "{when}");
    };
    on_rows(takes_over, |row, boot| {
        let mut psp = boot();
        take_over(&mut psp);
        psp.change_umd_file(SECOND);
        forwards(&mut psp, "changed after the start");
        psp.change_umd_file(row.path);
        assert_serves(&mut psp, small_disc());
        for call in [1, 5, 10, 20, 30] {
            let mut psp = boot();
            psp.change_umd_file_in(call, SECOND);
            let (_, outcome) = start(&mut psp);
            if outcome.is_error() {
                assert!(psp.inferno.untouched(&psp.cpu), "call {call}: stepped aside with the table changed");
            } else if psp.kernel.system.path_changes.is_empty() {
                forwards(&mut psp, "changed during the start");
            }
        }
    });
}
