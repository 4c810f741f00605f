//! The exports of ThreadManForKernel.

use super::{Known, OK, answer};
use crate::abi::Received;
use crate::crash::Cause;
use crate::kernel::Answer;
use crate::kernel::threads::sync::{CANCELLED, DELETED, Sync};
use crate::kernel::threads::{State, Wait, WaitFor};
use crate::machine::Psp;

const LIBRARY: &str = "ThreadManForKernel";

/// A user program passed a kernel address.
const ILLEGAL_ADDRESS: u32 = 0x8002_00D3;
const NO_MEMORY: u32 = 0x8002_0190;
const UNKNOWN_THREAD: u32 = 0x8002_0198;
const UNKNOWN_SEMAPHORE: u32 = 0x8002_0199;
const UNKNOWN_EVENT: u32 = 0x8002_019A;
const NOT_DORMANT: u32 = 0x8002_01A4;
const NONE_LEFT: u32 = 0x8002_01AD;
const TOO_MANY: u32 = 0x8002_01AE;
const NOT_FOUND_IN_EVENT: u32 = 0x8002_01AF;
const ILLEGAL_COUNT: u32 = 0x8002_01BD;
const LOCKED_BY_OTHERS: u32 = 0x8002_01C5;
const ALREADY_MINE: u32 = 0x8002_01C8;

/// The microseconds at a pointer, converted to a time of the clock; a null pointer means without limit.
fn deadline(psp: &Psp, pointer: u32) -> Result<Option<u64>, Cause> {
    if pointer == 0 {
        return Ok(None);
    }
    Ok(Some(psp.kernel.clock.now() + u64::from(psp.cpu.read_word(pointer)?)))
}

fn create_semaphore(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    psp.cpu.read_string(received.word(0))?;
    let (count, max) = (received.word(2), received.word(3));
    if max == 0 || count > max || received.word(1) & !0x1FF != 0 {
        return answer(ILLEGAL_COUNT);
    }
    if received.word(4) != 0 {
        return Err(Cause::Misuse { what: "option pointer of a semaphore", value: received.word(4) });
    }
    let id = psp.kernel.new_id();
    psp.kernel.threads.objects.insert(id, Sync::Semaphore { count, max, owner: None });
    answer(id)
}

fn wait_semaphore(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let (id, count) = (received.word(0), received.word(1));
    // Programs can call this, so it must refuse kernel pointers from them, as the file functions do.
    if received.from_user() && received.word(2) >> 31 == 1 {
        return answer(ILLEGAL_ADDRESS);
    }
    match psp.kernel.threads.objects.get(&id) {
        Some(Sync::Semaphore { max, .. }) if count == 0 || count > *max => return answer(ILLEGAL_COUNT),
        Some(Sync::Semaphore { .. }) => (),
        _ => return answer(UNKNOWN_SEMAPHORE),
    }
    let what = WaitFor::Semaphore { id, count };
    let current = psp.kernel.threads.current;
    if psp.kernel.threads.try_take(what, current).is_some() {
        return OK;
    }
    Ok(Answer::Wait(Wait { what, until: deadline(psp, received.word(2))? }))
}

fn poll_semaphore(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let what = WaitFor::Semaphore { id: received.word(0), count: received.word(1) };
    let current = psp.kernel.threads.current;
    if !psp.kernel.threads.objects.contains_key(&received.word(0)) {
        return answer(UNKNOWN_SEMAPHORE);
    }
    answer(if psp.kernel.threads.try_take(what, current).is_some() { 0 } else { NONE_LEFT })
}

fn signal_semaphore(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let Some(Sync::Semaphore { count, max, owner }) = psp.kernel.threads.objects.get_mut(&received.word(0))
    else {
        return answer(UNKNOWN_SEMAPHORE);
    };
    let sum = count.saturating_add(received.word(1));
    if sum > *max {
        return answer(TOO_MANY);
    }
    (*count, *owner) = (sum, None);
    OK
}

fn delete_object(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let threads = &mut psp.kernel.threads;
    if threads.objects.remove(&received.word(0)).is_none() {
        return answer(UNKNOWN_SEMAPHORE);
    }
    threads.cancel(received.word(0), DELETED);
    OK
}

fn create_mutex(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    psp.cpu.read_string(received.word(0))?;
    let held = received.word(2) != 0;
    let owner = held.then_some(psp.kernel.threads.current);
    let id = psp.kernel.new_id();
    psp.kernel.threads.objects.insert(id, Sync::Semaphore { count: u32::from(!held), max: 1, owner });
    answer(id)
}

fn lock_mutex(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let current = psp.kernel.threads.current;
    match psp.kernel.threads.objects.get(&received.word(0)) {
        Some(Sync::Semaphore { owner, .. }) if *owner == Some(current) => answer(ALREADY_MINE),
        _ => wait_semaphore(psp, received),
    }
}

fn unlock_mutex(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let current = psp.kernel.threads.current;
    match psp.kernel.threads.objects.get(&received.word(0)) {
        Some(Sync::Semaphore { owner, .. }) if *owner != Some(current) => answer(LOCKED_BY_OTHERS),
        _ => signal_semaphore(psp, received),
    }
}

fn create_event(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    psp.cpu.read_string(received.word(0))?;
    let id = psp.kernel.new_id();
    psp.kernel.threads.objects.insert(id, Sync::Event { bits: received.word(2) });
    answer(id)
}

fn change_event(psp: &mut Psp, id: u32, change: impl Fn(u32) -> u32) -> Result<Answer, Cause> {
    let Some(Sync::Event { bits }) = psp.kernel.threads.objects.get_mut(&id) else {
        return answer(UNKNOWN_EVENT);
    };
    *bits = change(*bits);
    OK
}

fn event_wanted(received: &Received) -> WaitFor {
    WaitFor::Event {
        id: received.word(0),
        bits: received.word(1),
        mode: received.word(2),
        out: received.word(3),
    }
}

fn take_event(psp: &mut Psp, received: &Received) -> Result<bool, Cause> {
    let current = psp.kernel.threads.current;
    let Some(found) = psp.kernel.threads.try_take(event_wanted(received), current) else { return Ok(false) };
    if received.word(3) != 0 {
        psp.cpu.write_word(received.word(3), found)?;
    }
    Ok(true)
}

fn wait_event(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    if !matches!(psp.kernel.threads.objects.get(&received.word(0)), Some(Sync::Event { .. })) {
        return answer(UNKNOWN_EVENT);
    }
    if take_event(psp, &received)? {
        return OK;
    }
    let until = deadline(psp, received.word(4))?;
    Ok(Answer::Wait(Wait { what: event_wanted(&received), until }))
}

fn poll_event(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    answer(if take_event(psp, &received)? { 0 } else { NOT_FOUND_IN_EVENT })
}

fn create_thread(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let name = psp.cpu.read_string(received.word(0))?;
    if received.word(5) != 0 {
        return Err(Cause::Misuse { what: "option pointer of a thread", value: received.word(5) });
    }
    let stack = received.word(3);
    if !psp.kernel.memory.partitions.get_mut(1).expect("the kernel's partition").take(stack) {
        return answer(NO_MEMORY);
    }
    answer(psp.create_thread(&name, received.word(1), stack))
}

fn start_thread(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let (id, len, pointer) = (received.word(0), received.word(1), received.word(2));
    match psp.kernel.threads.all.get(&id).map(|thread| &thread.state) {
        None => return answer(UNKNOWN_THREAD),
        Some(State::Dormant) => (),
        Some(_) => return answer(NOT_DORMANT),
    }
    let mut bytes = vec![0; if pointer == 0 { 0 } else { len as usize }];
    psp.cpu.read(pointer, &mut bytes)?;
    psp.start_thread(id, &bytes)?;
    OK
}

fn end_of_other(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let id = received.word(0);
    if id == psp.kernel.threads.current || !psp.delete_thread(id) {
        return answer(UNKNOWN_THREAD);
    }
    OK
}

fn wait_thread_end(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let id = received.word(0);
    match psp.kernel.threads.all.get(&id).map(|thread| &thread.state) {
        None => answer(UNKNOWN_THREAD),
        #[expect(clippy::cast_possible_truncation, reason = "the status is a word")]
        Some(State::Done(status)) => answer(*status as u32),
        Some(_) => {
            let until = deadline(psp, received.word(1))?;
            Ok(Answer::Wait(Wait { what: WaitFor::ThreadEnd { id }, until }))
        }
    }
}

fn extend_stack(_: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let [bytes, function, argument, ..] = received.words();
    Ok(Answer::OnExtendedStack { bytes, function, argument })
}

fn delay(psp: &mut Psp, received: Received) -> Result<Answer, Cause> {
    let until = psp.kernel.clock.now() + u64::from(received.word(0));
    Ok(Answer::Wait(Wait { what: WaitFor::Time, until: Some(until) }))
}

const fn known(nid: u32, name: &'static str, run: fn(&mut Psp, Received) -> Result<Answer, Cause>) -> Known {
    Known { library: LIBRARY, nid, name, run }
}

pub(super) const FUNCTIONS: &[Known] = &[
    known(0xD6DA_4BA1, "sceKernelCreateSema", create_semaphore),
    known(0x4E3A_1105, "sceKernelWaitSema", wait_semaphore),
    known(0x58B1_F937, "sceKernelPollSema", poll_semaphore),
    known(0x3F53_E640, "sceKernelSignalSema", signal_semaphore),
    known(0x28B6_489C, "sceKernelDeleteSema", delete_object),
    known(0x8FFD_F9A2, "sceKernelCancelSema", |psp, received| {
        answer(if psp.kernel.threads.cancel(received.word(0), CANCELLED) == 0 {
            UNKNOWN_SEMAPHORE
        } else {
            0
        })
    }),
    known(0xB7D0_98C6, "sceKernelCreateMutex", create_mutex),
    known(0xB011_B11F, "sceKernelLockMutex", lock_mutex),
    known(0x6B30_100F, "sceKernelUnlockMutex", unlock_mutex),
    known(0xF817_0FBE, "sceKernelDeleteMutex", delete_object),
    known(0x55C2_0A00, "sceKernelCreateEventFlag", create_event),
    known(0x1FB1_5A32, "sceKernelSetEventFlag", |psp, r| {
        change_event(psp, r.word(0), |bits| bits | r.word(1))
    }),
    known(0x8123_46E4, "sceKernelClearEventFlag", |psp, r| {
        change_event(psp, r.word(0), |bits| bits & r.word(1))
    }),
    known(0x402F_CF22, "sceKernelWaitEventFlag", wait_event),
    known(0x30FD_48F0, "sceKernelPollEventFlag", poll_event),
    known(0xEF9E_4C70, "sceKernelDeleteEventFlag", delete_object),
    known(0x446D_8DE6, "sceKernelCreateThread", create_thread),
    known(0xF475_845D, "sceKernelStartThread", start_thread),
    known(0x809C_E29B, "sceKernelExitDeleteThread", |_, received| Ok(Answer::Exit(received.word(0)))),
    known(0x383F_7BCC, "sceKernelTerminateDeleteThread", end_of_other),
    known(0x9FA0_3CD3, "sceKernelDeleteThread", end_of_other),
    known(0x278C_0DF5, "sceKernelWaitThreadEnd", wait_thread_end),
    known(0xCEAD_EB47, "sceKernelDelayThread", delay),
    known(0x293B_45B8, "sceKernelGetThreadId", |psp, _| answer(psp.kernel.threads.current)),
    known(0xBC31_C1B9, "sceKernelExtendKernelStack", extend_stack),
];
