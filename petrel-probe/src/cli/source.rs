//! The arguments that say what is read from a capture, and how: the same for `decode`, `replay` and the
//! terminal interface.

use super::connect::payload_max;
use crate::{
    decode::DecoderConfig,
    filter::Filter,
    keyring::Keyring,
    wire::{FramerConfig, Macs},
};
use petrel_cli::{Failure, KeysArgs};
use std::sync::Arc;

/// How a capture is read
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Reading a capture")]
pub(super) struct SourceArgs {
    #[command(flatten)]
    keys: KeysArgs,
    /// Only exchanges that this expression holds for
    ///
    /// For example: status >= 400 && rtt > 50ms || name == "login" && mac != ok. Fields are the paths of the
    /// JSON lines (response.status, request.payload.len, …) and short names: name, seq, status of the
    /// answer, rtt, and mac and payload of either side. What is not there fulfils no comparison.
    #[arg(long, value_name = "EXPR")]
    filter: Option<Filter>,
    /// A port on which servers speak Petrel, for connections that do not begin with a protocol check;
    /// may be given several times
    #[arg(long, value_name = "N")]
    port: Vec<u16>,
    /// Whether frames carry MACs: found out for each direction, or told
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    mac: MacArg,
    /// Longest payload that is read; of a frame that claims a longer one only header and name are told
    #[arg(long, value_name = "SIZE", value_parser = payload_max, default_value = "4MiB")]
    payload_max: u32,
}

/// Whether frames carry MACs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum MacArg {
    /// Find out.
    #[default]
    Auto,
    /// They do.
    Yes,
    /// They do not.
    No,
}

impl SourceArgs {
    /// The keys, read from their files and variables; warns of weak ones.
    pub(super) fn keyring(&self) -> Result<Arc<Keyring>, Failure> {
        let mut keyring = Keyring::new();
        for (label, key) in self.keys.read()? {
            keyring.add(&label, key.mac_key());
        }
        Ok(Arc::new(keyring))
    }

    /// For each of the keys the arguments that name it, as words for a shell.
    #[cfg(feature = "tui")]
    pub(super) fn key_words(&self) -> Vec<Vec<String>> {
        self.keys.to_words()
    }

    /// How a decoder is to read: all but the filter.
    pub(super) fn decoder_config(&self) -> Result<DecoderConfig, Failure> {
        Ok(DecoderConfig {
            framer: FramerConfig {
                keyring: self.keyring()?,
                macs: self.mac.into(),
                payload_max: self.payload_max,
                ..FramerConfig::default()
            },
            ports: self.port.iter().copied().collect(),
            ..DecoderConfig::default()
        })
    }

    /// The longest payload that is taken.
    pub(super) const fn payload_max(&self) -> u32 {
        self.payload_max
    }

    /// The filter, if there is one.
    pub(super) const fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }
}

impl From<MacArg> for Macs {
    fn from(arg: MacArg) -> Self {
        match arg {
            MacArg::Auto => Self::Auto,
            MacArg::Yes => Self::Yes,
            MacArg::No => Self::No,
        }
    }
}
