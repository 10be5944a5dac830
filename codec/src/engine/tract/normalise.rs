//! Sums and means over axes, and what is normalised by them.

use tract_core::internal::{
    AxisOp, DatumType, OutletId, TVec, TractErrorContext, TractResult, bail, ensure, tensor0, tvec,
};
use tract_core::ops::math::{add, div, mul, rsqrt, sqrt, square, sub};
use tract_core::ops::nn::{Reduce, Reducer, Softmax};

use super::rearrange::reshape;
use super::wiring::{Node, Wiring, axes, axis};

/// Adds a node where its operator is one of these.
pub(super) fn convert(w: &mut Wiring, node: &Node, op: &str) -> TractResult<Option<TVec<OutletId>>> {
    let value = match op {
        "ReduceSum" => reduce(w, node, node.opset >= 13, false)?,
        "ReduceMean" => reduce(w, node, node.opset >= 18, true)?,
        "GlobalAveragePool" => {
            let rank = w.rank(node.input(0)?)?;
            mean(w, node.input(0)?, (2..rank).collect())?
        }
        "ArgMax" => arg_max(w, node)?,
        "Softmax" => softmax(w, node)?,
        "BatchNormalization" => batch(w, node)?,
        "InstanceNormalization" => instance(w, node)?,
        "GroupNormalization" => group(w, node)?,
        "LayerNormalization" => return Ok(Some(layer(w, node)?)),
        _ => return Ok(None),
    };
    Ok(Some(tvec!(value)))
}

fn sum(w: &mut Wiring, x: OutletId, axes: TVec<usize>) -> TractResult<OutletId> {
    if axes.is_empty() { Ok(x) } else { w.op(Reduce::new(axes, Reducer::Sum), &[x]) }
}

/// The axes stay, with a length of 1.
fn mean(w: &mut Wiring, x: OutletId, axes: TVec<usize>) -> TractResult<OutletId> {
    let shape = w.shape(x)?;
    let count: usize = axes.iter().map(|&a| shape[a]).product();
    let total = sum(w, x, axes)?;
    let count = tensor0(count as i64).cast_to_dt(w.datum(x)?)?.into_owned();
    let count = w.constant(count.broadcast_into_rank(shape.len())?)?;
    w.binary(div(), total, count)
}

fn without(w: &mut Wiring, mut x: OutletId, axes: &[usize]) -> TractResult<OutletId> {
    for &axis in axes.iter().rev() {
        x = w.op(AxisOp::Rm(axis), &[x])?;
    }
    Ok(x)
}

/// Newer operator sets give the axes as an input, older ones as an attribute.
fn reduce(w: &mut Wiring, node: &Node, by_input: bool, to_mean: bool) -> TractResult<OutletId> {
    let x = node.input(0)?;
    let rank = w.rank(x)?;
    let named = match (by_input, node.optional(1)) {
        (true, Some(input)) => w.numbers(input)?,
        (true, None) => Vec::new(),
        (false, _) => node.ints("axes").unwrap_or_default().to_vec(),
    };
    let over = if !named.is_empty() {
        axes(&named, rank)?
    } else if by_input && node.flag("noop_with_empty_axes", false) {
        return Ok(x);
    } else {
        (0..rank).collect()
    };
    let reduced = if to_mean { mean(w, x, over.clone())? } else { sum(w, x, over.clone())? };
    if node.flag("keepdims", true) { Ok(reduced) } else { without(w, reduced, &over) }
}

fn arg_max(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let x = node.input(0)?;
    let over = axis(node.int("axis").unwrap_or(0), w.rank(x)?)?;
    let last = node.flag("select_last_index", false);
    let found = w.op(Reduce::new(tvec!(over), Reducer::ArgMax(last)), &[x])?;
    if node.flag("keepdims", true) { Ok(found) } else { without(w, found, &[over]) }
}

/// Before operator set 13, all axes from the given one on are one.
fn softmax(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let x = node.input(0)?;
    let rank = w.rank(x)?;
    let joined = node.opset < 13;
    let first = axis(node.int("axis").unwrap_or(if joined { 1 } else { -1 }), rank)?;
    let axes = if joined { (first..rank).collect() } else { tvec!(first) };
    w.op(Softmax { axes, ..Softmax::default() }, &[x])
}

/// One number a channel, as a value that broadcasts over one of `rank` axes whose second is the channel.
fn by_channel(w: &mut Wiring, x: OutletId, rank: usize) -> TractResult<OutletId> {
    ensure!(w.rank(x)? == 1, "a parameter has {} axes, one is needed", w.rank(x)?);
    let mut x = w.op(AxisOp::Add(0), &[x])?;
    for axis in 2..rank {
        x = w.op(AxisOp::Add(axis), &[x])?;
    }
    Ok(x)
}

fn batch(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    if node.flag("training_mode", false) {
        bail!("training_mode is not supported");
    }
    let x = node.input(0)?;
    let rank = w.rank(x)?;
    ensure!(rank >= 2, "{rank} axes, at least 2 are needed");
    let (scale, offset, center, variance) = (node.input(1)?, node.input(2)?, node.input(3)?, node.input(4)?);
    let variance = w.with_scalar(add(), variance, node.float("epsilon", 1e-5))?;
    let deviation = w.op(sqrt(), &[variance])?;
    let slope = w.binary(div(), scale, deviation)?;
    let shift = w.binary(mul(), center, scale)?;
    let shift = w.binary(div(), shift, deviation)?;
    let intercept = w.binary(sub(), offset, shift)?;
    let slope = by_channel(w, slope, rank)?;
    let intercept = by_channel(w, intercept, rank)?;
    let scaled = w.binary(mul(), slope, x)?;
    w.binary(add(), intercept, scaled)
}

/// `x` with mean 0 and variance 1 over some axes.
fn standardised(w: &mut Wiring, x: OutletId, over: &[usize], epsilon: f32) -> TractResult<OutletId> {
    let center = mean(w, x, over.into())?;
    let deviations = w.binary(sub(), x, center)?;
    let squares = w.op(square(), &[deviations])?;
    let variance = mean(w, squares, over.into())?;
    let variance = w.with_scalar(add(), variance, epsilon)?;
    let inverse = w.op(rsqrt(), &[variance])?;
    w.binary(mul(), deviations, inverse)
}

fn instance(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let x = node.input(0)?;
    let rank = w.rank(x)?;
    let over: TVec<usize> = (2..rank).collect();
    let x = standardised(w, x, &over, node.float("epsilon", 1e-5))?;
    affine(w, node, x)
}

/// Scale and bias a channel.
fn affine(w: &mut Wiring, node: &Node, x: OutletId) -> TractResult<OutletId> {
    let rank = w.rank(x)?;
    let scale = by_channel(w, node.input(1)?, rank)?;
    let bias = by_channel(w, node.input(2)?, rank)?;
    let scaled = w.binary(mul(), x, scale)?;
    w.binary(add(), scaled, bias)
}

/// Scale and bias are one number a group before operator set 21, one a channel from then on.
fn group(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let x = node.input(0)?;
    let (shape, datum) = (w.shape(x)?, w.datum(x)?);
    let groups =
        node.int("num_groups").and_then(|n| usize::try_from(n).ok()).context("`num_groups` is missing")?;
    ensure!(shape.len() >= 2 && groups > 0, "{groups} groups of a value of shape {shape:?}");
    ensure!(shape[1].is_multiple_of(groups), "{} channels in {groups} groups", shape[1]);
    let mut grouped: TVec<usize> = shape.clone();
    grouped[1] = groups;
    grouped.insert(2, shape[1] / groups);

    let x = w.cast(x, DatumType::F32)?;
    let x = reshape(w, x, &grouped)?;
    let over: TVec<usize> = (2..grouped.len()).collect();
    let x = standardised(w, x, &over, node.float("epsilon", 1e-5))?;
    let x = w.cast(x, datum)?;
    if node.opset >= 21 {
        let x = reshape(w, x, &shape)?;
        affine(w, node, x)
    } else {
        let x = affine(w, node, x)?;
        reshape(w, x, &shape)
    }
}

/// Gives mean and inverse deviation as well, where the node has outputs for them.
fn layer(w: &mut Wiring, node: &Node) -> TractResult<TVec<OutletId>> {
    let x = node.input(0)?;
    let (rank, datum) = (w.rank(x)?, w.datum(x)?);
    let first = axis(node.int("axis").unwrap_or(-1), rank)?;
    let over: TVec<usize> = (first..rank).collect();
    let inner = super::constants::datum(node.int("stash_type").unwrap_or(1))?;
    let x = w.cast(x, inner)?;
    let center = mean(w, x, over.clone())?;
    let deviations = w.binary(sub(), x, center)?;
    let squares = w.op(square(), &[deviations])?;
    let variance = mean(w, squares, over)?;
    let variance = w.with_scalar(add(), variance, node.float("epsilon", 1e-5))?;
    let inverse = w.op(rsqrt(), &[variance])?;
    let mut y = w.binary(mul(), deviations, inverse)?;
    let scale = w.cast(node.input(1)?, inner)?;
    y = w.binary(mul(), y, scale)?;
    if let Some(bias) = node.optional(2) {
        let bias = w.cast(bias, inner)?;
        y = w.binary(add(), y, bias)?;
    }
    Ok(tvec!(w.cast(y, datum)?, center, inverse))
}
