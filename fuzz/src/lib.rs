//! Shared by the fuzz targets: reading a file of any content with any amount of memory, and a server of
//! UDPFS without sockets and disks.

pub mod disc;
pub mod steps;

use sector_decode::{Buffers, Decoder, Foreign, Layout, ReaderOptions, SectorReader};

/// Maximum bytes read from an image: a header can declare terabytes.
const MOST_READ: u64 = 1 << 18;

/// Bytes of one of several windows of the index.
const WINDOW_BYTES: usize = 2048;

/// Length of the plan at the beginning of an input; the file follows.
pub const PLAN_LEN: usize = 5;

/// How a file is read, taken from the first bytes of an input.
pub struct Plan {
    window: usize,
    room: usize,
    start: u8,
    len: u8,
    options: u8,
}

impl Plan {
    /// Splits an input into plan and file. `None` when it is too short for a plan.
    pub fn split(input: &[u8]) -> Option<(Self, &[u8])> {
        let (&[window, room, start, len, options], file) = input.split_first_chunk::<PLAN_LEN>()?;
        let plan = Self { window: window.into(), room: (room % 16).into(), start, len, options };
        Some((plan, file))
    }

    /// Whether one impossible index entry makes its whole window unreadable.
    pub fn is_checking(&self) -> bool {
        self.options & 1 != 0
    }

    /// Number of index windows; `None` for a single one, of the size given in the plan.
    fn windows(&self) -> Option<usize> {
        let windows = usize::from(self.options >> 1 & 0b111);
        (windows > 0).then_some(windows)
    }

    /// Number of bytes read ahead; `None` to leave it to the reader.
    fn ahead(&self) -> Option<usize> {
        let shift = u32::from(self.options >> 4);
        (shift > 0).then(|| 1 << (shift + 4))
    }

    /// Reads a file as a whole, block by block, and between odd offsets; returns the result of each
    /// request. All buffers are filled with `fill` beforehand. `None` when the header is refused.
    pub fn read(&self, file: &[u8], fill: u8) -> Option<Vec<Answer>> {
        let layout = Layout::probe(&mut &file[..]).ok()?;
        // Blocks of another program's format are recognised, or not.
        let foreign = Foreign::in_blocks(&layout, &mut &file[..]).ok().flatten();
        assert!(foreign.is_none_or(|foreign| !foreign.to_string().is_empty()));
        let sizes = layout.buffer_sizes();
        let windows = self.windows().map_or(0, |windows| windows * WINDOW_BYTES);
        let mut index = vec![fill; sizes.index + self.window + windows];
        let mut packed = vec![fill; sizes.packed * (1 + self.room)];
        let mut block = vec![fill; sizes.block];
        let mut decoder = Decoder::new();
        let buffers =
            Buffers { index: &mut index, packed: &mut packed, block: &mut block, decoder: &mut decoder };
        let room = buffers.packed.len();
        let ahead = self.ahead().unwrap_or(if room >= 2 * sizes.packed { room } else { 0 });
        let mut options =
            ReaderOptions::new().with_checked_windows(self.is_checking()).with_read_ahead(ahead);
        if self.windows().is_some() {
            options = options.with_windows(32, 2048).with_alignment(64);
        }
        let mut reader = SectorReader::with_options(file, layout, &options, buffers)
            .expect("the buffers are large enough");

        let (size, block_size) = (layout.image_size(), u64::from(layout.block_size()));
        let end = size.min(MOST_READ);
        let start = end * u64::from(self.start) / 256;
        let mut requests = vec![(0, end), (start, (end - start) * u64::from(self.len) / 256), (start, 1)];
        requests.push((size.saturating_sub(3000), size.min(3000)));
        requests.extend(
            (0..end.div_ceil(block_size)).map(|n| (n * block_size, block_size.min(end - n * block_size))),
        );
        let answers = requests.into_iter().map(|(offset, len)| {
            let mut out = vec![fill; usize::try_from(len).expect("at most 1 MiB")];
            let bytes = match reader.read(offset, &mut out) {
                Ok(()) => Some(out),
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    None
                }
            };
            Answer { offset, bytes }
        });
        Some(answers.collect())
    }
}

/// The result of a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Offset in the image.
    pub offset: u64,
    /// The bytes from there; `None` after an error.
    pub bytes: Option<Vec<u8>>,
}
