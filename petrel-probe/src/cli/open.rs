//! `petrel-probe` without a command: the terminal interface on a file or a target, or text.

use super::subject::Subject;
#[cfg(feature = "tui")]
use crate::tui;
use petrel_cli::{Exit, Failure};

/// What to open
#[derive(Debug, clap::Args)]
pub(super) struct OpenArgs {
    /// A capture file, - for standard input, or a target: host:port, tls://…, unix:/…, embedded
    ///
    /// A word with a scheme, or one that ends in a colon and digits where no such file exists, is a
    /// target. ./x is a file in any case.
    #[arg(value_name = "FILE|TARGET")]
    subject: Option<Subject>,

    /// Draw the terminal interface in ASCII only
    #[cfg(feature = "tui")]
    #[arg(long)]
    ascii: bool,
}

#[cfg(feature = "tui")]
pub(super) fn execute(args: &OpenArgs) -> Result<Exit, Failure> {
    let source = match &args.subject {
        Some(Subject::File(path)) => tui::Source::File(path.clone()),
        Some(Subject::Stdin) => tui::Source::Stdin,
        Some(Subject::Target(_)) | None => tui::Source::Nowhere,
    };
    if !tui::is_possible(&source) {
        return as_text(args);
    }
    tui::run(tui::Opening {
        composes: matches!(source, tui::Source::Nowhere),
        source,
        decoder: crate::decode::DecoderConfig::default(),
        is_ascii: args.ascii,
    })
}

#[cfg(not(feature = "tui"))]
pub(super) fn execute(args: &OpenArgs) -> Result<Exit, Failure> {
    as_text(args)
}

fn as_text(_args: &OpenArgs) -> Result<Exit, Failure> {
    Err(Failure::usage("not there yet"))
}
