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
    end_by_guard_where_libraries_panic();
    if let Err(error) = cisor::interrupt::install() {
        // Without the handler, a signal would leave a part file behind. The missing thread or descriptor
        // would be missing later as well.
        eprintln!("error: cannot begin: {error}");
        return ExitCode::from(Status::Failed.code());
    }
    let args = std::env::args_os();
    let args = if cfg!(windows) { cisor::wildcards::expand(args) } else { args.collect() };
    ExitCode::from(cisor::main(args).code())
}

/// Makes running out of memory end the program in the same way even where a library panics: libdeflate
/// allocates from the system directly, and so does the standard library for a new thread's signal stack.
fn end_by_guard_where_libraries_panic() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or_default();
        if ["out of memory", "failed to allocate"].iter().any(|lack| text.contains(lack)) {
            alloc_guard::fail();
        }
        // Such a panic becomes an error about the file.
        if !image_source::catches_panics() {
            usual(panic);
        }
    }));
}
