//! Digests that lie beside images: `GAME.sha256` with one line as `sha256sum` writes it, about the plain
//! image `GAME.iso`. So `sha256sum -c` checks an extracted image, and `verify` any form of it.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::human;
use crate::output::{Existing, Outputs, Standing};
use crate::report::{SidecarRecord, SidecarState};
use crate::target::{Claims, Target, known_extension};

/// More than any list of digests has.
const MOST_BYTES: u64 = 1 << 20;
/// Hexadecimal digits of a digest.
const DIGITS: usize = 64;

/// What lies beside an image.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// Its digest.
    Digest { file: PathBuf, sha256: [u8; 32] },
    /// A file that does not tell the image's digest.
    Unusable(PathBuf),
}

/// Returns the path of the file with an image's digest.
pub(crate) fn path(image: &Path) -> PathBuf {
    Target::Beside.path(image, "sha256")
}

/// Returns the path of the longer of the two names that the file with an image's digest may have.
pub(crate) fn long_path(image: &Path) -> PathBuf {
    let mut long = plain_name(image).into_os_string();
    long.push(".sha256");
    image.with_file_name(long)
}

/// The name of the plain image.
fn plain_name(image: &Path) -> PathBuf {
    Target::Beside.path(image, "iso").file_name().map(PathBuf::from).unwrap_or_default()
}

/// Looks for the digest of an image: in `GAME.sha256`, or in `GAME.iso.sha256`.
pub(crate) fn beside(image: &Path) -> Found {
    let files = [path(image), long_path(image)];
    let Some(file) = files.into_iter().find(|file| std::fs::symlink_metadata(file).is_ok()) else {
        return Found::Nothing;
    };
    let mut bytes = Vec::new();
    let opened = crate::special::open(&file).ok();
    let read = opened.and_then(|opened| opened.take(MOST_BYTES).read_to_end(&mut bytes).ok());
    match read.and_then(|_| digest_of(&bytes, plain_name(image).as_os_str())) {
        Some(sha256) => Found::Digest { file, sha256 },
        None => Found::Unusable(file),
    }
}

/// Refuses a target beside which no digest can be written, before the work.
///
/// # Errors
///
/// [`Failure::SidecarUnusable`], or what is wrong with the place.
pub(crate) fn check_place(claims: &Claims, image: &Path, existing: Existing) -> Result<(), Failure> {
    claims.check_beside(&path(image))?;
    match beside(image) {
        Found::Unusable(file) if existing == Existing::Keep => Err(Failure::SidecarUnusable(file)),
        _ => Ok(()),
    }
}

/// Refuses an image whose sidecar has another digest, before the image is put in place.
///
/// # Errors
///
/// [`Failure::SidecarExists`], [`Failure::SidecarUnusable`].
pub(crate) fn check(image: &Path, sha256: [u8; 32], existing: Existing) -> Result<(), Failure> {
    match beside(image) {
        Found::Digest { sha256: there, .. } if there == sha256 => Ok(()),
        Found::Digest { file, .. } if existing == Existing::Keep => Err(Failure::SidecarExists(file)),
        Found::Unusable(file) if existing == Existing::Keep => Err(Failure::SidecarUnusable(file)),
        _ => Ok(()),
    }
}

/// Writes the digest beside an image that is in place, unless it is there already.
///
/// # Errors
///
/// When there is another one that has to be kept, or it cannot be written.
pub(crate) fn write(
    outputs: &mut Outputs,
    image: &Path,
    sha256: [u8; 32],
    existing: Existing,
) -> Result<SidecarRecord, Failure> {
    check(image, sha256, existing)?;
    if let Found::Digest { file, sha256: there } = beside(image)
        && there == sha256
    {
        return Ok(SidecarRecord { file, state: SidecarState::Match });
    }
    let file = path(image);
    put(outputs, &file, image, sha256, existing)?;
    Ok(SidecarRecord { file, state: SidecarState::Written })
}

/// Writes the line about an image to a file.
fn put(
    outputs: &mut Outputs,
    file: &Path,
    image: &Path,
    sha256: [u8; 32],
    existing: Existing,
) -> Result<(), Failure> {
    let standing = Standing::at(file, existing);
    let mut part = outputs.begin(file, &standing)?;
    part.resemble(image);
    part.file().write_all(&line(plain_name(image).as_os_str(), sha256)).map_err(Failure::Write)?;
    part.sync()?;
    outputs.commit(part, &standing)
}

/// Has the digest of an image that was renamed, with its sidecar, name the image as it is called now. A file that says more
/// than [`write`] does stays as it is.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn rename(before: &Path, image: &Path) -> Result<(), Failure> {
    let Found::Digest { file, sha256 } = beside(image) else { return Ok(()) };
    if std::fs::read(&file).map_err(Failure::Open)? != line(plain_name(before).as_os_str(), sha256) {
        return Ok(());
    }
    put(&mut Outputs::default(), &file, image, sha256, Existing::Replace)
}

/// A line as `sha256sum` writes it. Names with a backslash or a line break are written with escapes, which a
/// backslash at the beginning announces.
fn line(name: &OsStr, sha256: [u8; 32]) -> Vec<u8> {
    let mut escaped = Vec::new();
    for &byte in name.as_encoded_bytes() {
        match byte {
            b'\\' => escaped.extend(br"\\"),
            b'\n' => escaped.extend(br"\n"),
            b'\r' => escaped.extend(br"\r"),
            byte => escaped.push(byte),
        }
    }
    let mark = if escaped.len() > name.len() { "\\" } else { "" };
    let mut line = format!("{mark}{}  ", human::hex(&sha256)).into_bytes();
    line.extend(escaped);
    line.push(b'\n');
    line
}

/// Finds the digest of the file with this name, or of the only file. One that is about a compressed file says
/// nothing about the image in it.
fn digest_of(bytes: &[u8], name: &OsStr) -> Option<[u8; 32]> {
    let lines = bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).map(parse).collect();
    let named = lines.iter().flatten().find(|(_, of)| of == name.as_encoded_bytes());
    if let Some((sha256, _)) = named {
        return Some(*sha256);
    }
    let [Some((sha256, of))] = &lines[..] else { return None };
    let of = PathBuf::from(String::from_utf8_lossy(of).into_owned());
    (known_extension(&of) == Some("iso")).then_some(*sha256)
}

/// The digest and the name in a line.
fn parse(line: &[u8]) -> Option<([u8; 32], Vec<u8>)> {
    let (is_escaped, line) = line.strip_prefix(b"\\").map_or((false, line), |line| (true, line));
    let (digits, rest) = line.split_at_checked(DIGITS)?;
    let name = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?;
    let mut sha256 = [0; 32];
    for (byte, pair) in sha256.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(high? << 4 | low?).ok()?;
    }
    if !is_escaped {
        return Some((sha256, name.to_vec()));
    }
    let mut plain = Vec::new();
    let mut bytes = name.iter();
    while let Some(&byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                other => *other,
            },
            byte => byte,
        });
    }
    Some((sha256, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: [u8; 32] = [0xA5; 32];

    #[test]
    fn lines_are_those_of_sha256sum() {
        let digits = "a5".repeat(32);
        let text = |name: &str| String::from_utf8(line(OsStr::new(name), DIGEST)).unwrap();
        assert_eq!(text("GAME.iso"), format!("{digits}  GAME.iso\n"));
        assert_eq!(text("a\\b\n.iso"), format!("\\{digits}  a\\\\b\\n.iso\n"));
        for name in ["GAME.iso", "a b.iso", "a\\b\n\r.iso", "ゲーム.iso"] {
            assert_eq!(digest_of(text(name).as_bytes(), OsStr::new(name)), Some(DIGEST), "{name}");
        }
    }

    #[test]
    fn only_the_digest_of_the_image_counts() {
        let line = |name: &str| line(OsStr::new(name), DIGEST);
        let of = |bytes: &[u8]| digest_of(bytes, OsStr::new("GAME.iso"));
        assert_eq!(of(&line("OLD NAME.iso")), Some(DIGEST), "a file that was renamed");
        assert_eq!(of(&line("GAME.cso")), None);
        assert_eq!(of(&[line("A.iso"), line("B.iso")].concat()), None);
        assert_eq!(of(&[line("A.iso"), line("GAME.iso")].concat()), Some(DIGEST));
        let binary = format!("{} *GAME.iso\r\n", "A5".repeat(32));
        assert_eq!(of(binary.as_bytes()), Some(DIGEST));
        for garbage in [&b"\0\xFF"[..], b"", b"a5a5  GAME.iso", &[b'g'; 80]] {
            assert_eq!(of(garbage), None);
        }
    }

    #[test]
    fn sidecar_of_another_disc_is_kept_unless_it_may_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("GAME.cso");
        let mut outputs = Outputs::default();
        let mut write = |digest, existing| write(&mut outputs, &image, digest, existing);
        assert_eq!(write(DIGEST, Existing::Keep).unwrap().state, SidecarState::Written);
        assert_eq!(write(DIGEST, Existing::Keep).unwrap().state, SidecarState::Match);
        assert!(matches!(write([1; 32], Existing::Keep), Err(Failure::SidecarExists(_))));
        let file = folder.path().join("GAME.sha256");
        assert_eq!(beside(&image), Found::Digest { file: file.clone(), sha256: DIGEST });
        let mut outputs = Outputs::default();
        super::write(&mut outputs, &image, [1; 32], Existing::Replace).unwrap();
        assert_eq!(beside(&image), Found::Digest { file, sha256: [1; 32] });
    }
}
