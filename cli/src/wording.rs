//! Wordings of figures that several commands print.

use crate::output;
use anyhow::Result;
use vqz_archive::ShareSummary;
use vqz_codec::config::Promise;

/// A promise in words.
pub(crate) fn promise(promise: &Promise) -> String {
    match promise {
        Promise::Quality => "none: errors are measured, not bounded".to_owned(),
        Promise::Lossless => "lossless".to_owned(),
        Promise::MaxError { bound, stable } => {
            let bounds: Vec<String> = bound.iter().map(|bound| output::exact(*bound)).collect();
            format!("±{}{}", bounds.join(", "), if *stable { ", stable" } else { "" })
        }
    }
}

/// Prints the result of a share of the work while other shares are not done yet.
pub(crate) fn print_share(share: &ShareSummary, json: bool) -> Result<()> {
    if json {
        return output::json(share);
    }
    let rest = if share.open.is_empty() {
        "another puts the output in its place".to_owned()
    } else {
        format!("not done yet: {:?}", share.open)
    };
    output::line(format!("{} of {} done in {:.2} s, {rest}", share.share, share.output, share.seconds))
}
