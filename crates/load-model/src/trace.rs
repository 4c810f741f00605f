//! Which sectors a game reads, and in which order.

use std::fmt;

use sector_decode::Lba;

/// One read by a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The first sector.
    pub lba: Lba,
    /// How many sectors of 2048 bytes; at least one.
    pub sectors: u32,
}

/// The origin of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Made up.
    Synthetic,
    /// Recorded while something was running.
    Recorded,
}

/// The reads of a game, in order.
///
/// # File format
///
/// Text of lines, in UTF-8:
///
/// ```text
/// cisor trace 1
/// recorded The test app's start, under PPSSPP 1.17
/// # a comment
/// 16 1
/// 22 1
/// 1024 16
/// ```
///
/// The first line is exactly as shown. The second one has the origin of the trace, `recorded` or `synthetic`,
/// and a description for people. Every other line is an access: the first sector and the number of sectors,
/// both decimal, separated by spaces. Empty lines and lines starting with `#` are ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// A description for people.
    pub name: String,
    /// Its origin.
    pub origin: Origin,
    /// The reads.
    pub accesses: Vec<Access>,
}

/// Why a text is not a valid trace. Lines are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceError {
    /// The first line is not that of a trace of this version.
    Version,
    /// The second line says neither `recorded` nor `synthetic`.
    Origin,
    /// A line is not a valid access: two numbers, of which the second is not 0.
    Access {
        /// Number of the line.
        line: usize,
    },
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version => write!(f, "line 1 is not \"{FIRST_LINE}\""),
            Self::Origin => f.write_str("line 2 begins neither with \"recorded\" nor with \"synthetic\""),
            Self::Access { line } => write!(f, "line {line} is not a sector and a number of sectors"),
        }
    }
}

impl std::error::Error for TraceError {}

const FIRST_LINE: &str = "cisor trace 1";

impl Trace {
    /// Parses the text of a trace.
    ///
    /// # Errors
    ///
    /// The first invalid line.
    pub fn parse(text: &str) -> Result<Self, TraceError> {
        let mut lines = (1..).zip(text.lines().map(str::trim));
        if lines.next().is_none_or(|(_, line)| line != FIRST_LINE) {
            return Err(TraceError::Version);
        }
        let (origin, name) = match lines.next().map(|(_, line)| line.split_once(' ').unwrap_or((line, ""))) {
            Some(("recorded", name)) => (Origin::Recorded, name),
            Some(("synthetic", name)) => (Origin::Synthetic, name),
            _ => return Err(TraceError::Origin),
        };
        let accesses = lines
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(number, line)| access(line).ok_or(TraceError::Access { line: number }))
            .collect::<Result<_, _>>()?;
        Ok(Self { name: name.trim().to_owned(), origin, accesses })
    }

    /// Synthetic: a film or music, read 16 sectors at a time, from the first sector of the disc to its end at
    /// `sectors`.
    #[must_use]
    pub fn streaming(sectors: u32) -> Self {
        const AT_ONCE: u32 = 16;
        let accesses = (0..sectors).step_by(AT_ONCE as usize);
        Self::synthetic(
            "streaming, 32 KiB at a time",
            accesses.map(|lba| (lba, AT_ONCE.min(sectors - lba))).collect(),
        )
    }

    /// Synthetic: this many reads of one sector at random places on a disc of `sectors`.
    #[must_use]
    pub fn random(sectors: u32, count: u32) -> Self {
        let mut dice = Dice(1);
        Self::synthetic(
            "single sectors anywhere",
            (0..count).map(|_| (dice.below(sectors), 1.min(sectors))).collect(),
        )
    }

    /// Synthetic: reads `count` folders, whose sectors are next to each other after the volume descriptors,
    /// and the first two sectors of eight files in each folder, which are at random places. For a disc of
    /// `sectors`.
    #[must_use]
    pub fn directory_walk(sectors: u32, count: u32) -> Self {
        /// ISO 9660's first volume descriptor; path table and folders follow.
        const FIRST: u32 = 16;
        const FILES: u32 = 8;
        let mut dice = Dice(2);
        let mut accesses = vec![(FIRST, 1), (FIRST + 4, 1)];
        for folder in 0..count {
            accesses.push((FIRST + 6 + folder, 1));
            for _ in 0..FILES {
                let file = dice.below(sectors.saturating_sub(1));
                accesses.extend([(file, 1), (file + 1, 1)]);
            }
        }
        accesses.retain(|&(lba, _)| lba < sectors);
        Self::synthetic("folders and the beginnings of files", accesses)
    }

    fn synthetic(name: &str, accesses: Vec<(u32, u32)>) -> Self {
        let accesses = accesses.into_iter().filter(|&(_, sectors)| sectors > 0);
        let accesses = accesses.map(|(lba, sectors)| Access { lba: Lba(lba), sectors }).collect();
        Self { name: name.to_owned(), origin: Origin::Synthetic, accesses }
    }
}

fn access(line: &str) -> Option<Access> {
    let mut numbers = line.split_whitespace().map(str::parse::<u32>);
    match (numbers.next()?, numbers.next()?, numbers.next()) {
        (Ok(lba), Ok(sectors), None) if sectors > 0 => Some(Access { lba: Lba(lba), sectors }),
        _ => None,
    }
}

/// Produces the same numbers in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    /// Returns a number below `end`, or 0.
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let number = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let number = (number ^ number >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        // The upper half times the range: its upper half is below the range.
        u32::try_from(((number >> 32) * u64::from(end)) >> 32).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_trace_is_read() {
        let text = "cisor trace 1\r\nrecorded A game's start\r\n# comment\r\n\r\n16 1\r\n  4000   32\r\n";
        let trace = Trace::parse(text).unwrap();
        assert_eq!((trace.origin, trace.name.as_str()), (Origin::Recorded, "A game's start"));
        let expected = [(16, 1), (4000, 32)].map(|(lba, sectors)| Access { lba: Lba(lba), sectors });
        assert_eq!(trace.accesses, expected);
        assert_eq!(Trace::parse("cisor trace 1\nsynthetic\n").unwrap().accesses, []);
    }

    #[test]
    fn what_is_no_trace_is_refused_by_line() {
        for (text, error) in [
            ("", TraceError::Version),
            ("cisor trace 2\nrecorded x\n", TraceError::Version),
            ("cisor trace 1\n", TraceError::Origin),
            ("cisor trace 1\n16 1\n", TraceError::Origin),
            ("cisor trace 1\nrecorded x\n\n16\n", TraceError::Access { line: 4 }),
            ("cisor trace 1\nrecorded x\n16 0\n", TraceError::Access { line: 3 }),
            ("cisor trace 1\nrecorded x\n16 1 1\n", TraceError::Access { line: 3 }),
            ("cisor trace 1\nrecorded x\n1 1\n-1 1\n", TraceError::Access { line: 4 }),
            ("cisor trace 1\nrecorded x\n5000000000 1\n", TraceError::Access { line: 3 }),
        ] {
            assert_eq!(Trace::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn synthetic_traces_stay_on_the_disc() {
        for sectors in [0, 1, 2, 15, 17, 30, 1000, u32::MAX] {
            let mut traces = vec![Trace::random(sectors, 200), Trace::directory_walk(sectors, 40)];
            if sectors < 10_000 {
                let streaming = Trace::streaming(sectors);
                assert_eq!(streaming.accesses.iter().map(|access| access.sectors).sum::<u32>(), sectors);
                traces.push(streaming);
            }
            for access in traces.iter().flat_map(|trace| &trace.accesses) {
                assert!(access.sectors > 0);
                assert!(access.lba.0.checked_add(access.sectors).is_some_and(|end| end <= sectors));
            }
        }
    }
}
