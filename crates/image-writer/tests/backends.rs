//! Checks that the encoder libraries are the ones this crate relies on.

use std::ffi::CStr;
use std::process::Command;

#[test]
fn zlib_is_stock_zlib() {
    // SAFETY: zlibVersion takes nothing and returns a string constant of the library.
    let version = unsafe { CStr::from_ptr(libz_sys::zlibVersion()) }.to_str().unwrap();
    // zlib-ng in its compatible form reports something like "1.3.1.zlib-ng"; other forks add a name too.
    assert!(version.split('.').all(|part| part.parse::<u32>().is_ok()), "linked: {version}");
    assert!(version.starts_with("1."), "linked: {version}");
}

#[test]
fn flate2_writes_with_that_zlib() {
    // Each deflate encoder parses a little differently, so equal bytes mean the same encoder: flate2 on one
    // side, the library's own call on the other.
    let data: Vec<u8> = (0..4096u32).map(|n| ((n * n) >> 5 & 0x3F).to_le_bytes()[0]).collect();
    let mut through_flate2 = Vec::with_capacity(8192);
    flate2::Compress::new(flate2::Compression::new(9), true)
        .compress_vec(&data, &mut through_flate2, flate2::FlushCompress::Finish)
        .unwrap();

    let mut direct = vec![0u8; 8192];
    let mut len = direct.len() as libz_sys::uLongf;
    // SAFETY: both buffers are live and as long as the lengths say; zlib writes at most `len` bytes.
    let status = unsafe {
        libz_sys::compress2(direct.as_mut_ptr(), &mut len, data.as_ptr(), data.len() as libz_sys::uLong, 9)
    };
    assert_eq!(status, libz_sys::Z_OK);
    direct.truncate(usize::try_from(len).unwrap());
    assert!(through_flate2 == direct);
}

#[test]
fn miniz_oxide_is_not_linked() {
    // Its streams hang PSP firmwares. Tests may compare with it, but no feature of another crate may bring it
    // in as an encoder.
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal,build", "--prefix", "none"])
        .args(["--package", "image-writer", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let names: Vec<_> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"flate2"), "{names:?}");
    assert!(!names.contains(&"miniz_oxide"), "{names:?}");
}
