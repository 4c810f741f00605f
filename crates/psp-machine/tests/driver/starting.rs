//! When the driver takes over, when it steps aside, and how it unloads.

use psp_machine::Psp;
use psp_machine::inferno::Entry;
use psp_machine::kernel::io::Fault;

use crate::support::images::Kind;
use crate::support::{
    FAMILIES, PLUGIN, USUAL, assert_no_trace, assert_sectors, machine, ok, prx, refused, small_disc, start,
    take_over, taken_over,
};

fn usual() -> Psp {
    machine(USUAL.pack(&small_disc().bytes))
}

#[test]
#[ignore = "needs the built driver"]
fn takes_over_for_every_type_of_image_start() {
    for apitype in [0x120, 0x123, 0x124, 0x125, 0x126, 0x160] {
        let mut psp = usual();
        psp.kernel.init.apitype = apitype;
        take_over(&mut psp);
        assert_sectors(&mut psp, small_disc(), 300, 3);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn steps_aside_when_no_image_was_started() {
    for apitype in [0x110, 0x121, 0x122, 0x127, 0x130, 0x141, 0x144, 0x152, 0x161, 0x170, 0x210] {
        let mut psp = usual();
        psp.kernel.init.apitype = apitype;
        refused(&mut psp, &format!("apitype {apitype:#X}"));
    }
    for key_config in [0x100, 0x110, 0x300, 0x400] {
        let mut psp = usual();
        psp.kernel.init.key_config = key_config;
        refused(&mut psp, &format!("key config {key_config:#X}"));
    }
}

#[test]
#[ignore = "needs the built driver"]
fn steps_aside_without_an_image() {
    let mut psp = usual();
    psp.kernel.system.umd_file = 0;
    refused(&mut psp, "no path");
    let mut psp = usual();
    psp.set_umd_file("");
    refused(&mut psp, "empty path");
    let mut psp = usual();
    psp.set_umd_file("ms0:/ISO/another.cso");
    refused(&mut psp, "no such file");
    // A full field, without a NUL.
    let mut psp = usual();
    let field = psp.place("path of the image", &[b'A'; 256]);
    psp.kernel.system.umd_file = field;
    refused(&mut psp, "path without an end");
}

#[test]
#[ignore = "needs the built driver"]
fn steps_aside_without_the_firmwares_driver() {
    let mut psp = usual();
    psp.kernel.modules.loaded.clear();
    refused(&mut psp, "module not loaded");
    let mut psp = usual();
    psp.kernel.system.umd_driver = 0;
    refused(&mut psp, "no driver of that name");
}

#[test]
#[ignore = "needs the built driver"]
fn takes_over_under_each_name_of_that_driver() {
    for name in ["PRO_Inferno_Driver", "EPI-InfernoDriver", "EPI-March33Driver", "EPI-MEisoDriver"] {
        let mut psp = usual();
        psp.kernel.modules.loaded[0].0 = name.to_owned();
        take_over(&mut psp);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn steps_aside_when_the_table_is_not_sane() {
    for value in [0, 0x0880_0000, 0xFFFF_FFFF] {
        for entry in [Entry::Open, Entry::Close, Entry::Read, Entry::Lseek, Entry::Ioctl, Entry::Devctl] {
            let mut psp = usual();
            let at = psp.inferno.functions + entry as u32;
            psp.cpu.write_word(at, value).unwrap();
            psp.inferno.original = psp.inferno.table_bytes(&psp.cpu);
            psp.accept_driver_table();
            refused(&mut psp, &format!("{entry:?} is {value:#X}"));
        }
        let mut psp = usual();
        let driver = psp.kernel.system.umd_driver;
        psp.cpu.write_word(driver + 0x10, value).unwrap();
        refused(&mut psp, &format!("table at {value:#X}"));
    }
}

#[test]
#[ignore = "needs the built driver"]
fn steps_aside_for_a_plain_image() {
    refused(&mut machine(small_disc().bytes.clone()), "plain image");
}

#[test]
#[ignore = "needs the built driver"]
fn starts_while_the_card_fails_for_a_moment_or_steps_aside() {
    for faults in [
        &[Fault::ReadFails(0x8001_0005)][..],
        &[Fault::ShortRead(5)],
        &[Fault::Stale],
        &[Fault::CardOut(500_000)],
        &[Fault::CardOut(u64::MAX)],
        &[Fault::OpenFails(0x8001_0013)],
        &[Fault::SeekFails(0x8001_0013)],
        &[Fault::ReadFails(0x8001_0005); 100],
    ] {
        for after in 0..4 {
            let mut psp = usual();
            (0..after).for_each(|_| psp.kernel.card.inject(Fault::ShortRead(usize::MAX)));
            faults.iter().for_each(|&fault| psp.kernel.card.inject(fault));
            let (_, outcome) = start(&mut psp);
            assert!(outcome.microseconds < 10_000_000, "{faults:?}");
            if outcome.is_error() {
                psp.kernel.card.put_back();
                assert_no_trace(&psp, 0, &format!("{faults:?}"));
            }
        }
    }
}

#[test]
#[ignore = "needs the built driver"]
fn runs_at_any_address() {
    for slack in [0, 256, 0x800, 0x1000, 0x8000, 0xFF00, 0x1_8100] {
        let mut psp = usual();
        let module = psp.load(prx(), slack).unwrap();
        assert_eq!(ok(psp.start(&module, PLUGIN)).value, 0, "slack {slack:#X}");
        assert_sectors(&mut psp, small_disc(), 200, 40);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn an_image_in_internal_storage() {
    for devices in [&["mscmhcemu0:"][..], &["mscmhc0:"]] {
        let mut psp = usual();
        let path = "ef0:/ISO/Game.cso";
        psp.kernel.card.insert_file(path, std::rc::Rc::new(USUAL.pack(&small_disc().bytes)));
        psp.set_umd_file(path);
        psp.kernel.init.apitype = 0x125;
        psp.kernel.init.boot_from = 0x50;
        psp.kernel.card.status_devices = devices.iter().map(|&name| name.to_owned()).collect();
        take_over(&mut psp);
        psp.kernel.card.inject(Fault::CardOut(1_000_000));
        assert_sectors(&mut psp, small_disc(), 300, 20);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn stops_and_leaves_no_trace() {
    for kind in FAMILIES {
        let (mut psp, module) = taken_over(kind.pack(&small_disc().bytes));
        assert_sectors(&mut psp, small_disc(), 300, 3);
        let outcome = ok(psp.stop(&module));
        assert_eq!(outcome.value, 0);
        assert_no_trace(&psp, 0, &kind.name());
    }
}

#[test]
#[ignore = "needs the built driver"]
fn refuses_to_stop_when_somebody_else_changed_the_table_since() {
    let (mut psp, module) = taken_over(USUAL.pack(&small_disc().bytes));
    let at = psp.inferno.functions + Entry::Devctl as u32;
    let ours = psp.cpu.read_word(at).unwrap();
    psp.cpu.write_word(at, ours ^ 0x100).unwrap();
    psp.accept_driver_table();
    assert!(ok(psp.stop(&module)).is_error());
    psp.cpu.write_word(at, ours).unwrap();
    psp.accept_driver_table();
    assert_sectors(&mut psp, small_disc(), 300, 3);
}

#[test]
#[ignore = "needs the built driver"]
fn refuses_to_stop_while_a_descriptor_is_open() {
    let (mut psp, module) = taken_over(USUAL.pack(&small_disc().bytes));
    let file = psp.file_arg(0);
    assert_eq!(ok(psp.raw_open(file)).value, 0);
    assert!(ok(psp.stop(&module)).is_error());
    assert_eq!(ok(psp.raw_read(file, 2)).outcome.value, 2);
    assert_eq!(ok(psp.raw_close(file)).value, 0);
    assert_eq!(ok(psp.stop(&module)).value, 0);
}

#[test]
#[ignore = "needs the built driver"]
fn the_largest_and_smallest_blocks() {
    for kind in [
        Kind::Cso { block: 65_536, shift: 0 },
        Kind::Cso { block: 32_768, shift: 0 },
        Kind::Zso { block: 65_536, shift: 4 },
    ] {
        let (mut psp, _) = taken_over(kind.pack(&small_disc().bytes));
        assert_sectors(&mut psp, small_disc(), 0, 1024);
        assert_sectors(&mut psp, small_disc(), 77, 1);
    }
}
