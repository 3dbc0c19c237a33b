//! The driver of a client or of a codec: a small program around it that does what lines on its
//! standard input say, and answers each with a line on its standard output.
//!
//! So a program in any language can be judged. `protocol` is what the lines say, `process` runs a
//! driver and keeps it from doing harm, `reference` is the driver of this project's own client.

mod process;
mod protocol;
mod reference;

pub(crate) use process::{Driver, Line};
pub(crate) use protocol::{Answer, Base64, Command, Decode, Done, Encode, End, FrameFields};
pub(crate) use reference::serve;
