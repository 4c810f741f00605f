//! The page in a browser, side by side with the program. `web/page/test/speed.mjs` measures.

use anyhow::Result;

use super::page;
use crate::{converter, disc, dist, shell, web};

/// Measures, and writes docs/benchmarks/page.md unless the result is only to be shown.
pub(super) fn run(dry_run: bool) -> Result<()> {
    let discs = disc::ensure()?;
    shell::run(&mut converter::build())?;
    let tables = web::measure(dist::page_licences, &discs.psp, &discs.ps2)?;
    let text = format!("{}\n{tables}\n\n", page::machine()?);
    println!("{text}");
    if dry_run { Ok(()) } else { page::PAGE.write(&text) }
}
