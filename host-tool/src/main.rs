//! The program `cisor`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Err(error) = cisor::interrupt::install() {
        // Work goes on; only cleaning up after a signal is not possible then.
        eprintln!("warning: cannot listen to signals: {error}");
    }
    let args = std::env::args_os();
    let args = if cfg!(windows) { cisor::wildcards::expand(args) } else { args.collect() };
    ExitCode::from(cisor::main(args).code())
}
