//! Blocks that are made to cost as much as possible: many instructions for few bytes.

#[allow(dead_code, unreachable_pub, reason = "the decoder's tests use all of it")]
#[path = "../../sector-decode/tests/support/bits.rs"]
mod bits;

use bits::Bits;

use crate::machine::Machine;

/// How many times the mean of its decoder a block may cost, however it is made.
pub(crate) const LIMIT: f64 = 150.0;

/// What blocks of a kind cost.
pub(crate) struct Dearest {
    pub(crate) kind: &'static Kind,
    /// For each block size, how many times the mean of the decoder.
    pub(crate) times: Vec<(usize, f64)>,
}

/// Counts the instructions of blocks of each kind. `mean` knows what a decoder takes for a byte of a usual block.
pub(crate) fn measure(
    machine: &mut Machine,
    block_sizes: &[usize],
    mean: impl Fn(&str, usize) -> f64,
) -> Vec<Dearest> {
    let mut times = |kind: &Kind, block_size: usize| {
        let packed = (kind.make)(packed_len(block_size));
        let instructions = machine.decode_any(kind.function, &packed, block_size).instructions;
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let times = instructions as f64 / (mean(kind.decoder, block_size) * block_size as f64);
        (block_size, times)
    };
    KINDS
        .iter()
        .map(|kind| Dearest { kind, times: block_sizes.iter().map(|&size| times(kind, size)).collect() })
        .collect()
}

/// Lists the blocks that cost more than they may.
pub(crate) fn too_dear(found: &[Dearest]) -> Vec<String> {
    let all =
        found.iter().flat_map(|row| row.times.iter().map(move |&(size, times)| (row.kind, size, times)));
    all.filter(|&(.., times)| times > LIMIT)
        .map(|(kind, size, times)| {
            format!("{size} bytes, {}, {}: {times:.1} times as much as usual", kind.decoder, kind.title)
        })
        .collect()
}

/// A kind of block.
pub(crate) struct Kind {
    pub(crate) title: &'static str,
    /// The decoder's row in the table.
    pub(crate) decoder: &'static str,
    /// Of the guest.
    function: &'static str,
    /// Makes as many packed bytes as are asked for, or a few less.
    make: fn(usize) -> Vec<u8>,
}

impl Kind {
    const fn inflate(title: &'static str, make: fn(usize) -> Vec<u8>) -> Self {
        Self { title, decoder: "inflate", function: "decode_deflate", make }
    }

    const fn lz4(title: &'static str, make: fn(usize) -> Vec<u8>) -> Self {
        Self { title, decoder: "LZ4", function: "decode_lz4", make }
    }

    const fn lzo(title: &'static str, make: fn(usize) -> Vec<u8>) -> Self {
        Self { title, decoder: "LZO1X", function: "decode_lzo", make }
    }
}

static KINDS: [Kind; 15] = [
    Kind::inflate("empty blocks with the fixed codes", |len| blocks(len, |_| {}, fixed)),
    Kind::inflate("empty blocks with the shortest header", |len| blocks(len, |_| {}, shortest)),
    Kind::inflate("empty blocks with full tables", |len| blocks(len, |_| {}, full)),
    Kind::inflate("empty blocks with 256 codewords", |len| blocks(len, |_| {}, many)),
    Kind::inflate("both kinds of codes in turn", |len| blocks(len, |_| {}, |stream| shortest(fixed(stream)))),
    Kind::inflate("empty stored blocks", |len| [0, 0, 0, 0xFF, 0xFF].repeat(len / 5)),
    Kind::inflate("literals of 15 bits", |len| blocks(len, long_codes, |stream| stream.code(0x7FFE, 15))),
    Kind::inflate("matches of 3 bytes, 30 bits of codewords", |len| {
        blocks(len, long_codes, |stream| stream.code(0x7FFF, 15).code(0x7FFE, 15))
    }),
    Kind::lz4("matches of 4 bytes", |len| repeated(&[0x10, b'A'], &[1, 0, 0], len)),
    Kind::lz4("a byte and 4 bytes from a distance of 1", |len| repeated(&[], &[0x10, b'A', 1, 0], len)),
    Kind::lz4("a length without end", |len| repeated(&[0xF0], &[255], len)),
    Kind::lzo("2 bytes from a distance of 1, and a byte", |len| {
        repeated(&[22, 1, 2, 3, 4, 5, 0x41, 0, b'A'], &[0x01, 0, b'A'], len)
    }),
    Kind::lzo("3 bytes from a distance of 1", |len| repeated(&[22, 1, 2, 3, 4, 5], &[0x21, 0, 0], len)),
    Kind::lzo("4 bytes, and 3 from a distance of 1", |len| {
        repeated(&[22, 1, 2, 3, 4, 5, 0x40, 0], &[0x01, 1, 2, 3, 4, 0x40, 0], len)
    }),
    Kind::lzo("a length without end", |len| repeated(&[22, 1, 2, 3, 4, 5, 0x20], &[0], len)),
];

/// The most bytes that a reader takes for a packed block (`Layout::max_packed_len`).
fn packed_len(block_size: usize) -> usize {
    block_size + block_size / 8 + 64
}

fn repeated(start: &[u8], item: &[u8], len: usize) -> Vec<u8> {
    [start, &item.repeat((len - start.len()) / item.len())].concat()
}

/// A deflate stream of a beginning and the same bits again and again.
fn blocks(len: usize, start: fn(&mut Bits), item: fn(&mut Bits) -> &mut Bits) -> Vec<u8> {
    let mut stream = Bits::default();
    start(&mut stream);
    let mut bytes = Vec::new();
    loop {
        item(&mut stream);
        let longer = stream.finish();
        if longer.len() > len {
            return bytes;
        }
        bytes = longer;
    }
}

fn fixed(stream: &mut Bits) -> &mut Bits {
    stream.field(0, 1).field(1, 2).code(0, 7)
}

/// A block that is not the last one, up to the code for its code lengths; `lens` are the lengths of that code by symbol.
fn header<'a>(stream: &'a mut Bits, literals: u32, distances: u32, lens: &[u32; 19]) -> &'a mut Bits {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let used = ORDER.iter().rposition(|&symbol| lens[symbol] > 0).map_or(0, |place| place + 1).max(4);
    stream.field(0, 1).field(2, 2).field(literals - 257, 5).field(distances - 1, 5);
    stream.field(u32::try_from(used).expect("at most 19") - 4, 4);
    for &symbol in &ORDER[..used] {
        stream.field(lens[symbol], 3);
    }
    stream
}

/// An empty block whose only codewords are the end of the block and a distance.
fn shortest(stream: &mut Bits) -> &mut Bits {
    let mut lens = [0; 19];
    (lens[18], lens[1]) = (1, 1);
    header(stream, 257, 1, &lens);
    // 1 is 0, 18 is 1: 256 zeros, two lengths of 1, the end.
    stream.code(1, 1).field(127, 7).code(1, 1).field(107, 7).code(0, 1).code(0, 1).code(0, 1)
}

/// An empty block whose codes fill the tables: one of 10 bits, and one of 7.
fn full(stream: &mut Bits) -> &mut Bits {
    let mut lens = [0; 19];
    // 10 is 00, 8 and 9 are 010 and 011, 1 to 7 and 18 are 1000 to 1111.
    lens[1..=7].fill(4);
    (lens[18], lens[8], lens[9], lens[10]) = (4, 3, 3, 2);
    header(stream, 257, 8, &lens);
    for len in 1..=7 {
        stream.code(7 + len, 4);
    }
    stream.code(0b010, 3).code(0b011, 3).code(0b00, 2);
    // Symbols 10 to 255 have none, 256 has 10 bits.
    stream.code(15, 4).field(127, 7).code(15, 4).field(246 - 138 - 11, 7).code(0b00, 2);
    for len in [1, 2, 3, 4, 5, 6, 7, 7] {
        stream.code(7 + len, 4);
    }
    stream.code(0x3FF, 10)
}

/// An empty block with codewords of 8 bits for every symbol but the first.
fn many(stream: &mut Bits) -> &mut Bits {
    let mut lens = [0; 19];
    (lens[0], lens[8], lens[16]) = (2, 2, 1);
    header(stream, 257, 1, &lens);
    // 16 is 0, 0 is 10, 8 is 11: a symbol without, one with 8 bits, 255 like that, and no distance.
    stream.code(0b10, 2).code(0b11, 2);
    for _ in 0..42 {
        stream.code(0, 1).field(3, 2);
    }
    stream.code(0, 1).field(0, 2).code(0b10, 2).code(0xFF, 8)
}

/// The header of a block whose codes have codewords of 15 bits: for a literal and a match of 3 bytes, and for two distances.
/// Begins with a few literals.
fn long_codes(stream: &mut Bits) {
    stream.field(0, 1).field(2, 2);
    let literal = |symbol: u8| (usize::from(symbol), symbol + 1);
    let mut used: Vec<(usize, u8)> = (0..14).map(literal).collect();
    used.extend([(255, 15), (257, 15)]);
    let mut distances: Vec<u8> = (1..=15).collect();
    // The first codeword of 15 bits is that of distance 1.
    distances.rotate_right(1);
    distances.push(15);
    stream.code_lengths(&bits::lengths(258, &used), &distances);
    for _ in 0..8 {
        stream.code(0, 1);
    }
}
