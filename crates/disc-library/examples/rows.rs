//! Fills a library with made-up images, for measuring and for tests of what shows them: `rows NUMBER FILE`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use disc_library::{Digests, Disc, Entry, Layout, Library, Options, Outcome, Stamp};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [number, file] = args.as_slice() else { panic!("rows NUMBER FILE") };
    let number: u32 = number.parse().expect("a number");
    let begun = Instant::now();
    let mut library = Library::open(Path::new(file), &Options::default()).expect("a library");
    let entries: Vec<Entry> = (0..number).map(entry).collect();
    entries.chunks(256).for_each(|entries| library.put(entries).expect("written"));
    println!("{number} rows written in {:.2} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    println!(
        "{} states read in {:.2} s",
        library.known().expect("read").len(),
        begun.elapsed().as_secs_f64()
    );
}

/// Mostly good images, with every kind of problem among them. Some have long names, in which no line can break at a space.
fn entry(number: u32) -> Entry {
    let is_ps2 = number.is_multiple_of(4);
    let (console, id) = if is_ps2 { ("PS2", "SLES") } else { ("PSP", "ULES") };
    let format = ["cso", "zso", "iso", "cso", "chd"][number as usize % 5];
    let (image_size, permille) =
        (600_000_000 + u64::from(number % 97) * 10_000_000, 450 + u64::from(number % 300));
    let stored_size = if format == "iso" { image_size } else { image_size / 1000 * permille };
    // Every fiftieth disc is there twice.
    let disc = if number % 50 == 49 { number - 1 } else { number };
    let mut sha256 = [0x5A; 32];
    sha256[..4].copy_from_slice(&disc.to_be_bytes());
    let unbroken = if number % 100 == 13 { "Unbroken".repeat(20) } else { String::new() };
    let damaged = Outcome {
        status: "damaged".into(),
        kind: Some("damaged_blocks".into()),
        message: Some(format!("3 blocks are damaged, {unbroken}")),
    };
    let is_verified = number % 11 != 5;
    Entry {
        path: PathBuf::from(format!(
            "/shelf/{console}/Some Game with a Long Name {number} (Europe) (En,Fr,De){unbroken}.{format}"
        )),
        stamp: Stamp { size: stored_size, mtime: 1_790_000_000_000_000_000, inode: Some(number.into()) },
        scanned: 1_790_000_000,
        missing: (number % 400 == 7).then_some(1_795_000_000),
        source: (format == "chd").then(|| "chd".into()),
        layout: Some(Layout {
            format: if format == "chd" { "iso" } else { format }.into(),
            block_size: 2048,
            image_size,
            stored_size,
            content: "game".into(),
            ..Layout::default()
        }),
        disc: Disc {
            console: Some(console.into()),
            id: Some(format!("{id}-{:05}", disc % 100_000)),
            title: (!is_ps2).then(|| format!("Some Game & \"Others\" <{disc}>{unbroken}")),
            ..Disc::default()
        },
        digests: is_verified.then_some(Digests { crc32: disc, md5: [1; 16], sha1: [2; 20], sha256 }),
        unsafe_streams: Some(u32::from(number % 90 == 1)),
        outcome: if number % 300 == 13 { damaged } else { Outcome::default() },
        verified: is_verified.then(|| 1_790_000_000 + i64::from(number) * 60),
        ..Entry::default()
    }
}
