//! Shared by the tests: the built PRX, discs, a machine that has started both.

pub(crate) mod converter;
pub(crate) mod disc;
pub(crate) mod images;

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::OnceLock;

use psp_machine::cfw::ROWS;
use psp_machine::kernel::io::HostFile;
use psp_machine::machine::Module;
use psp_machine::umd::{FinishedRead, LbaParams};
use psp_machine::{Crash, Outcome, Psp};

use disc::Disc;
use images::Kind;

/// The image's path on the card.
pub(crate) const IMAGE: &str = "ms0:/ISO/Test Game.cso";
/// The driver's path.
pub(crate) const PLUGIN: &str = "ms0:/SEPLUGINS/cisor.prx";

/// The paths of its settings and its log.
pub(crate) const SETTINGS: &str = "ms0:/SEPLUGINS/cisor.ini";
pub(crate) const LOG: &str = "ms0:/SEPLUGINS/cisor.log";

/// The driver's errors, as section 3.8 of the contract names them.
pub(crate) const NOT_SUPPORTED: u32 = 0x8001_0086;
pub(crate) const INVALID_ARGUMENT: u32 = 0x8001_0016;
pub(crate) const TOO_MANY_FILES: u32 = 0x8001_0018;
pub(crate) const BUFFER_TOO_SMALL: u32 = 0x8001_0069;
pub(crate) const OUT_OF_RANGE: u32 = 0x8021_0002;
pub(crate) const NO_MEDIUM: u32 = 0x8021_0003;
pub(crate) const DAMAGED: u32 = 0x8021_0005;

fn prx_path() -> PathBuf {
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/psp/cisor.prx");
    std::env::var_os("CISOR_PRX").map_or(built, PathBuf::from)
}

/// The built driver.
pub(crate) fn prx() -> &'static [u8] {
    static PRX: OnceLock<Vec<u8>> = OnceLock::new();
    PRX.get_or_init(|| {
        let path = prx_path();
        std::fs::read(&path).unwrap_or_else(|error| {
            panic!("{}: {error}. Build the driver first: cargo xtask psp", path.display())
        })
    })
}

/// The address of a function of the built driver, relative to the start of the module: the one whose linker
/// name contains `part`.
pub(crate) fn function(part: &str) -> u32 {
    function_where(part, |name| name.contains(part))
}

/// As [`function`], by the full name.
pub(crate) fn function_named(name: &str) -> u32 {
    function_where(name, |other| other == name)
}

/// The names are in the linked program next to the module.
fn function_where(part: &str, is_wanted: impl Fn(&str) -> bool) -> u32 {
    let program = prx_path().with_file_name("cisor.elf");
    let elf = std::fs::read(&program).unwrap_or_else(|error| {
        panic!("{}: {error}. Build the driver first: cargo xtask psp", program.display())
    });
    let word = |at: usize| u32::from_le_bytes(elf[at..at + 4].try_into().unwrap()) as usize;
    let half = |at: usize| usize::from(u16::from_le_bytes(elf[at..at + 2].try_into().unwrap()));
    let (sections, count) = (word(0x20), half(0x30));
    const SYMBOLS: usize = 2;
    let table = (0..count).map(|number| sections + 40 * number).find(|&header| word(header + 4) == SYMBOLS);
    let table = table.expect("a table of symbols");
    let names = word(sections + 40 * word(table + 0x18) + 0x10);
    let (start, len) = (word(table + 0x10), word(table + 0x14));
    let mut found = (start..start + len).step_by(16).filter_map(|symbol| {
        let name = &elf[names + word(symbol)..];
        let name = std::str::from_utf8(&name[..name.iter().position(|&byte| byte == 0)?]).ok()?;
        is_wanted(name).then_some(u32::try_from(word(symbol + 4)).unwrap())
    });
    let address = found.next().unwrap_or_else(|| panic!("{} has no {part}", program.display()));
    assert!(found.next().is_none(), "{} has {part} more than once", program.display());
    address
}

/// A disc of 32 MiB, for tests that read all of it.
pub(crate) fn large_disc() -> &'static Disc {
    static DISC: OnceLock<Disc> = OnceLock::new();
    DISC.get_or_init(|| Disc::new(16_384, 1))
}

/// A disc of 2 MiB, for everything else.
pub(crate) fn small_disc() -> &'static Disc {
    static DISC: OnceLock<Disc> = OnceLock::new();
    DISC.get_or_init(|| Disc::new(1024, 2))
}

/// One image of each family, for tests that are not about formats.
pub(crate) const FAMILIES: [Kind; 5] = [
    Kind::Cso { block: 2048, shift: 0 },
    Kind::Cso { block: 16_384, shift: 0 },
    Kind::Zso { block: 2048, shift: 2 },
    Kind::Dax { plain_areas: true },
    Kind::Jso { block: 4096, method: images::JsoMethod::Lzo, headers: true },
];

/// The format that most tests use.
pub(crate) const USUAL: Kind = Kind::Cso { block: 2048, shift: 0 };

/// An image of the small disc in that format.
pub(crate) fn usual_image() -> &'static [u8] {
    static IMAGE: OnceLock<Vec<u8>> = OnceLock::new();
    IMAGE.get_or_init(|| USUAL.pack(&small_disc().bytes))
}

/// A machine with an image on its card, before the driver is loaded. `CISOR_FIRMWARE` names the row of the
/// firmware table to use, for running all tests on one of them.
pub(crate) fn machine(image: impl HostFile + 'static) -> Psp {
    let mut psp = match std::env::var("CISOR_FIRMWARE") {
        Ok(name) => {
            let row = ROWS.iter().find(|row| row.name == name);
            let row = row.unwrap_or_else(|| panic!("there is no firmware {name:?} in the table"));
            row.boot(row.apitypes[0])
        }
        Err(_) => Psp::new(),
    };
    psp.kernel.card.insert_file(IMAGE, Rc::new(image));
    psp.set_umd_file(IMAGE);
    psp
}

/// Loads and starts the driver.
pub(crate) fn start(psp: &mut Psp) -> (Module, Outcome) {
    let module = psp.load(prx(), 0).expect("the driver loads");
    let outcome = ok(psp.start(&module, PLUGIN));
    psp.check_guards().expect("guards");
    (module, outcome)
}

/// A machine on which the driver has taken over an image.
pub(crate) fn taken_over(image: impl HostFile + 'static) -> (Psp, Module) {
    let mut psp = machine(image);
    let module = take_over(&mut psp);
    (psp, module)
}

/// Starts the driver on a machine where it can take over.
pub(crate) fn take_over(psp: &mut Psp) -> Module {
    let (module, outcome) = start(psp);
    assert!(!outcome.is_error(), "module_start gave {:#010X}", outcome.value);
    assert!(!psp.inferno.untouched(&psp.cpu), "the table was not taken over");
    module
}

/// Starts the driver where it must step aside, and checks that it leaves no trace; returns its error.
pub(crate) fn refused(psp: &mut Psp, why: &str) -> u32 {
    let memory = psp.kernel.memory.partitions.kernel().used;
    let (_, outcome) = start(psp);
    assert!(outcome.is_error(), "{why}: taken over all the same");
    assert_no_trace(psp, memory, why);
    outcome.value
}

/// Checks that table, memory, files, threads and semaphores are as if the driver had never been loaded.
pub(crate) fn assert_no_trace(psp: &Psp, memory: u32, why: &str) {
    assert!(psp.inferno.untouched(&psp.cpu), "{why}: the table was touched");
    assert_eq!(psp.kernel.memory.partitions.kernel().used, memory, "{why}: memory was not freed");
    assert!(psp.kernel.memory.partitions.blocks.is_empty(), "{why}: blocks were not freed");
    assert_eq!(psp.kernel.card.open_descriptors(), 0, "{why}: files left open");
    assert!(psp.kernel.threads.objects.is_empty(), "{why}: semaphores left");
    assert!(psp.kernel.threads.all.is_empty(), "{why}: threads left");
    assert!(psp.kernel.sysevents.handlers.is_empty(), "{why}: handlers left");
}

/// The value, or a readable description of the crash.
#[track_caller]
pub(crate) fn ok<T>(result: Result<T, Crash>) -> T {
    result.unwrap_or_else(|crash| panic!("{crash}"))
}

/// Reads whole sectors as a kernel module does.
#[track_caller]
pub(crate) fn read_sectors(psp: &mut Psp, lba: u32, count: u32) -> FinishedRead {
    ok(psp.read_lba(LbaParams::sectors(lba, count), 0))
}

/// Reads sectors and compares them with the disc.
#[track_caller]
pub(crate) fn assert_sectors(psp: &mut Psp, disc: &Disc, lba: u32, count: u32) {
    let finished = read_sectors(psp, lba, count);
    assert_eq!(finished.outcome.value, count * 2048, "answer of a read of {count} sectors at {lba}");
    let expected = &disc.bytes[lba as usize * 2048..][..count as usize * 2048];
    assert!(finished.bytes == expected, "{count} sectors at {lba} differ");
}
