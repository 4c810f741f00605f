//! The pipeline alone: order, bounds, and every way to end early. On a deadlock, each test would hang rather
//! than fail; the watchdog turns that into a failure.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use image_writer::Monitor;
use image_writer::pipeline::{self, Limits, Stopped};

const THREADS: [usize; 6] = [1, 2, 3, 4, 8, 16];
const JOBS: u32 = 200;

fn limits(threads: usize, window: usize) -> Limits {
    Limits { threads: NonZeroUsize::new(threads).unwrap(), window: NonZeroUsize::new(window).unwrap() }
}

/// Fails when `test` takes longer than anything here should.
fn watched(test: impl FnOnce() + Send + 'static) {
    let (done, finished) = mpsc::channel();
    let thread = thread::spawn(move || {
        test();
        done.send(()).ok();
    });
    let outcome = finished.recv_timeout(Duration::from_secs(60));
    assert_ne!(outcome, Err(mpsc::RecvTimeoutError::Timeout), "the pipeline hangs");
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// Runs jobs 0..JOBS; each of the closures can fail or be slow.
fn run(
    limits: Limits,
    monitor: &Monitor,
    mut make: impl FnMut(u32) -> Result<(), &'static str> + Send,
    work: impl Fn(u32) -> Result<(), &'static str> + Sync,
    mut take: impl FnMut(u32) -> Result<(), &'static str>,
) -> Result<Vec<u32>, (Stopped<&'static str>, Vec<u32>)> {
    let mut next = 0;
    let mut taken = Vec::new();
    let outcome = pipeline::run(
        limits,
        monitor,
        || {
            if next == JOBS {
                return Ok(None);
            }
            make(next)?;
            next += 1;
            Ok(Some(next - 1))
        },
        |jobs| Ok(jobs.work(|job| work(job).map(|()| job))),
        |job| {
            take(job)?;
            taken.push(job);
            Ok(())
        },
    );
    match outcome {
        Ok(()) => Ok(taken),
        Err(stopped) => Err((stopped, taken)),
    }
}

fn fine(_: u32) -> Result<(), &'static str> {
    Ok(())
}

fn fails_at(at: u32, with: &'static str) -> impl Fn(u32) -> Result<(), &'static str> + Copy {
    move |job| if job == at { Err(with) } else { Ok(()) }
}

fn nap(micros: u64) {
    thread::sleep(Duration::from_micros(micros));
}

#[test]
fn results_come_in_order() {
    watched(|| {
        for threads in THREADS {
            for window in [1, 2, 5, 2 * threads + 2, 500] {
                // Some jobs take longer than those after them.
                let work = |job| {
                    nap(u64::from(job * 7919 % 5) * 20);
                    Ok(())
                };
                let taken = run(limits(threads, window), &Monitor::new(), fine, work, fine);
                assert_eq!(taken.unwrap(), (0..JOBS).collect::<Vec<_>>(), "{threads} {window}");
            }
        }
    });
}

#[test]
fn no_jobs_are_fine() {
    watched(|| {
        for threads in THREADS {
            let done = pipeline::run(
                limits(threads, 4),
                &Monitor::new(),
                || Ok::<_, ()>(None::<u32>),
                |jobs| Ok(jobs.work(Ok)),
                |_| panic!("there is no result"),
            );
            assert_eq!(done, Ok(()));
        }
    });
}

/// Counts how many exist now, and the maximum that ever existed.
#[derive(Default)]
struct Census {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Census {
    fn born(&self) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
    }

    fn gone(&self) {
        self.now.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn a_slow_first_job_holds_up_the_producer_at_the_window() {
    watched(|| {
        for (threads, window) in [(1, 1), (4, 6), (4, 2), (16, 34)] {
            let census = Census::default();
            let made = |_| {
                census.born();
                Ok(())
            };
            let work = |job| {
                if job == 0 {
                    nap(100_000);
                }
                Ok(())
            };
            let taken = |_| {
                census.gone();
                Ok(())
            };
            run(limits(threads, window), &Monitor::new(), made, work, taken).unwrap();
            // Filled up after the slow job, and no further.
            assert_eq!(census.most.load(Ordering::SeqCst), window, "{threads} threads");
        }
    });
}

#[test]
fn a_slow_sink_holds_up_the_producer_too() {
    watched(|| {
        let census = Census::default();
        let made = |_| {
            census.born();
            Ok(())
        };
        let taken = |_| {
            nap(200);
            census.gone();
            Ok(())
        };
        run(limits(4, 5), &Monitor::new(), made, fine, taken).unwrap();
        assert_eq!(census.most.load(Ordering::SeqCst), 5);
    });
}

#[test]
fn each_thread_gets_a_state_of_its_own() {
    watched(|| {
        let states = AtomicUsize::new(0);
        let mut jobs_made = 0..JOBS;
        let mut seen = Vec::new();
        let done: Result<(), Stopped<()>> = pipeline::run(
            limits(8, 18),
            &Monitor::new(),
            || Ok(jobs_made.next()),
            |jobs| {
                let state = states.fetch_add(1, Ordering::SeqCst);
                let mut worked = 0;
                Ok(jobs.work(|_| {
                    worked += 1;
                    Ok((state, worked))
                }))
            },
            |result| {
                seen.push(result);
                Ok(())
            },
        );
        assert_eq!(done, Ok(()));
        assert_eq!(states.load(Ordering::SeqCst), 8);
        // Every state counted its own jobs from 1 without a gap.
        for state in 0..8 {
            let mut counts: Vec<_> =
                seen.iter().filter(|(of, _)| *of == state).map(|&(_, count)| count).collect();
            counts.sort_unstable();
            assert!(counts.into_iter().eq(1..=seen.iter().filter(|(of, _)| *of == state).count()));
        }
    });
}

#[test]
fn an_error_of_any_stage_comes_out_behind_the_jobs_before_it() {
    watched(|| {
        for threads in THREADS {
            for at in [0, 1, 7, JOBS - 1] {
                for window in [1, 2 * threads + 2] {
                    let limits = limits(threads, window);
                    let monitor = Monitor::new();
                    let before: Vec<_> = (0..at).collect();
                    let made = run(limits, &monitor, fails_at(at, "make"), fine, fine);
                    assert_eq!(made, Err((Stopped::Failed("make"), before.clone())));
                    let worked = run(limits, &monitor, fine, fails_at(at, "work"), fine);
                    assert_eq!(worked, Err((Stopped::Failed("work"), before.clone())));
                    let taken = run(limits, &monitor, fine, fine, fails_at(at, "take"));
                    assert_eq!(taken, Err((Stopped::Failed("take"), before)));
                }
            }
        }
    });
}

#[test]
fn of_several_errors_the_earliest_job_s_comes_out() {
    watched(|| {
        for threads in THREADS {
            for _ in 0..20 {
                // Job 20 fails late, those after it immediately.
                let work = |job| match job {
                    20 => {
                        nap(2000);
                        Err("earliest")
                    }
                    21.. => Err("later"),
                    _ => Ok(()),
                };
                let (stopped, taken) =
                    run(limits(threads, 40), &Monitor::new(), fails_at(30, "make"), work, fine).unwrap_err();
                assert_eq!(stopped, Stopped::Failed("earliest"));
                assert_eq!(taken.len(), 20);
            }
        }
    });
}

#[test]
fn no_job_behind_a_failed_one_is_begun_after_it() {
    watched(|| {
        let worked = AtomicUsize::new(0);
        let work = |job| {
            worked.fetch_add(1, Ordering::SeqCst);
            if job == 3 { Err("work") } else { Ok(()) }
        };
        let made = AtomicUsize::new(0);
        let make = |_| {
            made.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        run(limits(1, 1000), &Monitor::new(), make, work, fine).unwrap_err();
        assert_eq!(worked.load(Ordering::SeqCst), 4);
        assert!(made.load(Ordering::SeqCst) <= JOBS as usize);
    });
}

#[test]
fn a_worker_that_cannot_begin_fails_a_job() {
    watched(|| {
        for threads in THREADS {
            let mut jobs_made = 0..JOBS;
            let done = pipeline::run(
                limits(threads, 4),
                &Monitor::new(),
                || Ok(jobs_made.next()),
                |_| Err("no state"),
                |_: u32| Ok(()),
            );
            assert_eq!(done, Err(Stopped::Failed("no state")));
        }
    });
}

#[test]
fn cancelling_stops_all_stages() {
    watched(|| {
        for threads in THREADS {
            for at in [0, 5, JOBS - 1] {
                let limits = limits(threads, 2 * threads + 2);
                let check = |outcome: Result<_, (_, Vec<u32>)>| {
                    let (stopped, taken) = outcome.unwrap_err();
                    assert_eq!(stopped, Stopped::Cancelled);
                    assert!(taken.len() <= at as usize + 1);
                };
                let monitor = Monitor::new();
                let cancel = |job| {
                    if job == at {
                        monitor.cancel();
                    }
                    Ok(())
                };
                check(run(limits, &monitor, cancel, fine, fine));
                let monitor = Monitor::new();
                let cancel = |job| {
                    if job == at {
                        monitor.cancel();
                    }
                    Ok(())
                };
                check(run(limits, &monitor, fine, cancel, fine));
            }
            let monitor = Monitor::new();
            monitor.cancel();
            let never = |_| -> Result<(), &'static str> { panic!("nothing is begun") };
            let outcome = run(limits(threads, 4), &monitor, never, never, never);
            assert_eq!(outcome, Err((Stopped::Cancelled, Vec::new())));
        }
    });
}

#[test]
fn cancelling_from_the_sink_ends_behind_its_job() {
    watched(|| {
        for threads in THREADS {
            let monitor = Monitor::new();
            let take = |job| {
                if job == 5 {
                    monitor.cancel();
                }
                Ok(())
            };
            let outcome = run(limits(threads, 10), &monitor, fine, fine, take);
            assert_eq!(outcome, Err((Stopped::Cancelled, (0..=5).collect())));
        }
    });
}

#[test]
fn cancelling_from_outside_is_prompt() {
    watched(|| {
        let monitor = Monitor::new();
        let slow = |_| {
            nap(5_000);
            Ok(())
        };
        thread::scope(|scope| {
            scope.spawn(|| {
                nap(20_000);
                monitor.cancel();
            });
            let start = Instant::now();
            let (stopped, _) = run(limits(1, 50), &monitor, fine, slow, fine).unwrap_err();
            assert_eq!(stopped, Stopped::Cancelled);
            // All jobs would take a second.
            assert!(start.elapsed() < Duration::from_millis(800));
        });
    });
}

#[test]
fn panics_come_out_as_they_are() {
    watched(|| {
        let panics_at = |at| {
            move |job| -> Result<(), &'static str> {
                // Unlike panic! this prints nothing.
                if job == at { std::panic::resume_unwind(Box::new(format!("job {job}"))) } else { Ok(()) }
            }
        };
        for threads in THREADS {
            for at in [0, 9, JOBS - 1] {
                let limits = limits(threads, 2 * threads + 2);
                let monitor = Monitor::new();
                let outcomes = [
                    catch_unwind(AssertUnwindSafe(|| run(limits, &monitor, panics_at(at), fine, fine))),
                    catch_unwind(AssertUnwindSafe(|| run(limits, &monitor, fine, panics_at(at), fine))),
                    catch_unwind(AssertUnwindSafe(|| run(limits, &monitor, fine, fine, panics_at(at)))),
                ];
                for outcome in outcomes {
                    let panic = outcome.unwrap_err();
                    assert_eq!(panic.downcast_ref::<String>(), Some(&format!("job {at}")));
                }
            }
        }
    });
}
