//! Builds small discs for tests, sector by sector from ECMA-119.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

const SECTOR: usize = 2048;

/// Returns an image with these files, whose names may include directories. `;1` is appended to the names.
pub fn disc(volume_id: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut image = vec![0; 18 * SECTOR];
    let (root_lba, root_len) = add_directory(&mut image, files);

    let sectors = image.len() / SECTOR;
    let descriptor = &mut image[16 * SECTOR..17 * SECTOR];
    descriptor[..7].copy_from_slice(b"\x01CD001\x01");
    descriptor[40..72].fill(b' ');
    descriptor[40..40 + volume_id.len()].copy_from_slice(volume_id.as_bytes());
    both_endian(&mut descriptor[80..88], sectors);
    descriptor[128..132].copy_from_slice(&[0x00, 0x08, 0x08, 0x00]);
    descriptor[156..190].copy_from_slice(&record("\0", root_lba, root_len, true));
    image
}

/// Appends files and directories, then the directory that lists them; returns its position and length.
fn add_directory(image: &mut Vec<u8>, files: &[(&str, &[u8])]) -> (usize, usize) {
    let mut directories: BTreeMap<&str, Vec<(&str, &[u8])>> = BTreeMap::new();
    let mut entries: Vec<(String, usize, usize, bool)> = Vec::new();
    for &(path, content) in files {
        match path.split_once('/') {
            Some((directory, name)) => directories.entry(directory).or_default().push((name, content)),
            None => {
                let lba = append(image, content);
                entries.push((format!("{path};1"), lba, content.len(), false));
            }
        }
    }
    for (name, files) in directories {
        let (lba, len) = add_directory(image, &files);
        entries.push((name.to_owned(), lba, len, true));
    }
    let bytes = directory_bytes(&entries);
    (append(image, &bytes), bytes.len())
}

/// Returns a directory record, padded to an even length.
pub fn record(name: &str, lba: usize, len: usize, is_directory: bool) -> Vec<u8> {
    let mut record = vec![0; (33 + name.len()).next_multiple_of(2)];
    record[0] = u8::try_from(record.len()).unwrap();
    both_endian(&mut record[2..10], lba);
    both_endian(&mut record[10..18], len);
    record[25] = if is_directory { 2 } else { 0 };
    record[32] = u8::try_from(name.len()).unwrap();
    record[33..33 + name.len()].copy_from_slice(name.as_bytes());
    record
}

/// Returns a `PARAM.SFO` with these texts.
pub fn sfo(texts: &[(&str, &str)]) -> Vec<u8> {
    let (mut entries, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (key, text) in texts {
        entries.extend(u16::try_from(keys.len()).unwrap().to_le_bytes());
        entries.extend(0x0204u16.to_le_bytes());
        let len = u32::try_from(text.len() + 1).unwrap();
        entries.extend(len.to_le_bytes());
        entries.extend(len.next_multiple_of(4).to_le_bytes());
        entries.extend(u32::try_from(values.len()).unwrap().to_le_bytes());
        keys.extend_from_slice(key.as_bytes());
        keys.push(0);
        values.extend_from_slice(text.as_bytes());
        values.push(0);
        values.resize(values.len().next_multiple_of(4), 0);
    }
    keys.resize(keys.len().next_multiple_of(4), 0);
    let keys_at = 0x14 + entries.len();
    let numbers = [0x0101, keys_at, keys_at + keys.len(), texts.len()];
    let mut file = b"\0PSF".to_vec();
    file.extend(numbers.iter().flat_map(|&number| u32::try_from(number).unwrap().to_le_bytes()));
    file.extend(entries);
    file.extend(keys);
    file.extend(values);
    file
}

fn append(image: &mut Vec<u8>, content: &[u8]) -> usize {
    let lba = image.len() / SECTOR;
    image.extend_from_slice(content);
    image.resize(image.len().next_multiple_of(SECTOR), 0);
    lba
}

fn directory_bytes(entries: &[(String, usize, usize, bool)]) -> Vec<u8> {
    let mut bytes = [record("\0", 0, SECTOR, true), record("\u{1}", 0, SECTOR, true)].concat();
    for (name, lba, len, is_directory) in entries {
        let record = record(name, *lba, *len, *is_directory);
        // Records do not cross the end of a sector.
        if bytes.len() % SECTOR + record.len() > SECTOR {
            bytes.resize(bytes.len().next_multiple_of(SECTOR), 0);
        }
        bytes.extend(record);
    }
    bytes.resize(bytes.len().next_multiple_of(SECTOR), 0);
    bytes
}

fn both_endian(bytes: &mut [u8], value: usize) {
    let value = u32::try_from(value).unwrap();
    bytes[..4].copy_from_slice(&value.to_le_bytes());
    bytes[4..].copy_from_slice(&value.to_be_bytes());
}
