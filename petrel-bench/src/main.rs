//! The program `petrel-bench`.

use std::process::ExitCode;

fn main() -> ExitCode {
    petrel_bench::cli::main()
}
