//! Images written by the project's converter, run as a program. (Its zlib and the emulated processor's
//! library both have a function `crc32`, so they cannot be linked into one program.)

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Converts an image; the format is the value of the program's option `--to`.
pub(crate) fn convert(image: &[u8], format: &str, block_size: u32, align: u32) -> Vec<u8> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("cisor-driver-{}-{number}", std::process::id()));
    std::fs::create_dir(&folder).expect("a folder of one's own");
    let (iso, packed) = (folder.join("disc.iso"), folder.join("packed"));
    std::fs::write(&iso, image).expect("room for the image");
    let mut command = Command::new(program());
    command.args(["compress", "--quiet", "-4", "--to", format, "--block-size", &block_size.to_string()]);
    if align > 1 {
        command.args(["--align", &align.to_string()]);
    }
    let ran = command.arg("--output").arg(&packed).arg(&iso).output().expect("the converter starts");
    assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
    let bytes = std::fs::read(&packed).expect("the converter's file");
    std::fs::remove_dir_all(&folder).expect("the folder made above");
    bytes
}

/// The converter as users build it.
fn program() -> PathBuf {
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/release/cisor");
    let program = std::env::var_os("CISOR_BIN").map_or(built, PathBuf::from);
    assert!(program.is_file(), "{}: not built; run: cargo build --release", program.display());
    program
}
