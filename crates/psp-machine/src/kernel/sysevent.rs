//! Suspend and resume handlers. They are only recorded; tests call them.

/// Registered handlers.
#[derive(Debug, Default)]
pub struct SysEvents {
    /// Addresses of their structures.
    pub handlers: Vec<u32>,
}
