//! The walk over a plane with the processor's vector instructions, and the encoder's rehearsal of it.

use crate::predict::plan::Plan;
use crate::predict::symbol::ZeroContexts;
use crate::predict::walk::{self, Residuals, Restored};
use pulp::{Arch, Simd, WithSimd};

/// A walk over a plane, with the processor's vector instructions.
struct Vectorised<'a, R> {
    sink: R,
    plan: &'a Plan,
    number: usize,
    bound: u32,
    valid: &'a [bool],
    given: &'a [i32],
    restored: &'a mut Restored,
}

impl<R: Residuals> WithSimd for Vectorised<'_, R> {
    type Output = R;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> R {
        let Self { sink, plan, number, bound, valid, given, restored } = self;
        if plan.narrow {
            walk::plane::<i32, R>(sink, plan, number, bound, valid, given, restored)
        } else {
            walk::plane::<i64, R>(sink, plan, number, bound, valid, given, restored)
        }
    }
}

/// A walk that codes nothing: it leaves the magnitudes of the residuals in [`Restored`].
pub(crate) struct Rehearsal;

impl Residuals for Rehearsal {
    const GIVEN: bool = true;

    #[inline(always)]
    fn code(&mut self, residual: i32, _: u32, _: usize, _: Option<impl FnOnce() -> ZeroContexts>) -> i32 {
        residual
    }
}

/// Walks over one plane of a tile, see [`walk::plane`].
pub(crate) fn walk<R: Residuals>(
    sink: R,
    plan: &Plan,
    number: usize,
    bound: u32,
    valid: &[bool],
    given: &[i32],
    restored: &mut Restored,
) -> R {
    Arch::new().dispatch(Vectorised { sink, plan, number, bound, valid, given, restored })
}
