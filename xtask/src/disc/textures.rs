//! Raw textures as a game keeps them for its graphics chip: pixels without a header, uncompressed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;

/// Of the room for textures, the share that pictures fill; the rest is computed.
const PICTURE_PERCENT: u64 = 70;

/// Pixels at each side of a computed texture, the largest that the PSP's graphics chip draws from.
const SIDE: u32 = 512;

/// Writes about `room` bytes of textures into `folder`, a little more rather than less, and returns the
/// files: pictures as 32-bit and 16-bit pixels in turn, then computed ones.
pub(super) fn make(pictures: &[PathBuf], folder: &Path, room: u64) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let mut files = Vec::new();
    let mut written = 0;
    let mut save = |pixels: Vec<u8>| -> Result<u64> {
        let file = folder.join(format!("{:05}.raw", files.len()));
        fs::write(&file, &pixels).with_context(|| file.display().to_string())?;
        files.push(file);
        written += pixels.len() as u64;
        Ok(written)
    };
    for (number, picture) in pictures.iter().enumerate() {
        let Some(pixels) = unpack(picture)? else { continue };
        if save(if number % 2 == 0 { pixels } else { to_5650(&pixels) })? > room * PICTURE_PERCENT / 100 {
            break;
        }
    }
    for seed in 0.. {
        if save(computed(seed))? > room {
            break;
        }
    }
    Ok(files)
}

/// Unpacks a picture into 4 bytes per pixel; `None` when it has another form than 8 bits of red, green, blue.
fn unpack(picture: &Path) -> Result<Option<Vec<u8>>> {
    let is_png = picture.extension().is_some_and(|ending| ending == "png");
    let mut converter = Command::new(if is_png { "pngtopam" } else { "jpegtopnm" });
    if is_png {
        converter.arg("-alphapam");
    }
    let unpacked = shell::output(converter.arg(picture))?;
    Ok(rgba(&unpacked))
}

/// Takes the pixels out of a PAM (P7) or PPM (P6) file.
fn rgba(file: &[u8]) -> Option<Vec<u8>> {
    if let Some(rest) = file.strip_prefix(b"P7\n") {
        const END: &[u8] = b"ENDHDR\n";
        let end = rest.windows(END.len()).position(|window| window == END)?;
        let header = std::str::from_utf8(&rest[..end]).ok()?;
        let four_bytes = header.contains("DEPTH 4") && header.contains("MAXVAL 255\n");
        return four_bytes.then(|| rest[end + END.len()..].to_vec());
    }
    // "P6\nWIDTH HEIGHT\n255\n", then 3 bytes per pixel.
    let mut lines = file.strip_prefix(b"P6\n")?.splitn(3, |&byte| byte == b'\n');
    let (_size, depth, pixels) = (lines.next()?, lines.next()?, lines.next()?);
    (depth == b"255").then(|| pixels.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 0xFF]).collect())
}

/// Packs pixels into 16 bits: 5 of red, 6 of green, 5 of blue.
fn to_5650(pixels: &[u8]) -> Vec<u8> {
    let pack = |p: &[u8]| u16::from(p[0] >> 3) | u16::from(p[1] >> 2) << 5 | u16::from(p[2] >> 3) << 11;
    pixels.chunks_exact(4).flat_map(|p| pack(p).to_le_bytes()).collect()
}

/// A texture of smooth colour gradients with grain, as terrain and walls have: three layers of value noise.
fn computed(seed: u32) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..SIDE {
        for x in 0..SIDE {
            let rough = smooth_noise(seed, x, y, 64);
            let fine = smooth_noise(seed + 1000, x, y, 8);
            let grain = hash(seed + 2000, x, y) & 7;
            let light = (rough * 5 + fine * 2) / 8 + grain;
            let shade = |strength: u32| u8::try_from(light * strength / 8).unwrap_or(u8::MAX);
            pixels.extend_from_slice(&[shade(8), shade(5 + seed % 3), shade(3 + seed % 5), 0xFF]);
        }
    }
    pixels
}

/// Noise from 0 to 255 at the corners of a grid of `cell` pixels, blended in between.
fn smooth_noise(seed: u32, x: u32, y: u32, cell: u32) -> u32 {
    let (left, top) = (x / cell, y / cell);
    let corner = |dx, dy| hash(seed, left + dx, top + dy) & 0xFF;
    let (fx, fy) = (x % cell, y % cell);
    let upper = corner(0, 0) * (cell - fx) + corner(1, 0) * fx;
    let lower = corner(0, 1) * (cell - fx) + corner(1, 1) * fx;
    (upper * (cell - fy) + lower * fy) / (cell * cell)
}

/// A well-mixed number for a place: multiply and shift, the constants of the MurmurHash3 finaliser.
fn hash(seed: u32, x: u32, y: u32) -> u32 {
    let mut h = seed.wrapping_mul(0x9E37_79B1) ^ x.wrapping_mul(0x85EB_CA6B) ^ y.rotate_left(16);
    h = (h ^ h >> 16).wrapping_mul(0x85EB_CA6B);
    h = (h ^ h >> 13).wrapping_mul(0xC2B2_AE35);
    h ^ h >> 16
}
