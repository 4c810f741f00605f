//! Formats that are recognised only to be refused by name.

use super::{CISO, Foreign, Format, Layout, ciso, u32_at};
use crate::bytes::ReadAt;

/// The header of a GameCube CISO is this long, and its block size is no smaller.
const GAMECUBE_HEADER: u32 = 0x8000;

/// How many index values are searched for packed blocks of an Xbox image, and how many such blocks are examined.
const XBOX_VALUES: usize = 1024;
const XBOX_BLOCKS: usize = 8;

impl Foreign {
    /// Recognises by its blocks an Xbox image, which has the header of CSO v2: shift 2, blocks of 2048 bytes. Where CSO v2
    /// has LZ4 data, there the length of that data comes first, in 32 bits.
    ///
    /// # Errors
    ///
    /// Those of the source.
    pub fn in_blocks<S: ReadAt>(layout: &Layout, source: &mut S) -> Result<Option<Self>, S::Error> {
        const SHIFT: u8 = 2;
        if (layout.format(), layout.index_shift(), layout.block_size()) != (Format::Cso2, SHIFT, 2048) {
            return Ok(None);
        }
        let mut values = [[0; 4]; XBOX_VALUES];
        let count = XBOX_VALUES.min(layout.block_count() as usize + 1);
        source.read_exact_at(values[..count].as_flattened_mut(), ciso::INDEX_AT)?;
        let mut seen = 0;
        for pair in values[..count].windows(2) {
            let [this, next] = [pair[0], pair[1]].map(|value| ciso::Entry::decode(value, SHIFT));
            let len = next.position.saturating_sub(this.position);
            let is_lz4 = this.flag && (4..2048).contains(&len) && next.position <= layout.file_len();
            if !is_lz4 {
                continue;
            }
            let mut prefix = [0; 4];
            source.read_exact_at(&mut prefix, this.position)?;
            if (u64::from(u32::from_le_bytes(prefix)) + 4).next_multiple_of(1 << SHIFT) != len {
                return Ok(None);
            }
            seen += 1;
            if seen == XBOX_BLOCKS {
                break;
            }
        }
        Ok((seen > 0).then_some(Self::XboxCiso))
    }
}

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
