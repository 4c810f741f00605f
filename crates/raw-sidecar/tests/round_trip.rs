//! Dumps become sidecars and come back.

use std::io;

use raw_sidecar::{Disc, Error, FileEntry, Header, Mode, Reader, Sheet, Sums, TrackEntry, Writer};
use sha2::{Digest, Sha256};
use test_noise::Noise;

/// A dump, area by area.
enum Area {
    /// Sectors with the image's part of each.
    Image(Vec<(Vec<u8>, [u8; 2048])>),
    Kept(usize, Vec<u8>),
    Bytes(Vec<u8>, bool),
}

struct Dump {
    files: Vec<Vec<Area>>,
}

impl Dump {
    fn bytes(&self) -> Vec<Vec<u8>> {
        let area = |area: &Area| match area {
            Area::Image(sectors) => sectors.iter().flat_map(|(bytes, _)| bytes.clone()).collect(),
            Area::Kept(_, bytes) | Area::Bytes(bytes, _) => bytes.clone(),
        };
        self.files.iter().map(|areas| areas.iter().flat_map(area).collect()).collect()
    }

    fn image(&self) -> Vec<u8> {
        let area = |area: &Area| match area {
            Area::Image(sectors) => sectors.iter().flat_map(|(_, user)| *user).collect(),
            _ => Vec::new(),
        };
        self.files.iter().flatten().flat_map(area).collect()
    }

    fn disc(&self) -> Disc {
        let image = self.image();
        let file = |(number, bytes): (usize, Vec<u8>)| FileEntry {
            name: format!("GAME (Track {number}).bin"),
            size: bytes.len() as u64,
        };
        let files: Vec<_> = self.bytes().into_iter().enumerate().map(file).collect();
        let track = TrackEntry { number: 1, file: 0, is_audio: false, start: 0, len: files[0].size };
        Disc {
            image_sectors: u32::try_from(image.len() / 2048).unwrap(),
            image_sha256: Sha256::digest(&image).into(),
            files,
            tracks: vec![track],
            sheet: Some(Sheet { name: "GAME.cue".into(), text: b"FILE \xFF\r\n".to_vec() }),
        }
    }

    fn sidecar(&self) -> (Vec<u8>, Sums) {
        let mut writer = Writer::new(Vec::new(), self.disc()).unwrap();
        for area in self.files.iter().flatten() {
            match area {
                Area::Image(sectors) => {
                    sectors.iter().for_each(|(bytes, user)| writer.sector(bytes, user).unwrap());
                }
                Area::Kept(len, bytes) => {
                    bytes.chunks(*len).for_each(|bytes| writer.kept_sector(bytes).unwrap())
                }
                Area::Bytes(bytes, is_sound) => writer.bytes(bytes, *is_sound).unwrap(),
            }
        }
        writer.finish().unwrap()
    }
}

fn restore(sidecar: &[u8], image: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let reader = Reader::new(sidecar)?;
    let mut files = vec![Vec::new(); reader.disc().files.len()];
    let mut image = image;
    reader.restore(
        |user| io::Read::read_exact(&mut image, user).map_err(Error::Io),
        |file, bytes| {
            files[file].extend(bytes);
            Ok(())
        },
    )?;
    Ok(files)
}

/// Regular sectors from an address on, cut to a file's length of each, with the image's part.
fn sectors(
    mode: Mode,
    address: u32,
    count: u32,
    len: usize,
    noise: &mut Noise,
) -> Vec<(Vec<u8>, [u8; 2048])> {
    let bit = if matches!(mode, Mode::Form2 | Mode::Form2NoEdc) { 0x20 } else { 8 };
    let sector = |address| {
        let mut sector = [0; 2352];
        let (start, end) = (mode.user_start(), mode.user_start() + mode.user_len());
        sector[start..end].copy_from_slice(&noise.bytes(mode.user_len()));
        Header { mode, address, subheader: [0, 0, bit, 0] }.complete(&mut sector);
        let user: [u8; 2048] = sector[start..start + 2048].try_into().unwrap();
        let bytes = match len {
            2336 => sector[16..].to_vec(),
            2048 => user.to_vec(),
            _ => [&sector[..], &noise.bytes(len - 2352)].concat(),
        };
        (bytes, user)
    };
    (address..address + count).map(sector).collect()
}

fn flat(sectors: Vec<(Vec<u8>, [u8; 2048])>) -> Vec<u8> {
    sectors.into_iter().flat_map(|(bytes, _)| bytes).collect()
}

/// A dump with everything in it.
fn odd_dump(len: usize) -> Dump {
    let noise = &mut Noise::new(5);
    let mut data = Vec::new();
    if len != 2336 {
        data.extend(sectors(Mode::Mode1, 150, 9, len, noise));
    }
    if len != 2048 {
        data.extend(sectors(Mode::Form1, 159, 40, len, noise));
        data.extend(sectors(Mode::Form2, 199, 4, len, noise));
        data.extend(sectors(Mode::Form2NoEdc, 203, 4, len, noise));
        data.extend(sectors(Mode::Form1, 40_000, 20, len, noise));
    }
    let count = data.len();
    for (at, change) in
        [(3, 0), (3, 1000), (7, 40), (8, len - 1), (20, 20), (21, 15), (30, 2070), (count - 1, 5)]
    {
        let (bytes, _) = &mut data[at.min(count - 1)];
        bytes[change.min(len - 1)] ^= 0x41;
    }
    // The image's part need not even be the sector's.
    data[2].1[7] ^= 1;
    let kept = if len == 2048 { 2352 } else { len };
    let mode = if len == 2336 { Mode::Form1 } else { Mode::Mode1 };
    let mut more = flat(sectors(mode, 7, 5, kept, noise));
    more.extend(flat(sectors(Mode::Form2NoEdc, 12, 5, kept, noise)));
    more[3 * kept + 1500] ^= 1;
    more[4 * kept..5 * kept].fill(0x77);
    let sound: Vec<u8> = (0..600).flat_map(|_| 0..500_u16).flat_map(|i| (i * 7).to_le_bytes()).collect();
    Dump {
        files: vec![
            vec![Area::Kept(kept, more), Area::Image(data), Area::Bytes(sound, true)],
            vec![],
            vec![Area::Bytes(noise.bytes(1_300_001), false)],
        ],
    }
}

#[test]
fn dump_of_any_shape_comes_back() {
    for len in [2048, 2336, 2352, 2448] {
        let dump = odd_dump(len);
        let (sidecar, sums) = dump.sidecar();
        assert!(restore(&sidecar, &dump.image()).unwrap() == dump.bytes(), "{len}");
        let reader = Reader::new(&sidecar[..]).unwrap();
        assert_eq!(*reader.disc(), dump.disc());
        let expected =
            dump.bytes().iter().map(|bytes| <[u8; 20]>::from(sha1::Sha1::digest(bytes))).collect::<Vec<_>>();
        assert_eq!(sums.files, expected);
        assert_eq!(sums.tracks, expected[..1]);
    }
}

#[test]
fn sound_is_packed() {
    let (sidecar, _) = odd_dump(2352).sidecar();
    // The noise cannot be packed, the saw teeth can.
    assert!(sidecar.len() < 1_300_001 + 200_000, "{}", sidecar.len());
}

#[test]
fn regular_game_costs_almost_nothing() {
    let noise = &mut Noise::new(9);
    // 4,000 sectors in 100 files, of which the last sector of each has other flags, then 150 of Form 2.
    let mut data = sectors(Mode::Form1, 150, 4000, 2352, noise);
    for (address, (bytes, user)) in (150..).zip(&mut data) {
        if address % 40 == 0 {
            let sector: &mut [u8; 2352] = bytes.as_mut_slice().try_into().unwrap();
            sector[24..2072].copy_from_slice(user);
            Header { mode: Mode::Form1, address, subheader: [0, 0, 0x89, 0] }.complete(sector);
        }
    }
    let gap = (4150..4300).map(|address| {
        let mut sector = [0; 2352];
        Header { mode: Mode::Form2NoEdc, address, subheader: [0, 0, 0x20, 0] }.complete(&mut sector);
        (sector.to_vec(), [0; 2048])
    });
    data.extend(gap);
    let dump = Dump { files: vec![vec![Area::Image(data)]] };
    let (sidecar, _) = dump.sidecar();
    let bin = dump.bytes()[0].len();
    // 0.2 % of a dump is 19 KB here.
    assert!(sidecar.len() * 10_000 < bin, "{} of {bin}", sidecar.len());
    assert!(restore(&sidecar, &dump.image()).unwrap() == dump.bytes());
}

#[test]
fn foreign_images_are_refused() {
    let dump = odd_dump(2352);
    let (sidecar, _) = dump.sidecar();
    let mut image = dump.image();
    let middle = image.len() / 2;
    image[middle] ^= 1;
    assert!(matches!(restore(&sidecar, &image), Err(Error::Foreign)));
}

#[test]
fn every_changed_byte_and_every_cut_is_refused() {
    let noise = &mut Noise::new(1);
    let mut data = sectors(Mode::Form1, 150, 12, 2352, noise);
    data[5].0[2200] ^= 1;
    let areas = vec![Area::Image(data), Area::Bytes(vec![3; 2352], true)];
    let dump = Dump { files: vec![areas] };
    let (sidecar, _) = dump.sidecar();
    let image = dump.image();
    for at in 0..sidecar.len() {
        let mut changed = sidecar.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(restore(&changed, &image).is_err(), "byte {at}");
        assert!(restore(&sidecar[..at], &image).is_err(), "cut at {at}");
    }
    assert!(restore(&[&sidecar[..], &[0]].concat(), &image).is_err());
}

/// As the fuzz target does: checksums that fit whatever is in the sections.
#[test]
fn changed_content_with_fitting_checksums_is_refused_or_right() {
    let noise = &mut Noise::new(2);
    let mut data = sectors(Mode::Form1, 150, 5, 2352, noise);
    data[3].0[2200] ^= 1;
    let dump = Dump { files: vec![vec![Area::Image(data), Area::Bytes(vec![3; 9408], true)]] };
    let (sidecar, _) = dump.sidecar();
    let (image, expected) = (dump.image(), dump.bytes());
    for round in 0..4000 {
        let mut changed = sidecar.clone();
        let at = 12 + round % (changed.len() - 12);
        changed[at] ^= noise.byte() | 1;
        fix_checksums(&mut changed);
        if let Ok(files) = restore(&changed, &image) {
            assert!(files == expected, "byte {at}");
        }
    }
}

fn fix_checksums(sidecar: &mut [u8]) {
    let mut at = 12;
    while let Some(head) = sidecar.get(at..at + 8) {
        let len = u32::from_le_bytes(head[4..].try_into().unwrap()) as usize;
        let Some(section) = sidecar.get(at..at.saturating_add(8 + len)) else { return };
        let crc = crc32fast::hash(section).to_le_bytes();
        at += 8 + len;
        let Some(place) = sidecar.get_mut(at..at + 4) else { return };
        place.copy_from_slice(&crc);
        at += 4;
    }
}

#[test]
fn dump_that_is_not_what_was_announced_is_refused() {
    let dump = odd_dump(2352);
    let begin = || Writer::new(Vec::new(), dump.disc()).unwrap();
    assert!(begin().finish().is_err());
    assert!(begin().bytes(&vec![0; 8 << 20], false).is_err());
    assert!(begin().sector(&[0; 100], &[0; 2048]).is_err());
    let mut disc = dump.disc();
    disc.files[0].name = "../a".into();
    assert!(matches!(Writer::new(Vec::new(), disc), Err(Error::Name(_))));
}
