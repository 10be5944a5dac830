//! Gaps that are filled and even steps: what is valid never becomes nodata, and where nothing may be, nodata must be.

mod common;

use common::{Folder, Raster, all, plan, refused};

/// Three dates of one row: the middle one lacks its first two samples.
fn dates(folder: &Folder) {
    for (date, samples) in [("20200101", [10i16, 2, 5]), ("20200111", [0, 0, 5]), ("20200121", [20, -2, 5])] {
        folder.tiff(&format!("a_{date}.tif"), &Raster { nodata: Some(0.0), ..Raster::new([1, 3], &samples) });
    }
}

const INPUT: &str = "[[input]]\nfiles = [\"*.tif\"]\nname = \"a_{time:%Y%m%d}.tif\"\n";

#[test]
fn a_filled_sample_is_no_nodata() {
    let folder = Folder::new();
    dates(&folder);
    let plan = plan(&folder.0, &format!("{INPUT}[time]\nfill_gaps_days = 30\n")).unwrap();
    let filled: Vec<i16> = all(&plan, "data");
    assert_eq!((filled[3], filled[5]), (15, 5));
    // Between 2 and -2 lies 0, which would be nodata: the next sample stands for it.
    assert_eq!(filled[4].abs(), 1);
}

#[test]
fn even_steps_need_nodata_and_are_linear() {
    let folder = Folder::new();
    dates(&folder);
    let even = plan(&folder.0, &format!("{INPUT}[time]\nstep_days = 5\n")).unwrap();
    let samples: Vec<i16> = all(&even, "data");
    assert_eq!(samples.len(), 5 * 3);
    assert_eq!([0, 3, 6, 9, 12].map(|at| samples[at]), [10, 12, 15, 18, 20]);
    let bare = Folder::new();
    for date in ["20200101", "20200111"] {
        bare.tiff(&format!("a_{date}.tif"), &Raster::new([1, 3], &[1i16, 2, 3]));
    }
    let error = refused(&bare.0, &format!("{INPUT}[time]\nstep_days = 5\n"));
    assert!(error.contains("steps in time may lie where no date is near"), "{error}");
    assert!(error.contains("declare one as nodata under [output]"), "{error}");
}
