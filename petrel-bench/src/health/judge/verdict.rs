//! From reasons to a verdict.

use super::{
    against::{limits_of_generator, noise},
    worth_knowing::{notes, what_speaks_for},
};
use crate::{
    latency::Latency,
    record::{Evidence, Validity, Verdict},
};

/// What is judged.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a run fills in all of it")]
pub struct Judged {
    /// What was measured to judge.
    pub evidence: Evidence,
    /// Expected answers per second that came.
    pub throughput_per_s: f64,
    /// Requests per second that were wanted; nothing in a closed loop.
    pub rate_per_s: Option<f64>,
    /// From when a request was due to its whole answer, with what lies under the noise.
    pub response_us: Latency,
    /// Connections that were open when the measured time began.
    pub connections_open: u32,
    /// Connections that were wanted.
    pub connections_wanted: u32,
    /// Whether somebody changed the rate or paused the load while it was measured.
    pub steered: bool,
    /// Whether the server ran on this machine.
    pub co_located: bool,
}

/// Judges a run. Every reason says with figures what was seen, and what to do about it.
pub fn judge(input: &Judged) -> Validity {
    let limited = limits_of_generator(input);
    let noisy = noise(input);
    let verdict = if !limited.is_empty() {
        Verdict::LimitedByGenerator
    } else if !noisy.is_empty() {
        Verdict::Noisy
    } else {
        Verdict::Valid
    };
    let mut reasons = limited;
    reasons.extend(noisy);
    if verdict == Verdict::Valid {
        reasons.extend(what_speaks_for(input));
    }
    reasons.extend(notes(input));
    Validity {
        verdict,
        reasons,
        evidence: input.evidence.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run with nothing against it: half the headroom, in an open loop.
    fn sound() -> Judged {
        let lag = Latency {
            p99: Some(80.0),
            count: 5_000,
            ..Latency::default()
        };
        let hiccup = Latency {
            p99: Some(40.0),
            count: 5_000,
            ..Latency::default()
        };
        Judged {
            evidence: Evidence {
                headroom_per_s: Some(100_000.0),
                worker_busy: Some(0.5),
                worker_starved: Some(0.01),
                steal: Some(0.0),
                generator_cpu_us_per_request: Some(8.0),
                generator_lag_us: lag,
                hiccup_us: hiccup,
            },
            throughput_per_s: 50_000.0,
            rate_per_s: Some(50_000.0),
            response_us: Latency {
                p50: Some(100.0),
                p99: Some(900.0),
                count: 100_000,
                ..Latency::default()
            },
            connections_open: 64,
            connections_wanted: 64,
            steered: false,
            co_located: false,
        }
    }

    fn judged(change: impl FnOnce(&mut Judged)) -> Validity {
        let mut input = sound();
        change(&mut input);
        judge(&input)
    }

    #[test]
    fn a_sound_run_is_valid_and_says_what_speaks_for_it() {
        let validity = judged(|_| ());
        assert_eq!(validity.verdict, Verdict::Valid);
        let reasons = validity.reasons.join("\n");
        for part in [
            "100,000/s",
            "2.0 times",
            "51 % of a processor",
            "80.0 µs",
            "40.0 µs",
        ] {
            assert!(reasons.contains(part), "{part}: {reasons}");
        }
        assert_eq!(validity.evidence, sound().evidence);
        assert!(!reasons.contains("note:"), "{reasons}");
    }

    #[test]
    fn a_busy_generator_near_its_headroom_is_the_limit() {
        let validity = judged(|run| {
            run.rate_per_s = None;
            run.throughput_per_s = 93_000.0;
            run.evidence.worker_busy = Some(0.99);
            run.evidence.worker_starved = None;
        });
        assert_eq!(validity.verdict, Verdict::LimitedByGenerator);
        assert!(
            validity.reasons[0].starts_with(
                "the busiest loading thread used 99 % of a processor, and the run reached 93 % of what \
                 it reaches against a server that costs nothing: load with more --threads"
            ),
            "{:?}",
            validity.reasons
        );
    }

    #[test]
    fn each_side_of_each_limit_is_judged_by_itself() {
        use Verdict::{LimitedByGenerator, Noisy, Valid};
        let open = |verdict, change: fn(&mut Judged)| (verdict, change);
        for (at, (verdict, change)) in [
            // Busy, and close to the headroom or not.
            open(Valid, |run| {
                run.throughput_per_s = 79_000.0;
                run.evidence.worker_busy = Some(0.99);
            }),
            open(LimitedByGenerator, |run| {
                run.throughput_per_s = 81_000.0;
                run.evidence.worker_busy = Some(0.95);
            }),
            open(Valid, |run| {
                run.throughput_per_s = 99_000.0;
                run.evidence.worker_busy = Some(0.93);
            }),
            // Waiting for a processor is no time to give, either.
            open(LimitedByGenerator, |run| {
                run.throughput_per_s = 99_000.0;
                run.evidence.worker_busy = Some(0.89);
                run.evidence.worker_starved = Some(0.08);
            }),
            open(LimitedByGenerator, |run| {
                run.evidence.headroom_per_s = None;
                run.evidence.worker_busy = Some(0.97);
            }),
            open(Valid, |run| {
                run.evidence.headroom_per_s = None;
                run.evidence.worker_busy = None;
            }),
            // Late, and beside what responses take.
            open(LimitedByGenerator, |run| {
                run.evidence.generator_lag_us.p99 = Some(1_100.0);
                run.response_us.p99 = Some(2_000.0);
            }),
            // As late, with time enough: that was the machine.
            open(Noisy, |run| {
                run.evidence.generator_lag_us.p99 = Some(1_100.0);
                run.response_us.p99 = Some(2_000.0);
                run.evidence.worker_busy = Some(0.49);
                run.throughput_per_s = 49_000.0;
            }),
            open(LimitedByGenerator, |run| {
                run.evidence.generator_lag_us.p99 = Some(1_100.0);
                run.response_us.p99 = Some(2_000.0);
                run.evidence.worker_busy = Some(0.49);
                run.throughput_per_s = 51_000.0;
            }),
            open(Valid, |run| {
                run.evidence.generator_lag_us.p99 = Some(1_100.0);
                run.response_us.p99 = Some(2_300.0);
            }),
            open(Valid, |run| {
                run.evidence.generator_lag_us.p99 = Some(900.0);
                run.response_us.p99 = Some(1_000.0);
            }),
            open(Valid, |run| {
                run.rate_per_s = None;
                run.evidence.generator_lag_us.p99 = Some(1_100.0);
                run.response_us.p99 = Some(2_000.0);
            }),
            // More than it can make.
            open(LimitedByGenerator, |run| run.rate_per_s = Some(100_001.0)),
            open(Valid, |run| run.rate_per_s = Some(100_000.0)),
            // What the machine withheld.
            open(Noisy, |run| run.evidence.steal = Some(0.02)),
            open(Valid, |run| run.evidence.steal = Some(0.019)),
            open(Noisy, |run| run.evidence.worker_starved = Some(0.11)),
            open(Valid, |run| run.evidence.worker_starved = Some(0.1)),
            open(Noisy, |run| {
                run.response_us.under_noise = vec!["p99".to_owned()]
            }),
            open(Valid, |run| {
                run.response_us.under_noise = vec!["p999".to_owned()]
            }),
        ]
        .into_iter()
        .enumerate()
        {
            let validity = judged(change);
            assert_eq!(validity.verdict, verdict, "{at}: {:?}", validity.reasons);
        }
    }

    #[test]
    fn a_limited_run_says_what_was_noisy_too() {
        let validity = judged(|run| {
            run.rate_per_s = Some(200_000.0);
            run.evidence.steal = Some(0.05);
            run.response_us.under_noise = ["p50", "p99", "p999"].map(str::to_owned).into();
        });
        assert_eq!(validity.verdict, Verdict::LimitedByGenerator);
        let [rate, steal, noise] = validity.reasons.as_slice() else {
            panic!("{:?}", validity.reasons);
        };
        assert!(rate.starts_with("200,000/s were asked for"), "{rate}");
        assert!(steal.contains("gave 5.0 % of all"), "{steal}");
        assert!(
            noise.starts_with("p50, p99 of responses lie under"),
            "{noise}"
        );
    }

    #[test]
    fn notes_change_no_verdict() {
        let validity = judged(|run| {
            run.connections_open = 5_000;
            run.connections_wanted = 10_000;
            run.steered = true;
            run.co_located = true;
            run.evidence.headroom_per_s = None;
        });
        assert_eq!(validity.verdict, Verdict::Valid);
        let notes: Vec<&String> = validity
            .reasons
            .iter()
            .filter(|reason| reason.starts_with("note: "))
            .collect();
        assert_eq!(notes.len(), 4, "{notes:?}");
        assert!(
            notes[0].contains("only 5000 of 10000 connections"),
            "{notes:?}"
        );
        let validity = judged(|run| run.evidence.worker_busy = Some(1.0));
        assert!(
            validity
                .reasons
                .iter()
                .any(|reason| reason.contains("reached only 50 % of the headroom")),
            "{:?}",
            validity.reasons
        );
    }
}
