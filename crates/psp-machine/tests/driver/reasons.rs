//! Every check that makes the driver step aside: a machine on which it fails, and the resulting line in the
//! log.

use psp_machine::Psp;
use psp_machine::inferno::Entry;
use psp_machine::kernel::io::Fault;
use umd_device::{Check, Line, OpenFailure};

use crate::support::images::Kind;
use crate::support::{IMAGE, LOG, SETTINGS, USUAL, machine, refused, small_disc, usual_image};

/// A usual image with some bytes replaced.
fn patched(at: usize, bytes: &[u8]) -> Psp {
    let mut image = usual_image().to_vec();
    image[at..at + bytes.len()].copy_from_slice(bytes);
    machine(image)
}

/// A usual machine with one change.
fn but(change: impl FnOnce(&mut Psp)) -> Psp {
    let mut psp = machine(usual_image());
    change(&mut psp);
    psp
}

/// A machine on which this check fails, with the value it finds there. A new check does not compile without
/// one.
fn fails(check: Check) -> (Psp, u32) {
    const SIZE_OF_BLOCKS: usize = 16;
    const INDEX: usize = 24;
    match check {
        Check::KeyConfig => (but(|psp| psp.kernel.init.key_config = 0x300), 0x300),
        Check::StartType => (but(|psp| psp.kernel.init.apitype = 0x141), 0x141),
        Check::NoImage => {
            let psp = but(|psp| psp.set_umd_file(""));
            let at = psp.kernel.system.umd_file;
            (psp, at)
        }
        Check::NoDriver => (but(|psp| psp.kernel.modules.loaded.clear()), 0),
        Check::NoDevice => (but(|psp| psp.kernel.system.umd_driver = 0), 0),
        Check::Table => {
            let mut psp = machine(usual_image());
            let at = psp.inferno.functions + Entry::Devctl as u32;
            psp.cpu.write_word(at, 0x0880_0000).unwrap();
            psp.inferno.original = psp.inferno.table_bytes(&psp.cpu);
            psp.accept_driver_table();
            (psp, 0x0880_0000)
        }
        Check::Card => {
            (but(|psp| (0..200).for_each(|_| psp.kernel.card.inject(Fault::ReadFails(0x8001_0005)))), 0)
        }
        // An invalid version.
        Check::Header => (patched(20, &[9]), 0),
        Check::BlockSize => {
            let larger = Kind::Cso { block: 128 << 10, shift: 0 }.pack(&small_disc().bytes);
            assert_eq!(larger[SIZE_OF_BLOCKS..][..4], (128u32 << 10).to_le_bytes());
            (machine(larger), 128 << 10)
        }
        Check::PlainImage => (machine(small_disc().bytes.clone()), 0),
        Check::CutOff => (machine(small_disc().bytes[..1000 * 2048 + 77].to_vec()), 77),
        Check::DiscSize => (machine(USUAL.pack(&small_disc().bytes[..16 * 2048])), 16),
        Check::NoMemory => {
            let mut psp = machine(usual_image());
            // Enough for the module and its extended stack, but not for the buffers.
            let module = Psp::new().load(crate::support::prx(), 0).unwrap().region.len;
            psp.kernel.memory.partitions.get_mut(1).unwrap().limit = module + (14 << 10);
            (psp, u32::MAX)
        }
        Check::Block => {
            let entry = |block: usize| {
                let at = INDEX + 4 * block;
                u32::from_le_bytes(usual_image()[at..at + 4].try_into().unwrap()) & 0x7FFF_FFFF
            };
            // A deflate block of the reserved type.
            (patched(entry(16) as usize, &[0xFF; 40]), 0)
        }
        Check::NoVolume => {
            let mut disc = small_disc().bytes.clone();
            disc[16 * 2048 + 1] = b'X';
            (machine(USUAL.pack(&disc)), 0)
        }
        Check::SwitchedOff => (machine(usual_image()), 0),
    }
}

fn words(failure: OpenFailure) -> String {
    let mut memory = [0; 100];
    let mut line = Line::new(&mut memory);
    failure.tell(&mut line);
    String::from_utf8(line.end().to_vec()).unwrap()
}

#[test]
#[ignore = "needs the built driver"]
fn the_log_says_which_check_failed_and_on_what() {
    for check in Check::ALL {
        let (mut psp, value) = fails(check);
        let settings = match check {
            Check::CutOff => "log = on\nplain-images = on\n",
            Check::SwitchedOff => "log = on\n[TEST-00001]\nenabled = off\n",
            _ => "log = on\n",
        };
        psp.kernel.card.insert_text(SETTINGS, settings);
        psp.kernel.card.insert_text(LOG, "the session before\n");
        let code = refused(&mut psp, &format!("{check:?}"));
        let failure = check.found(value);
        assert_eq!(code, failure.code().code().cast_unsigned(), "{check:?}");
        let log = psp.kernel.card.written(LOG).map(String::from_utf8_lossy).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let [before, start, aside] = lines[..] else { panic!("{check:?}: {log:?}") };
        assert_eq!(before, "the session before");
        // These fail before the path is requested.
        let without_path = [Check::KeyConfig, Check::StartType, Check::NoImage].contains(&check);
        let path = if without_path { "" } else { IMAGE };
        assert!(start.starts_with("Cisor ") && start.contains(path), "{check:?}: {start:?}");
        let reason = aside.strip_prefix("stepping aside: ").unwrap_or_else(|| panic!("{check:?}: {aside:?}"));
        if check == Check::NoMemory {
            // The amount of free memory depends on the machine.
            let free: u32 = reason
                .strip_prefix("not enough memory, ")
                .and_then(|rest| rest.strip_suffix(" KiB are free"))
                .and_then(|number| number.parse().ok())
                .unwrap_or_else(|| panic!("{reason:?}"));
            assert!(free < 14, "{free} KiB");
        } else {
            assert_eq!(format!("{reason}\n"), words(failure), "{check:?}");
        }
    }
}

/// Without the setting nothing is written, whatever the reason.
#[test]
#[ignore = "needs the built driver"]
fn without_the_setting_nothing_is_written() {
    for check in [Check::StartType, Check::NoImage, Check::Header, Check::PlainImage] {
        let (mut psp, _) = fails(check);
        refused(&mut psp, &format!("{check:?}"));
        assert_eq!(psp.kernel.card.stats.writes, 0, "{check:?}");
    }
}
