//! Measures how long DATs take to load: those that are named, or 15,000 made-up games.

use std::fmt::Write as _;
use std::io::Cursor;
use std::time::Instant;

use dat_file::Catalogue;

fn main() {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let files: Vec<Vec<u8>> = if paths.is_empty() {
        vec![made_up(15_000)]
    } else {
        paths.iter().map(|path| std::fs::read(path).expect("a file")).collect()
    };
    let bytes: usize = files.iter().map(Vec::len).sum();
    let begun = Instant::now();
    let dats = files.into_iter().flat_map(|file| dat_file::read(Cursor::new(file)).expect("a DAT")).collect();
    let catalogue = Catalogue::new(dats);
    let seconds = begun.elapsed().as_secs_f64();
    println!("{} games, {bytes} bytes: {seconds:.3} s", catalogue.games().len());
}

fn made_up(games: u32) -> Vec<u8> {
    let mut text = String::from("<?xml version=\"1.0\"?>\n<datafile>\n");
    for number in 0..games {
        let name = format!("Made Up Game {number} &amp; Its Long Subtitle (Europe) (En,Fr,De,Es,It)");
        let hash = number.wrapping_mul(0x9E37_79B1);
        let _ = writeln!(
            text,
            "\t<game name=\"{name}\">\n\t\t<category>Games</category>\n\t\t<description>{name}</description>\n\
             \t\t<serial>SLES-{number:05}</serial>\n\t\t<rom name=\"{name}.iso\" size=\"{}\" crc=\"{hash:08x}\" \
             md5=\"{hash:032x}\" sha1=\"{hash:040x}\"/>\n\t</game>",
            4_000_000_000_u64 + u64::from(number % 5000) * 2048
        );
    }
    text.push_str("</datafile>\n");
    text.into_bytes()
}
