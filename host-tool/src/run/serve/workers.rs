//! Threads that wait for disks and decode, so that packets can be sent meanwhile.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use mio::Waker;
use udpfs::message::{Reply, Request};
use udpfs::{RequestId, Service};

use super::events::{Event, Events};
use super::folder::SharedFolder;

/// Maximum number of threads: a console waits for one request at a time, and more requests do not make
/// disks faster.
const MAX_THREADS: usize = 4;
/// Maximum number of queued requests per console. Only pieces of a write are sent without waiting for a
/// reply.
pub(super) const MAX_WAITING: usize = 64;

/// A console's open files and pending requests. They outlive the console's connections.
pub(super) struct Console {
    pub(super) address: Ipv4Addr,
    service: Mutex<Service<SharedFolder>>,
    queue: Mutex<Queue>,
    /// The last opened file, for display.
    playing: Mutex<String>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Whether a thread is working on them.
    is_taken: bool,
}

struct Job {
    from: SocketAddr,
    id: RequestId,
    payload: Vec<u8>,
}

/// A reply that is ready to be sent.
pub(super) struct Done {
    pub(super) to: SocketAddr,
    pub(super) id: RequestId,
    pub(super) reply: Reply,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Console {
    pub(super) fn new(address: Ipv4Addr) -> Self {
        Self { address, service: Mutex::default(), queue: Mutex::default(), playing: Mutex::default() }
    }

    /// Returns whether the queue is full.
    pub(super) fn is_full(&self) -> bool {
        lock(&self.queue).jobs.len() >= MAX_WAITING
    }

    /// Returns what the console opened last.
    pub(super) fn playing(&self) -> String {
        lock(&self.playing).clone()
    }
}

/// The threads.
pub(super) struct Workers {
    consoles: Sender<Arc<Console>>,
    done: Receiver<Done>,
}

/// State shared by all threads.
struct Shared {
    consoles: Mutex<Receiver<Arc<Console>>>,
    folder: SharedFolder,
    events: Events,
    waker: Waker,
}

impl Workers {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// When the system does not allow it.
    pub(super) fn start(folder: SharedFolder, events: Events, waker: Waker) -> std::io::Result<Self> {
        let (consoles, waiting) = channel();
        let (sender, done) = channel();
        let shared = Arc::new(Shared { consoles: Mutex::new(waiting), folder, events, waker });
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        for _ in 0..threads {
            let (shared, sender) = (Arc::clone(&shared), sender.clone());
            thread::Builder::new().name("serve".into()).spawn(move || {
                loop {
                    let console = lock(&shared.consoles).recv();
                    let Ok(console) = console else { return };
                    shared.work(&console, &sender);
                }
            })?;
        }
        Ok(Self { consoles, done })
    }

    /// Queues a request. Requests of one console are executed in order.
    pub(super) fn ask(&self, console: &Arc<Console>, from: SocketAddr, id: RequestId, payload: &[u8]) {
        let mut queue = lock(&console.queue);
        queue.jobs.push_back(Job { from, id, payload: payload.to_vec() });
        if !std::mem::replace(&mut queue.is_taken, true) {
            // The threads end only after this.
            let _ = self.consoles.send(Arc::clone(console));
        }
    }

    /// Returns replies that are ready.
    pub(super) fn done(&self) -> impl Iterator<Item = Done> {
        self.done.try_iter()
    }
}

impl Shared {
    /// Executes a console's requests until none are left.
    fn work(&self, console: &Console, done: &Sender<Done>) {
        let mut service = lock(&console.service);
        loop {
            let job = {
                let mut queue = lock(&console.queue);
                let job = queue.jobs.pop_front();
                queue.is_taken = job.is_some();
                job
            };
            let Some(Job { from, id, payload }) = job else { return };
            let reply = service.execute(&self.folder, &payload);
            let number = reply.as_ref().and_then(|reply| reply.bytes.get(4..8));
            let number = number.and_then(|bytes| bytes.try_into().ok()).map_or(-1, i32::from_le_bytes);
            if let Some(reply) = reply {
                // The receiver is only gone when the program ends.
                let _ = done.send(Done { to: from, id, reply });
                let _ = self.waker.wake();
            }
            self.tell(console, &payload, number);
            service.read_ahead(&self.folder);
        }
    }

    /// Reports which file a console opened; `handle` is negative if that failed.
    fn tell(&self, console: &Console, payload: &[u8], handle: i32) {
        let Ok(Request::Open { is_folder: false, path, .. }) = Request::parse(payload) else { return };
        let (console, playing) = (console.address, &console.playing);
        let file = path.to_string();
        if handle < 0 {
            let message = format!("cannot open {file}: error {handle}");
            self.events.send(Event::Refused { console, message });
            return;
        }
        let title = self.folder.title(&path);
        *lock(playing) = title.clone().unwrap_or_else(|| file.clone());
        self.events.send(Event::Opened { console, file, title });
    }
}
