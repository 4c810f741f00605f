//! Formats that are recognised only to be refused by name.

use super::{CISO, Foreign, u32_at};

/// The header of a GameCube CISO is this long, and its block size is no smaller.
const GAMECUBE_HEADER: u32 = 0x8000;

/// Recognises by the first bytes of a file.
///
/// PSP files have 0 or 24 in the field at 4; GameCube files have their block size there, a large
/// power of two. Values that are neither are taken as a PSP file's unreliable header size.
pub(super) fn detect(head: &[u8]) -> Option<Foreign> {
    let first: &[u8; 8] = head.first_chunk()?;
    if first == b"MComprHD" {
        return Some(Foreign::Chd);
    }
    let field = u32_at(first, 4);
    (first.starts_with(&CISO) && field >= GAMECUBE_HEADER && field.is_power_of_two())
        .then_some(Foreign::GameCubeCiso)
}
