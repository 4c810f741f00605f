//! Flips one bit of an image, many times, and counts what `verify` notices: with a sidecar, with a DAT, and with
//! neither.
//!
//! With either of the first two nothing may be missed: whenever the disc that comes out of the file has changed, `verify`
//! has to say so. Without them only what a format checks can be noticed. The table is in docs/testing.md;
//! `CISOR_WRITE_TABLE=1` makes the long run write it there.

#![cfg(unix)]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use disc_info::test_disc;
use serde_json::Value;
use support::{Folder, Random, noise, text};

/// What is damaged: the shown name, and how it is made of the disc; nothing for the disc itself.
const FORMATS: [(&str, &[&str]); 7] = [
    ("ISO", &[]),
    ("CSO", &["--to", "cso"]),
    ("CSO v2", &["--to", "cso2"]),
    ("ZSO", &["--to", "zso"]),
    ("DAX", &["--to", "dax"]),
    ("JSO", &["--to", "jso"]),
    ("CHD", &["--to", "chd"]),
];

/// How many damaged files one run looks at.
const AT_ONCE: u32 = 250;

/// A disc of 120 KB: text, noise, which is stored, and zeros.
fn disc() -> Vec<u8> {
    let sfo = test_disc::sfo(&[("DISC_ID", "UCES00001"), ("TITLE", "Small Game")]);
    let files = [
        ("UMD_DATA.BIN", &b"UCES-00001|"[..]),
        ("PSP_GAME/PARAM.SFO", &sfo),
        ("PSP_GAME/TEXT", &text(40_000)),
        ("PSP_GAME/NOISE", &noise(20_000)),
        ("PSP_GAME/ZERO", &[0; 20_000]),
    ];
    test_disc::disc("SMALL", &files)
}

/// What became of the files with one wrong bit.
#[derive(Default)]
struct Seen {
    flipped: u32,
    /// The disc that comes out is the right one: the bit has no meaning.
    harmless: u32,
    /// The disc is another one, or does not come out.
    changed: u32,
    with_sidecar: u32,
    with_dat: u32,
    with_neither: u32,
}

/// A run of `verify` over the folder: one object for each file, by its name.
fn verify(folder: &Folder, args: &[&str]) -> BTreeMap<String, Value> {
    let (_, objects) = folder.json(&[&["verify", "-r"], args, &["rot"]].concat());
    objects
        .into_iter()
        .filter_map(|object| {
            let name = Path::new(object["input"].as_str()?).file_stem()?.to_string_lossy().into_owned();
            Some((name, object))
        })
        .collect()
}

/// Flips bits of one file. `Err` has what `verify` missed.
fn damage(shown: &str, args: &[&str], bits: u32, random: &mut Random) -> Result<Seen, String> {
    let folder = Folder::new();
    folder.write("GAME.iso", &disc());
    let packed = if args.is_empty() {
        folder.read("GAME.iso")
    } else {
        folder.cisor(["compress", "-q", "GAME.iso", "-o", "GAME.packed"]).args(args).assert().success();
        folder.read("GAME.packed")
    };
    let (_, objects) = folder.json(&["verify", "GAME.iso"]);
    let [sha1, sha256] =
        ["sha1", "sha256"].map(|name| objects[0]["hashes"][name].as_str().unwrap().to_owned());
    folder.write(
        "discs.dat",
        format!(
            "<?xml version=\"1.0\"?><datafile><header><name>Discs</name></header><game name=\"Game\">\
             <description>Game</description><rom name=\"Game.iso\" size=\"{}\" sha1=\"{sha1}\"/></game></datafile>",
            disc().len()
        )
        .as_bytes(),
    );
    let mut seen = Seen::default();
    while seen.flipped < bits {
        std::fs::create_dir(folder.path("rot")).unwrap();
        let count = AT_ONCE.min(bits - seen.flipped);
        for number in 0..count {
            let mut file = packed.clone();
            let bit = usize::try_from(random.next()).unwrap_or(0) % (8 * file.len());
            file[bit / 8] ^= 1 << (bit % 8);
            folder.write(format!("rot/{number}.bin"), &file);
        }
        let alone = verify(&folder, &[]);
        let dat = verify(&folder, &["--dat", "discs.dat"]);
        for number in 0..count {
            folder.write(format!("rot/{number}.sha256"), format!("{sha256}  {number}.iso\n").as_bytes());
        }
        let sidecar = verify(&folder, &[]);
        for number in 0..count {
            let name = number.to_string();
            // A file that is not taken for a disc image any more has no object.
            let is_right = |object: Option<&Value>| object.is_some_and(|object| object["status"] == "ok");
            let plain = alone.get(&name);
            let is_same = plain.is_some_and(|object| object["hashes"]["sha256"] == *sha256);
            let by_sidecar = !is_right(sidecar.get(&name));
            let by_dat = dat.get(&name).is_none_or(|object| object["dat"]["verdict"] != "match");
            seen.flipped += 1;
            seen.harmless += u32::from(is_same);
            if !is_same {
                seen.changed += 1;
                seen.with_sidecar += u32::from(by_sidecar);
                seen.with_dat += u32::from(by_dat);
                seen.with_neither += u32::from(!is_right(plain));
                if !(by_sidecar && by_dat) {
                    return Err(format!("{shown}: {:?} {:?}", sidecar.get(&name), dat.get(&name)));
                }
            }
        }
        std::fs::remove_dir_all(folder.path("rot")).unwrap();
    }
    Ok(seen)
}

/// Flips so many bits in a file of each format, and returns the table.
fn table(bits: u32) -> String {
    let mut random = Random(0x0B17_2026);
    let mut text = String::from(
        "| file | bits flipped | the disc is the same | it changed | noticed with a sidecar | with a DAT | with \
         neither |\n|---|---:|---:|---:|---:|---:|---:|\n",
    );
    for (shown, args) in FORMATS {
        let seen = damage(shown, args, bits, &mut random).unwrap();
        assert!(seen.changed > 0, "{shown}");
        let share = |count: u32| format!("{:.1} %", 100.0 * f64::from(count) / f64::from(seen.changed));
        let (flipped, harmless, changed) = (seen.flipped, seen.harmless, seen.changed);
        let [sidecar, dat, neither] = [seen.with_sidecar, seen.with_dat, seen.with_neither].map(share);
        writeln!(text, "| {shown} | {flipped} | {harmless} | {changed} | {sidecar} | {dat} | {neither} |")
            .unwrap();
    }
    text
}

#[test]
fn one_wrong_bit_never_passes_a_sidecar_or_a_dat() {
    print!("{}", table(50));
}

#[test]
#[ignore = "takes minutes"]
fn ten_thousand_bits() {
    let table = table(10_000);
    print!("{table}");
    if std::env::var_os("CISOR_WRITE_TABLE").is_some() {
        support::write_table("bit rot", &table);
    }
}
