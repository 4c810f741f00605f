//! The driver's surroundings in the machine: drivers found by prefix, strings at odd addresses, an image that
//! changes, time that passes, and the table of firmwares.

use std::collections::BTreeSet;

use psp_machine::abi::Args;
use psp_machine::cfw::{ROWS, Witness};
use psp_machine::kernel::systemctrl::NOT_LINKED;
use psp_machine::{Disturbance, Psp};

use crate::assembler::{call, code, framed};

const LIBRARY: &str = "SystemCtrlForKernel";

/// Calls a kernel function with one word.
fn ask(psp: &mut Psp, library: &str, nid: u32, word: u32) -> u32 {
    let trap = psp.kernel_function(library, nid);
    let function = code(psp, &framed(&call(trap)));
    psp.call("a question", function, &Args::new().word(word)).unwrap().value
}

fn find_driver(psp: &mut Psp, name: &str) -> u32 {
    let name = psp.place_string(name);
    ask(psp, LIBRARY, 0x78E4_6415, name)
}

fn path(psp: &mut Psp) -> (u32, String) {
    let address = ask(psp, LIBRARY, 0xAC56_B90B, 0);
    (address, psp.cpu.read_string(address).unwrap())
}

#[test]
fn a_driver_is_found_by_the_beginning_of_its_name_and_the_newest_first() {
    let mut psp = Psp::new();
    let umd = psp.kernel.system.umd_driver;
    assert_eq!(find_driver(&mut psp, "umd"), umd);
    assert_eq!(find_driver(&mut psp, "UMD"), umd, "case does not count");
    assert_eq!(find_driver(&mut psp, "um"), umd);
    assert_eq!(find_driver(&mut psp, "umd9"), 0, "a longer name is another");
    let table = psp.inferno.functions;
    let later = psp.register_driver("umd9", "another", table).unwrap();
    assert_eq!(find_driver(&mut psp, "umd"), later, "the newest whose name begins so");
    assert_eq!(find_driver(&mut psp, "umd9"), later);
    let latest = psp.register_driver("umdxyz", "a third", table).unwrap();
    assert_eq!(find_driver(&mut psp, "umd"), latest);
    assert_eq!(psp.register_driver("umdx", "its name is taken", table), Err(0x8002_032B));
    psp.kernel.system.later_drivers.clear();
    psp.kernel.system.umd_driver = 0;
    assert_eq!(find_driver(&mut psp, "umd"), 0);
}

#[test]
fn strings_lie_where_they_are_wanted() {
    for alignment in 0..4 {
        let mut psp = Psp::new();
        psp.string_alignment = alignment;
        psp.set_umd_file("ms0:/ISO/game.cso");
        let (address, text) = path(&mut psp);
        assert_eq!((address % 4, text.as_str()), (alignment, "ms0:/ISO/game.cso"));
        for text in ["", "a", "ab", "abc", "abcd"] {
            let address = psp.place_string(text);
            assert_eq!(address % 4, alignment, "{text:?}");
            assert_eq!(psp.cpu.read_string(address).unwrap(), text);
        }
    }
    assert_eq!(Psp::new().string_alignment, 2, "as on ARK, unless a test says otherwise");
}

#[test]
fn the_image_changes_at_the_call_it_was_told_to() {
    let mut psp = Psp::new();
    psp.set_umd_file("ms0:/first.cso");
    let (first, _) = path(&mut psp);
    psp.change_umd_file_in(3, "ms0:/second.cso");
    psp.change_umd_file_in(4, "");
    let texts: Vec<String> = (0..5).map(|_| path(&mut psp).1).collect();
    assert_eq!(texts, ["ms0:/first.cso", "ms0:/first.cso", "ms0:/second.cso", "", ""]);
    assert_eq!(path(&mut psp).0, first, "the text changes where it is");
}

#[test]
fn time_passes_in_every_kernel_call() {
    let taken = |per_call| {
        let mut psp = Psp::new();
        psp.time_per_call = per_call;
        let trap = psp.kernel_function("ThreadManForKernel", 0x293B_45B8);
        let function = code(&mut psp, &framed(&[call(trap), call(trap), call(trap)].concat()));
        psp.call("three calls", function, &Args::new()).unwrap().microseconds
    };
    assert_eq!(taken(0), 0);
    assert_eq!(taken(1000), 3000);
}

#[test]
fn every_value_of_the_table_has_a_source() {
    let mut names = BTreeSet::new();
    for row in ROWS {
        assert!(names.insert(row.name), "{} is there twice", row.name);
        assert!(!row.apitypes.is_empty(), "{}", row.name);
        for (what, source) in row.sources.all() {
            assert!(source.place.len() > 10, "{}: {what}", row.name);
            let is_code = source.place.contains('/') || source.place.contains("uofw");
            assert!(source.witness == Witness::Assumed || is_code, "{}: {what}", row.name);
        }
        for &apitype in row.apitypes {
            let mut psp = row.boot(apitype);
            let (address, text) = path(&mut psp);
            assert_eq!((address % 4, text.as_str()), (row.path_alignment, row.path), "{}", row.name);
            assert_eq!(ask(&mut psp, "InitForKernel", 0x7A23_33AD, 0), apitype);
            assert_eq!(ask(&mut psp, "InitForKernel", 0x7233_B5BC, 0), row.key_config);
            assert_eq!(ask(&mut psp, "SysMemForKernel", 0x07C5_86A1, 0), row.model);
            assert_eq!(find_driver(&mut psp, "umd") != 0, row.driver.is_some());
            const SE_GET_UMD_FILE: u32 = 0xBA21_998E;
            let expected = if row.exports.contains(&SE_GET_UMD_FILE) { address } else { NOT_LINKED };
            assert_eq!(ask(&mut psp, LIBRARY, SE_GET_UMD_FILE, 0), expected, "{}", row.name);
            for module in row.modules {
                let name = psp.place_string(module);
                assert_ne!(ask(&mut psp, "LoadCoreForKernel", 0xF6B1_BF0F, name), 0, "{module}");
            }
        }
    }
}

/// One call goes wrong, and no other.
#[test]
fn a_disturbance_hits_the_call_it_is_meant_for() {
    const CREATE: u32 = 0xD6DA_4BA1;
    const THREADS: &str = "ThreadManForKernel";
    let mut psp = Psp::new();
    let name = psp.place_string("semaphore");
    psp.called = Some(Vec::new());
    let function = {
        let trap = psp.kernel_function(THREADS, CREATE);
        code(&mut psp, &framed(&call(trap)))
    };
    let create = |psp: &mut Psp| {
        let args = Args::new().word(name).word(0).word(1).word(1).word(0);
        psp.call("a semaphore", function, &args).unwrap().value
    };
    psp.disturb(2, Disturbance::Returns(0x8002_0190));
    assert!(create(&mut psp) >> 31 == 0);
    assert!(psp.is_to_be_disturbed());
    assert_eq!(create(&mut psp), 0x8002_0190);
    assert!(!psp.is_to_be_disturbed());
    assert!(create(&mut psp) >> 31 == 0);
    assert_eq!(psp.kernel.threads.objects.len(), 2, "the second call did nothing");
    psp.disturb(1, Disturbance::ReturnsAfterwards(7));
    assert_eq!(create(&mut psp), 7);
    assert_eq!(psp.kernel.threads.objects.len(), 3, "the fourth did");
    assert_eq!(psp.called.take().unwrap(), ["sceKernelCreateSema"; 4]);

    let before = psp.kernel.clock.now();
    psp.disturb(1, Disturbance::Suspension(1_000_000));
    create(&mut psp);
    let now = psp.kernel.clock.now();
    assert!(now >= before + 1_000_000);
    assert!(!psp.kernel.card.present(now) && psp.kernel.card.present(now + 500_000));
    psp.disturb(1, Disturbance::MemoryGone);
    create(&mut psp);
    assert_eq!(psp.kernel.memory.partitions.kernel().free(), 0);
}
