//! The command line: what is asked for, and how the program ends.
#![allow(dead_code, reason = "the commands are put together elsewhere")]

mod compare;
mod merge;
