//! The firmware names another image while a game runs: no byte of the old one is served for it.

use psp_machine::inferno::Entry;
use psp_machine::umd::LbaParams;

use crate::support::{IMAGE, USUAL, assert_sectors, ok, small_disc, taken_over};

#[test]
#[ignore = "needs the built driver"]
fn everything_is_the_firmwares_until_the_image_is_ours_again() {
    let disc = small_disc();
    for other in ["ms0:/ISO/Test Game 2.cso", "ms0:/ISO/missing.cso", "ms0:/ISO/Test Gamf.cso", ""] {
        let (mut psp, _) = taken_over(USUAL.pack(&disc.bytes));
        assert_sectors(&mut psp, disc, 300, 3);
        psp.set_umd_file(other);
        psp.inferno.answers.insert(Entry::Devctl as u32, 0x7777);
        let finished = ok(psp.read_lba(LbaParams::sectors(300, 3), 0));
        assert_eq!(finished.outcome.value, 0x7777, "{other}");
        assert!(!psp.inferno.calls.is_empty(), "{other}");
        psp.set_umd_file(IMAGE);
        assert_sectors(&mut psp, disc, 300, 3);
    }
}
