//! What can go wrong at a kernel call.

use psp_machine::Disturbance;

pub(super) const MILLISECOND: u64 = 1000;
pub(super) const SECOND: u64 = 1_000_000;
/// How long the console is suspended, and how much longer than that a call may take then.
pub(super) const SUSPENDED: u64 = 20 * SECOND;
pub(super) const IO_ERROR: u32 = 0x8001_0005;
const NO_DEVICE: u32 = 0x8001_0013;
const BAD_DESCRIPTOR: u32 = 0x8002_0323;
const NO_SUCH_DEVICE: u32 = 0x8002_0321;
const NO_MEMORY: u32 = 0x8002_0190;
const CANNOT_WAIT: u32 = 0x8002_01A7;
const TIMED_OUT: u32 = 0x8002_01A8;
const CANCELLED: u32 = 0x8002_01A9;
const DELETED: u32 = 0x8002_01B5;
const ALLOCATION_FAILED: u32 = 0x8002_00D9;
const UNKNOWN_BLOCK: u32 = 0x8002_00CB;
const NOT_LINKED: u32 = 0x8002_013A;

/// What can go wrong with a call of this function alone.
///
/// Left out is what cannot: the driver passes its own semaphore and block, and ends its own thread, so that succeeds, and the
/// functions for interrupts have no errors. `a_lock_that_is_not_released` is about the one that would matter.
pub(super) fn wrongs_of(function: &str) -> Vec<Disturbance> {
    use Disturbance::{Returns, ReturnsAfterwards, Short};
    let errors: &[u32] = match function {
        "sceIoOpen" => &[IO_ERROR, NO_DEVICE, NO_MEMORY],
        // 0 is the end of a file.
        "sceIoRead" => &[IO_ERROR, NO_DEVICE, BAD_DESCRIPTOR, 0],
        "sceIoWrite" => &[IO_ERROR, NO_DEVICE, BAD_DESCRIPTOR, 0],
        "sceIoLseek" => &[IO_ERROR, NO_DEVICE, BAD_DESCRIPTOR, 0],
        // The descriptor stays open then (uofw, src/iofilemgr/iofilemgr.c, async_loop, case 2).
        "sceIoClose" => &[IO_ERROR],
        "sceIoDevctl" => &[IO_ERROR, NO_SUCH_DEVICE, NO_MEMORY],
        "sceKernelCreateSema"
        | "sceKernelCreateThread"
        | "sceKernelStartThread"
        | "sceKernelExtendKernelStack" => &[NO_MEMORY],
        "sceKernelWaitSema" => &[TIMED_OUT, CANCELLED, DELETED, CANNOT_WAIT],
        "sceKernelDelayThread" => &[CANNOT_WAIT],
        // A clock that jumps.
        "sceKernelGetSystemTimeLow" => &[0, u32::MAX],
        "sceKernelAllocPartitionMemory" => &[ALLOCATION_FAILED],
        "sceKernelGetBlockHeadAddr" => &[0, UNKNOWN_BLOCK],
        "sceKernelPartitionMaxFreeMemSize" => &[0, NOT_LINKED],
        "sceKernelFindModuleByName" | "sctrlHENFindDriver" | "GetUmdFile" => &[0, NOT_LINKED],
        "sceKernelInitApitype" | "sceKernelInitKeyConfig" => &[0, NOT_LINKED],
        "sceKernelSignalSema" | "sceKernelDeleteSema" | "sceKernelFreePartitionMemory" => &[],
        "sceKernelCpuSuspendIntr" | "sceKernelCpuResumeIntr" | "sceKernelExitDeleteThread" => &[],
        other => panic!("what can go wrong with {other}?"),
    };
    let mut wrongs: Vec<_> = errors.iter().map(|&error| Returns(error)).collect();
    match function {
        "sceIoRead" | "sceIoWrite" => wrongs.extend([Short(1), Short(100)]),
        "sceIoClose" | "sceKernelDeleteSema" | "sceKernelFreePartitionMemory" => {
            wrongs.push(ReturnsAfterwards(IO_ERROR));
        }
        _ => (),
    }
    wrongs
}

/// What can happen at any call.
pub(super) const EVENTS: [Disturbance; 6] = [
    Disturbance::Stale,
    Disturbance::CardOut(0),
    Disturbance::CardOut(300 * MILLISECOND),
    Disturbance::CardOut(8 * SECOND),
    Disturbance::Suspension(SUSPENDED),
    Disturbance::MemoryGone,
];

/// The events that are over soon: what reads the card must survive them.
pub(super) fn is_short(event: Disturbance) -> bool {
    match event {
        Disturbance::CardOut(time) => time < SECOND,
        Disturbance::Stale | Disturbance::Suspension(_) | Disturbance::Short(_) => true,
        _ => false,
    }
}
