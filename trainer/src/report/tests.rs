//! The report as the trainer uses it.

use super::*;

fn options(resume_at_step: Option<u64>) -> ReportOptions {
    ReportOptions {
        name: "test".to_owned(),
        total_steps: 1000,
        resume_at_step,
        terminal: false,
        ..ReportOptions::default()
    }
}

fn step(step: u64) -> Step {
    let scalars = vec![("loss/total".to_owned(), 1.0 / step as f64), ("psnr_db".to_owned(), 30.0)];
    Step { step, epoch: 0, seconds: step as f64, scalars }
}

fn kinds(folder: &Path) -> Vec<(u64, &'static str)> {
    let kind = |record: &Record| match record {
        Record::Step { .. } => "step",
        Record::Validation { .. } => "validation",
        Record::Event { .. } => "event",
        Record::Picture { .. } => "picture",
    };
    journal::read(folder).unwrap().iter().map(|record| (record.step(), kind(record))).collect()
}

#[test]
fn a_run_that_was_interrupted_ends_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut report = Report::open(folder, &options(None)).unwrap();
    for at in [100, 200, 300] {
        report.step(&step(at)).unwrap();
    }
    drop(report);
    let mut report = Report::open(folder, &options(Some(200))).unwrap();
    report.step(&step(300)).unwrap();
    report.picture(300, "valid/decoded", &Picture::from_rgb(1, 1, &[1, 2, 3])).unwrap();
    report
        .validation(&Validation { step: 300, seconds: 301.0, scalars: vec![("psnr_db".to_owned(), 31.5)] })
        .unwrap();
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(
        page.contains(">running</span>")
            && page.contains("<b>31.50</b> <small>dB</small>")
            && page.contains("of 1,000")
    );
    assert!(page.contains("<h3>valid/decoded<br>") && page.contains(">resumed at step 200</td>"));
    report.finish().unwrap();
    assert!(fs::read_to_string(folder.join("report.html")).unwrap().contains(">finished</span>"));
    let expected = [
        (100, "step"),
        (200, "step"),
        (200, "event"),
        (300, "step"),
        (300, "picture"),
        (300, "validation"),
        (300, "event"),
    ];
    assert_eq!(kinds(folder), expected);
    let text = fs::read_to_string(folder.join("metrics.jsonl")).unwrap();
    assert!(text.contains(r#""scalars":{"valid/psnr_db":31.5}"#), "{text}");
    let events = fs::read_dir(folder).unwrap().filter(|entry| {
        entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with("events.out.tfevents.")
    });
    assert_eq!(events.count(), 2);
}

#[test]
fn a_run_that_was_stopped_says_so_and_its_steps_do_not_go_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut report = Report::open(folder, &options(None)).unwrap();
    report.fact("data", "2 arrays").unwrap();
    report.step(&step(100)).unwrap();
    report.stop(113).unwrap();
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.contains(">stopped</span>") && !page.contains("the run is complete"), "{page}");
    assert!(page.contains("<b>113</b>") && page.contains("<dt>data</dt><dd>2 arrays</dd>"), "{page}");
    assert_eq!(kinds(folder), [(0, "event"), (100, "step"), (113, "event")]);
    let mut report = Report::open(folder, &options(Some(113))).unwrap();
    report.fact("data", "2 arrays").unwrap();
    report.finish().unwrap();
    assert_eq!(kinds(folder)[3..], [(113, "event"), (113, "event")], "resumed, finished");
    assert!(fs::read_to_string(folder.join("report.html")).unwrap().contains(">finished</span>"));
}

#[test]
fn a_run_that_failed_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut report = Report::open(folder.path(), &options(None)).unwrap();
    report.fail(7, "nan", "the loss is NaN").unwrap();
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains(">failed</span>") && page.contains(">the loss is NaN</td>"), "{page}");
}

#[test]
fn a_run_that_lost_values_is_still_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut report = Report::open(folder.path(), &options(None)).unwrap();
    let scalars = vec![("loss/total".to_owned(), f64::NAN), ("psnr_db".to_owned(), f64::NEG_INFINITY)];
    report.step(&Step { step: 1, epoch: 0, seconds: 0.1, scalars: scalars.clone() }).unwrap();
    report.event(1, "nan", "the loss is not a number; the step is skipped").unwrap();
    report.validation(&Validation { step: 1, seconds: 0.2, scalars }).unwrap();
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("<b>not a number</b>") && page.contains(">1 warning</a>"));
    assert!(!page.contains("NaN"), "no coordinate may be one");
}

#[test]
fn a_folder_with_another_run_is_refused_unless_it_is_resumed_or_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    Report::open(folder.path(), &options(None)).unwrap().step(&step(1)).unwrap();
    let refused = Report::open(folder.path(), &options(None)).err().unwrap();
    assert!(
        refused.to_string().ends_with(
            "go on with --resume, begin anew with --overwrite, or choose another folder with --run"
        )
    );
    Report::open(folder.path(), &options(Some(0))).unwrap();
    assert!(kinds(folder.path()).is_empty());
}

#[test]
fn a_folder_that_is_gone_is_said_and_training_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("run");
    let mut report = Report::open(&inner, &options(None)).unwrap();
    fs::remove_dir_all(&inner).unwrap();
    let lost = report.validation(&Validation::default()).unwrap_err().to_string();
    assert!(lost.contains("report.html") && lost.contains("moved or deleted"), "{lost}");
    report.step(&step(1)).unwrap();
}
