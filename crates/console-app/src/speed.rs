//! Measures how fast an image can be read from the card, using the read sizes that games use.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use sector_decode::{Format, Layout, ReaderOptions, SECTOR_SIZE};

use crate::check;
use crate::failure::Failure;
use crate::files::{Buffer, File};
use crate::platform::{Mode, Platform};
use crate::text;
use crate::watch::{Unit, Watch};

/// Sizes of the reads, in bytes.
pub const SIZES: [u32; 4] = [2 << 10, 8 << 10, 32 << 10, 128 << 10];

/// A measurement ends after this many bytes or this long, whichever comes first.
const MOST_BYTES: u64 = 8 << 20;
const MOST_MICROS: u64 = 3_000_000;

/// The order in which sectors are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// One after the other.
    Sequential,
    /// At random places.
    Random,
}

impl Order {
    /// Returns the name used in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Random => "random",
        }
    }
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    /// The order of the reads.
    pub order: Order,
    /// Bytes per read.
    pub size: u32,
    /// Total bytes read.
    pub bytes: u64,
    /// How long it took.
    pub micros: u64,
}

/// All measurements of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The image.
    pub path: String,
    /// Its format.
    pub format: Format,
    /// Bytes of the disc in each block.
    pub block_size: u32,
    /// Sequential reads of each of [`SIZES`], then random ones. Sizes larger than the image are left out.
    pub speeds: Vec<Speed>,
    /// The file that the report was added to, or why that failed.
    pub kept: Result<String, Failure>,
}

impl Report {
    /// The report as lines of text, for a file.
    #[must_use]
    pub fn lines(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "{} ({}, blocks of {} bytes)", self.path, self.format, self.block_size);
        for Speed { order, size, bytes, micros } in &self.speeds {
            let speed = text::speed(*bytes, *micros);
            let _ = writeln!(text, "  {:<10} {:>3} KiB  {speed:>12}", order.name(), size >> 10);
        }
        text
    }
}

/// Measures reads of the image at `path`, and adds the result to a file next to the program.
///
/// # Errors
///
/// When the file cannot be read, a block being read is damaged, or the user cancels.
pub fn measure(console: &dyn Platform, path: &str, watch: &mut dyn Watch) -> Result<Report, Failure> {
    let mut report = measure_only(console, path, watch)?;
    report.kept = keep(console, &report);
    Ok(report)
}

/// Measures reads of the image at `path`.
///
/// # Errors
///
/// As [`measure`].
pub(crate) fn measure_only(
    console: &dyn Platform,
    path: &str,
    watch: &mut dyn Watch,
) -> Result<Report, Failure> {
    let mut file = File::open(console, path, Mode::Read)?;
    let layout = Layout::probe(&mut file).map_err(|error| Failure::of_probe(console, path, error))?;
    let mut out = Buffer::new(SIZES[SIZES.len() - 1] as usize)?;
    let mut reader = check::reader(file, layout, &ReaderOptions::PSP_DRIVER)?;
    let image_size = layout.image_size();
    let tests: Vec<(Order, u32)> = [Order::Sequential, Order::Random]
        .into_iter()
        .flat_map(|order| SIZES.map(|size| (order, size)))
        .filter(|&(_, size)| u64::from(size) <= image_size)
        .collect();
    let mut speeds = Vec::new();
    // Any numbers spread over the image will do; using the same ones for every image makes results
    // comparable.
    let mut random: u64 = 0x2545_F491_4F6C_DD1D;
    watch.begin("Measuring", tests.len() as u64 * MOST_MICROS, Unit::Pieces);
    for (number, (order, size)) in tests.into_iter().enumerate() {
        console.stay_awake();
        let buf = &mut out[..size as usize];
        let places = (image_size - u64::from(size)) / u64::from(SECTOR_SIZE) + 1;
        let begun = console.micros();
        let (mut bytes, mut at, mut told) = (0, 0, begun);
        let micros = loop {
            if order == Order::Random {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                at = random % places * u64::from(SECTOR_SIZE);
            }
            reader.read(at, buf).map_err(|error| check::unreadable(console, path, error))?;
            bytes += u64::from(size);
            at += u64::from(size);
            let now = console.micros();
            let micros = now.saturating_sub(begun);
            let at_end = order == Order::Sequential && at + u64::from(size) > image_size;
            if bytes >= MOST_BYTES || micros >= MOST_MICROS || at_end {
                break micros;
            }
            // The time spent drawing would be counted.
            if now.saturating_sub(told) > 1_000_000 {
                told = now;
                watch.advance(number as u64 * MOST_MICROS + micros)?;
            }
        };
        speeds.push(Speed { order, size, bytes, micros });
        watch.advance((number as u64 + 1) * MOST_MICROS)?;
    }
    Ok(Report {
        path: path.into(),
        format: layout.format(),
        block_size: layout.block_size(),
        speeds,
        kept: Err(Failure::NothingToDo),
    })
}

/// Adds a report to the file next to the program.
fn keep(console: &dyn Platform, report: &Report) -> Result<String, Failure> {
    let path = format!("{}speed.txt", console.folder());
    let mut file = File::open(console, &path, Mode::Append)?;
    file.write(report.lines().as_bytes())?;
    file.close()?;
    Ok(path)
}
