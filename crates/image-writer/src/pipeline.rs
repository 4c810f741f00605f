//! The ordered parallel pipeline: jobs come in order, are worked on by several threads, and their
//! results come out in the same order, with a bounded number in flight.
//!
//! One thread makes the jobs, [`Limits::threads`] threads work on them, and the calling thread takes the
//! results. At most [`Limits::window`] jobs exist at any time, counted from before a job is made until the
//! sink is done with its result: a slow job makes the others wait, never pile up.
//!
//! There is no queue in which results are put into order. Each job travels with the sending end of a
//! channel for its one result; the receiving ends wait in job order, and the sink waits for the first.
//!
//! # Errors, cancellation, panics
//!
//! An error of the producer, a worker or the sink stops everything: no further jobs are made, and jobs
//! behind the failed one are thrown away. Jobs before it are finished and delivered first, so that the
//! error which comes out is that of the earliest job that fails, however many threads there are.
//! [`Monitor::cancel`] throws away all jobs that have not begun. A panic in any of the closures comes out of
//! [`run`] as that panic, after all threads have ended.
//!
//! ```
//! use std::num::NonZeroUsize;
//!
//! use image_writer::Monitor;
//! use image_writer::pipeline::{self, Limits, Stopped};
//!
//! let limits = Limits { threads: NonZeroUsize::new(4).unwrap(), window: NonZeroUsize::new(8).unwrap() };
//! let mut numbers = 1..=100u64;
//! let mut squares = Vec::new();
//! let outcome: Result<(), Stopped<std::io::Error>> = pipeline::run(
//!     limits,
//!     &Monitor::new(),
//!     || Ok(numbers.next()),
//!     |jobs| {
//!         // Runs once in each thread: files that are opened and buffers that are made here are its own.
//!         let mut scratch = Vec::new();
//!         Ok(jobs.work(|number| {
//!             scratch.clear();
//!             scratch.extend_from_slice(&number.to_le_bytes());
//!             Ok(number * number)
//!         }))
//!     },
//!     |square| {
//!         squares.push(square);
//!         Ok(())
//!     },
//! );
//! outcome?;
//! assert!(squares.is_sorted());
//! assert_eq!(squares.len(), 100);
//! # Ok::<(), Stopped<std::io::Error>>(())
//! ```

use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::monitor::Monitor;

/// How much is done at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Threads that work on jobs, besides the one that makes them and the caller's.
    pub threads: NonZeroUsize,
    /// The most jobs that exist at any time. With fewer than one per thread some threads only wait; two
    /// per thread keep all of them busy.
    pub window: NonZeroUsize,
}

/// Why a pipeline ended before its last job. `E` is the error of the producer, the workers and the sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped<E> {
    /// [`Monitor::cancel`] was called.
    Cancelled,
    /// The system could not start a thread.
    NoThread(io::ErrorKind),
    /// The earliest job that failed: it could not be made, worked on or delivered.
    Failed(E),
}

impl<E: fmt::Display> fmt::Display for Stopped<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("cancelled"),
            Self::NoThread(kind) => write!(f, "cannot start a thread: {kind}"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for Stopped<E> {}

/// The jobs that one worker thread gets.
pub struct Jobs<'a, J, R, E> {
    tasks: &'a Receiver<Task<J, R, E>>,
    signals: &'a Signals<'a>,
}

/// Says that a worker has worked until there were no more jobs; only [`Jobs::work`] makes one.
#[derive(Debug)]
pub struct Drained(());

/// A job on its way to a worker, with the place where its result is waited for.
struct Task<J, R, E> {
    number: u64,
    job: J,
    result: Sender<Result<R, E>>,
}

/// What tells threads to stop.
struct Signals<'a> {
    monitor: &'a Monitor,
    /// Number of the earliest job that has failed so far; jobs behind it are not wanted any more.
    first_failed: AtomicU64,
}

/// Number of no job.
const NONE: u64 = u64::MAX;

impl Signals<'_> {
    fn failed(&self, number: u64) {
        self.first_failed.fetch_min(number, Ordering::Relaxed);
    }

    fn unwanted(&self, number: u64) -> bool {
        self.monitor.is_cancelled() || number > self.first_failed.load(Ordering::Relaxed)
    }
}

/// Throws all jobs away when the sink's loop ends, also when it ends in a panic.
struct StopAtEnd<'a>(&'a Signals<'a>);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.failed(0);
    }
}

impl<J, R, E> Jobs<'_, J, R, E> {
    /// Works on jobs until there are no more.
    ///
    /// After an error of `work` it is called for no job behind the failed one.
    pub fn work(self, mut work: impl FnMut(J) -> Result<R, E>) -> Drained {
        for Task { number, job, result } in self.tasks {
            if self.signals.unwanted(number) {
                continue;
            }
            let outcome = work(job);
            if outcome.is_err() {
                self.signals.failed(number);
            }
            // Nobody waits for the result any more when the sink has failed.
            let _ = result.send(outcome);
        }
        Drained(())
    }
}

/// Runs jobs through worker threads and delivers their results in order.
///
/// `produce` is called in a thread of its own and makes the jobs in order; `None` ends them. `worker` is
/// called once in each worker thread: it makes what the thread needs for itself and hands a closure to
/// [`Jobs::work`]. An error instead becomes the failure of the next job. `sink` is called in the calling
/// thread, once for each result, in job order.
///
/// # Errors
///
/// [`Stopped`], when not every result was delivered.
///
/// # Panics
///
/// With the panic of a closure.
pub fn run<J, R, E>(
    limits: Limits,
    monitor: &Monitor,
    produce: impl FnMut() -> Result<Option<J>, E> + Send,
    worker: impl Fn(Jobs<'_, J, R, E>) -> Result<Drained, E> + Sync,
    sink: impl FnMut(R) -> Result<(), E>,
) -> Result<(), Stopped<E>>
where
    J: Send,
    R: Send,
    E: Send,
{
    let window = limits.window.get();
    let signals = &Signals { monitor, first_failed: AtomicU64::new(NONE) };
    // A ticket is a place in the window. None of the other two channels can be full while the window
    // is not, so the tickets are the only thing that the producer ever waits for.
    let (take_ticket, tickets) = bounded(window);
    let (send_task, tasks) = bounded(window);
    let (send_result, results) = bounded(window);
    let worker = &worker;

    thread::scope(|scope| {
        let mut workers = Vec::with_capacity(limits.threads.get());
        for _ in 0..limits.threads.get() {
            let tasks = tasks.clone();
            // Returning drops the sending ends, which ends the workers that have started.
            let worker = start(scope, move || work(worker, &tasks, signals))?;
            workers.push(worker);
        }
        // Only the workers hold receiving ends now: when the last of them is gone, so are the tasks.
        drop(tasks);
        let output = Producer { take_ticket, send_task, send_result };
        let producer = start(scope, move || output.run(produce, signals))?;

        // The receiving ends belong to this call, so that they are dropped, and the producer does not
        // wait for them any more, whether it returns or panics.
        let delivered = deliver(results, tickets, signals, sink);

        for worker in workers {
            worker.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
        let produced_all = producer.join().unwrap_or_else(|panic| resume_unwind(panic));
        delivered?;
        if produced_all { Ok(()) } else { Err(Stopped::Cancelled) }
    })
}

/// Starts a thread, or says that there is none.
fn start<'scope, T: Send + 'scope, E>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, Stopped<E>> {
    thread::Builder::new().spawn_scoped(scope, work).map_err(|error| Stopped::NoThread(error.kind()))
}

/// The sending ends of the three channels.
struct Producer<J, R, E> {
    take_ticket: Sender<()>,
    send_task: Sender<Task<J, R, E>>,
    send_result: Sender<Receiver<Result<R, E>>>,
}

impl<J, R, E> Producer<J, R, E> {
    /// Makes jobs until there are no more, or nobody wants them. Returns whether all were made and handed on.
    fn run(self, mut produce: impl FnMut() -> Result<Option<J>, E>, signals: &Signals<'_>) -> bool {
        for number in 0.. {
            if self.take_ticket.send(()).is_err() || signals.unwanted(number) {
                return false;
            }
            let (result, wait) = bounded(1);
            let sent = match produce() {
                Ok(None) => return true,
                Ok(Some(job)) => {
                    self.send_result.send(wait).is_ok()
                        && self.send_task.send(Task { number, job, result }).is_ok()
                }
                Err(error) => {
                    // Takes its turn behind the jobs that were made before it.
                    let _ = result.send(Err(error));
                    let _ = self.send_result.send(wait);
                    false
                }
            };
            if !sent {
                return false;
            }
        }
        false
    }
}

/// What runs in a worker thread.
fn work<J, R, E>(
    worker: impl Fn(Jobs<'_, J, R, E>) -> Result<Drained, E>,
    tasks: &Receiver<Task<J, R, E>>,
    signals: &Signals<'_>,
) {
    let Err(error) = worker(Jobs { tasks, signals }) else { return };
    // The worker could not begin. Without a job that it could fail, the others have done them all.
    if let Ok(task) = tasks.recv() {
        signals.failed(task.number);
        let _ = task.result.send(Err(error));
    }
}

/// Takes the results in order.
fn deliver<R, E>(
    results: Receiver<Receiver<Result<R, E>>>,
    tickets: Receiver<()>,
    signals: &Signals<'_>,
    mut sink: impl FnMut(R) -> Result<(), E>,
) -> Result<(), Stopped<E>> {
    let _stop = StopAtEnd(signals);
    for result in results {
        // A job that was thrown away leaves its channel without a result. That is so after a
        // cancellation, and after a panic, which `run` sees before it looks at what is returned here.
        let result = result.recv().map_err(|_| Stopped::Cancelled)?;
        let result = result.map_err(Stopped::Failed)?;
        if signals.monitor.is_cancelled() {
            return Err(Stopped::Cancelled);
        }
        sink(result).map_err(Stopped::Failed)?;
        let _ = tickets.recv();
    }
    Ok(())
}
