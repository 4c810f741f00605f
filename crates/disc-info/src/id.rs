//! Disc ids, in the one form in which disc databases list them: `ABCD-12345`.

use alloc::format;
use alloc::string::String;

use crate::clean;

/// Converts an id to the form `ABCD-12345`. It is written `ABCD12345` in `PARAM.SFO`, `ABCD-12345` in
/// `UMD_DATA.BIN`, and `ABCD_123.45` as the name of a PS2 executable. `None` when it is not such an id.
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
    // Ids have ten characters; a much longer field is not an id.
    (end <= 16).then(|| clean(&file[..end])).flatten()
}

/// The executable that `SYSTEM.CNF` starts.
pub(crate) struct BootFile {
    /// Its name without the folder and version.
    pub(crate) name: String,
    /// Whether it is on `cdrom1:`.
    pub(crate) from_cdrom1: bool,
}

/// Returns the executable that the line `key` of `SYSTEM.CNF` names: `BOOT2 = cdrom0:\NAME;1` on a PS2 disc,
/// `BOOT = …` on one for the first PlayStation. `None` without such a line.
pub(crate) fn boot_file(file: &[u8], key: &str) -> Option<BootFile> {
    // Some editors put a byte order mark before the first line.
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    file.split(|&byte| matches!(byte, b'\n' | b'\r')).find_map(|line| {
        let equals = line.iter().position(|&byte| byte == b'=')?;
        let (found, value) = (line[..equals].trim_ascii(), line[equals + 1..].trim_ascii());
        if !found.eq_ignore_ascii_case(key.as_bytes()) {
            return None;
        }
        let name = value.rsplit(|byte| matches!(byte, b'\\' | b'/' | b':')).next()?;
        let name = clean(name.split(|&byte| byte == b';').next()?)?;
        let drive = value.split(|&byte| byte == b':').next().unwrap_or_default();
        Some(BootFile { name, from_cdrom1: drive.eq_ignore_ascii_case(b"cdrom1") })
    })
}
