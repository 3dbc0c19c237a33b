//! What a program tells shells and `man` about itself.

use crate::{
    Exit, Failure,
    files::{self, Readers},
    output,
};
use clap::{Command, CommandFactory, Subcommand};
use clap_complete::Shell;
use clap_mangen::Man;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The commands that every program has beside its own. Put it into the enum of commands, flattened:
///
/// ```
/// #[derive(clap::Parser)]
/// struct Arguments {
///     #[command(subcommand)]
///     command: Command,
/// }
///
/// #[derive(clap::Subcommand)]
/// enum Command {
///     /// Do what the program is for
///     Work,
///     #[command(flatten)]
///     Itself(petrel_cli::SelfCommand),
/// }
///
/// fn execute(arguments: &Arguments) -> Result<petrel_cli::Exit, petrel_cli::Failure> {
///     match &arguments.command {
///         Command::Work => Ok(petrel_cli::Exit::Done),
///         Command::Itself(command) => command.execute::<Arguments>(),
///     }
/// }
/// ```
#[derive(Clone, Debug, Subcommand)]
#[non_exhaustive]
pub enum SelfCommand {
    /// Print the completions for a shell
    ///
    /// For bash: `source <(PROGRAM completions bash)` in ~/.bashrc; for fish: `PROGRAM completions fish >
    /// ~/.config/fish/completions/PROGRAM.fish`; for zsh: into a file `_PROGRAM` in a folder of $fpath.
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write it and one per command into a folder
    Man {
        /// Write the pages into this folder, which is made if need be; existing pages stay as they are
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

impl SelfCommand {
    /// Does what was asked for, for the program with the arguments `A`.
    ///
    /// # Errors
    /// If standard output or a page cannot be written, or there is a page of that name already.
    pub fn execute<A: CommandFactory>(&self) -> Result<Exit, Failure> {
        match self {
            Self::Completions { shell } => print(&completions(*shell, A::command())?)?,
            Self::Man { out: None } => print(&page(program(A::command()), None)?)?,
            Self::Man { out: Some(folder) } => {
                fs::create_dir_all(folder).map_err(|error| Failure::writing(folder, &error))?;
                let program = program(A::command());
                let version = program.get_version().map(str::to_owned);
                write_pages(program, folder, version.as_deref())?;
            }
        }
        Ok(Exit::Done)
    }
}

/// What a shell reads to complete the words of a program.
fn completions(shell: Shell, mut command: Command) -> Result<Vec<u8>, Failure> {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    command.set_bin_name(&name);
    command.build();
    clap_complete::Generator::try_generate(&shell, &command, &mut script)
        .map_err(|error| Failure::output(&error))?;
    Ok(script)
}

/// The program as its pages describe it. That there is a `help` for every command goes without saying.
fn program(command: Command) -> Command {
    let mut command = command.disable_help_subcommand(true);
    // Hands down what holds for every command.
    command.build();
    command
}

/// The pages of a command and of those below it.
fn write_pages(command: Command, folder: &Path, version: Option<&str>) -> Result<(), Failure> {
    for below in command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
    {
        write_pages(below.clone(), folder, version)?;
    }
    let name = Man::new(command.clone()).get_filename();
    let page = page(command, version)?;
    files::create(&folder.join(name), &page, Readers::Everyone)
}

fn page(command: Command, version: Option<&str>) -> Result<Vec<u8>, Failure> {
    let source = version
        .or_else(|| command.get_version())
        .unwrap_or_default();
    let source = format!("Petrel {source}");
    let mut page = Vec::new();
    Man::new(command)
        .source(source)
        .render(&mut page)
        .map_err(|error| Failure::output(&error))?;
    Ok(page)
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    let text = std::str::from_utf8(bytes);
    output::print(text.map_err(|error| Failure::output(&io::Error::other(error)))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Parser, ValueEnum};

    #[derive(Debug, Parser)]
    #[command(name = "petrel-toy", version)]
    struct Toy {
        /// How loud
        #[arg(long, global = true)]
        loud: bool,
        #[command(subcommand)]
        command: ToyCommand,
    }

    #[derive(Debug, Subcommand)]
    enum ToyCommand {
        /// Play with it
        Play,
        #[command(flatten)]
        Itself(SelfCommand),
    }

    #[test]
    fn every_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let script = completions(*shell, Toy::command()).unwrap();
            let script = String::from_utf8(script).unwrap();
            for word in ["petrel-toy", "play", "completions", "man", "loud"] {
                assert!(script.contains(word), "{word} in that of {shell}");
            }
        }
    }

    #[test]
    fn every_command_has_a_page_which_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("man1");
        let command = SelfCommand::Man {
            out: Some(out.clone()),
        };
        assert_eq!(command.execute::<Toy>(), Ok(Exit::Done));
        let mut names: Vec<_> = fs::read_dir(&out)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let expected = ["completions", "man", "play"].map(|name| format!("petrel-toy-{name}.1"));
        assert_eq!(
            names,
            [&expected[..], &["petrel-toy.1".to_owned()]].concat()
        );
        let page = fs::read_to_string(out.join("petrel-toy-play.1")).unwrap();
        let title = concat!(
            "\n.TH petrel-toy-play 1  \"Petrel ",
            env!("CARGO_PKG_VERSION"),
            "\""
        );
        assert!(page.contains(title) && page.contains("loud"), "{page}");
        let again = command.execute::<Toy>().unwrap_err();
        assert_eq!(again.exit(), Exit::Unreachable);
    }
}
