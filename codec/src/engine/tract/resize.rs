//! `Resize`. Each axis has a plan: which input positions an output position reads, and with what weights. tract-core makes
//! and applies the plans; its own operator knows a part of ONNX's options only, so the operator is here.

use std::hash::{Hash, Hasher};

use tract_core::internal::{
    DatumTypeExt, EvalContext, EvalOp, IntoTValue, Op, OutletId, StaticName, TValue, TVec, Tensor,
    TractErrorContext, TractResult, TypedFact, TypedOp, args_1, as_op, bail, ensure, op_as_typed_op,
    op_out_of_plan, tensor1, tvec,
};
use tract_core::ops::nn::resize::{
    AxisPlan, CoordTransformer, Interpolator, Nearest, Resize, cubic_weights, is_pixel_replication,
    linear_weights, plan_axis, resample_axis, window_size,
};

use super::wiring::{Node, Wiring, axis};

/// Adds a node where its operator is this one.
pub(super) fn convert(w: &mut Wiring, node: &Node, op: &str) -> TractResult<Option<TVec<OutletId>>> {
    if op != "Resize" {
        return Ok(None);
    }
    let x = node.input(0)?;
    let shape = w.shape(x)?;
    let along: TVec<usize> = match node.ints("axes") {
        Some(axes) => axes.iter().map(|&a| axis(a, shape.len())).collect::<TractResult<_>>()?,
        None => (0..shape.len()).collect(),
    };
    let (scales, target) = target(w, node, &shape, &along)?;
    w.bounded(&target)?;
    let mode = Mode::new(node)?;
    let roi = region(w, node, &mode, &along, shape.len())?;
    let mut plans = Vec::new();
    for (axis, &scale) in scales.iter().enumerate() {
        let (from, to) = (shape[axis], target[axis]);
        if from == to && scale == 1.0 && !mode.crops {
            continue;
        }
        ensure!(from > 0 && to > 0 && scale > 0.0, "{from} positions are resized to {to} by {scale}");
        plans.push((axis, mode.plan(scale, from, to, roi[axis])));
    }

    // Whole repetitions have a fast form in tract-core.
    let whole = |scale: f32| (scale >= 1.0 && scale.fract() == 0.0).then_some(scale as usize);
    let repeats = mode.interpolator == Interpolator::Nearest
        && plans.iter().all(|(axis, plan)| {
            whole(scales[*axis])
                .is_some_and(|n| shape[*axis] * n == target[*axis] && is_pixel_replication(plan, n))
        });
    if repeats {
        let op = Resize {
            coord_transformer: CoordTransformer::Asymmetric,
            interpolator: Interpolator::Nearest,
            nearest: Nearest::Floor,
            optional_scales_input: Some(1),
            optional_sizes_input: None,
        };
        let scales = w.constant(tensor1(&scales))?;
        return Ok(Some(tvec!(w.op(op, &[x, scales])?)));
    }
    let op = Resample { plans, target, outside: node.float("extrapolation_value", 0.0) };
    Ok(Some(tvec!(w.op(op, &[x])?)))
}

/// The scale of each axis, and the shape of the result.
fn target(w: &Wiring, node: &Node, shape: &[usize], along: &[usize]) -> TractResult<(Vec<f32>, TVec<usize>)> {
    let mut scales = vec![1.0_f32; shape.len()];
    let mut target: TVec<usize> = shape.into();
    if let Some(given) = node.optional(2) {
        let given = w.known(given).context("scales must not depend on the samples")?;
        if given.len() > 0 {
            ensure!(given.len() == along.len(), "{} scales for {} axes", given.len(), along.len());
            let given = given.cast_to::<f32>()?;
            for (&axis, &scale) in along.iter().zip(given.try_as_plain_ram()?.as_slice::<f32>()?) {
                scales[axis] = scale;
                target[axis] = if scale.round() == scale {
                    shape[axis].saturating_mul(scale as usize)
                } else {
                    (shape[axis] as f32 * scale) as usize
                };
            }
            return Ok((scales, target));
        }
    }
    let sizes = w.numbers(node.optional(3).context("neither scales nor sizes are given")?)?;
    ensure!(sizes.len() == along.len(), "{} sizes for {} axes", sizes.len(), along.len());
    let ratio = |(&axis, &size): (&usize, &i64)| size as f32 / shape[axis] as f32;
    let ratios: Vec<f32> = along.iter().zip(&sizes).map(ratio).collect();
    let common = match node.text("keep_aspect_ratio_policy", "stretch")? {
        "stretch" => None,
        "not_larger" => ratios.iter().copied().reduce(f32::min),
        "not_smaller" => ratios.iter().copied().reduce(f32::max),
        other => bail!("keep_aspect_ratio_policy={other} is unknown"),
    };
    for (index, &axis) in along.iter().enumerate() {
        scales[axis] = common.unwrap_or(ratios[index]);
        target[axis] = match common {
            Some(scale) => (scale * shape[axis] as f32 + 0.5) as usize,
            None => usize::try_from(sizes[index]).with_context(|| format!("sizes are {sizes:?}"))?,
        };
    }
    Ok((scales, target))
}

/// The part of each axis that `tf_crop_and_resize` reads, from 0 to 1.
fn region(
    w: &Wiring,
    node: &Node,
    mode: &Mode,
    along: &[usize],
    rank: usize,
) -> TractResult<Vec<(f32, f32)>> {
    let mut region = vec![(0.0, 1.0); rank];
    if mode.crops {
        let roi = node
            .optional(1)
            .and_then(|roi| w.known(roi))
            .context("`roi` is missing or depends on the samples")?;
        ensure!(roi.len() == 2 * along.len(), "a roi of {} numbers for {} axes", roi.len(), along.len());
        let roi = roi.cast_to::<f32>()?;
        let roi = roi.try_as_plain_ram()?.as_slice::<f32>()?.to_vec();
        for (index, &axis) in along.iter().enumerate() {
            region[axis] = (roi[index], roi[index + along.len()]);
        }
    }
    Ok(region)
}

/// How output positions are computed from input positions.
struct Mode {
    interpolator: Interpolator,
    coordinates: CoordTransformer,
    crops: bool,
    /// Whether a position between two takes the right one, by how far it is from the left one.
    right: fn(f32) -> bool,
    antialias: bool,
    exclude_outside: bool,
    cubic: f32,
}

impl Mode {
    fn new(node: &Node) -> TractResult<Self> {
        let coordinates = node.text("coordinate_transformation_mode", "half_pixel")?;
        let crops = coordinates == "tf_crop_and_resize";
        Ok(Self {
            interpolator: Interpolator::parse(node.text("mode", "nearest")?)?,
            coordinates: if crops {
                CoordTransformer::Asymmetric
            } else {
                CoordTransformer::parse(coordinates)?
            },
            crops,
            right: match node.text("nearest_mode", "round_prefer_floor")? {
                "floor" => |_| false,
                "ceil" => |_| true,
                "round_prefer_floor" => |ratio| ratio > 0.5,
                "round_prefer_ceil" => |ratio| ratio >= 0.5,
                other => bail!("nearest_mode={other} is unknown"),
            },
            antialias: node.flag("antialias", false),
            exclude_outside: node.flag("exclude_outside", false),
            cubic: node.float("cubic_coeff_a", -0.75),
        })
    }

    fn plan(&self, scale: f32, from: usize, to: usize, (start, end): (f32, f32)) -> AxisPlan {
        let last = from as f32 - 1.0;
        let coordinate = |x: usize| {
            if !self.crops {
                return Some(self.coordinates.transform(x, scale, from, to));
            }
            let (span, width) = (last * (end - start), scale * from as f32);
            let offset = if width == 1.0 { span / 2.0 } else { x as f32 * span / (width - 1.0) };
            let x = offset + start * last;
            (x >= 0.0 && x <= last).then_some(x)
        };
        let window = window_size(&self.interpolator, self.antialias, scale);
        let weights = |ratio: f32, weights: &mut [f32]| match self.interpolator {
            Interpolator::Linear => linear_weights(ratio, scale, self.antialias, weights),
            Interpolator::Cubic => cubic_weights(ratio, scale, self.cubic, self.antialias, weights),
            Interpolator::Nearest => {
                let right = ratio == 1.0 || (self.right)(ratio);
                weights[0] = f32::from(!right);
                weights[1] = f32::from(right);
            }
        };
        plan_axis(from, to, window, self.exclude_outside, coordinate, weights)
    }
}

/// Applies plans, one axis after the other.
#[derive(Clone, Debug)]
struct Resample {
    plans: Vec<(usize, AxisPlan)>,
    target: TVec<usize>,
    /// The value at positions outside of the input.
    outside: f32,
}

impl Resample {
    /// A key that differs between different plans, with floats as their bits.
    fn key(&self) -> impl PartialEq + Hash + '_ {
        let plan = |(axis, plan): &(usize, AxisPlan)| {
            let weights: Vec<u32> = plan.weights.iter().map(|weight| weight.to_bits()).collect();
            (*axis, plan.window, plan.indices.clone(), weights, plan.extrapolated.clone())
        };
        (self.plans.iter().map(plan).collect::<Vec<_>>(), &self.target, self.outside.to_bits())
    }
}

impl PartialEq for Resample {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Resample {}

impl Hash for Resample {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl Op for Resample {
    fn name(&self) -> StaticName {
        "Resample".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Resample {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let datum = input.datum_type();
        let mut shape: TVec<usize> = input.shape().into();
        let mut data = input.cast_to::<f32>()?.try_as_plain_ram()?.as_slice::<f32>()?.to_vec();
        for (axis, plan) in &self.plans {
            let length = self.target[*axis];
            let mut resampled = vec![0.0; data.len() / shape[*axis] * length];
            resample_axis(&data, &shape, *axis, plan, self.outside, &mut resampled);
            data = resampled;
            shape[*axis] = length;
        }
        let result = Tensor::from_shape(&shape, &data)?;
        Ok(tvec!(result.cast_to_dt(datum)?.into_owned().into_tvalue()))
    }
}

impl TypedOp for Resample {
    as_op!();

    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec!(inputs[0].datum_type.fact(&self.target)))
    }
}
