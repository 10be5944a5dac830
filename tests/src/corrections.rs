//! A model with a correction. Its data have a floor, a least value, and the correction lifts decoded samples to it.

use vqz_codec::authoring::graph::{Dim, ElementType, GraphBuilder};
use vqz_codec::model::{Model, ModelParts};

/// The least sample of data that the corrected model is for.
pub const FLOOR: f32 = 115.0;

/// A linear model with a correction that lifts samples to the floor.
///
/// # Panics
/// When the parts do not fit each other.
#[must_use]
pub fn with_floor(linear: &Model, name: &str) -> Model {
    let mut manifest = linear.manifest().clone();
    manifest.name = name.to_owned();
    manifest.architecture = "linear-floor".to_owned();

    Model::assemble(ModelParts {
        decoder: linear.decoder().to_vec(),
        correction: Some(correction(linear.manifest().bands.len())),
        encoder: linear.encoder().expect("the model is whole").to_vec(),
        priors: linear.priors().clone(),
        manifest,
    })
    .expect("the parts fit each other")
}

/// `(picture, step) → samples`: at the floor or above, whatever the step.
#[must_use]
pub fn correction(bands: usize) -> Vec<u8> {
    let raster: [Dim; 4] = ["n".into(), bands.into(), "height".into(), "width".into()];
    let mut g = GraphBuilder::new("correction");
    let picture = g.input("picture", ElementType::F32, &raster);
    let step = g.input("step", ElementType::F32, &[1.into()]);
    let (floor, nothing) = (g.f32("floor", &[1], &[FLOOR]), g.f32("nothing", &[1], &[0.0]));
    let none = g.node("Mul", &[&step, &nothing]);
    let floor = g.node("Add", &[&floor, &none]);
    let above = g.node("Sub", &[&picture, &floor]);
    let above = g.node("Relu", &[&above]);
    let samples = g.node("Add", &[&above, &floor]);
    g.output(&samples, "samples", ElementType::F32, &raster);
    g.to_bytes().expect("the graph is sound")
}
