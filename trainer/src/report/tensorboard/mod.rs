//! TensorBoard event files: `events.out.tfevents.SECONDS.HOST.N`, records of the TFRecord kind, each an `Event`. A
//! process writes a file of its own; one that resumes tells TensorBoard from which step on older files do not count.

mod framing;
mod messages;

use super::disk::Appender;
use super::error::ReportError;
use messages::{Content, Event, Image, Summary, Value};
use prost::Message;
use std::path::Path;

/// What the names of event files begin with; TensorBoard looks for it.
pub(super) const PREFIX: &str = "events.out.tfevents.";

/// The file of this process.
#[derive(Debug)]
pub(super) struct EventFile {
    appender: Appender,
}

impl EventFile {
    /// Begins a file at `time`, in seconds since 1970. A run resumed at a step replaces what older files hold beyond.
    pub(super) fn open(folder: &Path, time: f64, resume_at_step: Option<u64>) -> Result<Self, ReportError> {
        let host = host();
        // TensorBoard reads a folder's files in the order of their names.
        let free = (0..1000)
            .map(|n| folder.join(format!("{PREFIX}{:010}.{host}.{n:03}", time as u64)))
            .find(|path| !path.exists());
        let path = free.unwrap_or_else(|| folder.join(format!("{PREFIX}{:010}.{host}.x", time as u64)));
        let mut file = Self { appender: Appender::open(&path)? };
        file.add(time, 0, Content::FileVersion("brain.Event:2".to_owned()))?;
        if let Some(step) = resume_at_step {
            file.add(
                time,
                step.saturating_add(1),
                Content::SessionLog(messages::SessionLog { status: messages::START }),
            )?;
        }
        Ok(file)
    }

    /// Scalars of a step.
    pub(super) fn scalars(
        &mut self,
        time: f64,
        step: u64,
        scalars: &[(String, f64)],
    ) -> Result<(), ReportError> {
        let value = scalars.iter().map(|(tag, value)| Value::scalar(tag, *value as f32)).collect();
        self.add(time, step, Content::Summary(Summary { value }))
    }

    /// A picture that is already PNG.
    pub(super) fn image(
        &mut self,
        time: f64,
        step: u64,
        tag: &str,
        (width, height): (usize, usize),
        png: Vec<u8>,
    ) -> Result<(), ReportError> {
        let extent = |n| i32::try_from(n).unwrap_or(i32::MAX);
        let image =
            Image { height: extent(height), width: extent(width), colorspace: 3, encoded_image_string: png };
        self.add(time, step, Content::Summary(Summary { value: vec![Value::image(tag, image)] }))
    }

    /// A remark, shown among the texts.
    pub(super) fn text(&mut self, time: f64, step: u64, tag: &str, text: &str) -> Result<(), ReportError> {
        self.add(time, step, Content::Summary(Summary { value: vec![Value::text(tag, text)] }))
    }

    fn add(&mut self, wall_time: f64, step: u64, content: Content) -> Result<(), ReportError> {
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        let event = Event { wall_time, step, content: Some(content) };
        self.appender.append(&framing::frame(&event.encode_to_vec()))
    }
}

/// The machine's name, for the file's name only.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::env::var("HOSTNAME"));
    let keep = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let name: String = name.unwrap_or_default().trim().chars().filter(keep).collect();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn events(folder: &Path) -> Vec<Event> {
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let read = |path| framing::unframe(&fs::read(path).unwrap());
        paths.iter().flat_map(read).map(|payload| Event::decode(payload.as_slice()).unwrap()).collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = EventFile::open(folder.path(), 1.7e9, None).unwrap();
        let scalars = [("loss/total".to_owned(), 0.5), ("psnr_db".to_owned(), f64::NAN)];
        file.scalars(1.7e9 + 1.0, 100, &scalars).unwrap();
        file.image(1.7e9 + 2.0, 100, "valid/decoded", (3, 2), b"png".to_vec()).unwrap();
        file.text(1.7e9 + 3.0, 120, "collapse", "codebook 0").unwrap();
        let events = events(folder.path());
        assert_eq!(events[0].content, Some(Content::FileVersion("brain.Event:2".to_owned())));
        assert_eq!((events[1].step, events[1].wall_time), (100, 1.7e9 + 1.0));
        let Some(Content::Summary(summary)) = &events[1].content else { panic!("{events:?}") };
        assert_eq!((summary.value[0].tag.as_str(), summary.value[0].simple_value), ("loss/total", Some(0.5)));
        assert!(summary.value[1].simple_value.unwrap().is_nan());
        let Some(Content::Summary(summary)) = &events[2].content else { panic!("{events:?}") };
        let image = summary.value[0].image.as_ref().unwrap();
        assert_eq!(
            (image.height, image.width, image.encoded_image_string.as_slice()),
            (2, 3, b"png".as_slice())
        );
        let Some(Content::Summary(summary)) = &events[3].content else { panic!("{events:?}") };
        assert_eq!(summary.value[0].tensor.as_ref().unwrap().string_val, [b"codebook 0".to_vec()]);
        assert_eq!(events.len(), 4);
    }

    #[test]
    fn a_resumed_run_has_a_later_file_that_ends_the_steps_beyond() {
        let folder = tempfile::tempdir().unwrap();
        EventFile::open(folder.path(), 1.7e9, None).unwrap();
        EventFile::open(folder.path(), 1.7e9, Some(200)).unwrap();
        let names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2);
        assert!(
            names.iter().all(|name| name.to_str().unwrap().starts_with("events.out.tfevents.1700000000."))
        );
        let events = events(folder.path());
        assert_eq!(
            events[2].content,
            Some(Content::SessionLog(messages::SessionLog { status: messages::START }))
        );
        assert_eq!(events[2].step, 201);
    }
}
