//! Which chunks of an output are gone through: all of them, or, where the input is sparse, those that hold something.

use crate::error::Result;
use crate::raster::region::Grid;
use crate::raster::source::Raster;
use crate::store::writer::ArrayWriter;
use crate::write::share::Share;

/// The chunks of an output that one process goes through.
pub(crate) enum Walk {
    /// All of this share: the first number, the distance to the next, and how many there are.
    All { first: u64, step: u64, count: u64 },
    /// These, in C order. Everywhere else the input is fill value, and so is what is not stored.
    Some(Vec<Vec<u64>>),
}

impl Walk {
    /// Plans the chunks to write.
    ///
    /// # Errors
    /// When there are more than can be gone through, and nothing tells which of them hold something.
    pub(crate) fn new(from: &dyn Raster, to: &ArrayWriter, share: Option<Share>) -> Result<Self> {
        let grid = to.grid();
        // A list of all chunks of an input that is stored whole would tell nothing.
        if let Some(stored) = from.stored_chunks()?.filter(|stored| stored.absent() > 0)
            && from.info().metadata.json().get("fill_value") == to.fill_value()
            && let Some(touched) = stored.touched(grid)
            && (touched.len() as u64) < grid.len()
        {
            let mine = |indices: &Vec<u64>| share.is_none_or(|share| share.has(grid.number(indices)));
            return Ok(Self::Some(touched.into_iter().filter(mine).collect()));
        }
        let len = grid.walkable(&from.info().label)?;
        let (first, step) = share.map_or((0, 1), |share| (share.index(), share.count()));
        Ok(Self::All { first, step, count: len.saturating_sub(first).div_ceil(step) })
    }

    /// How many these are.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::All { count, .. } => *count,
            Self::Some(list) => list.len() as u64,
        }
    }

    /// One of them, by its number in the walk.
    pub(crate) fn indices(&self, grid: &Grid, at: u64) -> Vec<u64> {
        match self {
            Self::All { first, step, .. } => grid.indices(first + at * step),
            Self::Some(list) => list[at as usize].clone(),
        }
    }

    /// Whether a chunk of this share is gone through.
    pub(crate) fn has(&self, indices: &[u64]) -> bool {
        match self {
            Self::All { .. } => true,
            Self::Some(list) => list.binary_search_by(|found| found.as_slice().cmp(indices)).is_ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::document::Metadata;
    use crate::raster::opening::OpenOptions;
    use crate::store::reader::ZarrRaster;
    use crate::store::tree::Node;
    use serde_json::json;
    use vqz_codec::sample::DataType;

    #[test]
    fn only_of_sparse_inputs_are_chunks_listed() {
        let root = std::env::temp_dir().join(format!("vqz-walk-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&root));
        let writer = |name: &str, chunk: u64| {
            let mut metadata = Metadata::new_array(&[8, 8], DataType::UInt8, json!(0));
            metadata.set_chunk_shape(&[chunk, chunk]);
            metadata.set_codecs(json!([{"name": "bytes"}]));
            metadata.set_dimension_names(json!(["y", "x"]));
            ArrayWriter::create(&root.join(name), &metadata, None).unwrap()
        };
        let (from, fine, whole) = (writer("from", 4), writer("fine", 2), writer("whole", 8));
        let walk = |to: &ArrayWriter| {
            let node = Node::open(&root.join("from")).unwrap();
            let raster = ZarrRaster::open(&node, &OpenOptions::default()).unwrap();
            Walk::new(&raster, to, None).unwrap()
        };
        for place in [[0, 0], [0, 1], [1, 0]] {
            from.write(&place, vec![1; 16]).unwrap();
        }
        assert!(matches!(walk(&fine), Walk::Some(list) if list.len() == 12 && list[11] == [3, 1]));
        // All chunks of the output are touched, or the input is stored whole.
        assert!(matches!(walk(&whole), Walk::All { first: 0, step: 1, count: 1 }));
        from.write(&[1, 1], vec![1; 16]).unwrap();
        assert!(matches!(walk(&fine), Walk::All { first: 0, step: 1, count: 16 }));
        std::fs::remove_dir_all(&root).unwrap();
    }
}
