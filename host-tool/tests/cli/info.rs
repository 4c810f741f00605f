//! `info`, `verify` and `compare`.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_match};

use crate::support::{Ciso, Folder, SECTOR, ps2_disc, psp_disc};

#[test]
fn info_tells_format_disc_and_readers() {
    let folder = Folder::with_compressed_game();
    let run = folder.cisor(["info", "GAME.cso"]).assert().success();
    run.stdout(is_match("format +CSO, version 1, header size 24\n").unwrap())
        .stdout(is_match("blocks +[0-9]+ blocks of 2048 bytes, index shift 0\n").unwrap())
        .stdout(is_match("packed +[0-9]+ stored, [0-9]+ deflate \\(by the index\\)\n").unwrap())
        .stdout(is_match("disc +PSP ULUS-10041 \"Zwölf Türme\"\n").unwrap())
        .stdout(is_match("readers +yes: PPSSPP; ").unwrap());
}

#[test]
fn info_of_a_ps2_disc_is_about_readers_of_ps2_discs() {
    let folder = Folder::new();
    folder.write("ps2.iso", &ps2_disc());
    folder.cisor(["compress", "-q", "ps2.iso"]).assert().success();
    let run = folder.cisor(["info", "ps2.zso"]).assert().success();
    run.stdout(is_match("disc +PS2 SLES-12345\n").unwrap())
        .stdout(contains("Open PS2 Loader").and(contains("PPSSPP").not()));
}

#[test]
fn info_blocks_counts_codecs_and_lints() {
    let folder = Folder::with_game();
    folder.cisor(["compress", "-q", "--to", "cso2", "GAME.iso"]).assert().success();
    let (code, by_index) = folder.json(&["info", "GAME.cso"]);
    let (_, decoded) = folder.json(&["info", "--blocks", "GAME.cso"]);
    assert_eq!(code, 0);
    for kind in ["stored", "deflate", "lz4", "lzo"] {
        assert_eq!(by_index[0]["blocks"][kind], decoded[0]["blocks"][kind], "{kind}");
    }
    assert_eq!(by_index[0]["blocks"]["by"], "index");
    assert_eq!(decoded[0]["blocks"]["by"], "decoding");
    assert_eq!(decoded[0]["lint"]["streams"], decoded[0]["blocks"]["deflate"]);
    assert!(decoded[0]["blocks"]["stored"].as_u64() > Some(0));
    // In a small file, all streams are checked anyway.
    assert_eq!(by_index[0]["lint"], decoded[0]["lint"]);
}

#[test]
fn info_blocks_counts_streams_that_are_not_safe_for_firmwares() {
    let folder = Folder::new();
    folder.write("GAME.iso", &psp_disc());
    folder.cisor(["compress", "-q", "GAME.iso"]).assert().success();
    let sound = folder.cisor(["info", "--blocks", "GAME.cso"]).assert().success();
    sound.stdout(is_match("lint +0 of [0-9,]+ streams failed\n").unwrap());

    // The last block as a dynamic one with a single distance code: fine for zlib, not for old inflates. The
    // old bytes become padding of the previous block.
    let mut file = Ciso(folder.read("GAME.cso"));
    let (start, last) = (file.0.len(), file.blocks() - 1);
    file.0.extend_from_slice(&one_distance_code());
    let end = file.0.len();
    file.set_entry(last, u32::try_from(start).unwrap());
    file.set_entry(last + 1, u32::try_from(end).unwrap());
    folder.write("BAD.cso", &file.0);
    let run = folder.cisor(["info", "--blocks", "BAD.cso"]).assert().success();
    run.stdout(is_match("lint +1 of [0-9,]+ streams failed, not for a PSP's firmware\n").unwrap())
        .stdout(contains("1 stream: a distance code of one codeword\n"))
        .stdout(is_match("perhaps: .*PRO.*firmware-safe").unwrap())
        .stdout(contains("yes: PPSSPP"));
}

/// 2048 zeros: a literal and matches of distance 1, in a dynamic block whose distance code has only that.
fn one_distance_code() -> Vec<u8> {
    let mut bits = Bits::default();
    // Last block, dynamic; 286 literal/length codes, 1 distance code, 18 code length codes.
    bits.put(1, 1);
    bits.put(2, 2);
    bits.put(286 - 257, 5);
    bits.put(0, 5);
    bits.put(18 - 4, 4);
    // Code lengths of one bit for 18 and two bits for 1 and 2 (in the format's order of symbols).
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
        bits.put(
            match symbol {
                18 => 1,
                1 | 2 => 2,
                _ => 0,
            },
            3,
        );
    }
    // The codes: 18 = 0, 1 = 10, 2 = 11. Lengths: literal 0 and end of block 2 bits, length 258 1 bit.
    let symbol = |bits: &mut Bits, symbol: u8| match symbol {
        18 => bits.put(0, 1),
        1 => bits.put(0b01, 2),
        _ => bits.put(0b11, 2),
    };
    symbol(&mut bits, 2);
    for run in [138, 117] {
        symbol(&mut bits, 18);
        bits.put(run - 11, 7);
    }
    symbol(&mut bits, 2);
    symbol(&mut bits, 18);
    bits.put(28 - 11, 7);
    symbol(&mut bits, 1);
    // The only distance code.
    symbol(&mut bits, 1);
    // One literal 0 and seven matches are 1807 bytes; 241 further literals make 2048.
    let (literal, end, match_258) = ((0b01, 2), (0b11, 2), (0, 1));
    bits.put(literal.0, literal.1);
    for _ in 0..7 {
        bits.put(match_258.0, match_258.1);
        bits.put(0, 1);
    }
    for _ in 0..2048 - 1 - 7 * 258 {
        bits.put(literal.0, literal.1);
    }
    bits.put(end.0, end.1);
    bits.bytes
}

/// Bits of a deflate stream; codewords are given in the order in which their bits go out.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn put(&mut self, value: u32, count: usize) {
        for place in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= u8::from(value >> place & 1 == 1) << (self.used % 8);
            self.used += 1;
        }
    }
}

#[test]
fn verify_prints_four_digests_and_the_size() {
    let folder = Folder::new();
    folder.write("a.iso", &[b'a'; SECTOR]);
    let run = folder.cisor(["verify", "a.iso"]).assert().success();
    // As crc32, md5sum, sha1sum and sha256sum print them for these 2048 bytes.
    run.stdout(
        "a.iso: ok, 2,048 bytes\n  CRC32    443d72ec\n  MD5      b7ea2d21ad2ef3e28085d30247603e0b\n  SHA-1    dc28591e574d1eac79ad07b7a4d01d5026a02428\n  SHA-256  b2a3a502fdfc34f4e3edfa94b7f3109cd972d87a4fec63ab21a6673379ccf7ad\n  shown    it can be read; a plain image has no checksum: compare the SHA-1 with a DAT or a sidecar\n",
    );
}

#[test]
fn digests_of_a_compressed_file_are_those_of_the_image() {
    let folder = Folder::with_compressed_game();
    folder.cisor(["compress", "-q", "--to", "zso", "GAME.iso"]).assert().success();
    let (code, objects) = folder.json(&["verify", "GAME.iso", "GAME.cso", "GAME.zso"]);
    assert_eq!(code, 0);
    assert_eq!(objects[0]["hashes"], objects[1]["hashes"]);
    assert_eq!(objects[0]["hashes"], objects[2]["hashes"]);
}

#[test]
fn compare_finds_the_first_difference() {
    let folder = Folder::with_compressed_game();
    let same = folder.cisor(["compare", "GAME.cso", "GAME.iso"]).assert().success();
    same.stdout(is_match("^GAME.cso and GAME.iso: same [0-9,]+ bytes\n$").unwrap());

    let mut other = folder.read("GAME.iso");
    let offset = 300 * SECTOR + 77;
    other[offset] ^= 1;
    other[offset + 300_000] ^= 1;
    folder.write("OTHER.iso", &other);
    let run = folder.cisor(["compare", "GAME.cso", "OTHER.iso"]).assert().code(1);
    run.stdout(format!("GAME.cso and OTHER.iso: the images differ, first at byte {offset} (LBA 300)\n"))
        .stderr("");

    other = folder.read("GAME.iso");
    other.truncate(other.len() - SECTOR);
    folder.write("SHORT.iso", &other);
    let run = folder.cisor(["compare", "GAME.cso", "SHORT.iso"]).assert().code(1);
    run.stdout(contains("equal up to the end of the shorter one"));
}

#[test]
fn compare_takes_images_that_cannot_be_opened_for_failures() {
    let folder = Folder::with_game();
    folder
        .cisor(["compare", "GAME.iso", "none.iso"])
        .assert()
        .code(2)
        .stderr(contains("none.iso: cannot open"));
    folder
        .cisor(["compare", "none.iso", "GAME.iso"])
        .assert()
        .code(2)
        .stderr(contains("none.iso: cannot open"));
}
