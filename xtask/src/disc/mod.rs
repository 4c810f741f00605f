//! Makes the discs that the tests and benchmarks run on, from packaged free content.
//!
//! Nothing large is in the repository: packages are downloaded (not installed), unpacked, cut to fixed
//! shares and put into an ISO9660 image. The same package versions give the same image, bit for bit.

mod content;
mod image;
mod packages;
mod textures;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::{paths, tools};

/// Changes whenever this code would make another image from the same packages.
const RECIPE: &str = "recipe 1";

/// Options of `cargo xtask disc`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Make the discs again even when they are there
    #[arg(long)]
    fresh: bool,
}

/// The discs that were made.
pub(crate) struct Discs {
    /// A PSP disc of more than 200 MB.
    pub(crate) psp: PathBuf,
    /// A PS2 disc of about 12 MB.
    pub(crate) ps2: PathBuf,
}

/// Makes the discs and prints what they are.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.fresh {
        for image in [psp_path(), ps2_path()] {
            fs::remove_file(manifest_of(&image)).or_else(missing_is_fine)?;
        }
    }
    print!("{}", ensure()?.described()?);
    Ok(())
}

impl Discs {
    /// Returns what the discs are: SHA-256, size, composition, versions of the packages.
    pub(crate) fn described(&self) -> Result<String> {
        let mut said = String::new();
        for disc in [&self.psp, &self.ps2] {
            write!(said, "{}\n{}", disc.display(), fs::read_to_string(manifest_of(disc))?)?;
        }
        Ok(said)
    }
}

/// Makes the discs unless they are there already, unchanged.
pub(crate) fn ensure() -> Result<Discs> {
    let folder = paths::test_disc();
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let (psp, ps2) = (psp_path(), ps2_path());
    if is_current(&psp)? && is_current(&ps2)? {
        return Ok(Discs { psp, ps2 });
    }
    tools::ensure()?;
    let packages = packages::fetch(&folder)?;
    let shares = content::Shares::of(&packages, &folder)?;

    let tree = fresh_folder(&folder.join("psp"))?;
    let composition = content::fill_psp(&tree, &shares)?;
    image::make(&tree, &psp, image::PSP)?;
    record(&psp, &packages, &composition)?;

    let tree = fresh_folder(&folder.join("ps2"))?;
    let composition = content::fill_ps2(&tree, &shares)?;
    image::make(&tree, &ps2, image::PS2)?;
    record(&ps2, &packages, &composition)?;

    // The images are what is kept; what they were made of is several times their size.
    for scratch in ["psp", "ps2", "unpacked"] {
        fs::remove_dir_all(folder.join(scratch)).or_else(missing_is_fine)?;
    }
    Ok(Discs { psp, ps2 })
}

/// Returns the SHA-256 of a file in hexadecimal.
pub(crate) fn sha256(path: &Path) -> Result<String> {
    let mut digest = Sha256::new();
    let mut file = File::open(path).with_context(|| path.display().to_string())?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => break,
            read => digest.update(&buffer[..read]),
        }
    }
    Ok(digest.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// Whether the image was made by this recipe and has not been touched since.
fn is_current(image: &Path) -> Result<bool> {
    let Ok(manifest) = fs::read_to_string(manifest_of(image)) else { return Ok(false) };
    let recorded = manifest.lines().find_map(|line| line.strip_prefix("SHA-256 "));
    let (true, Some(recorded)) = (manifest.starts_with(RECIPE), recorded) else { return Ok(false) };
    Ok(image.is_file() && sha256(image)? == recorded)
}

/// Writes what the image is made of into a file next to it.
fn record(image: &Path, packages: &packages::Packages, composition: &str) -> Result<()> {
    let manifest = format!(
        "{RECIPE}\nSHA-256 {}\n{} bytes\n{composition}packages {}\n",
        sha256(image)?,
        image.metadata()?.len(),
        packages.versions().join(" "),
    );
    fs::write(manifest_of(image), manifest).with_context(|| manifest_of(image).display().to_string())
}

fn psp_path() -> PathBuf {
    paths::test_disc().join("psp.iso")
}

fn ps2_path() -> PathBuf {
    paths::test_disc().join("ps2.iso")
}

fn manifest_of(image: &Path) -> PathBuf {
    image.with_extension("txt")
}

fn fresh_folder(path: &Path) -> Result<PathBuf> {
    fs::remove_dir_all(path).or_else(missing_is_fine)?;
    fs::create_dir_all(path).with_context(|| path.display().to_string())?;
    Ok(path.to_owned())
}

fn missing_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
