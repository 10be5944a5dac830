//! The model card: what an archive says about the model that decodes it, and the card of the model package if that
//! was given.

use super::examined::Examined;
use crate::output;
use vqz_report::Block;

/// The section's content.
pub(super) fn card(examined: &Examined) -> Vec<Block> {
    let Some(model) = &examined.model else {
        let text = "No model: tiles are predicted from their neighbours, from other bands and from earlier dates. Nothing but this \
                    codec is needed to read them.";
        return vec![Block::Text(text.to_owned())];
    };
    let m = model.manifest();
    let embedded = match examined.embedded_bytes {
        Some(bytes) => {
            format!("its decoding half is embedded in the array's metadata, {}", output::bytes(bytes as u64))
        }
        None => "its decoding half is too large to be embedded, and is found by its hash".to_owned(),
    };
    let bands: Vec<String> = m
        .bands
        .iter()
        .map(|band| match band.wavelength_nm {
            Some(nm) => format!("{} ({nm:.0} nm)", band.name),
            None => band.name.clone(),
        })
        .collect();
    let mut list = vec![
        ("Name", m.name.clone()),
        ("SHA-256", model.sha256().to_owned()),
        ("Fitted on", m.training_data.clone()),
        ("Licence", m.licence.clone()),
        (
            "Architecture",
            format!(
                "{}, patches of {} × {} pixels, {} planes of {} codes; {embedded}",
                m.architecture, m.patch, m.patch, m.planes, m.quantiser
            ),
        ),
        ("Bands", bands.join(", ")),
        ("Peak", format!("{}: what PSNR is stated against", output::figure(m.peak))),
        ("Tolerance", format!("{} in data units between any two decoders", output::figure(m.tolerance))),
    ];
    if let (Some(first), Some(last)) = (m.calibration.first(), m.calibration.last()) {
        list.push((
            "Calibrated",
            format!(
                "from {:.1} to {:.1} dB on its training data, {} points",
                first.psnr_db,
                last.psnr_db,
                m.calibration.len()
            ),
        ));
    }
    let list = list.into_iter().map(|(term, text)| (term.to_owned(), text)).collect();
    let mut content = vec![Block::Terms(list)];
    match examined.package.as_ref().map(|package| package.card()) {
        Some(Some(text)) => {
            let card = Block::Verbatim(text.trim().to_owned());
            content.push(Block::Details("The package's card".to_owned(), vec![card]));
        }
        Some(None) => content.push(Block::Text("The package that was given holds no card.".to_owned())),
        None => {}
    }
    content
}
