//! `petrel-bench sweep`: runs over one parameter.

use super::{
    load::{LoadArgs, connections, rate, seconds},
    out::OutArgs,
    run::exit_of,
};
use crate::{
    measure::Bench,
    plan::Plan,
    record::{RunRecord, SCHEMA, SweepPoint, SweepRecord},
    report,
    stats::{hysteresis, knee},
    target::Reached,
};
use clap::Args;
use petrel_cli::{Exit, Failure, Interrupt, Look, Target, output::Format};

/// Values of a parameter at the most.
const VALUES_MAX: usize = 64;

/// By how much the two runs of a rate must differ to be told of, as a share of their mean.
const HYSTERESIS_MARGIN: f64 = 0.1;

/// Measure a server over numbers of connections, or over rates
///
/// Over connections each number is measured once, in a closed loop or at --rate, from few to many. Over
/// rates each is measured twice, in an order of chance and then the same way back, so that what one run
/// leaves behind for the next shows. Exit codes as of run; 4 if the generator was the limit of every run.
#[derive(Debug, Args)]
pub(super) struct SweepArgs {
    /// Where the server is: host:port, tls://host:port, unix:/path, tls+unix:/path, or `embedded`
    target: Target,
    /// Open so many connections: 1,8,64,512,4096 for a run with each; over rates one number [default
    /// over rates: 16]
    #[arg(short, long, value_name = "N,N", value_delimiter = ',', help_heading = "Load",
          required_unless_present = "rates", value_parser = connections())]
    connections: Vec<u32>,
    /// Send so many requests per second: 1k,2k,5k, or 1k..50k:8 for eight from the one to the other at
    /// equal ratios
    #[arg(long, value_name = "RATES", help_heading = "Load", value_parser = rates)]
    rates: Option<Rates>,
    /// Over connections: send so many requests per second at each, instead of following answers
    #[arg(short, long, value_name = "PER_SECOND", help_heading = "Load", value_parser = rate,
          conflicts_with = "rates")]
    rate: Option<f64>,
    /// Measure for so long at each value, warm-up not included
    #[arg(short, long, value_name = "TIME", default_value = "5s", help_heading = "Load",
          value_parser = seconds)]
    duration: f64,
    #[command(flatten)]
    load: LoadArgs,
    #[command(flatten)]
    out: OutArgs,
}

/// Rates of a sweep.
#[derive(Clone, Debug, PartialEq)]
struct Rates(Vec<f64>);

pub(super) fn execute(args: &SweepArgs, format: Format, command: &str) -> Result<Exit, Failure> {
    let plans = args.plans()?;
    args.out.check()?;
    let key = args.load.key.read()?;
    let interrupt = Interrupt::watch()?;
    let reached = Reached::new(&args.target, key.as_ref(), &args.load.tls)?;
    let bench = Bench::new(&reached, key.as_ref(), command, &interrupt);
    let mut watch = args.out.watch_many()?;
    let mut points = Vec::new();
    let mut stopped = None;
    let count = plans.len();
    for (order, (value, plan)) in plans.into_iter().enumerate() {
        let measured = match bench.run(plan, &mut *watch) {
            Ok(measured) => measured,
            Err(failure) => {
                stopped = Some(failure);
                break;
            }
        };
        let number = order + 1;
        watch.say(&format!(
            "{number} of {count}: {}",
            in_short(value, &measured.record)
        ));
        let is_last = measured.interrupted;
        points.push(SweepPoint {
            value,
            order: u32::try_from(order).unwrap_or(u32::MAX),
            run: measured.record,
        });
        if is_last {
            stopped = Some(Failure::new(Exit::Interrupted, "interrupted"));
            break;
        }
    }
    drop(watch);
    if points.is_empty() {
        return match stopped {
            Some(failure) => Err(failure),
            None => Ok(Exit::NoVerdict),
        };
    }
    let record = args.record(points, command);
    args.out.give(
        format,
        &record,
        || report::text::sweep(&record, &Look::of_stdout()),
        || report::html::sweep(&record),
    )?;
    match stopped {
        Some(failure) => Err(failure),
        None => Ok(exit_of_all(&record)),
    }
}

impl SweepArgs {
    /// A plan for each run, in the order in which they are made.
    fn plans(&self) -> Result<Vec<(f64, Plan)>, Failure> {
        let plan =
            |connections, rate, duration| self.load.plan(&self.target, connections, rate, duration);
        let Some(Rates(rates)) = &self.rates else {
            let mut numbers = self.connections.clone();
            numbers.sort_unstable();
            numbers.dedup();
            too_many(numbers.len())?;
            return numbers
                .into_iter()
                .map(|number| Ok((number.into(), plan(number, self.rate, self.duration)?)))
                .collect();
        };
        let connections = match self.connections.as_slice() {
            [] => 16,
            [one] => *one,
            _ => {
                return Err(Failure::usage(
                    "over rates there is one number of connections; give one to --connections",
                ));
            }
        };
        too_many(rates.len())?;
        there_and_back(rates, self.load.seed)
            .into_iter()
            .map(|rate| Ok((rate, plan(connections, Some(rate), self.duration)?)))
            .collect()
    }

    fn record(&self, mut points: Vec<SweepPoint>, command: &str) -> SweepRecord {
        points.sort_by(|a, b| a.value.total_cmp(&b.value).then(a.order.cmp(&b.order)));
        let over_rates = self.rates.is_some();
        let curve: Vec<(f64, f64)> = points
            .iter()
            .map(|point| (point.value, point.run.results.throughput_per_s))
            .collect();
        SweepRecord {
            schema: SCHEMA.to_owned(),
            kind: "sweep".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            command: command.to_owned(),
            parameter: if over_rates {
                "rate_per_s"
            } else {
                "connections"
            }
            .to_owned(),
            knee: knee(&curve),
            hysteresis: hysteresis(&pairs(&points), HYSTERESIS_MARGIN),
            points,
        }
    }
}

/// The rates in an order of chance, and then the same way back.
fn there_and_back(rates: &[f64], seed: u64) -> Vec<f64> {
    let mut order = rates.to_vec();
    fastrand::Rng::with_seed(seed).shuffle(&mut order);
    let back: Vec<f64> = order.iter().rev().copied().collect();
    [order, back].concat()
}

/// Of each value that has two runs: the value, and the median response of both.
fn pairs(points: &[SweepPoint]) -> Vec<(f64, f64, f64)> {
    points
        .windows(2)
        .filter_map(|pair| {
            let [a, b] = pair else { return None };
            let median = |point: &SweepPoint| point.run.results.response_us.p50;
            (a.value == b.value)
                .then(|| Some((a.value, median(a)?, median(b)?)))
                .flatten()
        })
        .collect()
}

fn in_short(value: f64, record: &RunRecord) -> String {
    use crate::latency::Percentile::{P50, P99};
    let response = &record.results.response_us;
    format!(
        "{value}: {:.0}/s, p50 {}, p99 {}",
        record.results.throughput_per_s,
        response.reading(P50),
        response.reading(P99)
    )
}

/// The worst of what the runs say alone; that the generator was the limit counts if it always was.
fn exit_of_all(record: &SweepRecord) -> Exit {
    let exits = record.points.iter().map(|point| exit_of(&point.run));
    if exits.clone().all(|exit| exit == Exit::NoVerdict) {
        return Exit::NoVerdict;
    }
    exits
        .filter(|exit| *exit != Exit::NoVerdict)
        .max()
        .unwrap_or(Exit::Done)
}

fn too_many(values: usize) -> Result<(), Failure> {
    if values > VALUES_MAX {
        return Err(Failure::usage(format!(
            "{values} values are more than a sweep takes; give {VALUES_MAX} at the most"
        )));
    }
    Ok(())
}

fn rates(text: &str) -> Result<Rates, String> {
    let mut rates = match text.split_once("..") {
        None => text.split(',').map(rate).collect::<Result<Vec<_>, _>>()?,
        Some((from, rest)) => {
            let (to, count) = rest
                .split_once(':')
                .ok_or_else(|| format!("{text:?} says not how many: write 1k..50k:8"))?;
            let (from, to) = (rate(from)?, rate(to)?);
            let count = count
                .parse()
                .ok()
                .filter(|count| (2..=VALUES_MAX).contains(count));
            let count = count
                .ok_or_else(|| format!("write how many from 2 to {VALUES_MAX}, as in 1k..50k:8"))?;
            if from >= to {
                return Err(format!("{text:?} goes down; write the lower rate first"));
            }
            geometric(from, to, count)
        }
    };
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    Ok(Rates(rates))
}

/// So many values from the one to the other at equal ratios, whole numbers where they are large.
fn geometric(from: f64, to: f64, count: usize) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "at most 64")]
    let last = (count - 1) as f64;
    (0..count)
        .map(|index| {
            #[expect(clippy::cast_precision_loss, reason = "at most 64")]
            let value = from * (to / from).powf(index as f64 / last);
            if value >= 10.0 { value.round() } else { value }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_a_list_or_a_range_at_equal_ratios() {
        assert_eq!(rates("2k,1k,2k"), Ok(Rates(vec![1e3, 2e3])));
        assert_eq!(rates("1k..8k:4"), Ok(Rates(vec![1e3, 2e3, 4e3, 8e3])));
        for (wrong, problem) in [
            ("1k..8k", "says not how many"),
            ("1k..8k:1", "from 2 to 64"),
            ("8k..1k:4", "goes down"),
            ("1k,,2k", "write requests per second"),
        ] {
            assert!(rates(wrong).unwrap_err().contains(problem), "{wrong}");
        }
    }

    #[test]
    fn rates_are_measured_there_and_back_in_an_order_of_chance() {
        let rates = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        let order = there_and_back(&rates, 1);
        let (there, back) = order.split_at(8);
        assert!(there.iter().eq(back.iter().rev()));
        assert_ne!(there, rates);
        let mut sorted = there.to_vec();
        sorted.sort_by(f64::total_cmp);
        assert_eq!(sorted, rates);
        assert_eq!(there_and_back(&rates, 1), order);
        assert_ne!(there_and_back(&rates, 2), order);
    }
}
