//! Operators that work on each element by itself.

use tract_core::internal::{DatumType, OutletId, TVec, TractErrorContext, TractResult, bail, tvec};
use tract_core::ops::binary::{BinMiniOp, TypedBinOp};
use tract_core::ops::element_wise::ElementWiseOp;
use tract_core::ops::logic::{Iff, comp_eq, comp_gt, comp_lt, not};
use tract_core::ops::math::{
    abs, add, div, erf, exp, floor, ln, max, min, mul, neg, pow, recip, round_half_to_even, sign, sqrt, sub,
    tanh,
};
use tract_core::ops::nn::gelu_approximate::gelu_approximate;
use tract_core::ops::nn::{hard_swish, leaky_relu, sigmoid};

use super::constants::datum;
use super::wiring::{Node, Wiring};

/// Adds a node where its operator is one of these.
pub(super) fn convert(w: &mut Wiring, node: &Node, op: &str) -> TractResult<Option<TVec<OutletId>>> {
    let x = || node.input(0);
    let value = match op {
        "Abs" => unary(w, abs(), x()?)?,
        "Erf" => unary(w, erf(), x()?)?,
        "Exp" => unary(w, exp(), x()?)?,
        "Floor" => unary(w, floor(), x()?)?,
        "HardSwish" => unary(w, hard_swish(), x()?)?,
        "LeakyRelu" => unary(w, leaky_relu(node.float("alpha", 0.01)), x()?)?,
        "Log" => unary(w, ln(), x()?)?,
        "Neg" => unary(w, neg(), x()?)?,
        "Not" => unary(w, not(), x()?)?,
        "Reciprocal" => unary(w, recip(), x()?)?,
        "Round" => unary(w, round_half_to_even(), x()?)?,
        "Sigmoid" => unary(w, sigmoid(), x()?)?,
        "Sign" => unary(w, sign(), x()?)?,
        "Sqrt" => unary(w, sqrt(), x()?)?,
        "Tanh" => unary(w, tanh(), x()?)?,
        "Add" => w.binary(add(), x()?, node.input(1)?)?,
        "Sub" => w.binary(sub(), x()?, node.input(1)?)?,
        "Mul" => w.binary(mul(), x()?, node.input(1)?)?,
        "Div" => w.binary(div(), x()?, node.input(1)?)?,
        "Equal" => w.binary(plain(comp_eq()), x()?, node.input(1)?)?,
        "Greater" => w.binary(plain(comp_gt()), x()?, node.input(1)?)?,
        "Less" => w.binary(plain(comp_lt()), x()?, node.input(1)?)?,
        "Max" => fold(w, node, max)?,
        "Min" => fold(w, node, min)?,
        "Pow" => power(w, x()?, node.input(1)?)?,
        "Clip" => clip(w, node)?,
        "Where" => choose(w, x()?, node.input(1)?, node.input(2)?)?,
        "PRelu" => prelu(w, x()?, node.input(1)?)?,
        "Relu" => w.with_scalar(max(), x()?, 0.0)?,
        "Elu" => elu(w, x()?, node.float("alpha", 1.0))?,
        "HardSigmoid" => hard_sigmoid(w, node)?,
        "Softplus" => {
            let powers = unary(w, exp(), x()?)?;
            let sum = w.with_scalar(add(), powers, 1.0)?;
            unary(w, ln(), sum)?
        }
        "Gelu" => gelu(w, node)?,
        "Cast" => w.cast(x()?, datum(node.int("to").context("`to` is missing")?)?)?,
        _ => return Ok(None),
    };
    Ok(Some(tvec!(value)))
}

fn plain(op: Box<dyn BinMiniOp>) -> TypedBinOp {
    TypedBinOp(op, None)
}

fn unary(w: &mut Wiring, op: ElementWiseOp, x: OutletId) -> TractResult<OutletId> {
    let operating = op.0.operating_datum_type(w.datum(x)?);
    let x = w.cast(x, operating)?;
    w.op(op, &[x])
}

/// One operation over all inputs, from the first to the last.
fn fold(w: &mut Wiring, node: &Node, op: fn() -> TypedBinOp) -> TractResult<OutletId> {
    let mut result = node.input(0)?;
    for index in 1..node.inputs.len() {
        result = w.binary(op(), result, node.input(index)?)?;
    }
    Ok(result)
}

/// The result has the type of the base.
fn power(w: &mut Wiring, base: OutletId, exponent: OutletId) -> TractResult<OutletId> {
    let datum = w.datum(base)?;
    let operating = if datum.is_integer() == w.datum(exponent)?.is_integer() {
        datum.common_super_type(w.datum(exponent)?).context("base and exponent have no common type")?
    } else {
        DatumType::F64
    };
    let base = w.cast(base, operating)?;
    let exponent = w.cast(exponent, operating)?;
    let result = w.binary(pow(), base, exponent)?;
    w.cast(result, datum)
}

fn clip(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let mut x = node.input(0)?;
    let datum = w.datum(x)?;
    if let Some(least) = node.optional(1) {
        let least = w.cast(least, datum)?;
        x = w.binary(max(), x, least)?;
    }
    if let Some(most) = node.optional(2) {
        let most = w.cast(most, datum)?;
        x = w.binary(min(), x, most)?;
    }
    Ok(x)
}

fn choose(w: &mut Wiring, condition: OutletId, a: OutletId, b: OutletId) -> TractResult<OutletId> {
    if w.datum(condition)? != DatumType::Bool {
        bail!("the condition is {:?}, not boolean", w.datum(condition)?);
    }
    let (types_a, types_b) = (w.datum(a)?, w.datum(b)?);
    let datum = types_a.common_super_type(types_b).context("both choices have no common type")?;
    let a = w.cast(a, datum)?;
    let b = w.cast(b, datum)?;
    let aligned = w.aligned(&[condition, a, b])?;
    w.op(Iff, &aligned)
}

fn prelu(w: &mut Wiring, x: OutletId, slope: OutletId) -> TractResult<OutletId> {
    let scaled = w.binary(mul(), x, slope)?;
    let zero = w.scalar(0.0, x)?;
    let negative = w.binary(plain(comp_gt()), zero, x)?;
    choose(w, negative, scaled, x)
}

fn elu(w: &mut Wiring, x: OutletId, alpha: f32) -> TractResult<OutletId> {
    let powers = unary(w, exp(), x)?;
    let below = w.with_scalar(sub(), powers, 1.0)?;
    let below = w.with_scalar(mul(), below, alpha)?;
    let zero = w.scalar(0.0, x)?;
    let positive = w.binary(plain(comp_lt()), zero, x)?;
    choose(w, positive, x, below)
}

fn hard_sigmoid(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let line = w.with_scalar(mul(), node.input(0)?, node.float("alpha", 0.2))?;
    let line = w.with_scalar(add(), line, node.float("beta", 0.5))?;
    let line = w.with_scalar(min(), line, 1.0)?;
    w.with_scalar(max(), line, 0.0)
}

/// `x / 2 (1 + erf(x / sqrt(2)))`, or its approximation by a hyperbolic tangent.
fn gelu(w: &mut Wiring, node: &Node) -> TractResult<OutletId> {
    let x = node.input(0)?;
    if node.text("approximate", "none")? == "tanh" {
        return unary(w, gelu_approximate(false), x);
    }
    let scaled = w.with_scalar(mul(), x, 2.0_f32.sqrt().recip())?;
    let error = unary(w, erf(), scaled)?;
    let sum = w.with_scalar(add(), error, 1.0)?;
    let half = w.with_scalar(mul(), x, 0.5)?;
    w.binary(mul(), half, sum)
}
