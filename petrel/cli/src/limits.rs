//! A flag for every limit: the tables of the library as arguments of a program.

use crate::quantity;
use clap::{Arg, ArgMatches, Command, error::ErrorKind};
use petrel::{ClientLimits, Limit, LimitError, ServerLimits, Unit};

/// A set of limits with its table: that of the server or that of the client.
pub trait LimitSet: Default + Clone {
    /// Every limit of the set.
    const TABLE: &'static [Limit];

    /// Sets the limit of this name, in the unit of its row.
    ///
    /// # Errors
    /// If there is no such limit, or its row does not allow the value.
    fn set(&mut self, name: &str, value: u64) -> Result<(), LimitError>;
}

impl LimitSet for ServerLimits {
    const TABLE: &'static [Limit] = Self::TABLE;

    fn set(&mut self, name: &str, value: u64) -> Result<(), LimitError> {
        Self::set(self, name, value)
    }
}

impl LimitSet for ClientLimits {
    const TABLE: &'static [Limit] = Self::TABLE;

    fn set(&mut self, name: &str, value: u64) -> Result<(), LimitError> {
        Self::set(self, name, value)
    }
}

/// One argument per row of the table, `--payload-max BYTES` for `payload_max`. To be flattened into
/// the arguments of a program. A limit that is not given keeps its default.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LimitArgs<S> {
    /// The limits as they were given.
    pub limits: S,
}

/// The flag of a limit, without the two dashes.
pub fn flag_of(row: &Limit) -> String {
    row.name.replace('_', "-")
}

impl<S: LimitSet> clap::Args for LimitArgs<S> {
    fn augment_args(command: Command) -> Command {
        command.args(S::TABLE.iter().map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: LimitSet> clap::FromArgMatches for LimitArgs<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = Self {
            limits: S::default(),
        };
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for row in S::TABLE {
            if let Some(value) = matches.get_one::<u64>(row.name) {
                let set = self.limits.set(row.name, *value);
                set.map_err(|error| clap::Error::raw(ErrorKind::ValueValidation, error))?;
            }
        }
        Ok(())
    }
}

fn argument(row: &'static Limit) -> Arg {
    let mut help = format!(
        "{}\n[default: {}]",
        row.about,
        quantity::show(row.unit, row.default)
    );
    if let Some(zero) = row.zero {
        help.push_str(&format!(" [0: {zero}]"));
    }
    Arg::new(row.name)
        .long(flag_of(row))
        .value_name(match row.unit {
            Unit::Bytes => "BYTES",
            Unit::BytesPerSecond => "BYTES_PER_SECOND",
            Unit::Milliseconds => "DURATION",
            _ => "COUNT",
        })
        .value_parser(move |text: &str| parse(row, text))
        .help(help)
        .help_heading("Limits (sizes like 4194304, 256KiB, 4MiB; durations like 500ms, 10s, 2m)")
        .hide_short_help(true)
}

/// Reads a value of the limit. Where 0 has a meaning of its own, `none` and the word for it mean 0.
fn parse(row: &Limit, text: &str) -> Result<u64, String> {
    if row.zero.is_some_and(|zero| text == "none" || text == zero) {
        return Ok(0);
    }
    let value = quantity::parse(row.unit, text).map_err(|error| error.to_string())?;
    row.check(value).map_err(|_| {
        let show = |bound| quantity::show(row.unit, bound);
        format!(
            "it must lie between {} and {}",
            show(row.min),
            show(row.max)
        )
    })?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::time::Duration;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        server: LimitArgs<ServerLimits>,
    }

    fn limits(args: &[&str]) -> Result<ServerLimits, String> {
        Program::try_parse_from(["program"].iter().chain(args))
            .map(|program| program.server.limits)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_row_has_its_flag_and_both_its_edges_can_be_set() {
        for row in ServerLimits::TABLE {
            for value in [row.min, row.max] {
                let flag = format!("--{}={}", flag_of(row), quantity::show(row.unit, value));
                let limits = limits(&[&flag]).unwrap();
                assert_eq!(limits.get(row.name), Some(value), "{flag}");
            }
        }
        assert_eq!(limits(&[]).unwrap(), ServerLimits::new());
    }

    #[test]
    fn where_zero_has_a_meaning_it_can_be_written_in_words() {
        let set = limits(&["--frame-rate-min=none", "--nodelay", "off"]).unwrap();
        let expected = ServerLimits::new().frame_rate_min(0).nodelay(0);
        assert_eq!(set, expected);
        let set = limits(&["--frame-rate-grace=0"]).unwrap();
        assert_eq!(set, ServerLimits::new().frame_rate_grace(Duration::ZERO));
        assert!(limits(&["--payload-max=none"]).is_err());
    }

    #[test]
    fn a_wrong_value_is_named_with_its_flag_and_the_range() {
        let error = limits(&["--read-chunk", "1B"]).unwrap_err();
        for part in ["'1B'", "--read-chunk", "between 512B and 64MiB"] {
            assert!(error.contains(part), "{error}");
        }
        let error = limits(&["--frame-timeout", "30"]).unwrap_err();
        assert!(error.contains("time unit needed"), "{error}");
    }
}
