//! The data track of a CD dump, and the 2048 bytes in each of its sectors (ECMA-130, 14; the Form of MODE2
//! sectors is CD-ROM XA's).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use crate::bytes::Bytes;
use crate::edc::edc;
use crate::error::{DamageKind, Error};

/// Bytes of user data in a sector.
pub(crate) const USER: u64 = 2048;
/// The same as a `usize`.
const USER_LEN: usize = 2048;
/// A whole sector, as it is on the disc.
pub(crate) const RAW: u32 = 2352;
/// The same with 96 bytes of subcode.
pub(crate) const RAW_AND_SUBCODE: u32 = 2448;
/// A MODE2 sector without sync and header.
pub(crate) const MODE2: u32 = 2336;

/// The first bytes of every data sector (ECMA-130, 14.1).
pub(crate) const SYNC: [u8; 12] = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0];

/// Which part of each sector a dump holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// All 2352 bytes.
    Raw,
    /// The 2336 bytes after the header of a MODE2 sector.
    Mode2,
    /// Only the 2048 bytes of user data.
    User,
}

impl Shape {
    const fn len(self) -> usize {
        match self {
            Self::Raw => RAW as usize,
            Self::Mode2 => MODE2 as usize,
            Self::User => USER_LEN,
        }
    }
}

/// Where a data track is in a dump.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) start: u64,
    /// Bytes from one sector to the next.
    pub(crate) stride: u32,
    pub(crate) shape: Shape,
    pub(crate) sectors: u32,
}

/// The data track of a dump; as [`Bytes`], its user data.
pub(crate) struct DataTrack {
    dump: Arc<dyn Bytes>,
    place: Place,
    /// Sectors of the file system, according to its descriptor: a Form 2 sector among them is part of a
    /// file.
    volume_sectors: u32,
    /// A [`Strictness`].
    strictness: AtomicU8,
    /// Offset of the user data in sectors that do not say what they are.
    usual_start: usize,
    /// Whether a sector was read of which no checksum told that it is right.
    has_unchecked: AtomicBool,
}

/// Which sectors are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// All of which the user data would lose something.
    Strict,
    /// Those that are not data sectors.
    TakesLosses,
    /// None: the rest of each sector is kept elsewhere.
    TakesAll,
}

impl DataTrack {
    pub(crate) fn new(dump: Arc<dyn Bytes>, place: Place) -> Self {
        let mut mode = [0];
        let is_mode_1 = dump.read_exact_at(&mut mode, place.start + 15).is_ok() && mode == [1];
        let mut track = Self {
            dump,
            place,
            volume_sectors: u32::MAX,
            strictness: AtomicU8::new(Strictness::TakesLosses as u8),
            usual_start: if is_mode_1 { 16 } else { 24 },
            has_unchecked: AtomicBool::new(false),
        };
        let mut descriptor = [0; USER_LEN];
        if track.read_exact_at(&mut descriptor, 16 * USER).is_ok() && descriptor.starts_with(b"\x01CD001") {
            let [a, b, c, d] = [descriptor[80], descriptor[81], descriptor[82], descriptor[83]];
            track.volume_sectors = u32::from_le_bytes([a, b, c, d]);
        }
        track.be(Strictness::Strict);
        // Only what is read from now on counts.
        track.has_unchecked.store(false, Ordering::Relaxed);
        track
    }

    /// From now on, refuses these sectors. The others are read as 2048 bytes. Returns what was refused before.
    pub(crate) fn be(&self, strictness: Strictness) -> Strictness {
        let before = self.strictness.swap(strictness as u8, Ordering::Relaxed);
        let all = [Strictness::Strict, Strictness::TakesLosses, Strictness::TakesAll];
        all[usize::from(before)]
    }

    fn takes_losses(&self) -> bool {
        self.strictness.load(Ordering::Relaxed) >= Strictness::TakesLosses as u8
    }

    /// Returns the user data of a sector as the dump holds it, perhaps with subcode.
    pub(crate) fn of_raw<'s>(&self, sector: u32, raw: &'s [u8]) -> Result<&'s [u8; USER_LEN], Error> {
        let bytes = raw.get(..self.place.shape.len()).ok_or(DamageKind::NoSector { sector })?;
        let user = self.user_data(sector, bytes)?;
        Ok(user.first_chunk().expect("user data"))
    }

    /// Returns whether a sector was read of which no checksum told that it is right: a Form 2 sector, one without a mode,
    /// or one of which the dump has the user data alone.
    pub(crate) fn has_unchecked(&self) -> bool {
        self.has_unchecked.load(Ordering::Relaxed)
    }

    fn unchecked<T>(&self, user: T) -> T {
        self.has_unchecked.store(true, Ordering::Relaxed);
        user
    }

    /// Returns the 2048 bytes of user data from the part of a sector that the dump holds.
    fn user_data<'s>(&self, sector: u32, bytes: &'s [u8]) -> Result<&'s [u8], DamageKind> {
        match self.place.shape {
            Shape::User => Ok(self.unchecked(bytes)),
            Shape::Mode2 => self.mode2(sector, bytes),
            Shape::Raw if bytes[..12] != SYNC => self.unusual(sector, bytes),
            Shape::Raw => match bytes[15] {
                // Mode 0: zeros in the place of user data, and no code to check them with.
                0 => Ok(self.unchecked(&bytes[16..16 + USER_LEN])),
                1 => {
                    let (covered, rest) = bytes.split_at(2064);
                    self.checked(sector, covered, rest, &bytes[16..16 + USER_LEN])
                }
                2 => self.mode2(sector, &bytes[16..]),
                _ => self.unusual(sector, bytes),
            },
        }
    }

    /// A sector that does not say what it is.
    fn unusual<'s>(&self, sector: u32, bytes: &'s [u8]) -> Result<&'s [u8], DamageKind> {
        if self.strictness.load(Ordering::Relaxed) == Strictness::TakesAll as u8 {
            return Ok(self.unchecked(&bytes[self.usual_start..self.usual_start + USER_LEN]));
        }
        Err(DamageKind::NoSector { sector })
    }

    /// `bytes` begins with the subheader.
    fn mode2<'s>(&self, sector: u32, bytes: &'s [u8]) -> Result<&'s [u8], DamageKind> {
        const FORM_2: u8 = 0x20;
        let user = &bytes[8..8 + USER_LEN];
        if bytes[2] & FORM_2 == 0 {
            let (covered, rest) = bytes.split_at(2056);
            return self.checked(sector, covered, rest, user);
        }
        if sector < self.volume_sectors && !self.takes_losses() {
            return Err(DamageKind::Form2 { sector });
        }
        // Its checksum is optional, and few have one.
        Ok(self.unchecked(user))
    }

    fn checked<'s>(
        &self,
        sector: u32,
        covered: &[u8],
        rest: &[u8],
        user: &'s [u8],
    ) -> Result<&'s [u8], DamageKind> {
        let expected = u32::from_le_bytes([rest[0], rest[1], rest[2], rest[3]]);
        if edc(covered) == expected {
            Ok(user)
        } else if self.takes_losses() {
            Ok(self.unchecked(user))
        } else {
            Err(DamageKind::Edc { sector })
        }
    }
}

impl Bytes for DataTrack {
    fn len(&self) -> u64 {
        u64::from(self.place.sectors) * USER
    }

    fn read_exact_at(&self, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
        /// Sectors that are read from the dump with one call.
        const RUN: u64 = 128;
        if offset.checked_add(buf.len() as u64).is_none_or(|end| end > self.len()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (stride, len) = (self.place.stride as usize, self.place.shape.len());
        let mut raw = Vec::new();
        while !buf.is_empty() {
            let first = offset / USER;
            let last = (offset + buf.len() as u64).div_ceil(USER).min(first + RUN);
            let count = usize::try_from(last - first).expect("at most RUN");
            // Not the subcode of the last sector, which some dumps do not have.
            raw.resize((count - 1) * stride + len, 0);
            self.dump.read_exact_at(&mut raw, self.place.start + first * u64::from(self.place.stride))?;
            for (number, bytes) in (first..last).zip(raw.chunks(stride)) {
                let sector = u32::try_from(number).expect("a sector's number");
                let user = self.user_data(sector, &bytes[..len]).map_err(Error::from)?;
                let within = usize::try_from(offset % USER).expect("less than a sector");
                let count = buf.len().min(user.len() - within);
                let (now, rest) = std::mem::take(&mut buf).split_at_mut(count);
                now.copy_from_slice(&user[within..within + count]);
                offset += now.len() as u64;
                buf = rest;
            }
        }
        Ok(())
    }
}

/// Checks whether these bytes are a dump of whole sectors, and finds its data track. `is_random` tells
/// whether they can be read anywhere at no cost.
///
/// # Errors
///
/// When the dump cannot be read, or ends inside a sector.
pub(crate) fn recognise(dump: &Arc<dyn Bytes>, is_random: bool) -> Result<Option<Place>, Error> {
    let Some((stride, shape)) = layout(&**dump) else { return Ok(None) };
    let (all, extra) = (dump.len() / u64::from(stride), dump.len() % u64::from(stride));
    if extra != 0 {
        return Err(Error::CutSector { sectors: all, extra });
    }
    let all = u32::try_from(all).map_err(|_| Error::NoDataTrack)?;
    let sectors = if shape == Shape::Raw { data_sectors(&**dump, stride, all, is_random)? } else { all };
    Ok(Some(Place { start: 0, stride, shape, sectors }))
}

fn layout(dump: &dyn Bytes) -> Option<(u32, Shape)> {
    let has = |at: u64, bytes: &[u8]| {
        let mut found = [0; 12];
        let found = &mut found[..bytes.len()];
        dump.read_exact_at(found, at).is_ok() && found == bytes
    };
    if has(0, &SYNC) {
        let fits = |stride: u32| dump.len() < u64::from(stride) + 12 || has(stride.into(), &SYNC);
        return [RAW, RAW_AND_SUBCODE]
            .into_iter()
            .find(|&stride| fits(stride))
            .map(|stride| (stride, Shape::Raw));
    }
    // The descriptor of the file system, after the subheader of sector 16.
    let is_mode2 = has(16 * u64::from(MODE2) + 8, b"\x01CD001");
    is_mode2.then_some((MODE2, Shape::Mode2))
}

/// Data sectors come first, then audio, which lacks the sync pattern.
fn data_sectors(dump: &dyn Bytes, stride: u32, all: u32, is_random: bool) -> Result<u32, Error> {
    let is_data = |sector: u32| {
        let mut start = [0; SYNC.len()];
        dump.read_exact_at(&mut start, u64::from(sector) * u64::from(stride)).map(|()| start == SYNC)
    };
    if !is_random {
        for sector in 0..all {
            if !is_data(sector).map_err(Error::io("the dump"))? {
                return Ok(sector);
            }
        }
        return Ok(all);
    }
    let (mut data, mut audio) = (0, all);
    if is_data(all - 1).map_err(Error::io("the dump"))? {
        return Ok(all);
    }
    while audio - data > 1 {
        let middle = data + (audio - data) / 2;
        if is_data(middle).map_err(Error::io("the dump"))? { data = middle } else { audio = middle }
    }
    Ok(audio)
}
