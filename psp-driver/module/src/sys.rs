//! The firmware's functions, each declared once for everything that runs on the console.
//!
//! A declaration is not an import: a caller also imports the function with [`imports!`](crate::imports)
//! under the number in its own library; without an import, the call does not link. A negative result is
//! always an error code.
//!
//! A function is `safe` if it takes no pointer and frees nothing that others may still use. Calls with more
//! than four words go through assembly in the calling module (`cisor_…`), because the kernel expects words
//! five to eight in registers, and Rust does not pass them there.

/// The entry of a thread: the length of its argument in bytes, and its address.
pub type ThreadEntry = unsafe extern "C" fn(u32, *const u8) -> i32;

// Files.
unsafe extern "C" {
    /// Opens the file of a path that ends with a NUL. Returns a descriptor.
    pub fn sceIoOpen(path: *const u8, flags: i32, mode: i32) -> i32;
    /// Closes a descriptor.
    pub safe fn sceIoClose(descriptor: i32) -> i32;
    /// Reads up to `len` bytes, or sectors of a raw device. Returns the number read.
    pub fn sceIoRead(descriptor: i32, buffer: *mut u8, len: u32) -> i32;
    /// Writes `len` bytes. Returns how many were written.
    pub fn sceIoWrite(descriptor: i32, bytes: *const u8, len: u32) -> i32;
    /// `sceIoLseek`: moves the position and returns it. `whence` is 0 for the start and 2 for the end.
    pub safe fn cisor_io_lseek_call(descriptor: i32, offset: i64, whence: i32) -> i64;
    /// `sceIoDevctl`: sends a command to a device.
    pub fn cisor_io_devctl_call(
        device: *const u8,
        command: u32,
        input: *const u8,
        input_len: i32,
        output: *mut u32,
        output_len: i32,
    ) -> i32;
    /// Renames a file.
    pub fn sceIoRename(from: *const u8, to: *const u8) -> i32;
    /// Removes a file.
    pub fn sceIoRemove(path: *const u8) -> i32;
    /// Makes a folder.
    pub fn sceIoMkdir(path: *const u8, mode: i32) -> i32;
    /// Opens a folder. Returns a descriptor.
    pub fn sceIoDopen(path: *const u8) -> i32;
    /// Fills in the next entry of a folder. Returns 0 after the last.
    pub fn sceIoDread(descriptor: i32, entry: *mut DirectoryEntry) -> i32;
    /// Closes a folder.
    pub safe fn sceIoDclose(descriptor: i32) -> i32;
    /// Writes the firmware's cached data to a device.
    pub fn sceIoSync(device: *const u8, unknown: u32) -> i32;
    /// Returns the descriptor of standard output.
    pub safe fn sceKernelStdout() -> i32;
}

/// An entry of a folder, as [`sceIoDread`] fills it in.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct DirectoryEntry {
    /// Kind and rights.
    pub mode: u32,
    /// The card's own attributes.
    pub attributes: u32,
    /// Length in bytes.
    pub len: u64,
    /// Times of creation, last read and last change.
    pub times: [u8; 48],
    /// For the device's own use.
    pub device: [u32; 6],
    /// Its name with a NUL.
    pub name: [u8; 256],
    /// Where the firmware puts more names; 0 for nowhere.
    pub more: u32,
    /// Unused.
    pub unused: u32,
}

// Threads and time.
unsafe extern "C" {
    /// `sceKernelCreateThread`: makes a thread; lower priorities go first. Returns its number.
    pub fn cisor_create_thread(
        name: *const u8,
        entry: ThreadEntry,
        priority: i32,
        stack: u32,
        attributes: u32,
        options: *const u8,
    ) -> i32;
    /// Starts a thread with a copy of the argument on its stack.
    pub fn sceKernelStartThread(thread: i32, len: u32, argument: *const u8) -> i32;
    /// Deletes a thread that does not run, and frees its stack.
    pub safe fn sceKernelDeleteThread(thread: i32) -> i32;
    /// Ends the running thread, deletes it and frees its stack.
    pub safe fn sceKernelExitDeleteThread(status: i32) -> i32;
    /// Lets other threads run for this many microseconds.
    pub safe fn sceKernelDelayThread(micros: u32) -> i32;
    /// Sleeps, and runs this thread's callbacks meanwhile.
    pub safe fn sceKernelSleepThreadCB() -> i32;
    /// Makes a callback. Returns its number.
    pub fn sceKernelCreateCallback(
        name: *const u8,
        function: unsafe extern "C" fn(i32, i32, *mut u8) -> i32,
        argument: *mut u8,
    ) -> i32;
    /// Runs a function on a stack of `bytes` that the kernel lends, with one argument.
    pub fn sceKernelExtendKernelStack(
        bytes: u32,
        function: unsafe extern "C" fn(*mut u8) -> i32,
        argument: *mut u8,
    ) -> i32;
    /// Returns the lower half of the time since power-on in microseconds.
    pub safe fn sceKernelGetSystemTimeLow() -> u32;
    /// Returns the time since power-on in microseconds.
    pub safe fn sceKernelGetSystemTimeWide() -> u64;
    /// `sceKernelCreateSema`: makes a semaphore. Returns its number.
    pub fn cisor_create_sema(
        name: *const u8,
        attributes: u32,
        initial: i32,
        most: i32,
        options: *const u8,
    ) -> i32;
    /// Deletes a semaphore.
    pub safe fn sceKernelDeleteSema(sema: i32) -> i32;
    /// Takes `count` from a semaphore, waiting up to `timeout` microseconds for it.
    pub fn sceKernelWaitSema(sema: i32, count: i32, timeout: *mut u32) -> i32;
    /// Gives `count` back to a semaphore.
    pub safe fn sceKernelSignalSema(sema: i32, count: i32) -> i32;
    /// Suspends interrupts. Returns the state to resume with.
    pub safe fn sceKernelCpuSuspendIntr() -> u32;
    /// Restores the state before [`sceKernelCpuSuspendIntr`].
    pub safe fn sceKernelCpuResumeIntr(state: u32);
}

// Memory.
unsafe extern "C" {
    /// `sceKernelAllocPartitionMemory`: takes a block of memory. Returns its number.
    pub fn cisor_alloc_partition(
        partition: i32,
        name: *const u8,
        placement: i32,
        size: u32,
        address: *mut u8,
    ) -> i32;
    /// Frees a block. It must no longer be used.
    pub fn sceKernelFreePartitionMemory(block: i32) -> i32;
    /// Returns the address of a block.
    pub safe fn sceKernelGetBlockHeadAddr(block: i32) -> *mut u8;
    /// Returns the size of a partition's largest free piece in bytes.
    pub safe fn sceKernelPartitionMaxFreeMemSize(partition: i32) -> u32;
    /// Returns the size of the largest free piece for programs in bytes.
    pub safe fn sceKernelMaxFreeMemSize() -> u32;
    /// Returns how many bytes are free for programs.
    pub safe fn sceKernelTotalFreeMemSize() -> u32;
}

// Modules, and how programs begin and end.
unsafe extern "C" {
    /// Loads a module. Returns its number.
    pub fn sceKernelLoadModule(path: *const u8, flags: i32, options: *const u8) -> i32;
    /// Unloads a stopped module. Its code must no longer be used.
    pub fn sceKernelUnloadModule(module: i32) -> i32;
    /// Fills in the record of a loaded module, at most `size` bytes.
    pub fn sceKernelQueryModuleInfo(module: i32, info: *mut ModuleInfo) -> i32;
    /// Finds a loaded module by its name. Returns its record, or null.
    pub fn sceKernelFindModuleByName(name: *const u8) -> *const u8;
    /// Invalidates the instruction cache.
    pub safe fn sceKernelIcacheInvalidateAll();
    /// Ends the program.
    pub safe fn sceKernelExitGame() -> i32;
    /// Registers the callback for leaving with the Home button.
    pub safe fn sceKernelRegisterExitCallback(callback: i32) -> i32;
}

/// The firmware's record of a loaded module.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ModuleInfo {
    /// Bytes of this structure.
    pub size: u32,
    /// How many segments there are, and padding.
    pub segments: [u8; 4],
    /// Where they are.
    pub segment_addresses: [u32; 4],
    /// The rest.
    pub rest: [u32; 16],
}

// The console and how the program was started.
unsafe extern "C" {
    /// Returns how the running program was started.
    pub safe fn sceKernelInitApitype() -> u32;
    /// Returns which kind of program is running.
    pub safe fn sceKernelInitKeyConfig() -> u32;
    /// Returns the firmware's version.
    pub safe fn sceKernelDevkitVersion() -> i32;
    /// Of custom firmwares: finds a device. Returns its record, or null.
    pub fn sctrlHENFindDriver(name: *const u8) -> *const u8;
    /// Of custom firmwares: returns the path of the image that is started.
    pub safe fn GetUmdFile() -> *const u8;
    /// Of custom firmwares: returns their version.
    pub safe fn sctrlSEGetVersion() -> i32;
    /// Of custom firmwares: returns the version of their interface.
    pub safe fn sctrlHENGetVersion() -> i32;
    /// Of custom firmwares: returns their minor version.
    pub safe fn sctrlHENGetMinorVersion() -> i32;
    /// Of custom firmwares, for programs: returns the model.
    pub safe fn kuKernelGetModel() -> i32;
    /// Of custom firmwares, for programs: returns how this one was started.
    pub safe fn kuKernelInitApitype() -> i32;
    /// Of custom firmwares, for programs: returns which kind of program is running.
    pub safe fn kuKernelInitKeyConfig() -> i32;
    /// Of custom firmwares, for programs: returns where this one was started from.
    pub safe fn kuKernelBootFrom() -> i32;
}

// Buttons, screen, power.
unsafe extern "C" {
    /// Sets how often buttons are sampled; 0 is once a frame.
    pub safe fn sceCtrlSetSamplingCycle(cycle: i32) -> i32;
    /// Sets what is sampled; 0 is buttons without the stick.
    pub safe fn sceCtrlSetSamplingMode(mode: i32) -> i32;
    /// Fills in the latest samples.
    pub fn sceCtrlPeekBufferPositive(samples: *mut ButtonSample, count: i32) -> i32;
    /// Fills in what happened to the buttons since the last call.
    pub fn sceCtrlReadLatch(latch: *mut ButtonLatch) -> i32;
    /// Waits for the next frame.
    pub safe fn sceDisplayWaitVblankStart() -> i32;
    /// Sets the mode and size of the screen.
    pub safe fn sceDisplaySetMode(mode: i32, width: i32, height: i32) -> i32;
    /// Shows the picture at an address.
    pub fn sceDisplaySetFrameBuf(address: *const u32, stride: i32, format: i32, when: i32) -> i32;
    /// Postpones sleep and switching off the screen; 0 is both.
    pub safe fn scePowerTick(what: i32) -> i32;
    /// Sets the clocks in MHz.
    pub safe fn scePowerSetClockFrequency(processor: i32, memory: i32, bus: i32) -> i32;
}

/// The buttons at one moment.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct ButtonSample {
    /// When, in microseconds.
    pub timestamp: u32,
    /// A bit for each button that is held.
    pub buttons: u32,
    /// The stick, left to right and top to bottom.
    pub stick: [u8; 2],
    /// Unused.
    pub reserved: [u8; 6],
}

/// What happened to the buttons since the last reading.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct ButtonLatch {
    /// Buttons that went down.
    pub pressed: u32,
    /// Buttons that went up.
    pub released: u32,
    /// Buttons that were held.
    pub down: u32,
    /// Buttons that were not held.
    pub up: u32,
}

// The drive.
unsafe extern "C" {
    /// Returns whether there is a disc.
    pub safe fn sceUmdCheckMedium() -> i32;
    /// Makes a drive ready.
    pub fn sceUmdActivate(unit: i32, drive: *const u8) -> i32;
    /// The opposite.
    pub fn sceUmdDeactivate(unit: i32, drive: *const u8) -> i32;
    /// Waits for a state of the drive, this many microseconds at most.
    pub safe fn sceUmdWaitDriveStatWithTimer(state: i32, micros: u32) -> i32;
    /// Returns the state of the drive.
    pub safe fn sceUmdGetDriveStat() -> i32;
}

// Cisor's driver, for programs (docs/psp-driver.md).
unsafe extern "C" {
    /// Returns 1 while the driver serves an image.
    pub safe fn cisorDriverStatus() -> i32;
    /// Fills in the facts about the image, at most `size` bytes.
    pub fn cisorDriverGetImage(record: *mut u32, size: u32) -> i32;
    /// Fills in the counters, at most `size` bytes.
    pub fn cisorDriverGetCounters(record: *mut u32, size: u32) -> i32;
}
