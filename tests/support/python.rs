//! A second opinion: a script that shares neither code nor, except for stock zlib, libraries with this
//! workspace.

use std::path::Path;
use std::process::Command;

/// Decodes a file with tests/decode.py; returns the SHA-256 of the image in hexadecimal.
///
/// # Panics
///
/// When the script does not succeed.
pub fn sha256(path: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("decode.py");
    let output = Command::new("python3").arg(script).arg(path).output().expect("python3");
    assert!(output.status.success(), "decode.py: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
