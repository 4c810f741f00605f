//! A screen-sized picture, and drawing into it.

use alloc::vec;
use alloc::vec::Vec;

use embedded_graphics::geometry::{OriginDimensions, Point};
use embedded_graphics::image::GetPixel;
use embedded_graphics::mono_font::MonoFont;
use embedded_graphics::mono_font::iso_8859_1::{FONT_7X13, FONT_8X13, FONT_8X13_BOLD, FONT_9X18_BOLD};
use embedded_graphics::pixelcolor::BinaryColor;

/// Width of the screen in pixels.
pub const WIDTH: usize = 480;
/// Height of the screen in pixels.
pub const HEIGHT: usize = 272;

/// A colour in the screen's format: red in the lowest byte, then green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u32);

impl Colour {
    const fn rgb(rgb: u32) -> Self {
        Self((rgb & 0xFF) << 16 | (rgb & 0xFF00) | rgb >> 16)
    }

    pub(crate) const GROUND: Self = Self::rgb(0x0010_1A26);
    pub(crate) const BAR: Self = Self::rgb(0x0018_4E86);
    pub(crate) const CHOSEN: Self = Self::rgb(0x0024_4768);
    pub(crate) const TROUGH: Self = Self::rgb(0x0026_3443);
    pub(crate) const TEXT: Self = Self::rgb(0x00F2_F5F8);
    pub(crate) const DIM: Self = Self::rgb(0x00A9_BACB);
    pub(crate) const ACCENT: Self = Self::rgb(0x00FF_C857);
    pub(crate) const GOOD: Self = Self::rgb(0x007B_E29B);
    pub(crate) const BAD: Self = Self::rgb(0x00FF_8A80);
}

/// A typeface and size. All letters of a font have the same width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Font {
    /// Headings.
    Title,
    /// Text to read.
    Body,
    /// Text that should catch the eye.
    Bold,
    /// Descriptions of the buttons.
    Small,
}

impl Font {
    const fn face(self) -> &'static MonoFont<'static> {
        match self {
            Self::Title => &FONT_9X18_BOLD,
            Self::Body => &FONT_8X13,
            Self::Bold => &FONT_8X13_BOLD,
            Self::Small => &FONT_7X13,
        }
    }

    /// Width of a letter in pixels.
    pub(crate) const fn width(self) -> usize {
        self.face().character_size.width as usize
    }
}

/// A screen-sized picture, row by row from the top.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    pixels: Vec<u32>,
}

impl Frame {
    /// Makes an empty picture.
    #[must_use]
    pub fn new() -> Self {
        Self { pixels: vec![Colour::GROUND.0; WIDTH * HEIGHT] }
    }

    /// Makes a picture from the rows of another one; missing rows are left empty.
    #[must_use]
    pub fn from_rows<'r>(rows: impl Iterator<Item = &'r [u32]>) -> Self {
        let mut frame = Self::new();
        for (row, given) in frame.pixels.chunks_exact_mut(WIDTH).zip(rows) {
            for (pixel, given) in row.iter_mut().zip(given) {
                *pixel = given & 0x00FF_FFFF;
            }
        }
        frame
    }

    /// Returns the rows, [`WIDTH`] pixels each: red in the lowest byte, then green and blue.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &[u32]> {
        self.pixels.chunks_exact(WIDTH)
    }

    /// Fills a rectangle, clipped to the screen.
    pub(crate) fn fill(&mut self, x: usize, y: usize, width: usize, height: usize, colour: Colour) {
        let end = (x + width).min(WIDTH);
        for row in self.pixels.chunks_exact_mut(WIDTH).skip(y).take(height) {
            if let Some(part) = row.get_mut(x..end) {
                part.fill(colour.0);
            }
        }
    }

    /// Writes a line of text with its upper left corner at `x`, `y`, clipped to the screen.
    pub(crate) fn text(&mut self, x: usize, y: usize, text: &str, font: Font, colour: Colour) {
        let face = font.face();
        let (width, height) = (font.width(), face.character_size.height as usize);
        let in_a_row = face.image.size().width as usize / width;
        for (number, c) in text.chars().enumerate() {
            let glyph = face.glyph_mapping.index(fold(c));
            let (from_x, from_y) = (glyph % in_a_row * width, glyph / in_a_row * height);
            let left = x + number * width;
            for down in 0..height {
                for right in 0..width {
                    let point = Point::new(coordinate(from_x + right), coordinate(from_y + down));
                    if face.image.pixel(point) == Some(BinaryColor::On) && left + right < WIDTH {
                        let at = (y + down) * WIDTH + left + right;
                        if let Some(pixel) = self.pixels.get_mut(at) {
                            *pixel = colour.0;
                        }
                    }
                }
            }
        }
    }

    /// The picture as a BMP file with 24 bits per pixel.
    #[must_use]
    pub fn bmp(&self) -> Vec<u8> {
        const HEADERS: usize = 14 + 40;
        let len = HEADERS + 3 * WIDTH * HEIGHT;
        let mut file = Vec::with_capacity(len);
        let long = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
        file.extend_from_slice(b"BM");
        for number in [len, 0, HEADERS, 40, WIDTH, HEIGHT] {
            file.extend_from_slice(&long(number));
        }
        // One plane, 24 bits, not compressed.
        file.extend_from_slice(&[1, 0, 24, 0]);
        file.resize(HEADERS, 0);
        // From the bottom up; blue first. A row's length is a multiple of 4.
        for row in self.rows().rev() {
            for pixel in row {
                let [red, green, blue, _] = pixel.to_le_bytes();
                file.extend_from_slice(&[blue, green, red]);
            }
        }
        file
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self::new()
    }
}

fn coordinate(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The replacement for a letter that the fonts lack, if there is one.
fn fold(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201C}' | '\u{201D}' => '"',
        '\u{2010}'..='\u{2015}' => '-',
        '\u{3000}' => ' ',
        // Full-width letters of Japanese titles.
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        c => c,
    }
}
