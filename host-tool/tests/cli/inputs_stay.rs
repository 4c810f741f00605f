//! What a run reads is neither written nor deleted, by whatever name.

use predicates::str::contains;
use serde_json::Value;

use crate::support::zip::{self, Packed};
use crate::support::{Folder, ps2_disc, psp_disc, raw_sectors, small_disc};

fn deleted(objects: &[Value]) -> Vec<&str> {
    let deleted = objects.iter().filter(|object| object["sync"] == "deleted");
    deleted.map(|object| object["input"].as_str().unwrap()).collect()
}

#[test]
fn a_card_that_is_its_own_shelf_keeps_its_files() {
    for (shelf, device) in [("card/ISO", "psp"), ("card", "psp"), ("card", "ppsspp")] {
        let folder = Folder::new();
        std::fs::create_dir_all(folder.path("card/ISO")).unwrap();
        let sources = [format!("{shelf}/one.iso"), format!("{shelf}/two.iso")];
        folder.write(&sources[0], &small_disc());
        folder.write(&sources[1], &psp_disc());
        folder.cisor(["sync", shelf, "card", "--for", device]).assert();
        // They are packed now.
        sources.iter().for_each(|source| folder.remove(source));
        let there = ["card", "card/ISO"].map(|name| std::fs::read_dir(folder.path(name)).unwrap().count());
        let (_, objects) = folder.json(&["sync", shelf, "card", "--for", device, "--delete"]);
        assert_eq!(deleted(&objects), [""; 0], "{shelf}: {objects:?}");
        let left = ["card", "card/ISO"].map(|name| std::fs::read_dir(folder.path(name)).unwrap().count());
        assert_eq!(left, there, "{shelf}");
    }
}

#[cfg(unix)]
#[test]
fn links_into_the_card_keep_their_files() {
    use std::os::unix::fs::symlink;
    for link in ["shelf/one.cso", "shelf/another.cso"] {
        let folder = Folder::new();
        ["shelf", "card"].iter().for_each(|name| std::fs::create_dir(folder.path(name)).unwrap());
        folder.write("shelf/one.iso", &small_disc());
        folder.cisor(["sync", "shelf", "card", "--for", "psp"]).assert().success();
        let packed = folder.read("card/ISO/one.cso");
        folder.remove("shelf/one.iso");
        symlink("../card/ISO/one.cso", folder.path(link)).unwrap();
        let (_, objects) = folder.json(&["sync", "shelf", "card", "--for", "psp", "--delete"]);
        assert_eq!(deleted(&objects), [""; 0], "{link}: {objects:?}");
        assert!(folder.read("card/ISO/one.cso") == packed, "{link}");
    }
}

/// A list may come from anywhere, and the folder that it names lead anywhere.
#[cfg(unix)]
#[test]
fn what_a_link_on_the_card_leads_to_is_not_deleted() {
    let folder = Folder::new();
    ["shelf", "card", "elsewhere"].iter().for_each(|name| std::fs::create_dir(folder.path(name)).unwrap());
    folder.write("shelf/one.iso", &small_disc());
    folder.write("shelf/two.iso", &psp_disc());
    folder.cisor(["sync", "shelf", "card", "--for", "psp"]).assert().success();
    folder.remove("shelf/two.iso");
    std::fs::rename(folder.path("card/ISO"), folder.path("elsewhere/ISO")).unwrap();
    std::os::unix::fs::symlink("../elsewhere/ISO", folder.path("card/ISO")).unwrap();
    let (code, objects) = folder.json(&["sync", "shelf", "card", "--for", "psp", "--delete"]);
    assert_eq!((code, &objects[0]["error"]["kind"]), (1, &"card_changed".into()), "{objects:?}");
    assert!(folder.path("elsewhere/ISO/two.cso").exists());
}

#[test]
fn a_title_that_cannot_be_taken_may_be_one_that_was_renamed() {
    let damaged = |mut file: Vec<u8>| {
        file[400..3400].fill(0);
        file
    };
    let packed = {
        let folder = Folder::with_game();
        folder.cisor(["compress", "-q", "--for", "ppsspp", "GAME.iso"]).assert().success();
        folder.read("GAME.cso")
    };
    let two_tracks = "FILE \"two.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n\
                      \x20 TRACK 02 AUDIO\n    INDEX 01 00:00:60\n";
    for (file, content, code) in
        [("uno.cso", damaged(packed.clone()), 1), ("uno.cue", two_tracks.as_bytes().to_vec(), 3)]
    {
        let folder = Folder::new();
        ["shelf", "card"].iter().for_each(|name| std::fs::create_dir(folder.path(name)).unwrap());
        folder.write("shelf/one.cso", &packed);
        folder.write("shelf/two.iso", &small_disc());
        folder.cisor(["sync", "shelf", "card", "--for", "psp"]).assert().success();
        folder.remove("shelf/one.cso");
        folder.write("shelf/two.bin", &raw_sectors(&small_disc()));
        folder.write(format!("shelf/{file}"), &content);
        let run = folder.cisor(["sync", "shelf", "card", "--for", "psp", "--delete"]).assert().code(code);
        run.stderr(contains("nothing is deleted"));
        assert!(folder.path("card/ISO/one.cso").exists(), "{file}");
    }
}

/// As with `--rm`: what a CD dump or an archive has beside the disc would be gone.
#[test]
fn what_holds_more_than_the_disc_is_not_replaced_in_place() {
    let archive = [Packed::deflated("GAME.iso", &ps2_disc()), Packed::stored("notes.txt", b"mine")];
    for (content, more) in [(raw_sectors(&ps2_disc()), "raw CD sectors"), (zip::zip(&archive), "other files")]
    {
        let folder = Folder::new();
        folder.write("GAME.cso", &content);
        let args = ["compress", "--in-place", "--for", "pcsx2", "--to", "cso", "GAME.cso"];
        let run = folder.cisor(args).assert().code(3);
        run.stderr(contains("it holds more than the new file would: ")).stderr(contains(more));
        assert!(folder.read("GAME.cso") == content);
    }
}

#[test]
fn files_of_a_sheet_are_inputs_too() {
    let sheet = b"FILE \"h.iso\" BINARY\r\n  TRACK 01 MODE1/2048\r\n    INDEX 01 00:00:00\r\n";
    let folder = Folder::new();
    folder.write("h.iso", &ps2_disc());
    folder.write("other.iso", &small_disc());
    folder.write("g.cue", sheet);
    folder.cisor(["compress", "-q", "--to", "cso", "-o", "h.cso", "other.iso"]).assert().success();
    for args in [&["extract", "-f", "h.cso", "g.cue"][..], &["extract", "-f", "g.cue", "h.cso"]] {
        folder.cisor(args).assert().code(3).stderr(contains("h.iso is another input of this run"));
        assert!(folder.read("h.iso") == ps2_disc());
    }
    // These replace what is there, as the programs do whose names they have.
    for args in [
        &["maxcso", "g.cue", "other.iso", "-o", "x.cso", "-o", "h.iso"][..],
        &["maxcso", "other.iso", "g.cue", "-o", "h.iso", "-o", "y.cso"],
        &["ziso", "h.iso", "g.cue"],
    ] {
        folder.cisor(["compat"]).args(args).assert().code(3);
        assert!(folder.read("h.iso") == ps2_disc() && folder.read("g.cue") == sheet, "{args:?}");
    }
}

/// A CHD that chdman wrote.
fn golden(name: &str) -> Vec<u8> {
    let path = format!("{}/../crates/image-source/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

/// Only what is in the new file, too, is deleted with a source.
#[test]
fn a_source_with_anything_else_in_it_stays() {
    let disc = small_disc();
    let stays = |name: &str, content: &[u8], more: &str| {
        let folder = Folder::new();
        folder.write(name, content);
        let run = folder.cisor(["extract", "--rm", "-o", "out.iso", name]).assert().code(2);
        run.stderr(contains(format!("it holds more than the new file: {more}")));
        assert!(folder.read(name) == content && folder.read("out.iso") == disc, "{name}");
    };
    for format in ["cso", "zso", "dax", "jso"] {
        let folder = Folder::new();
        folder.write("GAME.iso", &disc);
        folder.cisor(["compress", "-q", "--to", format, "GAME.iso"]).assert().success();
        let name = format!("GAME.{format}");
        let packed = folder.read(&name);
        stays(&name, &[&packed[..], b"mine"].concat(), "bytes after the disc");
        // Zeros are padding, as OPL wants it.
        folder.write(&name, &[&packed[..], &[0; 5000]].concat());
        folder.cisor(["extract", "-q", "--rm", "-f", &name]).assert().success();
        assert_eq!(folder.names(), ["GAME.iso"], "{format}");
    }
    for name in ["dvd-zlib.chd", "dvd-none.chd"] {
        let chd = golden(name);
        let folder = Folder::new();
        folder.write("GAME.chd", &[&chd[..], b"mine"].concat());
        let run = folder.cisor(["extract", "-q", "--ignore-limits", "--rm", "GAME.chd"]).assert().code(2);
        run.stderr(contains("it holds more than the new file: bytes after the disc"));
        assert_eq!(folder.names(), ["GAME.chd", "GAME.iso"], "{name}");
        folder.write("GAME.chd", &[&chd[..], &[0; 5000]].concat());
        folder.cisor(["extract", "-q", "--ignore-limits", "--rm", "-f", "GAME.chd"]).assert().success();
        assert_eq!(folder.names(), ["GAME.iso"], "{name}");
    }
    let archive = zip::zip(&[Packed::deflated("GAME.iso", &disc)]);
    stays("GAME.zip", &[&archive[..], &[b'x'; 3000]].concat(), "other files or bytes");
    // A comment, but not the one that archives of a fixed form have.
    let with_comment = |comment: &[u8]| {
        let mut zip = archive.clone();
        let at = zip.len() - 2;
        zip[at..].copy_from_slice(&u16::try_from(comment.len()).unwrap().to_le_bytes());
        [&zip[..], comment].concat()
    };
    stays("GAME.zip", &with_comment(&[b'n'; 200]), "other files or bytes");
    let folder = Folder::new();
    folder.write("GAME.zip", &with_comment(b"TORRENTZIPPED-0123ABCD"));
    folder.cisor(["extract", "-q", "--rm", "GAME.zip"]).assert().success();
    assert_eq!(folder.names(), ["GAME.iso"]);
}

#[test]
fn a_chd_that_is_not_what_its_header_says_is_neither_converted_nor_deleted() {
    // SHA-1 of the content, then that of content and metadata; a DVD, then a CD.
    for (name, at) in [("dvd-zlib.chd", 70), ("dvd-zlib.chd", 90), ("cd-cdzl.chd", 90), ("cd-cdzl.chd", 70)] {
        let mut chd = golden(name);
        chd[at] ^= 1;
        let folder = Folder::new();
        folder.write("GAME.chd", &chd);
        for args in [
            &["verify", "GAME.chd"][..],
            &["extract", "-q", "--ignore-limits", "GAME.chd"],
            &["compress", "-q", "--ignore-limits", "--to", "zso", "--rm", "GAME.chd"],
        ] {
            folder.cisor(args).assert().code(1).stderr(contains("SHA-1"));
            assert_eq!(folder.names(), ["GAME.chd"], "{name}, byte {at}: {args:?}");
        }
    }
}
