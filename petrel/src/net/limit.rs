//! Limits as tables: one row gives a limit its name, default, unit, close reason and explanation,
//! and from the row come the setter, the getter, the flag of the program and the documentation.

use super::CloseReason;

/// What the number of a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Bytes per second.
    BytesPerSecond,
    /// Milliseconds; in the interface a `Duration`.
    Milliseconds,
    /// Things: connections, frames, requests, probes.
    Count,
}

/// One row of a table of limits.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limit {
    /// Its name, in `snake_case`.
    pub name: &'static str,
    /// What its number counts.
    pub unit: Unit,
    /// The value it has unless it is set.
    pub default: u64,
    /// Smallest value that makes sense.
    pub min: u64,
    /// Largest value that makes sense.
    pub max: u64,
    /// What 0 stands for, where 0 is not just a number.
    pub zero: Option<&'static str>,
    /// What a connection that goes over it is closed with, if it is.
    pub closes: Option<CloseReason>,
    /// What it limits, and what a larger or smaller value trades.
    pub about: &'static str,
}

/// A limit that cannot be set so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// There is no limit of that name.
    #[error("there is no such limit")]
    Unknown,
    /// The value lies outside what makes sense.
    #[error("{name} is {value}; it must lie between {min} and {max}")]
    OutOfRange {
        /// The limit's name.
        name: &'static str,
        /// What it was to be.
        value: u64,
        /// Smallest possible value.
        min: u64,
        /// Largest possible value.
        max: u64,
    },
}

impl Limit {
    /// Whether the limit may have this value.
    ///
    /// # Errors
    /// If it lies outside `min..=max`.
    pub const fn check(&self, value: u64) -> Result<(), LimitError> {
        if value < self.min || value > self.max {
            return Err(LimitError::OutOfRange {
                name: self.name,
                value,
                min: self.min,
                max: self.max,
            });
        }
        Ok(())
    }
}

/// The type in which a setter takes a limit and a getter gives it.
macro_rules! limit_type {
    (Milliseconds) => {
        std::time::Duration
    };
    ($other:ident) => {
        u64
    };
}

macro_rules! limit_to_number {
    (Milliseconds, $value:expr) => {
        u64::try_from($value.as_millis()).unwrap_or(u64::MAX)
    };
    ($other:ident, $value:expr) => {
        $value
    };
}

macro_rules! limit_from_number {
    (Milliseconds, $number:expr) => {
        std::time::Duration::from_millis($number)
    };
    ($other:ident, $number:expr) => {
        $number
    };
}

/// Makes a set of limits out of its table.
macro_rules! limits {
    (
        $(#[$meta:meta])*
        pub struct $set:ident;
        $($name:ident: $unit:ident = $default:expr, $min:literal..=$max:expr,
          $(zero $zero:literal,)? $(closes $reason:ident,)? $about:literal;)+
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $set { $(pub(crate) $name: $crate::net::limit::limit_type!($unit),)+ }

        impl $set {
            /// The table: every limit with its default, unit, close reason and explanation.
            pub const TABLE: &'static [$crate::net::Limit] = &[$(
                $crate::net::Limit {
                    name: stringify!($name),
                    unit: $crate::net::Unit::$unit,
                    default: $default,
                    min: $min,
                    max: $max,
                    zero: $crate::net::limit::optional!($($zero)?),
                    closes: $crate::net::limit::optional!($($crate::net::CloseReason::$reason)?),
                    about: $about,
                },
            )+];

            /// The defaults of the table.
            pub const fn new() -> Self {
                Self { $($name: $crate::net::limit::limit_from_number!($unit, $default),)+ }
            }

            $(
                #[doc = $about]
                #[doc = ""]
                #[doc = concat!(
                    "Unit: ", stringify!($unit), ". Default: `", stringify!($default), "`."
                    $(, " 0: ", $zero, ".")?
                    $(, " Over it, the connection closes with [`CloseReason::", stringify!($reason),
                      "`](crate::CloseReason::", stringify!($reason), ").")?
                )]
                #[must_use]
                pub fn $name(mut self, value: $crate::net::limit::limit_type!($unit)) -> Self {
                    self.$name = value;
                    self
                }
            )+

            /// The value of the limit of this name, in the unit of its row.
            pub fn get(&self, name: &str) -> Option<u64> {
                match name {
                    $(stringify!($name) => Some($crate::net::limit::limit_to_number!($unit, self.$name)),)+
                    _ => None,
                }
            }

            /// Sets the limit of this name, in the unit of its row.
            ///
            /// # Errors
            /// If there is no such limit, or its row does not allow the value.
            pub fn set(&mut self, name: &str, value: u64) -> Result<(), $crate::net::LimitError> {
                let row = Self::TABLE.iter().find(|row| row.name == name);
                row.ok_or($crate::net::LimitError::Unknown)?.check(value)?;
                match name {
                    $(stringify!($name) => {
                        self.$name = $crate::net::limit::limit_from_number!($unit, value);
                    })+
                    _ => return Err($crate::net::LimitError::Unknown),
                }
                Ok(())
            }

            /// Whether every limit has a value that its row allows.
            pub(crate) fn check(&self) -> Result<(), $crate::net::LimitError> {
                Self::TABLE.iter().try_for_each(|row| row.check(self.get(row.name).unwrap_or(row.default)))
            }
        }

        impl Default for $set {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}

macro_rules! optional {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}

pub(crate) use {limit_from_number, limit_to_number, limit_type, limits, optional};
