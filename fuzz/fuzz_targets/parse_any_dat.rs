//! Any bytes as a DAT, plain or in a ZIP: reading ends in games or in an error, and what was read can be
//! written and read again.
#![no_main]

use std::io::Cursor;

use dat_file::{Catalogue, Hashes, Missing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(dats) = dat_file::read(Cursor::new(bytes)) else { return };
    let catalogue = Catalogue::new(dats);
    for game in catalogue.games() {
        let _ = dat_file::names::legal(&game.name, 4);
        for rom in &game.roms {
            let hashes = Hashes { crc32: rom.crc32, md5: rom.md5, sha1: rom.sha1 };
            assert!(catalogue.find(rom.size, &hashes).is_some(), "an entry finds itself");
            assert!(!catalogue.wanted(rom.size).is_none());
        }
    }
    let missing: Vec<Missing<'_>> =
        catalogue.games().iter().map(|game| Missing { game, roms: game.roms.iter().collect() }).collect();
    let mut text = Vec::new();
    dat_file::write(&mut text, "again", "", &missing).expect("memory takes everything");
    let again = match dat_file::parse(&text[..]) {
        Ok(again) => again,
        // Escaped names are longer, and so may be the tag.
        Err(dat_file::Error::TooMany(_)) => return,
        Err(error) => panic!("{error}"),
    };
    assert_eq!(again.games.len(), catalogue.games().len());
    let roms = |games: &[dat_file::Game]| games.iter().map(|game| game.roms.len()).sum::<usize>();
    assert_eq!(roms(&again.games), roms(catalogue.games()));
});
