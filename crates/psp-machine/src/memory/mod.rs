//! Guest memory in regions with known borders.
//!
//! Every region is in separate pages with an unmapped page on each side, so that running past its end stops
//! the processor. Where a region does not fill its pages, the adjacent bytes hold a pattern that is checked
//! when the region is given back.

pub mod partition;

use crate::crash::Cause;
use mips_cpu::{Cpu, PAGE};

/// Kernel memory: what the console calls partition 1 and more, below the trap slots.
const KERNEL: core::ops::Range<u32> = 0x8800_0000..0x887F_0000;
/// User memory.
const USER: core::ops::Range<u32> = 0x0880_0000..0x0C00_0000;

/// The contents of bytes next to a region.
const MARGIN_PATTERN: u8 = 0xB5;
/// How many bytes next to a region are checked, at most.
const MARGIN: u32 = 512;
/// The contents of unused stack.
const STACK_PATTERN: u8 = 0x5A;

/// The owner of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// Kernel addresses, 0x88……
    Kernel,
    /// User addresses, 0x08……
    User,
}

/// The place of a region in its pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the start: the byte before it is not mapped.
    First,
    /// At the end: this many bytes follow it before the guard page.
    Last {
        /// Bytes that follow, usually less than 64: they determine the region's alignment.
        slack: u32,
    },
}

/// A region of guest memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its purpose, as shown in errors.
    pub what: &'static str,
    /// First usable byte.
    pub start: u32,
    /// Usable bytes.
    pub len: u32,
    space: Space,
    pages: u32,
    pages_len: u32,
}

impl Region {
    /// A region in these pages, with the pattern around it.
    fn in_pages(
        cpu: &mut Cpu,
        what: &'static str,
        space: Space,
        (pages, pages_len): (u32, u32),
        len: u32,
        place: Place,
    ) -> Self {
        let mut region = Self { what, start: pages, len, space, pages, pages_len };
        region.place(len, place);
        for (at, len) in [region.front(), region.back()] {
            cpu.write(at, &vec![MARGIN_PATTERN; len as usize]).expect("inside its pages");
        }
        region
    }

    /// First byte after it.
    pub fn end(&self) -> u32 {
        self.start + self.len
    }

    fn front(&self) -> (u32, u32) {
        let len = (self.start - self.pages).min(MARGIN);
        (self.start - len, len)
    }

    fn back(&self) -> (u32, u32) {
        (self.end(), (self.pages + self.pages_len - self.end()).min(MARGIN))
    }

    fn place(&mut self, len: u32, place: Place) {
        self.len = len;
        self.start = match place {
            Place::First => self.pages,
            Place::Last { slack } => self.pages + self.pages_len - slack - len,
        };
    }
}

/// Allocates guest memory.
#[derive(Debug, Default)]
pub struct Memory {
    kernel_used: u32,
    user_used: u32,
    /// Pages that stay mapped for the next request of the same size.
    idle: Vec<(Space, u32, u32)>,
}

impl Memory {
    /// Allocates a region of `len` bytes in fresh or idle pages. Its contents are unspecified.
    ///
    /// # Panics
    ///
    /// When the machine runs out of address space.
    pub fn take(
        &mut self,
        cpu: &mut Cpu,
        what: &'static str,
        space: Space,
        len: u32,
        place: Place,
    ) -> Region {
        let pages_len = pages_len(len, place);
        let idle = self.idle.iter().position(|&(s, _, l)| s == space && l == pages_len);
        let pages = match idle {
            Some(at) => self.idle.swap_remove(at).1,
            None => self.map(cpu, space, pages_len, Cpu::map_data),
        };
        Region::in_pages(cpu, what, space, (pages, pages_len), len, place)
    }

    /// Allocates a region of `len` bytes of kernel memory, in fresh pages, from which instructions can run. On the console
    /// they can everywhere; here, a jump to any other memory is noticed at once.
    ///
    /// # Panics
    ///
    /// When the machine runs out of address space.
    pub fn take_code(&mut self, cpu: &mut Cpu, what: &'static str, len: u32, place: Place) -> Region {
        let pages_len = pages_len(len, place);
        let pages = self.map(cpu, Space::Kernel, pages_len, Cpu::map);
        Region::in_pages(cpu, what, Space::Kernel, (pages, pages_len), len, place)
    }

    /// Frees a region; its pages stay mapped and are reused.
    ///
    /// # Errors
    ///
    /// When bytes next to it were changed.
    pub fn give_back(&mut self, cpu: &Cpu, region: &Region) -> Result<(), Cause> {
        self.idle.push((region.space, region.pages, region.pages_len));
        check_margins(cpu, region)
    }

    /// Frees a region and unmaps it, so that a later use is caught.
    ///
    /// # Errors
    ///
    /// When bytes next to it were changed.
    pub fn unmap(&mut self, cpu: &mut Cpu, region: &Region) -> Result<(), Cause> {
        let checked = check_margins(cpu, region);
        cpu.unmap(region.pages, region.pages_len);
        checked
    }

    fn map(&mut self, cpu: &mut Cpu, space: Space, len: u32, map: fn(&mut Cpu, u32, u32)) -> u32 {
        let (range, used) = match space {
            Space::Kernel => (KERNEL, &mut self.kernel_used),
            Space::User => (USER, &mut self.user_used),
        };
        let start = range.start + *used + PAGE;
        assert!(start + len + PAGE <= range.end, "no address space left for {len} bytes of {space:?} memory");
        *used += len + PAGE;
        map(cpu, start, len);
        start
    }
}

/// The bytes of all pages that a region needs.
fn pages_len(len: u32, place: Place) -> u32 {
    let slack = if let Place::Last { slack } = place { slack } else { 0 };
    (len + slack).next_multiple_of(PAGE).max(PAGE)
}

/// Checks the bytes next to a region.
///
/// # Errors
///
/// The first that was changed.
pub fn check_margins(cpu: &Cpu, region: &Region) -> Result<(), Cause> {
    for (at, len) in [region.front(), region.back()] {
        let mut margin = [0; MARGIN as usize];
        let margin = &mut margin[..len as usize];
        cpu.read(at, margin)?;
        if let Some(changed) = margin.iter().position(|&byte| byte != MARGIN_PATTERN) {
            let offset = i64::from(at) + changed as i64 - i64::from(region.start);
            return Err(Cause::Overrun { what: region.what.to_owned(), offset });
        }
    }
    Ok(())
}

/// Fills a stack with the pattern that [`stack_used`] looks for.
pub fn paint_stack(cpu: &mut Cpu, stack: &Region) {
    cpu.write(stack.start, &vec![STACK_PATTERN; stack.len as usize]).expect("a mapped piece");
}

/// How many bytes of a painted stack were written to, counted from its end.
pub fn stack_used(cpu: &Cpu, stack: &Region) -> u32 {
    let mut bytes = vec![0; stack.len as usize];
    cpu.read(stack.start, &mut bytes).expect("a mapped piece");
    let untouched = bytes.iter().take_while(|&&byte| byte == STACK_PATTERN).count();
    stack.len - u32::try_from(untouched).unwrap_or(stack.len)
}
