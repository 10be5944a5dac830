//! Inputs and outputs that a model's graphs must have. They are taken by position, so their names are free.

use crate::error::{Error, Result};
use crate::model::onnx::{Axis, Element, Port, Summary};

/// The decoder takes codes, and for scalar codes the step; it gives samples.
pub(super) fn check_decoder(summary: &Summary, codebooks: bool) -> Result<()> {
    let wanted = if codebooks {
        "codes int32 [n, planes, gy, gx] alone, for vq and rvq"
    } else {
        "codes int32 [n, planes, gy, gx] and step float32 [1]"
    };
    let sound = match summary.inputs.as_slice() {
        [codes] => codebooks && grid(codes, Element::I32),
        [codes, step] => !codebooks && grid(codes, Element::I32) && scalar(step),
        _ => false,
    };
    check("decoder.onnx", summary, wanted, sound)
}

/// The correction takes a picture, and for scalar codes the step; it gives a picture.
pub(super) fn check_correction(summary: &Summary, codebooks: bool, bands: usize) -> Result<()> {
    let wanted = if codebooks {
        "samples float32 [n, bands, y, x] alone, for vq and rvq"
    } else {
        "samples float32 [n, bands, y, x] and step float32 [1]"
    };
    let sound = match summary.inputs.as_slice() {
        [samples] => codebooks && grid(samples, Element::F32),
        [samples, step] => !codebooks && grid(samples, Element::F32) && scalar(step),
        _ => false,
    };
    check("correction.onnx", summary, wanted, sound)?;
    for port in summary.inputs.iter().take(1).chain(&summary.outputs) {
        if let Axis::Fixed(found) = port.shape[1]
            && found != bands as u64
        {
            return Err(Error::InvalidModel(format!(
                "correction.onnx declares {found} bands for {}, model.json has {bands}; get the package again",
                port.name
            )));
        }
    }
    Ok(())
}

/// The encoder takes samples, and for scalar codes it may take the step; it gives latents. Returns whether it takes the
/// step.
pub(super) fn check_encoder(summary: &Summary, codebooks: bool) -> Result<bool> {
    let wanted = if codebooks {
        "samples float32 [n, bands, y, x] alone, for vq and rvq"
    } else {
        "samples float32 [n, bands, y, x], or these and step float32 [1]"
    };
    let sound = match summary.inputs.as_slice() {
        [samples] => grid(samples, Element::F32),
        [samples, step] => !codebooks && grid(samples, Element::F32) && scalar(step),
        _ => false,
    };
    check("encoder.onnx", summary, wanted, sound)?;
    Ok(summary.inputs.len() == 2)
}

fn check(graph: &str, summary: &Summary, wanted: &str, sound: bool) -> Result<()> {
    let one = matches!(summary.outputs.as_slice(), [output] if grid(output, Element::F32));
    if sound && one {
        return Ok(());
    }
    let list = |ports: &[Port]| ports.iter().map(describe).collect::<Vec<_>>().join(", ");
    Err(Error::InvalidModel(format!(
        "{graph} takes ({}) and gives ({}); it must take {wanted}, and give one float32 of four axes; export the model \
         again",
        list(&summary.inputs),
        list(&summary.outputs)
    )))
}

fn grid(port: &Port, element: Element) -> bool {
    port.element == element && port.shape.len() == 4
}

fn scalar(port: &Port) -> bool {
    port.element == Element::F32 && port.shape == [Axis::Fixed(1)]
}

fn describe(port: &Port) -> String {
    let element = match port.element {
        Element::F32 => "float32",
        Element::I32 => "int32",
    };
    format!("{} {element} of {} axes", port.name, port.shape.len())
}
