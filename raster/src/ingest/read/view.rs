//! A view of a data set for GDAL's warper, which knows a single nodata value for a band, and a single mask for all bands.
//!
//! The view is a VRT. In it, whatever means "no data" in a band is the band's nodata value: further values, and what is not
//! a number, so that none of them is blended into its neighbours. The mask of the layer is the mask of the view. The view lies where
//! the layer does, whatever the data set itself says, and goes around the Earth at most once.

use crate::band::Sign;
use crate::error::Result;
use crate::ingest::config::Resampling;
use crate::ingest::footprint;
use crate::ingest::sources::layer::Layer;
use crate::ingest::xml::escaped;
use crate::missing::MaskKind;
use crate::sample::ValueRange as _;
use gdal::Dataset;
use std::fmt::Write as _;

/// The nodata value of a layer's view, in GDAL's words; `None` where no value means "no data". In floats, that is NaN by default.
pub(super) fn nodata(layer: &Layer) -> Option<String> {
    match layer.nodata() {
        Some(value) => Some(stored(layer, value)),
        None if layer.sample_type.is_float() => Some("nan".to_owned()),
        None => None,
    }
}

/// The description of a view, which GDAL opens. `name` is what GDAL opens for the data set itself.
///
/// # Errors
/// [`crate::Error::Gdal`] where a band can't be opened.
pub(super) fn description(
    dataset: &Dataset,
    name: &str,
    layer: &Layer,
    resampling: Resampling,
) -> Result<String> {
    let types: Vec<String> = (1..=dataset.raster_count())
        .map(|number| Ok(dataset.rasterband(number)?.band_type().name()))
        .collect::<Result<_>>()?;
    let size = [columns(layer), layer.grid.height];
    let first = layer.nodata().unwrap_or(f64::NAN);
    // The nearest sample is blended with no other.
    let blended = resampling != Resampling::Nearest;
    let nan = (blended && layer.sample_type.is_float() && !first.is_nan()).then_some(f64::NAN);
    let further: Vec<String> =
        layer.missing.values.iter().copied().chain(nan).map(|value| stored(layer, value)).collect();
    let (mut source, mut view) = (name.to_owned(), String::new());
    // Each step turns one more value into the nodata value.
    let steps = further.iter().map(Some).chain(further.is_empty().then_some(None));
    let last = further.len().max(1);
    for (step, value) in steps.enumerate() {
        view = head(layer, size);
        for (number, data_type) in (1..).zip(&types) {
            band(&mut view, &Band { data_type, nodata: nodata(layer), number, source: &source, value, size });
        }
        if let (true, Some(mask)) = (step + 1 == last, layer.missing.mask) {
            let band = match mask {
                MaskKind::Alpha(number) => number.to_string(),
                _ => format!("mask,{}", layer.number),
            };
            // Writing to a text does not fail.
            let _ = write!(
                view,
                "<MaskBand><VRTRasterBand dataType=\"Byte\"><SimpleSource>{}<SourceBand>{band}</SourceBand>{}</SimpleSource>\
                 </VRTRasterBand></MaskBand>",
                file(name),
                window(size),
            );
        }
        view.push_str("</VRTDataset>");
        source.clone_from(&view);
    }
    Ok(view)
}

/// The columns of a layer that a full turn of longitudes holds. Where there are more, the others lie on the same places.
pub(super) fn columns(layer: &Layer) -> usize {
    let width = layer.grid.width;
    match footprint::turn(layer.georeference()) {
        Some(turn) => width.min((turn / layer.grid.pixel()[0] + 1e-6).floor().max(1.0) as usize),
        None => width,
    }
}

fn head(layer: &Layer, [width, height]: [usize; 2]) -> String {
    let transform = layer.grid.transform().map(|v| format!("{v:.17e}")).join(",");
    format!(
        "<VRTDataset rasterXSize=\"{width}\" rasterYSize=\"{height}\"><GeoTransform>{transform}</GeoTransform>"
    )
}

struct Band<'a> {
    data_type: &'a str,
    nodata: Option<String>,
    number: usize,
    source: &'a str,
    /// The value that becomes the nodata value.
    value: Option<&'a String>,
    size: [usize; 2],
}

fn band(view: &mut String, band: &Band<'_>) {
    let nodata = band.nodata.as_ref().map(|v| format!("<NoDataValue>{v}</NoDataValue>")).unwrap_or_default();
    let (kind, skipped) = match band.value {
        Some(value) => ("ComplexSource", format!("<NODATA>{value}</NODATA>")),
        None => ("SimpleSource", String::new()),
    };
    let _ = write!(
        view,
        "<VRTRasterBand dataType=\"{}\" band=\"{number}\">{nodata}<{kind}>{}<SourceBand>{number}</SourceBand>{}{skipped}</{kind}>\
         </VRTRasterBand>",
        band.data_type,
        file(band.source),
        window(band.size),
        number = band.number,
    );
}

fn file(name: &str) -> String {
    format!("<SourceFilename relativeToVRT=\"0\">{}</SourceFilename>", escaped(name))
}

fn window([width, height]: [usize; 2]) -> String {
    let rectangle = format!("xOff=\"0\" yOff=\"0\" xSize=\"{width}\" ySize=\"{height}\"");
    format!("<SrcRect {rectangle}/><DstRect {rectangle}/>")
}

/// A value in GDAL's words, as the data set stores it.
fn stored(layer: &Layer, value: f64) -> String {
    match value {
        _ if value.is_nan() => "nan".to_owned(),
        _ if layer.sign == Sign::Added && value < 0.0 => (value + 256.0).to_string(),
        _ => value.to_string(),
    }
}
