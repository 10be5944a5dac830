//! The messages of an event file, with the field numbers of TensorFlow's `event.proto`, `summary.proto` and
//! `tensor.proto`: those fields that a report fills, no others.

use prost::{Message, Oneof};

/// One record.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    pub(super) wall_time: f64,
    #[prost(int64, tag = "2")]
    pub(super) step: i64,
    #[prost(oneof = "Content", tags = "3, 5, 7")]
    pub(super) content: Option<Content>,
}

/// What a record holds.
#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Content {
    /// Only in a file's first record.
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
    #[prost(message, tag = "7")]
    SessionLog(SessionLog),
}

/// At its record's step and beyond, what older files hold no longer counts.
pub(super) const START: i32 = 1;

/// The state of a run.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SessionLog {
    #[prost(int32, tag = "1")]
    pub(super) status: i32,
}

/// Values of one step.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub(super) value: Vec<Value>,
}

/// A value of one of three kinds. TensorFlow has them as a `oneof`, which is the same on the wire.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Value {
    #[prost(string, tag = "1")]
    pub(super) tag: String,
    #[prost(float, optional, tag = "2")]
    pub(super) simple_value: Option<f32>,
    #[prost(message, optional, tag = "4")]
    pub(super) image: Option<Image>,
    #[prost(message, optional, tag = "8")]
    pub(super) tensor: Option<Tensor>,
    #[prost(message, optional, tag = "9")]
    pub(super) metadata: Option<Metadata>,
}

impl Value {
    /// A number.
    pub(super) fn scalar(tag: &str, value: f32) -> Self {
        Self { tag: tag.to_owned(), simple_value: Some(value), ..Self::default() }
    }

    /// A picture.
    pub(super) fn image(tag: &str, image: Image) -> Self {
        Self { tag: tag.to_owned(), image: Some(image), ..Self::default() }
    }

    /// A text: a tensor of one string, marked for the plug-in that shows texts.
    pub(super) fn text(tag: &str, text: &str) -> Self {
        let shape = Shape { dim: vec![Dimension { size: 1 }] };
        let tensor =
            Tensor { dtype: 7, tensor_shape: Some(shape), string_val: vec![text.as_bytes().to_vec()] };
        let metadata = Metadata { plugin_data: Some(PluginData { plugin_name: "text".to_owned() }) };
        Self { tag: tag.to_owned(), tensor: Some(tensor), metadata: Some(metadata), ..Self::default() }
    }
}

/// A picture.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Image {
    #[prost(int32, tag = "1")]
    pub(super) height: i32,
    #[prost(int32, tag = "2")]
    pub(super) width: i32,
    /// 3 is RGB.
    #[prost(int32, tag = "3")]
    pub(super) colorspace: i32,
    /// PNG.
    #[prost(bytes = "vec", tag = "4")]
    pub(super) encoded_image_string: Vec<u8>,
}

/// A tensor of strings.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Tensor {
    /// 7 is a string.
    #[prost(int32, tag = "1")]
    pub(super) dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) tensor_shape: Option<Shape>,
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub(super) string_val: Vec<Vec<u8>>,
}

/// A tensor's shape.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Shape {
    #[prost(message, repeated, tag = "2")]
    pub(super) dim: Vec<Dimension>,
}

/// One of its dimensions.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Dimension {
    #[prost(int64, tag = "1")]
    pub(super) size: i64,
}

/// How a value is to be shown.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Metadata {
    #[prost(message, optional, tag = "1")]
    pub(super) plugin_data: Option<PluginData>,
}

/// By which plug-in.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PluginData {
    #[prost(string, tag = "1")]
    pub(super) plugin_name: String,
}
