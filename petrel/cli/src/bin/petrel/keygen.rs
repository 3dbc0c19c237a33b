//! `petrel keygen`: a key for MACs.

use petrel_cli::{
    Exit, Failure,
    output::{self, Format, FormatArgs},
};
use serde::Serialize;
use std::path::PathBuf;

/// Make a key for MACs
///
/// The file holds 32 random bytes as 44 base64 characters, and a newline. Those 44 characters are the
/// key. Only its owner may read the file, and an existing one is never overwritten.
#[derive(Debug, clap::Args)]
pub(crate) struct KeygenArgs {
    /// The file to make
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    format: FormatArgs,
}

#[derive(Serialize)]
struct Made<'a> {
    schema: &'static str,
    file: &'a str,
}

/// Makes the key file.
pub(crate) fn keygen(args: &KeygenArgs) -> Result<Exit, Failure> {
    petrel_cli::keygen(&args.file)?;
    let file = &*args.file.to_string_lossy();
    match args.format.format {
        Format::Json => output::print_json(&Made {
            schema: "petrel-keygen/1",
            file,
        })?,
        _ => output::print(&format!(
            "{file}: a new key; give it to both ends with --hmac-key-file\n",
            file = output::one_line(file)
        ))?,
    }
    Ok(Exit::Done)
}
