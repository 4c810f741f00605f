//! The end of the disc, odd parameters, buffers at memory borders.

use psp_machine::isofs::params_for;
use psp_machine::machine::Caller;
use psp_machine::memory::Space;
use psp_machine::umd::{LbaParams, UNTOUCHED, command};

use crate::support::images::Kind;
use crate::support::{
    BUFFER_TOO_SMALL, FAMILIES, INVALID_ARGUMENT, OUT_OF_RANGE, USUAL, assert_sectors, ok, read_sectors,
    small_disc, taken_over,
};

/// The mark on reads of directories and path tables.
const DIRECTORY: u32 = 3;

#[test]
#[ignore = "needs the built driver"]
fn the_last_sectors_are_served() {
    for kind in FAMILIES {
        let disc = small_disc();
        let (mut psp, _) = taken_over(kind.pack(&disc.bytes));
        for count in [1, 2, 3, 8, 9, 33] {
            assert_sectors(&mut psp, disc, 1024 - count, count);
        }
    }
}

#[test]
#[ignore = "needs the built driver"]
fn a_data_read_past_the_end_is_refused_and_writes_nothing_behind_it() {
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&small_disc().bytes));
        for (lba, count) in [(1024, 1), (1023, 2), (1000, 100), (5000, 1), (u32::MAX, 1), (u32::MAX - 1, 3)] {
            let finished = read_sectors(&mut psp, lba, count);
            assert_eq!(finished.outcome.value, OUT_OF_RANGE, "{}: {count} at {lba}", kind.name());
            let there = 1024u32.saturating_sub(lba).min(count) as usize * 2048;
            assert!(finished.bytes[there..].iter().all(|&byte| byte == UNTOUCHED));
        }
    }
}

#[test]
#[ignore = "needs the built driver"]
fn a_directory_read_past_the_end_is_filled_with_zeros() {
    let disc = small_disc();
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&disc.bytes));
        let params = LbaParams { cmd: DIRECTORY, ..params_for(1023, 0, 4096, true) };
        let finished = ok(psp.read_lba(params, 0));
        assert_eq!(finished.outcome.value, 4096);
        assert!(finished.bytes[..2048] == disc.bytes[1023 * 2048..]);
        assert!(finished.bytes[2048..] == [0; 2048]);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn a_partial_last_sector_is_filled_with_zeros() {
    for kind in FAMILIES {
        let disc = small_disc();
        let len = disc.bytes.len() - 2048 + 700;
        let (mut psp, _) = taken_over(kind.pack(&disc.bytes[..len]));
        let finished = read_sectors(&mut psp, 1020, 4);
        assert_eq!(finished.outcome.value, 4 * 2048, "{}", kind.name());
        let (bytes, zeros) = finished.bytes.split_at(3 * 2048 + 700);
        assert!(bytes == &disc.bytes[1020 * 2048..len]);
        assert!(zeros.iter().all(|&byte| byte == 0));
        assert_eq!(read_sectors(&mut psp, 1020, 5).outcome.value, OUT_OF_RANGE);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn every_alignment_of_the_buffer_is_right() {
    let disc = small_disc();
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&disc.bytes));
        for slack in (0..=64).chain([100, 511]) {
            let finished = ok(psp.read_lba(LbaParams::sectors(300, 9), slack));
            assert_eq!(finished.outcome.value, 9 * 2048);
            assert!(finished.bytes == disc.bytes[300 * 2048..309 * 2048], "{} slack {slack}", kind.name());
        }
    }
}

#[test]
#[ignore = "needs the built driver"]
fn requests_of_any_shape_give_the_bytes_they_name() {
    let disc = small_disc();
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&disc.bytes));
        let lba = 200;
        for position in [0, 1, 2047, 2048, 2049, 5000] {
            for len in [1, 100, 2047, 2048, 2049, 4096, 4097, 6144, 10_000] {
                for aligned in [false, true] {
                    let params = params_for(lba, position, len, aligned);
                    let finished = ok(psp.read_lba(params, 0));
                    assert_eq!(finished.outcome.value, len, "{params:?}");
                    let at = (lba * 2048 + position) as usize;
                    assert!(finished.bytes == disc.bytes[at..at + len as usize], "{params:?}");
                }
            }
        }
    }
}

/// Sends a read command with input and output of given lengths.
fn raw_command(input: &[u8], out_len: u32) -> (u32, Vec<u8>) {
    let (mut psp, _) = taken_over(USUAL.pack(&small_disc().bytes));
    let (outcome, bytes) = ok(psp.devctl(command::READ, input, out_len));
    ok(psp.check_guards().map_err(|cause| panic!("{cause}")));
    (outcome.value, bytes)
}

#[test]
#[ignore = "needs the built driver"]
fn missing_or_short_arguments_are_refused() {
    let params = LbaParams::sectors(300, 2).to_bytes();
    assert_eq!(raw_command(&[], 4096).0, INVALID_ARGUMENT);
    assert_eq!(raw_command(&params[..31], 4096).0, INVALID_ARGUMENT);
    assert_eq!(raw_command(&params, 0).0, INVALID_ARGUMENT);
    let (code, bytes) = raw_command(&params, 4095);
    assert_eq!(code, BUFFER_TOO_SMALL);
    assert!(bytes.iter().all(|&byte| byte == UNTOUCHED));
}

#[test]
#[ignore = "needs the built driver"]
fn the_ninth_word_of_the_parameters_may_be_missing() {
    let params = LbaParams::sectors(300, 2).to_bytes();
    let (code, bytes) = raw_command(&params[..32], 4096);
    assert_eq!(code, 4096);
    assert!(bytes == small_disc().bytes[300 * 2048..302 * 2048]);
}

#[test]
#[ignore = "needs the built driver"]
fn parameters_that_contradict_themselves_are_refused() {
    let (mut psp, _) = taken_over(USUAL.pack(&small_disc().bytes));
    let params = LbaParams { start: 2049, centre: 2048, ..LbaParams::sectors(300, 1) };
    let finished = ok(psp.read_lba(params, 0));
    assert!(finished.outcome.is_error());
    let params = LbaParams { total: 0, centre: 0, ..LbaParams::sectors(300, 1) };
    let finished = ok(psp.read_lba(params, 0));
    assert_eq!(finished.bytes.len(), 0);
    // A length that is not a positive number, with a matching buffer length.
    let params = LbaParams { total: 0x8000_0000, ..LbaParams::sectors(0, 1) };
    let pending =
        psp.spawn_devctl(Caller::kernel(), command::READ, &params.to_bytes(), (Space::User, 2048, 0));
    let finished = ok(psp.finish(pending));
    assert!(finished.outcome.is_error());
    assert!(finished.bytes.iter().all(|&byte| byte == UNTOUCHED));
}

#[test]
#[ignore = "needs the built driver"]
fn no_packed_bytes_are_left_in_the_callers_buffer() {
    // The buffer past the requested part is not the driver's to write, but the part itself is the data. So
    // compare a request whose packed bytes are shorter than the answer.
    let disc = small_disc();
    for kind in [USUAL, Kind::Zso { block: 2048, shift: 0 }, Kind::Cso { block: 8192, shift: 0 }] {
        let (mut psp, _) = taken_over(kind.pack(&disc.bytes));
        for (lba, count) in [(160, 64), (161, 63), (200, 16), (203, 45)] {
            assert_sectors(&mut psp, disc, lba, count);
        }
    }
}
