//! The program `petrel-probe`.

use std::process::ExitCode;

fn main() -> ExitCode {
    petrel_probe::cli::main()
}
