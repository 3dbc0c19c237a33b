//! Requests of one's own: where they go, what they say, and what came of them.
//!
//! [`Compose`] is plain data, told what happened by [`update()`] and drawn by [`view()`]. It connects,
//! reads and remembers nothing itself: that is said as [`Effect`]s, which a worker has done.

mod answers;
mod body;
mod commands;
mod digits;
mod effect;
mod fields;
mod json;
mod message;
mod order;
mod pager;
mod payload;
mod setup;
mod shell;
mod state;
#[cfg(test)]
mod tests;
mod update;
mod view;
mod work;

pub(crate) use commands::{Action, COMMANDS};
pub(crate) use effect::{Effect, Entry, Order, Route};
pub(crate) use message::{Msg, Took};
pub use setup::Setup;
pub(crate) use state::Compose;
pub(crate) use update::update;
pub(crate) use view::view;
