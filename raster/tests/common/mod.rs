//! Small rasters and configurations for tests.

#![allow(dead_code)] // Each test file takes some of it.

use gdal::raster::GdalType;
use gdal::spatial_ref::SpatialRef;
use gdal::{Dataset, DriverManager};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use vqz_raster::ingest::config::Config;
use vqz_raster::ingest::plan::{ArrayPlan, CubePlan};
use vqz_raster::sample::Sample;

static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// A folder that is deleted when this is dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("vqz-ingest-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a GeoTIFF.
    pub(crate) fn tiff<T: GdalType + Copy>(&self, name: &str, raster: &Raster<'_, T>) {
        raster.write("GTiff", &self.path(name));
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A raster of one band: 10 m pixels of UTM zone 33, from (500 000, 5 100 000) on, if nothing else is said.
#[derive(Clone)]
pub(crate) struct Raster<'a, T> {
    pub(crate) size: [usize; 2],
    pub(crate) samples: &'a [T],
    pub(crate) epsg: Option<u32>,
    pub(crate) corner: [f64; 2],
    pub(crate) pixel: f64,
    pub(crate) nodata: Option<f64>,
}

impl<'a, T: GdalType + Copy> Raster<'a, T> {
    /// Rows and columns, and samples.
    pub(crate) fn new(size: [usize; 2], samples: &'a [T]) -> Self {
        Self {
            size,
            samples,
            epsg: Some(32_633),
            corner: [500_000.0, 5_100_000.0],
            pixel: 10.0,
            nodata: None,
        }
    }

    pub(crate) fn write(&self, driver: &str, path: &Path) {
        let [height, width] = self.size;
        let driver = DriverManager::get_driver_by_name(driver).unwrap();
        let mut dataset = driver.create_with_band_type::<T, _>(path, width, height, 1).unwrap();
        if let Some(epsg) = self.epsg {
            dataset.set_spatial_ref(&SpatialRef::from_epsg(epsg).unwrap()).unwrap();
        }
        let [x, y] = self.corner;
        dataset.set_geo_transform(&[x, self.pixel, 0.0, y, 0.0, -self.pixel]).unwrap();
        let mut band = dataset.rasterband(1).unwrap();
        if self.nodata.is_some() {
            band.set_no_data_value(self.nodata).unwrap();
        }
        let mut buffer = gdal::raster::Buffer::new((width, height), self.samples.to_vec());
        band.write((0, 0), (width, height), &mut buffer).unwrap();
        dataset.close().unwrap();
    }
}

/// The plan of a configuration.
pub(crate) fn plan(folder: &Path, config: &str) -> vqz_raster::Result<CubePlan> {
    CubePlan::new(Config::parse(config)?, folder)
}

/// The array of a path.
pub(crate) fn array<'a>(plan: &'a CubePlan, path: &str) -> &'a ArrayPlan {
    let paths: Vec<&str> = plan.arrays.iter().map(|array| array.path.as_str()).collect();
    plan.arrays
        .iter()
        .find(|array| array.path == path)
        .unwrap_or_else(|| panic!("there is no {path} among {paths:?}"))
}

/// All samples of an array.
pub(crate) fn all<T: Sample>(plan: &CubePlan, path: &str) -> Vec<T> {
    let array = array(plan, path);
    let region: Vec<_> = array.shape().iter().map(|extent| 0..*extent).collect();
    read(plan, path, &region)
}

/// Samples of a part of an array.
pub(crate) fn read<T: Sample>(plan: &CubePlan, path: &str, region: &[std::ops::Range<u64>]) -> Vec<T> {
    let array = array(plan, path);
    assert_eq!(array.sample_type, T::TYPE);
    bytemuck::pod_collect_to_vec(&plan.read(array, region).unwrap())
}

/// The names of an array's bands.
pub(crate) fn bands<'a>(plan: &'a CubePlan, path: &str) -> Vec<&'a str> {
    array(plan, path).bands.iter().map(|band| band.band.name.as_deref().unwrap()).collect()
}

/// Writes a NumPy file.
pub(crate) fn npy<T: Sample>(path: &Path, shape: &[usize], samples: &[T]) {
    vqz_raster::npy::write(path, T::TYPE, shape, bytemuck::cast_slice(samples)).unwrap();
}

/// What a plan that can't be says.
pub(crate) fn refused(folder: &Path, config: &str) -> String {
    plan(folder, config).err().unwrap_or_else(|| panic!("this is planned: {config}")).to_string()
}

/// A band of a file as GDAL reads it, without more ado.
pub(crate) fn plain(path: &str, band: usize) -> ([usize; 2], Vec<f64>) {
    let dataset = Dataset::open(path).unwrap();
    let (width, height) = dataset.raster_size();
    let band = dataset.rasterband(band).unwrap();
    let buffer = band.read_as::<f64>((0, 0), (width, height), (width, height), None).unwrap();
    ([height, width], buffer.data().to_vec())
}
