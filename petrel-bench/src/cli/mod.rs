//! The command line: what is asked for, and how the program ends.

mod doctor;
mod floor;
