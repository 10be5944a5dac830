//! `metrics.jsonl`: the run's records, one on each line. The page is made from it, and other programs can read it. A run
//! that is resumed at a step drops the lines beyond that step, so that each step occurs once.

use super::disk::{self, Appender};
use super::error::ReportError;
use super::record::Record;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file's name in the report's folder.
pub(super) const NAME: &str = "metrics.jsonl";

/// The file of records, open for appending.
#[derive(Debug)]
pub(super) struct Journal {
    appender: Appender,
}

impl Journal {
    /// Begins the records of a new run, or continues those up to `resume_at_step`.
    pub(super) fn open(folder: &Path, resume_at_step: Option<u64>) -> Result<Self, ReportError> {
        let path = folder.join(NAME);
        match resume_at_step {
            Some(step) => keep_until(&path, step)?,
            None if path.metadata().is_ok_and(|found| found.len() > 0) => {
                return Err(ReportError::Occupied { path });
            }
            None => {}
        }
        Ok(Self { appender: Appender::open(&path)? })
    }

    /// Adds a line.
    pub(super) fn add(&mut self, record: &Record) -> Result<(), ReportError> {
        let mut line = serde_json::to_vec(record).map_err(|error| ReportError::Convert {
            what: "a record".to_owned(),
            reason: error.to_string(),
        })?;
        line.push(b'\n');
        self.appender.append(&line)
    }
}

/// All records of a folder, in the order of writing; none where there is no file.
pub(super) fn read(folder: &Path) -> Result<Vec<Record>, ReportError> {
    let path = folder.join(NAME);
    Ok(parse(&path, &contents(&path)?)?.into_iter().map(|(record, _)| record).collect())
}

fn keep_until(path: &Path, step: u64) -> Result<(), ReportError> {
    let bytes = contents(path)?;
    let mut kept = Vec::with_capacity(bytes.len());
    for (record, line) in parse(path, &bytes)? {
        if record.step() <= step {
            kept.extend_from_slice(line);
            kept.push(b'\n');
        }
    }
    if kept == bytes { Ok(()) } else { disk::replace(path, &kept) }
}

fn contents(path: &Path) -> Result<Vec<u8>, ReportError> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(ReportError::io("read", path)),
    }
}

fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<Vec<(Record, &'a [u8])>, ReportError> {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let last = lines.iter().rposition(|line| !line.trim_ascii().is_empty());
    let mut records = Vec::with_capacity(lines.len());
    for (i, line) in lines.into_iter().enumerate().filter(|(_, line)| !line.trim_ascii().is_empty()) {
        match serde_json::from_slice(line) {
            Ok(record) => records.push((record, line)),
            // The process was killed, or the machine lost power, while this line was written.
            Err(_) if Some(i) == last => {}
            Err(error) => {
                let path = PathBuf::from(path);
                return Err(ReportError::Corrupt { path, line: i + 1, reason: error.to_string() });
            }
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(step: u64) -> Record {
        Record::Event { step, time: 0.0, event: "checkpoint".to_owned(), message: String::new() }
    }

    fn steps(folder: &Path) -> Vec<u64> {
        read(folder).unwrap().iter().map(Record::step).collect()
    }

    #[test]
    fn a_resumed_run_has_each_step_once() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let mut journal = Journal::open(folder, None).unwrap();
        for step in [100, 200, 300] {
            journal.add(&event(step)).unwrap();
        }
        let mut journal = Journal::open(folder, Some(200)).unwrap();
        assert_eq!(steps(folder), [100, 200]);
        journal.add(&event(300)).unwrap();
        assert_eq!(steps(folder), [100, 200, 300]);
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "nothing is left beside the records");
    }

    #[test]
    fn half_a_last_line_is_left_out_and_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        Journal::open(folder, None).unwrap().add(&event(100)).unwrap();
        let path = folder.join(NAME);
        let whole = fs::read(&path).unwrap();
        for cut in 1..whole.len() - 1 {
            fs::write(&path, [&whole, &whole[..cut]].concat()).unwrap();
            assert_eq!(steps(folder), [100], "cut at {cut}");
            Journal::open(folder, Some(500)).unwrap().add(&event(600)).unwrap();
            assert_eq!(steps(folder), [100, 600], "cut at {cut}");
        }
    }

    #[test]
    fn a_line_without_its_end_is_kept_whole() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        Journal::open(folder, None).unwrap().add(&event(100)).unwrap();
        let path = folder.join(NAME);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        Journal::open(folder, Some(100)).unwrap().add(&event(200)).unwrap();
        assert_eq!(steps(folder), [100, 200]);
    }

    #[test]
    fn another_run_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        Journal::open(folder.path(), None).unwrap().add(&event(1)).unwrap();
        let message = Journal::open(folder.path(), None).unwrap_err().to_string();
        assert!(message.ends_with(
            "go on with --resume, begin anew with --overwrite, or choose another folder with --run"
        ));
    }

    #[test]
    fn a_broken_line_before_others_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), "{\"kind\":\"nothing\"}\n{}\n").unwrap();
        let message = Journal::open(folder.path(), Some(1)).unwrap_err().to_string();
        assert!(
            message.starts_with("line 1 of ") && message.contains("unknown variant `nothing`"),
            "{message}"
        );
        assert!(message.ends_with("remove that line"), "{message}");
    }
}
