//! The programs that the tests use. Missing ones are installed from Debian's packages.

use anyhow::{Result, bail};

use crate::{debian, shell};

/// A program, the Debian package that has it, and what it is for.
struct Tool {
    program: &'static str,
    package: &'static str,
    purpose: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool { program: "cc", package: "gcc", purpose: "compiles zlib, libdeflate and LZ4 into the converter" },
    Tool { program: "c++", package: "g++", purpose: "compiles the engine of the fuzz targets" },
    Tool { program: "xorriso", package: "xorriso", purpose: "makes the test discs" },
    Tool {
        program: "pngtopam",
        package: "netpbm",
        purpose: "turns pictures into raw textures for the test disc",
    },
    Tool {
        program: "jpegtopnm",
        package: "netpbm",
        purpose: "turns pictures into raw textures for the test disc",
    },
    Tool { program: "python3", package: "python3", purpose: "runs the independent judges, tests/*.py" },
    Tool { program: "chdman", package: "mame-tools", purpose: "makes the CHDs that the converter reads" },
    Tool { program: "7z", package: "p7zip-full", purpose: "makes the archives that the converter reads" },
    Tool { program: "zstd", package: "zstd", purpose: "packs files for archives in the tests" },
    Tool { program: "time", package: "time", purpose: "measures the converter's peak memory" },
    Tool {
        program: "strace",
        package: "strace",
        purpose: "shows in which order the converter writes and renames",
    },
    Tool {
        program: "ip",
        package: "iproute2",
        purpose: "connects network namespaces, in which a console plays over a bad network",
    },
    Tool {
        program: "cmake",
        package: "cmake",
        purpose: "builds the processor emulator of the driver's tests",
    },
];

/// Libraries that tests load at run time, which do not come with a program to look for.
const LIBRARIES: &[&str] = &["liblz4-1"];

/// Installs missing tools.
///
/// # Errors
///
/// Without Debian's package manager: everything that is missing, each with its purpose.
pub(crate) fn ensure() -> Result<()> {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| shell::find(tool.program).is_none()).collect();
    if debian::is_here() {
        let packages: Vec<&str> =
            missing.iter().map(|tool| tool.package).chain(LIBRARIES.iter().copied()).collect();
        return debian::install(&packages);
    }
    if missing.is_empty() {
        return Ok(());
    }
    let mut list = String::new();
    for Tool { program, package, purpose } in missing {
        list.push_str(&format!("\n  {program:<10} {purpose} (on Debian: package {package})"));
    }
    bail!(
        "these programs are missing; install them with your system's package manager and run this again:{list}"
    )
}

/// Installs `cargo nextest` if it is missing.
pub(crate) fn ensure_nextest() -> Result<()> {
    if shell::output(shell::cargo().args(["nextest", "--version"])).is_ok() {
        return Ok(());
    }
    eprintln!("Installing the test runner, cargo-nextest; this takes some minutes, once");
    shell::run(shell::cargo().args(["install", "--locked", "--quiet", "cargo-nextest"]))
}
