//! Decodes all blocks of an image and names the damaged ones: `verify FILE`.

use std::error::Error;
use std::fs::File;

use sector_decode::{BlockIndex, ImageReader, ReadError, ReaderOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: verify FILE")?;
    let mut image = ImageReader::open(File::open(path)?, &ReaderOptions::default())?;
    let mut damaged = 0;
    for block in 0..image.layout().block_count() {
        match image.view(BlockIndex(block)) {
            Ok(_) => {}
            Err(error @ ReadError::Block { .. }) => {
                println!("{error}");
                damaged += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
    if damaged > 0 { Err(format!("{damaged} blocks are damaged").into()) } else { Ok(()) }
}
