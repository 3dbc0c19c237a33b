//! Frames as they are drawn, keys as they are pressed: at known sizes as text, at any size without a
//! panic.

mod frames;
mod keys;
mod replay;
mod samples;
