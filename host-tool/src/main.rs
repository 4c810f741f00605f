//! The program `cisor`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use cisor::exit::Status;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: alloc_guard::Guard<mimalloc::MiMalloc> = alloc_guard::Guard(mimalloc::MiMalloc);

#[cfg(not(target_env = "musl"))]
#[global_allocator]
static ALLOCATOR: alloc_guard::Guard<std::alloc::System> = alloc_guard::Guard(std::alloc::System);

fn main() -> ExitCode {
    alloc_guard::on_failure(cisor::interrupt::out_of_memory);
    if let Err(error) = cisor::interrupt::install() {
        // A signal would leave a part file. What is missing, a thread or a descriptor, would be missed later as well.
        eprintln!("error: cannot begin: {error}");
        return ExitCode::from(Status::Failed.code());
    }
    let args = std::env::args_os();
    let args = if cfg!(windows) { cisor::wildcards::expand(args) } else { args.collect() };
    ExitCode::from(cisor::main(args).code())
}
