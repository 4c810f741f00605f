//! The image changes while the driver works, at every kernel call of its start and of a read. Once the file
//! system has mounted again, the driver must never return the old disc's bytes for the new one's.

use std::rc::Rc;
use std::sync::OnceLock;

use psp_machine::Psp;
use psp_machine::inferno::Entry;
use psp_machine::kernel::io::HostFile;
use psp_machine::umd::command;

use crate::support::disc::Disc;
use crate::support::{IMAGE, USUAL, machine, ok, read_sectors, small_disc, start};

const SECOND: &str = "ms0:/ISO/Test Game, disc 2.cso";
const LBA: u32 = 300;
const COUNT: u32 = 40;

fn second_disc() -> &'static Disc {
    static DISC: OnceLock<Disc> = OnceLock::new();
    DISC.get_or_init(|| Disc::new(1024, 7))
}

fn bytes_of(disc: &Disc) -> &[u8] {
    &disc.bytes[LBA as usize * 2048..][..COUNT as usize * 2048]
}

/// Makes machines with both images on the card; the first is started.
fn machines() -> impl Fn() -> Psp {
    let (first, second) = (USUAL.pack(&small_disc().bytes), USUAL.pack(&second_disc().bytes));
    let second: Rc<dyn HostFile> = Rc::new(second);
    assert!(bytes_of(small_disc()) != bytes_of(second_disc()), "the discs differ");
    move || {
        let mut psp = machine(first.clone());
        psp.kernel.card.insert_file(SECOND, Rc::clone(&second));
        psp
    }
}

/// Lets the file system ask whether the device may be mounted, and checks the answer: anything except 0 ends
/// the mount.
fn mount(psp: &mut Psp, when: &str) {
    let (outcome, _) = ok(psp.devctl(command::MAY_MOUNT, b"umd0:", 4));
    assert_eq!(outcome.value, 0, "{when}: the mount was refused");
}

/// Reads after the mount: either the data is from the second disc, or the firmware was asked.
fn assert_second(psp: &mut Psp, when: &str) {
    psp.inferno.calls.clear();
    let finished = read_sectors(psp, LBA, COUNT);
    let forwarded = psp
        .inferno
        .calls
        .iter()
        .any(|call| call.entry == Entry::Devctl as u32 && call.args[2] == command::READ);
    if !forwarded {
        assert_eq!(finished.outcome.value, COUNT * 2048, "{when}");
        assert!(finished.bytes == bytes_of(second_disc()), "{when}: not the second disc's bytes");
    }
}

#[test]
#[ignore = "needs the built driver"]
fn at_any_call_of_the_start() {
    let new = machines();
    let mut psp = new();
    start(&mut psp);
    let calls = psp.kernel.calls;
    assert!(calls > 10);
    for call in 1..=calls {
        let when = format!("call {call} of {calls}");
        let mut psp = new();
        psp.change_umd_file_in(call, SECOND);
        let (_, outcome) = start(&mut psp);
        if outcome.is_error() {
            assert!(psp.inferno.untouched(&psp.cpu), "{when}: stepped aside with the table changed");
            continue;
        }
        mount(&mut psp, &when);
        assert_second(&mut psp, &when);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn at_any_call_of_a_read() {
    let new = machines();
    for call in 1..=12 {
        let when = format!("call {call} of a read");
        let mut psp = new();
        start(&mut psp);
        psp.change_umd_file_in(call, SECOND);
        let finished = read_sectors(&mut psp, LBA, COUNT);
        if finished.outcome.value == COUNT * 2048 {
            let whole = [small_disc(), second_disc()].iter().any(|disc| finished.bytes == bytes_of(disc));
            assert!(whole, "{when}: of neither disc, or of both");
        }
        psp.kernel.system.path_changes.clear();
        psp.change_umd_file(SECOND);
        mount(&mut psp, &when);
        assert_second(&mut psp, &when);
    }
}

/// Back and forth, with a mount each time.
#[test]
#[ignore = "needs the built driver"]
fn back_to_the_first_disc() {
    let new = machines();
    let mut psp = new();
    start(&mut psp);
    for round in 0..3 {
        psp.change_umd_file(SECOND);
        mount(&mut psp, "to the second");
        assert_second(&mut psp, "the second");
        psp.change_umd_file(IMAGE);
        mount(&mut psp, "back to the first");
        psp.inferno.calls.clear();
        let finished = read_sectors(&mut psp, LBA, COUNT);
        if psp.inferno.calls.is_empty() {
            assert!(finished.bytes == bytes_of(small_disc()), "round {round}: not the first disc's bytes");
        }
    }
}
