//! What to do about an error or a remark of the library, in the words of the command line.

use vqz_archive::{Error, MissedTarget, Remark, Remedy, Target, words};
use vqz_codec::Error as CodecError;

/// The advice to add to the line of an error: for each remedy that the library names. An error of the codec that did not pass
/// through the library gets the remedy that the library would name.
pub(crate) fn error(error: &anyhow::Error) -> String {
    let own = error.chain().find_map(|cause| cause.downcast_ref::<Error>());
    let advice: String = own
        .map_or_else(String::new, |error| error.remedies().iter().map(|remedy| words_of(*remedy)).collect());
    if !advice.is_empty() {
        return advice;
    }
    let codec = error.chain().find_map(|cause| cause.downcast_ref::<CodecError>());
    codec.and_then(Remedy::of).map_or("", words_of).to_owned()
}

fn words_of(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::GiveAxes => ", with --axes",
        Remedy::ChooseBands => "; choose bands with --bands",
        Remedy::OrderBands => {
            "; list them with --bands in the order of the model's (--bands 0-3 takes four as they stand)"
        }
        Remedy::OtherScale => {
            "; fit a model to them (`vqz fit`), bring them to the scale of this one, or ask for --max-error or --lossless"
        }
        Remedy::StateNoData => "; check --nodata",
        Remedy::StatePeak => "; state one with --peak",
        Remedy::GiveModel => {
            "; give a model with --model (such as models/sentinel2-l2a.vqm, or what `vqz fit` makes of your data), or ask for \
             --lossless or --max-error"
        }
        Remedy::FitModel => ", or make one with `vqz fit`",
        Remedy::Replace => ", or replace it with --overwrite",
        Remedy::LargerChunks => " (--chunk-size)",
        Remedy::AskForBits => ", or ask for --bits, which leaves the metadata out",
        Remedy::GiveWindow => "; give --window in pixels",
        Remedy::SetQuality => "; give --quality, or leave --shard away",
        Remedy::Encode => "; give one that `vqz encode` wrote",
        Remedy::DecodeToZarr => "; decode to Zarr instead",
        Remedy::Resume => "; run the same command again to go on from there, or delete that folder",
        Remedy::MakeRoom => "; make room and run the same command again",
        Remedy::SeeEngines => " (see `vqz info --runtime`)",
        Remedy::OpenPackage => " with --model",
        Remedy::SmallerPatch => " (--patch)",
        Remedy::Ingest => " (`vqz ingest`)",
        Remedy::Export => "; `vqz export` writes .tif and .nc",
        Remedy::BuildWithGdal => {
            "; build vqz with `cargo install --path cli --features gdal` (Debian's libgdal-dev is needed)"
        }
        _ => "",
    }
}

/// A remark, with advice on what to do about it.
pub(crate) fn remark(remark: &Remark) -> String {
    match remark {
        Remark::FillTakenAsData { fill, done, .. } => {
            let again = if done.starts_with("fitted") { "fit" } else { "encode" };
            let fill = words::figure(*fill);
            format!("{remark}; if they mean \"no data\", {again} again with --nodata={fill}")
        }
        Remark::BeyondModel { .. } => format!("{remark} (`vqz fit`)"),
        Remark::LittleContrast { .. } => {
            format!("{remark}; a higher --quality or --max-error keeps more of it")
        }
        Remark::TargetMissed { array, missed } => missed_target(array, missed),
        Remark::ChunksLost { .. } | Remark::RecordDiffers { .. } => format!("{remark}; see `vqz verify`"),
        Remark::FittedToPart { .. } => format!("{remark}; --max-samples takes more"),
        Remark::MaskLeftOut { .. } => {
            format!("{remark}; with --nodata, masked samples become that value, and `vqz ingest` keeps masks")
        }
        _ => remark.to_string(),
    }
}

fn missed_target(array: &str, missed: &MissedTarget) -> String {
    let why = if missed.by_sampling {
        "; try --quality, somewhat above or below the one in the table"
    } else {
        missed.why
    };
    format!(
        "warning: {array}: {} is not met within {}: found {}{why}",
        target(missed.target),
        missed.target.tolerance(),
        missed.found
    )
}

/// A target as it is written on the command line.
pub(crate) fn target(target: Target) -> String {
    match target {
        Target::Quality(asked) => format!("--quality {asked}"),
        Target::Psnr(asked) => format!("--psnr {asked}"),
        Target::Bits(asked) => format!("--bits {asked}"),
        Target::Ratio(asked) => format!("--ratio {asked}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_codec_gets_the_same_advice_with_and_without_the_library() {
        for name in ["bogus", "cuda2"] {
            let codec = || name.parse::<vqz_codec::engine::EngineKind>().unwrap_err();
            let (plain, wrapped) = (anyhow::Error::from(codec()), anyhow::Error::from(Error::from(codec())));
            assert_eq!(error(&plain), " (see `vqz info --runtime`)");
            assert_eq!(error(&plain), error(&wrapped.context("encoding a.zarr")));
        }
    }
}
