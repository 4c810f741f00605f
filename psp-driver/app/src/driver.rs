//! Information from Cisor's driver, if it is loaded.

use console_app::LiveDriver;
use psp_module::sys::{cisorDriverGetCounters, cisorDriverGetImage, cisorDriverStatus};

/// Both records have eight words (docs/psp-driver.md).
const LEN: usize = 8;

/// Asks the driver. `None` when it is not loaded: its functions then return an error code.
pub(crate) fn ask() -> Option<LiveDriver> {
    let status = cisorDriverStatus();
    if status < 0 {
        return None;
    }
    let image = record(cisorDriverGetImage).map(|[format, block, sectors, ..]| [format, block, sectors]);
    let [a, b, c, d, e, f, g, h] = record(cisorDriverGetCounters).unwrap_or_default();
    let long = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
    Some(LiveDriver { serving: status == 1, image, counts: [a, b, c, d], bytes: [long(e, f), long(g, h)] })
}

fn record(get: unsafe extern "C" fn(*mut u32, u32) -> i32) -> Option<[u32; LEN]> {
    let mut record = [0; LEN];
    // SAFETY: The driver writes at most as many bytes as it is told there are.
    let result = unsafe { get(record.as_mut_ptr(), 4 * 8) };
    (result >= 0).then_some(record)
}
