//! The program `cisor`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Err(error) = cisor::interrupt::install() {
        // Work goes on; only cleaning up after a signal is not possible then.
        eprintln!("warning: cannot listen to signals: {error}");
    }
    ExitCode::from(cisor::main(wild::args_os()).code())
}
