//! A generated game disc: an ISO 9660 volume with directories and files with every kind of content.

use test_noise::Noise;

/// Bytes of a sector.
pub(crate) const SECTOR: usize = 2048;

/// A disc and its files.
pub(crate) struct Disc {
    /// The image.
    pub(crate) bytes: Vec<u8>,
    /// Path, first sector and length of every file.
    pub(crate) files: Vec<(String, u32, u32)>,
}

/// Directories of the disc: parent and name. The first is the root.
const DIRECTORIES: [(usize, &str); 6] =
    [(0, ""), (0, "PSP_GAME"), (1, "SYSDIR"), (1, "USRDIR"), (3, "DATA"), (3, "MANY")];
/// Enough small files for their directory to take more than the two sectors that isofs reads at once.
const MANY_FILES: usize = 140;

impl Disc {
    /// Makes a disc of exactly `sectors` sectors, at least 400.
    pub(crate) fn new(sectors: usize, seed: u64) -> Self {
        let mut noise = Noise::new(seed);
        let mut plan = vec![
            (0, "UMD_DATA.BIN".to_owned(), b"TEST-00001|1234567890123456|0001|G".to_vec()),
            (1, "PARAM.SFO".to_owned(), content(&mut noise, 1234)),
            (2, "EBOOT.BIN".to_owned(), content(&mut noise, 300_001)),
            (2, "EMPTY.BIN".to_owned(), Vec::new()),
            (4, "ONE.BIN".to_owned(), content(&mut noise, 1)),
            (4, "SECTOR.BIN".to_owned(), content(&mut noise, SECTOR)),
        ];
        for number in 0..MANY_FILES {
            let len = usize::try_from(noise.below(3000)).expect("small");
            plan.push((5, format!("F{number:03}.DAT"), content(&mut noise, len)));
        }
        let first_file = FIRST_DIRECTORY + directory_sectors(&plan).iter().sum::<usize>();
        let used: usize = plan.iter().map(|(_, _, bytes)| bytes.len().div_ceil(SECTOR)).sum();
        let rest = sectors.checked_sub(first_file + used).expect("room for the fixed files");
        // The last file ends at the very end of the disc.
        let big = content(&mut noise, rest * SECTOR);
        plan.push((4, "BIG.DAT".to_owned(), big));
        Self::lay_out(&plan, sectors)
    }

    fn lay_out(plan: &[(usize, String, Vec<u8>)], sectors: usize) -> Self {
        let sizes = directory_sectors(plan);
        let mut places = Vec::new();
        let mut next = FIRST_DIRECTORY;
        for size in &sizes {
            places.push((next, size * SECTOR));
            next += size;
        }
        let mut bytes = vec![0; sectors * SECTOR];
        let mut records: Vec<Vec<Vec<u8>>> = Vec::new();
        for (number, &(parent, _)) in DIRECTORIES.iter().enumerate() {
            records.push(vec![record(&[0], places[number], true), record(&[1], places[parent], true)]);
        }
        for (number, &(parent, name)) in DIRECTORIES.iter().enumerate().skip(1) {
            records[parent].push(record(name.as_bytes(), places[number], true));
        }
        let mut files = Vec::new();
        for (directory, name, content) in plan {
            let place = (next, content.len());
            records[*directory].push(record(name.as_bytes(), place, false));
            bytes[next * SECTOR..][..content.len()].copy_from_slice(content);
            files.push((path_of(*directory, name), word(next), word(content.len())));
            next += content.len().div_ceil(SECTOR);
        }
        assert_eq!(next, sectors, "the last file ends with the disc");
        for (number, records) in records.iter().enumerate() {
            write_records(&mut bytes[places[number].0 * SECTOR..][..places[number].1], records);
        }
        let table = path_table(&places);
        bytes[PATH_TABLE * SECTOR..][..table.len()].copy_from_slice(&table);
        volume_descriptor(&mut bytes[16 * SECTOR..17 * SECTOR], sectors, table.len(), places[0]);
        bytes[17 * SECTOR..][..7].copy_from_slice(b"\xFFCD001\x01");
        files.sort();
        Self { bytes, files }
    }

    /// The bytes of a file.
    pub(crate) fn file(&self, path: &str) -> &[u8] {
        let (_, lba, len) = self.files.iter().find(|(p, _, _)| p == path).expect("a file of the disc");
        &self.bytes[*lba as usize * SECTOR..][..*len as usize]
    }
}

const PATH_TABLE: usize = 18;
const FIRST_DIRECTORY: usize = 20;

/// Content that compresses well, a little, and not at all, alternately.
fn content(noise: &mut Noise, len: usize) -> Vec<u8> {
    const WORDS: [&str; 8] =
        ["vertex ", "texture ", "00000000", "the ", "sound/", "\0\0\0\0", "level_", "\n"];
    let mut bytes = Vec::with_capacity(len + 16);
    while bytes.len() < len {
        let run = bytes.len() + usize::try_from(noise.below(24_000)).expect("small") + 100;
        let kind = noise.below(8);
        while bytes.len() < run.min(len) {
            match kind {
                0 => bytes.extend(noise.word().to_le_bytes()),
                1 => bytes.extend([0; 16]),
                2 => bytes.extend(word(bytes.len()).to_le_bytes()),
                3 | 4 => bytes.extend(noise.below(50).to_le_bytes()),
                _ => bytes.extend(WORDS[usize::try_from(noise.below(8)).expect("small")].bytes()),
            }
        }
    }
    bytes.truncate(len);
    bytes
}

fn directory_sectors(plan: &[(usize, String, Vec<u8>)]) -> Vec<usize> {
    (0..DIRECTORIES.len())
        .map(|number| {
            let files =
                plan.iter().filter(|(directory, ..)| *directory == number).map(|(_, name, _)| name.len());
            let directories = DIRECTORIES.iter().skip(1).filter(|(parent, _)| *parent == number);
            let lens: Vec<_> = files.chain(directories.map(|(_, name)| name.len())).collect();
            // Records do not cross a sector border, so up to half of the largest record may stay free.
            let bytes: usize = 2 * 34 + lens.iter().map(|len| record_len(*len)).sum::<usize>();
            bytes.div_ceil(SECTOR - 64)
        })
        .collect()
}

fn record_len(name: usize) -> usize {
    (33 + name).next_multiple_of(2)
}

fn record(name: &[u8], (lba, len): (usize, usize), directory: bool) -> Vec<u8> {
    let mut record = vec![0; record_len(name.len())];
    record[0] = u8::try_from(record.len()).expect("short names");
    both_orders(&mut record[2..10], lba);
    both_orders(&mut record[10..18], len);
    record[25] = if directory { 2 } else { 0 };
    record[28] = 1;
    record[31] = 1;
    record[32] = u8::try_from(name.len()).expect("short names");
    record[33..33 + name.len()].copy_from_slice(name);
    record
}

fn write_records(directory: &mut [u8], records: &[Vec<u8>]) {
    let mut at = 0;
    for record in records {
        if at / SECTOR != (at + record.len() - 1) / SECTOR {
            at = at.next_multiple_of(SECTOR);
        }
        directory[at..at + record.len()].copy_from_slice(record);
        at += record.len();
    }
}

fn path_table(places: &[(usize, usize)]) -> Vec<u8> {
    let mut table = Vec::new();
    for (&(parent, name), &(lba, _)) in DIRECTORIES.iter().zip(places) {
        let name = if name.is_empty() { b"\0".as_slice() } else { name.as_bytes() };
        table.extend([u8::try_from(name.len()).expect("short"), 0]);
        table.extend(word(lba).to_le_bytes());
        table.extend(u16::try_from(parent + 1).expect("few").to_le_bytes());
        table.extend(name);
        if name.len() % 2 == 1 {
            table.push(0);
        }
    }
    table
}

fn volume_descriptor(sector: &mut [u8], sectors: usize, table: usize, root: (usize, usize)) {
    sector[..7].copy_from_slice(b"\x01CD001\x01");
    sector[8..72].fill(b' ');
    sector[8..16].copy_from_slice(b"PSP GAME");
    both_orders(&mut sector[0x50..0x58], sectors);
    sector[0x78..0x84].copy_from_slice(&[1, 0, 0, 1, 1, 0, 0, 1, 0, 8, 8, 0]);
    both_orders(&mut sector[0x84..0x8C], table);
    sector[0x8C..0x90].copy_from_slice(&word(PATH_TABLE).to_le_bytes());
    sector[0x9C..0x9C + 34].copy_from_slice(&record(&[0], root, true));
    sector[0x373..0x373 + 32].copy_from_slice(b"TEST-00001|1234567890123456|0001");
}

fn path_of(directory: usize, name: &str) -> String {
    if directory == 0 {
        return format!("/{name}");
    }
    let (parent, own) = DIRECTORIES[directory];
    format!("{}/{name}", path_of(parent, own))
}

fn both_orders(field: &mut [u8], value: usize) {
    field[..4].copy_from_slice(&word(value).to_le_bytes());
    field[4..8].copy_from_slice(&word(value).to_be_bytes());
}

fn word(value: usize) -> u32 {
    u32::try_from(value).expect("a small disc")
}
