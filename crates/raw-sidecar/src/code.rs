//! The instructions of a part: which bytes of a file follow from the image and which are kept.

use crate::error::Error;
use crate::sector::{FORM_2, Header, MAX_ADDRESS, Mode, RAW, USER};

/// Bytes of a sector's subcode.
pub(crate) const SUBCODE: usize = 96;
/// The largest number of sectors in an instruction: more than a CD has.
const MAX_COUNT: u64 = 1 << 20;

/// Bits of an instruction's first byte. The lowest three bits are the kind.
const KIND: u8 = 0b111;
const KEPT: u8 = 1 << 3;
const HEADLESS: u8 = 1 << 4;
const WITH_SUBCODE: u8 = 1 << 5;
const NEW_SUBHEADER: u8 = 1 << 6;
const NEW_ADDRESS: u8 = 1 << 7;
/// Kinds that are not a [`Mode`].
const BYTES: u8 = 0;
const USER_ONLY: u8 = 5;

/// The part of each sector that a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// All of it, perhaps followed by its subcode.
    Whole { with_subcode: bool },
    /// Without sync pattern and header: 2336 bytes of mode 2.
    Headless,
    /// Only the 2048 bytes of user data.
    User,
}

impl Shape {
    /// The bytes of a whole sector that are in the file.
    pub(crate) const fn range(self) -> std::ops::Range<usize> {
        match self {
            Self::Whole { .. } => 0..RAW,
            Self::Headless => 16..RAW,
            Self::User => 16..16 + USER,
        }
    }

    /// Bytes of the subcode.
    pub(crate) const fn subcode(self) -> usize {
        match self {
            Self::Whole { with_subcode: true } => SUBCODE,
            _ => 0,
        }
    }

    /// Bytes of a sector in the file.
    pub(crate) const fn len(self) -> usize {
        let range = self.range();
        range.end - range.start + self.subcode()
    }

    /// The shape of a sector with this many bytes in the file.
    pub(crate) fn of_len(len: usize) -> Option<Self> {
        [Self::Whole { with_subcode: false }, Self::Whole { with_subcode: true }, Self::Headless, Self::User]
            .into_iter()
            .find(|shape| shape.len() == len)
    }
}

/// Consecutive sectors of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) shape: Shape,
    /// Whether the user data is in the sidecar, not in the image.
    pub(crate) is_kept: bool,
    /// Of the first sector.
    pub(crate) header: Header,
    pub(crate) count: u32,
    /// Bytes of the last sector that are not what they should be: offsets in a whole sector, in order.
    pub(crate) changes: Vec<(usize, Vec<u8>)>,
}

impl Run {
    /// Bytes of each sector that the data of the part holds.
    pub(crate) const fn kept_len(&self) -> usize {
        let user = match (self.is_kept, self.shape, self.header.mode) {
            (true, ..) => self.header.mode.user_len(),
            (false, Shape::Whole { .. } | Shape::Headless, Mode::Form2 | Mode::Form2NoEdc) => FORM_2 - USER,
            (false, ..) => 0,
        };
        user + self.shape.subcode()
    }
}

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// This many bytes of the data as they are.
    Bytes(u64),
    Run(Run),
}

/// What an instruction leaves out, because it follows from the one before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    pub(crate) subheader: [u8; 4],
    pub(crate) address: u32,
}

impl Context {
    pub(crate) const START: Self = Self { subheader: [0, 0, 8, 0], address: 150 };

    /// The context after a run.
    fn after(run: &Run, before: Self) -> Self {
        let is_mode_1 = run.header.mode == Mode::Mode1 || run.shape == Shape::User;
        Self {
            subheader: if is_mode_1 { before.subheader } else { run.header.subheader },
            address: run.header.address.saturating_add(run.count) % MAX_ADDRESS,
        }
    }

    pub(crate) fn put(&mut self, instruction: &Instruction, out: &mut Vec<u8>) {
        let run = match instruction {
            Instruction::Bytes(len) => {
                out.push(BYTES);
                put_number(out, *len);
                return;
            }
            Instruction::Run(run) => run,
        };
        let mut first = match (run.shape, run.header.mode) {
            (Shape::User, _) => USER_ONLY,
            (_, Mode::Mode1) => 1,
            (_, Mode::Form1) => 2,
            (_, Mode::Form2) => 3,
            (_, Mode::Form2NoEdc) => 4,
        };
        let after = Self::after(run, *self);
        let flags = [
            (run.is_kept, KEPT),
            (run.shape == Shape::Headless, HEADLESS),
            (run.shape.subcode() > 0, WITH_SUBCODE),
            (after.subheader != self.subheader, NEW_SUBHEADER),
            (run.header.address != self.address, NEW_ADDRESS),
        ];
        for (is_set, flag) in flags {
            first |= if is_set { flag } else { 0 };
        }
        out.push(first);
        if first & NEW_SUBHEADER != 0 {
            out.extend(run.header.subheader);
        }
        if first & NEW_ADDRESS != 0 {
            put_number(out, run.header.address.into());
        }
        put_number(out, u64::from(run.count) << 1 | u64::from(!run.changes.is_empty()));
        if !run.changes.is_empty() {
            put_number(out, run.changes.len() as u64);
            let mut at = 0;
            for (start, bytes) in &run.changes {
                put_number(out, (start - at) as u64);
                put_number(out, bytes.len() as u64);
                out.extend(bytes);
                at = start + bytes.len();
            }
        }
        *self = after;
    }

    pub(crate) fn take(&mut self, rest: &mut &[u8]) -> Result<Instruction, Error> {
        let impossible = Error::Damaged("an instruction is impossible");
        let [first] = take(rest)?;
        let with_subcode = first & WITH_SUBCODE != 0;
        let (shape, mode) = match (first & KIND, first & HEADLESS != 0) {
            (BYTES, _) if first == BYTES => return Ok(Instruction::Bytes(take_number(rest, u64::MAX)?)),
            (USER_ONLY, false) if first & (KEPT | WITH_SUBCODE | NEW_SUBHEADER) == 0 => {
                (Shape::User, Mode::Mode1)
            }
            (1, false) if first & NEW_SUBHEADER == 0 => (Shape::Whole { with_subcode }, Mode::Mode1),
            (kind @ 2..=4, is_headless) if !(is_headless && with_subcode) => {
                let shape = if is_headless { Shape::Headless } else { Shape::Whole { with_subcode } };
                (shape, [Mode::Form1, Mode::Form2, Mode::Form2NoEdc][usize::from(kind) - 2])
            }
            _ => return Err(impossible),
        };
        let subheader = if first & NEW_SUBHEADER != 0 { take(rest)? } else { self.subheader };
        let address = match first & NEW_ADDRESS {
            0 => self.address,
            _ => u32::try_from(take_number(rest, u64::from(MAX_ADDRESS) - 1)?).unwrap_or_default(),
        };
        let count = take_number(rest, 2 * MAX_COUNT + 1)?;
        let has_changes = count & 1 == 1;
        let count = u32::try_from(count >> 1).unwrap_or_default();
        if count == 0 {
            return Err(impossible);
        }
        let header = Header { mode, address, subheader };
        let mut run = Run { shape, is_kept: first & KEPT != 0, header, count, changes: Vec::new() };
        if has_changes {
            let mut at = shape.range().start;
            let pieces = take_number(rest, RAW as u64)?;
            let mut end = 0;
            for _ in 0..pieces {
                let gap = number_in_sector(rest)?;
                let len = number_in_sector(rest)?;
                let start = end + gap;
                end = start + len;
                if start < at || end > shape.range().end || len == 0 {
                    return Err(impossible);
                }
                let (bytes, left) = rest.split_at_checked(len).ok_or(impossible_end())?;
                run.changes.push((start, bytes.to_vec()));
                *rest = left;
                at = end;
            }
        }
        *self = Self::after(&run, *self);
        Ok(Instruction::Run(run))
    }
}

const fn impossible_end() -> Error {
    Error::Damaged("an instruction is cut off")
}

fn number_in_sector(rest: &mut &[u8]) -> Result<usize, Error> {
    Ok(usize::try_from(take_number(rest, RAW as u64)?).unwrap_or_default())
}

/// Seven bits per byte, the lowest first; the highest bit is set in all but the last.
fn put_number(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            out.push(low & 0x7F);
            return;
        }
        out.push(low | 0x80);
    }
}

fn take_number(rest: &mut &[u8], most: u64) -> Result<u64, Error> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let [byte] = take(rest)?;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return if number <= most { Ok(number) } else { Err(Error::Damaged("a number is too large")) };
        }
    }
    Err(Error::Damaged("a number is too large"))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Error> {
    let (bytes, left) = rest.split_first_chunk().ok_or(impossible_end())?;
    *rest = left;
    Ok(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(shape: Shape, mode: Mode, address: u32) -> Run {
        let header = Header { mode, address, subheader: [1, 2, 3, 4] };
        Run { shape, is_kept: false, header, count: 3, changes: Vec::new() }
    }

    #[test]
    fn instructions_come_back() {
        let whole = Shape::Whole { with_subcode: false };
        let instructions = [
            Instruction::Bytes(1 << 40),
            Instruction::Run(run(whole, Mode::Form1, 150)),
            Instruction::Run(run(whole, Mode::Form1, 153)),
            Instruction::Run(Run { is_kept: true, ..run(whole, Mode::Form2, MAX_ADDRESS - 1) }),
            Instruction::Run(run(Shape::Headless, Mode::Form2NoEdc, 2)),
            Instruction::Run(run(Shape::Whole { with_subcode: true }, Mode::Form2, 5)),
            Instruction::Run(Run {
                changes: vec![(0, vec![7]), (2351, vec![9])],
                ..run(whole, Mode::Form1, 150)
            }),
        ];
        let mut out = Vec::new();
        let mut context = Context::START;
        instructions.iter().for_each(|instruction| context.put(instruction, &mut out));
        let (mut rest, mut context) = (&out[..], Context::START);
        for instruction in &instructions {
            assert_eq!(context.take(&mut rest).unwrap(), *instruction);
        }
        assert!(rest.is_empty());
        for len in 0..out.len() {
            let (mut rest, mut context) = (&out[..len], Context::START);
            while context.take(&mut rest).is_ok() {}
        }
    }

    #[test]
    fn impossible_instructions_are_refused() {
        for bytes in [
            &[6, 2][..],
            &[7, 2],
            &[BYTES | KEPT, 2],
            &[1 | HEADLESS, 2],
            &[2 | HEADLESS | WITH_SUBCODE, 2],
            &[USER_ONLY | KEPT, 2],
            &[2, 0],
            &[2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            // Changes outside the sector, before the part that the file holds, and of no bytes.
            &[2, 3, 1, 0xB0, 0x12, 1, 9],
            &[2 | HEADLESS, 3, 1, 15, 1, 9],
            &[2, 3, 1, 15, 0],
            &[2 | NEW_ADDRESS, 0xD0, 0xBB, 0x1B, 2],
        ] {
            let mut context = Context::START;
            assert!(context.take(&mut &bytes[..]).is_err(), "{bytes:?}");
        }
    }
}
