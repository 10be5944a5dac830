//! Heads: the kind of each band, and how it is turned into channels of the network and back.
//!
//! | kind | channels | back |
//! |---|---|---|
//! | continuous | the sample | itself |
//! | categorical | one for each class, 1 or 0 | the class whose channel is largest |
//! | canopy | whether it is present, and the sample | the sample within its bounds where present, else the empty value |

use super::ops::Ops;
use serde::{Deserialize, Serialize};

/// The kind of data in a band.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Head {
    /// A measured quantity.
    Continuous,
    /// One of a few classes.
    Categorical {
        /// The data values of the classes.
        classes: Vec<f32>,
    },
    /// A bounded quantity that is often exactly empty, such as canopy height or cover.
    Canopy {
        /// The value of empty samples.
        empty: f32,
        /// The smallest other value.
        least: f32,
        /// The greatest value.
        greatest: f32,
    },
}

impl Head {
    /// Channels that the band takes.
    pub fn channels(&self) -> usize {
        match self {
            Self::Continuous => 1,
            Self::Categorical { classes } => classes.len(),
            Self::Canopy { .. } => 2,
        }
    }
}

/// All bands of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heads {
    /// A head for each band, in the order of the bands.
    pub bands: Vec<Head>,
    /// The distance between the two values of a flag, in data units. It is about the spread of the continuous bands,
    /// so that both have the same weight.
    pub flag: f32,
}

impl Heads {
    /// Channels of all bands.
    pub fn channels(&self) -> usize {
        self.bands.iter().map(Head::channels).sum()
    }

    /// The names of the channels, after their bands: `B04`, `landcover=11`, `height present`.
    pub fn names(&self, bands: &[String]) -> Vec<String> {
        let of = |(head, band): (&Head, &String)| match head {
            Head::Continuous => vec![band.clone()],
            Head::Categorical { classes } => classes.iter().map(|class| format!("{band}={class}")).collect(),
            Head::Canopy { .. } => vec![format!("{band} present"), band.clone()],
        };
        self.bands.iter().zip(bands).flat_map(of).collect()
    }

    /// Each band's head with the first of its channels.
    pub fn placed(&self) -> impl Iterator<Item = (usize, &Head)> {
        let mut next = 0;
        self.bands.iter().map(move |head| {
            let first = next;
            next += head.channels();
            (first, head)
        })
    }

    /// Whether the channels are the same as the bands.
    pub fn plain(&self) -> bool {
        self.bands.iter().all(|head| *head == Head::Continuous)
    }

    /// Channels of samples: `(n, bands, y, x)` to `(n, channels, y, x)`, both in data units.
    pub fn expand<O: Ops>(&self, o: &mut O, samples: &O::Value) -> O::Value {
        if self.plain() {
            return o.same(samples);
        }
        let flag = o.constant("heads/flag", &[1], &[self.flag]);
        let mut channels = Vec::new();
        for (band, head) in self.bands.iter().enumerate() {
            let sample = o.channels(samples, band, band + 1);
            match head {
                Head::Continuous => channels.push(sample),
                Head::Categorical { classes } => {
                    for class in classes {
                        let is = o.equals(&sample, *class);
                        channels.push(o.mul(&is, &flag));
                    }
                }
                Head::Canopy { empty, .. } => {
                    let present = present(o, &sample, *empty);
                    channels.push(o.mul(&present, &flag));
                    channels.push(o.mul(&present, &sample));
                }
            }
        }
        o.concat(&channels)
    }

    /// Turns channels back into samples: the inverse of [`Heads::expand`], for channels that are not exact.
    pub fn collapse<O: Ops>(&self, o: &mut O, channels: &O::Value) -> O::Value {
        if self.plain() {
            return o.same(channels);
        }
        let mut samples = Vec::new();
        for (band, (first, head)) in self.placed().enumerate() {
            let own = o.channels(channels, first, first + head.channels());
            samples.push(match head {
                Head::Continuous => own,
                Head::Categorical { classes } => {
                    let table = o.constant(&format!("heads/classes{band}"), &[classes.len()], classes);
                    o.lookup_largest(&own, &table)
                }
                Head::Canopy { empty, least, greatest } => {
                    let present = o.channels(&own, 0, 1);
                    let present = o.above(&present, self.flag / 2.0);
                    let value = o.channels(&own, 1, 2);
                    let value = o.clamp(&value, *least, *greatest);
                    let empty = o.constant(&format!("heads/empty{band}"), &[1], &[*empty]);
                    let excess = o.sub(&value, &empty);
                    let excess = o.mul(&present, &excess);
                    o.add(&excess, &empty)
                }
            });
        }
        o.concat(&samples)
    }
}

fn present<O: Ops>(o: &mut O, sample: &O::Value, empty: f32) -> O::Value {
    let is = o.equals(sample, empty);
    let one = o.constant("heads/one", &[1], &[1.0]);
    o.sub(&one, &is)
}
