//! Writes packed chunks in order: blocks, index pages, header.

use std::collections::BTreeMap;
use std::io::{self, Seek, Write};

use sector_decode::Coding;
use sector_decode::deflate_lint::Finding;

use crate::container::{self, Container, Placed, Table};
use crate::digest::ImageDigests;
use crate::output::Output;
use crate::pack::PackedChunk;
use crate::plan::Plan;
use crate::summary::{BlockCounts, Summary};

/// The single end of the pipeline that touches the file.
pub(crate) struct ImageWriter<W: Write + Seek> {
    output: Output<W>,
    container: Box<dyn Container>,
    tables: Vec<Table>,
    alignment: u64,
    pad_file_to: u64,
    image_size: u64,
    blocks: BlockCounts,
    lint_findings: BTreeMap<Finding, u32>,
}

impl<W: Write + Seek> ImageWriter<W> {
    /// Leaves room for header and index. The plan must fit the image.
    pub(crate) fn new(sink: W, plan: &Plan, image_size: u64) -> io::Result<Self> {
        let container = container::of(plan, image_size);
        let tables = container.tables();
        let blocks = container::field(image_size.div_ceil(u64::from(plan.block_size)));
        let index_end = container::index_end(plan.format, blocks);
        let alignment = 1 << plan.index_shift;
        let mut output = Output::new(sink, index_end)?;
        output.pad_to(alignment)?;
        Ok(Self {
            output,
            container,
            tables,
            alignment,
            pad_file_to: u64::from(plan.pad_file_to),
            image_size,
            blocks: BlockCounts::default(),
            lint_findings: BTreeMap::new(),
        })
    }

    /// The current length of the file, in bytes.
    pub(crate) fn end(&self) -> u64 {
        self.output.end()
    }

    /// Writes the blocks that follow those written so far.
    pub(crate) fn write(&mut self, chunk: &PackedChunk) -> io::Result<()> {
        let mut packed = chunk.bytes.as_slice();
        for block in &chunk.blocks {
            let (bytes, rest) = packed.split_at(block.len as usize);
            packed = rest;
            let placed = Placed { start: self.output.end(), len: block.len, coding: block.coding };
            self.container.add_block(&mut self.tables, placed);
            self.output.append(bytes)?;
            self.output.pad_to(self.alignment)?;
            for table in &mut self.tables {
                table.write_full_page(&mut self.output)?;
            }
            count(&mut self.blocks, block.coding);
            if let Some(finding) = block.lint_finding {
                *self.lint_findings.entry(finding).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Writes the rest of the index, the padding of the file, and the header.
    pub(crate) fn finish(mut self, digests: ImageDigests) -> io::Result<Summary> {
        self.container.add_end(&mut self.tables, self.output.end());
        for table in &mut self.tables {
            table.write_page(&mut self.output)?;
        }
        self.output.pad_to(self.pad_file_to)?;
        // Everything else must be in the file before the header makes it an image.
        self.output.flush()?;
        self.output.put(0, &self.container.header(&digests))?;
        self.output.flush()?;
        Ok(Summary {
            image_size: self.image_size,
            stored_size: self.output.end(),
            blocks: self.blocks,
            lint_findings: self.lint_findings,
            digests,
            imprint: self.output.finish(),
        })
    }
}

fn count(blocks: &mut BlockCounts, coding: Coding) {
    *match coding {
        Coding::Stored => &mut blocks.stored,
        Coding::Deflate | Coding::Zlib => &mut blocks.deflate,
        Coding::Lz4 => &mut blocks.lz4,
        Coding::Lzo => &mut blocks.lzo,
    } += 1;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::PackedBlock;
    use crate::plan::OutputFormat;
    use std::io::{Cursor, SeekFrom};

    fn plan(format: OutputFormat, block_size: u32, index_shift: u8) -> Plan {
        Plan { index_shift, pad_file_to: 2048, ..Plan::of_tests(format, block_size) }
    }

    fn chunk(len: u32, coding: Coding) -> PackedChunk {
        let blocks = vec![PackedBlock { len, coding, lint_finding: None }];
        PackedChunk { image_len: 0, bytes: vec![0xDA; len as usize], blocks }
    }

    /// A file of any length that retains only its first megabyte.
    #[derive(Default)]
    struct FrontOnly {
        front: Cursor<Vec<u8>>,
        position: u64,
        len: u64,
    }

    const FRONT: u64 = 1 << 20;

    impl Write for FrontOnly {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            if self.position < FRONT {
                self.front.set_position(self.position);
                self.front.write_all(buf)?;
            }
            self.position += buf.len() as u64;
            self.len = self.len.max(self.position);
            Ok(buf.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for FrontOnly {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            let SeekFrom::Start(position) = to else { panic!("only absolute seeks") };
            self.position = position;
            Ok(position)
        }
    }

    #[test]
    fn positions_over_4_gib() {
        const BLOCK: u32 = 256 << 10;
        let blocks = 20_000;
        let image_size = u64::from(BLOCK) * blocks;
        let plan = plan(OutputFormat::Cso, BLOCK, 2);
        assert_eq!(plan.check(image_size), Ok(()));
        let mut file = FrontOnly::default();
        let mut writer = ImageWriter::new(&mut file, &plan, image_size).unwrap();
        // Odd lengths, so that each block needs padding.
        let (packed, plain) = (chunk(BLOCK - 1001, Coding::Deflate), chunk(BLOCK, Coding::Stored));
        for block in 0..blocks {
            writer.write(if block % 2 == 0 { &packed } else { &plain }).unwrap();
        }
        let summary = writer.finish(ImageDigests::Sha256([0; 32])).unwrap();

        let front = file.front.into_inner();
        let value = |at: usize| u32::from_le_bytes(front[24 + 4 * at..][..4].try_into().unwrap());
        let mut position = (24 + 4 * (blocks + 1)).next_multiple_of(4);
        for block in 0..blocks {
            let plain = block % 2 == 1;
            let expected = u32::try_from(position >> 2).unwrap() | u32::from(plain) << 31;
            assert_eq!(value(usize::try_from(block).unwrap()), expected);
            position += u64::from(if plain { BLOCK } else { BLOCK - 1000 });
        }
        assert!(position > 4 << 30);
        assert_eq!(u64::from(value(20_000)) << 2, position);
        assert_eq!(summary.stored_size, position.next_multiple_of(2048));
        assert_eq!(summary.stored_size, file.len);
        assert_eq!((summary.blocks.stored, summary.blocks.deflate), (10_000, 10_000));
    }

    #[test]
    fn tables_of_several_pages() {
        // Three pages of DAX positions, and two of sizes.
        let frames = 9000;
        let plan = plan(OutputFormat::Dax, 8192, 0);
        let mut file = Cursor::new(Vec::new());
        let mut writer = ImageWriter::new(&mut file, &plan, frames * 8192).unwrap();
        for frame in 0..frames {
            writer.write(&chunk(u32::try_from(frame % 50 + 10).unwrap(), Coding::Zlib)).unwrap();
        }
        writer.finish(ImageDigests::Sha256([0; 32])).unwrap();

        let file = file.into_inner();
        let mut position = u32::try_from(32 + 6 * frames).unwrap();
        for frame in 0..usize::try_from(frames).unwrap() {
            let size = u16::try_from(frame % 50 + 10).unwrap();
            assert_eq!(file[32 + 4 * frame..][..4], position.to_le_bytes());
            assert_eq!(file[32 + 4 * 9000 + 2 * frame..][..2], size.to_le_bytes());
            position += u32::from(size);
        }
    }

    #[test]
    fn everything_is_handed_on_before_the_header_and_after_it() {
        /// A file with its own buffer: data that was written but not flushed is not in the file.
        #[derive(Default)]
        struct Buffered(u64, Vec<String>);
        impl Write for Buffered {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.1.push(if self.0 == 0 { "header" } else { "rest" }.to_owned());
                self.0 += buf.len() as u64;
                Ok(buf.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                self.1.push("flush".to_owned());
                Ok(())
            }
        }
        impl Seek for Buffered {
            fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
                let SeekFrom::Start(position) = to else { panic!("only absolute seeks") };
                self.0 = position;
                Ok(position)
            }
        }
        let plan = plan(OutputFormat::Cso, 8192, 0);
        let mut file = Buffered::default();
        let mut writer = ImageWriter::new(&mut file, &plan, 8192).unwrap();
        writer.write(&chunk(500, Coding::Deflate)).unwrap();
        writer.finish(ImageDigests::Sha256([0; 32])).unwrap();
        assert!(file.1.ends_with(&["rest", "flush", "header", "flush"].map(str::to_owned)), "{:?}", file.1);
    }

    #[test]
    fn the_header_comes_last() {
        /// Remembers where each write went.
        struct Journal(Cursor<Vec<u8>>, Vec<u64>);
        impl Write for Journal {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.1.push(self.0.position());
                self.0.write(buf)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        impl Seek for Journal {
            fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
                self.0.seek(to)
            }
        }
        for format in [OutputFormat::Cso, OutputFormat::Zso, OutputFormat::Dax, OutputFormat::Jso] {
            let plan = plan(format, 8192, 0);
            let mut file = Journal(Cursor::new(Vec::new()), Vec::new());
            let mut writer = ImageWriter::new(&mut file, &plan, 3 * 8192).unwrap();
            for _ in 0..3 {
                writer.write(&chunk(500, Coding::Deflate)).unwrap();
            }
            writer.finish(ImageDigests::Sha256([0; 32])).unwrap();
            assert_eq!(file.1.last(), Some(&0));
            assert_eq!(file.1.iter().filter(|&&at| at < 24).count(), 1);
        }
    }
}
