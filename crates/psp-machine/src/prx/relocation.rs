//! Moves an image to its assigned address.

use super::{PrxError, word};

/// How a word depends on the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing to do.
    None,
    /// The word itself.
    Word,
    /// The 26 bits of a jump.
    Jump,
    /// The upper half, to be rounded with the lower half of the `Low` that follows.
    High,
    /// The lower half.
    Low,
}

/// One place to relocate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relocation {
    /// Its offset in the image.
    pub at: u32,
    /// How to relocate it.
    pub kind: Kind,
}

impl Relocation {
    /// Parses an entry of eight bytes.
    ///
    /// # Errors
    ///
    /// When the loader does not know the type, or the entry refers to a second segment.
    pub fn parse(entry: &[u8]) -> Result<Self, PrxError> {
        let truncated = PrxError::Truncated { what: "relocations" };
        let at = word(entry, 0).ok_or(truncated)?;
        let info = word(entry, 4).ok_or(truncated)?;
        if info >> 8 != 0 {
            return Err(PrxError::Field { what: "segment of a relocation", got: info });
        }
        let kind = match info & 0xFF {
            0 => Kind::None,
            2 => Kind::Word,
            4 => Kind::Jump,
            5 => Kind::High,
            6 => Kind::Low,
            _ => return Err(PrxError::Field { what: "relocation type", got: info }),
        };
        Ok(Self { at, kind })
    }
}

/// Adds `base` to everything that depends on it.
///
/// # Errors
///
/// When an entry points outside the image, or an upper half is not followed by a lower half.
pub fn relocate(image: &mut [u8], relocations: &[Relocation], base: u32) -> Result<(), PrxError> {
    for (number, relocation) in relocations.iter().enumerate() {
        let old = fetch(image, relocation.at)?;
        let new = match relocation.kind {
            Kind::None => old,
            Kind::Word => old.wrapping_add(base),
            Kind::Jump => {
                let target = ((old & 0x03FF_FFFF) << 2).wrapping_add(base);
                old & 0xFC00_0000 | target >> 2 & 0x03FF_FFFF
            }
            Kind::Low => old & 0xFFFF_0000 | old.wrapping_add(base) & 0xFFFF,
            Kind::High => {
                let low = relocations[number..]
                    .iter()
                    .find(|next| next.kind != Kind::High)
                    .filter(|next| next.kind == Kind::Low)
                    .ok_or(PrxError::Field { what: "HI16 without LO16 at", got: relocation.at })?;
                // The lower half may already have been relocated when several upper halves share it. The
                // loader reads it before that, because it comes later in the table.
                let low = fetch(image, low.at)?;
                #[expect(clippy::cast_possible_truncation, reason = "the immediate is the lower half")]
                let target = (old << 16).wrapping_add_signed(i32::from(low as i16)).wrapping_add(base);
                old & 0xFFFF_0000 | (target.wrapping_add(0x8000) >> 16)
            }
        };
        let at = relocation.at as usize;
        image[at..at + 4].copy_from_slice(&new.to_le_bytes());
    }
    Ok(())
}

fn fetch(image: &[u8], at: u32) -> Result<u32, PrxError> {
    word(image, at as usize).ok_or(PrxError::Truncated { what: "relocated image" })
}
