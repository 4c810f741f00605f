//! Damaged files: what is reported, and what is rescued.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_match};

use crate::support::{Ciso, Folder, Random, SECTOR, noise};

/// `BAD.cso`: the game with two packed blocks damaged; returns their numbers.
fn damaged(folder: &Folder) -> [usize; 2] {
    let mut file = Ciso(folder.read("GAME.cso"));
    let first = file.packed_block(40);
    let second = file.packed_block(first + 5);
    file.damage(first);
    file.damage(second);
    folder.write("BAD.cso", &file.0);
    [first, second]
}

#[test]
fn extract_names_file_block_offset_expected_and_got() {
    let folder = Folder::with_compressed_game();
    let [first, _] = damaged(&folder);
    let offset = Ciso(folder.read("BAD.cso")).position(first);
    let run = folder.cisor(["extract", "BAD.cso"]).assert().code(1);
    let line = format!(
        "^error: BAD.cso: block {first} at {offset:#X}: the packed data is invalid: expected 2048 bytes, got \
         [0-9]+ before the fault. The image is damaged: extract --keep-going .*\n$"
    );
    run.stderr(is_match(line).unwrap());
    assert_eq!(folder.names(), ["BAD.cso", "GAME.cso", "GAME.iso"]);
}

#[test]
fn keep_going_fills_with_zeros_lists_the_blocks_and_exits_1() {
    let folder = Folder::with_compressed_game();
    let [first, second] = damaged(&folder);
    let run = folder.cisor(["extract", "--keep-going", "BAD.cso"]).assert().code(1);
    run.stderr(contains(format!("BAD.cso: block {first} at ")))
        .stderr(contains(format!("BAD.cso: block {second} at ")))
        .stderr(contains("2 blocks are damaged"))
        .stderr(contains("2 damaged blocks filled with zeros"));
    let mut expected = folder.read("GAME.iso");
    for block in [first, second] {
        expected[block * SECTOR..(block + 1) * SECTOR].fill(0);
    }
    assert!(folder.read("BAD.iso") == expected);
}

#[test]
fn keep_going_saves_what_is_left_of_a_file_that_was_cut_off() {
    let folder = Folder::with_compressed_game();
    let file = Ciso(folder.read("GAME.cso"));
    let cut = file.packed_block(file.blocks() / 2);
    folder.write("CUT.cso", &file.0[..file.position(cut) + 3]);
    folder.cisor(["extract", "CUT.cso"]).assert().code(1).stderr(contains(format!("block {cut} at ")));
    assert_eq!(folder.names(), ["CUT.cso", "GAME.cso", "GAME.iso"]);

    let run = folder.cisor(["extract", "--keep-going", "CUT.cso"]).assert().code(1);
    let last = file.blocks() - 1;
    run.stderr(contains(format!("blocks {cut} to {last}, the first at ")));
    let mut expected = folder.read("GAME.iso");
    expected[cut * SECTOR..].fill(0);
    assert!(folder.read("CUT.iso") == expected);
}

#[test]
fn keep_going_on_an_intact_file_is_an_ordinary_extraction() {
    let folder = Folder::with_compressed_game();
    folder.cisor(["extract", "--keep-going", "GAME.cso", "-o", "BACK.iso"]).assert().success();
    assert!(folder.read("BACK.iso") == folder.read("GAME.iso"));
}

#[test]
fn damaged_file_is_not_compressed_again() {
    let folder = Folder::with_compressed_game();
    let [first, _] = damaged(&folder);
    let run = folder.cisor(["compress", "--to", "zso", "BAD.cso"]).assert().code(1);
    run.stderr(contains(format!("block {first} at ")));
    assert_eq!(folder.names(), ["BAD.cso", "GAME.cso", "GAME.iso"]);
}

#[test]
fn verify_lists_damage_and_gives_no_digests() {
    let folder = Folder::with_compressed_game();
    let [first, second] = damaged(&folder);
    let run = folder.cisor(["verify", "BAD.cso"]).assert().code(1);
    run.stdout("BAD.cso: damaged\n")
        .stderr(contains(format!("block {first} at ")).and(contains(format!("block {second} at "))));
}

#[test]
fn compare_says_which_file_is_damaged() {
    let folder = Folder::with_compressed_game();
    damaged(&folder);
    folder.cisor(["compare", "BAD.cso", "GAME.iso"]).assert().code(1).stderr(contains("BAD.cso: block "));
    let second = folder.cisor(["compare", "GAME.iso", "BAD.cso"]).assert().code(1);
    second.stderr(contains("GAME.iso: BAD.cso: block "));
}

#[test]
fn info_works_on_a_damaged_file() {
    let folder = Folder::with_compressed_game();
    let mut file = Ciso(folder.read("GAME.cso"));
    let root = 16;
    file.damage(root);
    folder.write("BAD.cso", &file.0);
    // Judging by the index alone, nothing is wrong, but the disc cannot be identified.
    folder
        .cisor(["info", "BAD.cso"])
        .assert()
        .success()
        .stdout(contains("CSO, version 1"))
        .stdout(contains("not recognised"))
        .stderr(contains("cannot tell which disc this is: block 16 at "));
    let decoded = folder.cisor(["info", "--blocks", "BAD.cso"]).assert().code(1);
    decoded.stdout(contains("(by decoding)")).stderr(contains("1 block is damaged"));
}

#[test]
fn info_finds_damage_in_the_index() {
    let folder = Folder::with_compressed_game();
    let mut file = Ciso(folder.read("GAME.cso"));
    file.set_entry(300, u32::try_from(file.0.len() + 5000).unwrap());
    folder.write("BAD.cso", &file.0);
    let run = folder.cisor(["info", "BAD.cso"]).assert().code(1);
    run.stdout(contains("disc       PSP ULUS-10041"))
        .stderr(contains("block 299 at ").and(contains("block 300 at ")));
}

#[test]
fn image_that_is_not_what_its_header_says_is_noticed() {
    let folder = Folder::with_game();
    folder.cisor(["compress", "--to", "jso", "GAME.iso"]).assert().success();
    let mut file = folder.read("GAME.jso");
    file[0x10] ^= 1;
    folder.write("BAD.jso", &file);

    let verify = folder.cisor(["verify", "BAD.jso"]).assert().code(1);
    verify.stdout(contains("not what its header says")).stderr(contains("MD5"));
    folder.cisor(["extract", "BAD.jso"]).assert().code(1).stderr(contains("MD5"));
    folder.cisor(["compress", "--to", "cso", "BAD.jso"]).assert().code(1).stderr(contains("MD5"));
    assert_eq!(folder.names(), ["BAD.jso", "GAME.iso", "GAME.jso"]);
    folder.cisor(["extract", "--keep-going", "BAD.jso"]).assert().code(1).stderr(contains("MD5"));
    assert!(folder.read("BAD.iso") == folder.read("GAME.iso"));

    // A writer that did not compute it leaves zeros; that is not damage.
    file[0x10..0x20].fill(0);
    folder.write("NONE.jso", &file);
    folder.cisor(["verify", "NONE.jso"]).assert().success();
}

#[test]
fn header_md5_of_what_we_write_is_right() {
    let folder = Folder::with_game();
    let (_, objects) = folder.json(&["compress", "--to", "jso", "GAME.iso"]);
    let md5: String = folder.read("GAME.jso")[0x10..0x20].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(objects[0]["hashes"]["md5"], md5);
    folder.cisor(["verify", "GAME.jso"]).assert().success();
}

/// A file of `len` bytes that says it is a CSO or ZSO of `blocks` blocks of 1 MiB, with random bytes for
/// the rest: half of the index entries are impossible, and none of the blocks decode.
fn hostile(magic: &[u8; 4], blocks: u64, block_size: u32, len: usize) -> Vec<u8> {
    let mut file = magic.to_vec();
    file.extend(24u32.to_le_bytes());
    file.extend((blocks * u64::from(block_size)).to_le_bytes());
    file.extend(block_size.to_le_bytes());
    file.extend([1, 0, 0, 0]);
    let mut random = Random(blocks);
    for _ in 0..=blocks {
        let entry = random.next();
        let position = u32::try_from(entry % len as u64).unwrap();
        file.extend((position | u32::from(entry >> 63 == 1) << 31).to_le_bytes());
    }
    file.extend(noise(len.saturating_sub(file.len())));
    file
}

#[test]
fn work_on_damage_stays_in_proportion_to_the_file() {
    let folder = Folder::new();
    folder.write("A.cso", &hostile(b"CISO", 24_000, 1 << 20, 100_000));
    folder.write("B.zso", &hostile(b"ZISO", 7_000, 1 << 20, 31_000));
    for name in ["A.cso", "B.zso"] {
        for args in [&["verify"][..], &["info", "--blocks"], &["extract", "-f", "--keep-going"]] {
            let args = [args, &["--list-all", name]].concat();
            let (code, objects) = folder.json(&args);
            assert_eq!(code, 1, "{args:?}");
            // Measured in attempts to decode a block, not in time, which would depend on other load.
            let tried = |range: &&serde_json::Value| {
                ["input_ended", "short", "overlong", "invalid"].contains(&range["kind"].as_str().unwrap())
            };
            let ranges = objects[0]["damaged"].as_array().unwrap();
            let tried: u64 = ranges
                .iter()
                .filter(tried)
                .map(|range| 1 + range["last"].as_u64().unwrap() - range["first"].as_u64().unwrap())
                .sum();
            let decoded = &objects[0]["blocks"];
            let decoded: u64 =
                ["stored", "deflate", "lz4"].iter().filter_map(|of| decoded[of].as_u64()).sum();
            assert!((1..500).contains(&(tried + decoded)), "{args:?}: {tried} tried, {decoded} decoded");
        }
    }
}

#[cfg(unix)]
#[test]
fn missing_blocks_become_holes() {
    use std::os::unix::fs::MetadataExt;
    let folder = Folder::new();
    folder.write("A.cso", &hostile(b"CISO", 4_000, 1 << 20, 31_000));
    folder.cisor(["extract", "-f", "--keep-going", "A.cso"]).assert().code(1);
    let metadata = folder.path("A.iso").metadata().unwrap();
    assert_eq!(metadata.len(), 4_000 << 20);
    assert!(metadata.blocks() * 512 < 1 << 20, "{} blocks are taken", metadata.blocks());
}

#[test]
fn long_lists_of_damage_end_unless_all_of_it_is_asked_for() {
    let folder = Folder::new();
    folder.write("A.cso", &hostile(b"CISO", 5_000, 2048, 30_000));
    let run = folder.cisor(["verify", "A.cso"]).output();
    let text = String::from_utf8(run.stderr).unwrap();
    assert!(text.lines().count() < 110, "{} lines", text.lines().count());
    assert!(text.contains("ranges more with ") && text.contains("--list-all lists them"));
    let (code, few) = folder.json(&["verify", "A.cso"]);
    let (_, all) = folder.json(&["verify", "--list-all", "A.cso"]);
    let listed = |object: &serde_json::Value| object["damaged"].as_array().unwrap().len() as u64;
    assert_eq!((code, listed(&few[0])), (1, 100));
    assert_eq!(listed(&all[0]), 100 + few[0]["damaged_unlisted"]["ranges"].as_u64().unwrap());
    assert!(all[0].get("damaged_unlisted").is_none());
    assert_eq!(few[0]["error"]["message"], all[0]["error"]["message"]);
}

#[test]
fn partial_last_block_that_is_damaged_keeps_its_length() {
    let folder = Folder::with_game();
    folder.cisor(["compress", "-q", "--for", "ark", "-b", "8K", "GAME.iso"]).assert().success();
    let mut file = Ciso(folder.read("GAME.cso"));
    assert!(!file.image_size().is_multiple_of(8192));
    let last = file.blocks() - 1;
    let start = file.position(last);
    file.0.truncate(start + 1);
    folder.write("CUT.cso", &file.0);
    folder.cisor(["extract", "--keep-going", "CUT.cso"]).assert().code(1);
    let mut expected = folder.read("GAME.iso");
    expected[last * 8192..].fill(0);
    assert!(folder.read("CUT.iso") == expected);
}
