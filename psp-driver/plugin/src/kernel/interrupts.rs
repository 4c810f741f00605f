//! Moments in which nothing else can run.

use psp_module::sys::{sceKernelCpuResumeIntr, sceKernelCpuSuspendIntr};

/// Runs `work` with interrupts suspended: on the console's single processor, nothing can interrupt it. Keep
/// it to a few instructions without kernel calls.
pub(crate) fn without_interrupts<R>(work: impl FnOnce() -> R) -> R {
    // Paired with the call below; `work` always gets there, as panics do not unwind.
    let state = sceKernelCpuSuspendIntr();
    let result = work();
    sceKernelCpuResumeIntr(state);
    result
}
