//! Moments in which nothing else can run.

use psp_module::sys::{sceKernelCpuResumeIntr, sceKernelCpuSuspendIntr};

/// Runs `work` with interrupts suspended: on the console's one processor nothing comes between. To be kept
/// to a few instructions that call nothing of the kernel.
pub(crate) fn without_interrupts<R>(work: impl FnOnce() -> R) -> R {
    // Paired with the call below; `work` does not leave by any other way, as panics do not return.
    let state = sceKernelCpuSuspendIntr();
    let result = work();
    sceKernelCpuResumeIntr(state);
    result
}
