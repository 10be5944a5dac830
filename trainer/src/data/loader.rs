//! Background readers: threads that read chunks, cut and vary crops, and queue them up, so that the training loop finds
//! its next batch in memory.
//!
//! Batches come out in the order of the sampler's sequence, whatever the number of threads. At most `queue` batches
//! are waiting; when the queue is full, the threads wait.

use crate::data::batch::{Batch, SamplerState};
use crate::data::block::Block;
use crate::data::error::{DataError, Result};
use crate::data::piece::Piece;
use crate::data::sampler::{Mode, Sampler};
use crate::data::schedule::{Bounds, Job, Outcome, Schedule};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// How to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoaderOptions {
    /// Threads, 1 to 256.
    pub readers: usize,
    /// Batches that may wait, at least 1.
    pub queue: usize,
    /// Training data of at most this many samples are kept decoded, at 4 bytes each and 1 for a mask, so that later epochs
    /// read nothing.
    pub keep: u64,
    /// After how many epochs to end, counted from the start of the sequence; never by default.
    pub epochs: Option<u64>,
}

impl Default for LoaderOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self { readers: cores.clamp(1, 4), queue: 8, keep: 1 << 27, epochs: None }
    }
}

#[derive(Debug)]
struct Shared {
    sampler: Sampler,
    /// The decoded pieces that are kept, where there is room for all.
    kept: Option<Mutex<HashMap<Block, Arc<Piece>>>>,
    state: Mutex<State>,
    /// Signals that there may be work.
    work: Condvar,
    /// Signals that there may be an outcome.
    ready: Condvar,
}

#[derive(Debug)]
struct State {
    schedule: Schedule,
    stop: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The schedule is consistent between calls, and a panic of a reader is caught outside the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn piece(&self, block: &Block) -> Result<Arc<Piece>> {
        let source = self.sampler.source();
        let Some(kept) = &self.kept else {
            return source.read(block).map(Arc::new);
        };
        let known = kept.lock().unwrap_or_else(PoisonError::into_inner).get(block).cloned();
        if let Some(piece) = known {
            return Ok(piece);
        }
        let piece = Arc::new(source.read(block)?);
        kept.lock().unwrap_or_else(PoisonError::into_inner).insert(block.clone(), Arc::clone(&piece));
        Ok(piece)
    }
}

/// Batches, one after the other; an iterator that ends after the last epoch, or after the first error.
///
/// Dropping it stops the readers, after the chunks that they are reading.
#[derive(Debug)]
pub struct Loader {
    shared: Arc<Shared>,
    readers: Vec<JoinHandle<()>>,
    index: u64,
    /// Batches of this epoch so far; `None` where it was resumed within.
    in_epoch: Option<u64>,
    over: bool,
}

impl Loader {
    /// Starts at the first batch.
    ///
    /// # Errors
    /// [`DataError::Invalid`] for options out of range, [`DataError::Reader`] when no thread can be started.
    pub fn start(sampler: Sampler, options: LoaderOptions) -> Result<Self> {
        let start = sampler.start();
        Self::resume(sampler, options, start)
    }

    /// Continues from a saved position, with exactly the batches that would have followed. At most one visit is
    /// repeated.
    ///
    /// # Errors
    /// As [`Loader::start`], and [`DataError::Invalid`] when the position belongs to another sequence.
    pub fn resume(sampler: Sampler, options: LoaderOptions, state: SamplerState) -> Result<Self> {
        if !(1..=256).contains(&options.readers) || options.queue == 0 {
            return Err(DataError::Invalid(format!(
                "{} readers and a queue of {} batches are asked for; allowed are 1 to 256 readers and a queue of 1 or \
                 more",
                options.readers, options.queue
            )));
        }
        let from = sampler.resume(state)?;
        let visits = match sampler.options().mode {
            // As many chunks as there are readers, and the one that the batches come from.
            Mode::Chunk => sampler.visits_in_memory(options.readers + 1),
            Mode::Random { .. } => 2,
        };
        let bounds = Bounds { queue: options.queue as u64, visits, epochs: options.epochs };
        let schedule = Schedule::new(&sampler, from, bounds);
        let shared = Arc::new(Shared {
            kept: (sampler.samples() <= options.keep).then(Mutex::default),
            sampler,
            state: Mutex::new(State { schedule, stop: false }),
            work: Condvar::new(),
            ready: Condvar::new(),
        });
        let in_epoch = (from.visit == 0 && from.batch == 0).then_some(0);
        let mut loader = Self { shared, readers: Vec::new(), index: from.index, in_epoch, over: false };
        for number in 0..options.readers {
            let shared = Arc::clone(&loader.shared);
            let thread = std::thread::Builder::new().name(format!("reader {number}"));
            // Dropping the loader stops those that have started.
            let handle = thread.spawn(move || read(&shared)).map_err(|e| {
                DataError::Reader(format!("no thread can be started: {e}; ask for fewer readers"))
            })?;
            loader.readers.push(handle);
        }
        Ok(loader)
    }

    /// The sequence of batches.
    #[must_use]
    pub fn sampler(&self) -> &Sampler {
        &self.shared.sampler
    }

    /// Gives a batch back, so that its buffers are used again.
    pub fn recycle(&self, batch: Batch) {
        self.shared.lock().schedule.recycle(batch);
    }

    fn outcome(&mut self) -> Option<Outcome> {
        let mut state = self.shared.lock();
        loop {
            if let Some(outcome) = state.schedule.take() {
                drop(state);
                self.shared.work.notify_all();
                return Some(outcome);
            }
            if state.schedule.is_over() {
                return None;
            }
            state = self.shared.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Iterator for Loader {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.over {
            match self.outcome() {
                Some(Outcome::Batch(mut batch)) => {
                    // Batches are numbered as they are handed out, so no reader can know the number.
                    batch.index = self.index;
                    self.index += 1;
                    batch.next.index = self.index;
                    self.in_epoch = self.in_epoch.map(|n| n + 1);
                    return Some(Ok(*batch));
                }
                Some(Outcome::Nothing) => {}
                Some(Outcome::EpochEnd) => {
                    if self.in_epoch == Some(0) {
                        self.over = true;
                        return Some(Err(self.no_data()));
                    }
                    self.in_epoch = Some(0);
                }
                Some(Outcome::Failed(error)) => {
                    self.over = true;
                    return Some(Err(error));
                }
                None => self.over = true,
            }
        }
        None
    }
}

impl Loader {
    fn no_data(&self) -> DataError {
        DataError::Empty(format!(
            "a whole pass over the training chunks gave no crop of which {} are valid; check nodata, take smaller crops, \
             or allow fewer valid samples",
            self.shared.sampler.options().min_valid
        ))
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.work.notify_all();
        for reader in self.readers.drain(..) {
            // Its panics are caught; there is nothing left to report to.
            let _ = reader.join();
        }
    }
}

/// The loop of a reader: it takes jobs until the loader stops.
fn read(shared: &Shared) {
    loop {
        let job = {
            let mut state = shared.lock();
            loop {
                if state.stop {
                    return;
                }
                let job = state.schedule.job(&shared.sampler);
                // The search for a job may end an epoch.
                shared.ready.notify_all();
                match job {
                    Some(job) => break job,
                    None => state = shared.work.wait(state).unwrap_or_else(PoisonError::into_inner),
                }
            }
        };
        match job {
            Job::Read { epoch, visit, slot, block } => {
                let source = shared.sampler.source();
                let piece = guarded(|| source.describe(&block), || shared.piece(&block));
                let mut state = shared.lock();
                state.schedule.read(&shared.sampler, (epoch, visit), slot, piece);
            }
            Job::Assemble { number, plan, at, spare } => {
                let what = || format!("batch {} of visit {} in epoch {}", at.batch, at.visit, at.epoch);
                let made = guarded(what, || Ok(shared.sampler.assemble(&plan, at, *spare)));
                // The last user of a visit frees its pieces. This happens outside the lock.
                drop(plan);
                shared.lock().schedule.made(
                    number,
                    match made {
                        Ok(Some(batch)) => Outcome::Batch(Box::new(batch)),
                        Ok(None) => Outcome::Nothing,
                        Err(error) => Outcome::Failed(error),
                    },
                );
            }
        }
        shared.work.notify_all();
        shared.ready.notify_all();
    }
}

/// Reads a block, and turns a panic of a codec into an error. Otherwise the training loop would wait for ever.
fn guarded<T>(what: impl Fn() -> String, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(DataError::Reader(format!("it panicked over {}: {text}; please report it", what())))
    })
}
