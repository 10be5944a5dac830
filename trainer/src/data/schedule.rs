//! Decides what the background readers do next. This is the state that they share; it contains no threads itself.
//!
//! Batches are handed out as numbered jobs, visit by visit, so that their order is known before they are made. Blocks of
//! later visits are read meanwhile, within bounds.

use crate::data::batch::{Batch, SamplerState};
use crate::data::block::Block;
use crate::data::error::DataError;
use crate::data::piece::Piece;
use crate::data::sampler::{Sampler, VisitPlan};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Something to do, outside the lock.
#[derive(Debug)]
pub(crate) enum Job {
    /// Read a block.
    Read { epoch: u64, visit: u64, slot: usize, block: Block },
    /// Make a batch. `number` is its place in the order of outcomes.
    Assemble { number: u64, plan: Arc<VisitPlan>, at: SamplerState, spare: Box<Batch> },
}

/// The outcome that the consumer finds at a position in the order.
#[derive(Debug)]
pub(crate) enum Outcome {
    Batch(Box<Batch>),
    /// A batch of which no crop had enough valid samples.
    Nothing,
    /// The end of an epoch: all its batches come before this.
    EpochEnd,
    Failed(DataError),
}

/// A visit under way.
#[derive(Debug)]
struct Visit {
    at: SamplerState,
    last: bool,
    blocks: Vec<Block>,
    /// How many of them are read, or being read.
    begun: usize,
    pieces: Vec<Option<Arc<Piece>>>,
    plan: Option<Arc<VisitPlan>>,
    failed: Option<DataError>,
}

/// How far the readers may run ahead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Outcomes that wait for the consumer, or are being made.
    pub(crate) queue: u64,
    /// Visits under way.
    pub(crate) visits: usize,
    /// The epoch before which to end.
    pub(crate) epochs: Option<u64>,
}

/// The shared state.
#[derive(Debug)]
pub(crate) struct Schedule {
    bounds: Bounds,
    /// The visit to begin next.
    cursor: SamplerState,
    order: Vec<u32>,
    visits: VecDeque<Visit>,
    /// Outcomes that have a number, and those that the consumer has taken.
    numbered: u64,
    taken: u64,
    done: BTreeMap<u64, Outcome>,
    /// No further work is started.
    ended: bool,
    spare: Vec<Batch>,
}

impl Schedule {
    pub(crate) fn new(sampler: &Sampler, from: SamplerState, bounds: Bounds) -> Self {
        Self {
            bounds,
            cursor: from,
            order: sampler.order(from.epoch),
            visits: VecDeque::new(),
            numbered: 0,
            taken: 0,
            done: BTreeMap::new(),
            ended: bounds.epochs.is_some_and(|epochs| from.epoch >= epochs),
            spare: Vec::new(),
        }
    }

    /// The next job, if there is one now.
    pub(crate) fn job(&mut self, sampler: &Sampler) -> Option<Job> {
        self.retire();
        let room = self.numbered - self.taken < self.bounds.queue;
        if let Some(front) = self.visits.front_mut()
            && let Some(plan) = &front.plan
            && room
        {
            let at = front.at;
            let plan = Arc::clone(plan);
            front.at.batch += 1;
            let spare = Box::new(self.spare.pop().unwrap_or_else(|| Batch::empty(at)));
            return Some(Job::Assemble { number: self.number(), plan, at, spare });
        }
        if self.ready_to_begin() {
            self.begin(sampler);
        }
        let visit = self.visits.iter_mut().find(|visit| visit.begun < visit.blocks.len())?;
        let slot = visit.begun;
        visit.begun += 1;
        let block = visit.blocks[slot].clone();
        Some(Job::Read { epoch: visit.at.epoch, visit: visit.at.visit, slot, block })
    }

    fn number(&mut self) -> u64 {
        self.numbered += 1;
        self.numbered - 1
    }

    /// Whether the next visit may begin. It does not wait for room in the queue: its blocks are read while the batches of
    /// the one before are used.
    fn ready_to_begin(&self) -> bool {
        let all_begun = self.visits.iter().all(|visit| visit.begun == visit.blocks.len());
        // Visits without a valid sample leave no batches to wait for.
        let epoch_ends = self.done.values().filter(|outcome| matches!(outcome, Outcome::EpochEnd)).count();
        !self.ended && all_begun && epoch_ends < 2 && self.visits.len() < self.bounds.visits
    }

    /// Begins the next visit.
    fn begin(&mut self, sampler: &Sampler) {
        let at = self.cursor;
        let blocks = sampler.visit(&self.order, at.visit);
        let last = at.visit + 1 >= sampler.visits();
        let pieces = vec![None; blocks.len()];
        self.visits.push_back(Visit { at, last, blocks, begun: 0, pieces, plan: None, failed: None });
        self.cursor.batch = 0;
        self.cursor.visit += 1;
        if last {
            self.cursor.visit = 0;
            self.cursor.epoch += 1;
            self.order = sampler.order(self.cursor.epoch);
            self.ended = self.bounds.epochs.is_some_and(|epochs| self.cursor.epoch >= epochs);
        }
    }

    /// Drops visits at the front that are over, or that failed.
    fn retire(&mut self) {
        while let Some(front) = self.visits.front_mut() {
            if let Some(error) = front.failed.take() {
                self.visits.clear();
                self.ended = true;
                let number = self.number();
                self.done.insert(number, Outcome::Failed(error));
                return;
            }
            if front.plan.as_ref().is_none_or(|plan| front.at.batch < plan.len()) {
                return;
            }
            let last = front.last;
            self.visits.pop_front();
            if last {
                let number = self.number();
                self.done.insert(number, Outcome::EpochEnd);
            }
        }
    }

    /// Records a block that was read.
    pub(crate) fn read(
        &mut self,
        sampler: &Sampler,
        (epoch, visit): (u64, u64),
        slot: usize,
        result: Result<Arc<Piece>, DataError>,
    ) {
        let found = self.visits.iter_mut().find(|v| (v.at.epoch, v.at.visit) == (epoch, visit));
        // An earlier visit may have failed meanwhile.
        let Some(found) = found else { return };
        match result {
            Ok(piece) => found.pieces[slot] = Some(piece),
            Err(error) => found.failed = Some(error),
        }
        let pieces: Option<Vec<Arc<Piece>>> = found.pieces.iter().cloned().collect();
        if let Some(pieces) = pieces {
            found.plan = Some(Arc::new(sampler.plan(epoch, visit, pieces)));
            found.pieces.clear();
        }
        self.retire();
    }

    /// Records a batch that was made.
    pub(crate) fn made(&mut self, number: u64, outcome: Outcome) {
        self.done.insert(number, outcome);
    }

    /// The next outcome in order, if it is there.
    pub(crate) fn take(&mut self) -> Option<Outcome> {
        let outcome = self.done.remove(&self.taken)?;
        self.taken += 1;
        Some(outcome)
    }

    /// Whether no outcome will follow.
    pub(crate) fn is_over(&self) -> bool {
        self.ended && self.visits.is_empty() && self.taken == self.numbered
    }

    /// Keeps the buffers of a batch for later ones.
    pub(crate) fn recycle(&mut self, batch: Batch) {
        if (self.spare.len() as u64) < self.bounds.queue {
            self.spare.push(batch);
        }
    }
}
