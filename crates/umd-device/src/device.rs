//! The device: what each command and each descriptor call answers.

use sector_decode::{Lba, SECTOR_SIZE};

use crate::card_file::Card;
use crate::command::{Devctl, Ioctl};
use crate::counters::Counters;
use crate::descriptors::{DescriptorId, Descriptors, Place, Whence};
use crate::disc::Disc;
use crate::error::{ErrorCode, Failure, OpenFailure};
use crate::lba_params::LbaParams;

/// The UMD drive with a disc in it.
pub struct UmdDevice<'b, C: Card> {
    disc: Disc<'b, C>,
    descriptors: Descriptors,
    /// Where the kernel finds the volume descriptor.
    volume_address: u32,
    /// Whether the kernel was told.
    volume_lent: bool,
    counters: Counters,
    timing: Timing,
}

/// How much slower than the card raw reads are made, for games that count on a drive's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// Microseconds for each KiB between the end of one read and the beginning of the next. ARK calls it `umdseek`.
    pub seek: u8,
    /// Microseconds for each byte that is read. ARK calls it `umdspeed`.
    pub speed: u8,
    /// Microseconds after each read by command 0x01F30003.
    pub command: u16,
}

impl Timing {
    /// The longest pause for a seek, and that for a read, in microseconds.
    pub const MOST: u32 = 4_000_000;
}

/// The sectors that a read from a raw descriptor delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawSpan {
    first: Lba,
    sectors: u32,
    /// How many sectors a drive's laser would have to travel first.
    distance: u32,
}

impl RawSpan {
    /// Returns the length in bytes.
    pub const fn byte_len(&self) -> usize {
        self.sectors as usize * SECTOR_SIZE as usize
    }
}

impl<'b, C: Card> UmdDevice<'b, C> {
    /// Makes the device. `volume_address` is where the disc's volume descriptor stays in memory: the file
    /// system is given that address and reads from it as long as the disc is mounted.
    pub fn new(disc: Disc<'b, C>, volume_address: u32) -> Self {
        Self {
            disc,
            descriptors: Descriptors::default(),
            volume_address,
            volume_lent: false,
            counters: Counters::default(),
            timing: Timing::default(),
        }
    }

    /// Checks the disc ([`Disc::check`]).
    ///
    /// # Errors
    ///
    /// When it cannot be served.
    pub fn check(&mut self, volume: &mut [u8; SECTOR_SIZE as usize]) -> Result<(), OpenFailure> {
        self.disc.check(volume)
    }

    /// Slows raw reads down.
    pub fn set_timing(&mut self, timing: Timing) {
        self.timing = timing;
    }

    /// Returns the disc.
    pub fn disc(&self) -> &Disc<'b, C> {
        &self.disc
    }

    /// Answers a device command. `output` is as long as [`Devctl::output_len`] says.
    ///
    /// # Errors
    ///
    /// The failure of one attempt. What `output` holds then is unspecified, but nothing is written for a
    /// range that is behind the end of the disc.
    pub fn devctl(&mut self, command: &Devctl, output: &mut [u8]) -> Result<i32, Failure> {
        match command {
            Devctl::Read(params) => return self.read(params, output),
            Devctl::VolumePointer => {
                self.volume_lent = true;
                put_word(output, 0, self.volume_address);
            }
            Devctl::SectorCount => put_word(output, 0, self.disc.sectors()),
            Devctl::DriveInfo(_) => {
                const KIND: u32 = 0xE000_0800;
                output.fill(0);
                put_word(output, 0x00, KIND);
                put_word(output, 0x1C, self.disc.sectors());
                put_word(output, 0x24, self.disc.sectors());
            }
            // A request is complete when it was made, so one name does for all.
            Devctl::PrefetchWithHandle => put_word(output, 0, 1),
            Devctl::Nothing => {}
        }
        Ok(0)
    }

    /// Opens a raw descriptor.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::TooManyFiles`].
    pub fn open(&mut self) -> Result<DescriptorId, ErrorCode> {
        self.descriptors.open()
    }

    /// Closes a raw descriptor.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`] when it is not open; so for all calls with a descriptor.
    pub fn close(&mut self, id: DescriptorId) -> Result<(), ErrorCode> {
        self.descriptors.close(id)
    }

    /// Returns whether a raw descriptor is open.
    pub fn in_use(&self) -> bool {
        self.descriptors.any_open()
    }

    /// Returns whether the file system was given the address of the volume descriptor, and so may read from
    /// there at any time.
    pub const fn volume_lent(&self) -> bool {
        self.volume_lent
    }

    /// Returns what was done so far. Retries are not counted here: a device sees single attempts.
    pub fn counters(&self) -> Counters {
        let file = self.disc.file();
        Counters { card_reads: file.reads(), card_bytes: file.bytes(), ..self.counters }
    }

    /// Sets a descriptor's position and returns it, in sectors. Positions end at the end of the disc.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`] when the position would be before the first sector.
    pub fn seek(&mut self, id: DescriptorId, offset: i64, whence: Whence) -> Result<u32, ErrorCode> {
        let sectors = self.disc.sectors();
        let place = self.descriptors.place(id)?;
        let base = match whence {
            Whence::Start => 0,
            Whence::Current => place.position,
            Whence::End => sectors,
        };
        let target = i64::from(base).saturating_add(offset);
        let target = u64::try_from(target).map_err(|_| ErrorCode::InvalidArgument)?;
        place.position = u32::try_from(target).unwrap_or(u32::MAX).min(sectors);
        Ok(place.position)
    }

    /// Answers a command to a descriptor that is not a read. `output` has at least four bytes for
    /// [`Ioctl::Position`].
    ///
    /// # Errors
    ///
    /// As for the call that the command stands for.
    pub fn ioctl(&mut self, id: DescriptorId, command: Ioctl, output: &mut [u8]) -> Result<i32, ErrorCode> {
        let position = self.descriptors.place(id)?.position;
        match command {
            Ioctl::Position => put_word(output, 0, position),
            Ioctl::Seek { offset, whence } => {
                self.seek(id, offset, whence)?;
            }
            Ioctl::Read(_) => return Err(ErrorCode::InvalidArgument),
            Ioctl::Nothing => {}
        }
        Ok(0)
    }

    /// Returns which sectors a read of `sectors` from the descriptor's position delivers: fewer at the
    /// end of the disc, none behind it.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidArgument`].
    pub fn raw_span(&mut self, id: DescriptorId, sectors: u32) -> Result<RawSpan, ErrorCode> {
        let Place { position, laser } = *self.descriptors.place(id)?;
        // So that the number of bytes is a positive 32-bit number too.
        const MOST: u32 = i32::MAX.cast_unsigned() / SECTOR_SIZE;
        let left = self.disc.sectors() - position;
        let sectors = sectors.min(left).min(MOST);
        Ok(RawSpan { first: Lba(position), sectors, distance: position.abs_diff(laser) })
    }

    /// Returns for how many microseconds to pause after a read of the sectors of `span`.
    ///
    /// The units are those of ARK-5 (core Inferno, src/iodrv_funcs.c:317-328) and of isage/Adrenaline
    /// (cef/iso_drivers/inferno/src/iodrv_funcs.c, `IoRead`). Both count in 32 bits, which wrap round on a large disc.
    pub fn raw_pause(&self, span: &RawSpan, by_command: bool) -> u32 {
        const KIB_OF_SECTOR: u32 = SECTOR_SIZE / 1024;
        // More than there is on any disc, and enough for the longest pause: so the products stay below 2^32.
        let (distance, sectors) = (span.distance.min(1 << 22), span.sectors.min(1 << 12));
        let seek = (KIB_OF_SECTOR * u32::from(self.timing.seek) * distance).min(Timing::MOST);
        let read = (SECTOR_SIZE * u32::from(self.timing.speed) * sectors).min(Timing::MOST);
        let command = if by_command { self.timing.command } else { 0 };
        seek + read + u32::from(command)
    }

    /// Reads the sectors of `span` into `out`, which is as long as they are, moves the descriptor to the next one
    /// after them, and returns their number.
    ///
    /// # Errors
    ///
    /// The failure of one attempt; the descriptor stays where it was.
    pub fn read_raw(&mut self, id: DescriptorId, span: RawSpan, out: &mut [u8]) -> Result<i32, Failure> {
        self.read_disc(span.first.byte_offset(), out)?;
        let end = span.first.0 + span.sectors;
        *self.descriptors.place(id)? = Place { position: end, laser: end };
        Ok(span.sectors.cast_signed())
    }

    fn read(&mut self, params: &LbaParams, output: &mut [u8]) -> Result<i32, Failure> {
        let offset = params.offset().ok_or(ErrorCode::InvalidArgument)?;
        let size = self.disc.byte_len();
        let mut wanted = output;
        if params.is_directory() && offset < size {
            // The file system reads directories in pairs of sectors, also the last one of a disc.
            let on_disc = (size - offset).min(wanted.len() as u64);
            #[expect(clippy::cast_possible_truncation, reason = "not more than a slice's length")]
            let (bytes, behind) = wanted.split_at_mut(on_disc as usize);
            behind.fill(0);
            wanted = bytes;
        }
        match self.read_disc(offset, wanted) {
            Ok(()) => Ok(params.total().cast_signed()),
            // For a directory the file system would ask for ever.
            Err(Failure::Refused(ErrorCode::Damaged)) if params.is_directory() => {
                Err(Failure::Refused(ErrorCode::NoMedium))
            }
            Err(failure) => Err(failure),
        }
    }

    fn read_disc(&mut self, offset: u64, out: &mut [u8]) -> Result<(), Failure> {
        let reads = self.disc.file().reads();
        self.disc.read(offset, out)?;
        self.disc.file().renew();
        self.counters.requests = self.counters.requests.wrapping_add(1);
        self.counters.bytes = self.counters.bytes.wrapping_add(out.len() as u64);
        if self.disc.file().reads() == reads {
            self.counters.hits = self.counters.hits.wrapping_add(1);
        }
        Ok(())
    }
}

fn put_word(output: &mut [u8], at: usize, word: u32) {
    if let Some(field) = output.get_mut(at..at + 4) {
        field.copy_from_slice(&word.to_le_bytes());
    }
}
