//! A tract model under construction, and the ONNX node that is being added to it.
//!
//! All shapes are known when a plan is made, so shapes are plain numbers here, and whatever depends on constants and
//! shapes alone is computed on the spot.

use std::sync::Arc;

use tract_core::internal::{
    AxisOp, DatumType, IntoArcTensor, IntoTValue, OutletId, SpecialOps, TDim, TVec, Tensor, ToDim,
    TractErrorContext, TractResult, TypedFact, TypedModel, TypedOp, bail, ensure, format_err, tensor0,
};
use tract_core::ops::binary::TypedBinOp;
use tract_core::ops::cast::cast;

use crate::error::Error;
use crate::model::onnx::pb::{AttributeProto, NodeProto};

/// The most elements that a value inside of a graph may have: 1 GiB of floats.
const MAX_ELEMENTS: u64 = 1 << 28;

/// One ONNX node and the values that it reads.
pub(super) struct Node<'a> {
    pub(super) proto: &'a NodeProto,
    /// Version of the operator set, which decides what some operators mean.
    pub(super) opset: i64,
    /// The value of each input; `None` where an optional input is left out.
    pub(super) inputs: Vec<Option<OutletId>>,
}

impl Node<'_> {
    /// An input that must be there.
    pub(super) fn input(&self, index: usize) -> TractResult<OutletId> {
        self.optional(index).ok_or_else(|| format_err!("input {index} is missing"))
    }

    /// An input that may be left out.
    pub(super) fn optional(&self, index: usize) -> Option<OutletId> {
        self.inputs.get(index).copied().flatten()
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&AttributeProto> {
        self.proto.attribute.iter().find(|attribute| attribute.name.as_deref() == Some(name))
    }

    pub(super) fn int(&self, name: &str) -> Option<i64> {
        self.attribute(name).map(|attribute| attribute.i.unwrap_or(0))
    }

    /// Whether an integer attribute is set to something other than 0.
    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        self.int(name).map_or(default, |value| value != 0)
    }

    pub(super) fn float(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).map_or(default, |attribute| attribute.f.unwrap_or(0.0))
    }

    pub(super) fn ints(&self, name: &str) -> Option<&[i64]> {
        self.attribute(name).map(|attribute| attribute.ints.as_slice())
    }

    /// An attribute of lengths, none of which may be negative.
    pub(super) fn lengths(&self, name: &str) -> TractResult<Option<TVec<usize>>> {
        let Some(ints) = self.ints(name) else { return Ok(None) };
        let lengths = ints.iter().map(|&length| usize::try_from(length)).collect::<Result<_, _>>();
        Ok(Some(lengths.with_context(|| format!("`{name}` is {ints:?}"))?))
    }

    pub(super) fn text<'b>(&'b self, name: &str, default: &'b str) -> TractResult<&'b str> {
        let Some(attribute) = self.attribute(name) else { return Ok(default) };
        Ok(std::str::from_utf8(attribute.s.as_deref().unwrap_or_default())?)
    }
}

/// Counts an axis from the front: negative ones are counted from the back.
pub(super) fn axis(axis: i64, rank: usize) -> TractResult<usize> {
    let found = if axis < 0 { axis + rank as i64 } else { axis };
    ensure!((0..rank as i64).contains(&found), "axis {axis} is not in a value of {rank} axes");
    Ok(found as usize)
}

/// As [`axis`] for several, sorted.
pub(super) fn axes(axes: &[i64], rank: usize) -> TractResult<TVec<usize>> {
    let mut found = axes.iter().map(|&a| axis(a, rank)).collect::<TractResult<TVec<_>>>()?;
    found.sort_unstable();
    ensure!(found.windows(2).all(|pair| pair[0] != pair[1]), "axes {axes:?} name one twice");
    Ok(found)
}

pub(super) fn dims(shape: &[usize]) -> TVec<TDim> {
    shape.iter().map(ToDim::to_dim).collect()
}

#[derive(Default)]
pub(super) struct Wiring {
    pub(super) model: TypedModel,
    /// The ONNX node's name, for messages.
    name: String,
}

impl Wiring {
    /// Names the ONNX node that the next operations stand for.
    pub(super) fn enter(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    pub(super) fn fact(&self, value: OutletId) -> TractResult<&TypedFact> {
        self.model.outlet_fact(value)
    }

    pub(super) fn datum(&self, value: OutletId) -> TractResult<DatumType> {
        Ok(self.fact(value)?.datum_type)
    }

    pub(super) fn shape(&self, value: OutletId) -> TractResult<TVec<usize>> {
        let shape = self.fact(value)?.shape.as_concrete().context("its shape depends on the samples")?;
        Ok(shape.into())
    }

    pub(super) fn rank(&self, value: OutletId) -> TractResult<usize> {
        Ok(self.fact(value)?.rank())
    }

    /// A value that is known while planning.
    pub(super) fn known(&self, value: OutletId) -> Option<Arc<Tensor>> {
        self.fact(value).ok()?.konst.clone()
    }

    /// Integers that are known while planning, such as a shape or axes.
    pub(super) fn numbers(&self, value: OutletId) -> TractResult<Vec<i64>> {
        let known = self.known(value).context("shapes and axes must not depend on the samples")?;
        Ok(known.cast_to::<i64>()?.try_as_plain_ram()?.as_slice::<i64>()?.to_vec())
    }

    pub(super) fn constant(&mut self, tensor: impl IntoArcTensor) -> TractResult<OutletId> {
        self.model.add_const(self.model.unique_name(&self.name).into_owned(), tensor)
    }

    /// A single number of the same type as `like`, with as many axes.
    pub(super) fn scalar(&mut self, number: f32, like: OutletId) -> TractResult<OutletId> {
        let tensor = tensor0(number).cast_to_dt(self.datum(like)?)?.into_owned();
        let rank = self.rank(like)?;
        self.constant(tensor.broadcast_into_rank(rank)?)
    }

    /// Adds an operation of one result.
    pub(super) fn op(
        &mut self,
        op: impl Into<Box<dyn TypedOp>>,
        inputs: &[OutletId],
    ) -> TractResult<OutletId> {
        Ok(self.ops(op, inputs)?[0])
    }

    /// Adds an operation. Values of a giant size are refused before anything computes them.
    pub(super) fn ops(
        &mut self,
        op: impl Into<Box<dyn TypedOp>>,
        inputs: &[OutletId],
    ) -> TractResult<TVec<OutletId>> {
        let op = op.into();
        let facts = inputs.iter().map(|&i| self.fact(i)).collect::<TractResult<TVec<_>>>()?;
        let results = op.output_facts(&facts)?;
        for fact in &results {
            let shape = fact.shape.as_concrete().context("a shape depends on the samples")?;
            self.bounded(shape)?;
        }
        let known = facts.iter().map(|fact| fact.konst.clone()).collect::<Option<TVec<_>>>();
        drop(facts);
        if let Some(known) = known.filter(|known| !known.is_empty()) {
            let known = known.into_iter().map(IntoTValue::into_tvalue).collect();
            if let Some(results) = op.eval_out_of_plan(known)? {
                return results.into_iter().map(|result| self.constant(result.into_arc_tensor())).collect();
            }
        }
        let name = self.model.unique_name(&self.name).into_owned();
        self.model.wire_node(name, op, inputs)
    }

    pub(super) fn bounded(&self, shape: &[usize]) -> TractResult<()> {
        let elements = shape.iter().try_fold(1_u64, |n, &d| n.checked_mul(d as u64)).unwrap_or(u64::MAX);
        if elements <= MAX_ELEMENTS {
            return Ok(());
        }
        bail!(Error::Limit(format!(
            "node `{}` of the graph makes a value of shape {shape:?}; {MAX_ELEMENTS} elements are allowed; \
             use smaller tiles or another model",
            self.name
        )))
    }

    pub(super) fn cast(&mut self, value: OutletId, to: DatumType) -> TractResult<OutletId> {
        if self.datum(value)? == to { Ok(value) } else { self.op(cast(to), &[value]) }
    }

    /// Gives all values as many axes, with new ones in front, so that they broadcast as in NumPy.
    pub(super) fn aligned(&mut self, values: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let ranks = values.iter().map(|&value| self.rank(value)).collect::<TractResult<TVec<_>>>()?;
        let most = ranks.iter().copied().max().unwrap_or(0);
        let mut aligned = TVec::new();
        for (&value, &rank) in values.iter().zip(&ranks) {
            let mut value = value;
            for _ in rank..most {
                value = self.op(AxisOp::Add(0), &[value])?;
            }
            aligned.push(value);
        }
        Ok(aligned)
    }

    /// An operation on two values that broadcast.
    pub(super) fn binary(&mut self, op: TypedBinOp, a: OutletId, b: OutletId) -> TractResult<OutletId> {
        let operating = op.0.operating_datum_type(self.datum(a)?, self.datum(b)?)?;
        let [a, b] = self.aligned(&[a, b])?[..] else { bail!("two values stay two") };
        let pair = [self.cast(a, operating)?, self.cast(b, operating)?];
        self.op(op, &pair)
    }

    /// As [`Wiring::binary`] with a number as the second value.
    pub(super) fn with_scalar(&mut self, op: TypedBinOp, a: OutletId, b: f32) -> TractResult<OutletId> {
        let b = self.scalar(b, a)?;
        self.binary(op, a, b)
    }
}
