//! ONNX graphs.
