//! Moments in which nothing else can run.

unsafe extern "C" {
    fn sceKernelCpuSuspendIntr() -> u32;
    fn sceKernelCpuResumeIntr(state: u32);
}

/// Runs `work` with interrupts suspended: on the console's one processor nothing comes between. To be kept
/// to a few instructions that call nothing of the kernel.
pub(crate) fn without_interrupts<R>(work: impl FnOnce() -> R) -> R {
    // SAFETY: Paired with the call below; `work` does not leave by any other way, as panics abort.
    let state = unsafe { sceKernelCpuSuspendIntr() };
    let result = work();
    // SAFETY: The state that the call above returned.
    unsafe { sceKernelCpuResumeIntr(state) };
    result
}
