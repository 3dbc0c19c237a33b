//! Statistics over exchanges: per name how many, how they were answered, how long it took.

mod record;
mod text;

pub use text::Text;

use crate::{
    exchange::{Connection, Exchange, GapCause},
    report::MacCounts,
};
use hdrhistogram::Histogram;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// So many names are told apart; exchanges with others are counted together.
pub const NAMES_MAX: usize = 512;

/// Two digits are exact: a latency is told with an error of at most one percent.
const DIGITS: u8 = 2;

/// Longest latency that is told apart from longer ones: an hour, in nanoseconds.
const LATENCY_MAX_NS: u64 = 3_600_000_000_000;

/// What exchanges add up to. Its size is bounded: names beyond [`NAMES_MAX`] share an entry.
#[derive(Debug, Default)]
pub struct Stats {
    names: HashMap<Vec<u8>, Entry>,
    other: Option<Entry>,
    all: Entry,
    statuses: BTreeMap<u16, u64>,
    macs: MacCounts,
    /// Gaps and missing bytes by cause, over whole connections.
    gaps: BTreeMap<GapCause, (u64, u64)>,
    first_ns: Option<u64>,
    last_ns: u64,
}

/// Exchanges that have something in common.
#[derive(Debug)]
struct Entry {
    count: u64,
    /// Answered 200.
    ok: u64,
    /// Answered 400 to 599: what the protocol calls errors.
    errors: u64,
    /// Answered with a status of an application, over 1024.
    application: u64,
    /// Answered with any other status.
    other: u64,
    /// Without an answer in the capture.
    unanswered: u64,
    /// Bytes of the requests' payloads, as their headers claim.
    request_bytes: u64,
    response_bytes: u64,
    /// In nanoseconds; of exchanges of which both messages were captured.
    latency: Histogram<u64>,
    /// Exact, and not rounded like what the histogram tells.
    max_ns: u64,
}

impl Default for Entry {
    fn default() -> Self {
        let mut latency = Histogram::new(DIGITS).expect("two digits are of the possible ones");
        latency.auto(true);
        Self {
            count: 0,
            ok: 0,
            errors: 0,
            application: 0,
            other: 0,
            unanswered: 0,
            request_bytes: 0,
            response_bytes: 0,
            latency,
            max_ns: 0,
        }
    }
}

impl Stats {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts an exchange.
    pub fn exchange(&mut self, exchange: &Exchange) {
        self.macs.add(exchange);
        self.all.add(exchange);
        for (_, message) in exchange.messages() {
            let first = self.first_ns.unwrap_or(message.first_ns);
            self.first_ns = Some(first.min(message.first_ns));
            self.last_ns = self.last_ns.max(message.time_ns);
        }
        if let Some(response) = &exchange.response {
            *self.statuses.entry(response.header.status.0).or_default() += 1;
        }
        let name = exchange.name();
        if let Some(entry) = self.names.get_mut(name) {
            entry.add(exchange);
        } else if self.names.len() < NAMES_MAX {
            self.names.entry(name.to_vec()).or_default().add(exchange);
        } else {
            self.other.get_or_insert_default().add(exchange);
        }
    }

    /// Counts the gaps of a connection.
    pub fn connection(&mut self, connection: &Connection) {
        for (_, gap) in &connection.gaps {
            let (count, bytes) = self.gaps.entry(gap.cause).or_default();
            *count += 1;
            *bytes = bytes.saturating_add(gap.len);
        }
    }

    /// From the first byte of the first message to the last of the last.
    fn span(&self) -> Duration {
        let first = self.first_ns.unwrap_or(self.last_ns);
        Duration::from_nanos(self.last_ns.saturating_sub(first))
    }

    /// The most frequent first, and of equally frequent ones in the order of their bytes.
    fn ranked(&self) -> Vec<(&[u8], &Entry)> {
        let names = self.names.iter();
        let mut ranked: Vec<_> = names
            .map(|(name, entry)| (name.as_slice(), entry))
            .collect();
        ranked.sort_unstable_by(|(a_name, a), (b_name, b)| {
            b.count.cmp(&a.count).then_with(|| a_name.cmp(b_name))
        });
        ranked
    }
}

impl Entry {
    fn add(&mut self, exchange: &Exchange) {
        self.count += 1;
        let payload_len =
            |message: &crate::exchange::Message| u64::from(message.header.payload_len);
        self.request_bytes += exchange.request.as_ref().map_or(0, payload_len);
        self.response_bytes += exchange.response.as_ref().map_or(0, payload_len);
        let status = exchange
            .response
            .as_ref()
            .map(|message| message.header.status);
        *match status {
            None => &mut self.unanswered,
            Some(status) if !status.is_reserved() => &mut self.application,
            Some(status) => match status.0 {
                200 => &mut self.ok,
                400..=599 => &mut self.errors,
                _ => &mut self.other,
            },
        } += 1;
        if let Some(rtt) = exchange.rtt() {
            let rtt_ns = u64::try_from(rtt.as_nanos()).unwrap_or(u64::MAX);
            self.max_ns = self.max_ns.max(rtt_ns);
            let counted = rtt_ns.clamp(1, LATENCY_MAX_NS);
            // It grows with what it is given, so that nothing is out of its range.
            let recorded = self.latency.record(counted);
            debug_assert!(recorded.is_ok(), "the histogram grows");
        }
    }

    /// The latency that so many percent of the exchanges did not exceed; none without any.
    fn percentile(&self, percent: f64) -> Option<Duration> {
        let is_measured = !self.latency.is_empty();
        let ns = self.latency.value_at_percentile(percent).min(self.max_ns);
        is_measured.then(|| Duration::from_nanos(ns))
    }

    fn max(&self) -> Option<Duration> {
        (!self.latency.is_empty()).then(|| Duration::from_nanos(self.max_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::sample::{broken, connection, exchange, login, message};

    #[test]
    fn answers_are_counted_by_what_their_status_means() {
        let mut stats = Stats::new();
        for status in [200, 200, 400, 599, 1025, 198, 9101] {
            let request = message(0, b"a", b"12", 0);
            let response = message(status, b"a", b"345", 10);
            stats.exchange(&exchange(Some(request), Some(response)));
        }
        stats.exchange(&exchange(Some(message(0, b"a", b"12", 0)), None));
        let entry = &stats.names[&b"a"[..]];
        let counts = [
            entry.ok,
            entry.errors,
            entry.application,
            entry.other,
            entry.unanswered,
        ];
        assert_eq!(counts, [2, 2, 2, 1, 1]);
        assert_eq!(
            (entry.count, entry.request_bytes, entry.response_bytes),
            (8, 16, 21)
        );
        assert_eq!(stats.statuses[&200], 2);
        assert_eq!(entry.percentile(99.0), Some(Duration::from_micros(10)));
    }

    #[test]
    fn latencies_are_told_within_a_percent() {
        let mut entry = Entry::default();
        for us in 1..=1000 {
            let response = message(200, b"a", b"", us);
            entry.add(&exchange(Some(message(0, b"a", b"", 0)), Some(response)));
        }
        for (percent, us) in [(50.0, 500.0), (90.0, 900.0), (99.0, 990.0)] {
            let told = entry.percentile(percent).unwrap().as_secs_f64() * 1e6;
            assert!((told / us - 1.0).abs() < 0.01, "{percent}: {told}");
        }
        assert_eq!(entry.max(), Some(Duration::from_millis(1)));
        assert_eq!(Entry::default().percentile(50.0), None);
    }

    #[test]
    fn names_beyond_the_bound_share_an_entry() {
        let mut stats = Stats::new();
        for number in 0..NAMES_MAX + 10 {
            let name = number.to_string();
            stats.exchange(&exchange(Some(message(0, name.as_bytes(), b"", 0)), None));
        }
        stats.exchange(&login());
        assert_eq!(stats.names.len(), NAMES_MAX);
        assert_eq!(stats.other.as_ref().map(|entry| entry.count), Some(11));
        assert_eq!(stats.all.count, 523);
        assert_eq!(stats.macs.bad, 1);
    }

    #[test]
    fn gaps_are_those_of_connections() {
        let mut stats = Stats::new();
        stats.exchange(&broken());
        assert!(stats.gaps.is_empty());
        stats.connection(&connection());
        assert_eq!(stats.gaps[&GapCause::Lost], (1, 3));
    }
}
