//! One run of the converter under GNU time.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::disc::Discs;
use crate::{paths, shell};

/// The discs to measure with, and a folder for the results.
pub(super) struct Bench {
    /// The PSP disc and its size in bytes.
    pub(super) disc: PathBuf,
    pub(super) disc_size: u64,
    /// A small disc for encoders that take seconds for a megabyte.
    pub(super) small_disc: PathBuf,
    pub(super) small_size: u64,
    scratch: PathBuf,
}

/// The cost of a run.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    /// Seconds of wall time.
    pub(super) wall: f64,
    /// Seconds of all cores.
    pub(super) cpu: f64,
    /// Peak resident memory in MiB.
    pub(super) memory: f64,
}

impl Cost {
    /// A cost that any run beats.
    pub(super) const LONGEST: Self = Self { wall: f64::INFINITY, cpu: f64::INFINITY, memory: f64::INFINITY };

    /// Returns the one with less wall time.
    pub(super) fn faster(self, other: Self) -> Self {
        if other.wall < self.wall { other } else { self }
    }
}

impl Bench {
    pub(super) fn new(discs: &Discs, scratch: &Path) -> Result<Self> {
        let bench = Self {
            disc: discs.psp.clone(),
            disc_size: fs::metadata(&discs.psp)?.len(),
            small_disc: discs.ps2.clone(),
            small_size: fs::metadata(&discs.ps2)?.len(),
            scratch: scratch.to_owned(),
        };
        // Reads the disc into the cache, so that no measurement includes that.
        fs::read(&bench.disc)?;
        Ok(bench)
    }

    /// The file that `compress` writes.
    pub(super) fn packed(&self) -> PathBuf {
        self.scratch.join("packed")
    }

    /// Compresses an image; returns the cost and the size of the file.
    pub(super) fn compress(&self, image: &Path, options: &[&str]) -> Result<(Cost, u64)> {
        let mut args: Vec<OsString> =
            vec!["compress".into(), image.into(), "-o".into(), self.packed().into()];
        args.push("-f".into());
        args.extend(options.iter().map(Into::into));
        let cost = self.run(&args)?;
        Ok((cost, fs::metadata(self.packed())?.len()))
    }

    /// Extracts the file that was compressed last.
    pub(super) fn extract(&self, options: &[&str]) -> Result<Cost> {
        let back = self.scratch.join("back.iso");
        let mut args: Vec<OsString> =
            vec!["extract".into(), self.packed().into(), "-o".into(), back.clone().into()];
        args.push("-f".into());
        args.extend(options.iter().map(Into::into));
        let cost = self.run(&args)?;
        fs::remove_file(back)?;
        Ok(cost)
    }

    /// Verifies the file that was compressed last.
    pub(super) fn verify(&self, options: &[&str]) -> Result<Cost> {
        let mut args: Vec<OsString> = vec!["verify".into(), self.packed().into()];
        args.extend(options.iter().map(Into::into));
        self.run(&args)
    }

    /// Verifies the disc itself: reading and digests, nothing to decode.
    pub(super) fn hash(&self) -> Result<Cost> {
        self.run(&["verify".into(), self.disc.clone().into()])
    }

    /// Returns the wall time, in seconds, of writing a copy of the disc and waiting until it is on the disk.
    pub(super) fn copy(&self) -> Result<f64> {
        let back = self.scratch.join("copy.iso");
        let start = Instant::now();
        fs::copy(&self.disc, &back)?;
        File::open(&back)?.sync_all()?;
        let seconds = start.elapsed().as_secs_f64();
        fs::remove_file(back)?;
        Ok(seconds)
    }

    /// Makes an image of 16 GiB of holes with 64 MB of the disc in four places.
    pub(super) fn huge_image(&self) -> Result<PathBuf> {
        const SIZE: u64 = 16 << 30;
        let path = self.scratch.join("huge.iso");
        let mut piece = vec![0; 16 << 20];
        File::open(&self.disc)?.read_exact(&mut piece)?;
        let mut file = File::create(&path)?;
        file.set_len(SIZE)?;
        for part in 0..4 {
            file.seek(SeekFrom::Start(part * SIZE / 4))?;
            file.write_all(&piece)?;
        }
        Ok(path)
    }

    fn run(&self, args: &[OsString]) -> Result<Cost> {
        let report = self.scratch.join("time.txt");
        let mut time = Command::new(shell::find("time").context("GNU time is missing")?);
        time.args(["-f", "%e %U %S %M", "-o"]).arg(&report).arg(paths::cisor()).args(args);
        shell::output(time.arg("--quiet"))?;
        let report = fs::read_to_string(&report)?;
        let numbers: Vec<f64> = report.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let [wall, user, system, kib] = numbers[..] else { bail!("GNU time reported \"{}\"", report.trim()) };
        Ok(Cost { wall, cpu: user + system, memory: kib / 1024.0 })
    }
}
