//! `petrel-probe record`: what goes through it, and what it writes.

mod endings;
mod exchanges;
mod files;
mod process;
mod recording;
mod security;
mod streams;
mod tshark;
mod usage;
