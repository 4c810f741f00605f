//! Device commands: what each answers, and what it does when the buffer is too small.

use psp_machine::umd::{UNTOUCHED, command};

use crate::support::{INVALID_ARGUMENT, USUAL, ok, small_disc, taken_over};

const DRIVE_INFO: u32 = 0x01E3_8012;
const SEEK: u32 = 0x01F1_00A3;
const PREFETCH: u32 = 0x01F1_00A4;
const PREFETCH_WITH_HANDLE: u32 = 0x01F3_00A5;
/// Wait, poll and cancel, in the forms that isofs sends and those that games send.
const WITH_HANDLE: [u32; 6] = [0x01F1_00A6, 0x01F3_00A7, 0x01F1_00A8, 0x01F3_00A8, 0x01F1_00A9, 0x01F3_00A9];

fn send(command: u32, input: &[u8], out_len: u32) -> (u32, Vec<u8>) {
    let (mut psp, _) = taken_over(USUAL.pack(&small_disc().bytes));
    let (outcome, bytes) = ok(psp.devctl(command, input, out_len));
    assert_eq!(psp.inferno.calls, [], "{command:#010X} is the driver's own");
    ok(psp.check_guards().map_err(|cause| panic!("{cause}")));
    (outcome.value, bytes)
}

fn refuses(command: u32, input: &[u8], out_len: u32) {
    let (code, bytes) = send(command, input, out_len);
    assert_eq!(code, INVALID_ARGUMENT, "{command:#010X} with {} in and {out_len} out", input.len());
    assert!(bytes.iter().all(|&byte| byte == UNTOUCHED), "{command:#010X} wrote to a refused output");
}

#[test]
#[ignore = "needs the built driver"]
fn sector_counts_are_totals() {
    for command in [command::CURRENT_LBA, command::LAST_LBA] {
        assert_eq!(send(command, &[], 4), (0, 1024u32.to_le_bytes().to_vec()));
        refuses(command, &[], 0);
        refuses(command, &[], 3);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn the_volume_descriptor_is_handed_out_and_stays() {
    let disc = small_disc();
    let (mut psp, _) = taken_over(USUAL.pack(&disc.bytes));
    let (outcome, bytes) = ok(psp.devctl(command::VOLUME_DESCRIPTOR, &[], 4));
    assert_eq!(outcome.value, 0);
    let address = u32::from_le_bytes(bytes.try_into().unwrap());
    assert_eq!(address % 64, 0, "isofs copies from it by cache lines");
    for lba in (0..1024).step_by(31) {
        crate::support::assert_sectors(&mut psp, disc, lba, 1);
        let mut volume = [0; 2048];
        psp.cpu.read(address, &mut volume).unwrap();
        assert!(volume == disc.bytes[16 * 2048..17 * 2048], "changed by the read of sector {lba}");
    }
    refuses(command::VOLUME_DESCRIPTOR, &[], 3);
}

#[test]
#[ignore = "needs the built driver"]
fn drive_facts() {
    let (code, bytes) = send(DRIVE_INFO, &[], 0x40);
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(code, 0);
    assert_eq!((word(0), word(8), word(0x1C), word(0x24)), (0xE000_0800, 0, 1024, 1024));
    let set = [0, 0x1C, 0x24];
    assert!((0..0x40).step_by(4).filter(|at| !set.contains(at)).all(|at| word(at) == 0));
}

/// The firmware's drivers also answer 0, but write past the end. Here unmapped memory follows the bytes.
#[test]
#[ignore = "needs the built driver"]
fn drive_facts_with_too_little_room() {
    let (mut psp, _) = taken_over(crate::support::usual_image());
    let (_, all) = ok(psp.devctl(DRIVE_INFO, &[], 0x40));
    for len in 0..0x40 {
        let (outcome, bytes) = ok(psp.devctl(DRIVE_INFO, &[], len));
        assert_eq!(outcome.value, 0, "{len} bytes");
        // Words that do not fit completely are left out.
        let (words, rest) = bytes.split_at(len as usize / 4 * 4);
        assert!(
            words == &all[..words.len()] && rest.iter().all(|&byte| byte == 0),
            "{len} bytes: {bytes:X?}"
        );
    }
    // And in the middle of a larger buffer of the caller's.
    let file = psp.file_arg(0).address;
    let name = psp.place_string("");
    let entry = psp.driver_entry(psp_machine::inferno::Entry::Devctl);
    for len in 0..0x40 {
        let buffer = psp.place("a larger buffer", &[UNTOUCHED; 0x80]);
        let words = [file, name, DRIVE_INFO, 0, 0, buffer, len];
        let args = words.iter().fold(psp_machine::abi::Args::new(), |args, &word| args.word(word));
        let caller = psp_machine::machine::Caller::kernel();
        assert_eq!(ok(psp.call_as("drive facts", caller, entry, &args)).value, 0);
        let mut bytes = [0; 0x80];
        psp.cpu.read(buffer, &mut bytes).unwrap();
        assert!(bytes[len as usize..].iter().all(|&byte| byte == UNTOUCHED), "{len} bytes: {bytes:X?}");
    }
    assert_eq!(psp.inferno.calls, []);
}

#[test]
#[ignore = "needs the built driver"]
fn seeking_and_fetching_ahead_are_done_at_once() {
    assert_eq!(send(SEEK, &[9, 0, 0, 0, 0, 0, 0, 0], 0).0, 0);
    assert_eq!(send(SEEK, &[9, 0, 0, 0], 0).0, 0);
    refuses(SEEK, &[9, 0, 0], 0);
    assert_eq!(send(PREFETCH, &[0; 16], 0).0, 0);
    refuses(PREFETCH, &[0; 15], 0);
    assert_eq!(send(PREFETCH_WITH_HANDLE, &[0; 16], 4), (0, vec![1, 0, 0, 0]));
    refuses(PREFETCH_WITH_HANDLE, &[0; 15], 4);
    refuses(PREFETCH_WITH_HANDLE, &[0; 16], 3);
    for command in WITH_HANDLE {
        assert_eq!(send(command, &[1, 0, 0, 0], 0).0, 0, "{command:#010X}");
        refuses(command, &[1, 0, 0], 0);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn all_three_read_commands_read() {
    let disc = small_disc();
    let params = psp_machine::umd::LbaParams::sectors(500, 3).to_bytes();
    for command in [command::READ, command::READ_USER, command::READ_USER_CACHED] {
        let (code, bytes) = send(command, &params, 3 * 2048);
        assert_eq!(code, 3 * 2048);
        assert!(bytes == disc.bytes[500 * 2048..503 * 2048]);
    }
}
