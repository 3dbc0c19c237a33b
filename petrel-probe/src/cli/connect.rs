//! The arguments that say how a server is reached: the same for `send` and `replay`.

use crate::talk::Settings;
use petrel::Unit;
use petrel_cli::{ClientTlsArgs, quantity};
use std::time::Duration;

/// How the server is reached
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Reaching the server")]
pub(super) struct ConnectArgs {
    /// Time for the name, TCP, TLS and the protocol check together
    #[arg(long, value_name = "TIME", value_parser = waiting, default_value = "10s")]
    connect_timeout: Duration,
    /// Time for each answer
    #[arg(long, value_name = "TIME", value_parser = waiting, default_value = "30s")]
    timeout: Duration,
    #[command(flatten)]
    pub(super) tls: ClientTlsArgs,
}

impl ConnectArgs {
    /// Time for connecting, and for each answer.
    #[cfg(feature = "tui")]
    pub(super) const fn timeouts(&self) -> (Duration, Duration) {
        (self.connect_timeout, self.timeout)
    }

    /// These settings with the times.
    pub(super) fn apply(&self, settings: Settings) -> Settings {
        Settings {
            connect_timeout: self.connect_timeout,
            timeout: self.timeout,
            ..settings
        }
    }
}

/// A time to wait for something: at least a millisecond, at most a day.
fn waiting(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time.is_zero() || time > Duration::from_secs(24 * 60 * 60) {
        return Err("write a time from 1ms to 24h".to_owned());
    }
    Ok(time)
}

/// A time in whole milliseconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    quantity::parse(Unit::Milliseconds, text)
        .map(Duration::from_millis)
        .map_err(|error| error.to_string())
}

/// The longest payload of an answer.
pub(super) fn payload_max(text: &str) -> Result<u32, String> {
    let bytes = quantity::parse(Unit::Bytes, text).map_err(|error| error.to_string())?;
    u32::try_from(bytes).map_err(|_| "a length has 32 bits: write at most 4294967295".to_owned())
}
