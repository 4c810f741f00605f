//! The parts of a CD sector that follow from its address and its user data (ECMA-130, 14 and annex A; the
//! two Forms of mode 2 are CD-ROM XA's).

use image_source::edc;

/// Bytes of a whole sector.
pub(crate) const RAW: usize = 2352;
/// Bytes of user data that an image holds of each sector.
pub(crate) const USER: usize = 2048;
/// Bytes of user data in a sector of Form 2.
pub(crate) const FORM_2: usize = 2324;
/// The first address that a header cannot express: 100 minutes.
pub(crate) const MAX_ADDRESS: u32 = 100 * 60 * 75;

/// The first bytes of every data sector.
pub(crate) const SYNC: [u8; 12] = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0];

/// The kinds of data sectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Mode 1: 2048 bytes with EDC and ECC.
    Mode1,
    /// Mode 2, Form 1: a subheader, and 2048 bytes with EDC and ECC.
    Form1,
    /// Mode 2, Form 2: a subheader, and 2324 bytes with EDC.
    Form2,
    /// The same with zeros in place of the EDC.
    Form2NoEdc,
}

impl Mode {
    /// Returns the offset of the user data in a sector.
    #[must_use]
    pub const fn user_start(self) -> usize {
        match self {
            Self::Mode1 => 16,
            Self::Form1 | Self::Form2 | Self::Form2NoEdc => 24,
        }
    }

    /// Returns how many bytes of user data a sector has.
    #[must_use]
    pub const fn user_len(self) -> usize {
        match self {
            Self::Mode1 | Self::Form1 => USER,
            Self::Form2 | Self::Form2NoEdc => FORM_2,
        }
    }
}

/// The identity of a sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its kind.
    pub mode: Mode,
    /// Its address in frames, counted from 00:00:00. Sector 0 of the first track has 150.
    pub address: u32,
    /// The subheader of mode 2, which is in the sector twice.
    pub subheader: [u8; 4],
}

impl Header {
    /// Reads the identity that a sector claims to have. `None` if it does not have a mode or an address. The
    /// sync pattern is not checked.
    #[must_use]
    pub fn of(sector: &[u8; RAW]) -> Option<Self> {
        let mut address = 0;
        for (&field, limit) in sector[12..15].iter().zip([100, 60, 75]) {
            let (high, low) = (u32::from(field >> 4), u32::from(field & 15));
            let value = high * 10 + low;
            if high > 9 || low > 9 || value >= limit {
                return None;
            }
            address = address * limit + value;
        }
        let (mode, subheader) = match sector[15] {
            1 => (Mode::Mode1, [0; 4]),
            2 => mode_2(&sector[16..]),
            _ => return None,
        };
        Some(Self { mode, address, subheader })
    }

    /// Writes everything around the user data, which is in its place already.
    pub fn complete(&self, sector: &mut [u8; RAW]) {
        sector[..12].copy_from_slice(&SYNC);
        let fields = [self.address / 75 / 60, self.address / 75 % 60, self.address % 75];
        let header =
            fields.map(|field| u8::try_from(((field / 10 % 10) << 4) | (field % 10)).unwrap_or_default());
        match self.mode {
            Mode::Mode1 => {
                sector[12..15].copy_from_slice(&header);
                sector[15] = 1;
                let code = edc(&sector[..2064]).to_le_bytes();
                sector[2064..2068].copy_from_slice(&code);
                sector[2068..2076].fill(0);
                write_ecc(sector);
            }
            Mode::Form1 => {
                // The header counts as zeros in the ECC of mode 2.
                sector[12..16].fill(0);
                self.write_subheader(sector);
                let code = edc(&sector[16..2072]).to_le_bytes();
                sector[2072..2076].copy_from_slice(&code);
                write_ecc(sector);
            }
            Mode::Form2 | Mode::Form2NoEdc => {
                self.write_subheader(sector);
                let code = if self.mode == Mode::Form2 { edc(&sector[16..2348]) } else { 0 };
                sector[2348..].copy_from_slice(&code.to_le_bytes());
            }
        }
        if self.mode != Mode::Mode1 {
            sector[12..15].copy_from_slice(&header);
            sector[15] = 2;
        }
    }

    fn write_subheader(&self, sector: &mut [u8; RAW]) {
        sector[16..20].copy_from_slice(&self.subheader);
        sector[20..24].copy_from_slice(&self.subheader);
    }
}

/// The Form and the subheader of a sector of mode 2, from the subheader on.
pub(crate) fn mode_2(bytes: &[u8]) -> (Mode, [u8; 4]) {
    const FORM_2_BIT: u8 = 0x20;
    let subheader = [bytes[0], bytes[1], bytes[2], bytes[3]];
    let mode = match bytes[2] & FORM_2_BIT {
        0 => Mode::Form1,
        _ if bytes[2332..2336] == [0; 4] => Mode::Form2NoEdc,
        _ => Mode::Form2,
    };
    (mode, subheader)
}

/// Words of two bytes in a row of the ECC's matrix.
const ROW: usize = 43;
/// Rows of the matrix with P, which Q covers.
const ROWS: usize = 26;
/// Offset of the matrix in a sector.
const MATRIX: usize = 12;
/// Offsets of the two codes.
const P: usize = MATRIX + 24 * 2 * ROW;
const Q: usize = MATRIX + ROWS * 2 * ROW;

/// Writes the ECC over bytes 12 to 2075 (ECMA-130, annex A).
fn write_ecc(sector: &mut [u8; RAW]) {
    let mut columns = Parity::<{ 2 * ROW }>::new();
    for row in sector[MATRIX..P].as_chunks().0 {
        columns.add(row);
    }
    let (first, second) = columns.finish();
    sector[P..P + 2 * ROW].copy_from_slice(&first);
    sector[P + 2 * ROW..Q].copy_from_slice(&second);

    let mut diagonals = Parity::<{ 2 * ROWS }>::new();
    for step in 0..ROW {
        let mut words = [0; 2 * ROWS];
        for (diagonal, word) in words.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            let at = MATRIX + 2 * ((44 * step + 43 * diagonal) % (ROWS * ROW));
            *word = [sector[at], sector[at + 1]];
        }
        diagonals.add(&words);
    }
    let (first, second) = diagonals.finish();
    sector[Q..Q + 2 * ROWS].copy_from_slice(&first);
    sector[Q + 2 * ROWS..].copy_from_slice(&second);
}

/// The two parity bytes of `N` vectors, to which one byte each is added at a time. With the parity bytes at
/// its end, the sum of a vector is 0, and so is the sum weighted with powers of alpha.
struct Parity<const N: usize> {
    plain: [u8; N],
    weighted: [u8; N],
}

impl<const N: usize> Parity<N> {
    const fn new() -> Self {
        Self { plain: [0; N], weighted: [0; N] }
    }

    fn add(&mut self, bytes: &[u8; N]) {
        for ((plain, weighted), byte) in self.plain.iter_mut().zip(&mut self.weighted).zip(bytes) {
            *plain ^= byte;
            *weighted = double(*weighted ^ byte);
        }
    }

    fn finish(self) -> ([u8; N], [u8; N]) {
        let (mut first, mut second) = ([0; N], [0; N]);
        for place in 0..N {
            // first + second = plain, alpha * first + second = alpha * weighted.
            first[place] = THIRDS[usize::from(self.plain[place] ^ double(self.weighted[place]))];
            second[place] = first[place] ^ self.plain[place];
        }
        (first, second)
    }
}

/// The product with alpha in GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1.
const fn double(byte: u8) -> u8 {
    byte << 1 ^ (0x1D * (byte >> 7))
}

/// Quotients by alpha + 1.
static THIRDS: [u8; 256] = thirds();

const fn thirds() -> [u8; 256] {
    let mut thirds = [0; 256];
    let mut byte = 0_u8;
    loop {
        thirds[(double(byte) ^ byte) as usize] = byte;
        if byte == u8::MAX {
            return thirds;
        }
        byte += 1;
    }
}
