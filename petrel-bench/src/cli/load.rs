//! The arguments that describe a load: what every command takes that makes one.

use crate::{
    plan::{Arrivals, Plan, RequestPlan, Verify, Warmup},
    workload::{PayloadSpec, read_scenario},
};
use clap::{Args, builder::RangedI64ValueParser};
use petrel::Unit;
use petrel_cli::{ClientTlsArgs, Failure, KeyArgs, Target, quantity};
use std::{num::NonZero, path::PathBuf};

/// Requests per second that nobody needs more of, and the fewest that can be paced.
const RATE_BOUNDS: (f64, f64) = (0.001, 1e8);

#[derive(Clone, Debug, Args)]
pub(super) struct LoadArgs {
    #[command(flatten)]
    pub(super) key: KeyArgs,
    #[command(flatten)]
    pub(super) tls: ClientTlsArgs,
    /// Keep up to so many requests in flight on each connection
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Load",
          value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(super) pipeline: u32,
    /// How the requests of a rate are spread over time
    #[arg(long, value_enum, default_value = "poisson", help_heading = "Load")]
    arrivals: Arrivals,
    /// Load for so long before, without measuring: a time, or `auto` for until it is stable
    #[arg(long, value_name = "TIME", default_value = "auto", help_heading = "Load",
          value_parser = warmup)]
    warmup: Warmup,
    /// Load with so many threads [default: half of the processors where the server may be on this
    /// machine, all of them otherwise; never more than connections]
    #[arg(long, value_name = "N", help_heading = "Load",
          value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Give up on an answer after so long
    #[arg(long, value_name = "TIME", default_value = "10s", help_heading = "Load",
          value_parser = seconds)]
    timeout: f64,
    /// What everything random begins with
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 1,
        help_heading = "Load"
    )]
    pub(super) seed: u64,
    /// Ask for this
    #[arg(
        long,
        value_name = "NAME",
        default_value = "echo",
        help_heading = "Requests"
    )]
    request: String,
    /// With this payload: 64, 4KiB, uniform:64..4KiB, exp:256, normal:1KiB,128, text:hello, hex:00ff,
    /// @FILE, or @FOLDER for each of its files
    #[arg(
        long,
        value_name = "PAYLOAD",
        default_value = "64",
        help_heading = "Requests"
    )]
    payload: PayloadSpec,
    /// A mix of requests with weights, in TOML: tables `request` with name, payload, weight, verify,
    /// expect_status
    #[arg(long, value_name = "FILE", help_heading = "Requests",
          conflicts_with_all = ["request", "payload", "expect_status", "verify"])]
    scenario: Option<PathBuf>,
    /// Statuses that are a success, with commas between; of the protocol check, too [default: 200]
    #[arg(
        long,
        value_name = "STATUS",
        value_delimiter = ',',
        help_heading = "Requests"
    )]
    expect_status: Vec<u16>,
    /// How the payload of an answer is checked [default: echo for the request echo, otherwise none]
    #[arg(long, value_enum, help_heading = "Requests")]
    verify: Option<Verify>,
    /// Begin connections without a protocol check
    #[arg(long, help_heading = "Requests")]
    no_protocheck: bool,
}

impl LoadArgs {
    /// The load of a command line that says nothing of it.
    pub(super) fn default_load() -> Self {
        #[derive(clap::Parser)]
        struct Nothing {
            #[command(flatten)]
            load: LoadArgs,
        }
        <Nothing as clap::Parser>::parse_from([""]).load
    }

    /// The plan of a run with so many connections, at a rate or not, of so many seconds: every choice
    /// made.
    ///
    /// # Errors
    /// If the scenario cannot be read.
    pub(super) fn plan(
        &self,
        target: &Target,
        connections: u32,
        rate_per_s: Option<f64>,
        duration_s: f64,
    ) -> Result<Plan, Failure> {
        let is_tls = matches!(target, Target::Endpoint(endpoint) if endpoint.is_tls());
        Ok(Plan {
            target: target.to_string(),
            connections,
            pipeline: self.pipeline,
            threads: self.threads(target).min(connections),
            rate_per_s,
            arrivals: rate_per_s.map(|_| self.arrivals),
            duration_s,
            warmup: self.warmup,
            timeout_s: self.timeout,
            seed: self.seed,
            protocol_check: !self.no_protocheck,
            tls: is_tls,
            mac: self.key.is_given(),
            requests: self.requests()?,
        })
    }

    fn requests(&self) -> Result<Vec<RequestPlan>, Failure> {
        if let Some(path) = &self.scenario {
            return read_scenario(path);
        }
        let expect_status = if self.expect_status.is_empty() {
            vec![200]
        } else {
            self.expect_status.clone()
        };
        Ok(vec![RequestPlan {
            name: self.request.clone(),
            payload: self.payload.to_string(),
            weight: 1,
            verify: self
                .verify
                .unwrap_or_else(|| Verify::usual_for(&self.request)),
            expect_status,
        }])
    }

    fn threads(&self, target: &Target) -> u32 {
        self.threads.unwrap_or_else(|| {
            let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
            let processors = u32::try_from(processors).unwrap_or(u32::MAX);
            // A server on this machine needs its share of it.
            if crate::target::is_near(target) {
                (processors / 2).max(1)
            } else {
                processors
            }
        })
    }
}

/// Connections that can be asked for: as many as a machine may have.
pub(super) fn connections() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=1_000_000)
}

/// Requests per second: a number, perhaps with k or M behind it.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    let (number, factor) = match text.strip_suffix(['k', 'K']) {
        Some(number) => (number, 1e3),
        None => match text.strip_suffix('M') {
            Some(number) => (number, 1e6),
            None => (text, 1.0),
        },
    };
    number
        .parse::<f64>()
        .ok()
        .map(|number| number * factor)
        .filter(|rate| (RATE_BOUNDS.0..=RATE_BOUNDS.1).contains(rate))
        .ok_or_else(|| "write requests per second, for example 5000, 20k or 1.5M".to_owned())
}

/// A time in seconds.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    let millis = quantity::parse(Unit::Milliseconds, text).map_err(|error| error.to_string())?;
    #[expect(clippy::cast_precision_loss, reason = "times lie far below 2^53")]
    let seconds = millis as f64 / 1e3;
    match seconds {
        0.0 => Err("it must be longer than nothing".to_owned()),
        long if long > 604_800.0 => Err("a week is the most".to_owned()),
        _ => Ok(seconds),
    }
}

fn warmup(text: &str) -> Result<Warmup, String> {
    match text {
        "auto" => Ok(Warmup::Auto),
        none if quantity::parse(Unit::Milliseconds, none) == Ok(0) => Ok(Warmup::Seconds(0.0)),
        _ => seconds(text).map(Warmup::Seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_numbers_with_or_without_a_factor() {
        assert_eq!(rate("5000"), Ok(5000.0));
        assert_eq!(rate("1.5M"), Ok(1_500_000.0));
        assert_eq!(rate("20k"), Ok(20_000.0));
        for wrong in ["", "0", "-1", "NaN", "inf", "many", "1G"] {
            assert!(
                rate(wrong).unwrap_err().contains("write requests"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn times_have_units_and_a_warm_up_may_be_none() {
        assert_eq!(seconds("1500ms"), Ok(1.5));
        assert!(seconds("0").is_err() && seconds("10").is_err() && seconds("8d").is_err());
        for none in ["0", "0s", "0ms"] {
            assert_eq!(warmup(none), Ok(Warmup::Seconds(0.0)));
        }
        assert_eq!(warmup("2s"), Ok(Warmup::Seconds(2.0)));
    }
}
