//! Tests what people install: installs, unpacks and runs it in isolation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::archive::{SUMS, files_below};
use super::linux::Built;
use super::windows_zip::{self, SCRIPTS, SERVE_SCRIPT};
use super::{PACKERS, Programs, Release, fresh, linux, mac, name_of, pack, page_folder, recipes_check};
use crate::profile::Profile;
use crate::{arm, debian, paths, shell};

/// Programs that check the packages, by Debian package.
const JUDGES: &[&str] = &["desktop-file-utils", "fish", "man-db", "python3", "shared-mime-info", "zsh"];

/// Installs the programs for packing and for checking, where Debian's packages are available.
pub(crate) fn ensure() -> Result<()> {
    if debian::is_here() { debian::install(&[PACKERS, JUDGES, linux::PACKAGES].concat()) } else { Ok(()) }
}

/// Packs what is for PCs, consoles and browsers, and tries it as [`check_all`] does. `windows` is the program for
/// Windows, `disc` a disc image. The program for Linux is built quickly: what is tried is the packages.
pub(crate) fn check(windows: &Path, disc: &Path) -> Result<()> {
    ensure()?;
    check_all(&Programs::usual(Profile::Quick, windows.to_owned())?, disc)
}

/// Packs everything twice and tries each package.
pub(super) fn check_all(programs: &Programs, disc: &Path) -> Result<()> {
    ensure()?;
    let scratch = paths::build_dir().join("dist-check");
    let (first, second) = (scratch.join("first"), scratch.join("second"));
    fresh(&scratch)?;
    pack(programs, &first, "https://cisor.invalid/download")?;
    pack(programs, &second, "https://cisor.invalid/download")?;
    same_bytes(&first, &second)?;

    let release = Release::current()?;
    sums_and_manifests(&first, &release, programs)?;
    debian_package(&first, &release, &scratch)?;
    for program in &programs.linux {
        static_program(program, &first, &release, &scratch, disc)?;
    }
    for program in &programs.macs {
        mac::check(program, &first, &release, &scratch)?;
    }
    for program in &programs.windows {
        program.check()?;
        windows_zip(program, &first, &release, &scratch)?;
    }
    card(&first, &release, &scratch)?;
    page_folder::check(&unzip(&first.join(page_folder::archive(&release)), &scratch)?, programs)?;
    fs::remove_dir_all(&scratch).with_context(|| scratch.display().to_string())
}

/// Checks that both folders have the same files with the same bytes.
fn same_bytes(first: &Path, second: &Path) -> Result<()> {
    let names = |folder: &Path| -> Result<Vec<PathBuf>> {
        files_below(folder)?.iter().map(|path| Ok(path.strip_prefix(folder)?.to_owned())).collect()
    };
    let all = names(first)?;
    ensure!(all == names(second)?, "the second build has other files");
    for name in all {
        ensure!(
            fs::read(first.join(&name))? == fs::read(second.join(&name))?,
            "{} differs when it is packed again",
            name.display()
        );
    }
    Ok(())
}

fn sums_and_manifests(folder: &Path, release: &Release, programs: &Programs) -> Result<()> {
    shell::output(Command::new("sha256sum").args(["--check", "--strict", SUMS]).current_dir(folder))?;
    let sums = fs::read_to_string(folder.join(SUMS))?;
    // The zips for the console and web servers, the page, the list of components, one for each Windows and macOS, and
    // an archive and a Debian package for each Linux.
    let wanted = 4 + programs.windows.len() + 2 * programs.linux.len() + programs.macs.len();
    ensure!(sums.lines().count() == wanted, "{SUMS} does not list {wanted} files:\n{sums}");
    let sum_of = |end: &str| {
        sums.lines()
            .find(|line| line.ends_with(end))
            .and_then(|line| line.split(' ').next())
            .context("no sum")
    };
    let scoop = fs::read(folder.join("manifests/scoop/cisor.json"))?;
    let scoop: serde_json::Value = serde_json::from_slice(&scoop).context("cisor.json")?;
    ensure!(scoop["version"] == release.version.as_str(), "cisor.json has another version");
    ensure!(scoop["architecture"]["64bit"]["hash"] == sum_of("windows-x86_64.zip")?, "cisor.json: hash");
    recipes_check::check(folder)
}

/// Installs the package into an empty root, and uses its contents.
fn debian_package(folder: &Path, release: &Release, scratch: &Path) -> Result<()> {
    let root = scratch.join("root");
    for name in ["info", "updates"] {
        fs::create_dir_all(root.join("var/lib/dpkg").join(name))?;
    }
    for name in ["status", "available"] {
        fs::write(root.join("var/lib/dpkg").join(name), "")?;
    }
    let mut dpkg = Command::new("dpkg");
    dpkg.args(["--force-not-root,bad-path", "--log=/dev/null"]).arg(format!("--root={}", root.display()));
    dpkg.arg("--install").arg(folder.join(format!("cisor_{}_amd64.deb", release.version)));
    shell::output(&mut dpkg)?;

    ensure!(root.join("usr/lib/systemd/system/cisor-serve.service").is_file(), "the unit is not installed");
    let share = root.join("usr/share");
    let says = |command: &mut Command, wanted: &str| -> Result<()> {
        let text = shell::text(command)?;
        ensure!(
            text.contains(wanted),
            "{} does not say \"{wanted}\": {text}",
            command.get_program().display()
        );
        Ok(())
    };
    says(Command::new(root.join("usr/bin/cisor")).arg("--version"), &format!("cisor {}", release.version))?;
    for (page, wanted) in [("cisor", "PSP and PS2 disc images"), ("cisor-compress", "Profiles (--for)")] {
        let mut man = Command::new("man");
        man.env("LC_ALL", "C.UTF-8").env("MANWIDTH", "100").arg("-M").arg(share.join("man"));
        says(man.args(["-P", "cat", page]), wanted)?;
    }
    let bash = format!(
        "source '{}/bash-completion/completions/cisor'; complete -p cisor; \
         COMP_WORDS=(cisor comp); COMP_CWORD=1; _cisor cisor comp cisor; echo \"${{COMPREPLY[@]}}\"",
        share.display()
    );
    says(Command::new("bash").args(["-c", &bash]), "compress compare compat")?;
    let zsh = format!(
        "fpath=('{}/zsh/vendor-completions'); autoload -U compinit; \
         fpath+=(/usr/share/zsh/functions/Completion*(N) /usr/share/zsh/functions/Completion/*(N)); \
         compinit -u -D; autoload +X _cisor; echo ${{_comps[cisor]}}; which _cisor",
        share.display()
    );
    says(Command::new("zsh").args(["-f", "-c", &zsh]), "--keep-going[")?;
    let fish = format!(
        "source '{}/fish/vendor_completions.d/cisor.fish'; complete -C 'cisor comp'",
        share.display()
    );
    says(Command::new("fish").args(["--no-config", "-c", &fish]).env("HOME", scratch), "compress")?;

    let entries = files_below(&share.join("applications"))?;
    ensure!(entries.len() == 5, "there are {} desktop entries", entries.len());
    shell::output(Command::new("desktop-file-validate").args(&entries))?;
    shell::output(
        Command::new("update-mime-database").arg(share.join("mime")).env("PKGSYSTEM_ENABLE_FSYNC", "0"),
    )?;
    let globs = fs::read_to_string(share.join("mime/globs"))?;
    ensure!(globs.contains("application/x-zso:*.zso"), "the MIME types are missing:\n{globs}");
    let modes = shell::text(
        Command::new("dpkg-deb")
            .arg("--contents")
            .arg(folder.join(format!("cisor_{}_amd64.deb", release.version))),
    )?;
    for line in modes.lines() {
        let right =
            if line.ends_with("/bin/cisor") { "-rwxr-xr-x root/root" } else { "-rw-r--r-- root/root" };
        ensure!(line.starts_with("drwxr-xr-x root/root") || line.starts_with(right), "{line}");
    }
    Ok(())
}

/// Runs the program in an otherwise empty root, in both directions.
fn static_program(
    program: &Built,
    folder: &Path,
    release: &Release,
    scratch: &Path,
    disc: &Path,
) -> Result<()> {
    let package = folder.join(program.package(release));
    let field = shell::text(Command::new("dpkg-deb").arg("--field").arg(package).arg("Architecture"))?;
    ensure!(field == program.debian, "the package for {} is for {field}", program.name);
    let name = program.archive(release);
    let mut tar = Command::new("tar");
    tar.arg("--extract").arg("--file").arg(folder.join(format!("{name}.tar.xz")));
    shell::output(tar.arg("--directory").arg(scratch))?;
    let unpacked = scratch.join(&name);
    for file in
        ["README.txt", "LICENSE-MIT", "man/cisor.1", "completions/_cisor", "licences/musl/copyright.txt"]
    {
        ensure!(unpacked.join(file).is_file(), "{file} is not in the archive for Linux");
    }
    let empty = scratch.join("empty");
    fresh(&empty)?;
    fs::copy(unpacked.join("cisor"), empty.join("cisor"))?;
    fs::copy(disc, empty.join("DISC.iso"))?;
    // The emulator is one static program, too.
    let emulator = program.emulator.map(|name| format!("/{name}"));
    if let Some(name) = program.emulator {
        arm::ensure()?;
        let installed = shell::find(name).with_context(|| format!("{name} is missing"))?;
        fs::copy(installed, empty.join(name))?;
    }
    for args in [
        &["compress", "--quiet", "DISC.iso", "-o", "DISC.zso"][..],
        &["extract", "--quiet", "DISC.zso", "-o", "BACK.iso"],
        &["compare", "DISC.iso", "BACK.iso"],
    ] {
        // Users other than root get root's rights in a separate namespace, which containers may forbid.
        let is_root = shell::text(Command::new("id").arg("--user"))? == "0";
        let mut run = Command::new(if is_root { "chroot" } else { "unshare" });
        if !is_root {
            run.args(["--map-root-user", "chroot"]);
        }
        shell::output(run.arg(&empty).args(&emulator).arg("/cisor").args(args))?;
    }
    ensure!(fs::read(empty.join("BACK.iso"))? == fs::read(disc)?, "the disc came back changed");
    Ok(())
}

fn windows_zip(program: &windows_zip::Built, folder: &Path, release: &Release, scratch: &Path) -> Result<()> {
    let name = program.archive(release);
    let unpacked = unzip(&folder.join(format!("{name}.zip")), scratch)?.join(&name);
    for (script, action) in SCRIPTS {
        let text = fs::read_to_string(unpacked.join(format!("{script}.cmd")))?;
        ensure!(text.contains(&format!("drop {action} --script")), "{script}.cmd does something else");
        ensure!(text.is_ascii() && text.lines().count() == text.matches("\r\n").count(), "{script}.cmd");
    }
    let runtime = if program.is_for_arm() {
        "licences/zig/lib-libc-mingw-COPYING"
    } else {
        "licences/mingw-w64-common/copyright.txt"
    };
    for file in ["cisor.exe", "README.txt", SERVE_SCRIPT, "LICENSE-MIT", runtime] {
        ensure!(unpacked.join(file).is_file(), "{file} is not in the archive for Windows");
    }
    if program.is_for_arm() {
        // Debian's objdump does not know such programs.
        return Ok(());
    }
    // These exist on Windows 7; any other library would prevent the program from starting there.
    let mut dump = Command::new("x86_64-w64-mingw32-objdump");
    let imports = shell::text(dump.arg("-p").arg(unpacked.join("cisor.exe")))?;
    for line in imports.lines().filter_map(|line| line.trim().strip_prefix("DLL Name: ")) {
        let known = ["advapi32.dll", "kernel32.dll", "msvcrt.dll", "ntdll.dll", "userenv.dll", "ws2_32.dll"];
        ensure!(known.contains(&line.to_ascii_lowercase().as_str()), "cisor.exe needs {line}");
    }
    Ok(())
}

fn card(folder: &Path, release: &Release, scratch: &Path) -> Result<()> {
    let unpacked = unzip(&folder.join(format!("cisor-{}-psp.zip", release.version)), scratch)?;
    let module = fs::read(unpacked.join("SEPLUGINS/cisor.prx"))?;
    if let Err(findings) = prx_lint::check(&module) {
        bail!("the driver in the archive is not a valid module: {} findings", findings.len());
    }
    let program = fs::read(unpacked.join("PSP/GAME/CISOR/EBOOT.PBP"))?;
    ensure!(program.starts_with(b"\0PBP"), "the program in the archive is not a PBP");
    ensure!(unpacked.join("README.txt").is_file(), "README.txt is not in the archive for the console");
    Ok(())
}

fn unzip(zip: &Path, scratch: &Path) -> Result<PathBuf> {
    let to = scratch.join(name_of(zip)).with_extension("unpacked");
    shell::output(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(zip).arg(&to))?;
    Ok(to)
}
