//! Writes packed chunks in order: blocks, index pages, header.

use std::collections::BTreeMap;
use std::io::{self, Seek, Write};

use sector_decode::Coding;
use sector_decode::deflate_lint::Finding;

use crate::container::{self, Container, Placed, Table};
use crate::digest::Digests;
use crate::output::Output;
use crate::pack::PackedChunk;
use crate::plan::Plan;
use crate::summary::{BlockCounts, Summary};

/// The one end of the pipeline that touches the file.
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
    /// Leaves room for header and index. The plan fits the image.
    pub(crate) fn new(sink: W, plan: &Plan, image_size: u64) -> io::Result<Self> {
        let container = container::of(plan, image_size);
        let tables = container.tables();
        let blocks = image_size.div_ceil(u64::from(plan.block_size));
        let index_end = container::field(container::index_end(plan.format, blocks));
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

    /// How long the file is so far, in bytes.
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

    /// Writes what is left of the index, the padding of the file, and the header.
    pub(crate) fn finish(mut self, digests: Digests) -> io::Result<Summary> {
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
