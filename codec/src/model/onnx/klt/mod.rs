//! The graphs of the `klt` architecture: a DCT per band and patch, then, for each spatial frequency, a matrix across bands.
//!
//! For a patch of `f`×`f` pixels and `C` bands, plane `freq * C + k` of the latents is component `k` of frequency
//! `freq = u * f + v`, where `u` is vertical and `v` horizontal. Both directions are linear but for the decoder's dead
//! zone. The layout is frozen, since [`read_decoder`] accepts nothing else: a new layout is a new architecture.

mod dct;
#[cfg(test)]
mod tests;

pub use dct::dct_matrix;
use half::f16;
use prost::Message;

use super::graph::{Attribute, Dim, ElementType, GraphBuilder};
use super::pb;
use crate::error::{Error, Result};

/// Sides of patches that the architecture allows, in pixels.
pub const PATCHES: [usize; 3] = [8, 16, 32];
/// The most bands that one `klt` graph takes.
pub const MAX_BANDS: usize = 1024;

/// What a `klt` decoder graph holds.
#[derive(Clone, Debug, PartialEq)]
pub struct KltParameters {
    /// Side of a patch in pixels, one of [`PATCHES`].
    pub patch: usize,
    /// Number of bands, 1 to [`MAX_BANDS`].
    pub bands: usize,
    /// `[freq][k][band]`, patch² × bands × bands: coefficient of `band` = Σₖ mix × value of plane `freq * bands + k`.
    pub mix: Vec<f16>,
    /// Data units per normalised unit, one a band, positive.
    pub scale: Vec<f32>,
    /// Data value of normalised zero, one a band.
    pub offset: Vec<f32>,
    /// How far non-zero codes are moved towards zero on decoding, in steps, 0 to 1.
    pub shrink: f32,
}

impl KltParameters {
    /// Number of latent planes, patch² × bands.
    pub fn planes(&self) -> usize {
        self.patch * self.patch * self.bands
    }

    /// # Errors
    /// A message (without a kind) that says which parameter is out of its range.
    fn validate(&self) -> Result<(), String> {
        let (f, c) = (self.patch, self.bands);
        if !PATCHES.contains(&f) {
            return Err(format!("klt patch is {f} pixels; 8, 16 and 32 are allowed"));
        }
        if c == 0 || c > MAX_BANDS {
            return Err(format!("klt has {c} bands; 1 to {MAX_BANDS} are allowed"));
        }
        for (name, found, expected) in [
            ("mix", self.mix.len(), f * f * c * c),
            ("scale", self.scale.len(), c),
            ("offset", self.offset.len(), c),
        ] {
            if found != expected {
                return Err(format!(
                    "klt `{name}` has {found} elements; patch {f} and {c} bands take {expected}"
                ));
            }
        }
        if let Some(i) = self.mix.iter().position(|x| !x.is_finite()) {
            return Err(format!("klt `mix` holds {} at {i}; it must be finite", self.mix[i]));
        }
        if let Some(x) = self.scale.iter().find(|x| !(x.is_finite() && **x > 0.0)) {
            return Err(format!("klt `scale` holds {x}; it must be finite and positive"));
        }
        if let Some(x) = self.offset.iter().find(|x| !x.is_finite()) {
            return Err(format!("klt `offset` holds {x}; it must be finite"));
        }
        if !(0.0..=1.0).contains(&self.shrink) {
            return Err(format!("klt `shrink` is {}; 0 to 1 is allowed", self.shrink));
        }
        Ok(())
    }
}

/// The decoder: `codes` int32 `[n, f*f*C, gy, gx]` and `step` float32 `[1]` in, `samples` float32
/// `[n, C, gy*f, gx*f]` out, in data units.
///
/// A code `q` stands for `(q - shrink * clip(q, -1, 1)) * step`.
///
/// # Errors
/// [`Error::InvalidArgument`] when a parameter is out of its range.
pub fn decoder(parameters: &KltParameters) -> Result<Vec<u8>> {
    parameters.validate().map_err(Error::InvalidArgument)?;
    let &KltParameters { patch, bands, shrink, .. } = parameters;
    let (f, c, planes) = (patch as i64, bands as i64, parameters.planes());

    let mut g = GraphBuilder::new("klt_decoder");
    let codes = g.input("codes", ElementType::I32, &["n".into(), planes.into(), "gy".into(), "gx".into()]);
    let step = g.input("step", ElementType::F32, &[1.into()]);
    let mix = g.f16("mix", &[patch * patch, bands, bands], &parameters.mix);
    let dct = g.f32("dct", &[patch, patch], &dct_matrix(patch));
    let scale = g.f32("scale", &[bands], &parameters.scale);
    // The constant has as many axes as the raster, because tract is ten times slower where it has to add axes.
    let offset = g.f32("offset", &[1, bands, 1, 1], &parameters.offset);
    let shrink = g.f32("shrink", &[], &[shrink]);

    // Codes are integers and shrink is at most 1, so clip(q, -shrink, shrink) = shrink * clip(q, -1, 1), which saves a pass.
    let q = g.cast(&codes, ElementType::F32);
    let negative = g.node("Neg", &[&shrink]);
    let drawn = g.node("Clip", &[&q, &negative, &shrink]);
    let values = g.node("Sub", &[&q, &drawn]);

    // Scale goes into the matrices, which engines do once, and the step into the small DCT matrix.
    let values = g.reshape(&values, &[0, f * f, c, -1]);
    let scaled = g.node("Mul", &[&mix, &scale]);
    let across = g.transpose(&scaled, &[0, 2, 1]);
    let coefficients = g.node("MatMul", &[&across, &values]);

    let inverse = g.transpose(&dct, &[1, 0]);
    let stepped = g.node("Mul", &[&inverse, &step]);
    let rows = g.reshape(&coefficients, &[0, f, -1]);
    let rows = g.node("MatMul", &[&stepped, &rows]);

    // Planes are now (row in patch, horizontal frequency, band). Put in place, each f values in a row of the raster are
    // the horizontal frequencies of a patch, so the second half of the DCT needs no transposition.
    let shape = g.node("Shape", &[&codes]);
    let planes = g.node("Reshape", &[&rows, &shape]);
    let mode = ("mode", Attribute::Text("DCR".to_owned()));
    let placed = g.node_with("DepthToSpace", &[&planes], [("blocksize", Attribute::Int(f)), mode]);
    let shape = g.node("Shape", &[&placed]);
    let columns = g.reshape(&placed, &[0, c, -1, f]);
    let columns = g.node("MatMul", &[&columns, &dct]);
    let raster = g.node("Reshape", &[&columns, &shape]);
    let samples = g.node("Add", &[&raster, &offset]);
    g.output(&samples, "samples", ElementType::F32, &raster_shape(bands));
    g.to_bytes()
}

/// The encoder: `samples` float32 `[n, C, gy*f, gx*f]` in data units in, `latents` float32 `[n, f*f*C, gy, gx]` out, not
/// divided by a step.
///
/// `unmix` is `[freq][k][band]`: latent of plane `freq * C + k` = Σ over bands of unmix × the band's coefficient. Of
/// `parameters`, only `patch`, `bands`, `scale` and `offset` are used.
///
/// # Errors
/// [`Error::InvalidArgument`] when a parameter is out of its range.
pub fn encoder(parameters: &KltParameters, unmix: &[f32]) -> Result<Vec<u8>> {
    parameters.validate().map_err(Error::InvalidArgument)?;
    validate_unmix(parameters, unmix).map_err(Error::InvalidArgument)?;
    let &KltParameters { patch, bands, .. } = parameters;
    let (f, c, planes) = (patch as i64, bands as i64, parameters.planes());

    let mut g = GraphBuilder::new("klt_encoder");
    let samples = g.input("samples", ElementType::F32, &raster_shape(bands));
    let unmix = g.f32("unmix", &[patch * patch, bands, bands], unmix);
    let dct = g.f32("dct", &[patch, patch], &dct_matrix(patch));
    let scale = g.f32("scale", &[bands], &parameters.scale);
    let offset = g.f32("offset", &[1, bands, 1, 1], &parameters.offset);

    let centred = g.node("Sub", &[&samples, &offset]);
    let shape = g.node("Shape", &[&centred]);
    let transposed = g.transpose(&dct, &[1, 0]);
    let columns = g.reshape(&centred, &[0, c, -1, f]);
    let columns = g.node("MatMul", &[&columns, &transposed]);
    let placed = g.node("Reshape", &[&columns, &shape]);
    let planes_of_rows = g.node_with("SpaceToDepth", &[&placed], [("blocksize", Attribute::Int(f))]);
    let shape = g.node("Shape", &[&planes_of_rows]);

    let rows = g.reshape(&planes_of_rows, &[0, f, -1]);
    let coefficients = g.node("MatMul", &[&dct, &rows]);
    let coefficients = g.reshape(&coefficients, &[0, f * f, c, -1]);
    let across = g.node("Div", &[&unmix, &scale]);
    let latents = g.node("MatMul", &[&across, &coefficients]);
    let latents = g.node("Reshape", &[&latents, &shape]);
    let dims = ["n".into(), planes.into(), "gy".into(), "gx".into()];
    g.output(&latents, "latents", ElementType::F32, &dims);
    g.to_bytes()
}

/// Reads the parameters of a decoder graph back.
///
/// The graph is rebuilt from them and must equal `onnx` byte for byte, so a native implementation of the parameters
/// computes the same function.
///
/// # Errors
/// [`Error::InvalidModel`] when `onnx` is anything but the output of [`decoder`].
pub fn read_decoder(onnx: &[u8]) -> Result<KltParameters> {
    let graph = parse(onnx)?;
    let mix = initializer(&graph, "mix")?;
    let &[frequencies, bands, _] = mix.dims.as_slice() else {
        return Err(Error::InvalidModel(format!("`mix` has shape {:?}, klt takes [f*f, C, C]", mix.dims)));
    };
    let parameters = KltParameters {
        patch: side(frequencies)?,
        bands: usize::try_from(bands).unwrap_or(usize::MAX),
        mix: elements(mix, f16::from_le_bytes),
        scale: elements(initializer(&graph, "scale")?, f32::from_le_bytes),
        offset: elements(initializer(&graph, "offset")?, f32::from_le_bytes),
        shrink: elements(initializer(&graph, "shrink")?, f32::from_le_bytes)
            .first()
            .copied()
            .ok_or_else(|| Error::InvalidModel("`shrink` is empty, klt takes one number".to_owned()))?,
    };
    parameters.validate().map_err(Error::InvalidModel)?;
    same(onnx, &decoder(&parameters)?)?;
    Ok(parameters)
}

/// Reads `unmix` of an encoder graph back, given the decoder's parameters.
///
/// # Errors
/// [`Error::InvalidModel`] when `onnx` is anything but the output of [`encoder`] for the same patch, bands, scales and
/// offsets.
pub fn read_encoder(onnx: &[u8], parameters: &KltParameters) -> Result<Vec<f32>> {
    let graph = parse(onnx)?;
    let unmix = elements(initializer(&graph, "unmix")?, f32::from_le_bytes);
    validate_unmix(parameters, &unmix).map_err(Error::InvalidModel)?;
    same(onnx, &encoder(parameters, &unmix)?)?;
    Ok(unmix)
}

fn raster_shape(bands: usize) -> [Dim; 4] {
    ["n".into(), bands.into(), "height".into(), "width".into()]
}

fn validate_unmix(parameters: &KltParameters, unmix: &[f32]) -> Result<(), String> {
    let expected = parameters.planes() * parameters.bands;
    if unmix.len() != expected {
        let (f, c, found) = (parameters.patch, parameters.bands, unmix.len());
        return Err(format!("klt `unmix` has {found} elements; patch {f} and {c} bands take {expected}"));
    }
    match unmix.iter().position(|x| !x.is_finite()) {
        Some(i) => Err(format!("klt `unmix` holds {} at {i}; it must be finite", unmix[i])),
        None => Ok(()),
    }
}

fn parse(onnx: &[u8]) -> Result<pb::GraphProto> {
    let model = pb::ModelProto::decode(onnx).map_err(|e| {
        Error::InvalidModel(format!("not an ONNX file: {e}; fetch or export the model again"))
    })?;
    model
        .graph
        .ok_or_else(|| Error::InvalidModel("the ONNX file holds no graph; export the model again".to_owned()))
}

fn initializer<'a>(graph: &'a pb::GraphProto, name: &str) -> Result<&'a pb::TensorProto> {
    graph.initializer.iter().find(|tensor| tensor.name.as_deref() == Some(name)).ok_or_else(|| {
        Error::InvalidModel(format!("the graph has no initialiser `{name}`; it is not a klt graph"))
    })
}

fn elements<T, const N: usize>(tensor: &pb::TensorProto, from: fn([u8; N]) -> T) -> Vec<T> {
    tensor
        .raw_data
        .iter()
        .flatten()
        .copied()
        .collect::<Vec<_>>()
        .as_chunks::<N>()
        .0
        .iter()
        .map(|&b| from(b))
        .collect()
}

fn side(frequencies: i64) -> Result<usize> {
    PATCHES.into_iter().find(|&f| (f * f) as i64 == frequencies).ok_or_else(|| {
        Error::InvalidModel(format!("`mix` has {frequencies} frequencies; klt takes 64, 256 or 1024"))
    })
}

fn same(found: &[u8], expected: &[u8]) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::InvalidModel(
        "the graph holds klt parameters but is not the graph that this release writes; fit or export the model again"
            .to_owned(),
    ))
}
