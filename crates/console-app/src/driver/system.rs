//! Custom firmwares, distinguished only as far as their plugin lists differ (docs/psp-driver.md).

use alloc::format;
use alloc::string::String;

use crate::files;
use crate::platform::Platform;

/// A kind of custom firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// ARK-4 and ARK-5: `PLUGINS.TXT`.
    Ark,
    /// PRO, ME, LME and Adrenaline up to version 7: `game.txt`.
    Classic,
    /// Adrenaline 8 and later: `EPIplugins.txt`, or `plugins.txt` if that does not exist.
    Adrenaline,
}

impl System {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Ark, Self::Classic, Self::Adrenaline];

    /// Returns the name used in commands and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ark => "ark",
            Self::Classic => "classic",
            Self::Adrenaline => "adrenaline",
        }
    }

    /// Returns the display name.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ark => "ARK-4 or ARK-5",
            Self::Classic => "PRO, ME, LME, or Adrenaline up to 7",
            Self::Adrenaline => "Adrenaline 8 or later",
        }
    }

    /// Returns the path of the plugin list.
    pub(crate) fn plugin_file(self, console: &dyn Platform, device: &str) -> String {
        match self {
            Self::Ark => format!("{device}/SEPLUGINS/PLUGINS.TXT"),
            Self::Classic => format!("{device}/SEPLUGINS/game.txt"),
            Self::Adrenaline => {
                let own = adrenaline_file(device);
                if files::exists(console, &own) { own } else { format!("{device}/SEPLUGINS/plugins.txt") }
            }
        }
    }
}

fn adrenaline_file(device: &str) -> String {
    format!("{device}/SEPLUGINS/EPIplugins.txt")
}

/// Detects the firmware from its answers, or otherwise from the existing files. Systems with the same file
/// and the same kind of lines are not distinguished.
pub(super) fn detect(console: &dyn Platform, device: &str) -> Option<System> {
    if console.facts().is_ark() {
        return Some(System::Ark);
    }
    if files::exists(console, &adrenaline_file(device)) {
        return Some(System::Adrenaline);
    }
    if files::exists(console, &System::Ark.plugin_file(console, device)) {
        return Some(System::Ark);
    }
    if files::exists(console, &System::Classic.plugin_file(console, device)) {
        return Some(System::Classic);
    }
    // Where ARK keeps its own files.
    console.list(&format!("{device}/PSP/SAVEDATA/ARK_01234")).is_ok().then_some(System::Ark)
}
