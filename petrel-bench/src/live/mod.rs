//! The live view: a run on the whole terminal while it goes on, and the keys that steer it.
//!
//! What is shown is a `State`: it is told how the run stands and which keys were
//! pressed, and answers with what is to be done. Drawing is a function of it. Only [`LiveView`] and
//! the terminal behind it do anything.

mod chart;
mod compact;
mod draw;
mod health;
mod help;
mod keys;
mod paint;
mod panels;
mod scale;
mod state;
mod terminal;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use terminal::give_back;
pub use view::LiveView;
