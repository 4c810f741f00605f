//! Lengths that would carry a pointer out of its buffer, and over an end of the address space.
//!
//! Each fast loop gets every length around the room that is left, and around the distance to the top of 32 bits, with its
//! buffers as near to an end of the address space as they can be. (On 64 bits they are where they are.) The verdict and the bytes are those of the
//! other decoders, and nothing else has been written.

#![expect(clippy::cast_possible_truncation, reason = "bytes of streams are cut from counters")]

use sector_decode::{Coding, Decoder, reference};

#[cfg(all(target_os = "linux", target_pointer_width = "32"))]
#[path = "support/mapped.rs"]
#[allow(dead_code, unreachable_pub, reason = "other binaries use more of it")]
mod mapped;

/// Decodes at the end of one piece of memory from the end of another, and compares with the other decoders.
#[track_caller]
fn agree(memory: &mut Memory, coding: Coding, packed: &[u8], room: usize) {
    let mut expected = vec![0x55; room];
    let verdict = reference::decode(coding, packed, &mut expected, room);
    let (input, output) = memory.buffers();
    let input_at = input.len() - packed.len();
    input[input_at..].copy_from_slice(packed);
    output.fill(0x55);
    let out_at = output.len() - room;
    let got = Decoder::new().decode_block(coding, &input[input_at..], &mut output[out_at..]);
    assert_eq!(got.is_ok(), verdict.is_ok(), "{coding:?} {got:?} {verdict:?}");
    if got.is_ok() {
        assert!(output[out_at..] == expected[..], "{coding:?}");
    }
    assert!(output[..out_at].iter().all(|&byte| byte == 0x55), "{coding:?} wrote before its output");
}

/// Where the tests' buffers lie.
struct Memory {
    input: &'static mut [u8],
    output: &'static mut [u8],
    /// Where pointers land that wrapped. Stays zero.
    watched: &'static [u8],
}

impl Memory {
    fn buffers(&mut self) -> (&mut [u8], &mut [u8]) {
        (self.input, self.output)
    }

    fn check(&self) {
        assert!(self.watched.iter().all(|&byte| byte == 0), "something far away was written");
    }
}

const INPUT: usize = 24 << 10;
const OUTPUT: usize = 16 << 10;

#[cfg(not(all(target_os = "linux", target_pointer_width = "32")))]
mod place {
    use super::{INPUT, Memory, OUTPUT};

    pub(super) fn all() -> Vec<Memory> {
        let leak = |len| &mut *Box::leak(vec![0; len].into_boxed_slice());
        vec![Memory { input: leak(INPUT), output: leak(OUTPUT), watched: &[] }]
    }
}

#[cfg(all(target_os = "linux", target_pointer_width = "32"))]
mod place {
    use std::ptr;
    use std::sync::{Mutex, PoisonError};

    use super::mapped::{BOTTOMS, TOP, map};
    use super::{INPUT, Memory, OUTPUT};

    const WATCHED: usize = 3 << 20;
    const HIGH: usize = 1 << 20;

    /// All of it is mapped once. Only one test has it at a time, and there is one process for all.
    static MAPPED: Mutex<Option<usize>> = Mutex::new(None);
    pub(super) static TURN: Mutex<()> = Mutex::new(());

    #[allow(unsafe_code, reason = "memory that was mapped at an address")]
    pub(super) fn slice(at: usize, len: usize) -> &'static mut [u8] {
        // SAFETY: mapped by `bottom`, and given to one test at a time, which uses each part once.
        unsafe { std::slice::from_raw_parts_mut(ptr::with_exposed_provenance_mut(at), len) }
    }

    /// Maps both ends of the address space; returns where the lower one begins.
    pub(super) fn bottom() -> usize {
        let mut mapped = MAPPED.lock().unwrap_or_else(PoisonError::into_inner);
        *mapped.get_or_insert_with(|| {
            assert!(map(TOP - HIGH, HIGH), "run this under setarch --3gb");
            BOTTOMS.into_iter().find(|&at| map(at, WATCHED)).expect("low memory can be mapped")
        })
    }

    pub(super) fn all() -> Vec<Memory> {
        let bottom = bottom();
        slice(bottom, WATCHED).fill(0);
        let watched = |from: usize| &*slice(bottom + from, WATCHED - from);
        vec![
            Memory {
                output: slice(TOP - OUTPUT, OUTPUT),
                input: slice(TOP - OUTPUT - INPUT, INPUT),
                watched: watched(0),
            },
            Memory {
                input: slice(TOP - INPUT, INPUT),
                output: slice(TOP - INPUT - OUTPUT, OUTPUT),
                watched: watched(0),
            },
            Memory {
                output: slice(bottom, OUTPUT),
                input: slice(bottom + OUTPUT, INPUT),
                watched: watched(OUTPUT + INPUT),
            },
        ]
    }
}

/// Lengths around `room`, around what carries a pointer at the top past it, and around where the loops stop adding up.
fn lengths(room: usize) -> impl Iterator<Item = usize> {
    let around = |middle: usize, by: usize| middle.saturating_sub(by)..middle + by;
    let wraps = (INPUT + 0x2000 + room).min(1 << 20);
    around(room, 40)
        .chain(around(0x2000 + room, 20))
        .chain(around(wraps, 20))
        .chain((0..6).map(|power| 0x4000 << power))
        .chain(around(1 << 21, 3))
        .filter(|&len| len >= 40)
}

fn lz4_sequence(packed: &mut Vec<u8>, literals: usize, distance: usize, matched: usize) {
    let length = |packed: &mut Vec<u8>, len: usize| {
        packed.extend(std::iter::repeat_n(255, (len - 15) / 255));
        packed.push(((len - 15) % 255) as u8);
    };
    packed.push((literals.min(15) << 4 | (matched - 4).min(15)) as u8);
    if literals >= 15 {
        length(packed, literals);
    }
    packed.extend((0..literals).map(|at| at as u8));
    packed.extend((distance as u16).to_le_bytes());
    if matched - 4 >= 15 {
        length(packed, matched - 4);
    }
}

#[test]
fn lz4_matches_and_literals_of_any_length() {
    let _turn = turn();
    for memory in &mut place::all() {
        for room in [600, 5000] {
            for before in [8, 40] {
                for distance in [1, 3, 8, 9, before, before + 1] {
                    for len in lengths(room - before) {
                        let mut packed = Vec::new();
                        lz4_sequence(&mut packed, before, distance, len);
                        lz4_sequence(&mut packed, 4, 8, 4);
                        packed.extend([0x50, 1, 2, 3, 4, 5]);
                        packed.extend([0; 40]);
                        if packed.len() <= INPUT {
                            agree(memory, Coding::Lz4, &packed, room);
                        }
                    }
                    memory.check();
                }
            }
            for len in lengths(room).filter(|&len| len < INPUT / 2) {
                for short in [0, 1, 9, len / 2] {
                    let mut packed = Vec::new();
                    lz4_sequence(&mut packed, 16, 8, 4);
                    lz4_sequence(&mut packed, len, 8, 20);
                    packed.extend([0x50, 1, 2, 3, 4, 5]);
                    packed.truncate(packed.len() - short);
                    agree(memory, Coding::Lz4, &packed, room);
                }
            }
            memory.check();
        }
    }
}

fn lzo_length(packed: &mut Vec<u8>, len: usize) {
    packed.extend(std::iter::repeat_n(0, (len - 1) / 255));
    packed.push(((len - 1) % 255 + 1) as u8);
}

#[test]
fn lzo_matches_and_runs_of_any_length() {
    let _turn = turn();
    for memory in &mut place::all() {
        for room in [600, 5000] {
            for back in [0, 2, 7, 8, 15, 16] {
                for len in lengths(room - 16) {
                    let mut packed = vec![17 + 16];
                    packed.extend(0..16);
                    packed.push(0x20);
                    lzo_length(&mut packed, len - 33);
                    packed.extend([(back << 2) as u8 | 1, (back >> 6) as u8, 99]);
                    packed.extend([0b1111_1100, 0, 0b1111_1100, 0, 0x11, 0, 0]);
                    packed.extend([0; 40]);
                    if packed.len() <= INPUT {
                        agree(memory, Coding::Lzo, &packed, room);
                    }
                }
            }
            for len in lengths(room) {
                for there in [len, len - 1, len - 9, len / 2] {
                    let mut packed = vec![17 + 16];
                    packed.extend(0..16);
                    packed.extend([0b1111_1100, 0, 0]);
                    lzo_length(&mut packed, len - 18);
                    packed.extend((0..there.min(INPUT)).map(|at| at as u8));
                    packed.extend([0x11, 0, 0]);
                    if packed.len() <= INPUT {
                        agree(memory, Coding::Lzo, &packed, room);
                    }
                }
            }
            memory.check();
        }
    }
}

#[test]
fn deflate_matches_up_to_the_last_byte() {
    let _turn = turn();
    for memory in &mut place::all() {
        for literals in (1..20_usize).chain(250..262) {
            let plain: Vec<u8> = (0..literals).map(|at| at as u8).collect::<Vec<_>>().repeat(3);
            for level in [1, 6] {
                let packed = miniz_oxide::deflate::compress_to_vec(&plain, level);
                for room in plain.len().saturating_sub(270)..plain.len() + 20 {
                    agree(memory, Coding::Deflate, &packed, room);
                }
            }
        }
        memory.check();
    }
}

/// Nothing to wait for: only at the edges of 32 bits do the tests share their memory.
#[cfg(not(all(target_os = "linux", target_pointer_width = "32")))]
struct Turn;

#[cfg(not(all(target_os = "linux", target_pointer_width = "32")))]
fn turn() -> Turn {
    Turn
}

#[cfg(all(target_os = "linux", target_pointer_width = "32"))]
fn turn() -> std::sync::MutexGuard<'static, ()> {
    place::TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What was once seen: a length of 2 MiB carried the end of a match past the top of the address space, where it compared
/// as if there were room, and the literals of the next sequence went to 0x0018_0000.
#[cfg(all(target_os = "linux", target_pointer_width = "32"))]
#[test]
fn a_match_of_two_megabytes_at_the_top_writes_nowhere_else() {
    let _turn = turn();
    let bottom = place::bottom();
    let watched = place::slice(bottom, 2 << 20);
    watched.fill(0);
    let out = place::slice(0xFFFA_0000, 64 << 10);
    let mut packed = vec![0xFF, 1];
    packed.extend(0..16);
    packed.extend([8, 0]);
    let rest = 0x1D_FFF0_usize - 19;
    packed.extend(std::iter::repeat_n(255, rest / 255));
    packed.push((rest % 255) as u8);
    packed.extend([0x40, 0x5A, 0x5A, 0x5A, 0x5A, 8, 0]);
    packed.resize(packed.len() + 40_000, 0);
    assert!(Decoder::new().decode_block(Coding::Lz4, &packed, out).is_err());
    let written = watched.iter().position(|&byte| byte != 0).map(|at| bottom + at);
    assert_eq!(written, None, "memory far away was written, at {written:#X?}");
}
