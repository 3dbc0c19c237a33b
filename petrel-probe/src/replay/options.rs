//! How a recording is replayed.

use super::Comparison;

/// In which order, with which MACs, and compared how.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made and read all over this program"
)]
pub struct Options {
    /// How fast, and in which order.
    pub pace: Pace,
    /// What becomes of the MACs.
    pub macs: Macs,
    /// How answers are compared.
    pub comparison: Comparison,
}

/// How fast, and in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
#[expect(clippy::exhaustive_enums, reason = "in order, or as fast as it goes")]
pub enum Pace {
    /// One request at a time, in the order in which they were recorded, across all connections.
    #[default]
    Lockstep,
    /// Up to 64 connections at once, each with up to 16 requests under way.
    Max,
}

/// What becomes of the MACs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
#[expect(clippy::exhaustive_enums, reason = "made, kept or left out")]
pub enum Macs {
    /// They are made anew with the first key; without a key there are none.
    Resign,
    /// They are sent as they were recorded.
    #[default]
    Keep,
    /// They are left out.
    Strip,
}

impl Pace {
    /// As JSON says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lockstep => "lockstep",
            Self::Max => "max",
        }
    }
}

impl Macs {
    /// As JSON says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resign => "resign",
            Self::Keep => "keep",
            Self::Strip => "strip",
        }
    }
}
