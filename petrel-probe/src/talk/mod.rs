//! One connection to a server, as a tool sees it: every step with its bytes and its time.
//!
//! A [`Session`] is opened, does the protocol check, and asks one request after the other or several
//! at once. What comes of a request is an [`Exchange`](crate::exchange::Exchange), as of a capture, so
//! that it is filtered, printed and drawn by the same code.
//!
//! A session belongs to one task and does nothing between its calls. It never connects anew: after an
//! error that loses the place in the stream it is over, and says so.

mod error;
mod reach;
mod request;
mod session;
mod settings;
mod step;
mod stream;
#[cfg(test)]
mod tests;

pub use error::TalkError;
pub use reach::{Reached, is_local};
pub use request::{Mac, Request};
pub use session::Session;
pub use settings::Settings;
pub use step::{Step, Watch};
