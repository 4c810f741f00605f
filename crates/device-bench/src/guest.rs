//! Builds the code that runs in the emulator: the project's decoders for the PSP's target, and the C
//! yardsticks.
//!
//! It uses the compilers of Debian 12 (packages rustc-web, cargo-web, rust-web-src, lld,
//! gcc-mipsel-linux-gnu); a call that fails is printed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Flags that fill more branch delay slots, 5 to 9 % fewer instructions.
pub(crate) const DELAY_SLOT_FLAGS: &str = "-Cllvm-args=-disable-mips-df-succbb-search=false \
                                    -Cllvm-args=-disable-mips-df-forward-search=false";

const TARGET: &str = "mipsel-sony-psp";

const FOR_CONSOLE: [&str; 4] = ["--release", "--target", TARGET, "-Zbuild-std=core,compiler_builtins"];

/// Debian's cargo for a package in `dir`, whatever cargo runs the bench.
fn cargo_for_console(dir: &Path, flags: &str) -> Command {
    let mut cargo = Command::new("/usr/bin/cargo");
    for inherited in
        ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTDOC", "CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"]
    {
        cargo.env_remove(inherited);
    }
    let flags = format!("{flags} -Cllvm-args=-mno-check-zero-division");
    cargo.current_dir(dir).env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
    cargo.env("RUSTFLAGS", flags.trim());
    cargo
}

/// Builds the Rust guest and returns the linked ELF.
pub(crate) fn rust(target_dir: &Path, flags: &str) -> Vec<u8> {
    let dir = guest_dir();
    let target_dir = target_dir.join("guest").join(if flags.is_empty() { "plain" } else { "rust" });
    let mut cargo = cargo_for_console(&dir, flags);
    run(cargo.arg("build").args(FOR_CONSOLE).arg("--target-dir").arg(&target_dir));
    let elf = target_dir.join("guest.elf");
    let archive = target_dir.join(TARGET).join("release/libguest.a");
    link(&["--whole-archive"], &[archive], &elf)
}

/// Builds the C interface as a static library, and the example in C that needs no C library with it. Returns the linked
/// ELF.
pub(crate) fn c_interface(target_dir: &Path, package: &Path) -> Vec<u8> {
    let target_dir = target_dir.join("guest").join("c-interface");
    let mut cargo = cargo_for_console(package, "");
    cargo.env("CARGO_PROFILE_RELEASE_PANIC", "abort");
    cargo.args(["rustc", "--locked", "--lib", "--crate-type", "staticlib"]).args(FOR_CONSOLE);
    // `memcpy` and its kin.
    cargo.arg("-Zbuild-std-features=compiler-builtins-mem");
    run(cargo.arg("--target-dir").arg(&target_dir));
    let mut inputs = vec![target_dir.join(TARGET).join("release/libsector_decode_capi.a")];
    for source in [package.join("c/freestanding.c"), guest_dir().join("abort.c")] {
        let object = target_dir.join(source.file_stem().expect("a file")).with_extension("o");
        let mut gcc = c_compiler();
        gcc.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-I"]).arg(package.join("include"));
        run(gcc.arg("-c").arg(&source).arg("-o").arg(&object));
        inputs.push(object);
    }
    link(&["--gc-sections", "--undefined=read_image"], &inputs, &target_dir.join("example.elf"))
}

/// Debian's C compiler for programs of the console without a system.
fn c_compiler() -> Command {
    let mut gcc = Command::new("mipsel-linux-gnu-gcc");
    gcc.args(["-O2", "-march=mips2", "-mno-abicalls", "-fno-pic", "-G0", "-ffreestanding"]);
    gcc
}

/// Builds the C yardsticks and returns the linked ELF.
pub(crate) fn yardsticks(target_dir: &Path, c: &CSources) -> Vec<u8> {
    let CSources { zlib, lz4, minilzo } = c;
    let dir = target_dir.join("guest").join("c");
    fs::create_dir_all(&dir).expect("the target directory is writable");
    let mut objects = Vec::new();
    let sources = [
        guest_dir().join("yardstick.c"),
        zlib.join("inflate.c"),
        zlib.join("inffast.c"),
        zlib.join("inftrees.c"),
        zlib.join("adler32.c"),
        zlib.join("crc32.c"),
        zlib.join("zutil.c"),
        lz4.join("lz4.c"),
        minilzo.join("minilzo.c"),
    ];
    for source in sources {
        let object = dir.join(source.file_stem().expect("a file")).with_extension("o");
        let mut gcc = c_compiler();
        gcc.arg("-w")
            .args([
                "-fno-tree-loop-distribute-patterns",
                "-ffunction-sections",
                "-DLZ4_FORCE_MEMORY_ACCESS=1",
            ])
            .arg("-I")
            .arg(zlib)
            .arg("-I")
            .arg(lz4)
            .arg("-I")
            .arg(minilzo)
            .arg("-c")
            .arg(&source)
            .arg("-o")
            .arg(&object);
        run(&mut gcc);
        objects.push(object);
    }
    link(
        &[
            "--gc-sections",
            "--undefined=c_zlib_inflate",
            "--undefined=c_lz4_safe",
            "--undefined=c_lzo1x_safe",
            "--undefined=c_memcpy",
            "--undefined=c_set_up",
            "--undefined=c_state_size",
        ],
        &objects,
        &dir.join("yardsticks.elf"),
    )
}

/// Directories of C sources.
pub(crate) struct CSources {
    pub(crate) zlib: PathBuf,
    pub(crate) lz4: PathBuf,
    pub(crate) minilzo: PathBuf,
}

/// Finds the C sources inside the crates that contain them.
pub(crate) fn c_sources() -> CSources {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["metadata", "--format-version=1", "--locked"])
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let home_of = |name: &str| {
        let packages = metadata["packages"].as_array().expect("a list of packages");
        let package = packages.iter().find(|package| package["name"] == name);
        let manifest = package.and_then(|package| package["manifest_path"].as_str());
        Path::new(manifest.unwrap_or_else(|| panic!("{name} is a dependency"))).with_file_name("")
    };
    CSources {
        zlib: home_of("libz-sys").join("src/zlib"),
        lz4: home_of("lz4-sys").join("liblz4/lib"),
        minilzo: home_of("minilzo-rs").join("minilzo"),
    }
}

fn guest_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guest")
}

fn link(flags: &[&str], inputs: &[PathBuf], elf: &Path) -> Vec<u8> {
    let mut lld = Command::new("ld.lld");
    lld.arg("-T")
        .arg(guest_dir().join("link.ld"))
        .args(["-e", "0"])
        .args(flags)
        .args(inputs)
        .arg("-o")
        .arg(elf);
    run(&mut lld);
    fs::read(elf).expect("the linker wrote it")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    assert!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
}
