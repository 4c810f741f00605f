//! Codes of one deflate block, as tables that are looked into with the next bits of the stream.
//!
//! A canonical code is known from the lengths of its codewords (RFC 1951, 3.2.2). Its table has an entry
//! for every pattern of the next `bits` bits. Codewords come in the stream with their first bit lowest,
//! so a codeword of `n` bits fills every 2^n-th entry: while the table is built from the short codewords to
//! the long ones, it is doubled at each step in length instead, which copies whole words.
//!
//! Codewords longer than the table's bits are found by counting through the canonical code.

/// The longest codeword of deflate.
pub(super) const MAX_LEN: usize = 15;

/// An entry of either table: what a codeword means, and how long it is.
pub(super) trait Entry: Copy {
    /// Marks a pattern that no codeword begins with. It is as long as a bit, so that it can be taken for a codeword.
    const INVALID: Self;
    /// All zero, so that tables which were never built take no room in a program's file. Nothing is looked up
    /// in those.
    const EMPTY: Self;
    /// Marks a pattern that begins codewords longer than the table's bits.
    const LONG: Self;

    /// Returns the entry of a symbol of this code, for a codeword of `len` bits.
    fn new(symbol: usize, len: usize) -> Self;
}

/// The symbols of a code, in one list for each length of codeword.
///
/// A place is a number below 16 for the beginning of a length's list, or 16 and a symbol. `NEXT` is
/// 16 more than there are symbols.
pub(super) struct Lists<const NEXT: usize> {
    /// The place that comes after a place. Only what a list leads to is of this code.
    next: [u16; NEXT],
}

/// The last place of each list. As long as a list is empty, that is its beginning.
pub(super) type Ends = [u16; MAX_LEN + 1];

/// The ends of empty lists.
pub(super) const EMPTY: Ends = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

const BEGINNINGS: usize = MAX_LEN + 1;

impl<const NEXT: usize> Lists<NEXT> {
    pub(super) const fn new() -> Self {
        Self { next: [0; NEXT] }
    }

    /// Appends a symbol to the list of its codeword's length. Symbols must come in rising order.
    #[inline(always)]
    pub(super) fn append(&mut self, ends: &mut Ends, symbol: usize, len: u8) {
        let end = &mut ends[usize::from(len) & MAX_LEN];
        #[expect(clippy::cast_possible_truncation, reason = "symbols are below 2^9")]
        let place = (symbol + BEGINNINGS) as u16;
        if let Some(next) = self.next.get_mut(usize::from(*end)) {
            *next = place;
        }
        *end = place;
    }

    #[inline(always)]
    fn after(&self, place: usize) -> usize {
        after(&self.next, place)
    }
}

#[inline(always)]
fn after(next: &[u16], place: usize) -> usize {
    next.get(place).copied().map_or(0, usize::from)
}

/// A code with a table of `SIZE` entries, a power of two, and up to `LONG` codewords that are longer than
/// the table's bits.
pub(super) struct Code<E, const SIZE: usize, const LONG: usize> {
    table: Table<E, SIZE>,
    /// The table's entries that are used, less one: as many as the longest codeword needs, at most.
    mask: u32,
    /// How many codewords there are of each length.
    counts: [u16; MAX_LEN + 1],
    /// Symbols of the codewords longer than the table's bits, in the order of these.
    long: [u16; LONG],
}

/// Aligned, so that small entries can be copied by the word.
#[repr(align(8))]
struct Table<E, const SIZE: usize>([E; SIZE]);

/// Why lengths make no code: some bit patterns mean two things, or nothing.
pub(super) struct BadCode;

impl<E: Entry, const SIZE: usize, const LONG: usize> Code<E, SIZE, LONG> {
    const BITS: usize = SIZE.ilog2() as usize;

    pub(super) const fn new() -> Self {
        Self { table: Table([E::EMPTY; SIZE]), mask: 0, counts: [0; MAX_LEN + 1], long: [0; LONG] }
    }

    /// Builds the code of the listed symbols.
    ///
    /// A code must be complete, except that it may have no codeword or a single one of one bit.
    #[inline(never)]
    pub(super) fn build<const NEXT: usize>(
        &mut self,
        lists: &Lists<NEXT>,
        ends: &Ends,
    ) -> Result<(), BadCode> {
        let longest = (1..=MAX_LEN).rev().find(|&len| usize::from(ends[len]) != len).unwrap_or_default();
        let bits = longest.clamp(1, Self::BITS);
        self.mask = (1 << bits) - 1;
        if longest <= 1 {
            self.table.0[..2].fill(E::INVALID);
        }
        // The next codeword, its first bit lowest.
        let mut code = 0;
        // Patterns of the present length that no codeword begins with yet.
        let mut left = 1_i32;
        for (len, &end) in ends.iter().enumerate().take(bits + 1).skip(1) {
            let end = usize::from(end);
            let top = 1 << (len - 1);
            let mut place = len;
            let mut count = 0;
            while place != end {
                place = lists.after(place);
                self.table.0[code & (SIZE - 1)] = E::new(place.wrapping_sub(BEGINNINGS), len);
                code = successor(code, top);
                count += 1;
            }
            self.counts[len] = count;
            left = 2 * left - i32::from(count);
            if left < 0 {
                return Err(BadCode);
            }
            if len < bits {
                double(&mut self.table.0, 1 << len);
            }
        }
        self.counts[bits + 1..].fill(0);
        if longest > bits {
            left = list_long(&lists.next, ends, Self::BITS, &mut self.counts, &mut self.long, left)?;
            // What is left of the patterns begins the long codewords.
            let top = 1 << (bits - 1);
            while code != 0 {
                self.table.0[code & (SIZE - 1)] = E::LONG;
                code = successor(code, top);
            }
        }
        if left > 0 && longest > 1 { Err(BadCode) } else { Ok(()) }
    }

    /// Returns whether the code has a codeword for every pattern of bits.
    pub(super) fn is_complete(&self) -> bool {
        // The only codes that are built without being complete.
        self.counts[2..].iter().any(|&count| count != 0) || self.counts[1] == 2
    }

    /// Returns the entry for the next bits of the stream, of which 15 must be there.
    #[inline(always)]
    pub(super) fn lookup(&self, next: u32) -> E {
        self.table.0[(next & self.mask) as usize & (SIZE - 1)]
    }

    /// Returns the entry of a codeword that is longer than the table's bits.
    #[inline(always)]
    pub(super) fn lookup_long(&self, next: u32) -> E {
        lookup_long(&self.counts, &self.long, Self::BITS, next)
            .map_or(E::INVALID, |(symbol, len)| E::new(usize::from(symbol), len))
    }

    #[cfg(feature = "fast")]
    pub(super) fn table(&self) -> (&[E; SIZE], u32) {
        (&self.table.0, self.mask)
    }
}

/// Writes down the symbols with codewords longer than `bits`, and how many there are of each length. Takes and
/// returns how many patterns are left. Not generic, as what follows: both codes share these.
#[inline(never)]
fn list_long(
    next: &[u16],
    ends: &Ends,
    bits: usize,
    counts: &mut [u16; MAX_LEN + 1],
    long: &mut [u16],
    mut left: i32,
) -> Result<i32, BadCode> {
    let mut slots = long.iter_mut();
    for (len, &end) in ends.iter().enumerate().skip(bits + 1) {
        let mut place = len;
        let mut count = 0;
        while place != usize::from(end) {
            place = after(next, place);
            #[expect(clippy::cast_possible_truncation, reason = "symbols are below 2^9")]
            let symbol = place.wrapping_sub(BEGINNINGS) as u16;
            *slots.next().ok_or(BadCode)? = symbol;
            count += 1;
        }
        counts[len] = count;
        left = 2 * left - i32::from(count);
        if left < 0 {
            return Err(BadCode);
        }
    }
    Ok(left)
}

/// Finds the symbol and the length of a codeword that is longer than `bits`: counts through the canonical code.
#[cold]
#[inline(never)]
fn lookup_long(
    counts: &[u16; MAX_LEN + 1],
    long: &[u16],
    bits: usize,
    mut next: u32,
) -> Option<(u16, usize)> {
    // `code` is the codeword read so far, `first` the first codeword of its length, `index` the place of
    // that one's symbol.
    let (mut code, mut first, mut index) = (0_u32, 0_u32, 0_usize);
    for (len, &count) in counts.iter().enumerate().skip(1) {
        code |= next & 1;
        next >>= 1;
        if len > bits {
            let rank = code.wrapping_sub(first);
            if rank < u32::from(count) {
                return long.get(index + rank as usize).map(|&symbol| (symbol, len));
            }
            index += usize::from(count);
        }
        first = (first + u32::from(count)) << 1;
        code <<= 1;
    }
    None
}

/// Returns the codeword behind `code` of the same length, both with their first bit lowest; `top` is the
/// last bit. 0 comes after the last one.
#[inline(always)]
fn successor(mut code: usize, mut top: usize) -> usize {
    while code & top != 0 {
        code ^= top;
        top >>= 1;
    }
    code | top
}

/// Copies the first `len` entries, a power of two, behind themselves.
#[inline(always)]
fn double<E: Entry, const SIZE: usize>(table: &mut [E; SIZE], len: usize) {
    #[cfg(feature = "fast")]
    if len * size_of::<E>() >= super::fast::DOUBLE {
        super::fast::double(table, len);
        return;
    }
    for at in 0..len {
        table[(at + len) & (SIZE - 1)] = table[at & (SIZE - 1)];
    }
}
