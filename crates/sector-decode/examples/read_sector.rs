//! Writes one sector of an image to standard output: `read_sector FILE LBA`.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};

use sector_decode::{ImageReader, Lba, ReaderOptions, SECTOR_SIZE};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(lba)) = (arguments.next(), arguments.next()) else {
        return Err("usage: read_sector FILE LBA".into());
    };
    read_sector(&path, Lba(lba.parse()?), &mut io::stdout())
}

pub(crate) fn read_sector(path: &str, lba: Lba, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let mut image = ImageReader::open(File::open(path)?, &ReaderOptions::default())?;
    let mut sector = [0; SECTOR_SIZE as usize];
    image.read_sectors(lba, &mut sector)?;
    out.write_all(&sector)?;
    Ok(())
}
