//! Suspended interrupts: threads do not switch or wait, and only then may the driver table change.

/// Whether interrupts are on.
#[derive(Debug, Default)]
pub struct Interrupts {
    /// Whether they are suspended now.
    pub suspended: bool,
    /// How many times they were suspended.
    pub count: u32,
}
