//! Runs the example in C of `sector-decode-capi` on the emulated processor: the library as a program for the console
//! would link it, built for the PSP's target with its own panic handler.

use std::fs;
use std::path::Path;

use crate::guest;
use crate::machine::Machine;

/// Where things are in the machine's memory, far above what is linked.
const FILE: u64 = 0x0030_0000;
const REQUEST: u64 = 0x0038_0000;
const OUT: u64 = 0x0040_0000;
const FILL: u8 = 0xA5;

/// Statuses of the library's header.
const OK: u32 = 0;
const BAD_HEADER: u32 = 4;
const BAD_BLOCK: u32 = 5;
const OUT_OF_RANGE: u32 = 6;

/// Files of other tools that hold the same image.
const FILES: [&str; 6] =
    ["image.iso", "maxcso-2k.cso", "maxcso-8k.cso", "maxcso-8k.cso2", "maxcso-2k.zso", "maxcso.dax"];

/// Builds the example and has it read files that other tools made, whole, in part, damaged, and past their end.
///
/// # Panics
///
/// When anything else comes out than on a PC.
pub(crate) fn check(root: &Path, target_dir: &Path) {
    let mut machine = Machine::new(&guest::c_interface(target_dir, &root.join("crates/sector-decode-capi")));
    let golden = root.join("crates/sector-decode/tests/golden");
    let read = |name: &str| fs::read(golden.join(name)).expect("it is checked in");
    let image = read("image.iso");
    for name in FILES {
        let file = read(name);
        for (offset, len) in [(0, image.len()), (3 * 2048, 2 * 2048), (2000, 100), (image.len(), 0)] {
            let (status, out) = run(&mut machine, &file, offset, len);
            assert_eq!(status, OK, "{name}, {len} bytes at {offset}");
            assert!(out == image[offset..offset + len], "{name}, {len} bytes at {offset}: other bytes");
        }
        assert_eq!(run(&mut machine, &file, image.len(), 1).0, OUT_OF_RANGE, "{name}");
        println!("{name}: the example in C reads it on the emulated processor");
    }
    let mut file = read("maxcso-2k.cso");
    let middle = file.len() / 2;
    file[middle..].fill(0xFF);
    assert_eq!(run(&mut machine, &file, 0, image.len()).0, BAD_BLOCK);
    file[8..16].fill(0);
    assert_eq!(run(&mut machine, &file, 0, image.len()).0, BAD_HEADER);
}

/// Calls `read_image` of the example. Returns its status and what it wrote.
fn run(machine: &mut Machine, file: &[u8], offset: usize, len: usize) -> (u32, Vec<u8>) {
    let word = |number: u64| u32::try_from(number).expect("32 bits").to_le_bytes();
    let mut request = Vec::new();
    for number in [FILE, file.len() as u64, offset as u64, 0, OUT, len as u64] {
        request.extend(word(number));
    }
    machine.write(FILE, file);
    machine.write(REQUEST, &request);
    machine.write(OUT, &vec![FILL; len + 64]);
    let (status, _) = machine.call("read_image", [REQUEST, 0, 0, 0]);
    let mut out = machine.read(OUT, len + 64);
    assert!(out[len..].iter().all(|&byte| byte == FILL), "it wrote past its buffer");
    out.truncate(len);
    (status, out)
}
