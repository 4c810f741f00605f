//! Finding images in DATs, and writing what is missing.

use dat_file::{
    Catalogue, Dat, Differing, Found, Game, Hashes, KnownBy, Missing, Rom, RomId, Wanted, parse, write,
};

fn rom(name: &str, size: u64, sha1: u8) -> Rom {
    Rom { name: name.into(), size, sha1: Some([sha1; 20]), ..Rom::default() }
}

fn game(name: &str, serial: &str, roms: Vec<Rom>) -> Game {
    Game { name: name.into(), serials: vec![serial.into()], roms }
}

fn sha1(byte: u8) -> Hashes {
    Hashes { sha1: Some([byte; 20]), ..Hashes::default() }
}

fn catalogue() -> Catalogue {
    let weak = Rom { crc32: Some(7), sha1: None, ..rom("Weak.iso", 50, 0) };
    let old = Rom { md5: Some([9; 16]), crc32: Some(8), sha1: None, ..rom("Old.iso", 50, 0) };
    let first = vec![
        game("Same", "SLES-00001", vec![rom("Same.iso", 100, 1)]),
        game("Same (Reprint)", "SLES-00001", vec![rom("Same (Reprint).iso", 100, 1)]),
        game("Weak", "", vec![weak]),
    ];
    let second = vec![game("Old: Days", "ULUS-1", vec![old])];
    Catalogue::new(vec![
        Dat { name: "One".into(), games: first, ..Dat::default() },
        Dat::default(),
        Dat { name: "Two".into(), games: second, left_out: 3, ..Dat::default() },
    ])
}

#[test]
fn images_are_found_by_size_and_hash() {
    let all = catalogue();
    let (by, found) = all.find(100, &sha1(1)).unwrap();
    assert_eq!(by, Found::Sha1);
    assert_eq!(found, [RomId { game: 0, rom: 0 }, RomId { game: 1, rom: 0 }], "every entry with these bytes");
    assert!(all.find(101, &sha1(1)).is_none(), "another size");
    assert!(all.find(100, &sha1(2)).is_none());
    assert!(all.find(100, &Hashes::default()).is_none());
    let md5 = Hashes { md5: Some([9; 16]), ..Hashes::default() };
    assert_eq!(all.find(50, &md5).unwrap().0, Found::Md5);
    let crc32 = |crc32| Hashes { crc32: Some(crc32), ..Hashes::default() };
    assert_eq!(all.find(50, &crc32(7)).unwrap().0, Found::Crc32);
    assert!(all.find(50, &crc32(8)).is_none(), "that entry has an MD5, which is stronger");
}

#[test]
fn only_needed_hashes_are_wanted() {
    let all = catalogue();
    assert_eq!(all.wanted(100), Wanted { sha1: true, ..Wanted::default() });
    assert_eq!(all.wanted(50), Wanted { md5: true, crc32: true, sha1: false });
    assert!(all.wanted(1).is_none() && !all.wanted(50).is_none());
}

#[test]
fn games_are_found_by_serial_and_name() {
    let all = catalogue();
    assert_eq!(all.with_serial("sles_000.01"), [0, 1]);
    assert!(all.with_serial("").is_empty() && all.with_serial("-").is_empty());
    assert_eq!(all.with_name("old- DAYS"), [3]);
    assert_eq!(all.with_name("Same"), [0]);
    assert!(all.with_name("Other").is_empty());
    let dats: Vec<&str> = (0..4).map(|game| all.dat_of(game)).collect();
    assert_eq!(dats, ["One", "One", "One", "Two"]);
    assert_eq!((all.left_out(), all.games().len()), (3, 4));
}

#[test]
fn what_is_written_is_read_back() {
    let mut game = game("A & B <\"x\"> 'y'\tz – é", "SLES-1", vec![rom("a&b.iso", 5, 3), rom("c", 6, 4)]);
    game.roms[0].crc32 = Some(0xAB);
    game.roms[0].md5 = Some([0xCD; 16]);
    let missing = Missing { game: &game, roms: game.roms.iter().collect() };
    let mut text = Vec::new();
    write(&mut text, "fix & more", "what is missing", &[missing]).unwrap();
    let dat = parse(&text[..]).unwrap();
    assert_eq!(dat.name, "fix & more");
    assert_eq!(dat.games, [game]);
    let mut empty = Vec::new();
    write(&mut empty, "\u{1}", "", &[]).unwrap();
    assert_eq!(parse(&empty[..]).unwrap(), Dat::default());
}

#[test]
fn what_an_image_should_be_is_known_by_its_name_or_its_discs_id() {
    let all = catalogue();
    let of =
        |stem: &str, id: Option<&str>| all.expected(stem, id, 100).map(|known| (known.by, known.entry.game));
    assert_eq!(of("Other", None), None);
    assert_eq!(of("same (reprint)", None), Some((KnownBy::Name, 1)));
    assert_eq!(of("Other", Some("SLES_000.01")), Some((KnownBy::Serial, 0)));
    assert_eq!(of("Same (Reprint)", Some("SLES_000.01")), Some((KnownBy::Name, 1)), "both say the same");
    assert_eq!(
        of("Weak", Some("SLES_000.01")),
        Some((KnownBy::Serial, 0)),
        "the name is that of another disc"
    );
    let named = |stem| all.best_named(all.find(100, &sha1(1)).unwrap().1, stem).unwrap().game;
    assert_eq!((named("SAME (reprint)"), named("else")), (1, 0));
    assert_eq!(all.best_named(&[], "Same"), None);
}

#[test]
fn an_image_differs_by_its_size_or_by_the_strongest_hash_that_both_have() {
    let of =
        |rom: &Rom, size, hashes| rom.difference(size, &hashes).map(|differs| (differs.what, differs.got));
    let strong = rom("Game.iso", 100, 1);
    assert_eq!(of(&strong, 99, sha1(1)), Some((Differing::Size, "99".into())));
    assert_eq!(of(&strong, 100, sha1(2)), Some((Differing::Sha1, "02".repeat(20))));
    assert_eq!(of(&strong, 100, Hashes { crc32: Some(1), ..Hashes::default() }), None);
    let weak = Rom { crc32: Some(7), sha1: None, ..rom("Weak.iso", 100, 0) };
    assert_eq!(
        of(&weak, 100, Hashes { crc32: Some(8), ..sha1(1) }),
        Some((Differing::Crc32, "00000008".into()))
    );
}
