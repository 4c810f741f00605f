//! What was started: key config, application type, boot device.

/// Boot information that modules can query.
#[derive(Debug)]
pub struct Init {
    /// 0x200 game, 0x100 XMB, 0x300 PS1, 0x400 application.
    pub key_config: u32,
    /// 0x123 to 0x126 for images.
    pub apitype: u32,
    /// 0x40 memory stick, 0x50 internal storage.
    pub boot_from: u32,
}

impl Default for Init {
    fn default() -> Self {
        Self { key_config: 0x200, apitype: 0x123, boot_from: 0x40 }
    }
}
