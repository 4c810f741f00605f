//! The ordered parallel pipeline: jobs arrive in order, several threads work on them, and their results come
//! out in the same order, with a bounded number in flight.
//!
//! One thread produces the jobs, [`Limits::threads`] threads work on them, and the calling thread takes the
//! results. At most [`Limits::window`] jobs exist at any time, counted from before a job is produced until
//! the sink has finished with its result: a slow job makes the others wait instead of piling up.
//!
//! Results are not reordered in a queue. Each job carries the sending end of a channel for its one result;
//! the receiving ends are queued in job order, and the sink waits for the first.
//!
//! # Errors, cancellation, panics
//!
//! An error in the producer, a worker or the sink stops everything: no more jobs are produced, and jobs after
//! the failed one are discarded. Jobs before it are finished and delivered first, so the reported error is
//! that of the earliest failing job, however many threads there are. [`Monitor::cancel`] discards all jobs
//! that have not started. If any of the closures panics, [`run`] panics with the same payload, after all
//! threads have ended.
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
//!         // Runs once in each thread, so files opened and buffers allocated here belong to that thread.
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

/// How much work is in progress at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Threads that work on jobs, in addition to the one that produces them and the caller's.
    pub threads: NonZeroUsize,
    /// The maximum number of jobs at any time. With fewer than one per thread, some threads only wait; two
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
    /// The earliest job that failed: it could not be produced, processed or delivered.
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

/// The jobs of one worker thread.
pub struct Jobs<'a, J, R, E> {
    tasks: &'a Receiver<Task<J, R, E>>,
    signals: &'a Signals<'a>,
}

/// Proof that a worker has processed all jobs; only [`Jobs::work`] creates one.
#[derive(Debug)]
pub struct Drained(());

/// A job on its way to a worker, with the channel for its result.
struct Task<J, R, E> {
    number: u64,
    job: J,
    result: Sender<Result<R, E>>,
}

/// What tells threads to stop.
struct Signals<'a> {
    monitor: &'a Monitor,
    /// Number of the earliest job that has failed so far; jobs after it are not wanted any more.
    first_failed: AtomicU64,
}

/// A number that is not used by any job.
const NONE: u64 = u64::MAX;

impl Signals<'_> {
    fn failed(&self, number: u64) {
        self.first_failed.fetch_min(number, Ordering::Relaxed);
    }

    fn unwanted(&self, number: u64) -> bool {
        self.monitor.is_cancelled() || number > self.first_failed.load(Ordering::Relaxed)
    }
}

/// Discards all jobs when the sink's loop ends, even if it ends with a panic.
struct StopAtEnd<'a>(&'a Signals<'a>);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.failed(0);
    }
}

impl<J, R, E> Jobs<'_, J, R, E> {
    /// Works on jobs until there are no more.
    ///
    /// After an error, `work` is not called for any job after the failed one.
    pub fn work(self, mut work: impl FnMut(J) -> Result<R, E>) -> Drained {
        for Task { number, job, result } in self.tasks {
            if self.signals.unwanted(number) {
                continue;
            }
            let outcome = work(job);
            if outcome.is_err() {
                self.signals.failed(number);
            }
            // Once the sink has failed, nothing waits for the result any more.
            let _ = result.send(outcome);
        }
        Drained(())
    }
}

/// Runs jobs through worker threads and delivers their results in order.
///
/// `produce` is called in a separate thread and produces the jobs in order; `None` ends them. `worker` is
/// called once in each worker thread: it sets up what the thread needs and passes a closure to
/// [`Jobs::work`]. If it returns an error instead, the next job fails with it. `sink` is called in the
/// calling thread, once for each result, in job order.
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
    // A ticket is a place in the window. The other two channels can only be full when the window is, so
    // tickets are the only thing that the producer ever waits for.
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
        // Now only the workers hold receiving ends: when the last of them is gone, so are the tasks.
        drop(tasks);
        let output = Producer { take_ticket, send_task, send_result };
        let producer = start(scope, move || output.run(produce, signals))?;

        // This call owns the receiving ends, so they are dropped and the producer stops waiting for them,
        // whether it returns or panics.
        let delivered = deliver(results, tickets, signals, sink);

        for worker in workers {
            worker.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
        let produced_all = producer.join().unwrap_or_else(|panic| resume_unwind(panic));
        delivered?;
        if produced_all { Ok(()) } else { Err(Stopped::Cancelled) }
    })
}

/// Starts a thread, or reports that it could not.
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
    /// Produces jobs until there are no more or they are no longer wanted. Returns whether all were produced
    /// and handed on.
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
                    // Takes its turn after the jobs that were produced before it.
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
    // The worker could not start. If none of the jobs is left to fail with it, the others have done them all.
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
        // A discarded job leaves its channel without a result. That happens after a cancellation, and after a
        // panic, which `run` notices before it looks at the value returned here.
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
