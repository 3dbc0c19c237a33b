//! Judges a codec by the golden frames, through a driver.
//!
//! The driver is given bytes to decode, whole and in pieces, and fields to encode. What would be
//! right stays here. `golden` is what the frames say, `compare` holds an answer against it, `run`
//! asks and keeps going when the driver does not.

mod compare;
mod golden;
mod run;

pub(crate) use golden::TEXT as GOLDEN;
pub(crate) use run::{Options, judge};
