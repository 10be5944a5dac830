//! One step of a fit: forwards, losses, backwards, descent.

use super::guard::guarded;
use super::latents::latents;
use super::optimiser::{Adam, DescentOptions, schedule};
use super::prepare::{Prepared, touch};
use super::tensors::{Mover, Tensors};
use crate::arch::{Head, Network, Ops, Torch, Weights};
use crate::config::{Config, Learning};
use crate::data::Batch;
use crate::error::{Error, Result};
use crate::loss::adversarial::{Discriminator, Perceptual, balance};
use crate::loss::{Group, reconstruction};
use crate::quantise::codebook::CodebookState;
use crate::quantise::{Quantised, fsq, lagrangian};
use crate::report::{Phase, Timer};
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

/// In half precision, losses are multiplied by this, so that small gradients are not lost.
const LOSS_SCALE: f64 = 1024.0;

/// The name of the weight that holds the codebooks when they are fitted by gradients.
pub(super) const ENTRIES: &str = "codebook/entries";

/// The network with everything that is fitted, and the optimisers.
#[derive(Debug)]
pub struct Trainee {
    /// The network.
    pub network: Network,
    /// Its weights.
    pub weights: Rc<Weights>,
    /// Its codebooks, where it has some.
    pub codebooks: Option<CodebookState>,
    /// The descent of the weights.
    pub adam: Adam,
    /// The adversary and its descent.
    pub adversary: Option<(Discriminator, Adam)>,
    perceptual: Option<Perceptual>,
    groups: Vec<Group>,
    mover: Mover,
    peak: f64,
    /// Steps of the quantiser between which those of batches are drawn, as base-2 logarithms.
    steps: [f64; 2],
    config: Config,
}

/// The figures of a step.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Names and values.
    pub scalars: Vec<(String, f64)>,
}

impl Trainee {
    /// The state before the first step.
    ///
    /// # Errors
    /// [`Error::Torch`], [`Error::OutOfMemory`], [`Error::Codec`].
    pub fn new(prepared: &Prepared, config: &Config, device: Device) -> Result<Self> {
        guarded(|| {
            tch::manual_seed(config.run.seed as i64);
            let weights = Weights::new(device);
            let network = prepared.network.clone();
            touch(&network, &weights);
            let residual = matches!(network.quantiser, crate::arch::Quantiser::Rvq(_));
            let mut codebooks = network.codebooks().map(|books| CodebookState::new(books, residual, device));
            if codebooks.is_none() {
                let mut torch = Torch::new(&weights);
                let planes = network.latents();
                let _ = torch.weight(fsq::WIDTHS, &[1, planes, 1, 1], crate::arch::Init::Zero);
            }
            let mut fitted = weights.all();
            if let Some(codebooks) = &mut codebooks
                && config.codebook.fitting.learning == Learning::Gradient
            {
                codebooks.learn_by_gradient();
                fitted.push((ENTRIES.to_owned(), codebooks.entries.shallow_clone()));
            }
            let adversary = (config.adversarial.weight > 0.0).then(|| {
                let judge = Discriminator::new(network.linear.channels, config.adversarial.width, device);
                let adam = Adam::new(judge.weights.all());
                (judge, adam)
            });
            let perceptual =
                (config.perceptual.weight > 0.0).then(|| perceptual(&network, config, device)).transpose()?;
            let [low, high] = config.optimiser.qualities;
            let log2 = |quality| -> Result<f64> {
                Ok(f64::from(prepared.base.manifest().step_for_quality(quality)?) / 256.0)
            };
            Ok(Self {
                mover: Mover::new(prepared, device),
                adam: Adam::new(fitted),
                network,
                weights,
                codebooks,
                adversary,
                perceptual,
                groups: prepared.groups.clone(),
                peak: prepared.peak,
                steps: [log2(high)?, log2(low)?],
                config: config.clone(),
            })
        })
    }

    /// The tensors for a checkpoint.
    pub fn saved(&self) -> Vec<(String, Tensor)> {
        let mut all = self.adam.saved("fit/");
        if let Some(codebooks) = &self.codebooks {
            all.extend(codebooks.saved());
        }
        if let Some((_, adam)) = &self.adversary {
            all.extend(adam.saved("judge/"));
        }
        all
    }

    /// Restores the state from a checkpoint.
    ///
    /// # Errors
    /// What is missing or has another shape, in words.
    pub fn load(&mut self, find: &dyn Fn(&str) -> Option<Tensor>) -> Result<(), String> {
        self.adam.load("fit/", find)?;
        if let Some(codebooks) = &mut self.codebooks {
            codebooks.load(find);
        }
        match &mut self.adversary {
            Some((_, adam)) => adam.load("judge/", find),
            None => Ok(()),
        }
    }

    /// The base-2 logarithms of the finest and coarsest step.
    pub fn steps(&self) -> [f64; 2] {
        self.steps
    }

    /// Initialises what is derived from latents, from parts of all training windows (a single batch shows one place only):
    /// the codebooks of the given groups, or the widths that rates of scalar codes are estimated with.
    ///
    /// # Errors
    /// [`Error::Torch`], [`Error::OutOfMemory`].
    pub fn start(&mut self, prepared: &Prepared, groups: &[usize]) -> Result<()> {
        /// Samples from which widths are estimated, about.
        const SAMPLES: usize = 6_000_000;
        guarded(|| {
            tch::manual_seed(self.config.run.seed as i64);
            let step = ((self.steps[0] + self.steps[1]) / 2.0).exp2();
            let (mut values, mut masks) = (Vec::new(), Vec::new());
            let samples = match &self.codebooks {
                Some(_) => {
                    let patch = self.network.patch * self.network.patch * prepared.band_names.len();
                    self.config.codebook.fitting.initial_vectors.saturating_mul(patch)
                }
                None => SAMPLES,
            };
            for window in super::parts::parts(&prepared.windows, samples) {
                let found = latents(&self.network, &self.weights, &window, step);
                // Windows differ in size; what follows asks for patches only.
                values.push(found.values.flatten(2, 3).unsqueeze(2));
                masks.push(found.present.flatten(2, 3).unsqueeze(2));
            }
            let (values, masks) = (Tensor::cat(&values, 3), Tensor::cat(&masks, 3));
            match &mut self.codebooks {
                Some(codebooks) => {
                    let vectors = self.config.codebook.fitting.initial_vectors;
                    codebooks.start(&values, &masks, groups, vectors);
                    self.adam.restart_average(ENTRIES);
                }
                None => {
                    fsq::start(&self.weights, &values, &masks);
                    self.adam.restart_average(fsq::WIDTHS);
                }
            }
            Ok(())
        })
    }

    /// Takes step `number`, counted from 0, on a batch. The batch that comes `next` is copied to a GPU meanwhile.
    ///
    /// # Errors
    /// [`Error::NotANumber`] before any weight is changed; [`Error::OutOfMemory`], [`Error::Torch`].
    pub fn step(
        &mut self,
        batch: &Batch,
        next: Option<&Batch>,
        number: u64,
        timer: &mut Timer,
        record: bool,
    ) -> Result<Figures> {
        let crop = batch.height;
        guarded(|| self.take(batch, next, number, timer, record))
            .map_err(|e| super::guard::advise(e, batch.images, crop))
    }

    fn take(
        &mut self,
        batch: &Batch,
        next: Option<&Batch>,
        number: u64,
        timer: &mut Timer,
        record: bool,
    ) -> Result<Figures> {
        // All random choices of a step follow from its number, so no random state has to be saved for resuming.
        let seed = mixed(self.config.run.seed, number);
        tch::manual_seed((seed >> 1) as i64);
        let position = (mixed(seed, 1) >> 11) as f64 / (1u64 << 53) as f64;
        let step = (self.steps[0] + position * (self.steps[1] - self.steps[0])).exp2();
        let mut torch = Torch::new(&self.weights);
        let tensors = timer.time(Phase::Load, || self.mover.take(&self.network, &mut torch, batch))?;
        let mut scalars = Vec::new();
        let forward = std::time::Instant::now();
        // The linear path's largest latents are too large for half precision to tell fine steps apart.
        let half = self.config.optimiser.mixed_precision
            && matches!(self.network.body, crate::arch::Body::Resnet(_));
        let scale = if half { LOSS_SCALE } else { 1.0 };
        let (decoded, quantised, unit) =
            tch::autocast(half, || self.forward(&mut torch, &tensors, step, record));
        let losses = reconstruction(
            &self.network,
            &self.groups,
            &decoded,
            &tensors.target,
            &tensors.weights,
            self.peak,
        );
        let samples = || tensors.weights.sum(Kind::Float).clamp_min(1.0);
        let mut total = losses.total;
        let mse = losses.mse.max(1e-12);
        if !self.network.encoder_is_fixed() {
            let rate = &quantised.bits / samples();
            total += rate * (self.config.fsq.rate * lagrangian(unit) / mse);
            total += &quantised.commitment * (self.config.codebook.fitting.commitment / mse);
        }
        total += &quantised.codebook / mse;
        if let Some(perceptual) = &self.perceptual {
            let distance = perceptual.distance(&decoded, &tensors.target, &tensors.weights)?;
            scalars.push(("loss/perceptual".to_owned(), distance.double_value(&[])));
            total += distance * self.config.perceptual.weight;
        }
        let judging = self.adversary.is_some() && number >= self.config.adversarial.start;
        // The adversary sees the true values under the mask.
        let shown = judging.then(|| &decoded * &tensors.weights + &tensors.target * (1.0 - &tensors.weights));
        if let (Some(shown), Some((judge, _))) = (&shown, &self.adversary) {
            let generator_loss = judge.generator_loss(shown);
            let weight = balance(&total, &generator_loss, &decoded, self.config.adversarial.cap);
            scalars.push(("loss/adversarial".to_owned(), generator_loss.double_value(&[])));
            scalars.push(("loss/adversarial_weight".to_owned(), weight));
            total += generator_loss * (weight * self.config.adversarial.weight);
        }
        // Before the host waits for the loss.
        if let Some(next) = next {
            self.mover.send(&self.network, &mut torch, next)?;
        }
        let value = total.double_value(&[]);
        timer.add(Phase::Forward, forward.elapsed());
        if !value.is_finite() {
            return Err(Error::NotANumber(format!(
                "the loss is {value} at step {number}, on a batch from {}; lower optimiser.learning_rate, check that chunk, \
                 then resume from the last checkpoint",
                self.places(batch)
            )));
        }
        timer.time(Phase::Backward, || {
            self.adam.clear();
            (total * scale).backward();
            if let Some(codebooks) = &self.codebooks {
                codebooks.keep_zero();
            }
        });
        let rate = self.descend(number, scale, timer, batch)?;
        if let Some(shown) = &shown {
            let seconds = std::time::Instant::now();
            if let Some((judge, adam)) = &mut self.adversary {
                let hinge = judge.hinge(shown, &tensors.target);
                adam.clear();
                hinge.backward();
                let norm = adam.norm();
                if !norm.is_finite() {
                    return Err(Error::NotANumber(format!(
                        "the discriminator's gradient is {norm} at step {number}; lower adversarial.learning_rate, then \
                         resume from the last checkpoint"
                    )));
                }
                let options = DescentOptions {
                    rate: self.config.adversarial.learning_rate,
                    decay: 0.0,
                    clip: self.config.optimiser.clip,
                    average: 0.0,
                };
                adam.step(options, norm, 1.0);
                scalars.push(("loss/discriminator".to_owned(), hinge.double_value(&[])));
            }
            timer.add(Phase::Backward, seconds.elapsed());
        }
        timer.step_done();
        if record {
            scalars.push(("loss/total".to_owned(), value));
            scalars.extend(losses.parts);
            let scales = &self.network.linear.scale;
            let squares =
                mse * scales.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / scales.len() as f64;
            scalars.push(("psnr_db".to_owned(), 10.0 * (self.peak * self.peak / squares).log10()));
            let channels = self.network.linear.channels as f64;
            let bands = self.network.heads.bands.len() as f64;
            let bits = quantised.bits.double_value(&[]) / samples().double_value(&[]);
            scalars.push(("rate/estimated_bits_per_sample".to_owned(), bits * channels / bands));
            scalars.push(("learning_rate".to_owned(), rate));
            if let Some(gain) = self.gain(&mut torch, &quantised, &tensors, step, mse) {
                scalars.push(("gain_db".to_owned(), gain));
            }
        }
        Ok(Figures { scalars })
    }

    /// By how many dB the branch of `conv` improves on the linear path for this batch. The step is random, so PSNR
    /// alone says little.
    fn gain(
        &self,
        torch: &mut Torch,
        quantised: &Quantised,
        tensors: &Tensors,
        step: f64,
        mse: f64,
    ) -> Option<f64> {
        if matches!(self.network.body, crate::arch::Body::Resnet(_)) {
            return None;
        }
        let unit = Tensor::from_slice(&[step as f32]).to_device(self.weights.device());
        let linear = tch::no_grad(|| self.network.decode_linearly(torch, &quantised.values, &unit));
        let linear = crate::loss::pixel::mse(&linear, &tensors.target, &tensors.weights).double_value(&[]);
        Some(10.0 * (linear.max(1e-12) / mse).log10())
    }

    fn places(&self, batch: &Batch) -> String {
        batch.places.first().map_or_else(|| "nowhere".to_owned(), |p| format!("{:?}", p.block))
    }

    /// Codes and decodes. Returns the decoded channels, the quantised latents and the step.
    fn forward(
        &mut self,
        torch: &mut Torch,
        tensors: &Tensors,
        step: f64,
        record: bool,
    ) -> (Tensor, Quantised, f64) {
        let device = self.weights.device();
        let unit = Tensor::from_slice(&[step as f32]).to_device(device);
        let fixed = self.network.encoder_is_fixed();
        let encode = |torch: &mut Torch| self.network.encode(torch, &tensors.shown, &unit);
        let latents = if fixed { tch::no_grad(|| encode(torch)) } else { encode(torch) };
        let latents = latents.to_kind(Kind::Float);
        let quantised = match &mut self.codebooks {
            None => {
                let scaled = &latents / &unit;
                if fixed {
                    fsq::fixed(torch, &scaled, &tensors.present, &unit, record)
                } else {
                    fsq::fitted(torch, &scaled, &tensors.present, &unit, self.config.fsq.fitting)
                }
            }
            Some(codebooks) => {
                let options = &self.config.codebook.fitting;
                codebooks.quantise(&latents, &tensors.present, step, options, true, fixed)
            }
        };
        let decoded = self.network.decode(torch, &quantised.values, &unit);
        (decoded.to_kind(Kind::Float), quantised, step)
    }

    fn descend(&mut self, number: u64, scale: f64, timer: &mut Timer, batch: &Batch) -> Result<f64> {
        let o = &self.config.optimiser;
        let rate = o.learning_rate * schedule(number, o.steps, o.warmup, o.final_rate);
        let options = DescentOptions { rate, decay: o.weight_decay, clip: o.clip, average: o.ema };
        let norm = timer.time(Phase::Optimiser, || self.adam.norm()) / scale;
        if !norm.is_finite() {
            return Err(Error::NotANumber(format!(
                "the gradient's norm is {norm} at step {number}, on a batch from {}; lower optimiser.learning_rate, then \
                 resume from the last checkpoint",
                self.places(batch)
            )));
        }
        timer.time(Phase::Optimiser, || self.adam.step(options, norm, scale));
        Ok(rate)
    }
}

/// Opens the network of the perceptual loss, for the channels of its bands.
fn perceptual(network: &Network, config: &Config, device: Device) -> Result<Perceptual> {
    let placed: Vec<_> = network.heads.placed().collect();
    let channels = config.perceptual.bands.iter().map(|band| match placed.get(*band) {
        Some((first, Head::Continuous)) => Ok(*first),
        _ => Err(Error::Configuration(format!(
            "perceptual.bands names {band}; continuous bands below {} are allowed",
            placed.len()
        ))),
    });
    let channels = channels.collect::<Result<Vec<_>>>()?;
    let file = &config.perceptual.weights;
    Perceptual::open(file, &channels, device).map_err(|e| {
        Error::Configuration(format!(
            "perceptual.weights, {}: {}; a TorchScript file is needed",
            file.display(),
            crate::error::first_line(&e.to_string())
        ))
    })
}

/// SplitMix64 of two numbers.
fn mixed(a: u64, b: u64) -> u64 {
    let mut z = a.wrapping_add(b.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
