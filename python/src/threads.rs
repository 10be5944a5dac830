//! The threads that chunks are coded with.
//!
//! A pool belongs to one process: threads do not survive a fork, and waiting for those of the parent would never end. So each
//! process makes its own, when it needs one first. With one thread there is no pool, and a chunk is coded by the thread that asks.

use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// How many threads were asked for; 0 where nobody asked.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// The present pool. Pools are never freed: one that a parent process made has no threads to end here.
static POOL: AtomicPtr<Pool> = AtomicPtr::new(std::ptr::null_mut());

struct Pool {
    process: u32,
    threads: usize,
    pool: ThreadPool,
}

/// The variables that say how many threads to use, in order. Dask sets the second for its workers, each of which has several
/// threads of its own.
const VARIABLES: [&str; 2] = ["VQZ_NUM_THREADS", "OMP_NUM_THREADS"];

fn from_environment() -> Option<usize> {
    VARIABLES.iter().find_map(|name| std::env::var(name).ok()?.parse().ok()).filter(|n| *n > 0)
}

/// How many threads code a chunk.
pub(crate) fn count() -> usize {
    match ASKED.load(Ordering::Relaxed) {
        0 => from_environment()
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get)),
        asked => asked,
    }
}

/// Runs `work` on this process's pool, where all threads that it starts run too. It is told whether it may start any.
pub(crate) fn run<T: Send>(work: impl FnOnce(bool) -> T + Send) -> T {
    match pool(count()) {
        Some(pool) => pool.install(|| work(true)),
        None => work(false),
    }
}

#[allow(unsafe_code, reason = "the pool is replaced, and never freed")]
fn pool(threads: usize) -> Option<&'static ThreadPool> {
    if threads <= 1 {
        return None;
    }
    let process = std::process::id();
    // SAFETY: The pointer is null, or that of a box that was leaked.
    if let Some(now) = unsafe { POOL.load(Ordering::Acquire).as_ref() }
        && now.process == process
        && now.threads == threads
    {
        return Some(&now.pool);
    }
    let named = |number| format!("vqz-{number}");
    // Without threads, chunks are coded one by one.
    let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(named).build().ok()?;
    let made: &'static mut Pool = Box::leak(Box::new(Pool { process, threads, pool }));
    let made = std::ptr::from_mut(made);
    POOL.store(made, Ordering::Release);
    // SAFETY: It was leaked just now.
    unsafe { made.as_ref() }.map(|made| &made.pool)
}

/// Sets how many threads code a chunk, or takes the number from the environment again.
#[pyfunction]
#[pyo3(signature = (threads=None))]
pub(crate) fn set_threads(threads: Option<usize>) {
    ASKED.store(threads.unwrap_or(0), Ordering::Relaxed);
}

/// How many threads code a chunk.
#[pyfunction]
pub(crate) fn get_threads() -> usize {
    count()
}
