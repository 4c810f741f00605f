//! Runs the decoder's, the encoders' and the writers' tests where numbers have another order of bytes: on s390x, which
//! is big-endian, and on RISC-V, which is yet another processor with 64 bits.

use anyhow::Result;

use crate::cross::{self, Target};
use crate::{arm, debian, shell};

/// A processor to test on: its target, QEMU's program, Debian's packages with its C library, and where that is.
struct Machine {
    target: Target,
    emulator: &'static str,
    libraries: &'static [&'static str],
    root: &'static str,
}

const MACHINES: [Machine; 2] = [
    Machine {
        target: Target { triple: "s390x-unknown-linux-gnu", builds_std: false },
        emulator: "qemu-s390x-static",
        libraries: &["libc6-s390x-cross", "libgcc-s1-s390x-cross"],
        root: "/usr/s390x-linux-gnu",
    },
    Machine {
        target: Target { triple: "riscv64gc-unknown-linux-gnu", builds_std: false },
        emulator: "qemu-riscv64-static",
        libraries: &["libc6-riscv64-cross", "libgcc-s1-riscv64-cross"],
        root: "/usr/riscv64-linux-gnu",
    },
];

/// Tests that are left out. They look at sizes, threads and files that fail, which no order of bytes changes, and on a PC
/// they take longest.
const LEFT_OUT: &[&str] =
    &["an_image_over_4_gib", "at_any_call", "number_of_threads", "error_of_the_file_is_told_as_it_was"];

/// What reads and writes the formats.
const PACKAGES: &[&str] = &["sector-decode", "block-encode", "image-writer"];

/// Builds the tests and runs them.
pub(crate) fn run() -> Result<()> {
    arm::ensure()?;
    for machine in &MACHINES {
        if debian::is_here() {
            debian::install(machine.libraries)?;
        }
        let mut cargo = cross::cargo(&machine.target, "test")?;
        for package in PACKAGES {
            cargo.args(["--package", package]);
        }
        cargo.args(["--profile", "quick", "--tests", "--no-fail-fast", "--"]);
        for name in LEFT_OUT {
            cargo.args(["--skip", name]);
        }
        let variable =
            format!("CARGO_TARGET_{}_RUNNER", machine.target.triple.to_uppercase().replace('-', "_"));
        cargo.env(variable, format!("{} -L {}", machine.emulator, machine.root));
        shell::run(&mut cargo)?;
    }
    Ok(())
}
