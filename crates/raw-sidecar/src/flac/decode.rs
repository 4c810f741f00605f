//! The decoder: any stream of 16 bits and two channels. Its checksums are not looked at, because the section
//! that it is in has one.

use super::{FRAME, MAGIC, Stereo};

/// The largest block of the format.
const MAX_BLOCK: usize = 1 << 16;

/// Unpacks a stream to exactly `len` bytes. `None` if it is anything else.
pub(crate) fn decode(stream: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut bits = Bits { bytes: stream.strip_prefix(&MAGIC)?, at: 0 };
    loop {
        let is_last = bits.take(1)? == 1;
        bits.take(7)?;
        let block = u64::from(bits.take(24)?);
        bits.at = bits.at.checked_add(block * 8)?;
        if is_last {
            break;
        }
    }
    let mut out = Vec::new();
    while out.len() < len {
        decode_block(&mut bits, &mut out, len)?;
    }
    (out.len() == len && bits.at == bits.bytes.len() as u64 * 8).then_some(out)
}

fn decode_block(bits: &mut Bits<'_>, out: &mut Vec<u8>, most: usize) -> Option<()> {
    // Sync code and a reserved bit; then the kind of blocks, which only changes the number.
    if bits.take(15)? != 0xFFF8 >> 1 {
        return None;
    }
    bits.take(1)?;
    let (size_code, rate_code) = (bits.take(4)?, bits.take(4)?);
    let stereo = bits.take(4)?;
    let stereo = Stereo::ALL.into_iter().find(|known| *known as u32 == stereo)?;
    if !matches!(bits.take(4)?, 0 | 8) {
        return None;
    }
    let more = bits.take(8)?.to_le_bytes()[0].leading_ones();
    (1..more).try_for_each(|_| bits.take(8).map(|_| ()))?;
    let size = match size_code {
        1 => 192,
        2..=5 => 576 << (size_code - 2),
        6 => bits.take(8)? + 1,
        7 => bits.take(16)? + 1,
        8..=15 => 256 << (size_code - 8),
        _ => return None,
    };
    match rate_code {
        12 => bits.take(8)?,
        13 | 14 => bits.take(16)?,
        15 => return None,
        _ => 0,
    };
    // The header's checksum.
    bits.take(8)?;
    let size = usize::try_from(size).ok().filter(|&size| size <= MAX_BLOCK)?;
    if size * FRAME > most - out.len() {
        return None;
    }
    let [first, second] = stereo.bits();
    let (first, second) = (channel(bits, size, first)?, channel(bits, size, second)?);
    for (first, second) in first.into_iter().zip(second) {
        let (left, right) = match stereo {
            Stereo::LeftRight => (first, second),
            Stereo::LeftSide => (first, first - second),
            Stereo::SideRight => (first + second, second),
            Stereo::MidSide => {
                let sum = first << 1 | (second & 1);
                ((sum + second) >> 1, (sum - second) >> 1)
            }
        };
        for value in [left, right] {
            out.extend(i16::try_from(value).ok()?.to_le_bytes());
        }
    }
    bits.fill_byte();
    bits.take(16).map(|_| ())
}

/// Decodes the samples of one channel, each of this many bits.
fn channel(bits: &mut Bits<'_>, size: usize, width: u32) -> Option<Vec<i64>> {
    if bits.take(1)? != 0 {
        return None;
    }
    let kind = bits.take(6)?;
    let wasted = if bits.take(1)? == 1 { bits.zeros()? + 1 } else { 0 };
    let width = width.checked_sub(wasted).filter(|&width| width > 0)?;
    let mut samples = Vec::with_capacity(size);
    match kind {
        0 => samples.resize(size, bits.take_signed(width)?),
        1 => warm_up(bits, size, width, &mut samples)?,
        8..=12 => {
            const FIXED: [&[i64]; 5] = [&[], &[1], &[2, -1], &[3, -3, 1], &[4, -6, 4, -1]];
            let coefficients = FIXED[usize::try_from(kind - 8).ok()?];
            warm_up(bits, coefficients.len().min(size), width, &mut samples)?;
            predict(bits, size, width, coefficients, 0, &mut samples)?;
        }
        32..=63 => {
            let order = usize::try_from(kind - 31).ok()?;
            warm_up(bits, order.min(size), width, &mut samples)?;
            let precision = bits.take(4)? + 1;
            let shift = u32::try_from(bits.take_signed(5)?).ok()?;
            let coefficients: Option<Vec<i64>> = (0..order).map(|_| bits.take_signed(precision)).collect();
            predict(bits, size, width, &coefficients?, shift, &mut samples)?;
        }
        _ => return None,
    }
    samples.iter_mut().for_each(|sample| *sample <<= wasted);
    Some(samples)
}

fn warm_up(bits: &mut Bits<'_>, count: usize, width: u32, samples: &mut Vec<i64>) -> Option<()> {
    (0..count).try_for_each(|_| bits.take_signed(width).map(|sample| samples.push(sample)))
}

/// Adds the residuals to what the coefficients predict from the samples before, the latest first.
fn predict(
    bits: &mut Bits<'_>,
    size: usize,
    width: u32,
    coefficients: &[i64],
    shift: u32,
    samples: &mut Vec<i64>,
) -> Option<()> {
    let parameter_bits = match bits.take(2)? {
        0 => 4,
        1 => 5,
        _ => return None,
    };
    let partition_order = bits.take(4)?;
    let partition = size >> partition_order;
    if partition << partition_order != size
        || partition < coefficients.len()
        || samples.len() < coefficients.len()
    {
        return None;
    }
    let limit = 1_i64 << (width - 1);
    for number in 1..=1_usize << partition_order {
        let parameter = bits.take(parameter_bits)?;
        let is_escaped = parameter == (1 << parameter_bits) - 1;
        let raw_bits = if is_escaped { bits.take(5)? } else { 0 };
        while samples.len() < number * partition {
            let residual = if is_escaped {
                if raw_bits == 0 { 0 } else { bits.take_signed(raw_bits)? }
            } else {
                let folded = u64::from(bits.zeros()?) << parameter | u64::from(bits.take(parameter)?);
                (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed()
            };
            let before = samples.iter().rev();
            let sum: i64 = coefficients.iter().zip(before).map(|(factor, sample)| factor * sample).sum();
            let sample = (sum >> shift) + residual;
            if !(-limit..limit).contains(&sample) {
                return None;
            }
            samples.push(sample);
        }
    }
    Some(())
}

/// Bits, the highest first.
struct Bits<'b> {
    bytes: &'b [u8],
    /// Bits that were taken.
    at: u64,
}

impl Bits<'_> {
    /// Takes up to 32 bits.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut window = [0; 8];
        let start = usize::try_from(self.at / 8).ok()?;
        let end = self.at + u64::from(count);
        if end > self.bytes.len() as u64 * 8 {
            return None;
        }
        let there = &self.bytes[start..];
        let len = there.len().min(8);
        window[..len].copy_from_slice(&there[..len]);
        let bits = u64::from_be_bytes(window) << (self.at % 8);
        self.at = end;
        if count == 0 { Some(0) } else { u32::try_from(bits >> (64 - count)).ok() }
    }

    fn take_signed(&mut self, count: u32) -> Option<i64> {
        let shift = 64 - count;
        Some((u64::from(self.take(count)?) << shift).cast_signed() >> shift)
    }

    /// Takes zeros and the one after them; returns how many zeros there were.
    fn zeros(&mut self) -> Option<u32> {
        let mut zeros = 0_u32;
        loop {
            let left = (self.bytes.len() as u64 * 8).checked_sub(self.at).filter(|&left| left > 0)?;
            let now = u32::try_from(left.min(32)).ok()?;
            let start = self.at;
            let found = (self.take(now)? << (32 - now)).leading_zeros().min(now);
            zeros = zeros.checked_add(found)?;
            self.at = start + u64::from(found);
            if found < now {
                self.at += 1;
                return Some(zeros);
            }
        }
    }

    fn fill_byte(&mut self) {
        self.at = self.at.next_multiple_of(8);
    }
}
