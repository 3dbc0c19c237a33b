//! The program `petrel-conformance`.

use std::process::ExitCode;

fn main() -> ExitCode {
    petrel_conformance::cli::main()
}
