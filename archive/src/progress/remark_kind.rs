//! Remarks for programs: the name of each kind, how serious it is, and what it is about.

use crate::progress::Remark;
use serde::Serialize;

/// How serious a remark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// Good to know; nothing is wrong.
    Note,
    /// The result may not be what was meant.
    Warning,
    /// The result is not what was asked for: a target was missed, or a part of the input is lost.
    Shortfall,
}

impl Remark {
    /// The name of this kind of remark. It stays the same from release to release.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Resumed { .. } => "resumed",
            Self::InputChanged { .. } => "input_changed",
            Self::InputChangedMeanwhile { .. } => "input_changed_meanwhile",
            Self::InputUnchecked { .. } => "input_unchecked",
            Self::LeftBehind { .. } => "left_behind",
            Self::WrittenAgain { .. } => "written_again",
            Self::CopiedAsItIs { .. } => "copied_as_it_is",
            Self::WrittenPlain { .. } => "written_plain",
            Self::MadeLossless { .. } => "made_lossless",
            Self::FillTakenAsData { .. } => "fill_taken_as_data",
            Self::AlreadyEncoded { .. } => "already_encoded",
            Self::OtherBands { .. } => "other_bands",
            Self::BandsByName { .. } => "bands_by_name",
            Self::BandsReordered { .. } => "bands_reordered",
            Self::CopyUnread { .. } => "copy_unread",
            Self::MemberLost { .. } => "member_lost",
            Self::MemberDiffers { .. } => "member_differs",
            Self::DescribedOtherwise { .. } => "described_otherwise",
            Self::MaskBecameNodata { .. } => "mask_became_nodata",
            Self::LeftOut { .. } => "left_out",
            Self::LittleContrast { .. } => "little_contrast",
            Self::QualityBeyondModel { .. } => "quality_beyond_model",
            Self::BeyondModel { .. } => "beyond_model",
            Self::TargetMissed { .. } => "target_missed",
            Self::ChunksLost { .. } => "chunks_lost",
            Self::RecordDiffers { .. } => "record_differs",
            Self::FittedToPart { .. } => "fitted_to_part",
            Self::Copying { .. } => "copying",
            Self::Cube(_) => "cube",
            Self::MissingFigures { .. } => "missing_figures",
            Self::ValidBecameNodata { .. } => "valid_became_nodata",
            Self::SamplesClipped { .. } => "samples_clipped",
            Self::MovedBesideNodata { .. } => "moved_beside_nodata",
            Self::LikelyClasses { .. } => "likely_classes",
            Self::BandsKeptExact { .. } => "bands_kept_exact",
            Self::TransparencyChanged { .. } => "transparency_changed",
            Self::ImpossibleNodata { .. } => "impossible_nodata",
            Self::MaskLeftOut { .. } => "mask_left_out",
            Self::MaskNotExported { .. } => "mask_not_exported",
            Self::ScalesNotExported { .. } => "scales_not_exported",
            Self::WideBound { .. } => "wide_bound",
            Self::NodataUnread { .. } => "nodata_unread",
            Self::NodataMerged { .. } => "nodata_merged",
            Self::BeyondValidRange { .. } => "beyond_valid_range",
            Self::LocationUnclear { .. } => "location_unclear",
            Self::CoordinatesLeftOut { .. } => "coordinates_left_out",
        }
    }

    /// How serious it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::TargetMissed { .. }
            | Self::ChunksLost { .. }
            | Self::MemberLost { .. }
            | Self::MemberDiffers { .. } => Severity::Shortfall,
            Self::FillTakenAsData { .. }
            | Self::CopyUnread { .. }
            | Self::DescribedOtherwise { .. }
            | Self::AlreadyEncoded { .. }
            | Self::LeftOut { .. }
            | Self::LittleContrast { .. }
            | Self::QualityBeyondModel { .. }
            | Self::BeyondModel { .. }
            | Self::InputChangedMeanwhile { .. }
            | Self::InputUnchecked { .. }
            | Self::RecordDiffers { .. }
            | Self::ValidBecameNodata { .. }
            | Self::SamplesClipped { .. }
            | Self::MovedBesideNodata { .. }
            | Self::LikelyClasses { .. }
            | Self::TransparencyChanged { .. }
            | Self::MaskLeftOut { .. }
            | Self::MaskNotExported { .. }
            | Self::ScalesNotExported { .. }
            | Self::WideBound { .. }
            | Self::NodataMerged { by_band: true, .. }
            | Self::NodataUnread { .. }
            | Self::BeyondValidRange { .. }
            | Self::LocationUnclear { .. } => Severity::Warning,
            Self::Resumed { .. }
            | Self::InputChanged { .. }
            | Self::LeftBehind { .. }
            | Self::WrittenAgain { .. }
            | Self::CopiedAsItIs { .. }
            | Self::WrittenPlain { .. }
            | Self::MadeLossless { .. }
            | Self::BandsKeptExact { .. }
            | Self::OtherBands { .. }
            | Self::BandsByName { .. }
            | Self::BandsReordered { .. }
            | Self::FittedToPart { .. }
            | Self::Copying { .. }
            | Self::Cube(_)
            | Self::MissingFigures { .. }
            | Self::ImpossibleNodata { .. }
            | Self::NodataMerged { by_band: false, .. }
            | Self::MaskBecameNodata { .. }
            | Self::CoordinatesLeftOut { .. } => Severity::Note,
        }
    }

    /// The array that the remark is about, if it is about one.
    #[must_use]
    pub fn array(&self) -> Option<&str> {
        match self {
            Self::CopiedAsItIs { array, .. }
            | Self::WrittenPlain { array, .. }
            | Self::MadeLossless { array, .. }
            | Self::FillTakenAsData { array, .. }
            | Self::AlreadyEncoded { array, .. }
            | Self::OtherBands { array, .. }
            | Self::BandsByName { array, .. }
            | Self::BandsReordered { array, .. }
            | Self::LeftOut { array, .. }
            | Self::CopyUnread { array, .. }
            | Self::MemberLost { array }
            | Self::MemberDiffers { array, .. }
            | Self::DescribedOtherwise { array, .. }
            | Self::LittleContrast { array, .. }
            | Self::BeyondModel { array, .. }
            | Self::TargetMissed { array, .. }
            | Self::ChunksLost { array, .. }
            | Self::WrittenAgain { array, .. }
            | Self::RecordDiffers { array, .. }
            | Self::ValidBecameNodata { array, .. }
            | Self::SamplesClipped { array, .. }
            | Self::MovedBesideNodata { array, .. }
            | Self::LikelyClasses { array, .. }
            | Self::BandsKeptExact { array, .. }
            | Self::TransparencyChanged { array, .. }
            | Self::MaskNotExported { array }
            | Self::ScalesNotExported { array }
            | Self::WideBound { array, .. }
            | Self::NodataUnread { array, .. }
            | Self::NodataMerged { array, .. }
            | Self::BeyondValidRange { array, .. }
            | Self::LocationUnclear { array, .. }
            | Self::CoordinatesLeftOut { array, .. } => Some(array),
            Self::Resumed { .. }
            | Self::InputChanged { .. }
            | Self::InputChangedMeanwhile { .. }
            | Self::InputUnchecked { .. }
            | Self::LeftBehind { .. }
            | Self::QualityBeyondModel { .. }
            | Self::FittedToPart { .. }
            | Self::Copying { .. }
            | Self::Cube(_)
            | Self::MissingFigures { .. }
            | Self::ImpossibleNodata { .. }
            | Self::MaskLeftOut { .. }
            | Self::MaskBecameNodata { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_has_a_kind_and_a_severity() {
        let remark = Remark::CopiedAsItIs { array: "time".to_owned(), why: "it has 1 dimension".to_owned() };
        assert_eq!(
            (remark.kind(), remark.severity(), remark.array()),
            ("copied_as_it_is", Severity::Note, Some("time"))
        );
        assert!(Severity::Note < Severity::Warning && Severity::Warning < Severity::Shortfall);
    }
}
