//! Calls as the console's kernel makes them.

/// A call: what `mock_call` in abi.s reads and writes.
#[repr(C)]
pub(crate) struct Call {
    function: usize,
    k1: u32,
    words: [u32; 8],
    values: [u32; 2],
    broken: u32,
}

/// The results of a call.
pub(crate) struct Outcome {
    /// `$v0` and `$v1`.
    pub(crate) values: [u32; 2],
    /// The registers that the callee should have preserved and did not; the bits are in abi.s.
    pub(crate) broken: u32,
}

unsafe extern "C" {
    fn mock_call(call: *mut Call);
}

/// Calls a function with eight words in registers and this `$k1`.
///
/// # Safety
///
/// `function` is the address of code that takes these words.
pub(crate) unsafe fn call(function: usize, k1: u32, words: [u32; 8]) -> Outcome {
    let mut call = Call { function, k1, words, values: [0; 2], broken: 0 };
    // SAFETY: By this function's contract; the callee's results go to fields of `call`.
    unsafe { mock_call(&raw mut call) };
    Outcome { values: call.values, broken: call.broken }
}
