use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;

use super::*;
use crate::code::Code;
use crate::facts::Facts;
use crate::fake::{Drive, FakePsp, psp_disc};
use crate::platform::LiveDriver;
use crate::watch::{Nobody, Question, Unit};

const REPORT: &str = "ms0:/cisor-report.txt";
const LOG: &str = "ms0:/SEPLUGINS/cisor.log";

/// A card with two images, the driver, its line, its settings and its log.
fn console() -> FakePsp {
    let console = FakePsp::with_disc(psp_disc(), Drive::LastSector);
    for path in ["ms0:/ISO/a.cso", "ms0:/ISO/b.cso"] {
        crate::dump::run(&console, crate::dump::Kind::Cso, path, &mut Nobody).unwrap();
    }
    console.put("ms0:/SEPLUGINS/cisor.prx", b"abc");
    console.put("ms0:/SEPLUGINS/PLUGINS.TXT", b"umd, ms0:/SEPLUGINS/cisor.prx, on\r\ngame, ms0:/x.prx, on");
    console.put("ms0:/SEPLUGINS/cisor.ini", b"log = on\n");
    console.put("ms0:/PSP/GAME/CISOR/EBOOT.PBP", b"program");
    console
}

fn facts() -> Facts {
    Facts {
        model: Ok(2),
        devkit: Ok(0x0606_0110),
        apitype: Ok(0x141),
        key_config: Ok(0x200),
        boot_from: Ok(0x40),
        se_version: Ok(4),
        hen_version: Ok(20),
        minor_version: Ok(0x0004_1445),
        largest_free: Ok(17 << 20),
        total_free: Ok(18 << 20),
    }
}

/// The value of a line.
fn value<'r>(report: &'r Report, name: &str) -> &'r str {
    let start = std::format!("{name}: ");
    let line = report.text.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("there is no {name} in\n{}", report.text))
}

#[test]
fn everything_that_is_known_is_told() {
    let console = console();
    console.facts.set(facts());
    console.put(
        LOG,
        "Cisor 0.1.0: ms0:/ISO/B.CSO: serving cso, block size 2048, sectors 466, KiB of kernel memory left 812\n  reads: 10; \
         KiB: 640; reads from the card: 4; KiB from the card: 200; reads without the card: 6; retries: 1\n",
    );
    let report = write(&console, None, &mut Nobody);
    assert_eq!(report.kept, Ok(REPORT.into()));
    assert_eq!(console.text(REPORT).unwrap(), report.text, "what is shown is what is written");
    for (name, expected) in [
        ("Model", "PSP-3000 (2)"),
        ("Firmware", "6.61 (0x06060110)"),
        ("Custom firmware", "ARK-4 or ARK-5, 4.20.69"),
        ("sctrlHENGetVersion", "20 (0x14)"),
        ("Application type of this program", "0x141"),
        ("Key configuration of this program", "0x200 (game)"),
        ("Started from", "0x40 (ms0:)"),
        ("Free memory, partition 1 (kernel)", "812 KiB in one piece, by the driver's log"),
        ("Free memory, partition 2 (beside this program)", "18432 KiB, 17408 KiB in one piece"),
        ("Line", "umd, ms0:/SEPLUGINS/cisor.prx, on"),
        ("Switched on", "yes"),
        ("Now", "not loaded"),
        (
            "ms0:/SEPLUGINS/cisor.prx",
            "3 bytes, CRC32 352441c2, SHA-1 a9993e364706816aba3e25717850c26c9cd0d89d",
        ),
        ("ms0:/SEPLUGINS/game.txt", "not there"),
    ] {
        assert_eq!(value(&report, name), expected, "{name}");
    }
    assert!(value(&report, "Last start").contains("serving cso"));
    assert!(value(&report, "Counters in the log").starts_with("10 reads, 640 KiB, 4 reads from the card"));
    assert!(value(&report, "ms0:/PSP/GAME/CISOR/EBOOT.PBP").starts_with("7 bytes, CRC32 "));
    // The played image is measured, regardless of the case of its name.
    assert_eq!(report.image.as_deref(), Some("ms0:/ISO/b.cso"));
    for part in [
        "  ms0:/ISO/b.cso (",
        "    sequential   2 KiB",
        "    random     128 KiB",
        "  game, ms0:/x.prx, on",
        "  log = on",
    ] {
        assert!(report.text.contains(part), "{part} is not in\n{}", report.text);
    }
    assert_eq!(console.file("ms0:/PSP/GAME/CISOR/speed.txt"), None, "only the report is written");
}

#[test]
fn what_is_not_known_is_told_with_the_reason() {
    let console = FakePsp::new();
    let report = write(&console, None, &mut Nobody);
    let none = "unknown: this firmware has no function for it (0x8002013A)";
    for name in [
        "Model",
        "Firmware",
        "sctrlSEGetVersion",
        "sctrlHENGetVersion",
        "sctrlHENGetMinorVersion",
        "Application type of this program",
        "Key configuration of this program",
        "Started from",
        "Free memory, partition 2 (beside this program)",
    ] {
        assert_eq!(value(&report, name), none, "{name}");
    }
    for name in [
        "Custom firmware",
        "Free memory, partition 1 (kernel)",
        "Free memory, partitions 4, 5, 8, 9, 11",
        "List of plugins",
        "Last start",
    ] {
        assert!(value(&report, name).starts_with("unknown: "), "{name}");
    }
    assert_eq!(value(&report, "ms0:/SEPLUGINS/cisor.prx"), "not there");
    assert!(value(&report, "Image").starts_with("none: "));
    console.facts.set(Facts { model: Err(Code(0x8000_0023)), ..Facts::default() });
    let report = write(&console, None, &mut Nobody);
    assert_eq!(value(&report, "Model"), "unknown: the firmware refuses to tell (0x80000023)");
}

#[test]
fn why_the_driver_stepped_aside_is_told() {
    let console = console();
    console.put(LOG, "Cisor 0.1.0: serving\nstepping aside: no module PRO_Inferno_Driver\n");
    let report = write(&console, None, &mut Nobody);
    assert_eq!(value(&report, "Stepped aside"), "no module PRO_Inferno_Driver");
    assert!(value(&report, "What to do").starts_with("Choose Inferno"));
}

#[test]
fn a_driver_at_work_is_asked() {
    let console = console();
    console.live.set(Some(LiveDriver {
        serving: true,
        image: Some([3, 2048, 466]),
        counts: [10, 4, 6, 0],
        bytes: [1 << 33, 4096],
    }));
    let report = write(&console, None, &mut Nobody);
    assert!(
        value(&report, "Now")
            .starts_with("serves zso, blocks of 2048 bytes, 466 sectors; 10 reads, 8589934592")
    );
}

#[test]
fn an_earlier_report_is_replaced_and_nothing_stays_beside_it() {
    let console = console();
    console.put(REPORT, b"an earlier one, cut o");
    console.put("ms0:/cisor-report.txt.new", b"half of ano");
    let report = write(&console, Some("ms0:/ISO/a.cso"), &mut Nobody);
    assert_eq!(report.image.as_deref(), Some("ms0:/ISO/a.cso"));
    assert_eq!(console.names("ms0:/cisor"), [REPORT]);
    assert_eq!(console.text(REPORT).unwrap(), report.text);
}

#[test]
fn a_card_that_takes_nothing_keeps_what_it_has() {
    type Fault = fn(&FakePsp);
    let used =
        |console: &FakePsp| console.files.borrow().values().map(|bytes| bytes.len() as u64).sum::<u64>();
    let faults: [(Fault, Failure); 3] = [
        (|console| console.read_only.set(true), Failure::ReadOnly),
        (|console| console.capacity.set(0), Failure::CardFull),
        (
            |console| console.rename_fails.set(true),
            Failure::Rename { path: std::format!("{REPORT}.new"), code: Code::IO },
        ),
    ];
    for (fault, expected) in faults {
        for earlier in [None, Some("an earlier report")] {
            let console = FakePsp::new();
            if let Some(earlier) = earlier {
                console.put(REPORT, earlier);
            }
            fault(&console);
            let report = write(&console, None, &mut Nobody);
            assert_eq!(report.kept, Err(expected.clone()));
            assert!(report.text.contains("[Console]"), "it is shown all the same");
            if let Failure::Rename { path, .. } = &expected {
                // The earlier one had to make room; the new one is complete, under the name given in the
                // message.
                assert_eq!(console.text(path).unwrap(), report.text);
            } else {
                assert_eq!(console.text(REPORT).as_deref(), earlier, "{expected:?}");
                assert_eq!(console.names("ms0:/cisor").len(), usize::from(earlier.is_some()), "{expected:?}");
            }
        }
    }
    // There is enough room for half of it.
    let console = FakePsp::new();
    console.capacity.set(used(&console) + 500);
    assert_eq!(write(&console, None, &mut Nobody).kept, Err(Failure::CardFull));
    assert_eq!(console.names("ms0:/cisor"), Vec::<String>::new(), "no half report is left");
}

#[test]
fn a_report_without_a_measurement_is_written_all_the_same() {
    /// Cancels as soon as possible.
    struct Impatient(Cell<u32>);
    impl Watch for Impatient {
        fn begin(&mut self, _what: &str, _total: u64, _unit: Unit) {}
        fn advance(&mut self, _done: u64) -> Result<(), Failure> {
            self.0.set(self.0.get() + 1);
            Err(Failure::Cancelled)
        }
        fn ask(&mut self, _question: Question) -> bool {
            false
        }
    }
    let console = console();
    let mut watch = Impatient(Cell::new(0));
    let report = write(&console, None, &mut watch);
    assert_eq!((watch.0.get(), report.image.as_deref()), (1, None));
    assert_eq!(value(&report, "Image"), "ms0:/ISO/a.cso: not measured: Cancelled.");
    assert!(console.file(REPORT).is_some());
    let report = write(&console, Some("ms0:/ISO/none.cso"), &mut Nobody);
    assert!(value(&report, "Image").contains("There is no file ms0:/ISO/none.cso"));
}

#[test]
fn a_text_of_others_is_no_line_of_the_report() {
    let console = console();
    console.put("ms0:/SEPLUGINS/cisor.ini", b"Model: PSP-9000\n[Console]\n\x1B[2J\xFF\r\n");
    let mut long = "x".repeat(20_000);
    long.push_str("\nthe end\n");
    console.put(LOG, long);
    let report = write(&console, None, &mut Nobody);
    assert!(value(&report, "Model").starts_with("unknown"));
    assert!(report.text.contains("\n  Model: PSP-9000\n  [Console]\n   [2J\u{FFFD}\n"), "{}", report.text);
    assert!(report.text.contains("\n  the end\n") && report.text.len() < 16_000);
    console.put("ms0:/SEPLUGINS/game.txt", [b'x'; 300 << 10]);
    let report = write(&console, None, &mut Nobody);
    assert!(value(&report, "Not shown").contains("too many"));
}

#[test]
fn a_go_keeps_its_report_in_its_own_storage() {
    let mut console = console();
    console.folder = "ef0:/PSP/GAME/CISOR/".into();
    assert_eq!(write(&console, None, &mut Nobody).kept, Ok("ef0:/cisor-report.txt".into()));
}
