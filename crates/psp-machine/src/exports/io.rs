//! Files on the memory card: the functions that reach them.

use super::{Known, OK, answer};
use crate::abi::Received;
use crate::crash::Cause;
use crate::kernel::Answer;
use crate::kernel::io::{BAD_DESCRIPTOR, INVALID, NO_DEVICE};
use crate::machine::Psp;

const LIBRARY: &str = "IoFileMgrForKernel";

const NO_ENTRY: u32 = 0x8001_0002;
const NO_SUCH_DEVICE: u32 = 0x8002_0321;
const UNSUPPORTED: u32 = 0x8002_0325;
/// A user program passed a kernel address.
const ILLEGAL_ADDRESS: u32 = 0x8002_00D3;

const FLAG_WRITE: u32 = 2;
const FLAG_APPEND: u32 = 0x100;
const FLAG_CREATE: u32 = 0x200;
const FLAG_TRUNCATE: u32 = 0x400;

const STATUS: u32 = 0x0202_5801;
const STATUS_READY: u32 = 4;
const STATUS_ABSENT: u32 = 1;

/// The cost of a card operation in microseconds, excluding the bytes.
const OPERATION: u64 = 300;
const BYTES_PER_MICROSECOND: u64 = 10;

/// Whether this is a user program's call with a kernel pointer, which the kernel refuses.
fn refused(received: &Received, pointer: u32) -> bool {
    received.from_user() && pointer >> 31 == 1
}

fn open(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    psp.kernel.clock.pass(OPERATION);
    if refused(&received, received.word(0)) {
        return answer(ILLEGAL_ADDRESS);
    }
    let path = psp.cpu.read_string(received.word(0))?;
    let flags = received.word(1);
    let now = psp.kernel.clock.now();
    let card = &mut psp.kernel.card;
    card.stats.opens += 1;
    if let Some(error) = card.open_fault(&path) {
        return answer(error);
    }
    if !card.present(now) {
        return answer(NO_DEVICE);
    }
    if flags & FLAG_CREATE != 0 {
        card.create(&path, flags & FLAG_TRUNCATE != 0);
    }
    let Some(descriptor) = card.open(&path, flags & FLAG_WRITE != 0) else {
        return answer(NO_ENTRY);
    };
    if flags & FLAG_APPEND != 0 {
        card.seek_to_end(descriptor);
    }
    answer(descriptor)
}

fn close(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    psp.kernel.clock.pass(OPERATION / 10);
    let card = &mut psp.kernel.card;
    card.stats.closes += 1;
    if card.close(received.word(0)) { OK } else { answer(BAD_DESCRIPTOR) }
}

fn read(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let (descriptor, buffer, len) = (received.word(0), received.word(1), received.word(2));
    psp.kernel.clock.pass(OPERATION + u64::from(len) / BYTES_PER_MICROSECOND);
    if refused(&received, buffer) {
        return answer(ILLEGAL_ADDRESS);
    }
    if len == 0 {
        return Err(Cause::Misuse { what: "read of no bytes, to", value: buffer });
    }
    let now = psp.kernel.clock.now();
    let mut bytes = vec![0; len as usize];
    let outcome = psp.kernel.card.read(descriptor, buffer, &mut bytes, now);
    psp.kernel.clock.pass(core::mem::take(&mut psp.kernel.card.delay));
    match outcome {
        Ok(count) => {
            // The whole range must be mapped, even if less is returned.
            psp.cpu.read(buffer, &mut vec![0; len as usize])?;
            psp.cpu.write(buffer, &bytes[..count])?;
            answer(u32::try_from(count).unwrap_or(u32::MAX))
        }
        Err(error) => answer(error),
    }
}

fn write(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let (descriptor, buffer, len) = (received.word(0), received.word(1), received.word(2));
    psp.kernel.clock.pass(OPERATION + u64::from(len) / BYTES_PER_MICROSECOND);
    if refused(&received, buffer) {
        return answer(ILLEGAL_ADDRESS);
    }
    let mut bytes = vec![0; len as usize];
    psp.cpu.read(buffer, &mut bytes)?;
    let now = psp.kernel.clock.now();
    answer(match psp.kernel.card.write(descriptor, &bytes, now) {
        Ok(()) => len,
        Err(error) => error,
    })
}

fn seek(psp: &mut Psp, descriptor: u32, offset: i64, whence: u32) -> Result<Answer, Cause> {
    psp.kernel.clock.pass(OPERATION / 10);
    let now = psp.kernel.clock.now();
    Ok(match psp.kernel.card.seek(descriptor, offset, whence, now) {
        Ok(position) => Answer::Long(i64::try_from(position).unwrap_or(i64::MAX)),
        #[expect(clippy::cast_possible_wrap, reason = "error numbers are negative")]
        Err(error) => Answer::Long(i64::from(error as i32)),
    })
}

fn seek32(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let offset = i64::from(received.signed(1));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the 32-bit form")]
    match seek(psp, received.word(0), offset, received.word(2))? {
        Answer::Long(position) => answer(position as u32),
        other => Ok(other),
    }
}

/// Supports only the query whether a card is inserted; all others are for other drivers.
fn device_control(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    psp.kernel.clock.pass(OPERATION / 10);
    if refused(&received, received.word(0)) || refused(&received, received.word(4)) {
        return answer(ILLEGAL_ADDRESS);
    }
    let device = psp.cpu.read_string(received.word(0))?;
    let (command, out, out_len) = (received.word(1), received.word(4), received.word(5));
    let now = psp.kernel.clock.now();
    let card = &mut psp.kernel.card;
    card.stats.status_queries += 1;
    if !card.status_devices.contains(&device) {
        return answer(NO_SUCH_DEVICE);
    }
    if command != STATUS {
        return answer(UNSUPPORTED);
    }
    if out == 0 || out_len < 4 {
        return answer(INVALID);
    }
    let status = if card.present(now) { STATUS_READY } else { STATUS_ABSENT };
    psp.cpu.write_word(out, status)?;
    OK
}

pub(super) const FUNCTIONS: &[Known] = &[
    Known { library: LIBRARY, nid: 0x109F_50BC, name: "sceIoOpen", run: open },
    Known { library: LIBRARY, nid: 0x810C_4BC3, name: "sceIoClose", run: close },
    Known { library: LIBRARY, nid: 0x6A63_8D83, name: "sceIoRead", run: read },
    Known { library: LIBRARY, nid: 0x42EC_03AC, name: "sceIoWrite", run: write },
    Known {
        library: LIBRARY,
        nid: 0x27EB_27B8,
        name: "sceIoLseek",
        run: |psp, received| seek(psp, received.word(0), received.long(2), received.word(4)),
    },
    Known { library: LIBRARY, nid: 0x6896_3324, name: "sceIoLseek32", run: seek32 },
    Known { library: LIBRARY, nid: 0x54F5_FB11, name: "sceIoDevctl", run: device_control },
];
