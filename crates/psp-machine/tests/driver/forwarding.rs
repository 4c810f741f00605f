//! Calls that are not ours reach the original driver, with every argument in its place.

use psp_machine::Psp;
use psp_machine::abi::Args;
use psp_machine::inferno::{Entry, Forwarded};
use psp_machine::machine::Caller;

use crate::support::{NOT_SUPPORTED, USUAL, ok, small_disc, taken_over};

fn machine() -> Psp {
    taken_over(USUAL.pack(&small_disc().bytes)).0
}

/// Calls an entry with these words and returns what arrived at the other end.
fn arrives(psp: &mut Psp, entry: Entry, words: &[u32]) -> Forwarded {
    psp.inferno.calls.clear();
    let args = words.iter().fold(Args::new(), |args, &word| args.word(word));
    let function = psp.driver_entry(entry);
    ok(psp.call_as("a forwarded call", Caller::user(), function, &args));
    assert_eq!(psp.inferno.calls.len(), 1, "{entry:?} was not forwarded once");
    psp.inferno.calls[0]
}

#[test]
#[ignore = "needs the built driver"]
fn unknown_device_commands() {
    let mut psp = machine();
    let file = psp.file_arg(0).address;
    let name = psp.place_string("");
    let buffer = psp.place("buffer", &[7; 64]);
    for command in [0x01E1_8030, 0x01F2_0001, 0x01F0_0003, 0x01E3_8034, 0x01E2_80A9, 0x1234_5678] {
        let words = [file, name, command, buffer, 5, buffer + 8, 9];
        let call = arrives(&mut psp, Entry::Devctl, &words);
        assert_eq!(call.entry, Entry::Devctl as u32);
        assert_eq!(call.args[..7], words, "{command:#010X}");
    }
}

#[test]
#[ignore = "needs the built driver"]
fn the_answer_comes_back() {
    let mut psp = machine();
    let (outcome, _) = ok(psp.devctl(0x0BAD_C0DE, &[1], 4));
    assert_eq!(outcome.value, NOT_SUPPORTED);
    let (outcome, _) = ok(psp.devctl(0x01E1_8030, &[0; 16], 0));
    assert_eq!(outcome.value, 1);
}

#[test]
#[ignore = "needs the built driver"]
fn descriptors_that_were_open_before() {
    let mut psp = machine();
    for slot in 0..8 {
        let file = psp.file_arg(slot).address;
        let buffer = psp.place("buffer", &[0; 64]);
        let read = [file, buffer, 3];
        assert_eq!(arrives(&mut psp, Entry::Read, &read).args[..3], read);
        let seek = [file, 0, 0x8000_1234, 0xFFFF_FFFF, 2];
        let arrived = arrives(&mut psp, Entry::Lseek, &seek).args;
        assert_eq!((arrived[0], arrived[2], arrived[3], arrived[4]), (file, 0x8000_1234, 0xFFFF_FFFF, 2));
        let ioctl = [file, 0x01D2_0001, buffer, 11, buffer + 4, 13];
        assert_eq!(arrives(&mut psp, Entry::Ioctl, &ioctl).args[..6], ioctl);
        assert_eq!(arrives(&mut psp, Entry::Close, &[file]).args[0], file);
        assert_eq!(
            psp.private_word(psp_machine::umd::FileArg { address: file }),
            slot,
            "its word is not ours"
        );
    }
}

#[test]
#[ignore = "needs the built driver"]
fn a_64_bit_answer_comes_back_whole() {
    let mut psp = machine();
    let file = psp.file_arg(3);
    psp.inferno.answers.insert(Entry::Lseek as u32, 0x1234_5678_9ABC_DEF0);
    assert_eq!(ok(psp.raw_seek(file, 5, 0)).long(), 0x1234_5678_9ABC_DEF0);
}

#[test]
#[ignore = "needs the built driver"]
fn entries_that_are_not_taken_over_stay() {
    let psp = machine();
    let table = psp.inferno.table_bytes(&psp.cpu);
    let taken: Vec<usize> =
        (0..0x58).step_by(4).filter(|&at| table[at..at + 4] != psp.inferno.original[at..at + 4]).collect();
    assert_eq!(taken, [0x08, 0x0C, 0x10, 0x18, 0x1C, 0x50]);
}
