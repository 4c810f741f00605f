//! Descriptors of the raw device, "umd0:": positions and lengths count sectors.

use psp_machine::Psp;
use psp_machine::abi::Args;
use psp_machine::inferno::Entry;
use psp_machine::machine::Caller;
use psp_machine::umd::{FileArg, UNTOUCHED};

use crate::support::{
    FAMILIES, INVALID_ARGUMENT, NOT_SUPPORTED, TOO_MANY_FILES, USUAL, ok, small_disc, taken_over,
};

const POSITION: u32 = 0x01D2_0001;
const SEEK: u32 = 0x01F1_00A6;
const READ: u32 = 0x01F3_0003;
const NOTHING: u32 = 0x01F0_10DB;

fn opened() -> (Psp, FileArg) {
    let (mut psp, _) = taken_over(USUAL.pack(&small_disc().bytes));
    let file = psp.file_arg(0xFFFF_FFFF);
    assert_eq!(ok(psp.raw_open(file)).value, 0);
    (psp, file)
}

fn position(psp: &mut Psp, file: FileArg) -> u32 {
    let finished = ok(psp.raw_ioctl(file, POSITION, &[], 4));
    assert_eq!(finished.outcome.value, 0);
    u32::from_le_bytes(finished.bytes.try_into().unwrap())
}

#[test]
#[ignore = "needs the built driver"]
fn reads_the_whole_disc() {
    let disc = small_disc();
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&disc.bytes));
        let file = psp.file_arg(0);
        assert_eq!(ok(psp.raw_open(file)).value, 0);
        let mut dump: Vec<u8> = Vec::new();
        loop {
            let finished = ok(psp.raw_read(file, 100));
            assert!(!finished.outcome.is_error());
            let (read, rest) = finished.bytes.split_at(finished.outcome.value as usize * 2048);
            assert!(rest.iter().all(|&byte| byte == UNTOUCHED), "more written than delivered");
            if read.is_empty() {
                break;
            }
            dump.extend(read);
        }
        assert!(dump == disc.bytes, "{}", kind.name());
        assert_eq!(ok(psp.raw_close(file)).value, 0);
        assert_eq!(psp.inferno.calls, []);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn eight_can_be_open_and_a_ninth_cannot() {
    let disc = small_disc();
    let (mut psp, _) = taken_over(USUAL.pack(&disc.bytes));
    let files: Vec<FileArg> = (0..9).map(|_| psp.file_arg(0)).collect();
    for &file in &files[..8] {
        assert_eq!(ok(psp.raw_open(file)).value, 0);
        let word = psp.private_word(file);
        assert!(word > 7, "{word} could be one of the other driver's");
    }
    assert_eq!(ok(psp.raw_open(files[8])).value, TOO_MANY_FILES);
    for (number, &file) in (0u32..).zip(&files[..8]) {
        assert_eq!(ok(psp.raw_seek(file, i64::from(number) * 10, 0)).long(), i64::from(number) * 10);
    }
    for (number, &file) in (0u32..).zip(&files[..8]) {
        let finished = ok(psp.raw_read(file, 2));
        let at = number as usize * 10 * 2048;
        assert!(finished.bytes == disc.bytes[at..at + 4096], "descriptor {number}");
        assert_eq!(position(&mut psp, file), number * 10 + 2);
    }
    assert_eq!(ok(psp.raw_close(files[3])).value, 0);
    assert_eq!(ok(psp.raw_close(files[3])).value, INVALID_ARGUMENT);
    assert_eq!(ok(psp.raw_open(files[8])).value, 0);
    assert_eq!(position(&mut psp, files[8]), 0);
    assert_eq!(ok(psp.raw_read(files[8], 1)).outcome.value, 1);
}

#[test]
#[ignore = "needs the built driver"]
fn seeks() {
    let (mut psp, file) = opened();
    assert_eq!(ok(psp.raw_seek(file, 0, 2)).long(), 1024);
    assert_eq!(ok(psp.raw_seek(file, -24, 2)).long(), 1000);
    assert_eq!(ok(psp.raw_seek(file, -5, 1)).long(), 995);
    assert_eq!(ok(psp.raw_seek(file, 7, 0)).long(), 7);
    assert_eq!(position(&mut psp, file), 7);
    // Past the end: the end.
    assert_eq!(ok(psp.raw_seek(file, 1 << 33, 0)).long(), 1024);
    assert_eq!(ok(psp.raw_read(file, 3)).outcome.value, 0);
    // Before the beginning, or with an invalid origin: an error, and the position is unchanged.
    assert_eq!(ok(psp.raw_seek(file, 100, 0)).long(), 100);
    for (offset, whence) in [(-1, 0), (-101, 1), (-1025, 2), (i64::MIN, 1), (0, 3), (0, 0xFFFF_FFFF)] {
        assert!(ok(psp.raw_seek(file, offset, whence)).long() < 0, "{offset} from {whence}");
        assert_eq!(position(&mut psp, file), 100);
    }
    let _ = ok(psp.raw_seek(file, i64::MAX, 1));
}

#[test]
#[ignore = "needs the built driver"]
fn commands_of_a_descriptor() {
    let (mut psp, file) = opened();
    let mut seek = 40i64.to_le_bytes().to_vec();
    seek.extend([0; 8]);
    assert_eq!(ok(psp.raw_ioctl(file, SEEK, &seek, 0)).outcome.value, 0);
    assert_eq!(position(&mut psp, file), 40);
    assert_eq!(ok(psp.raw_ioctl(file, SEEK, &seek[..15], 0)).outcome.value, INVALID_ARGUMENT);
    assert_eq!(ok(psp.raw_ioctl(file, POSITION, &[], 3)).outcome.value, INVALID_ARGUMENT);
    assert_eq!(ok(psp.raw_ioctl(file, NOTHING, &[], 0)).outcome.value, 0);
    let finished = ok(psp.raw_ioctl(file, READ, &3u32.to_le_bytes(), 3 * 2048));
    assert_eq!(finished.outcome.value, 3);
    assert!(finished.bytes == small_disc().bytes[40 * 2048..43 * 2048]);
    assert_eq!(ok(psp.raw_ioctl(file, READ, &3u32.to_le_bytes(), 2)).outcome.value, INVALID_ARGUMENT);
    // Unknown ones are rejected here: the other driver does not know our descriptors.
    assert_eq!(ok(psp.raw_ioctl(file, 0x0123_4567, &[0; 16], 16)).outcome.value, NOT_SUPPORTED);
    assert_eq!(psp.inferno.calls, []);
}

#[test]
#[ignore = "needs the built driver"]
fn odd_lengths() {
    let (mut psp, file) = opened();
    assert_eq!(ok(psp.raw_read(file, 0)).outcome.value, 0);
    assert_eq!(ok(psp.raw_seek(file, 1020, 0)).long(), 1020);
    let finished = ok(psp.raw_read(file, 10));
    assert_eq!(finished.outcome.value, 4, "clipped at the end of the disc");
    assert!(finished.bytes[..4 * 2048] == small_disc().bytes[1020 * 2048..]);
}

/// The file manager treats the number of sectors as a number of bytes when it checks a program's pointer.
#[test]
#[ignore = "needs the built driver"]
fn a_program_may_not_have_kernel_memory_written() {
    let (mut psp, file) = opened();
    let target = psp.place("kernel memory", &[7; 4096]);
    for address in [target, 0x7FFF_F800, 0xFFFF_F000, 0] {
        let read = psp.driver_entry(Entry::Read);
        let args = Args::new().word(file.address).word(address).word(2);
        let outcome = ok(psp.call_as("read", Caller::user(), read, &args));
        assert_eq!(outcome.value, INVALID_ARGUMENT, "read to {address:#X}");
        let ioctl = psp.driver_entry(Entry::Ioctl);
        let input = psp.place("sectors", &2u32.to_le_bytes());
        let args = Args::new().word(file.address).word(READ).word(input).word(4).word(address).word(4096);
        let outcome = ok(psp.call_as("ioctl", Caller::user(), ioctl, &args));
        assert_eq!(outcome.value, INVALID_ARGUMENT, "ioctl to {address:#X}");
    }
    let mut bytes = [0; 4096];
    psp.cpu.read(target, &mut bytes).unwrap();
    assert_eq!(bytes, [7; 4096]);
    assert_eq!(position(&mut psp, file), 0);
    // Another kernel module may.
    let read = psp.driver_entry(Entry::Read);
    let args = Args::new().word(file.address).word(target).word(2);
    assert_eq!(ok(psp.call_as("read", Caller::kernel(), read, &args)).value, 2);
}
