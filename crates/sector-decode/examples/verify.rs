//! Decodes all blocks of an image and names the damaged ones: `verify FILE`.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};

use sector_decode::{BlockIndex, ImageReader, ReadError, ReaderOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: verify FILE")?;
    let damaged = verify(&path, &mut io::stdout())?;
    if damaged > 0 { Err(format!("{damaged} blocks are damaged").into()) } else { Ok(()) }
}

/// Returns how many blocks are damaged, and writes a line about each.
pub(crate) fn verify(path: &str, out: &mut dyn Write) -> Result<u32, Box<dyn Error>> {
    let mut image = ImageReader::open(File::open(path)?, &ReaderOptions::default())?;
    let mut damaged = 0;
    for block in 0..image.layout().block_count() {
        match image.view(BlockIndex(block)) {
            Ok(_) => {}
            Err(error @ ReadError::Block { .. }) => {
                writeln!(out, "{error}")?;
                damaged += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(damaged)
}
