//! CD sectors whose EDC is wrong: refused, unless `--ignore-limits` says that their bytes are to be kept as they are.

use std::process::Command;

use predicates::str::contains;

use crate::sources::{chdman, ciso_of_raw};
use crate::support::{Folder, SECTOR, ps2_disc, raw_sectors};

/// Bytes of a raw sector.
const RAW: usize = 2352;

/// The same sectors as MODE2, Form 1.
pub(crate) fn mode2(sectors: &[u8]) -> Vec<u8> {
    let sector = |raw: &[u8]| {
        let mut sector = raw.to_vec();
        sector[15] = 2;
        sector[16..24].copy_from_slice(&[0, 0, 8, 0, 0, 0, 8, 0]);
        sector[24..24 + SECTOR].copy_from_slice(&raw[16..16 + SECTOR]);
        let edc = image_source::edc(&sector[16..2072]);
        sector[2072..2076].copy_from_slice(&edc.to_le_bytes());
        sector
    };
    sectors.chunks(RAW).flat_map(sector).collect()
}

/// The dump, with its sheet, as everything that a raw dump comes in.
fn every_source(dump: &[u8], mode: u8) -> (Folder, Vec<&'static str>) {
    let folder = Folder::new();
    folder.write("DUMP.bin", dump);
    folder.write("SHEET.bin", dump);
    let sheet = format!("FILE \"SHEET.bin\" BINARY\n  TRACK 01 MODE{mode}/2352\n    INDEX 01 00:00:00\n");
    folder.write("SHEET.cue", sheet.as_bytes());
    chdman(&folder, &["createcd", "-i", "SHEET.cue", "-o", "CD.chd"]);
    chdman(&folder, &["createraw", "-i", "DUMP.bin", "-o", "RAW.chd", "-us", "2352", "-hs", "4704"]);
    for (archive, files) in [
        ("BIN.zip", &["DUMP.bin"][..]),
        ("BIN.7z", &["DUMP.bin"]),
        ("CUE.zip", &["SHEET.cue", "SHEET.bin"]),
        ("CUE.7z", &["SHEET.cue", "SHEET.bin"]),
    ] {
        let mut command = Command::new("7z");
        command.args(["a", "-bd", "-y", "-mx=1", archive]).args(files).current_dir(folder.root());
        assert!(command.output().expect("7z").status.success());
    }
    folder.write("PACKED.cso", &ciso_of_raw(dump));
    let names = [
        "DUMP.bin",
        "SHEET.cue",
        "CD.chd",
        "RAW.chd",
        "BIN.zip",
        "BIN.7z",
        "CUE.zip",
        "CUE.7z",
        "PACKED.cso",
    ];
    (folder, names.to_vec())
}

#[test]
fn wrong_edc_is_refused_and_kept_as_it_is_if_that_is_wanted() {
    let image = ps2_disc();
    let root = u32::from_le_bytes(image[16 * SECTOR + 158..16 * SECTOR + 162].try_into().unwrap()) as usize;
    let mode1 = raw_sectors(&image);
    for (mode, dump, data) in [(1, mode1.clone(), 16), (2, mode2(&mode1), 24)] {
        // The first sector, the descriptor, the root folder and a file's content. The descriptor and the folder say
        // the same as before: only their code is wrong.
        let places = [(0, false), (16, true), (root, true), (image.len() / SECTOR - 3, false)];
        // Where the code of a sector stands is the only thing that the mode changes.
        for (sector, is_code) in places.into_iter().take(if mode == 1 { 4 } else { 2 }) {
            let (mut dump, mut expected) = (dump.clone(), image.clone());
            if is_code {
                dump[sector * RAW + data + SECTOR] ^= 4;
            } else {
                dump[sector * RAW + data + 100] ^= 4;
                expected[sector * SECTOR + 100] ^= 4;
            }
            let (folder, names) = every_source(&dump, mode);
            let before = folder.names();
            for name in names {
                let text = format!("sector {sector}");
                for args in [&["compress", "--for", "opl"][..], &["extract"]] {
                    let run = folder.cisor(args.iter().chain(&["-o", "new.zso", name])).assert();
                    run.code(1).stderr(contains(&text));
                    assert_eq!(folder.names(), before, "{mode} {name}: {args:?}");
                }
                folder.cisor(["verify", name]).assert().code(1).stderr(contains(&text));
                let what = format!("MODE{mode}, sector {sector}, {name}");
                let run = |args: &[&str]| folder.cisor([args, &["--ignore-limits", name]].concat()).assert();
                run(&["compress", "--dry-run", "--for", "opl", "-o", "new.zso"]).success();
                run(&["compress", "--for", "opl", "-o", "new.zso"]).success();
                folder.cisor(["extract", "-o", "back.iso", "new.zso"]).assert().success();
                assert!(folder.read("back.iso") == expected, "{what}, compress");
                run(&["extract", "-o", "new.iso"]).success();
                assert!(folder.read("new.iso") == expected, "{what}, extract");
                // Again, to compare with what is there.
                run(&["compress", "--for", "opl", "-o", "new.zso"])
                    .success()
                    .stderr(contains("already done"));
                for name in ["new.zso", "new.iso", "back.iso"] {
                    folder.remove(name);
                }
            }
        }
    }
}

#[test]
fn nothing_is_refused_if_the_rest_is_kept() {
    let image = ps2_disc();
    for sector in [0, 16, 30] {
        let mut dump = raw_sectors(&image);
        // Not even a sync pattern, except in the first sector, by which a dump alone is recognised.
        dump[sector * RAW + 2064] ^= 4;
        if sector == 30 {
            dump[sector * RAW + 3] = 0;
        }
        let (folder, _) = every_source(&dump, 1);
        for name in ["DUMP.bin", "SHEET.cue", "CD.chd"] {
            for verb in ["compress", "extract"] {
                folder.cisor([verb, "--keep-raw", "-o", "new.img", name]).assert().success();
                std::fs::create_dir(folder.path("back")).unwrap();
                folder.cisor(["extract", "--raw", "-d", "back", "new.img"]).assert().success();
                let bin = name.replace("cue", "bin").replace("chd", "bin");
                assert!(folder.read(format!("back/{bin}")) == dump, "sector {sector}, {name}: {verb}");
                std::fs::remove_dir_all(folder.path("back")).unwrap();
                folder.remove("new.img");
                folder.remove("new.raw");
            }
        }
    }
}
