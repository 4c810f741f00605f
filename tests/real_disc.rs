//! Compresses and extracts a whole disc in every format and for every profile. Each file is checked against
//! the rules of its format and its readers, and decoded by four decoders that must agree: the converter's,
//! the judges' (stock zlib and their own LZ4 decoder), a Python script's, and `cisor verify`'s.

use std::fs;
use std::path::{Path, PathBuf};

use cisor_tests::ciso_rules::{self, Rules};
use cisor_tests::{cisor, dax_rules, disc, jso_rules, python};
use tempfile::TempDir;

/// CSO for firmwares: the strictest rules there are.
const FIRMWARE: Rules = Rules {
    magic: *b"CISO",
    version: 1,
    block_size: 2048,
    plain_from: 95,
    firmware_safe: true,
    below_2_gib: true,
    max_shift: 0,
    file_multiple: 1,
};

/// CSO for emulators.
const EMULATOR: Rules = Rules {
    block_size: 16 << 10,
    plain_from: 100,
    firmware_safe: false,
    below_2_gib: false,
    max_shift: 20,
    ..FIRMWARE
};

const ZSO: Rules = Rules { magic: *b"ZISO", ..FIRMWARE };

/// A file made from the disc, in a folder that is deleted together with it.
struct Made {
    folder: TempDir,
    file: PathBuf,
    record: serde_json::Value,
    sha256: String,
    image_size: u64,
}

/// Compresses the PSP disc.
fn compress(options: &[&str]) -> Made {
    compress_disc(&disc::psp(), options)
}

fn compress_disc(disc: &Path, options: &[&str]) -> Made {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a scratch folder");
    let file = folder.path().join("packed");
    let mut args =
        vec!["compress".into(), disc.to_path_buf().into_os_string(), "-o".into(), file.clone().into()];
    args.extend(options.iter().map(Into::into));
    let (record, _) = cisor::succeed(&args);
    let sha256 = disc::sha256(disc);
    assert_eq!(record["hashes"]["sha256"], sha256.as_str(), "digest taken while the disc was read");
    assert_eq!(record["stored_size"], disc::len(&file), "size of the file");
    Made { folder, file, record, sha256, image_size: disc::len(disc) }
}

impl Made {
    /// Checks the rules of CSO and ZSO, then everything else.
    fn keeps_to(self, rules: &Rules) {
        let found = ciso_rules::check(&self.file, self.image_size, rules);
        assert_eq!(found.sha256, self.sha256, "the judge's decoder");
        let blocks = &self.record["blocks"];
        let counted = [&blocks["stored"], &blocks["deflate"], &blocks["lz4"]].map(|count| count.as_u64());
        assert_eq!(counted, [found.plain, found.deflate, found.lz4].map(Some), "block counts of compress");
        assert!(found.plain > 0, "a disc with packed media has blocks that stay plain");
        if rules.firmware_safe {
            self.passes_the_lint(found.deflate);
        }
        self.comes_back();
    }

    /// `compress` and `info --blocks` report that the lint examined every stream and found nothing.
    fn passes_the_lint(&self, streams: u64) {
        let info = ["info".as_ref(), "--blocks".as_ref(), self.file.as_os_str()];
        let (info, _) = cisor::succeed(&info);
        if streams > 0 {
            assert_eq!(info["lint"]["streams"], streams, "streams that info --blocks looked at");
            assert_eq!(info["lint"]["failed"], 0, "info --blocks: {}", info["lint"]);
            assert_eq!(self.record["lint"]["streams"], streams, "streams that compress looked at");
            assert_eq!(self.record["lint"]["failed"], 0, "compress: {}", self.record["lint"]);
        }
    }

    /// Every decoder gives the disc's bytes.
    fn comes_back(self) {
        let (verified, _) = cisor::succeed(&["verify".as_ref(), self.file.as_os_str()]);
        assert_eq!(verified["hashes"]["sha256"], self.sha256.as_str(), "cisor verify");
        assert_eq!(python::sha256(&self.file), self.sha256, "decode.py");
        let back = self.folder.path().join("back.iso");
        let extract = ["extract".as_ref(), self.file.as_os_str(), "-o".as_ref(), back.as_os_str()];
        cisor::succeed(&extract);
        assert_eq!(disc::sha256(&back), self.sha256, "cisor extract");
        let left: Vec<_> = fs::read_dir(self.folder.path()).expect("the scratch folder").collect();
        assert_eq!(left.len(), 2, "nothing but the two files is left behind: {left:?}");
    }
}

/// Streams of stock zlib never had to be stored, so the profile does not cost any space.
fn stock_zlib_always_passes(made: &Made) {
    assert_eq!(made.record["lint"]["stored_plain"], 0, "{}", made.record["lint"]);
}

#[test]
#[ignore = "needs the test discs"]
fn psp_disc_is_recognised_and_gets_the_profile_psp() {
    let made = compress(&[]);
    assert_eq!(made.record["profile"], "psp");
    assert_eq!(made.record["disc"]["console"], "PSP");
    assert_eq!(
        made.record["disc"]["id"].as_str().map(|id| id.replace('-', "")).as_deref(),
        Some("UCSR00001")
    );
    assert_eq!(made.record["disc"]["title"], "Cisor Test Disc");
    stock_zlib_always_passes(&made);
    made.keeps_to(&FIRMWARE);
}

#[test]
#[ignore = "needs the test discs"]
fn ps2_disc_is_recognised_and_gets_the_profile_opl() {
    let made = compress_disc(&disc::ps2(), &[]);
    assert_eq!(made.record["profile"], "opl");
    assert_eq!(made.record["disc"]["console"], "PS2");
    assert_eq!(
        made.record["disc"]["id"].as_str().map(|id| id.replace(['-', '_', '.'], "")).as_deref(),
        Some("SCSR00001")
    );
    made.keeps_to(&Rules { max_shift: 11, below_2_gib: false, file_multiple: 2048, ..ZSO });
}

#[test]
#[ignore = "needs the test discs"]
fn profile_psp() {
    let made = compress(&["--for", "psp", "-1"]);
    stock_zlib_always_passes(&made);
    made.keeps_to(&FIRMWARE);
}

#[test]
#[ignore = "needs the test discs"]
fn profile_adrenaline() {
    compress(&["--for", "adrenaline", "-1"]).keeps_to(&FIRMWARE);
}

#[test]
#[ignore = "needs the test discs"]
fn profile_ark() {
    let made = compress(&["--for", "ark"]);
    stock_zlib_always_passes(&made);
    made.keeps_to(&FIRMWARE);
}

#[test]
#[ignore = "needs the test discs"]
fn profile_ark_with_blocks_of_8_kib() {
    let made = compress(&["--for", "ark", "-b", "8K"]);
    stock_zlib_always_passes(&made);
    made.keeps_to(&Rules { block_size: 8192, ..FIRMWARE });
}

#[test]
#[ignore = "needs the test discs"]
fn profile_ark_as_zso() {
    compress(&["--for", "ark", "--to", "zso", "-1"]).keeps_to(&ZSO);
}

#[test]
#[ignore = "needs the test discs"]
fn profile_ppsspp() {
    compress(&["--for", "ppsspp"]).keeps_to(&EMULATOR);
}

#[test]
#[ignore = "needs the test discs"]
fn profile_ppsspp_with_blocks_of_32_kib() {
    compress(&["--for", "ppsspp", "-b", "32K", "-1"]).keeps_to(&Rules { block_size: 32 << 10, ..EMULATOR });
}

#[test]
#[ignore = "needs the test discs"]
fn profile_pcsx2() {
    compress(&["--for", "pcsx2", "--ignore-limits", "-1"]).keeps_to(&EMULATOR);
}

#[test]
#[ignore = "needs the test discs"]
fn profile_pcsx2_as_zso() {
    compress(&["--for", "pcsx2", "--ignore-limits", "--to", "zso", "-1"])
        .keeps_to(&Rules { magic: *b"ZISO", ..EMULATOR });
}

#[test]
#[ignore = "needs the test discs"]
fn profile_opl() {
    let rules = Rules { max_shift: 11, below_2_gib: false, file_multiple: 2048, ..ZSO };
    compress(&["--for", "opl", "--ignore-limits"]).keeps_to(&rules);
}

/// The driver decodes by itself, but firmwares read the disc's first sectors before it does.
#[test]
#[ignore = "needs the test discs"]
fn profile_cisor_in_its_three_formats() {
    let rules = Rules { plain_from: 100, below_2_gib: false, max_shift: 20, ..FIRMWARE };
    compress(&["--for", "cisor", "--to", "cso"]).keeps_to(&rules);
    compress(&["--for", "cisor", "--to", "cso2", "-b", "8192"]).keeps_to(&Rules {
        version: 2,
        block_size: 8192,
        ..rules
    });
    compress(&["--for", "cisor", "--to", "zso", "-1"]).keeps_to(&Rules { magic: *b"ZISO", ..rules });
}

#[test]
#[ignore = "needs the test discs"]
fn any_cso() {
    compress(&["--to", "cso"]).keeps_to(&Rules { block_size: 2048, ..EMULATOR });
}

#[test]
#[ignore = "needs the test discs"]
fn any_cso2() {
    compress(&["--to", "cso2"]).keeps_to(&Rules { version: 2, block_size: 2048, ..EMULATOR });
}

#[test]
#[ignore = "needs the test discs"]
fn any_zso() {
    compress(&["--to", "zso"]).keeps_to(&Rules { magic: *b"ZISO", block_size: 2048, ..EMULATOR });
}

#[test]
#[ignore = "needs the test discs"]
fn any_dax() {
    let made = compress(&["--to", "dax"]);
    assert_eq!(dax_rules::check(&made.file, made.image_size), made.sha256);
    made.comes_back();
}

#[test]
#[ignore = "needs the test discs"]
fn any_jso() {
    let made = compress(&["--to", "jso"]);
    assert_eq!(jso_rules::check(&made.file, made.image_size, 2048), made.sha256);
    made.comes_back();
}

/// From one compressed format to another, without an ISO in between.
#[test]
#[ignore = "needs the test discs"]
fn compressed_images_are_inputs_too() {
    let first = compress(&["--to", "dax", "-1"]);
    let second = compress_disc_file(&first);
    second.keeps_to(&FIRMWARE);
}

fn compress_disc_file(first: &Made) -> Made {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a scratch folder");
    let file = folder.path().join("packed");
    let args = ["compress".as_ref(), first.file.as_os_str(), "-o".as_ref(), file.as_os_str()];
    let (record, _) = cisor::succeed(&args);
    assert_eq!(record["profile"], "psp", "the disc is recognised inside the compressed file");
    Made { folder, file, record, sha256: first.sha256.clone(), image_size: first.image_size }
}
