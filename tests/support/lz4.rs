//! A simple decoder of raw LZ4 blocks that reports where the block ended.

/// Decodes until `out` has `size` bytes; returns how many bytes of `packed` that took. `None` when `packed`
/// is damaged or its sequences give a different number of bytes.
pub fn decode(packed: &[u8], size: usize, out: &mut Vec<u8>) -> Option<usize> {
    out.clear();
    let mut at = 0;
    loop {
        let token = *packed.get(at)?;
        at += 1;
        let literals = length(packed, &mut at, usize::from(token >> 4))?;
        out.extend_from_slice(packed.get(at..at + literals)?);
        at += literals;
        if out.len() >= size {
            return (out.len() == size).then_some(at);
        }
        let offset = usize::from(*packed.get(at)?) | usize::from(*packed.get(at + 1)?) << 8;
        at += 2;
        let matched = length(packed, &mut at, usize::from(token & 15))? + 4;
        let from = out.len().checked_sub(offset).filter(|_| offset > 0)?;
        for position in from..from + matched {
            // Byte by byte: a match may overlap the bytes it produces.
            out.push(out[position]);
        }
    }
}

/// A length of 4 bits, continued in whole bytes when all of them are set.
fn length(packed: &[u8], at: &mut usize, nibble: usize) -> Option<usize> {
    let mut length = nibble;
    if nibble == 15 {
        loop {
            let more = *packed.get(*at)?;
            *at += 1;
            length += usize::from(more);
            if more < 255 {
                break;
            }
        }
    }
    Some(length)
}
