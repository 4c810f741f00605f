//! The Debian package: the static program, manual pages, completions, and entries for file managers.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::archive::{deb, files_below, gzip};
use super::linux::Built;
use super::{Release, add_papers, copy, fresh, linux, write};
use crate::paths;

/// An action on a disc in a file manager.
struct Action {
    /// Name of its file.
    key: &'static str,
    name: &'static str,
    /// The action passed to `cisor drop`.
    option: &'static str,
    /// Whether it is for uncompressed images; otherwise for compressed ones.
    on_plain: bool,
    on_compressed: bool,
}

const ACTIONS: &[Action] = &[
    Action {
        key: "compress-psp",
        name: "Compress for PSP",
        option: "--for psp",
        on_plain: true,
        on_compressed: false,
    },
    Action {
        key: "compress-opl",
        name: "Compress for PS2 (Open PS2 Loader)",
        option: "--for opl",
        on_plain: true,
        on_compressed: false,
    },
    Action {
        key: "compress-ppsspp",
        name: "Compress for PPSSPP",
        option: "--for ppsspp",
        on_plain: true,
        on_compressed: false,
    },
    Action {
        key: "extract",
        name: "Extract to ISO",
        option: "--extract",
        on_plain: false,
        on_compressed: true,
    },
    Action {
        key: "verify",
        name: "Verify disc image",
        option: "--verify",
        on_plain: true,
        on_compressed: true,
    },
];

/// The names that shared-mime-info 2 uses for ISO images and CSO files, and those that this package adds.
const PLAIN: &str = "application/x-cd-image;application/vnd.efi.iso;";
const COMPRESSED: &str =
    "application/x-compressed-iso;application/x-zso;application/x-dax;application/x-jso;";

/// Packs the package.
pub(super) fn make(program: &Built, release: &Release, scratch: &Path, to: &Path) -> Result<PathBuf> {
    let root = scratch.join("deb").join(program.debian);
    let share = root.join("usr/share");
    copy(&program.path, &root.join("usr/bin/cisor"))?;
    // Users enable it themselves: the package does not have any scripts.
    let unit = "cisor-serve.service";
    copy(&paths::root().join("packaging/linux").join(unit), &root.join("usr/lib/systemd/system").join(unit))?;
    add_pages(&share, scratch)?;
    add_desktop(&share)?;
    add_documents(program, &share.join("doc/cisor"))?;
    add_control(program, &root, release)?;
    deb(&root, to.join(program.package(release)), release)
}

fn add_pages(share: &Path, scratch: &Path) -> Result<()> {
    let generated = scratch.join("generated");
    fresh(&generated)?;
    linux::add_generated(&generated)?;
    for page in files_below(&generated.join("man"))? {
        let to = share.join("man/man1").join(page.file_name().unwrap_or_default());
        copy(&page, &to)?;
        gzip(&to)?;
    }
    for (from, to) in [
        ("cisor.bash", "bash-completion/completions/cisor"),
        ("_cisor", "zsh/vendor-completions/_cisor"),
        ("cisor.fish", "fish/vendor_completions.d/cisor.fish"),
    ] {
        copy(&generated.join("completions").join(from), &share.join(to))?;
    }
    Ok(())
}

/// The entries that file managers show for discs: desktop entries for "Open with…", and menus for KDE and
/// Nemo.
fn add_desktop(share: &Path) -> Result<()> {
    copy(&paths::root().join("packaging/linux/cisor.xml"), &share.join("mime/packages/cisor.xml"))?;
    let mut keys = String::new();
    let mut menu = String::new();
    for Action { key, name, option, on_plain, on_compressed } in ACTIONS {
        let types = match (on_plain, on_compressed) {
            (true, false) => PLAIN.to_owned(),
            (false, true) => COMPRESSED.to_owned(),
            _ => format!("{PLAIN}{COMPRESSED}"),
        };
        let exec = format!("cisor drop {option} --wait -- %F");
        write(
            &share.join(format!("applications/cisor-{key}.desktop")),
            format!(
                "[Desktop Entry]\nType=Application\nName={name}\nComment=With Cisor\nExec={exec}\nTryExec=cisor\n\
                 Icon=media-optical\nTerminal=true\nNoDisplay=true\nMimeType={types}\nCategories=Utility;Archiving;\n"
            ),
        )?;
        let extensions = match (on_plain, on_compressed) {
            (true, false) => "iso;",
            (false, true) => "cso;zso;dax;jso;",
            _ => "iso;cso;zso;dax;jso;",
        };
        write(
            &share.join(format!("nemo/actions/cisor-{key}.nemo_action")),
            format!(
                "[Nemo Action]\nName={name}\nComment=With Cisor\nExec={exec}\nTerminal=true\nQuote=double\n\
                 Icon-Name=media-optical\nSelection=notnone\nExtensions={extensions}\nDependencies=cisor;\n"
            ),
        )?;
        keys.push_str(&format!("{key};"));
        menu.push_str(&format!(
            "\n[Desktop Action {key}]\nName={name}\nIcon=media-optical\nExec=konsole -e {exec}\n"
        ));
    }
    write(
        &share.join("kio/servicemenus/cisor.desktop"),
        format!(
            "[Desktop Entry]\nType=Service\nMimeType={PLAIN}{COMPRESSED}\nX-KDE-Submenu=Disc image\nActions={keys}\n{menu}"
        ),
    )
}

fn add_documents(program: &Built, folder: &Path) -> Result<()> {
    add_papers(folder)?;
    fs::rename(folder.join("CHANGELOG.md"), folder.join("changelog"))?;
    gzip(&folder.join("changelog"))?;
    copy(&paths::root().join("packaging/linux/copyright"), &folder.join("copyright"))?;
    program.add_licences(&folder.join("licences"))
}

fn add_control(program: &Built, root: &Path, release: &Release) -> Result<()> {
    let mut size = 0;
    for file in files_below(root)? {
        // Debian counts in whole KiB, each file separately.
        size += file.metadata()?.len().div_ceil(1024);
    }
    let template = paths::root().join("packaging/linux/control.in");
    let control = fs::read_to_string(&template).with_context(|| template.display().to_string())?;
    let control = control
        .replace("@ARCHITECTURE@", program.debian)
        .replace("@VERSION@", &release.version)
        .replace("@SIZE@", &size.to_string());
    write(&root.join("DEBIAN/control"), control)
}
