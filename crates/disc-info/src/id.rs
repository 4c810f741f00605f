//! Disc ids, in the one form in which disc databases list them: `ABCD-12345`.

use alloc::format;
use alloc::string::String;

use crate::clean;

/// Brings an id into the form `ABCD-12345`. It is written `ABCD12345` in `PARAM.SFO`, `ABCD-12345` in
/// `UMD_DATA.BIN`, and `ABCD_123.45` as the name of a PS2 executable. `None` when it is no such id.
pub(crate) fn canonical(id: &str) -> Option<String> {
    let bare: String = id.chars().filter(|c| !matches!(c, '-' | '_' | '.')).collect();
    let (letters, digits) = bare.split_at_checked(4)?;
    let is_id = letters.bytes().all(|c| c.is_ascii_alphabetic())
        && digits.len() == 5
        && digits.bytes().all(|c| c.is_ascii_digit());
    is_id.then(|| format!("{}-{digits}", letters.to_ascii_uppercase()))
}

/// Returns the id from `UMD_DATA.BIN`, whose fields are separated by `|`: id, a number of 16 digits,
/// four digits, and a letter for the kind of disc.
pub(crate) fn from_umd_data(file: &[u8]) -> Option<String> {
    let end = file.iter().position(|&byte| byte == b'|')?;
    // Ids have ten characters; a field that is much longer is no id.
    (end <= 16).then(|| clean(&file[..end])).flatten()
}

/// Returns the name of the executable that `SYSTEM.CNF` starts on a PS2: `BOOT2 = cdrom0:\NAME;1`.
/// `None` without such a line. PS1 discs have a line `BOOT` instead.
pub(crate) fn ps2_boot_file(file: &[u8]) -> Option<String> {
    file.split(|&byte| matches!(byte, b'\n' | b'\r')).find_map(|line| {
        let equals = line.iter().position(|&byte| byte == b'=')?;
        let (key, value) = (&line[..equals], &line[equals + 1..]);
        if !key.trim_ascii().eq_ignore_ascii_case(b"BOOT2") {
            return None;
        }
        let name = value.rsplit(|byte| matches!(byte, b'\\' | b'/' | b':')).next()?;
        clean(name.split(|&byte| byte == b';').next()?)
    })
}
