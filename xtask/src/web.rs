//! Builds the converter as a page: one HTML file that works without a network. And tries it in browsers, with the report
//! of `cisor library`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{debian, disc, paths, same_names, shell};

/// What the page is built for.
const TARGET: &str = "wasm32-unknown-unknown";
/// The name under which people get it.
pub(crate) const PAGE: &str = "cisor.html";
/// The same as a folder for a web server, from which browsers install it.
pub(crate) const FOLDER: &str = "cisor-page";
/// The largest page that is handed out, in bytes.
const LIMIT: u64 = 1_500_000;

/// The browsers that the page is tried in, by program and Debian package.
const BROWSERS: &[(&str, &str)] = &[("chromium", "chromium"), ("firefox-esr", "firefox-esr")];

/// Collects the licence texts of what is linked for a target, using a folder. Packaging knows how.
pub(crate) type CollectLicences = fn(&str, &Path) -> Result<String>;

/// What to do besides building.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Convert a disc of 4.7 GB in both browsers as well and watch their memory; takes some minutes, and 10 GB in target/.
    #[arg(long)]
    dvd: bool,
}

/// Builds the page into target/dist/.
pub(crate) fn run(args: &Args, collect: CollectLicences) -> Result<()> {
    let page = build(collect)?;
    let folder = paths::root().join("target/dist");
    let installable = folder.join(FOLDER);
    if installable.exists() {
        fs::remove_dir_all(&installable).with_context(|| installable.display().to_string())?;
    }
    fs::create_dir_all(&installable).with_context(|| installable.display().to_string())?;
    let to = folder.join(PAGE);
    fs::copy(&page, &to).with_context(|| to.display().to_string())?;
    for file in files_of(&build_dir().join(FOLDER))? {
        let to = installable.join(file.file_name().context("a file of the page")?);
        fs::copy(&file, &to).with_context(|| to.display().to_string())?;
    }
    println!("{}: {} bytes, SHA-256 {}", to.display(), to.metadata()?.len(), disc::sha256(&to)?);
    println!("{}: the same for a web server", installable.display());
    if args.dvd {
        ensure()?;
        try_page(&page, &["test/dvd.test.mjs"])?;
    }
    Ok(())
}

/// The files in a folder, in the order of their names.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

/// Builds the page and returns its path.
pub(crate) fn build(collect: CollectLicences) -> Result<PathBuf> {
    install_packages()?;
    let folder = build_dir();
    let wasm = engine()?;
    let licences = folder.join("licences.txt");
    fs::write(&licences, collect(TARGET, &folder.join("licences"))?)?;
    let page = folder.join(PAGE);
    let mut node = Command::new("node");
    node.current_dir(source()).arg("build.mjs").arg(wasm).arg(licences).arg(&page).arg(folder.join(FOLDER));
    shell::run(&mut node)?;
    let len = page.metadata()?.len();
    ensure!(len <= LIMIT, "the page has {len} bytes, more than {LIMIT}");
    Ok(page)
}

/// Returns why the page cannot be tried on this machine; `None` if it can.
pub(crate) fn missing() -> Option<String> {
    for program in ["node", "npm"] {
        if shell::find(program).is_none() {
            return Some(format!("the page is built with npm's packages, and there is no `{program}` here"));
        }
    }
    let browser = BROWSERS.iter().find(|(program, _)| shell::find(program).is_none());
    match browser {
        Some((program, _)) if !debian::is_here() => {
            Some(format!("the page is tried in Debian's browsers, and there is no `{program}` here"))
        }
        _ => None,
    }
}

/// Installs the browsers.
pub(crate) fn ensure() -> Result<()> {
    let missing: Vec<&str> = BROWSERS
        .iter()
        .filter(|(program, _)| shell::find(program).is_none())
        .map(|&(_, package)| package)
        .collect();
    if missing.is_empty() { Ok(()) } else { debian::install(&missing) }
}

/// Builds the page twice and tries it in every browser. The converter must have been built: it is the judge.
pub(crate) fn test(collect: CollectLicences) -> Result<()> {
    ensure()?;
    let page = build(collect)?;
    let first = sums(&page)?;
    let mut clean = engine_cargo();
    clean.args(["clean", "--quiet", "--release", "--package", "cisor-web", "--target", TARGET]);
    shell::run(clean.arg("--target-dir").arg(build_dir()))?;
    ensure!(sums(&build(collect)?)? == first, "the page has other bytes when it is built again");

    shell::run(Command::new("node").current_dir(source()).arg("node_modules/typescript/bin/tsc"))?;
    try_page(
        &page,
        &["test/engine.test.mjs", "test/texts.test.mjs", "test/page.test.mjs", "test/report.test.mjs"],
    )
}

/// The checksums of the page and of its files for a web server.
fn sums(page: &Path) -> Result<Vec<String>> {
    let files = files_of(&build_dir().join(FOLDER))?;
    files.iter().map(PathBuf::as_path).chain([page]).map(disc::sha256).collect()
}

/// Runs tests of the page.
fn try_page(page: &Path, tests: &[&str]) -> Result<()> {
    let work = fresh_work()?;
    let library = library_of(2000, &work)?;
    let mut node = node(page, &work);
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]).args(tests);
    shell::run(node.env("CISOR_LIBRARY", &library))
}

/// Measures the page and the program side by side in Chromium; returns Markdown. The program must have been built.
pub(crate) fn measure(collect: CollectLicences, psp_disc: &Path, ps2_disc: &Path) -> Result<String> {
    ensure()?;
    let page = build(collect)?;
    let work = fresh_work()?;
    let text = shell::text(node(&page, &work).arg("test/speed.mjs").args([psp_disc, ps2_disc]))?;
    fs::remove_dir_all(&work).with_context(|| work.display().to_string())?;
    Ok(text)
}

/// Makes an empty folder for what tests write.
fn fresh_work() -> Result<PathBuf> {
    let work = build_dir().join("test");
    if work.exists() {
        fs::remove_dir_all(&work).with_context(|| work.display().to_string())?;
    }
    fs::create_dir_all(&work).with_context(|| work.display().to_string())?;
    Ok(work)
}

/// Node.js, set to the page's folder, with the environment that its tests need.
fn node(page: &Path, work: &Path) -> Command {
    let mut node = Command::new("node");
    node.current_dir(source()).env("CISOR_BIN", paths::cisor()).env("CISOR_PAGE", page);
    node.env("CISOR_PAGE_WORK", work).env("CISOR_WASM", wasm());
    node.env("CISOR_PAGE_FOLDER", build_dir().join(FOLDER));
    node
}

/// Makes a library of so many made-up discs in a folder, for the test of its report.
fn library_of(discs: u32, folder: &Path) -> Result<PathBuf> {
    // The report names the library, and nobody's folder is too long for a narrow window.
    let folder = folder.join("a_folder_with_a_name_that_no_line_can_break".repeat(3));
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let library = folder.join("library.db");
    let mut rows = shell::cargo();
    rows.args(["run", "--quiet", "--release", "--package", "disc-library", "--example", "rows", "--"]);
    shell::run(rows.arg(discs.to_string()).arg(&library))?;
    Ok(library)
}

fn source() -> PathBuf {
    paths::root().join("web/page")
}

fn build_dir() -> PathBuf {
    paths::build_dir().join("web")
}

fn wasm() -> PathBuf {
    build_dir().join(TARGET).join("release/cisor_web.wasm")
}

/// Cargo, set to the engine's workspace.
fn engine_cargo() -> Command {
    let mut cargo = shell::cargo();
    cargo.current_dir(paths::root().join("web/engine"));
    cargo
}

/// Builds the converter's code for the page.
fn engine() -> Result<PathBuf> {
    let mut rustc = Command::new("rustc");
    let sysroot = PathBuf::from(shell::text(rustc.args(["--print", "sysroot"]))?);
    if !sysroot.join("lib/rustlib").join(TARGET).is_dir() {
        eprintln!("Installing Rust's standard library for {TARGET} from rustup");
        shell::run(Command::new("rustup").args(["target", "add", TARGET]))?;
    }
    let mut cargo = engine_cargo();
    same_names::set(&mut cargo)?;
    // Panic messages name source files, and where those are is nobody's business.
    cargo.env("RUSTFLAGS", paths::remapped());
    cargo.args(["build", "--quiet", "--release", "--locked", "--target", TARGET]);
    shell::run(cargo.arg("--target-dir").arg(build_dir()))?;
    Ok(wasm())
}

/// Installs what package-lock.json names, unless it is there.
fn install_packages() -> Result<()> {
    let wanted = fs::read(source().join("package-lock.json")).context("web/page/package-lock.json")?;
    let mark = source().join("node_modules/installed.json");
    if fs::read(&mark).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    eprintln!("Installing the page's tools from npm, once");
    let ci = || {
        let mut npm = shell::npm();
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
        shell::output(npm.current_dir(source()))
    };
    ci().or_else(|error| {
        eprintln!("npm failed; trying once more: {error:#}");
        ci()
    })?;
    fs::write(&mark, wanted).with_context(|| mark.display().to_string())
}
