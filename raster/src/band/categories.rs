//! The classes of a band. GDAL keeps names, colours and attribute tables apart; here they become one list.

use super::Category;
use crate::Result;
use gdal::cpl::CslStringList;
use gdal::raster::{ColorEntry, ColorTable, PaletteInterpretation, RasterBand};
use std::collections::BTreeMap;
use std::ffi::{CStr, c_int};

/// Unused entries of a colour table: a TIFF always has 256 or 65536 entries.
const UNUSED: [u8; 4] = [0, 0, 0, 255];

/// The most entries of the lists in which names and colours stand at the index of their value.
const ENTRIES: i64 = 65_536;

/// Reads the classes of a band, by value: entries of the colour table that are not opaque black, and values with a name.
pub(super) fn read(band: &RasterBand<'_>) -> Vec<Category> {
    let mut classes: BTreeMap<i64, Category> = BTreeMap::new();
    let mut class = |value: i64, name: Option<String>, colour: Option<[u8; 4]>| {
        let class = classes.entry(value).or_insert(Category { value, name: None, colour: None });
        class.name = class.name.take().or(name);
        class.colour = class.colour.or(colour);
    };
    for (value, name) in names(band).into_iter().chain(attributed_names(band)) {
        class(value, Some(name), None);
    }
    if let Some(table) = band.color_table() {
        for index in 0..table.entry_count() {
            let Some(entry) = table.entry_as_rgb(index) else { continue };
            let byte = |v: i16| v.clamp(0, 255) as u8;
            class(index as i64, None, Some([byte(entry.r), byte(entry.g), byte(entry.b), byte(entry.a)]));
        }
    }
    let described = |class: &Category| class.name.is_some() || class.colour.is_some_and(|c| c != UNUSED);
    classes.into_values().filter(described).collect()
}

/// Names by value, from the list of names.
fn names(band: &RasterBand<'_>) -> Vec<(i64, String)> {
    let mut found = Vec::new();
    // SAFETY: the list belongs to the band and lives until the band changes; it ends with a null pointer, and each text
    // with a null byte. All is copied here.
    unsafe {
        let mut next = gdal_sys::GDALGetRasterCategoryNames(band.c_rasterband());
        while !next.is_null() && !(*next).is_null() {
            found.push(CStr::from_ptr(*next).to_string_lossy().into_owned());
            next = next.add(1);
        }
    }
    let numbered = found.into_iter().enumerate().map(|(value, name)| (value as i64, name));
    numbered.filter(|(_, name)| !name.is_empty()).collect()
}

/// Names by value, from a table of attributes that has a column of values and one of names.
fn attributed_names(band: &RasterBand<'_>) -> Vec<(i64, String)> {
    let mut found = Vec::new();
    // SAFETY: the table belongs to the band and is only read. Columns are those that GDAL itself names, rows lie below the
    // count, and the text of a cell is copied before the next is asked for.
    unsafe {
        let table = gdal_sys::GDALGetDefaultRAT(band.c_rasterband());
        if table.is_null() {
            return found;
        }
        let column = |usage| gdal_sys::GDALRATGetColOfUsage(table, usage);
        let value = [gdal_sys::GDALRATFieldUsage::GFU_MinMax, gdal_sys::GDALRATFieldUsage::GFU_Min]
            .into_iter()
            .map(column)
            .find(|column| *column >= 0);
        let name = column(gdal_sys::GDALRATFieldUsage::GFU_Name);
        let (Some(value), true) = (value, name >= 0) else {
            return found;
        };
        let rows: c_int = gdal_sys::GDALRATGetRowCount(table).min(ENTRIES as c_int);
        for row in 0..rows {
            let number = gdal_sys::GDALRATGetValueAsDouble(table, row, value);
            let text = gdal_sys::GDALRATGetValueAsString(table, row, name);
            if number.fract() == 0.0 && number.abs() < 1e15 && !text.is_null() {
                let text = CStr::from_ptr(text).to_string_lossy().into_owned();
                if !text.is_empty() {
                    found.push((number as i64, text));
                }
            }
        }
    }
    found
}

/// Writes classes to a band: their names as category names, their colours as a colour table. Values below 0 or above
/// 65535 have no place in either and are left out.
///
/// # Errors
/// Those of GDAL.
pub(super) fn write(band: &mut RasterBand<'_>, categories: &[Category]) -> Result<()> {
    let storable: Vec<&Category> = categories.iter().filter(|c| (0..ENTRIES).contains(&c.value)).collect();
    let last = |chosen: fn(&Category) -> bool| {
        storable.iter().filter(|class| chosen(class)).map(|class| class.value).max()
    };
    if let Some(last) = last(|class| class.name.is_some()) {
        let mut names = vec![""; last as usize + 1];
        for class in &storable {
            if let Some(name) = &class.name {
                names[class.value as usize] = name;
            }
        }
        let mut list = CslStringList::new();
        for name in names {
            list.add_string(name)?;
        }
        // SAFETY: GDAL copies the list, which lives through the call.
        let code = unsafe { gdal_sys::GDALSetRasterCategoryNames(band.c_rasterband(), list.as_ptr()) };
        super::code::check(code, "GDALSetRasterCategoryNames")?;
    }
    if let Some(last) = last(|class| class.colour.is_some()) {
        let mut colours = vec![UNUSED; last as usize + 1];
        for class in &storable {
            if let (Some(colour), Some(entry)) = (class.colour, colours.get_mut(class.value as usize)) {
                *entry = colour;
            }
        }
        let mut table = ColorTable::new(PaletteInterpretation::Rgba);
        for (index, colour) in colours.iter().enumerate() {
            let [r, g, b, a] = colour.map(i16::from);
            table.set_color_entry(index as u16, &ColorEntry::rgba(r, g, b, a));
        }
        band.set_color_table(&table);
    }
    Ok(())
}
