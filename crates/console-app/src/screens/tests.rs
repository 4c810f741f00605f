//! The program as a user sees it: buttons in, pictures out; and as scripts see it: commands in, lines out.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use std::collections::BTreeSet;

use test_noise::Noise;

use super::*;
use crate::driver;
use crate::fake::{Drive, FakePsp, psp_disc};
use crate::frame::Font;
use crate::platform::LiveDriver;
use crate::run as run_program;
use crate::text::hex;

/// A console with a disc in the drive, the same disc as CSO on the card, and one damaged file.
fn console() -> FakePsp {
    let console = FakePsp::with_disc(psp_disc(), Drive::LastSector);
    dump::run(&console, Kind::Cso, "ms0:/ISO/game.cso", &mut crate::watch::Nobody).unwrap();
    let mut damaged = console.file("ms0:/ISO/game.cso").unwrap();
    let len = damaged.len();
    damaged[len / 2..len / 2 + 40].fill(0xEE);
    console.put("ms0:/ISO/damaged.cso", damaged);
    console.put("ms0:/ISO/notes.txt", b"no image");
    console.put("ms0:/ISO/broken.zso", b"ZISO\0\0");
    console.put("ms0:/SEPLUGINS/cisor.prx", b"module");
    console.put("ms0:/SEPLUGINS/PLUGINS.TXT", b"");
    console
}

/// What a page looks like when drawn.
fn drawn(page: &Page) -> Frame {
    let mut frame = Frame::new();
    page.draw(&mut frame);
    frame
}

/// Runs commands and returns the lines of results.
fn obeyed(console: &FakePsp, commands: &str) -> Vec<String> {
    console.put("ms0:/PSP/GAME/CISOR/commands.txt", commands);
    run_program(console);
    let said = console.said.borrow().clone();
    let kept = console.text("ms0:/PSP/GAME/CISOR/results.jsonl").unwrap();
    assert_eq!(kept.lines().collect::<Vec<_>>(), said, "the card has the lines that were said");
    said
}

#[test]
fn a_user_checks_an_image() {
    let console = console();
    // Images; the list is damaged, broken, game: the last one; back to the menu; leave.
    console.press(&[
        Button::Cross,
        Button::Down,
        Button::Down,
        Button::Cross,
        Button::Circle,
        Button::Circle,
    ]);
    run_program(&console);
    let report = check::check(&console, "ms0:/ISO/game.cso", &mut crate::watch::Nobody).unwrap();
    let frames = console.shown.borrow();
    // Everything except the time is the same.
    let expected = drawn(&results::check(&report));
    let same = |frame: &Frame| {
        let pairs = frame.rows().zip(expected.rows());
        pairs.filter(|(one, other)| one != other).count() <= 16
    };
    assert!(frames.iter().any(same), "none of {} pictures is the result", frames.len());
}

#[test]
fn a_user_dumps_the_disc_as_zso() {
    let console = console();
    console.press(&[Button::Down, Button::Cross, Button::Right, Button::Cross, Button::Circle, Button::Home]);
    run_program(&console);
    assert!(console.file("ms0:/ISO/ULUS-10041.zso").is_some());
}

#[test]
fn a_user_answers_about_bad_sectors() {
    for (answer, is_kept) in [(Button::Cross, true), (Button::Circle, false)] {
        let console = console();
        console.disc.borrow_mut().as_mut().unwrap().bad.insert(50, u32::MAX);
        console.press(&[Button::Down, Button::Cross, Button::Cross, Button::Up, answer, Button::Circle]);
        run_program(&console);
        assert_eq!(console.file("ms0:/ISO/ULUS-10041.cso").is_some(), is_kept);
    }
}

#[test]
fn circle_stops_a_dump() {
    let console = console();
    console.stop.set(true);
    console.press(&[Button::Down, Button::Cross, Button::Cross]);
    run_program(&console);
    assert_eq!(console.names("ms0:/ISO/ULUS"), Vec::<String>::new());
    let failure = results::failure("Dump", "ms0:/ISO/", &Failure::Cancelled);
    assert!(console.last_shown() == drawn(&failure), "the user is told");
}

#[test]
fn a_user_installs_and_removes_the_driver() {
    let console = console();
    let driver = [Button::Down, Button::Down, Button::Cross];
    console.press(&driver);
    console.press(&[Button::Cross, Button::Circle, Button::Home]);
    run_program(&console);
    assert_eq!(console.text("ms0:/SEPLUGINS/PLUGINS.TXT").unwrap(), "umd, ms0:/SEPLUGINS/cisor.prx, on\r\n");
    console.press(&driver);
    console.press(&[Button::Square, Button::Circle, Button::Home]);
    run_program(&console);
    assert_eq!(console.text("ms0:/SEPLUGINS/PLUGINS.TXT").unwrap(), "");
    // A different firmware than the detected one.
    console.press(&driver);
    console.press(&[Button::Right, Button::Cross, Button::Home]);
    run_program(&console);
    assert_eq!(console.text("ms0:/SEPLUGINS/game.txt").unwrap(), "ms0:/SEPLUGINS/cisor.prx 1\r\n");
}

#[test]
fn every_button_everywhere_does_no_harm() {
    let all = [
        Button::Up,
        Button::Down,
        Button::Left,
        Button::Right,
        Button::Cross,
        Button::Circle,
        Button::Square,
        Button::Triangle,
    ];
    let mut noise = Noise::new(7);
    for with_disc in [true, false] {
        let console = if with_disc { console() } else { FakePsp::new() };
        for _ in 0..60 {
            console.press(&[all[noise.index(all.len())]]);
        }
        run_program(&console);
        assert!(console.buttons.borrow().is_empty(), "the program is left by Home alone");
    }
}

#[test]
fn commands_are_obeyed_in_order() {
    let console = console();
    let said = obeyed(
        &console,
        "images list\nshot-at 50 ms0:/shot.bmp\ncheck ms0:/ISO/game.cso\ncheck ms0:/ISO/damaged.cso\ncheck \
         ms0:/ISO/broken.zso\ncheck ms0:/nothing.cso\ndump zso ms0:/ISO/\nspeed ms0:/ISO/game.cso\ndriver \
         status\ndriver install\nscreen about\nscreenshot ms0:/about.bmp\ncancel-at 1\ndump iso ms0:/ISO/\nexit\n",
    );
    let digest = hex(&dump_digest(&console));
    let expected = [
        (r#""event":"start""#, r#""commands":15"#),
        (r#""command":"images list""#, r#""title":"Zwölf Türme","disc_id":"ULUS-10041""#),
        (r#""command":"shot-at""#, r#""status":"ok""#),
        (r#""command":"check""#, digest.as_str()),
        (r#""hashes":null"#, r#""first_damaged":{"block":"#),
        (r#""status":"damaged""#, r#""kind":"header""#),
        (
            r#""status":"failed""#,
            r#""kind":"open","message":"There is no file ms0:/nothing.cso","code":"0x80010002""#,
        ),
        (r#""output":"ms0:/ISO/ULUS-10041.zso""#, digest.as_str()),
        (r#""command":"speed""#, r#"{"order":"random","size":131072"#),
        (r#""installed":false"#, r#""firmware":"ark""#),
        (r#""changed":true"#, r#""installed":true"#),
        (r#""screen":"about""#, r#""status":"ok""#),
        (r#""command":"screenshot""#, r#""status":"ok""#),
        (r#""command":"cancel-at""#, r#""status":"ok""#),
        (r#""status":"interrupted""#, r#""kind":"cancelled""#),
        (r#""command":"exit""#, r#""line":15"#),
        (r#""event":"end""#, r#""failed":4"#),
    ];
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (line, (one, other)) in said.iter().zip(expected) {
        assert!(line.contains(one) && line.contains(other), "{line}");
        assert!(line.starts_with(r#"{"schema":1,"#) && line.ends_with('}'));
    }
    assert!(console.text("ms0:/PSP/GAME/CISOR/speed.txt").unwrap().contains("sequential"));
    for picture in ["ms0:/shot.bmp", "ms0:/about.bmp"] {
        assert_eq!(console.file(picture).unwrap().len(), 54 + 480 * 272 * 3);
    }
    assert_eq!(console.names("ms0:/ISO/ULUS-10041.iso"), Vec::<String>::new());
}

fn dump_digest(console: &FakePsp) -> [u8; 20] {
    let report = check::check(console, "ms0:/ISO/game.cso", &mut crate::watch::Nobody).unwrap();
    report.digests.unwrap().sha1
}

#[test]
fn measurements_are_shown_where_they_cannot_be_kept() {
    let console = console();
    console.read_only.set(true);
    let report = speed::measure(&console, "ms0:/ISO/game.cso", &mut crate::watch::Nobody).unwrap();
    assert_eq!((report.speeds.len(), report.kept), (8, Err(Failure::ReadOnly)));
}

#[test]
fn a_file_of_nonsense_is_not_obeyed() {
    let console = console();
    let said = obeyed(&console, "dump iso ms0:/ISO/\nmake coffee\ncheck\n");
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said[1].contains(r#""event":"bad-line","line":2,"error":"`make` is no command"#), "{}", said[1]);
    assert!(said[2].contains(r#""line":3"#) && said[3].contains(r#""failed":2"#));
    assert_eq!(console.names("ms0:/ISO/ULUS"), Vec::<String>::new(), "nothing was dumped");
}

#[test]
fn the_files_of_the_disc_are_read_one_by_one() {
    let console = console();
    console.put("disc0:/UMD_DATA.BIN", b"ULUS-10041|");
    console.put("disc0:/PSP_GAME/SYSDIR/EBOOT.BIN", [7; 300_000]);
    let said = obeyed(&console, "read-files\nexit");
    assert!(said[1].contains(r#""path":"disc0:/PSP_GAME/SYSDIR/EBOOT.BIN","size":300000"#), "{}", said[1]);
    assert!(said[2].contains("UMD_DATA.BIN"));
    assert!(said[3].contains(r#""files":2,"bytes":300011"#), "{}", said[3]);
}

#[test]
fn a_live_driver_is_asked() {
    let console = console();
    console.live.set(Some(LiveDriver {
        serving: true,
        image: Some([3, 2048, 466]),
        counts: [10, 4, 6, 0],
        bytes: [1 << 33, 4096],
    }));
    let said = obeyed(&console, "driver status\nexit");
    let expected = r#""live":{"serving":true,"format":"zso","block_size":2048,"sectors":466,"reads":10,"hits":4,"card_reads":6,"retries":0,"bytes":8589934592,"card_bytes":4096}"#;
    assert!(said[1].contains(expected), "{}", said[1]);
}

#[test]
fn pages_fit_the_screen() {
    let long = "ms0:/ISO/".to_owned() + &"a very long name of a game ".repeat(9) + ".cso";
    let mut console = console();
    console.folder = "ms0:/PSP/GAME/CISOR/".into();
    let mut pages = Vec::new();
    for failure in [
        Failure::NoDisc,
        Failure::NoSpace { needed: u64::MAX, free: 0 },
        Failure::Rename { path: long.clone(), code: crate::Code::IO },
        Failure::TargetExists { path: long.clone() },
        Failure::CardRemoved,
        Failure::SectorUnreadable { lba: u32::MAX, code: crate::Code::IO },
    ] {
        pages.push(results::failure("Dump", &long, &failure));
    }
    let mut report = check::check(&console, "ms0:/ISO/damaged.cso", &mut crate::watch::Nobody).unwrap();
    report.path = "ms0:/ISO/".to_owned() + &"x".repeat(90);
    pages.push(results::check(&report));
    pages.push(about_page());
    for kind in Kind::ALL {
        pages.push(dump_page(&dump::look(&console), kind, "ms0:/ISO/"));
    }
    pages.push(results::change(&driver::install(&console, None).unwrap()));
    pages.push(driver_page(&driver::status(&console)));
    // The longest reason, with each piece of advice.
    for cause in driver::Cause::ALL {
        let mut status = driver::status(&console).unwrap();
        let start = "stepping aside: ".to_owned() + &long.repeat(3);
        let aside = start.strip_prefix("stepping aside: ").map(ToOwned::to_owned);
        status.session = Some(driver::Session { start, aside, counters: None });
        let mut page = driver_page(&Ok(status));
        // Its own advice is replaced.
        let blank = page.rows.iter().rposition(|row| *row == page::Row::Space).unwrap();
        page.rows.truncate(blank + 1);
        pages.push(page.text(cause.advice(), Tone::Plain).clone());
    }
    pages.push(report::about_page(&crate::report::path(&console)));
    for page in &pages {
        assert!(page.rows.len() <= page::ROWS, "{} has {} rows", page.title, page.rows.len());
        assert!(page.hints.len() * Font::Small.width() <= WIDTH - 28, "{}", page.hints);
    }
}

#[test]
fn letters_are_drawn_inside_the_picture_alone() {
    let mut frame = Frame::new();
    frame.text(470, 265, "Wide letters at the edge äöü テスト ＡＢ", Font::Title, Colour::TEXT);
    frame.fill(400, 260, 4000, 4000, Colour::BAR);
    frame.text(10, 10, "ABC", Font::Body, Colour::TEXT);
    let colours: BTreeSet<u32> = frame.rows().flatten().copied().collect();
    assert_eq!(colours.len(), 3);
    // Full-width letters look like normal ones; letters missing from all fonts become question marks.
    let text = |text| {
        let mut frame = Frame::new();
        frame.text(0, 0, text, Font::Body, Colour::TEXT);
        frame
    };
    assert!(text("ＡＢ") == text("AB") && text("テ") == text("?") && text("É") != text("?"));
}

#[test]
fn a_screenshot_is_a_picture_of_24_bits() {
    let mut frame = Frame::new();
    frame.fill(0, 0, 1, 1, Colour(0x0011_2233));
    let bmp = frame.bmp();
    assert_eq!(&bmp[..2], b"BM");
    assert_eq!(bmp.len(), 54 + 480 * 272 * 3);
    // The first row is last in the file; blue comes first.
    assert_eq!(bmp[54 + 480 * 271 * 3..][..3], [0x11, 0x22, 0x33]);
}

/// Shows the driver's screen for a minute; returns how often the card was accessed meanwhile.
fn minute_on_the_driver_screen(console: &FakePsp, buttons: &[Button]) -> u32 {
    console.press(&[Button::Down, Button::Down, Button::Cross]);
    console.press(buttons);
    console.press(&[Button::Home]);
    console.idle.set(60);
    console.asked.set(0);
    run_program(console);
    console.asked.get()
}

#[test]
fn the_driver_screen_reads_the_card_when_it_is_opened_and_when_asked_to() {
    let console = console();
    let live = |reads| LiveDriver { serving: true, image: None, counts: [reads, 0, 0, 0], bytes: [0; 2] };
    console.live.set(Some(live(7)));
    let once = minute_on_the_driver_screen(&console, &[]);
    assert_eq!(console.idle.get(), 0, "a driver at work is asked while nobody presses a button");
    assert!(console.shown.borrow().len() >= 60, "its counters are drawn");
    // One access of the card, however long the screen is open; another one for Triangle.
    console.live.set(None);
    assert_eq!(minute_on_the_driver_screen(&console, &[]), once);
    let again = minute_on_the_driver_screen(&console, &[Button::Triangle]);
    let status = {
        console.asked.set(0);
        driver::status(&console).unwrap();
        console.asked.get()
    };
    assert_eq!(again, once + status);
}

#[test]
fn left_and_right_go_through_the_firmwares_both_ways() {
    // ARK is detected; one to the left of it is the last, one to the right the second.
    for (buttons, file, line) in [
        (&[Button::Right][..], "game.txt", "ms0:/SEPLUGINS/cisor.prx 1\r\n"),
        (&[Button::Left][..], "plugins.txt", "umd, ms0:/SEPLUGINS/cisor.prx, on\r\n"),
        (&[Button::Right, Button::Left][..], "PLUGINS.TXT", "umd, ms0:/SEPLUGINS/cisor.prx, on\r\n"),
        (
            &[Button::Right, Button::Right, Button::Right][..],
            "PLUGINS.TXT",
            "umd, ms0:/SEPLUGINS/cisor.prx, on\r\n",
        ),
    ] {
        let console = console();
        minute_on_the_driver_screen(&console, &[buttons, &[Button::Cross, Button::Circle]].concat());
        let path = "ms0:/SEPLUGINS/".to_owned() + file;
        assert_eq!(console.text(&path).as_deref(), Some(line), "{buttons:?}");
    }
}

#[test]
fn the_driver_screen_says_why_the_driver_stepped_aside_and_what_to_do() {
    let console = console();
    console.put(
        "ms0:/SEPLUGINS/cisor.log",
        "Cisor: serving cso\n  reads: 1\nCisor: ms0:/ISO/a.cso\nstepping aside: the module PRO_Inferno_Driver is not there\nCisor: \nstepping aside: no \
         image is started, application type 00000141\n",
    );
    let page = driver_page(&driver::status(&console));
    let texts: Vec<&str> = page
        .rows
        .iter()
        .filter_map(|row| match row {
            page::Row::Text(text, _) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let text = texts.join(" ");
    assert!(text.contains("because: the module PRO_Inferno_Driver is not there Choose Inferno as"), "{text}");
    let said = obeyed(&console, "driver status\nexit");
    let part = r#""stepped_aside":"the module PRO_Inferno_Driver is not there","cause":"image_driver""#;
    assert!(said[1].contains(part), "{}", said[1]);
}

#[test]
fn a_user_writes_a_report_and_scrolls_through_it() {
    let console = console();
    let open = [Button::Down, Button::Down, Button::Down, Button::Cross];
    console.press(&open);
    console.press(&[Button::Circle, Button::Cross]);
    run_program(&console);
    assert_eq!(console.file("ms0:/cisor-report.txt"), None, "nothing is written before Cross");
    console.press(&open);
    console.press(&[
        Button::Cross,
        Button::Down,
        Button::Right,
        Button::Up,
        Button::Left,
        Button::Left,
        Button::Home,
    ]);
    run_program(&console);
    let text = console.text("ms0:/cisor-report.txt").unwrap();
    let report = crate::report::Report { text, image: None, kept: Ok("ms0:/cisor-report.txt".into()) };
    let page = report::page(&report);
    let shown = console.shown.borrow();
    let [.., top, down, right, up, left, top_again] = &shown[..] else { panic!("too few pictures") };
    let at = |first| {
        let mut frame = Frame::new();
        page.draw_from(first, &mut frame);
        frame
    };
    for (frame, first) in
        [(top, 0), (down, 1), (right, 1 + page::ROWS), (up, page::ROWS), (left, 0), (top_again, 0)]
    {
        assert!(*frame == at(first), "it does not begin with row {first}");
    }
    assert!(page.last_start() > 2 * page::ROWS);
}

#[test]
fn a_report_is_written_by_command() {
    let console = console();
    let said = obeyed(&console, "report\nreport ms0:/ISO/none.cso\nexit");
    assert!(
        said[1].contains(r#""command":"report""#) && said[1].contains(r#""output":"ms0:/cisor-report.txt""#)
    );
    assert!(
        said[1].contains(r#""image":"ms0:/ISO/game.cso""#) || said[1].contains(r#""image":null"#),
        "{}",
        said[1]
    );
    assert!(said[2].contains(r#""image":null"#) && said[2].contains(r#""status":"ok""#), "{}", said[2]);
    console.read_only.set(true);
    console.said.borrow_mut().clear();
    run_program(&console);
    let said = console.said.borrow();
    assert!(said[1].contains(r#""status":"failed","error":{"kind":"read_only""#), "{}", said[1]);
}
