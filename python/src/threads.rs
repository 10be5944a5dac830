//! The threads that chunks are coded with.
//!
//! A pool belongs to one process: threads do not survive a fork, and waiting for those of the parent would never end. So each
//! process makes its own, when it needs one first. With one thread, a chunk is coded by the thread that asks.

use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

/// How many threads were asked for; 0 where nobody asked.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// The pools by process and number of threads. They are never freed, and used again: those that a parent process made have no
/// threads to end here.
static POOLS: LazyLock<Mutex<HashMap<(u32, usize), &'static ThreadPool>>> = LazyLock::new(Mutex::default);

/// The variables that say how many threads to use, in order. Dask sets the second for its workers, each of which has several
/// threads of its own.
const VARIABLES: [&str; 2] = ["VQZ_NUM_THREADS", "OMP_NUM_THREADS"];

/// More threads for each processor than this only take memory.
const MOST: usize = 4;

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

fn from_environment() -> Option<usize> {
    VARIABLES.iter().find_map(|name| std::env::var(name).ok()?.parse().ok()).filter(|n| *n > 0)
}

/// How many threads code a chunk.
pub(crate) fn count() -> usize {
    let asked = match ASKED.load(Ordering::Relaxed) {
        0 => from_environment().unwrap_or_else(processors),
        asked => asked,
    };
    asked.min(MOST * processors())
}

/// Threads to work on. They are chosen while the interpreter's lock is held: a fork, which needs it too, then never copies the lock
/// of the pools in its locked state.
#[derive(Clone, Copy)]
pub(crate) struct Threads(Option<&'static ThreadPool>);

impl Threads {
    /// For one chunk: none but the one that asks, where one is enough.
    pub(crate) fn for_chunk(_: Python<'_>) -> Self {
        match count() {
            1 => Self(None),
            threads => Self(pool(threads)),
        }
    }

    /// For a call on a whole archive, which always starts threads.
    pub(crate) fn for_call(_: Python<'_>) -> Self {
        Self(pool(count()))
    }

    /// Whether tiles of a chunk may be spread over them.
    pub(crate) fn are_several(self) -> bool {
        self.0.is_some()
    }

    /// Runs `work`, and all threads that it starts, there. It is told whether it may start any.
    pub(crate) fn run<T: Send>(self, work: impl FnOnce(bool) -> T + Send) -> T {
        match self.0 {
            Some(pool) => pool.install(|| work(true)),
            None => work(false),
        }
    }
}

/// This process's pool of so many threads; none where the system gives no threads, and chunks are coded one by one.
fn pool(threads: usize) -> Option<&'static ThreadPool> {
    let key = (std::process::id(), threads);
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pool) = pools.get(&key) {
        return Some(pool);
    }
    let named = |number| format!("vqz-{number}");
    let made = ThreadPoolBuilder::new().num_threads(threads).thread_name(named).build().ok()?;
    let made: &'static ThreadPool = Box::leak(Box::new(made));
    pools.insert(key, made);
    Some(made)
}

/// Sets how many threads code a chunk, at most four for each processor, or takes the number from the environment again.
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
