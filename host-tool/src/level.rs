//! Levels of effort, `-1` to `-9` and `--best`, and what each means for each encoder.

use std::fmt;

use image_writer::{DeflateEncoder, Effort, Lz4Encoder};

/// How much time is spent on making blocks small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `-1` to `-9`.
    Numbered(Number),
    /// `--best`: the smallest file possible, however long it takes.
    Best,
}

/// A number from 1 to 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(u8);

impl Number {
    /// Accepts a number from 1 to 9.
    pub const fn new(number: u8) -> Option<Self> {
        if matches!(number, 1..=9) { Some(Self(number)) } else { None }
    }

    /// Returns the number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// A row of the table: what one level does.
struct Row {
    level: Level,
    /// Stock zlib's own level.
    zlib: u8,
    /// Level for readers of any deflate stream.
    deflate: DeflateEncoder,
    lz4: Lz4Encoder,
}

const fn libdeflate(level: u8) -> DeflateEncoder {
    DeflateEncoder::Libdeflate { level }
}

const fn sector(effort: Effort) -> DeflateEncoder {
    DeflateEncoder::Sector { effort }
}

const fn row(number: u8, zlib: u8, deflate: DeflateEncoder, lz4: Lz4Encoder) -> Row {
    Row { level: Level::Numbered(Number(number)), zlib, deflate, lz4 }
}

const fn hc(level: u8) -> Lz4Encoder {
    Lz4Encoder::Hc { level }
}

/// The only definition of the levels; the help text is generated from it.
///
/// zlib's levels end at 9, which the default already uses: at 2048 bytes it costs little more than 6, and
/// nothing that firmwares are known to accept is smaller. Levels 2, 7 and 8 of zlib are left out because
/// they hardly differ from their neighbours on blocks of that size.
const ROWS: [Row; 10] = [
    row(1, 1, libdeflate(1), Lz4Encoder::Fast),
    row(2, 3, libdeflate(2), hc(3)),
    row(3, 4, libdeflate(4), hc(4)),
    row(4, 5, libdeflate(6), hc(6)),
    row(5, 6, libdeflate(7), hc(8)),
    row(6, 9, libdeflate(9), Lz4Encoder::optimal(64)),
    row(7, 9, libdeflate(10), Lz4Encoder::optimal(256)),
    row(8, 9, libdeflate(11), Lz4Encoder::optimal(1024)),
    row(9, 9, sector(Effort::Thorough), Lz4Encoder::SMALLEST),
    Row { level: Level::Best, zlib: 9, deflate: sector(Effort::Best), lz4: Lz4Encoder::SMALLEST },
];

impl Level {
    /// Accepts a number from 1 to 9.
    pub const fn new(number: u8) -> Option<Self> {
        match Number::new(number) {
            Some(number) => Some(Self::Numbered(number)),
            None => None,
        }
    }

    /// Returns the stock zlib encoder of this level: for readers that decode with the PSP's firmware.
    pub const fn zlib(self) -> DeflateEncoder {
        DeflateEncoder::Zlib { level: self.row().zlib }
    }

    /// Returns the deflate encoder of this level: for readers that accept any deflate stream.
    pub const fn deflate(self) -> DeflateEncoder {
        self.row().deflate
    }

    /// Returns the LZ4 encoder of this level.
    pub const fn lz4(self) -> Lz4Encoder {
        self.row().lz4
    }

    const fn row(self) -> &'static Row {
        match self {
            Self::Numbered(number) => &ROWS[number.0 as usize - 1],
            Self::Best => &ROWS[9],
        }
    }
}

impl Default for Level {
    /// `-6`.
    fn default() -> Self {
        Self::Numbered(Number(6))
    }
}

impl fmt::Display for Level {
    /// The option that selects the level.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbered(number) => f.pad(&format!("-{}", number.0)),
            Self::Best => f.pad("--best"),
        }
    }
}

/// Returns the table of what each level does, for the help text: a heading and a line per level.
#[must_use]
pub fn table() -> String {
    let mut table = format!("{:<8}{:<14}{:<33}{}\n", "level", "stock zlib", "deflate", "LZ4");
    for row in &ROWS {
        let default = if row.level == Level::default() { "  (default)" } else { "" };
        let zlib = DeflateEncoder::Zlib { level: row.zlib };
        let line = format!(
            "{:<8}{:<14}{:<33}{}{default}",
            row.level,
            deflate_name(zlib),
            deflate_name(row.deflate),
            lz4_name(row.lz4)
        );
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table.push_str(
        "\nStock zlib packs what is for PSP firmwares (profiles psp, adrenaline and ark; DAX and JSO): it\n\
         has nothing stronger than its level 9, so from -6 on all levels write the same file. The middle\n\
         column packs every other CSO, the last one ZSO, where --best is the same as -9; CSO v2 takes the\n\
         smaller of the two for each block. Cisor's own encoder is for blocks of up to 64 KiB;\n\
         libdeflate 12 packs larger ones.\n",
    );
    table
}

pub(crate) fn deflate_name(encoder: DeflateEncoder) -> String {
    match encoder {
        DeflateEncoder::Zlib { level } => format!("zlib {level}"),
        DeflateEncoder::Libdeflate { level } => format!("libdeflate {level}"),
        DeflateEncoder::Sector { effort: Effort::Quick } => "Cisor's own, quick".into(),
        DeflateEncoder::Sector { effort: Effort::Thorough } => "Cisor's own, thorough".into(),
        DeflateEncoder::Sector { effort: Effort::Best } => "Cisor's own, best".into(),
    }
}

pub(crate) fn lz4_name(encoder: Lz4Encoder) -> String {
    match encoder {
        Lz4Encoder::Fast => "LZ4 fast".into(),
        Lz4Encoder::Hc { level } => format!("LZ4 HC {level}"),
        Lz4Encoder::Optimal { attempts } => format!("LZ4 optimal {attempts}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Level> {
        (1..=9).filter_map(Level::new).chain([Level::Best]).collect()
    }

    #[test]
    fn numbers_are_from_1_to_9() {
        assert_eq!((Level::new(0), Level::new(10)), (None, None));
        assert_eq!(all().len(), 10);
    }

    #[test]
    fn rows_are_in_the_order_of_their_levels() {
        for level in all() {
            assert_eq!(level.row().level, level);
        }
    }

    #[test]
    fn default_is_level_6_and_the_strongest_zlib() {
        assert_eq!(Level::default().to_string(), "-6");
        assert_eq!(Level::default().zlib(), DeflateEncoder::Zlib { level: 9 });
        for level in all().into_iter().filter(|&level| level > Level::default()) {
            assert_eq!(level.zlib(), Level::default().zlib());
        }
    }

    #[test]
    fn other_encoders_are_as_documented() {
        let libdeflate = all().into_iter().map(|level| match level.deflate() {
            DeflateEncoder::Libdeflate { level } => level,
            DeflateEncoder::Sector { effort: Effort::Thorough } => 100,
            DeflateEncoder::Sector { effort: Effort::Best } => 101,
            DeflateEncoder::Sector { .. } | DeflateEncoder::Zlib { .. } => 0,
        });
        assert_eq!(libdeflate.collect::<Vec<_>>(), [1, 2, 4, 6, 7, 9, 10, 11, 100, 101]);
        let lz4 = all().into_iter().map(|level| match level.lz4() {
            Lz4Encoder::Fast => 0,
            Lz4Encoder::Hc { level } => level.into(),
            Lz4Encoder::Optimal { attempts } => attempts.get(),
        });
        assert_eq!(lz4.collect::<Vec<_>>(), [0, 3, 4, 6, 8, 64, 256, 1024, 16384, 16384]);
    }

    #[test]
    fn stronger_levels_are_never_weaker_and_the_lower_ones_all_differ() {
        for pair in all().windows(2) {
            let (DeflateEncoder::Zlib { level: a }, DeflateEncoder::Zlib { level: b }) =
                (pair[0].zlib(), pair[1].zlib())
            else {
                panic!("another encoder than zlib")
            };
            assert!(if pair[1] <= Level::default() { a < b } else { a == b }, "{} {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn table_has_every_level_and_fits_a_terminal() {
        let table = table();
        for level in all() {
            assert_eq!(table.lines().filter(|line| line.starts_with(&format!("{level} "))).count(), 1);
        }
        assert_eq!(table.matches("(default)").count(), 1);
        assert!(table.lines().all(|line| line.len() <= 100), "{table}");
    }
}
