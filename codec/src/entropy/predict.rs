//! Prediction of slow planes, whose codes change little from patch to patch. A code is predicted from codes already known:
//! those of the patches to the west and north, and of planes that come earlier in this patch. Only integers are involved, and
//! the quantiser is not affected.

/// Where a tap reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum TapPosition {
    West = 0,
    North = 1,
    NorthWest = 2,
    /// In the last column, this is the patch to the north.
    NorthEast = 3,
    Here = 4,
}

impl TapPosition {
    pub(crate) const ALL: [Self; 5] = [Self::West, Self::North, Self::NorthWest, Self::NorthEast, Self::Here];
}

/// One term of a prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tap {
    pub(crate) position: TapPosition,
    /// An index into [`Predictor::planes`]; for [`TapPosition::Here`], that of an earlier plane.
    pub(crate) source: u8,
    /// In 256ths.
    pub(crate) weight: i16,
}

/// How one plane is predicted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prediction {
    /// The terms, used where west and north both exist.
    pub(crate) taps: Vec<Tap>,
    /// Whether, in the first row and column, the prediction is the code of the patch to the west, or else to the north; otherwise
    /// it is 0 there.
    pub(crate) copy: bool,
}

/// The predictions of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Predictor {
    /// Scan positions of the planes that are predicted or that predictions read, rising.
    pub(crate) planes: Vec<u32>,
    /// One for each of `planes`.
    pub(crate) predictions: Vec<Prediction>,
}

/// The largest magnitude of a prediction. It is larger than that of codes.
const MAX_PREDICTION: i64 = 1 << 24;

/// The codes of the predictor's planes in the row above and in this one.
#[derive(Debug)]
pub(crate) struct History {
    width: usize,
    planes: usize,
    above: Vec<i32>,
    row: Vec<i32>,
}

impl History {
    pub(crate) fn new(width: usize, predictor: &Predictor) -> Self {
        let planes = predictor.planes.len();
        Self { width, planes, above: vec![0; width * planes], row: vec![0; width * planes] }
    }

    pub(crate) fn next_row(&mut self) {
        std::mem::swap(&mut self.above, &mut self.row);
    }

    pub(crate) fn set(&mut self, x: usize, index: usize, code: i32) {
        self.row[x * self.planes + index] = code;
    }

    /// The prediction for the plane at `index` of the patch at column `x`; `top` in the first row.
    pub(crate) fn predict(&self, predictor: &Predictor, index: usize, x: usize, top: bool) -> i32 {
        let prediction = &predictor.predictions[index];
        if top || x == 0 {
            return match (prediction.copy, top, x) {
                (false, ..) | (true, true, 0) => 0,
                (true, true, _) => self.row[(x - 1) * self.planes + index],
                (true, false, _) => self.above[x * self.planes + index],
            };
        }
        let sum: i64 = prediction
            .taps
            .iter()
            .map(|tap| {
                let (row, column) = match tap.position {
                    TapPosition::West => (&self.row, x - 1),
                    TapPosition::North => (&self.above, x),
                    TapPosition::NorthWest => (&self.above, x - 1),
                    TapPosition::NorthEast => (&self.above, (x + 1).min(self.width - 1)),
                    TapPosition::Here => (&self.row, x),
                };
                i64::from(row[column * self.planes + usize::from(tap.source)]) * i64::from(tap.weight)
            })
            .sum();
        ((sum + 128) >> 8).clamp(-MAX_PREDICTION, MAX_PREDICTION) as i32
    }
}
