//! `petrel-conformance export`.

use crate::export::export;
use clap::Args;
use petrel_cli::{
    Exit, Failure,
    output::{self, Format, one_line},
};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    /// The folder to write to; it must not exist, or be empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Writes everything that a suite in another language needs.
pub(super) fn execute(arguments: &ExportArguments, format: Format) -> Result<Exit, Failure> {
    let folder = &arguments.folder;
    let names = export(folder)?;
    match format {
        Format::Json => output::print_json(&json!({
            "schema": "petrel-export/1",
            "folder": folder,
            "files": names,
        }))?,
        _ => {
            let folder = one_line(&folder.to_string_lossy());
            let count = names.len();
            output::print(&format!(
                "{count} files in {folder}; README.md says what they are\n"
            ))?;
        }
    }
    Ok(Exit::Done)
}
