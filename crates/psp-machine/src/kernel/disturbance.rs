//! Something that goes wrong at one kernel call, whichever function it calls.

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// The function does nothing and returns this.
    Returns(u32),
    /// The function does its work, and returns this all the same.
    ReturnsAfterwards(u32),
    /// A read or write of a file covers at most this many bytes, and at least one.
    Short(u32),
    /// All descriptors become invalid before the call.
    Stale,
    /// The card is removed before the call, for this many microseconds.
    CardOut(u64),
    /// The console is suspended before the call, for this many microseconds. Descriptors do not survive that, and the
    /// card stays absent for half a second more. While interrupts are suspended, nothing happens.
    Suspension(u64),
    /// Another module takes all free memory of the kernel before the call.
    MemoryGone,
}
