//! The commands that the device answers, parsed and checked before anything is done.
//!
//! Of the device's commands only those are here whose answer depends on the image or that the firmware's
//! own driver lacks; the rest stays with that driver.

use crate::descriptors::Whence;
use crate::error::ErrorCode;
use crate::lba_params::LbaParams;

/// A command to the device (`sceIoDevctl`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Devctl {
    /// Read bytes of the disc.
    Read(LbaParams),
    /// Where the volume descriptor lies in memory.
    VolumePointer,
    /// How many sectors the disc has.
    SectorCount,
    /// A table of drive facts of this many bytes.
    DriveInfo(usize),
    /// Begin to fetch sectors, and name the request.
    PrefetchWithHandle,
    /// Something that a disc in memory has always done already: seek, fetch, wait, cancel.
    Nothing,
}

/// A command to an open descriptor of the raw device (`sceIoIoctl`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ioctl {
    /// Tell the position in sectors.
    Position,
    /// Set the position, in sectors.
    Seek {
        /// Where to, relative to `whence`.
        offset: i64,
        /// What `offset` counts from.
        whence: Whence,
    },
    /// Read this many sectors.
    Read(u32),
    /// Known, and nothing to do.
    Nothing,
}

/// A command to the device other than a read.
struct Known {
    code: u32,
    /// How many bytes of input it needs at least.
    input: u8,
    /// How many bytes of output.
    output: u8,
    answer: Answer,
}

/// [`Devctl`] without what the caller says.
#[derive(Clone, Copy)]
enum Answer {
    VolumePointer,
    SectorCount,
    DriveInfo,
    PrefetchWithHandle,
    Nothing,
}

/// A table takes less of the driver than as many branches.
static KNOWN: [Known; 13] = [
    Known::new(0x01E2_8035, 0, 4, Answer::VolumePointer),
    Known::new(0x01F2_0002, 0, 4, Answer::SectorCount),
    Known::new(0x01F2_0003, 0, 4, Answer::SectorCount),
    // The firmware's drivers ask for no length and answer 0 (PSP-Archive/ARK-4, core/inferno/iodrv_funcs.c, 0x01E38012);
    // they also write their words beyond a short buffer, which is not done here.
    Known::new(0x01E3_8012, 0, 0, Answer::DriveInfo),
    Known::new(0x01F1_00A3, 4, 0, Answer::Nothing),
    Known::new(0x01F1_00A4, 16, 0, Answer::Nothing),
    Known::new(0x01F3_00A5, 16, 4, Answer::PrefetchWithHandle),
    Known::new(0x01F1_00A6, 4, 0, Answer::Nothing),
    Known::new(0x01F3_00A7, 4, 0, Answer::Nothing),
    Known::new(0x01F1_00A8, 4, 0, Answer::Nothing),
    Known::new(0x01F3_00A8, 4, 0, Answer::Nothing),
    Known::new(0x01F1_00A9, 4, 0, Answer::Nothing),
    Known::new(0x01F3_00A9, 4, 0, Answer::Nothing),
];

impl Known {
    const fn new(code: u32, input: u8, output: u8, answer: Answer) -> Self {
        Self { code, input, output, answer }
    }
}

impl Devctl {
    /// Recognises a command. `input` is what the caller passed, or its first 36 bytes; `output` the length
    /// of the buffer for the answer; each `None` where the caller passed no pointer.
    ///
    /// `None` means that the command is not answered here.
    ///
    /// # Errors
    ///
    /// The code to return when input or output are missing or too short.
    pub fn parse(code: u32, input: Option<&[u8]>, output: Option<usize>) -> Option<Result<Self, ErrorCode>> {
        if Self::is_read(code) {
            return Some(Self::read(input.and_then(LbaParams::parse), output));
        }
        Self::parse_other(code, input, output)
    }

    /// As [`parse`](Self::parse), for commands that do not read bytes of the disc. Knows none that does.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_other(
        code: u32,
        input: Option<&[u8]>,
        output: Option<usize>,
    ) -> Option<Result<Self, ErrorCode>> {
        let known = KNOWN.iter().find(|known| known.code == code)?;
        if input.map_or(0, <[u8]>::len) < known.input.into() || output.unwrap_or(0) < known.output.into() {
            return Some(Err(ErrorCode::InvalidArgument));
        }
        Some(Ok(match known.answer {
            Answer::VolumePointer => Self::VolumePointer,
            Answer::SectorCount => Self::SectorCount,
            Answer::DriveInfo => Self::DriveInfo(output.unwrap_or(0)),
            Answer::PrefetchWithHandle => Self::PrefetchWithHandle,
            Answer::Nothing => Self::Nothing,
        }))
    }

    /// Returns whether a command reads bytes of the disc.
    #[inline(always)]
    pub const fn is_read(code: u32) -> bool {
        matches!(code, 0x01E3_80C0 | 0x01F2_00A1 | 0x01F2_00A2)
    }

    /// Makes the command that reads, from its parameters.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    #[inline(always)]
    pub fn read(params: Option<LbaParams>, output: Option<usize>) -> Result<Self, ErrorCode> {
        let (Some(params), Some(room)) = (params, output) else { return Err(ErrorCode::InvalidArgument) };
        // The number of bytes is the result, so it has to be a positive 32-bit number.
        if i32::try_from(params.total()).is_err() {
            return Err(ErrorCode::InvalidArgument);
        }
        if room < params.total() as usize {
            return Err(ErrorCode::BufferTooSmall);
        }
        Ok(Self::Read(params))
    }

    /// Returns how many bytes of the caller's output the answer fills.
    pub const fn output_len(&self) -> usize {
        match self {
            Self::Read(params) => params.total() as usize,
            Self::VolumePointer | Self::SectorCount | Self::PrefetchWithHandle => 4,
            Self::DriveInfo(len) => *len,
            Self::Nothing => 0,
        }
    }
}

impl Ioctl {
    /// Recognises a command to a descriptor of this device; `input` and `output` as for [`Devctl::parse`].
    ///
    /// # Errors
    ///
    /// The code to return when the command is unknown, or its input or output missing or too short.
    pub fn parse(code: u32, input: Option<&[u8]>, output: Option<usize>) -> Result<Self, ErrorCode> {
        match code {
            0x01D2_0001 => at_least(output, 4).map(|()| Self::Position),
            0x01F1_00A6 => {
                let fields = input.and_then(|input| input.first_chunk::<16>());
                let fields = fields.ok_or(ErrorCode::InvalidArgument)?;
                let whence =
                    Whence::from_number(i32::from_le_bytes([fields[12], fields[13], fields[14], fields[15]]));
                let whence = whence.ok_or(ErrorCode::InvalidArgument)?;
                let [a, b, c, d, e, f, g, h, ..] = *fields;
                Ok(Self::Seek { offset: i64::from_le_bytes([a, b, c, d, e, f, g, h]), whence })
            }
            0x01F3_0003 => {
                let fields = input.and_then(|input| input.first_chunk::<4>());
                let sectors = u32::from_le_bytes(*fields.ok_or(ErrorCode::InvalidArgument)?);
                // The length is compared with the number of sectors, as the drive's own driver does;
                // whether the memory is the caller's is for the entry point to find out.
                at_least(output, sectors as usize).map(|()| Self::Read(sectors))
            }
            0x01F0_10DB => Ok(Self::Nothing),
            _ => Err(ErrorCode::NotSupported),
        }
    }
}

fn at_least(present: Option<usize>, needed: usize) -> Result<(), ErrorCode> {
    if present.is_some_and(|present| present >= needed) { Ok(()) } else { Err(ErrorCode::InvalidArgument) }
}
