//! The result of a successful read depends on the file alone, not on the previous content of any buffer.
#![no_main]

use cisor_fuzz::Plan;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((plan, file)) = Plan::split(input) else { return };
    assert!(plan.read(file, 0x00) == plan.read(file, 0xFF));
});
