//! Convolutions, pooling and products of matrices.

use tract_core::internal::{
    AxesMapping, AxisOp, DatumType, OutletId, TVec, Tensor, TractErrorContext, TractResult, bail, ensure,
    tensor1, tvec,
};
use tract_core::ops::array::Gather;
use tract_core::ops::cnn::conv::KernelFormat;
use tract_core::ops::cnn::deconv::adjustments;
use tract_core::ops::cnn::{Conv, Deconv, MaxPool, PaddingSpec, PoolSpec, SumPool};
use tract_core::ops::einsum::EinSum;
use tract_core::ops::math::{add, mul};
use tract_core::ops::nn::DataFormat;

use super::wiring::{Node, Wiring};

/// Adds a node where its operator is one of these.
pub(super) fn convert(w: &mut Wiring, node: &Node, op: &str) -> TractResult<Option<TVec<OutletId>>> {
    Ok(Some(match op {
        "Conv" => tvec!(conv(w, node)?),
        "ConvTranspose" => tvec!(conv_transpose(w, node)?),
        "AveragePool" => {
            let x = node.input(0)?;
            let normalize = true;
            let op = SumPool {
                pool_spec: pool(w, node, x)?,
                count_include_pad: node.flag("count_include_pad", false),
                normalize,
            };
            tvec!(w.op(op, &[x])?)
        }
        "MaxPool" => max_pool(w, node)?,
        "MatMul" => tvec!(matmul(w, node.input(0)?, node.input(1)?)?),
        "Gemm" => tvec!(gemm(w, node)?),
        _ => return Ok(None),
    }))
}

/// What surrounds the samples. Pools may round the number of windows up, convolutions never do.
fn padding(node: &Node, rank: usize, pools: bool) -> TractResult<PaddingSpec> {
    let explicit = |before: TVec<usize>, after: TVec<usize>| {
        if pools {
            PaddingSpec::ExplicitOnnxPool(before, after, node.flag("ceil_mode", false))
        } else {
            PaddingSpec::Explicit(before, after)
        }
    };
    if let Some(pads) = node.lengths("pads")? {
        ensure!(pads.len() == 2 * rank, "{} pads are given, {} are needed", pads.len(), 2 * rank);
        return Ok(explicit(pads[..rank].into(), pads[rank..].into()));
    }
    match node.text("auto_pad", "NOTSET")? {
        "NOTSET" => Ok(explicit(tvec!(0; rank), tvec!(0; rank))),
        "VALID" => Ok(PaddingSpec::Valid),
        "SAME_UPPER" => Ok(PaddingSpec::SameUpper),
        "SAME_LOWER" => Ok(PaddingSpec::SameLower),
        other => bail!("auto_pad={other} is unknown"),
    }
}

/// Strides and the like: as many as there are spatial axes, and none of them 0.
fn steps(node: &Node, name: &str, rank: usize) -> TractResult<Option<TVec<usize>>> {
    let steps = node.lengths(name)?;
    if let Some(steps) = &steps {
        ensure!(steps.len() == rank && !steps.contains(&0), "`{name}` is {steps:?} for {rank} spatial axes");
    }
    Ok(steps)
}

fn pool_spec(
    node: &Node,
    kernel: TVec<usize>,
    channels: (usize, usize),
    pools: bool,
) -> TractResult<PoolSpec> {
    let rank = kernel.len();
    Ok(PoolSpec {
        data_format: DataFormat::NCHW,
        padding: padding(node, rank, pools)?,
        dilations: steps(node, "dilations", rank)?,
        strides: steps(node, "strides", rank)?,
        kernel_shape: kernel,
        input_channels: channels.0,
        output_channels: channels.1,
    })
}

fn pool(w: &Wiring, node: &Node, x: OutletId) -> TractResult<PoolSpec> {
    let shape = w.shape(x)?;
    let kernel = node.lengths("kernel_shape")?.context("`kernel_shape` is missing")?;
    ensure!(shape.len() == kernel.len() + 2, "windows of shape {kernel:?} over a value of shape {shape:?}");
    pool_spec(node, kernel, (shape[1], shape[1]), true)
}

fn groups(node: &Node) -> TractResult<usize> {
    let group = node.int("group").unwrap_or(1);
    ensure!(group > 0, "`group` is {group}");
    Ok(group as usize)
}

/// A bias of one number a channel as tract takes it: of no axes where there is one channel.
fn bias(w: &mut Wiring, node: &Node, x: OutletId, channels: usize) -> TractResult<OutletId> {
    let datum = w.datum(x)?;
    let Some(bias) = node.optional(2) else { return w.constant(Tensor::zero_scalar_dt(datum)?) };
    let shape = w.shape(bias)?;
    ensure!(shape[..] == [channels], "a bias of shape {shape:?} for {channels} channels");
    let bias = w.cast(bias, datum)?;
    if channels == 1 { w.op(AxisOp::Rm(0), &[bias]) } else { Ok(bias) }
}

fn conv(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let (x, kernel) = (node.input(0)?, node.input(1)?);
    let (shape, of_kernel, group) = (w.shape(x)?, w.shape(kernel)?, groups(node)?);
    ensure!(
        shape.len() == of_kernel.len() && shape.len() > 2,
        "a kernel of shape {of_kernel:?} over {shape:?}"
    );
    ensure!(w.datum(x)? == w.datum(kernel)?, "samples and kernel are of different types");
    if let Some(stated) = node.lengths("kernel_shape")? {
        ensure!(
            stated[..] == of_kernel[2..],
            "a kernel of shape {of_kernel:?}, `kernel_shape` is {stated:?}"
        );
    }
    let (channels, outputs) = (of_kernel[1] * group, of_kernel[0]);
    ensure!(shape[1] == channels, "{} channels, the kernel expects {channels}", shape[1]);
    ensure!(outputs.is_multiple_of(group), "{outputs} channels come from {group} groups");
    let spec = pool_spec(node, of_kernel[2..].into(), (channels, outputs), false)?;
    let bias = bias(w, node, x, outputs)?;
    w.op(Conv::new(spec, KernelFormat::OIHW, group, None), &[x, kernel, bias])
}

/// ONNX keeps these kernels as inputs by outputs of a group; tract takes them as outputs by inputs of a group.
fn conv_transpose(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let (x, mut kernel) = (node.input(0)?, node.input(1)?);
    let (shape, of_kernel, group) = (w.shape(x)?, w.shape(kernel)?, groups(node)?);
    ensure!(
        shape.len() == of_kernel.len() && shape.len() > 2,
        "a kernel of shape {of_kernel:?} over {shape:?}"
    );
    ensure!(w.datum(x)? == w.datum(kernel)?, "samples and kernel are of different types");
    let (inputs, per_group) = (of_kernel[0], of_kernel[1]);
    ensure!(shape[1] == inputs, "{} channels, the kernel expects {inputs}", shape[1]);
    ensure!(inputs.is_multiple_of(group), "{inputs} channels in {group} groups");
    let dim = |length: usize| tract_core::internal::ToDim::to_dim(&length);
    let split = AxisOp::Reshape(0, tvec!(dim(inputs)), tvec!(dim(group), dim(inputs / group)));
    kernel = w.op(split, &[kernel])?;
    kernel = w.op(AxisOp::Move(1, 2), &[kernel])?;
    let merge = AxisOp::Reshape(0, tvec!(dim(group), dim(per_group)), tvec!(dim(group * per_group)));
    kernel = w.op(merge, &[kernel])?;

    let outputs = group * per_group;
    let spec = pool_spec(node, of_kernel[2..].into(), (inputs, outputs), false)?;
    let spatial = spec.rank();
    let adjusted = if let Some(wanted) = node.lengths("output_shape")? {
        ensure!(wanted.len() == spatial, "`output_shape` is {wanted:?} for {spatial} spatial axes");
        adjustments(&spec, &shape[2..], &wanted)?
    } else {
        let adjusted = node.lengths("output_padding")?.unwrap_or_else(|| tvec!(0; spatial));
        ensure!(adjusted.len() == spatial, "`output_padding` is {adjusted:?} for {spatial} spatial axes");
        adjusted
    };
    let bias = match node.optional(2) {
        Some(bias) => {
            let of_bias = w.shape(bias)?;
            ensure!(of_bias[..] == [outputs], "a bias of shape {of_bias:?} for {outputs} channels");
            bias
        }
        None => w.constant(Tensor::zero_scalar_dt(w.datum(x)?)?)?,
    };
    w.op(Deconv::new(spec, KernelFormat::OIHW, adjusted, group), &[x, kernel, bias])
}

/// tract counts positions inside of each channel, row by row; ONNX counts them over the whole value, and by columns where
/// asked.
fn max_pool(w: &mut Wiring, node: &Node) -> TractResult<TVec<OutletId>> {
    let x = node.input(0)?;
    let pool_spec = pool(w, node, x)?;
    if node.proto.output.len() < 2 {
        return Ok(tvec!(w.op(MaxPool { pool_spec, with_index_outputs: None }, &[x])?));
    }
    let shape = w.shape(x)?;
    let pooled = w.ops(MaxPool { pool_spec, with_index_outputs: Some(DatumType::I64) }, &[x])?;
    let mut positions = pooled[1];
    let plane: usize = shape[2..].iter().product();
    if node.flag("storage_order", false) {
        let by_columns: Vec<i64> = (0..plane).map(|i| by_column(i, &shape[2..]) as i64).collect();
        let table = w.constant(tensor1(&by_columns))?;
        positions = w.op(Gather::new(0), &[table, positions])?;
    }
    let starts: Vec<i64> = (0..shape[0] * shape[1]).map(|i| (i * plane) as i64).collect();
    let mut of_starts: TVec<usize> = tvec!(1; shape.len());
    of_starts[..2].copy_from_slice(&shape[..2]);
    let starts = w.constant(Tensor::from_shape(&of_starts, &starts)?)?;
    Ok(tvec!(pooled[0], w.binary(add(), positions, starts)?))
}

/// The position of an element when the first axis runs fastest, from that when the last one does.
fn by_column(mut index: usize, shape: &[usize]) -> usize {
    let mut index_along: TVec<usize> = tvec!(0; shape.len());
    for (at, &length) in index_along.iter_mut().zip(shape).rev() {
        *at = index % length;
        index /= length;
    }
    index_along.iter().zip(shape).rev().fold(0, |sum, (&at, &length)| sum * length + at)
}

fn matmul(w: &mut Wiring, a: OutletId, b: OutletId) -> TractResult<OutletId> {
    let (ranks, datum) = ((w.rank(a)?, w.rank(b)?), w.datum(a)?);
    ensure!(datum == w.datum(b)?, "the factors are of different types");
    ensure!(ranks.0 > 0 && ranks.1 > 0 && ranks.0 + ranks.1 > 2, "factors of {ranks:?} axes");
    let most = ranks.0.max(ranks.1);
    let batch = |rank: usize| -> String { ('a'..).take(most - 2).skip(most - rank.max(2)).collect() };
    let all = batch(most);
    let axes = match ranks {
        (1, _) => format!("k,{all}kn->{all}n"),
        (_, 1) => format!("{all}mk,k->{all}m"),
        (a, b) => format!("{}mk,{}kn->{all}mn", batch(a), batch(b)),
    };
    let axes: AxesMapping = axes.parse()?;
    w.op(EinSum { axes, operating_dt: datum, q_params: None }, &[a, b])
}

fn gemm(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let (a, b) = (node.input(0)?, node.input(1)?);
    ensure!(w.rank(a)? == 2 && w.rank(b)? == 2, "both factors have to be matrices");
    let datum = w.datum(a)?;
    ensure!(datum == w.datum(b)?, "the factors are of different types");
    let axes =
        AxesMapping::for_numpy_matmul(2, node.flag("transA", false), node.flag("transB", false), false)?;
    let mut product = w.op(EinSum::new(axes, datum), &[a, b])?;
    let (alpha, beta) = (node.float("alpha", 1.0), node.float("beta", 1.0));
    if alpha != 1.0 {
        product = w.with_scalar(mul(), product, alpha)?;
    }
    match node.optional(2) {
        Some(mut c) if beta != 0.0 => {
            if beta != 1.0 {
                c = w.with_scalar(mul(), c, beta)?;
            }
            w.binary(add(), product, c)
        }
        _ => Ok(product),
    }
}

#[cfg(test)]
mod tests {
    use super::by_column;

    #[test]
    fn positions_by_column() {
        // Rows of 3: element (1, 0) is the fourth by rows, the second by columns.
        assert_eq!(by_column(3, &[2, 3]), 1);
        let all: Vec<_> = (0..24).map(|i| by_column(i, &[2, 3, 4])).collect();
        let expected = |i: usize| i / 12 + i / 4 % 3 * 2 + i % 4 * 6;
        assert_eq!(all, (0..24).map(expected).collect::<Vec<_>>());
    }
}
