//! Operators that move elements, repeat them, or make new ones from shapes.

use std::sync::Arc;

use tract_core::internal::{
    AxisOp, DatumType, OutletId, TDim, TVec, Tensor, ToDim, TractErrorContext, TractResult, bail, ensure,
    perm_to_ops, tensor0, tensor1, to_axis_ops_with_onnx_rules, tvec,
};
use tract_core::ops::array::{
    Gather, MultiBroadcastTo, Pad, PadMode, Range, Slice, StridedSlice, Tile, TypedConcat,
};
use tract_core::ops::identity::Identity;

use super::constants::constant;
use super::wiring::{Node, Wiring, axes, axis, dims};

/// Adds a node where its operator is one of these.
pub(super) fn convert(w: &mut Wiring, node: &Node, op: &str) -> TractResult<Option<TVec<OutletId>>> {
    let x = || node.input(0);
    let value = match op {
        "Identity" => w.op(Identity, &[x()?])?,
        "Constant" => stated(w, node)?,
        "ConstantOfShape" => filled(w, node)?,
        "Shape" => shape(w, node)?,
        "Range" => range(w, node)?,
        "Reshape" => {
            let target: TVec<TDim> = w.numbers(node.input(1)?)?.iter().map(ToDim::to_dim).collect();
            by_rules(w, x()?, &target, node.flag("allowzero", false))?
        }
        "Flatten" => {
            let shape = w.shape(x()?)?;
            let at = node.int("axis").unwrap_or(1);
            let at = if at == shape.len() as i64 { shape.len() } else { axis(at, shape.len())? };
            reshape(w, x()?, &[shape[..at].iter().product(), shape[at..].iter().product()])?
        }
        "Squeeze" => squeeze(w, node)?,
        "Unsqueeze" => unsqueeze(w, node)?,
        "Transpose" => transpose(w, node)?,
        "DepthToSpace" => depth_to_space(w, node)?,
        "SpaceToDepth" => space_to_depth(w, node)?,
        "Concat" => concat(w, node)?,
        "Split" => return Ok(Some(split(w, node)?)),
        "Slice" => slice(w, node)?,
        "Gather" => {
            let along = axis(node.int("axis").unwrap_or(0), w.rank(x()?)?)?;
            let indices = w.cast(node.input(1)?, DatumType::I64)?;
            w.op(Gather::new(along), &[x()?, indices])?
        }
        "Expand" => expand(w, node)?,
        "Tile" => {
            let repeats = w.numbers(node.input(1)?)?;
            ensure!(repeats.len() == w.rank(x()?)?, "{} repeats for {} axes", repeats.len(), w.rank(x()?)?);
            ensure!(repeats.iter().all(|&n| n >= 0), "repeats are {repeats:?}");
            w.op(Tile::new(repeats.iter().map(ToDim::to_dim).collect()), &[x()?])?
        }
        "Pad" => pad(w, node)?,
        _ => return Ok(None),
    };
    Ok(Some(tvec!(value)))
}

/// As [`by_rules`] for a shape without placeholders.
pub(super) fn reshape(w: &mut Wiring, x: OutletId, shape: &[usize]) -> TractResult<OutletId> {
    by_rules(w, x, &dims(shape), true)
}

/// Reshapes by ONNX's rules: -1 takes what remains, 0 keeps an axis unless it is literal.
fn by_rules(w: &mut Wiring, mut x: OutletId, target: &[TDim], literal_zero: bool) -> TractResult<OutletId> {
    let shape = dims(&w.shape(x)?);
    for op in to_axis_ops_with_onnx_rules(&shape, target, literal_zero)? {
        x = w.op(op, &[x])?;
    }
    Ok(x)
}

fn stated(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let tensor = if let Some(tensor) = node.attribute("value").and_then(|value| value.t.as_ref()) {
        constant(tensor)?
    } else if let Some(number) = node.int("value_int") {
        tensor0(number)
    } else if let Some(numbers) = node.ints("value_ints") {
        tensor1(numbers)
    } else if let Some(numbers) = node.attribute("value_floats") {
        tensor1(&numbers.floats)
    } else if node.attribute("value_float").is_some() {
        tensor0(node.float("value_float", 0.0))
    } else {
        bail!("it holds no numbers");
    };
    w.constant(tensor)
}

fn lengths(numbers: &[i64]) -> TractResult<TVec<usize>> {
    let lengths = numbers.iter().map(|&n| usize::try_from(n)).collect::<Result<_, _>>();
    lengths.with_context(|| format!("a shape of {numbers:?}"))
}

fn filled(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let value = match node.attribute("value").and_then(|value| value.t.as_ref()) {
        Some(tensor) => constant(tensor)?,
        None => tensor0(0.0_f32),
    };
    ensure!(value.len() == 1, "`value` holds {} elements, one is needed", value.len());
    let value = w.constant(value.into_shape(&[])?)?;
    let shape = lengths(&w.numbers(node.input(0)?)?)?;
    w.op(MultiBroadcastTo::new(dims(&shape).into()), &[value])
}

fn shape(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let shape: Vec<i64> = w.shape(node.input(0)?)?.iter().map(|&length| length as i64).collect();
    let rank = shape.len() as i64;
    let clamp = |at: i64| (if at < 0 { at + rank } else { at }).clamp(0, rank) as usize;
    let start = clamp(node.int("start").unwrap_or(0));
    let end = clamp(node.int("end").unwrap_or(rank)).max(start);
    w.constant(tensor1(&shape[start..end]))
}

fn range(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let inputs = [node.input(0)?, node.input(1)?, node.input(2)?];
    let datum = w.datum(inputs[0])?;
    let known = |index: usize| -> TractResult<(Tensor, f64)> {
        let tensor = w.known(inputs[index]).context("a range must not depend on the samples")?;
        ensure!(tensor.len() == 1, "a range between values of {} elements", tensor.len());
        let tensor = tensor.cast_to_dt(datum)?.into_owned().into_shape(&[])?;
        let number = tensor.cast_to_scalar::<f64>()?;
        Ok((tensor, number))
    };
    let ((start, from), (end, to), (step, by)) = (known(0)?, known(1)?, known(2)?);
    ensure!(by != 0.0, "a range in steps of 0");
    let count = ((to - from) / by).ceil().max(0.0);
    w.bounded(&[count as usize])?;
    if count == 0.0 {
        return w.constant(Tensor::zero_dt(datum, &[0])?);
    }
    let ends = [w.constant(start)?, w.constant(end)?, w.constant(step)?];
    w.op(Range::new((count as usize).to_dim()), &ends)
}

/// Axes are an attribute before operator set 13 and an input from then on.
fn listed(w: &Wiring, node: &Node) -> TractResult<Option<Vec<i64>>> {
    match node.optional(1) {
        _ if node.opset < 13 => Ok(node.ints("axes").map(<[i64]>::to_vec)),
        Some(input) => w.numbers(input).map(Some),
        None => Ok(None),
    }
}

fn squeeze(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let mut x = node.input(0)?;
    let shape = w.shape(x)?;
    let removed = match listed(w, node)? {
        Some(listed) => axes(&listed, shape.len())?,
        None => (0..shape.len()).filter(|&axis| shape[axis] == 1).collect(),
    };
    for &axis in removed.iter().rev() {
        ensure!(shape[axis] == 1, "axis {axis} of a value of shape {shape:?} is not of length 1");
        x = w.op(AxisOp::Rm(axis), &[x])?;
    }
    Ok(x)
}

fn unsqueeze(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let mut x = node.input(0)?;
    let listed = listed(w, node)?.context("`axes` is missing")?;
    for axis in axes(&listed, w.rank(x)? + listed.len())? {
        x = w.op(AxisOp::Add(axis), &[x])?;
    }
    Ok(x)
}

fn transpose(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let mut x = node.input(0)?;
    let rank = w.rank(x)?;
    let order: TVec<usize> = match node.lengths("perm")? {
        Some(order) => order,
        None => (0..rank).rev().collect(),
    };
    ensure!(
        order.len() == rank && (0..rank).all(|a| order.contains(&a)),
        "{rank} axes are permuted by {order:?}"
    );
    for op in perm_to_ops(&order) {
        x = w.op(op, &[x])?;
    }
    Ok(x)
}

fn blocks(w: &Wiring, node: &Node) -> TractResult<([usize; 4], usize)> {
    let shape = w.shape(node.input(0)?)?;
    let block = node.int("blocksize").and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let [n, c, h, w] = shape[..] else { bail!("a value of shape {shape:?}, 4 axes are needed") };
    ensure!(block > 0, "`blocksize` is missing or not positive");
    Ok(([n, c, h, w], block))
}

fn depth_to_space(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let ([n, c, height, width], b) = blocks(w, node)?;
    ensure!(c.is_multiple_of(b * b), "{c} channels in blocks of {b} x {b}");
    let depth = c / (b * b);
    let by_column = match node.text("mode", "DCR")? {
        "DCR" => false,
        "CRD" => true,
        other => bail!("mode={other} is unknown"),
    };
    let mut split = tvec!(b, b, depth);
    let mut moves = [AxisOp::Move(2, 5), AxisOp::Move(1, 3)];
    if by_column {
        split.reverse();
        moves = [AxisOp::Move(3, 5), AxisOp::Move(2, 3)];
    }
    let mut x = w.op(AxisOp::Reshape(1, dims(&[c]), dims(&split)), &[node.input(0)?])?;
    for op in moves {
        x = w.op(op, &[x])?;
    }
    reshape(w, x, &[n, depth, height * b, width * b])
}

fn space_to_depth(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let ([n, c, height, width], b) = blocks(w, node)?;
    ensure!(
        height.is_multiple_of(b) && width.is_multiple_of(b),
        "{height} x {width} positions in blocks of {b} x {b}"
    );
    let split = AxisOp::Reshape(2, dims(&[height, width]), dims(&[height / b, b, width / b, b]));
    let mut x = w.op(split, &[node.input(0)?])?;
    for op in [AxisOp::Move(3, 1), AxisOp::Move(5, 2)] {
        x = w.op(op, &[x])?;
    }
    reshape(w, x, &[n, c * b * b, height / b, width / b])
}

fn concat(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let inputs = (0..node.inputs.len()).map(|i| node.input(i)).collect::<TractResult<TVec<_>>>()?;
    let along = axis(node.int("axis").context("`axis` is missing")?, w.rank(node.input(0)?)?)?;
    let types = inputs.iter().map(|&x| w.datum(x)).collect::<TractResult<TVec<_>>>()?;
    let datum = DatumType::super_type_for(types).context("the parts have no common type")?;
    let parts = inputs.iter().map(|&x| w.cast(x, datum)).collect::<TractResult<TVec<_>>>()?;
    w.op(TypedConcat::new(along), &parts)
}

fn split(w: &mut Wiring, node: &Node) -> TractResult<TVec<OutletId>> {
    let x = node.input(0)?;
    let shape = w.shape(x)?;
    let along = axis(node.int("axis").unwrap_or(0), shape.len())?;
    let count = node.proto.output.len();
    let sizes = match node.optional(1) {
        Some(input) if node.opset >= 13 => Some(w.numbers(input)?),
        _ => node.ints("split").map(<[i64]>::to_vec),
    };
    let sizes = match sizes {
        Some(sizes) => lengths(&sizes)?,
        None => {
            let most = shape[along].div_ceil(count.max(1));
            (0..count).map(|i| shape[along].saturating_sub(i * most).min(most)).collect()
        }
    };
    ensure!(
        sizes.len() == count && sizes.iter().sum::<usize>() == shape[along],
        "{} positions are split into {sizes:?} for {count} outputs",
        shape[along]
    );
    let mut start = 0;
    let mut parts = TVec::new();
    for size in sizes {
        parts.push(w.op(Slice::new(along, start, start + size), &[x])?);
        start += size;
    }
    Ok(parts)
}

fn slice(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let rank = w.rank(node.input(0)?)?;
    let mut inputs = tvec!(node.input(0)?, node.input(1)?, node.input(2)?);
    let count = w.numbers(node.input(1)?)?.len();
    let mut placed = |input: Option<OutletId>| {
        input.map(|input| {
            inputs.push(input);
            inputs.len() - 1
        })
    };
    let (optional_axes_input, optional_steps_input) = (placed(node.optional(3)), placed(node.optional(4)));
    for &input in &inputs[1..] {
        ensure!(w.numbers(input)?.len() == count, "starts, ends, axes and steps differ in number");
    }
    match node.optional(3) {
        Some(input) => {
            axes(&w.numbers(input)?, rank)?;
        }
        None => ensure!(count <= rank, "{count} slices of {rank} axes"),
    }
    if let Some(input) = node.optional(4) {
        ensure!(w.numbers(input)?.iter().all(|&step| step != 0), "a slice in steps of 0");
    }
    let op = StridedSlice {
        optional_axes_input,
        optional_steps_input,
        begin_mask: 0,
        end_mask: 0,
        shrink_axis_mask: 0,
    };
    w.op(op, &inputs)
}

fn expand(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let x = node.input(0)?;
    let target = lengths(&w.numbers(node.input(1)?)?)?;
    let shape = tract_core::broadcast::multi_broadcast(&[&w.shape(x)?[..], &target[..]])?;
    w.op(MultiBroadcastTo::new(dims(&shape).into()), &[x])
}

fn pad(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let x = node.input(0)?;
    let rank = w.rank(x)?;
    let mode = match node.text("mode", "constant")? {
        "constant" => match node.optional(2) {
            Some(value) => {
                let value = w.known(value).context("the padding must not depend on the samples")?;
                ensure!(value.len() == 1, "the padding is {} numbers, one is needed", value.len());
                PadMode::Constant(Arc::new(Tensor::clone(&value).into_shape(&[])?))
            }
            None => PadMode::default(),
        },
        "reflect" => PadMode::Reflect,
        "edge" => PadMode::Edge,
        other => bail!("mode={other} is not supported"),
    };
    let along: Vec<usize> = match node.optional(3) {
        Some(input) => w.numbers(input)?.iter().map(|&a| axis(a, rank)).collect::<TractResult<_>>()?,
        None => (0..rank).collect(),
    };
    let widths = lengths(&w.numbers(node.input(1)?)?)?;
    ensure!(widths.len() == 2 * along.len(), "{} pads for {} axes", widths.len(), along.len());
    let mut pads = vec![(0, 0); rank];
    for (index, &axis) in along.iter().enumerate() {
        pads[axis] = (widths[index], widths[index + along.len()]);
    }
    w.op(Pad { pads, mode }, &[x])
}
