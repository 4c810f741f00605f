//! The part of the report about the console and its firmware.

use alloc::format;
use alloc::string::{String, ToString};

use crate::driver::{self, Status};
use crate::facts::Facts;
use crate::platform::Platform;
use crate::report::lines::Lines;
use crate::text::size;

/// Adds the console's section.
pub(super) fn add(lines: &mut Lines, console: &dyn Platform, status: Option<&Status>) {
    let facts = console.facts();
    lines.section("Console");
    lines.answer("Model", facts.model, model);
    lines.answer("Firmware", facts.devkit, version);
    lines.pair("Custom firmware", &custom_firmware(&facts, status));
    lines.answer("sctrlSEGetVersion", facts.se_version, number);
    lines.answer("sctrlHENGetVersion", facts.hen_version, number);
    lines.answer("sctrlHENGetMinorVersion", facts.minor_version, number);
    lines.answer("Application type of this program", facts.apitype, hex);
    lines.answer("Key configuration of this program", facts.key_config, key_config);
    lines.answer("Started from", facts.boot_from, boot_from);
    let kernel =
        status.and_then(|status| status.session.as_ref()).and_then(|session| kernel_kib(&session.start));
    match kernel {
        Some(kib) => lines.pair(
            "Free memory, partition 1 (kernel)",
            &format!("{kib} KiB in one piece, by the driver's log"),
        ),
        None => lines.pair(
            "Free memory, partition 1 (kernel)",
            "unknown: programs cannot ask for it, and the driver's log does not say",
        ),
    }
    lines.answer("Free memory, partition 2 (beside this program)", facts.total_free, |bytes| {
        match facts.largest_free {
            Ok(largest) => format!("{} KiB, {} KiB in one piece", bytes >> 10, largest >> 10),
            Err(_) => format!("{} KiB", bytes >> 10),
        }
    });
    lines.pair("Free memory, partitions 4, 5, 8, 9, 11", "unknown: programs cannot ask for it");
    for device in ["ms0:", "ef0:"] {
        if device == "ms0:" || device == driver::device(console) {
            let name = format!("Free on {}", device.trim_end_matches(':'));
            match console.free_bytes(device) {
                Ok(bytes) => lines.pair(&name, &size(bytes)),
                Err(code) => lines.pair(&name, &format!("unknown ({code})")),
            }
        }
    }
}

fn number(number: u32) -> String {
    format!("{number} (0x{number:X})")
}

fn hex(number: u32) -> String {
    format!("0x{number:X}")
}

fn model(number: u32) -> String {
    let name = match number {
        0 => "PSP-1000",
        1 => "PSP-2000",
        2 => "PSP-3000",
        4 => "PSP Go",
        _ => return format!("generation {} ({number})", number.saturating_add(1)),
    };
    format!("{name} ({number})")
}

/// `0x06060110` is 6.61.
fn version(number: u32) -> String {
    let [_, third, second, first] = number.to_le_bytes();
    format!("{first}.{second}{third} (0x{number:08X})")
}

fn custom_firmware(facts: &Facts, status: Option<&Status>) -> String {
    if facts.is_ark() {
        // The whole version is in its minor version: one byte for each of the three numbers.
        let [third, second, first, _] = facts.minor_version.unwrap_or(0).to_le_bytes();
        return match (first, second) {
            (4, 20) => format!("ARK-4 or ARK-5, {first}.{second}.{third}"),
            _ => "ARK-4 or ARK-5, 4.20, by its version".to_string(),
        };
    }
    match status.and_then(|status| status.system) {
        Some(system) => format!("{}, by its files", system.title()),
        None => "unknown: neither its version nor its files tell".to_string(),
    }
}

fn key_config(number: u32) -> String {
    let name = match number {
        0x100 => "the console's menu",
        0x110 => "updater",
        0x200 => "game",
        0x300 => "PlayStation game",
        0x400 => "application",
        _ => "?",
    };
    format!("0x{number:X} ({name})")
}

fn boot_from(number: u32) -> String {
    let name = match number {
        0 => "flash",
        0x20 => "disc",
        0x40 => "ms0:",
        0x50 => "ef0:",
        _ => "?",
    };
    format!("0x{number:X} ({name})")
}

/// The free memory that the driver found when it started.
fn kernel_kib(start: &str) -> Option<u32> {
    let (_, rest) = start.split_once("KiB of kernel memory left ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
