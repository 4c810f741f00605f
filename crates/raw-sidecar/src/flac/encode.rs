//! The encoder: blocks of 4096 samples, fixed predictors, Rice codes in partitions.

use super::{FRAME, MAGIC, Stereo};

/// Samples in a block.
const BLOCK: usize = 4096;
/// The highest order of a fixed predictor.
const MAX_ORDER: usize = 4;
/// The most partitions of a block's residuals, as a power of two.
const MAX_PARTITIONS: u32 = 6;
/// The largest Rice parameter of four bits; the one above it has another meaning.
const MAX_RICE: u32 = 14;

/// Packs little-endian samples of two channels. `None` if there are no whole samples.
pub(crate) fn encode(bytes: &[u8]) -> Option<Vec<u8>> {
    let (samples, rest) = bytes.as_chunks::<FRAME>();
    if samples.is_empty() || !rest.is_empty() {
        return None;
    }
    let mut out = Bits::default();
    MAGIC.iter().for_each(|&byte| out.put(byte.into(), 8));
    stream_info(&mut out, samples.len());
    for (number, block) in (0..).zip(samples.chunks(BLOCK)) {
        encode_block(number, block, &mut out);
    }
    Some(out.bytes)
}

/// The only metadata: sizes, rate, and the number of samples. Sizes of frames and the MD5 are unknown.
fn stream_info(out: &mut Bits, samples: usize) {
    const LAST: u64 = 0x80;
    for (value, bits) in [
        (LAST, 8),
        (34, 24),
        (BLOCK as u64, 16),
        (BLOCK as u64, 16),
        (0, 48),
        (44_100, 20),
        (2 - 1, 3),
        (16 - 1, 5),
        (samples as u64, 36),
        (0, 64),
        (0, 64),
    ] {
        out.put(value, bits);
    }
}

fn encode_block(number: u64, block: &[[u8; FRAME]], out: &mut Bits) {
    let sample = |bytes: [u8; 2]| i32::from(i16::from_le_bytes(bytes));
    let left: Vec<i32> = block.iter().map(|&[a, b, _, _]| sample([a, b])).collect();
    let right: Vec<i32> = block.iter().map(|&[_, _, c, d]| sample([c, d])).collect();
    let mid: Vec<i32> = left.iter().zip(&right).map(|(left, right)| (left + right) >> 1).collect();
    let side: Vec<i32> = left.iter().zip(&right).map(|(left, right)| left - right).collect();
    let [left, right, mid, side] = [left, right, mid, side].map(Channel::new);
    let pair = |stereo: Stereo| match stereo {
        Stereo::LeftRight => [&left, &right],
        Stereo::LeftSide => [&left, &side],
        Stereo::SideRight => [&side, &right],
        Stereo::MidSide => [&mid, &side],
    };
    let stereo = Stereo::ALL
        .into_iter()
        .min_by_key(|&stereo| pair(stereo).map(|channel| channel.cost).iter().sum::<u64>());
    let stereo = stereo.unwrap_or(Stereo::LeftRight);

    let start = out.bytes.len();
    // Sync code, blocks of a fixed size.
    out.put(0xFFF8, 16);
    let is_whole = block.len() == BLOCK;
    out.put(if is_whole { 12 } else { 7 }, 4);
    // 44.1 kHz, the channels, 16 bits.
    out.put(9, 4);
    out.put(stereo as u64, 4);
    out.put(4 << 1, 4);
    put_frame_number(number, out);
    if !is_whole {
        out.put(block.len() as u64 - 1, 16);
    }
    out.put(crc_8(&out.bytes[start..]), 8);
    for (channel, bits) in pair(stereo).into_iter().zip(stereo.bits()) {
        channel.put(bits, out);
    }
    out.fill_byte();
    out.put(crc_16(&out.bytes[start..]), 16);
}

/// As UTF-8 encodes characters; there are never 2^16 blocks.
fn put_frame_number(number: u64, out: &mut Bits) {
    match number {
        0..0x80 => out.put(number, 8),
        0x80..0x800 => {
            out.put(0xC0 | number >> 6, 8);
            out.put(0x80 | number & 0x3F, 8);
        }
        _ => {
            out.put(0xE0 | number >> 12 & 0xF, 8);
            out.put(0x80 | number >> 6 & 0x3F, 8);
            out.put(0x80 | number & 0x3F, 8);
        }
    }
}

/// One channel of a block, with the best fixed predictor.
struct Channel {
    samples: Vec<i32>,
    order: usize,
    /// What the predictor gets wrong, after the first `order` samples; folded to be positive.
    residuals: Vec<u32>,
    /// Roughly the bits that it takes.
    cost: u64,
}

impl Channel {
    fn new(samples: Vec<i32>) -> Self {
        let mut differences = samples.clone();
        let mut best = (0, differences.clone(), u64::MAX);
        for order in 0..=MAX_ORDER.min(samples.len() - 1) {
            if order > 0 {
                // Differences of differences, of which the first is lost each time.
                differences = differences.windows(2).map(|pair| pair[1] - pair[0]).collect();
            }
            let sum: u64 = differences.iter().map(|value| u64::from(value.unsigned_abs())).sum();
            if sum < best.2 {
                best = (order, differences.clone(), sum);
            }
        }
        let (order, residuals, sum) = best;
        let count = residuals.len() as u64;
        let bits_each = u64::from((sum / count + 1).ilog2()) + 1;
        let residuals =
            residuals.into_iter().map(|value| (value << 1 ^ value >> 31).cast_unsigned()).collect();
        Self { samples, order, residuals, cost: count * bits_each }
    }

    fn put(&self, bits: u32, out: &mut Bits) {
        let is_constant = self.samples.iter().all(|sample| *sample == self.samples[0]);
        if is_constant {
            out.put(0, 8);
            out.put_signed(self.samples[0], bits);
            return;
        }
        let (partition_order, rice) = self.partitions();
        let coded: u64 = rice.iter().map(|&(_, cost)| cost + 4).sum();
        if coded >= self.samples.len() as u64 * u64::from(bits) {
            // Verbatim.
            out.put(1 << 1, 8);
            self.samples.iter().for_each(|&sample| out.put_signed(sample, bits));
            return;
        }
        out.put((8 | self.order as u64) << 1, 8);
        self.samples[..self.order].iter().for_each(|&sample| out.put_signed(sample, bits));
        out.put(partition_order.into(), 2 + 4);
        for (residuals, (parameter, _)) in self.split(partition_order).zip(rice) {
            out.put(parameter.into(), 4);
            for &value in residuals {
                out.put_zeros(value >> parameter);
                out.put(1, 1);
                out.put((value & ((1 << parameter) - 1)).into(), parameter);
            }
        }
    }

    /// The residuals in partitions. The first one lacks the first `order` samples.
    fn split(&self, partition_order: u32) -> impl Iterator<Item = &[u32]> {
        let len = self.samples.len() >> partition_order;
        let (first, rest) = self.residuals.split_at(len - self.order);
        std::iter::once(first).chain(rest.chunks(len))
    }

    /// The cheapest division, with the Rice parameter and the bits of each partition.
    fn partitions(&self) -> (u32, Vec<(u32, u64)>) {
        let fits = |&order: &u32| {
            self.samples.len().is_multiple_of(1 << order) && self.samples.len() >> order > MAX_ORDER
        };
        let divide = |order: u32| (order, self.split(order).map(best_rice).collect::<Vec<_>>());
        let cost = |(_, rice): &(u32, Vec<(u32, u64)>)| rice.iter().map(|&(_, cost)| cost + 4).sum::<u64>();
        (1..=MAX_PARTITIONS).filter(fits).map(divide).chain([divide(0)]).min_by_key(cost).unwrap_or_default()
    }
}

/// The best Rice parameter and the bits that it takes.
fn best_rice(residuals: &[u32]) -> (u32, u64) {
    let sum: u64 = residuals.iter().copied().map(u64::from).sum();
    let middle = (sum / (residuals.len() as u64).max(1)).max(1).ilog2().min(MAX_RICE);
    let cost = |parameter: u32| {
        let quotients: u64 = residuals.iter().map(|&value| u64::from(value >> parameter)).sum();
        (parameter, quotients + residuals.len() as u64 * u64::from(parameter + 1))
    };
    let candidates = middle.saturating_sub(1)..=(middle + 1).min(MAX_RICE);
    candidates.map(cost).min_by_key(|&(_, cost)| cost).unwrap_or_default()
}

/// Bits, the highest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u64,
    count: u32,
}

impl Bits {
    /// Appends the low bits of a value.
    fn put(&mut self, value: u64, bits: u32) {
        let mut left = bits;
        while left > 0 {
            let now = left.min(32);
            left -= now;
            self.pending = self.pending << now | (value >> left & ((1 << now) - 1));
            self.count += now;
            while self.count >= 8 {
                self.count -= 8;
                self.bytes.push((self.pending >> self.count).to_le_bytes()[0]);
            }
        }
    }

    fn put_signed(&mut self, value: i32, bits: u32) {
        self.put(i64::from(value).cast_unsigned(), bits);
    }

    fn put_zeros(&mut self, mut count: u32) {
        while count > 0 {
            let now = count.min(64);
            self.put(0, now);
            count -= now;
        }
    }

    fn fill_byte(&mut self) {
        self.put(0, (8 - self.count) % 8);
    }
}

fn crc_8(bytes: &[u8]) -> u64 {
    let step = |crc: u8, _| if crc & 0x80 == 0 { crc << 1 } else { crc << 1 ^ 0x07 };
    bytes.iter().fold(0_u8, |crc, byte| (0..8).fold(crc ^ byte, step)).into()
}

fn crc_16(bytes: &[u8]) -> u64 {
    let step = |crc: u16, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x8005 };
    bytes.iter().fold(0_u16, |crc, byte| (0..8).fold(crc ^ u16::from(*byte) << 8, step)).into()
}
