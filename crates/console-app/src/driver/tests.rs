use super::plugin_file::{find, install as add, remove as take_out};
use super::*;
use crate::facts::Facts;
use crate::fake::FakePsp;
use alloc::vec::Vec;
use proptest::prelude::*;

const ARK: &str = "ms0:/SEPLUGINS/PLUGINS.TXT";
const GAME: &str = "ms0:/SEPLUGINS/game.txt";
const MODULE: &str = "ms0:/SEPLUGINS/cisor.prx";
const LINE: &str = "umd, ms0:/SEPLUGINS/cisor.prx, on";

fn console() -> FakePsp {
    let console = FakePsp::new();
    console.put(MODULE, b"module");
    console
}

#[test]
fn the_firmware_is_told_by_what_there_is() {
    let console = console();
    assert_eq!(status(&console).unwrap().system, None);
    assert_eq!(install(&console, None).unwrap_err(), Failure::NoFirmware);
    console.facts.set(Facts { se_version: Ok(4), hen_version: Ok(20), ..Facts::default() });
    assert_eq!(status(&console).unwrap().system, Some(System::Ark));
    console.facts.set(Facts { se_version: Ok(1), hen_version: Ok(1), ..Facts::default() });
    console.put(GAME, b"");
    assert_eq!(status(&console).unwrap().system, Some(System::Classic));
    console.put(ARK, b"");
    assert_eq!(status(&console).unwrap().plugin_file.as_deref(), Some(ARK));
    console.put("ms0:/SEPLUGINS/EPIplugins.txt", b"");
    let found = status(&console).unwrap();
    assert_eq!(found.system, Some(System::Adrenaline));
    assert_eq!(found.plugin_file.as_deref(), Some("ms0:/SEPLUGINS/EPIplugins.txt"));
}

#[test]
fn installing_and_removing_leaves_the_file_as_it_was() {
    let before = "# my plugins\r\nvsh, ms0:/SEPLUGINS/a.prx, on\r\n";
    let console = console();
    console.put(ARK, before);
    let installed = install(&console, None).unwrap();
    assert!(installed.changed && installed.status.is_on);
    assert_eq!(console.text(ARK).unwrap(), std::format!("{before}{LINE}\r\n"));
    assert_eq!(installed.backup.as_deref(), Some("ms0:/SEPLUGINS/PLUGINS.TXT.bak"));
    assert_eq!(console.text("ms0:/SEPLUGINS/PLUGINS.TXT.bak").unwrap(), before);

    let again = install(&console, None).unwrap();
    assert_eq!((again.changed, again.backup), (false, None));

    let removed = remove(&console, None).unwrap();
    assert!(removed.changed && !removed.status.is_on);
    assert_eq!(console.text(ARK).unwrap(), before);
    // The first backup has a different text, so it is kept.
    assert_eq!(removed.backup.as_deref(), Some("ms0:/SEPLUGINS/PLUGINS.TXT.bak2"));
    assert!(!remove(&console, None).unwrap().changed);
    // If a copy with the same text exists, another one is not made.
    assert_eq!(install(&console, None).unwrap().backup.as_deref(), Some("ms0:/SEPLUGINS/PLUGINS.TXT.bak"));
    assert_eq!(console.names("ms0:/SEPLUGINS").len(), 4, "no other file is left");
}

#[test]
fn a_missing_file_is_made_and_a_missing_driver_is_named() {
    let console = console();
    let installed = install(&console, Some(System::Classic)).unwrap();
    assert_eq!((installed.changed, installed.backup), (true, None));
    assert_eq!(console.text(GAME).unwrap(), "ms0:/SEPLUGINS/cisor.prx 1\r\n");
    console.files.borrow_mut().remove(MODULE);
    let refused = install(&console, Some(System::Ark));
    assert_eq!(refused.unwrap_err(), Failure::NoDriverFile { path: MODULE.into() });
}

#[test]
fn the_file_survives_a_card_that_takes_nothing() {
    let console = console();
    console.put(ARK, "vsh, ms0:/SEPLUGINS/a.prx, on\n");
    console.read_only.set(true);
    assert_eq!(install(&console, None).unwrap_err(), Failure::ReadOnly);
    console.read_only.set(false);
    console.capacity.set(40);
    assert_eq!(install(&console, None).unwrap_err(), Failure::CardFull);
    assert_eq!(console.text(ARK).unwrap(), "vsh, ms0:/SEPLUGINS/a.prx, on\n");
    assert_eq!(console.names("ms0:/SEPLUGINS"), [ARK, MODULE], "half a file is left");
}

#[test]
fn a_go_uses_its_own_storage() {
    let mut console = FakePsp::new();
    console.folder = "ef0:/PSP/GAME/CISOR/".into();
    console.put("ef0:/SEPLUGINS/cisor.prx", b"module");
    let installed = install(&console, Some(System::Ark)).unwrap();
    assert_eq!(installed.status.line.as_deref(), Some("umd, ef0:/SEPLUGINS/cisor.prx, on"));
}

#[test]
fn lines_are_found_whatever_they_look_like() {
    for (system, line, is_on) in [
        (System::Ark, "umd, ms0:/SEPLUGINS/cisor.prx, on", true),
        (System::Ark, "  game ,MS0:/seplugins/CISOR.PRX,Enabled ; mine", true),
        (System::Ark, "umd, ef0:/SEPLUGINS/cisor.prx, 1", true),
        (System::Ark, "umd, ms0:/SEPLUGINS/cisor.prx, off", false),
        (System::Ark, "umd, ms0:/SEPLUGINS/cisor.prx, onward", false),
        (System::Ark, "umd, ms0:/SEPLUGINS/cisor.prx", false),
        (System::Classic, "ms0:/seplugins/cisor.prx 1", true),
        (System::Classic, "ms0:/seplugins/cisor.prx\t1\r", true),
        (System::Classic, "ms0:/seplugins/cisor.prx 0", false),
        (System::Classic, "ms0:/seplugins/cisor.prx", false),
    ] {
        let found = find(system, line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
        assert_eq!((found.text.as_str(), found.is_on), (line.trim(), is_on));
        let fixed = add(system, line.as_bytes(), MODULE);
        assert!(find(system, &fixed).unwrap().is_on, "{line}");
        assert_eq!(fixed == line.as_bytes(), is_on, "a line that works is left alone: {line}");
    }
    for (system, line) in [
        (System::Ark, "# umd, ms0:/SEPLUGINS/cisor.prx, on"),
        (System::Ark, "// umd, ms0:/SEPLUGINS/cisor.prx, on"),
        (System::Ark, "umd, ms0:/SEPLUGINS/mycisor.prx, on"),
        (System::Classic, "ms0:/seplugins/cisor.prx.old 1"),
        (System::Classic, ""),
    ] {
        assert!(find(system, line.as_bytes()).is_none(), "{line}");
    }
}

#[test]
fn the_line_is_where_old_firmwares_still_read_it() {
    let long: String = (0..40).map(|n| std::format!("ms0:/seplugins/plugin{n:02}.prx 1\r\n")).collect();
    let new = add(System::Classic, long.as_bytes(), MODULE);
    assert!(new.starts_with(b"ms0:/SEPLUGINS/cisor.prx 1\r\n") && new.len() > 1024);
    assert_eq!(take_out(System::Classic, &new), long.as_bytes());
    let short = add(System::Classic, b"ms0:/seplugins/a.prx 1", MODULE);
    assert_eq!(short, b"ms0:/seplugins/a.prx 1\r\nms0:/SEPLUGINS/cisor.prx 1\r\n");
}

#[test]
fn the_last_session_of_the_log_is_shown() {
    let console = console();
    assert_eq!(status(&console).unwrap().session, None);
    console.put(
        "ms0:/SEPLUGINS/cisor.log",
        "Cisor: serving cso\n  reads: 1; KiB: 2\nCisor: serving zso, ms0:/ISO/a.zso\n  reads: 10; KiB: 640; reads from \
         the card: 4; KiB from the card: 200; reads without the card: 6; retries: 1            \n",
    );
    let session = status(&console).unwrap().session.unwrap();
    assert_eq!(session.start, "Cisor: serving zso, ms0:/ISO/a.zso");
    let expected = log::Counters { reads: 10, kib: 640, card_reads: 4, card_kib: 200, hits: 6, retries: 1 };
    assert_eq!(session.counters, Some(expected));
    console.put("ms0:/SEPLUGINS/cisor.log", b"  x: y; \xFF: 3\n\n");
    assert_eq!(status(&console).unwrap().session.unwrap().counters, Some(log::Counters::default()));
}

#[test]
fn a_start_of_this_program_does_not_hide_the_last_game() {
    let console = console();
    let program = "Cisor 0.2.0: \nstepping aside: no image is started, application type 00000141\n";
    let last = |text: &str| {
        console.put("ms0:/SEPLUGINS/cisor.log", text);
        status(&console).unwrap().session.unwrap()
    };
    let game = "Cisor 0.2.0: ms0:/ISO/a.cso\nstepping aside: not enough memory, 12 KiB are free\n";
    let session = last(&std::format!("{program}{game}{program}  reads: 1\n{program}"));
    assert_eq!(session.start, "Cisor 0.2.0: ms0:/ISO/a.cso");
    assert_eq!(session.aside.as_deref(), Some("not enough memory, 12 KiB are free"));
    assert_eq!((session.cause(), session.counters), (Some(Cause::Memory), None));
    let session =
        last(&std::format!("{game}{program}Cisor 0.2.0: ms0:/ISO/a.cso: serving cso\n  reads: 1\n{program}"));
    assert_eq!((session.aside.as_deref(), session.cause()), (None, None), "the game after it is served");
    assert_eq!(session.counters.map(|counters| counters.reads), Some(1));
    assert_eq!(last(program).cause(), Some(Cause::OtherProgram));
    // As the first version wrote it.
    let session =
        last("Cisor 0.1.0: ms0:/ISO/a.cso: left to the firmware, not enough memory, code 0x800200D9\n");
    assert_eq!(session.aside.as_deref(), Some("not enough memory, code 0x800200D9"));
    assert_eq!(session.cause(), Some(Cause::Memory));
}

proptest! {
    #[test]
    fn other_lines_are_never_touched(file in "([a-z]{0,6}, ms0:/[a-z]{1,5}.prx, (on|off)|#[ -~]{0,9}|)(\r?\n([a-z]{0,6}, ms0:/[a-z]{1,5}.prx, on|;x|))*") {
        for system in System::ALL {
            let new = add(system, file.as_bytes(), MODULE);
            let found = find(system, &new).map(|found| found.is_on);
            prop_assert_eq!(found, Some(true));
            let back = take_out(system, &new);
            let back = back.strip_suffix(b"\n").map_or(&back[..], |back| back.strip_suffix(b"\r").unwrap_or(back));
            let trimmed = file.strip_suffix('\n').map_or(&file[..], |file| file.strip_suffix('\r').unwrap_or(file));
            prop_assert_eq!(back, trimmed.as_bytes());
        }
    }

    #[test]
    fn no_file_panics(file: Vec<u8>) {
        for system in System::ALL {
            let new = add(system, &file, MODULE);
            prop_assert!(find(system, &new).is_some_and(|found| found.is_on));
            prop_assert!(find(system, &take_out(system, &new)).is_none());
        }
        let _ = log::last_session(&file);
    }
}
