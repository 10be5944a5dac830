//! End-to-end tests of vqz.
