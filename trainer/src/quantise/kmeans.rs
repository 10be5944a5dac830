//! k-means, to initialise codebooks from the latents.

use tch::{Kind, Tensor};

const ROUNDS: usize = 12;

/// `size` centres of `vectors` `(n, width)`, by Lloyd's rounds from a seeded choice. Centres that attract nothing are put
/// on vectors that are far from theirs.
pub fn centres(vectors: &Tensor, size: i64) -> Tensor {
    let count = vectors.size()[0];
    let chosen = Tensor::randperm(count, (Kind::Int64, vectors.device()));
    let repeated = chosen.repeat([size / count.max(1) + 1]).narrow(0, 0, size);
    let mut centres = vectors.index_select(0, &repeated);
    for _ in 0..ROUNDS {
        let (nearest, distance) = nearest(vectors, &centres, None);
        let ones = Tensor::ones([count], (Kind::Float, vectors.device()));
        let counts = Tensor::zeros([size], (Kind::Float, vectors.device())).index_add(0, &nearest, &ones);
        let sums = centres.zeros_like().index_add(0, &nearest, vectors);
        let means = sums / counts.clamp_min(1.0).unsqueeze(1);
        let farthest = distance.argsort(0, true);
        let places = farthest.repeat([size / count.max(1) + 1]).narrow(0, 0, size);
        let empty = counts.lt(0.5);
        // The n-th empty centre takes the n-th farthest vector.
        let rank = (empty.to_kind(Kind::Int64).cumsum(0, Kind::Int64) - 1).clamp_min(0);
        let spare = vectors.index_select(0, &places.index_select(0, &rank));
        centres = spare.where_self(&empty.unsqueeze(1), &means);
    }
    centres
}

/// Vectors compared at once, which bounds the memory of the distances.
const AT_ONCE: i64 = 16_384;

/// The entry of `codebook` `(size, width)` nearest to each of `vectors` `(n, width)`, and its squared distance. `penalty`
/// `(size)` is added to the distances before the choice.
pub fn nearest(vectors: &Tensor, codebook: &Tensor, penalty: Option<&Tensor>) -> (Tensor, Tensor) {
    let norms = codebook.square().sum_dim_intlist(Some([1].as_slice()), false, None);
    let bias = match penalty {
        Some(penalty) => &norms + penalty,
        None => norms.shallow_clone(),
    };
    let transposed = codebook.tr() * -2.0;
    let mut chosen = Vec::new();
    let mut distances = Vec::new();
    for part in vectors.split(AT_ONCE, 0) {
        let (score, best) = (part.matmul(&transposed) + &bias).min_dim(1, false);
        let own = part.square().sum_dim_intlist(Some([1].as_slice()), false, None);
        let paid = (&bias - &norms).index_select(0, &best);
        distances.push((own + score - paid).clamp_min(0.0));
        chosen.push(best);
    }
    (Tensor::cat(&chosen, 0), Tensor::cat(&distances, 0))
}
