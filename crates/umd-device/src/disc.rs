//! The disc: sectors of an image that was found fit to be served.

use sector_decode::{
    BlockIndex, Buffers, Format, Layout, OpenError, ReadError, ReaderOptions, SECTOR_SIZE, SectorReader,
};

use crate::card_file::{Card, CardError, CardFile};
use crate::error::{Check, ErrorCode, Failure, OpenFailure};

/// The largest blocks that the driver takes on, in bytes: larger ones would need more memory than a
/// console can be expected to have free.
pub const MAX_DRIVER_BLOCK_SIZE: u32 = 64 * 1024;

/// The sector that holds the primary volume descriptor.
const VOLUME_SECTOR: u32 = 16;

/// A disc whose image is on the card.
pub struct Disc<'b, C: Card> {
    reader: SectorReader<'b, CardFile<C>>,
    sectors: u32,
}

impl<'b, C: Card> Disc<'b, C> {
    /// Reads the image's header and checks that its disc can be served.
    ///
    /// # Errors
    ///
    /// Says what is in the way.
    pub fn probe(file: &mut CardFile<C>) -> Result<Layout, OpenFailure> {
        let layout = Layout::probe(file).map_err(|error| match error {
            OpenError::Source(_) => Check::Card.failed(),
            OpenError::Header(_) => Check::Header.failed(),
        })?;
        let block_size = layout.block_size();
        if block_size > MAX_DRIVER_BLOCK_SIZE || !block_size.is_power_of_two() {
            return Err(Check::BlockSize.found(block_size));
        }
        let sectors = sectors_of(&layout);
        if sectors <= VOLUME_SECTOR {
            return Err(Check::DiscSize.found(sectors));
        }
        // The firmware's driver counts whole sectors of a plain image, so the two would tell a game different sizes;
        // and a file that was cut off anywhere is better left alone.
        let rest = layout.image_size() % u64::from(SECTOR_SIZE);
        if layout.format() == Format::Iso && rest != 0 {
            #[expect(clippy::cast_possible_truncation, reason = "less than a sector")]
            return Err(Check::CutOff.found(rest as u32));
        }
        Ok(layout)
    }

    /// Makes the disc of an image that [`probe`](Self::probe) let pass. Reads in sequence fetch `ahead` bytes of the file
    /// at least. Before it is served, it has to pass [`check`](Self::check).
    ///
    /// # Errors
    ///
    /// When one of the buffers is too small.
    pub fn new(
        file: CardFile<C>,
        layout: Layout,
        buffers: Buffers<'b>,
        ahead: usize,
    ) -> Result<Self, OpenFailure> {
        let options = ReaderOptions::PSP_DRIVER.with_read_ahead(ahead);
        let reader = SectorReader::with_options(file, layout, &options, buffers)
            .map_err(|_| Check::NoMemory.failed())?;
        Ok(Self { reader, sectors: sectors_of(&layout) })
    }

    /// Checks the disc and reads its volume descriptor. A step of its own: it takes much of a stack, and so does making a
    /// disc.
    ///
    /// # Errors
    ///
    /// When the first or last block, or that of the volume descriptor, cannot be right, or sector 16 is
    /// not the volume descriptor of a disc.
    pub fn check(&mut self, volume: &mut [u8; SECTOR_SIZE as usize]) -> Result<(), OpenFailure> {
        for block in [0, self.layout().block_count() - 1] {
            self.reader.extent(BlockIndex(block))?;
        }
        self.read_bytes(u64::from(VOLUME_SECTOR) * u64::from(SECTOR_SIZE), volume)?;
        if volume[1..].starts_with(b"CD001") { Ok(()) } else { Err(Check::NoVolume.failed()) }
    }

    /// Returns how many sectors the disc has; the last one may be partial in the image.
    pub const fn sectors(&self) -> u32 {
        self.sectors
    }

    /// Returns the layout of the image.
    pub fn layout(&self) -> &Layout {
        self.reader.layout()
    }

    /// Returns the image file.
    pub fn file(&self) -> &CardFile<C> {
        self.reader.source()
    }

    /// Fills `out` with the bytes of the disc from `offset` on. Behind the end of the image, in a last
    /// sector that is partial, there are zeros.
    ///
    /// # Errors
    ///
    /// When a sector is behind the end of the disc, the image is damaged, or the card failed.
    pub(crate) fn read(&mut self, offset: u64, out: &mut [u8]) -> Result<(), Failure> {
        if offset + out.len() as u64 > self.byte_len() {
            return Err(Failure::Refused(ErrorCode::OutOfRange));
        }
        self.read_bytes(offset, out).map_err(|error| match error {
            ReadError::Source { .. } => Failure::Card,
            ReadError::Block { .. } => Failure::Refused(ErrorCode::Damaged),
            ReadError::OutOfRange { .. } | ReadError::Internal { .. } => {
                Failure::Refused(ErrorCode::OutOfRange)
            }
        })
    }

    /// The size of all sectors in bytes.
    pub(crate) fn byte_len(&self) -> u64 {
        u64::from(self.sectors) * u64::from(SECTOR_SIZE)
    }

    fn read_bytes(&mut self, offset: u64, out: &mut [u8]) -> Result<(), ReadError<CardError>> {
        let in_image = self.layout().image_size().saturating_sub(offset).min(out.len() as u64);
        #[expect(clippy::cast_possible_truncation, reason = "not more than a slice's length")]
        let (bytes, zeros) = out.split_at_mut(in_image as usize);
        zeros.fill(0);
        self.reader.read(offset.min(self.layout().image_size()), bytes)
    }
}

/// Returns the disc's id as its volume descriptor has it, such as `ULUS-10019`; empty when it has none.
pub fn disc_id(volume: &[u8; SECTOR_SIZE as usize]) -> &[u8] {
    const AT: usize = 0x373;
    const MOST: usize = 10;
    let field = &volume[AT..AT + MOST];
    let len = field.iter().position(|&byte| !byte.is_ascii_alphanumeric() && byte != b'-').unwrap_or(MOST);
    &field[..len]
}

/// Returns for how many microseconds a disc's game wants a pause after each read by command 0x01F30003.
///
/// Nine discs of one series lose their way without it; the firmwares' drivers make the same pause for the same ids
/// (isage/Adrenaline, cef/iso_drivers/inferno/src/iodrv_funcs.c:87-97, and march33/src/umd9660.c).
pub fn command_pause(disc_id: &[u8]) -> u16 {
    const PAUSE: u16 = 55_000;
    const IDS: &[u8; 90] =
        b"ULKS-46116ULKS-46189ULJM-06034ULKS-46190ULKS-46191ULKS-46240ULKS-46236ULUS-10538ULJM-05836";
    if IDS.chunks(10).any(|id| id == disc_id) { PAUSE } else { 0 }
}

/// A layout has no more sectors than 32 bits can count.
fn sectors_of(layout: &Layout) -> u32 {
    u32::try_from(layout.image_size().div_ceil(u64::from(SECTOR_SIZE))).unwrap_or(u32::MAX)
}
