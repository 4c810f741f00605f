//! What all tests of the driver share: the built PRX, a disc, a machine that has started both.
#![allow(dead_code, unreachable_pub, reason = "every test file uses another part of it")]

pub mod disc;
pub mod images;

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::OnceLock;

use psp_machine::kernel::io::HostFile;
use psp_machine::machine::Module;
use psp_machine::{Outcome, Psp};

/// Where the image lies on the card.
pub const IMAGE: &str = "ms0:/ISO/Test Game.cso";
/// Where the driver lies.
pub const PLUGIN: &str = "ms0:/SEPLUGINS/cisor.prx";

/// The built driver.
pub fn prx() -> &'static [u8] {
    static PRX: OnceLock<Vec<u8>> = OnceLock::new();
    PRX.get_or_init(|| {
        let built = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/psp/cisor.prx");
        let path = std::env::var_os("CISOR_PRX").map_or(built, PathBuf::from);
        std::fs::read(&path).unwrap_or_else(|error| {
            panic!("{}: {error}. Build the driver first: cargo xtask psp", path.display())
        })
    })
}

/// A machine with an image on its card, before the driver is loaded.
pub fn machine(image: impl HostFile + 'static) -> Psp {
    let mut psp = Psp::new();
    psp.kernel.card.insert_file(IMAGE, Rc::new(image));
    psp.set_umd_file(IMAGE);
    psp
}

/// Loads and starts the driver.
pub fn start(psp: &mut Psp) -> (Module, Outcome) {
    let module = psp.load(prx(), 0).expect("the driver loads");
    let outcome = psp.start(&module, PLUGIN).unwrap_or_else(|crash| panic!("{crash}"));
    psp.check_guards().expect("guards");
    (module, outcome)
}

/// A machine on which the driver has taken over an image.
pub fn taken_over(image: impl HostFile + 'static) -> (Psp, Module) {
    let mut psp = machine(image);
    let (module, outcome) = start(&mut psp);
    assert!(!outcome.is_error(), "module_start gave {:#010X}", outcome.value);
    assert!(!psp.inferno.untouched(&psp.cpu), "the table was not taken over");
    (psp, module)
}
