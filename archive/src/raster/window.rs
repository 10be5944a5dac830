//! A window of an array, as people write it.

use crate::error::{Error, Result, bail};
use crate::raster::region::Region;
use std::str::FromStr;
use vqz_codec::axes::{Axes, Role};

/// A window of an array: rows and columns, or a range for each dimension, each end of which may be left out. It is written as
/// in Python, such as `512:768,512:768`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window(Vec<Span>);

/// A start and an end along one dimension; each may have been left out.
type Span = (Option<u64>, Option<u64>);

impl FromStr for Window {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = |text: &str| -> Result<Option<u64>> {
            if text.is_empty() {
                return Ok(None);
            }
            match text.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => bail!(
                    InvalidArgument,
                    "found \"{text}\", a start or an end is a number of pixels, such as 512:768"
                ),
            }
        };
        let span = |part: &str| -> Result<Span> {
            match part.trim().split_once(':') {
                Some((start, end)) => Ok((number(start.trim())?, number(end.trim())?)),
                None => match number(part.trim())? {
                    Some(at) => Ok((Some(at), Some(at.saturating_add(1)))),
                    None => bail!(
                        InvalidArgument,
                        "a window is rows and columns such as 512:768,512:768, or a range for each dimension"
                    ),
                },
            }
        };
        Ok(Self(text.split(',').map(span).collect::<Result<_>>()?))
    }
}

impl Window {
    /// The region of an array. Two ranges are rows and columns, with all of the other dimensions; otherwise there
    /// must be one range for each dimension.
    ///
    /// # Errors
    /// When the number of ranges does not fit, the window is empty, or it reaches beyond the array.
    pub fn region(&self, shape: &[u64], axes: &Axes) -> Result<Region> {
        let mut spans: Vec<Span> = vec![(None, None); shape.len()];
        if self.0.len() == shape.len() {
            spans.clone_from(&self.0);
        } else if let ([rows, columns], Some(y), Some(x)) =
            (&self.0[..], axes.position(&Role::Y), axes.position(&Role::X))
        {
            (spans[y], spans[x]) = (*rows, *columns);
        } else {
            bail!(
                InvalidArgument,
                "the window has {} ranges, the array {} dimensions; give rows and columns, or a range for each dimension",
                self.0.len(),
                shape.len()
            );
        }
        let ranges = spans.iter().zip(shape).zip(axes.roles());
        ranges
            .map(|(((start, end), extent), role)| {
                let range = start.unwrap_or(0)..end.unwrap_or(*extent);
                if !(range.start < range.end && range.end <= *extent) {
 bail!(InvalidArgument, "the window's {role} is {}:{}, the array has {extent}; give a start below an end of {extent} at most",
                    range.start,
                    range.end);
}
                Ok(range)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ranges_are_rows_and_columns() {
        let axes = Axes::from_names(&["time", "band", "y", "x"]).unwrap();
        let region = |text: &str| text.parse::<Window>().unwrap().region(&[4, 12, 264, 264], &axes);
        assert_eq!(region("10:20, 30:40").unwrap(), [0..4, 0..12, 10..20, 30..40]);
        assert_eq!(region("1,:,:8,256:").unwrap(), [1..2, 0..12, 0..8, 256..264]);
        assert_eq!(
            region("0:300,0:1").unwrap_err().to_string(),
            "the window's y is 0:300, the array has 264; give a start below an end of 264 at most"
        );
        assert!(
            region("1,2,3").unwrap_err().to_string().starts_with("the window has 3 ranges, the array 4 ")
        );
        assert!("a:b".parse::<Window>().unwrap_err().to_string().starts_with("found \"a\""));
        assert!("".parse::<Window>().unwrap_err().to_string().starts_with("a window is rows and columns"));
    }
}
