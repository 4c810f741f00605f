//! A traced process: stops at each of its calls, examines them, changes one.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use libc::{c_int, c_void, pid_t, user_regs_struct};

use crate::call::{About, Call};
use crate::{Fault, FileId, Kind, Outcome, Step};

/// Tests never use longer paths.
const MAX_PATH: usize = 4096;

pub(crate) struct Tracer<'f> {
    process: pid_t,
    folder: &'f Path,
    about: &'f str,
    fault: Option<Fault>,
    calls: BTreeMap<Call, u32>,
    injected: bool,
    /// Threads inside a call, with what to do when it returns.
    inside: HashMap<pid_t, Option<AtReturn>>,
    /// Data that is only written before the next synchronisation.
    late: Option<Late>,
    /// What was done, if that is wanted.
    steps: Option<Vec<Step>>,
    /// Why not everything could be recorded.
    unrecorded: Option<io::Error>,
}

/// What to do when a call returns.
enum AtReturn {
    Nothing,
    /// It was skipped, and fails.
    Fail(Call),
    /// One bit of the data read is flipped.
    FlipRead(u64),
    /// The contents of the memory that was written from are restored.
    Restore(u64, Vec<u8>),
    /// It is recorded, if it went well.
    Record(Done),
}

/// A call that changes files, as it was when the program made it.
enum Done {
    /// The name, and whether the content is thrown away.
    Open(String, bool),
    /// The file, where, and what.
    Write(FileId, u64, Vec<u8>),
    Whole(Step),
}

struct Late {
    file: PathBuf,
    at: u64,
    bytes: Vec<u8>,
}

impl<'f> Tracer<'f> {
    pub(crate) fn new(process: pid_t, folder: &'f Path, about: &'f str, fault: Option<Fault>) -> Self {
        Self {
            process,
            folder,
            about,
            fault,
            calls: BTreeMap::new(),
            injected: false,
            inside: HashMap::new(),
            late: None,
            steps: None,
            unrecorded: None,
        }
    }

    /// Makes no fault, and records what is done to files.
    pub(crate) fn recording(process: pid_t, folder: &'f Path) -> Self {
        Self { steps: Some(Vec::new()), ..Self::new(process, folder, "", None) }
    }

    pub(crate) fn run(mut self) -> io::Result<Outcome> {
        let (_, status) = wait(self.process)?;
        if !libc::WIFSTOPPED(status) {
            return Err(io::Error::other("the program ended before it could be traced"));
        }
        let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_TRACECLONE | libc::PTRACE_O_EXITKILL;
        request(libc::PTRACE_SETOPTIONS, self.process, 0, options as u64)?;
        request(libc::PTRACE_SYSCALL, self.process, 0, 0)?;
        loop {
            let (thread, status) = wait(-1)?;
            if libc::WIFEXITED(status) || libc::WIFSIGNALED(status) {
                self.inside.remove(&thread);
                if thread == self.process {
                    let code = libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status));
                    if let Some(error) = self.unrecorded {
                        return Err(error);
                    }
                    let steps = self.steps.unwrap_or_default();
                    return Ok(Outcome { code, calls: self.calls, injected: self.injected, steps });
                }
                continue;
            }
            let mut signal = 0;
            if libc::WSTOPSIG(status) == libc::SIGTRAP | 0x80 {
                // A thread that was killed meanwhile cannot be queried any more: its exit is reported next.
                let _ = self.at_call(thread);
            } else if status >> 16 == 0 && !matches!(libc::WSTOPSIG(status), libc::SIGSTOP | libc::SIGTRAP) {
                // Anything except the stops caused by tracing is for the program.
                signal = libc::WSTOPSIG(status) as u64;
            }
            let _ = request(libc::PTRACE_SYSCALL, thread, 0, signal);
        }
    }

    fn at_call(&mut self, thread: pid_t) -> io::Result<()> {
        let mut regs = registers(thread)?;
        match self.inside.remove(&thread) {
            Some(at_return) => self.leave(thread, &mut regs, at_return.unwrap_or(AtReturn::Nothing)),
            None => {
                let at_return = self.enter(thread, &mut regs)?;
                self.inside.insert(thread, Some(at_return));
                Ok(())
            }
        }
    }

    fn enter(&mut self, thread: pid_t, regs: &mut user_regs_struct) -> io::Result<AtReturn> {
        let args = [regs.rdi, regs.rsi, regs.rdx, regs.r10];
        let Some((call, about)) = Call::of(regs.orig_rax as i64) else { return Ok(AtReturn::Nothing) };
        if !self.is_ours(about, args) {
            return Ok(AtReturn::Nothing);
        }
        if call == Call::Sync
            && let Some(late) = self.late.take()
        {
            OpenOptions::new().write(true).open(late.file)?.write_all_at(&late.bytes, late.at)?;
        }
        let number = self.calls.entry(call).or_default();
        *number += 1;
        if self.steps.is_some() {
            return Ok(match self.done(regs, args) {
                Ok(done) => done.map_or(AtReturn::Nothing, AtReturn::Record),
                Err(error) => {
                    self.unrecorded.get_or_insert(error);
                    AtReturn::Nothing
                }
            });
        }
        let Some(fault) = self.fault.filter(|fault| fault.call == call && fault.number == *number) else {
            return Ok(AtReturn::Nothing);
        };
        self.injected = true;
        let [descriptor, buffer, len, position] = args;
        match fault.kind {
            Kind::Fail => {
                // An invalid call number does nothing.
                regs.orig_rax = u64::MAX;
                set_registers(thread, regs)?;
                Ok(AtReturn::Fail(call))
            }
            Kind::Change => {
                crate::change(&self.folder.join(self.about))?;
                Ok(AtReturn::Nothing)
            }
            Kind::Shorten => {
                regs.rdx = len.div_ceil(2);
                set_registers(thread, regs)?;
                Ok(AtReturn::Nothing)
            }
            Kind::Flip if call == Call::Read => Ok(AtReturn::FlipRead(buffer)),
            kind => {
                let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
                let memory = self.memory()?;
                memory.read_exact_at(&mut bytes, buffer)?;
                let mut changed = bytes.clone();
                if kind == Kind::Flip {
                    flip(&mut changed);
                } else {
                    changed.fill(0);
                }
                memory.write_all_at(&changed, buffer)?;
                if kind == Kind::Reorder {
                    let file = PathBuf::from(format!("/proc/{}/fd/{descriptor}", self.process));
                    let has_position = regs.orig_rax as i64 == libc::SYS_pwrite64;
                    let at = if has_position { position } else { self.position(descriptor)? };
                    self.late = Some(Late { file, at, bytes: bytes.clone() });
                }
                Ok(AtReturn::Restore(buffer, bytes))
            }
        }
    }

    fn leave(&mut self, thread: pid_t, regs: &mut user_regs_struct, at_return: AtReturn) -> io::Result<()> {
        match at_return {
            AtReturn::Nothing => Ok(()),
            AtReturn::Fail(call) => {
                regs.rax = i64::from(-call.error()) as u64;
                set_registers(thread, regs)
            }
            AtReturn::FlipRead(buffer) => {
                let read = usize::try_from(regs.rax as i64).unwrap_or(0);
                let mut bytes = vec![0; read];
                let memory = self.memory()?;
                memory.read_exact_at(&mut bytes, buffer)?;
                flip(&mut bytes);
                memory.write_all_at(&bytes, buffer)
            }
            AtReturn::Restore(buffer, bytes) => self.memory()?.write_all_at(&bytes, buffer),
            AtReturn::Record(done) => {
                let Ok(result) = usize::try_from(regs.rax as i64) else { return Ok(()) };
                let step = match done {
                    Done::Open(name, truncated) => {
                        let link = format!("/proc/{}/fd/{result}", self.process);
                        match std::fs::metadata(link) {
                            Ok(facts) if facts.is_file() => {
                                Step::Open { name, file: FileId(facts.ino()), truncated }
                            }
                            Ok(_) => return Ok(()),
                            Err(error) => {
                                self.unrecorded.get_or_insert(error);
                                return Ok(());
                            }
                        }
                    }
                    Done::Write(file, at, mut bytes) => {
                        bytes.truncate(result);
                        Step::Write { file, at, bytes }
                    }
                    Done::Whole(step) => step,
                };
                self.steps.get_or_insert_default().push(step);
                Ok(())
            }
        }
    }

    /// What a call is about to do to files of the folder; nothing for one that only looks.
    fn done(&self, regs: &user_regs_struct, args: [u64; 4]) -> io::Result<Option<Done>> {
        let [first, second, third, fourth] = args;
        let name =
            |address: u64| self.name(address).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData));
        let truncates = |flags: u64| flags & u64::from(libc::O_TRUNC.unsigned_abs()) != 0;
        let whole = |step: Step| Ok(Some(Done::Whole(step)));
        match regs.orig_rax as i64 {
            libc::SYS_open => Ok(Some(Done::Open(name(first)?, truncates(second)))),
            libc::SYS_creat => Ok(Some(Done::Open(name(first)?, true))),
            libc::SYS_openat => Ok(Some(Done::Open(name(second)?, truncates(third)))),
            number @ (libc::SYS_write | libc::SYS_pwrite64) => {
                let at = if number == libc::SYS_pwrite64 { fourth } else { self.position(first)? };
                let mut bytes = vec![0; usize::try_from(third).map_err(io::Error::other)?];
                self.memory()?.read_exact_at(&mut bytes, second)?;
                Ok(Some(Done::Write(self.file(first)?, at, bytes)))
            }
            libc::SYS_ftruncate => whole(Step::Truncate { file: self.file(first)?, len: second }),
            libc::SYS_fsync | libc::SYS_fdatasync => {
                let path = std::fs::read_link(format!("/proc/{}/fd/{first}", self.process))?;
                let folder = path.strip_prefix(self.folder).map_err(io::Error::other)?;
                whole(if self.folder.join(folder).is_dir() {
                    Step::SyncFolder { folder: folder.to_string_lossy().into_owned() }
                } else {
                    Step::Sync { file: self.file(first)? }
                })
            }
            libc::SYS_rename => {
                whole(Step::Rename { from: name(first)?, to: name(second)?, exchanged: false })
            }
            libc::SYS_renameat | libc::SYS_renameat2 => {
                let exchanged = regs.orig_rax as i64 == libc::SYS_renameat2
                    && regs.r8 & u64::from(libc::RENAME_EXCHANGE) != 0;
                whole(Step::Rename { from: name(second)?, to: name(fourth)?, exchanged })
            }
            libc::SYS_link => whole(Step::Link { file: self.file_of(first)?, to: name(second)? }),
            libc::SYS_linkat => whole(Step::Link { file: self.file_of(second)?, to: name(fourth)? }),
            libc::SYS_unlink => whole(Step::Unlink { name: name(first)? }),
            libc::SYS_unlinkat => whole(Step::Unlink { name: name(second)? }),
            _ => Ok(None),
        }
    }

    /// The file behind a descriptor.
    fn file(&self, descriptor: u64) -> io::Result<FileId> {
        let link = format!("/proc/{}/fd/{descriptor}", self.process);
        Ok(FileId(std::fs::metadata(link)?.ino()))
    }

    /// The file that a path in the program's memory leads to, which may be one of its descriptors.
    fn file_of(&self, address: u64) -> io::Result<FileId> {
        let path = self.text(address).ok_or(io::ErrorKind::InvalidData)?;
        match path.strip_prefix("/proc/self/fd/").and_then(|number| number.parse().ok()) {
            Some(descriptor) => self.file(descriptor),
            None => Ok(FileId(std::fs::metadata(self.folder.join(path))?.ino())),
        }
    }

    /// A path in the program's memory, from the folder on.
    fn name(&self, address: u64) -> Option<String> {
        let text = self.text(address)?;
        let path = Path::new(&text);
        let path = path.strip_prefix(self.folder).unwrap_or(path);
        let parts = path.components().filter(|part| *part != std::path::Component::CurDir);
        Some(parts.collect::<PathBuf>().to_string_lossy().into_owned())
    }

    /// Whether a call is for a file in the folder.
    fn is_ours(&self, about: About, args: [u64; 4]) -> bool {
        match about {
            About::Descriptor => self.is_ours_by_descriptor(args[0]),
            About::Paths(places) => places.iter().any(|&place| self.is_ours_by_path(args[place])),
            About::PathOrDescriptor => match self.text(args[1]).as_deref() {
                Some("") | None => self.is_ours_by_descriptor(args[0]),
                Some(_) => self.is_ours_by_path(args[1]),
            },
        }
    }

    fn is_ours_by_descriptor(&self, descriptor: u64) -> bool {
        let link = format!("/proc/{}/fd/{descriptor}", self.process);
        std::fs::read_link(link).is_ok_and(|path| path.starts_with(self.folder))
    }

    /// The program's working directory is the folder, so relative paths lead into it.
    fn is_ours_by_path(&self, address: u64) -> bool {
        self.text(address)
            .is_some_and(|path| !path.starts_with('/') || Path::new(&path).starts_with(self.folder))
    }

    /// A string in the program's memory.
    fn text(&self, address: u64) -> Option<String> {
        let memory = self.memory().ok()?;
        let mut bytes = vec![0; MAX_PATH];
        let read = memory.read_at(&mut bytes, address).ok()?;
        let len = bytes[..read].iter().position(|&byte| byte == 0)?;
        bytes.truncate(len);
        String::from_utf8(bytes).ok()
    }

    fn memory(&self) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(format!("/proc/{}/mem", self.process))
    }

    fn position(&self, descriptor: u64) -> io::Result<u64> {
        let info = std::fs::read_to_string(format!("/proc/{}/fdinfo/{descriptor}", self.process))?;
        let position = info.lines().find_map(|line| line.strip_prefix("pos:")?.trim().parse().ok());
        position.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

fn flip(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= crate::BIT;
    }
}

fn wait(process: pid_t) -> io::Result<(pid_t, c_int)> {
    let mut status = 0;
    // SAFETY: the status outlives the call. Programs of other threads are left to them (`__WNOTHREAD`).
    match unsafe { libc::waitpid(process, &raw mut status, libc::__WALL | libc::__WNOTHREAD) } {
        -1 => Err(io::Error::last_os_error()),
        thread => Ok((thread, status)),
    }
}

/// A request that does not use our memory.
fn request(request: u32, thread: pid_t, address: u64, data: u64) -> io::Result<()> {
    // SAFETY: with these requests the kernel takes both values as numbers.
    match unsafe { libc::ptrace(request, thread, address as *mut c_void, data as *mut c_void) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn registers(thread: pid_t) -> io::Result<user_regs_struct> {
    // SAFETY: registers are integers, for which zeros are valid; the kernel fills exactly this structure.
    unsafe {
        let mut regs: user_regs_struct = std::mem::zeroed();
        match libc::ptrace(libc::PTRACE_GETREGS, thread, 0, &raw mut regs) {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(regs),
        }
    }
}

fn set_registers(thread: pid_t, regs: &user_regs_struct) -> io::Result<()> {
    // SAFETY: the kernel reads exactly this structure.
    match unsafe { libc::ptrace(libc::PTRACE_SETREGS, thread, 0, std::ptr::from_ref(regs)) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
