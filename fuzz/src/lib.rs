//! What the fuzz targets share: reading a file of any content with any amount of memory.

use sector_decode::{Buffers, Decoder, Layout, SectorReader};

/// At most so much of an image is read: a header can ask for terabytes.
const MOST_READ: u64 = 1 << 18;

/// Bytes of an input that say how to read; the file follows.
pub const PLAN_LEN: usize = 4;

/// How a file is read, out of the first bytes of an input.
pub struct Plan {
    window: usize,
    room: usize,
    start: u8,
    len: u8,
}

impl Plan {
    /// Splits an input into plan and file. `None` when it is too short for a plan.
    pub fn split(input: &[u8]) -> Option<(Self, &[u8])> {
        let ([window, room, start, len], file) = input.split_first_chunk::<PLAN_LEN>()?;
        let plan = Self { window: (*window).into(), room: (*room % 16).into(), start: *start, len: *len };
        Some((plan, file))
    }

    /// Reads a file as a whole, block by block, and from and to odd places; returns what came out of each
    /// request. All buffers are full of `fill` before. `None` when the header is refused.
    pub fn read(&self, file: &[u8], fill: u8) -> Option<Vec<Answer>> {
        let layout = Layout::probe(&mut &file[..]).ok()?;
        let sizes = layout.buffer_sizes();
        let mut index = vec![fill; sizes.index_min + self.window];
        let mut packed = vec![fill; sizes.packed * (1 + self.room)];
        let mut block = vec![fill; sizes.block];
        let mut decoder = Decoder::new();
        let buffers =
            Buffers { index: &mut index, packed: &mut packed, block: &mut block, decoder: &mut decoder };
        let mut reader = SectorReader::new(file, layout, buffers).expect("the buffers are large enough");

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
            let bytes = reader.read(offset, &mut out).is_ok().then_some(out);
            Answer { offset, bytes }
        });
        Some(answers.collect())
    }
}

/// What a request brought.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Where in the image.
    pub offset: u64,
    /// The bytes from there on; `None` after an error.
    pub bytes: Option<Vec<u8>>,
}
