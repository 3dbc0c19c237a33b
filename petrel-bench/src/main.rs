//! The program `petrel-bench`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::SUCCESS
}
