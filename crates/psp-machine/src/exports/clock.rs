//! The system time.

use super::{Known, answer};
use crate::kernel::Answer;

const LIBRARY: &str = "ThreadManForKernel";

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what it gives")]
pub(super) const FUNCTIONS: &[Known] = &[
    Known {
        library: LIBRARY,
        nid: 0x369E_D59D,
        name: "sceKernelGetSystemTimeLow",
        run: |psp, _| answer(psp.kernel.clock.now() as u32),
    },
    Known {
        library: LIBRARY,
        nid: 0x82BC_5777,
        name: "sceKernelGetSystemTimeWide",
        run: |psp, _| Ok(Answer::Long(i64::try_from(psp.kernel.clock.now()).unwrap_or(i64::MAX))),
    },
];
