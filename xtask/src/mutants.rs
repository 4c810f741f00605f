//! Breaks key lines of the PSP driver on purpose, one at a time, and runs the built result on the emulated
//! console: for each, a test must fail. If a line can be wrong without a test noticing, nothing protects it.
//!
//! The work tree stays as it is: the sources are copied to target/mutants/ and changed there.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::steps::Steps;
use crate::toolchain::PspToolchain;
use crate::{crate_mutants, paths, psp, shell};

/// A line that matters, and how to break it.
struct Mutant {
    /// What it is and what goes wrong.
    name: &'static str,
    file: &'static str,
    /// Text that is in the file exactly once.
    right: &'static str,
    wrong: &'static str,
    /// Words in the names of the tests that are to notice.
    tests: &'static [&'static str],
}

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "trampoline: the fifth word does not reach the function",
        file: "psp-driver/plugin/src/abi/incoming.s",
        right: "    sw      $t0, 16($sp)\n",
        wrong: "    nop\n",
        tests: &["raw_device::", "forwarding::"],
    },
    Mutant {
        name: "re-seek: a file that was opened again is read where it stands",
        file: "crates/umd-device/src/card_file.rs",
        right: "        let descriptor = self.descriptor()?;\n        if self.card.seek",
        wrong: "        let reopened = self.open.is_none();\n        let descriptor = self.descriptor()?;\n        \
                if !reopened && self.card.seek",
        tests: &["faults::"],
    },
    Mutant {
        name: "short reads: taken for whole ones",
        file: "crates/umd-device/src/card_file.rs",
        right: "            if got == buf.len() {\n",
        wrong: "            if got <= buf.len() {\n",
        tests: &["faults::"],
    },
    Mutant {
        name: "bounds: reads behind the end of the disc are not refused",
        file: "crates/umd-device/src/disc.rs",
        right: "if offset + out.len() as u64 > self.byte_len() {",
        wrong: "if offset + out.len() as u64 > u64::MAX / 2 {",
        tests: &["edges::"],
    },
    Mutant {
        name: "interrupts: not resumed",
        file: "psp-driver/plugin/src/kernel/interrupts.rs",
        right: "    sceKernelCpuResumeIntr(state);\n",
        wrong: "    let _ = (state, sceKernelCpuResumeIntr as *const ());\n",
        tests: &["starting::takes_over"],
    },
    Mutant {
        name: "stubs: the second word is no nop",
        file: "psp-driver/module/src/lib.rs",
        right: "\": .word 0x03E00008, 0\\n\"",
        wrong: "\": .word 0x03E00008, 13\\n\"",
        tests: &["starting::takes_over"],
    },
    Mutant {
        name: "alignment: the path must begin with a word",
        file: "psp-driver/plugin/src/kernel/firmware.rs",
        right: "        if !is_kernel_address(place.addr()) {\n",
        wrong: "        if !is_kernel_word(start.addr()) {\n",
        tests: &["starting::", "swap::"],
    },
    Mutant {
        name: "application types: images started as discs are left alone",
        file: "psp-driver/plugin/src/kernel/firmware.rs",
        right: "[0x120, 0x123,",
        wrong: "[0x123, 0x123,",
        tests: &["starting::takes_over"],
    },
    Mutant {
        name: "swap: the image is not looked at again",
        file: "psp-driver/plugin/src/serving.rs",
        right: "if of_this_disc && !firmware",
        wrong: "if false && of_this_disc && !firmware",
        tests: &["swap::"],
    },
    Mutant {
        name: "start: a failure of the card is final",
        file: "psp-driver/plugin/src/kernel/card.rs",
        right: "STARTING.load(Relaxed) && self",
        wrong: "!STARTING.load(Relaxed) && self",
        tests: &["start_retries::"],
    },
    Mutant {
        name: "log: its thread is not deleted",
        file: "psp-driver/plugin/src/log.rs",
        right: "    thread::exit();\n",
        wrong: "    let _ = thread::exit as fn();\n",
        tests: &["log::stopping"],
    },
    Mutant {
        name: "lock: the device is used without it",
        file: "psp-driver/plugin/src/kernel/lock.rs",
        right: "if result < 0 { Err(ErrorCode::NotReady) }",
        wrong: "if result > 0 { Err(ErrorCode::NotReady) }",
        tests: &["every_call::without_the_lock"],
    },
    Mutant {
        name: "stop: the firmware's entries are not put back",
        file: "psp-driver/plugin/src/takeover.rs",
        right: "Functions::store(table, entries::original());",
        wrong: "Functions::store(table, &there);",
        tests: &["every_call::of_a_stop"],
    },
    Mutant {
        name: "takeover: the table changes while interrupts are on",
        file: "psp-driver/plugin/src/takeover.rs",
        right: "fn take(table: *mut Functions) {\n    without_interrupts(",
        wrong: "fn take(table: *mut Functions) {\n    fn at_once(work: impl FnOnce()) {\n        work();\n    }\n    at_once(",
        tests: &["starting::takes_over"],
    },
    Mutant {
        name: "patience: it never ends",
        file: "crates/umd-device/src/patience.rs",
        right: "host.now().wrapping_sub(since) >= self.micros;",
        wrong: "host.now().wrapping_sub(since) >= u32::MAX - self.micros;",
        tests: &["faults::without_a_card"],
    },
    Mutant {
        name: "patience: a clock that starts again ends it",
        file: "crates/umd-device/src/patience.rs",
        right: "host.now().wrapping_sub(since) >= self.micros;",
        wrong: "host.now() >= since.wrapping_add(self.micros);",
        tests: &["played::for_a_moment"],
    },
    Mutant {
        name: "descriptors: one that failed stays open",
        file: "crates/umd-device/src/card_file.rs",
        right: "            self.close();\n            if !self.card.again()",
        wrong: "            self.open = None;\n            if !self.card.again()",
        tests: &["faults::a_stale"],
    },
    Mutant {
        name: "cards: a file of another length is taken for the image",
        file: "crates/umd-device/src/card_file.rs",
        right: "if *self.len.get_or_insert(len) == len {",
        wrong: "if *self.len.get_or_insert(len) > 0 {",
        tests: &["faults::another_card"],
    },
    Mutant {
        name: "programs: they may have kernel memory written",
        file: "psp-driver/plugin/src/entries.rs",
        right: "if buffer.is_null() || !caller.may_name(address, len) {",
        wrong: "if buffer.is_null() || (!caller.may_name(address, len) && len == 0) {",
        tests: &["raw_device::a_program"],
    },
    Mutant {
        name: "checksums: those of DAX are not compared",
        file: "crates/sector-decode/src/codec/zlib.rs",
        right: "if got == expected",
        wrong: "if got == got",
        tests: &["damage::random_damage"],
    },
    Mutant {
        name: "library: the kernel refuses the driver's own pointers",
        file: "psp-driver/plugin/src/abi/incoming.s",
        right: "    move    $k1, $zero\n",
        wrong: "    nop\n",
        tests: &["library::"],
    },
    Mutant {
        name: "memory: blocks are not freed",
        file: "psp-driver/plugin/src/kernel/memory.rs",
        right: "        if self.kept {\n",
        wrong: "        if !self.kept {\n",
        tests: &["hostile::discs_that_are_none"],
    },
    Mutant {
        name: "requests: one that was answered still counts as under way",
        file: "psp-driver/plugin/src/serving.rs",
        right: "    UNDER_WAY.add(-1);\n",
        wrong: "    UNDER_WAY.add(0);\n",
        tests: &["every_call::of_a_stop"],
    },
];

/// Options of `cargo xtask mutants`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Break the crates in every way that cargo-mutants knows, instead of the driver; takes many hours
    #[arg(long)]
    crates: bool,
    /// With --crates, make only every N-th mutant
    #[arg(long, value_name = "N", default_value_t = 1, requires = "crates")]
    sample: u32,
    /// Make only the mutants whose names contain one of these words; with --crates, of the parts with such names
    #[arg(value_name = "WORD")]
    filters: Vec<String>,
}

/// Makes and tests the mutants. The exit code is 0 only when the driver as it is passes and every mutant is
/// noticed.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.crates {
        return crate_mutants::run(args.sample, &args.filters);
    }
    let is_wanted = |mutant: &Mutant| {
        args.filters.is_empty() || args.filters.iter().any(|word| mutant.name.contains(word))
    };
    let mutants: Vec<&Mutant> = MUTANTS.iter().filter(|mutant| is_wanted(mutant)).collect();
    if mutants.is_empty() {
        bail!("no mutant has such a name");
    }
    let toolchain = PspToolchain::find()?;
    let folder = paths::build_dir().join("mutants");
    let tree = folder.join("tree");
    copy_sources(&tree)?;
    shell::run(tests().arg("--no-run"))?;

    let mut steps = Steps::default();
    let all: Vec<&str> = mutants.iter().flat_map(|mutant| mutant.tests).copied().collect();
    steps.run("the driver as it is", || {
        if pass(&toolchain, &folder, &all)? { Ok(()) } else { bail!("its own tests fail") }
    });
    for mutant in mutants {
        steps.run(mutant.name, || {
            let path = tree.join(mutant.file);
            let right = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            if right.matches(mutant.right).count() != 1 {
                bail!("{} has changed: the line to turn wrong is not in it once", mutant.file);
            }
            fs::write(&path, right.replacen(mutant.right, mutant.wrong, 1))?;
            let unnoticed = pass(&toolchain, &folder, mutant.tests);
            fs::write(&path, right)?;
            if unnoticed? { bail!("no test noticed") } else { Ok(()) }
        });
    }
    Ok(steps.summary())
}

/// Copies all files of the work tree that are not ignored to a fresh folder.
fn copy_sources(tree: &Path) -> Result<()> {
    if tree.exists() {
        fs::remove_dir_all(tree).with_context(|| tree.display().to_string())?;
    }
    let mut git = Command::new("git");
    git.current_dir(paths::root()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let list = shell::output(&mut git)?;
    for name in list.split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        let name = std::str::from_utf8(name).context("a file name is not UTF-8")?;
        let (from, to) = (paths::root().join(name), tree.join(name));
        // Files that were deleted but not yet committed are in the list too.
        let Ok(content) = fs::read(&from) else { continue };
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::write(&to, content).with_context(|| to.display().to_string())?;
    }
    Ok(())
}

/// Builds the copied sources as they are now and returns whether the tests pass with the result. If they
/// cannot be built, that is an error, not a mutant that was noticed.
fn pass(toolchain: &PspToolchain, folder: &Path, words: &[&str]) -> Result<bool> {
    let built = psp::build(toolchain, &folder.join("tree"), &folder.join("build"))?;
    let module = folder.join("mutant.prx");
    fs::write(&module, built.module).with_context(|| module.display().to_string())?;
    let mut tests = tests();
    tests.env("CISOR_PRX", &module).args(["--quiet", "--", "--include-ignored"]).args(words);
    Ok(shell::run(&mut tests).is_ok())
}

/// The tests of the built driver.
fn tests() -> Command {
    let mut cargo = shell::cargo();
    cargo.args(["test", "--package", "psp-machine", "--test", "driver"]);
    cargo
}
