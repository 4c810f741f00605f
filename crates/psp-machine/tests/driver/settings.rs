//! The settings file.

use psp_machine::Psp;

use crate::support::images::Kind;
use crate::support::{
    FAMILIES, OUT_OF_RANGE, SETTINGS, USUAL, assert_sectors, machine, ok, prx, read_sectors, refused,
    small_disc, take_over,
};
use test_noise::Noise;

fn with_settings(kind: Kind, text: &str) -> Psp {
    let mut psp = machine(kind.pack(&small_disc().bytes));
    psp.kernel.card.insert_text(SETTINGS, text);
    psp
}

#[test]
#[ignore = "needs the built driver"]
fn plain_images_are_served_when_asked_for() {
    let mut psp = with_settings(Kind::Iso, "plain-images = on\n");
    take_over(&mut psp);
    for (lba, count) in [(0, 1), (16, 1), (300, 64), (301, 33), (1023, 1)] {
        assert_sectors(&mut psp, small_disc(), lba, count);
    }
    assert_eq!(read_sectors(&mut psp, 1023, 2).outcome.value, OUT_OF_RANGE);
    refused(&mut with_settings(Kind::Iso, "plain-images = off\n"), "plain image");
}

#[test]
#[ignore = "needs the built driver"]
fn a_plain_image_whose_last_sector_is_cut_off_is_left_to_the_firmware() {
    for rest in [1, 77, 2047] {
        let mut psp = machine(small_disc().bytes[..1000 * 2048 + rest].to_vec());
        psp.kernel.card.insert_text(SETTINGS, "plain-images = on");
        refused(&mut psp, "cut off");
    }
    let mut psp = machine(small_disc().bytes[..1000 * 2048].to_vec());
    psp.kernel.card.insert_text(SETTINGS, "plain-images = on");
    take_over(&mut psp);
}

#[test]
#[ignore = "needs the built driver"]
fn switched_off() {
    refused(&mut with_settings(USUAL, "enabled = off"), "off for all");
    refused(&mut with_settings(USUAL, "[TEST-00001]\nenabled = off\n"), "off for this disc");
    refused(
        &mut with_settings(USUAL, "enabled = on\r\n[test00001]\r\nenabled = no\r\n"),
        "off for this disc",
    );
    take_over(&mut with_settings(USUAL, "[TEST-00002]\nenabled = off\n"));
    take_over(&mut with_settings(USUAL, "enabled = off\n[TEST-00001]\nenabled = on\n"));
}

#[test]
#[ignore = "needs the built driver"]
fn the_file_may_lie_beside_the_plugin() {
    let mut psp = machine(USUAL.pack(&small_disc().bytes));
    psp.kernel.card.insert_text("ef0:/plugins/new/cisor.ini", "enabled = off");
    let module = psp.load(prx(), 0).unwrap();
    assert!(ok(psp.start(&module, "ef0:/plugins/new/cisor.prx")).is_error());
    assert!(psp.inferno.untouched(&psp.cpu));
}

#[test]
#[ignore = "needs the built driver"]
fn any_read_ahead_reads_right() {
    for kind in FAMILIES {
        for kilobytes in [0, 1, 2, 8, 64, 256, 60_000] {
            let mut psp = with_settings(kind, &format!("read-ahead = {kilobytes}"));
            take_over(&mut psp);
            for lba in 100..140 {
                assert_sectors(&mut psp, small_disc(), lba, 1);
            }
            assert_sectors(&mut psp, small_disc(), 90, 70);
        }
    }
}

#[test]
#[ignore = "needs the built driver"]
fn reading_ahead_saves_card_reads() {
    for kind in FAMILIES {
        let reads = |kilobytes: u32| {
            let mut psp = with_settings(kind, &format!("read-ahead = {kilobytes}"));
            take_over(&mut psp);
            let before = psp.kernel.card.stats.reads;
            (100..300).for_each(|lba| assert_sectors(&mut psp, small_disc(), lba, 1));
            psp.kernel.card.stats.reads - before
        };
        let (without, with) = (reads(0), reads(64));
        assert!(with * 3 < without, "{}: {with} card reads instead of {without}", kind.name());
    }
}

#[test]
#[ignore = "needs the built driver"]
fn what_makes_no_sense_is_passed_over() {
    let mut noise = Noise::new(9);
    for round in 0..20 {
        let len = noise.below(5000);
        let text: String =
            (0..len).map(|_| char::from(b' ' - 22 + noise.word().to_le_bytes()[2] % 100)).collect();
        let mut psp = with_settings(USUAL, &text);
        take_over(&mut psp);
        assert_sectors(&mut psp, small_disc(), 100 + round, 2);
    }
}
