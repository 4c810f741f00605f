//! Prefix codes: how long each symbol's codeword is, and the codewords themselves.

use alloc::boxed::Box;

use super::symbols::LITLENS;

/// The longest codeword of literals, lengths and distances.
pub(super) const MAX_CODE_LEN: usize = 15;

/// Working memory for building a code: 8 KiB.
pub(super) struct Huffman {
    /// Used symbols with their counts in the upper bits, the rarest first.
    sorted: [u32; LITLENS],
    /// Weights, then nodes, then depths.
    work: [u32; LITLENS],
    packages: Packages,
}

/// Two rows of weights, and for each place of each row whether a symbol is there, or a package.
struct Packages {
    row: [u32; 2 * LITLENS],
    next: [u32; 2 * LITLENS],
    /// A bit for each row.
    is_symbol: [u16; 2 * LITLENS],
}

/// Counts are stored above this many bits for the symbol.
const SYMBOL_BITS: u32 = 9;

impl Huffman {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            sorted: [0; LITLENS],
            work: [0; LITLENS],
            packages: Packages { row: [0; 2 * LITLENS], next: [0; 2 * LITLENS], is_symbol: [0; 2 * LITLENS] },
        })
    }

    /// Gives each symbol that occurs the length of its codeword in the shortest code whose codewords have at
    /// most `max_len` bits; all others get 0. A single symbol gets one bit, which leaves the code incomplete.
    ///
    /// There must be at most [`LITLENS`] counts, each below 2^23, and at most 2^`max_len` of them used.
    pub(super) fn lengths(&mut self, counts: &[u32], max_len: usize, lengths: &mut [u8]) {
        let mut used = 0;
        for (symbol, (&count, length)) in (0..).zip(counts.iter().zip(lengths.iter_mut())) {
            *length = 0;
            if count > 0 {
                self.sorted[used] = count << SYMBOL_BITS | symbol;
                used += 1;
            }
        }
        let sorted = &mut self.sorted[..used];
        sorted.sort_unstable();
        let work = &mut self.work[..used];
        for (weight, &key) in work.iter_mut().zip(sorted.iter()) {
            *weight = key >> SYMBOL_BITS;
        }
        match used {
            0 => return,
            1 => work[0] = 1,
            _ => {
                depths(work);
                // The rarest symbol is the deepest.
                if work[0] as usize > max_len {
                    self.packages.limited_depths(sorted, max_len, work);
                }
            }
        }
        for (&key, &depth) in sorted.iter().zip(work.iter()) {
            lengths[(key & ((1 << SYMBOL_BITS) - 1)) as usize] = depth as u8;
        }
    }
}

/// Turns at least two weights, the smallest first, into the depths of their leaves in a Huffman tree, in
/// place.
///
/// The algorithm of Moffat and Katajainen: first `nodes` holds inner nodes' weights from the left, then their
/// parents, then depths of inner nodes, then depths of leaves from the right.
fn depths(nodes: &mut [u32]) {
    let count = nodes.len();
    let (mut root, mut leaf) = (0, 0);
    for next in 0..count - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            if leaf >= count || (root < next && nodes[root] < nodes[leaf]) {
                weight += nodes[root];
                nodes[root] = next as u32;
                root += 1;
            } else {
                weight += nodes[leaf];
                leaf += 1;
            }
        }
        nodes[next] = weight;
    }
    nodes[count - 2] = 0;
    for node in (0..count - 2).rev() {
        nodes[node] = nodes[nodes[node] as usize] + 1;
    }
    let (mut available, mut depth) = (1, 0);
    // Both count down: the remaining inner nodes, and the leaves without a depth.
    let (mut inner, mut leaves) = (count - 1, count);
    while available > 0 {
        let mut used = 0;
        while inner > 0 && nodes[inner - 1] == depth {
            used += 1;
            inner -= 1;
        }
        while available > used {
            leaves -= 1;
            nodes[leaves] = depth;
            available -= 1;
        }
        available = 2 * used;
        depth += 1;
    }
}

impl Packages {
    /// Package-merge (Larmore and Hirschberg): the depths of the shortest code with none over `max_len`.
    ///
    /// Row by row, symbols are merged with pairs of the previous row. The number of places taken from the
    /// last row determines how many of them are symbols and how many are pairs, and thus how much of the
    /// previous row is taken.
    fn limited_depths(&mut self, sorted: &[u32], max_len: usize, depths: &mut [u32]) {
        let mut row_len = 0;
        for level in 0..max_len {
            let pairs = row_len / 2;
            let (mut symbol, mut pair) = (0, 0);
            for place in 0..sorted.len() + pairs {
                let package = self.row[..row_len].get(2 * pair..2 * pair + 2).map(|two| two[0] + two[1]);
                let weight = sorted.get(symbol).map(|key| key >> SYMBOL_BITS);
                let takes_symbol = match (weight, package) {
                    (Some(weight), Some(package)) => weight <= package,
                    (weight, _) => weight.is_some(),
                };
                let chosen = if takes_symbol { weight } else { package };
                self.next[place] = chosen.unwrap_or(0);
                self.is_symbol[place] &= !(1 << level);
                self.is_symbol[place] |= u16::from(takes_symbol) << level;
                symbol += usize::from(takes_symbol);
                pair += usize::from(!takes_symbol);
            }
            row_len = symbol + pair;
            core::mem::swap(&mut self.row, &mut self.next);
        }
        depths.fill(0);
        let mut taken = 2 * sorted.len() - 2;
        for level in (0..max_len).rev() {
            let symbols = self.is_symbol[..taken].iter().filter(|&&rows| rows >> level & 1 == 1).count();
            for depth in &mut depths[..symbols] {
                *depth += 1;
            }
            taken = 2 * (taken - symbols);
        }
    }
}

/// Builds the canonical codewords of these lengths (RFC 1951, 3.2.2), bits reversed as they are written.
pub(super) fn codewords(lengths: &[u8], codewords: &mut [u16]) {
    let mut next = [0u16; MAX_CODE_LEN + 2];
    for &length in lengths {
        next[usize::from(length) + 1] += 1;
    }
    next[1] = 0;
    // Codewords of one length continue from those of the previous length, with a 0 appended.
    for length in 2..=MAX_CODE_LEN {
        next[length] = (next[length] + next[length - 1]) << 1;
    }
    for (codeword, &length) in codewords.iter_mut().zip(lengths) {
        let length = usize::from(length);
        *codeword = 0;
        if length > 0 {
            *codeword = next[length].reverse_bits() >> (16 - length);
            next[length] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use test_noise::Noise;

    use super::*;

    fn lengths(counts: &[u32], max_len: usize) -> alloc::vec::Vec<u8> {
        let mut lengths = alloc::vec![99; counts.len()];
        Huffman::new().lengths(counts, max_len, &mut lengths);
        lengths
    }

    /// In units of the longest codeword: 2^15 is all the space.
    fn space(lengths: &[u8]) -> u32 {
        lengths.iter().filter(|&&length| length > 0).map(|&length| 1 << (15 - length)).sum()
    }

    fn cost(lengths: &[u8], counts: &[u32]) -> u32 {
        lengths.iter().zip(counts).map(|(&length, &count)| u32::from(length) * count).sum()
    }

    #[test]
    fn few_symbols() {
        assert_eq!(lengths(&[0, 0], 15), [0, 0]);
        assert_eq!(lengths(&[0, 7], 15), [0, 1]);
        assert_eq!(lengths(&[1, 7], 15), [1, 1]);
        assert_eq!(lengths(&[4, 0, 1, 1], 15), [1, 0, 2, 2]);
        assert_eq!(lengths(&[1, 1, 1, 1, 1], 15).iter().map(|&length| u32::from(length)).sum::<u32>(), 12);
    }

    #[test]
    fn both_algorithms_find_codes_of_the_same_cost() {
        let mut noise = Noise::new(1);
        for round in 2..200usize {
            let counts: alloc::vec::Vec<u32> = (0..round).map(|_| 1 + u32::from(noise.byte())).collect();
            let free = lengths(&counts, 15);
            let mut huffman = Huffman::new();
            let mut sorted: alloc::vec::Vec<u32> =
                (0..).zip(&counts).map(|(symbol, count)| count << SYMBOL_BITS | symbol).collect();
            sorted.sort_unstable();
            let mut limited = alloc::vec![0; round];
            huffman.packages.limited_depths(&sorted, 15, &mut limited);
            let cost_of: u32 =
                sorted.iter().zip(&limited).map(|(key, depth)| (key >> SYMBOL_BITS) * depth).sum();
            assert_eq!(cost(&free, &counts), cost_of);
            assert_eq!(space(&free), 1 << 15);
        }
    }

    #[test]
    fn limits_are_kept_and_the_code_stays_complete() {
        // Fibonacci numbers make the deepest trees.
        let mut counts = alloc::vec![1, 1];
        while counts.len() < 22 {
            counts.push(counts[counts.len() - 1] + counts[counts.len() - 2]);
        }
        for max_len in [5, 7, 9, 12, 15] {
            let lengths = lengths(&counts, max_len);
            assert!(lengths.iter().all(|&length| (1..=max_len).contains(&usize::from(length))));
            assert_eq!(space(&lengths), 1 << 15);
        }
        let all = lengths(&[1; 128], 7);
        assert_eq!(all, [7; 128]);
    }

    #[test]
    fn codewords_of_the_rfc() {
        // The example of RFC 1951, 3.2.2.
        let mut words = [0; 8];
        codewords(&[3, 3, 3, 3, 3, 2, 4, 4], &mut words);
        let expected = [0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111];
        assert_eq!(words, expected);
    }
}
