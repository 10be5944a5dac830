//! vqz
fn main() {}
