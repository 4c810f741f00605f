//! The device `umd` as it is before the driver takes it over, and the descriptors that go with it.

use crate::shared::{Shared, kernel_address};

unsafe extern "C" {
    fn mock_io_init();
    fn mock_io_exit();
    fn mock_io_open();
    fn mock_io_close();
    fn mock_io_read();
    fn mock_io_lseek();
    fn mock_io_ioctl();
    fn mock_io_devctl();
}

/// How many times functions of this device were called, the number of the last one, and its eight words.
pub(crate) static NOTED: Shared<[u32; 10]> = Shared::new([0; 10]);

/// How many functions a device's table has.
pub(crate) const ENTRIES: usize = 22;

/// The table of functions; 0 for those that the device does not have.
static TABLE: Shared<[usize; ENTRIES]> = Shared::new([0; ENTRIES]);

/// A device as the I/O manager keeps it: name, kind, size of a unit, description, functions.
static DEVICE: Shared<[usize; 5]> = Shared::new([0; 5]);

/// The I/O manager's record of an open descriptor. The driver's own word is at 0x10.
#[derive(Clone, Copy)]
#[repr(C)]
struct Descriptor([u32; 0x90 / 4]);

pub(crate) const SLOTS: usize = 12;
const PRIVATE: usize = 0x10 / 4;

static DESCRIPTORS: Shared<[Descriptor; SLOTS]> = Shared::new([Descriptor([0; 0x90 / 4]); SLOTS]);

/// Builds the table as it is before the driver is loaded, and returns the device's address.
pub(crate) fn register() -> usize {
    TABLE.with(|table| {
        *table = [0; ENTRIES];
        for (entry, function) in [
            (0, mock_io_init as *const () as usize),
            (1, mock_io_exit as *const () as usize),
            (2, mock_io_open as *const () as usize),
            (3, mock_io_close as *const () as usize),
            (4, mock_io_read as *const () as usize),
            (6, mock_io_lseek as *const () as usize),
            (7, mock_io_ioctl as *const () as usize),
            (20, mock_io_devctl as *const () as usize),
        ] {
            table[entry] = kernel_address(function);
        }
    });
    DEVICE.with(|device| {
        *device = [
            kernel_address(c"umd".as_ptr().addr()),
            4,
            0x800,
            kernel_address(c"UMD9660".as_ptr().addr()),
            kernel_address(TABLE.as_ptr().addr()),
        ];
    });
    address()
}

/// The device's address.
pub(crate) fn address() -> usize {
    kernel_address(DEVICE.as_ptr().addr())
}

/// The function that is in the table now; it may be the driver's.
pub(crate) fn entry(number: u32) -> Option<usize> {
    // Volatile, as another module writes to the table.
    let table = TABLE.as_ptr();
    // SAFETY: A static array, without any references to it.
    let table = unsafe { table.read_volatile() };
    table.get(usize::try_from(number).ok()?).copied().filter(|&function| function != 0)
}

/// How many entries of the table point to functions of this module.
pub(crate) fn original_entries() -> u32 {
    let before = [2, 3, 4, 6, 7, 20].map(entry);
    let ours = [
        mock_io_open as *const () as usize,
        mock_io_close as *const () as usize,
        mock_io_read as *const () as usize,
        mock_io_lseek as *const () as usize,
        mock_io_ioctl as *const () as usize,
        mock_io_devctl as *const () as usize,
    ];
    before.iter().zip(ours).map(|(&now, ours)| u32::from(now == Some(kernel_address(ours)))).sum()
}

/// The address of a descriptor.
pub(crate) fn descriptor(slot: u32) -> Option<usize> {
    let slot = usize::try_from(slot).ok().filter(|&slot| slot < SLOTS)?;
    Some(DESCRIPTORS.as_ptr().addr() + slot * size_of::<Descriptor>())
}

/// Sets the driver's own word of a descriptor and returns the previous one.
pub(crate) fn set_private(slot: u32, word: u32) -> Option<u32> {
    DESCRIPTORS.with(|descriptors| {
        let descriptor = descriptors.get_mut(usize::try_from(slot).ok()?)?;
        Some(core::mem::replace(&mut descriptor.0[PRIVATE], word))
    })
}
