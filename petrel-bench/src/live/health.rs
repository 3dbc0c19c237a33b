//! How far the generator and its machine are from where the numbers would be theirs.

use crate::{
    figures::achieved_per_s,
    health::{BUSY_LIMIT, HEADROOM_REACHED, LAG_LIMIT_US, STARVED_LIMIT, STEAL_LIMIT},
    latency::show_micros,
    progress::{Health, Progress},
};

/// How much is asked of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strain {
    /// It does not show in the numbers.
    Ok,
    /// It may show in the slowest answers.
    Strained,
    /// The numbers are its own, not the server's.
    Limit,
}

/// One thing that is watched.
#[derive(Debug)]
pub(super) struct Measure {
    /// Its name.
    pub(super) name: &'static str,
    /// Its value in words.
    pub(super) value: String,
    /// How near it is to its limit: 1 is there.
    pub(super) level: f64,
    /// What that means.
    pub(super) strain: Strain,
}

/// From where on something is strained, and from where on it is a limit: as the verdict at the end will
/// have it, where it has a bound for that.
struct Bounds {
    strained: f64,
    limit: f64,
}

const BUSY: Bounds = Bounds {
    strained: 0.75,
    limit: BUSY_LIMIT,
};
const STARVED: Bounds = Bounds {
    strained: 0.02,
    limit: STARVED_LIMIT,
};
const STEAL: Bounds = Bounds {
    strained: STEAL_LIMIT / 2.0,
    limit: STEAL_LIMIT,
};
const LAG_US: Bounds = Bounds {
    strained: LAG_LIMIT_US,
    limit: 10.0 * LAG_LIMIT_US,
};
/// Share of what the generator can make at the most.
const OF_HEADROOM: Bounds = Bounds {
    strained: 0.5,
    limit: HEADROOM_REACHED,
};

impl Strain {
    /// The word for it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Strained => "strained",
            Self::Limit => "limit",
        }
    }
}

/// What is known, in an order that stays.
pub(super) fn measures(progress: &Progress) -> Vec<Measure> {
    let Health {
        worker_busy,
        worker_starved,
        steal,
        generator_lag_p99_us,
        headroom_per_s,
    } = progress.health;
    let share = |name, bounds: Bounds, share: Option<f64>| {
        share.map(|share| bounds.judge(name, percent(share), share))
    };
    let lag = generator_lag_p99_us.map(|us| LAG_US.judge("lag p99", show_micros(us), us));
    let headroom = headroom_per_s.and_then(|most| {
        let rate = busiest_per_s(progress)?;
        Some(OF_HEADROOM.judge("headroom", factor(most / rate), rate / most))
    });
    [
        share("busy", BUSY, worker_busy),
        share("starved", STARVED, worker_starved),
        share("steal", STEAL, steal),
        lag,
        headroom,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The worst of all; nothing while nothing is known.
pub(super) fn overall(measures: &[Measure]) -> Option<&Measure> {
    let key = |measure: &&Measure| measure.strain;
    measures
        .iter()
        .rev()
        .max_by(|a, b| key(a).cmp(&key(b)).then(a.level.total_cmp(&b.level)))
}

/// What to say when something is at its limit.
pub(super) fn complaint(progress: &Progress) -> Option<&'static str> {
    let measures = measures(progress);
    let worst = overall(&measures)?;
    if worst.strain < Strain::Limit {
        return None;
    }
    Some(match worst.name {
        "starved" => "the machine gives the generator no processor: percentiles say little",
        "steal" => "the hypervisor takes processor time away: percentiles say little",
        _ => "the generator is the limit: the server may be faster than this",
    })
}

impl Bounds {
    fn judge(&self, name: &'static str, value: String, amount: f64) -> Measure {
        let strain = if amount >= self.limit {
            Strain::Limit
        } else if amount >= self.strained {
            Strain::Strained
        } else {
            Strain::Ok
        };
        let level = amount / self.limit;
        Measure {
            name,
            value,
            level: if level.is_nan() {
                0.0
            } else {
                level.clamp(0.0, 1.0)
            },
            strain,
        }
    }
}

/// What the generator has to make: the rate that is wanted, or what a closed loop comes to.
fn busiest_per_s(progress: &Progress) -> Option<f64> {
    let rate = match (progress.target_per_s, achieved_per_s(progress)) {
        (Some(target), Some(achieved)) => target.max(achieved),
        (Some(rate), None) | (None, Some(rate)) => rate,
        (None, None) => return None,
    };
    (rate > 0.0).then_some(rate)
}

/// A share as a percentage: `0 %`, `0.25 %`, `3.1 %`, `34 %`.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.01 {
        "< 0.01 %".to_owned()
    } else if percent > 0.0 && percent < 0.995 {
        format!("{percent:.2} %")
    } else if percent > 0.0 && percent < 9.95 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

fn factor(factor: f64) -> String {
    if factor < 9.95 {
        format!("{factor:.1}x")
    } else if factor < 1e4 {
        format!("{factor:.0}x")
    } else {
        "> 9999x".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(health: Health) -> Progress {
        Progress {
            target_per_s: Some(1_000.0),
            health,
            ..Progress::default()
        }
    }

    fn strain(health: Health) -> (Strain, String) {
        let measures = measures(&with(health));
        assert_eq!(measures.len(), 1);
        (measures[0].strain, measures[0].value.clone())
    }

    #[test]
    fn strain_rises_with_what_is_measured() {
        let busy = |share| {
            strain(Health {
                worker_busy: Some(share),
                ..Health::default()
            })
        };
        assert_eq!(busy(0.344), (Strain::Ok, "34 %".to_owned()));
        assert_eq!(busy(0.8), (Strain::Strained, "80 %".to_owned()));
        assert_eq!(busy(0.99), (Strain::Limit, "99 %".to_owned()));

        let headroom = |most| {
            strain(Health {
                headroom_per_s: Some(most),
                ..Health::default()
            })
        };
        assert_eq!(headroom(20_000.0), (Strain::Ok, "20x".to_owned()));
        assert_eq!(headroom(1_900.0), (Strain::Strained, "1.9x".to_owned()));
        assert_eq!(headroom(900.0), (Strain::Limit, "0.9x".to_owned()));
    }

    #[test]
    fn a_share_is_never_rounded_to_nothing() {
        for (share, text) in [
            (0.0, "0 %"),
            (0.000_01, "< 0.01 %"),
            (0.002_5, "0.25 %"),
            (0.031, "3.1 %"),
            (0.344, "34 %"),
        ] {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn the_worst_speaks_for_all() {
        let progress = with(Health {
            worker_busy: Some(0.8),
            steal: Some(0.2),
            worker_starved: Some(0.0),
            ..Health::default()
        });
        let measures = measures(&progress);
        let worst = overall(&measures).unwrap();
        assert_eq!((worst.name, worst.strain), ("steal", Strain::Limit));
        assert!(complaint(&progress).unwrap().contains("hypervisor"));
        assert!(overall(&[]).is_none());
    }

    #[test]
    fn without_a_rate_there_is_no_headroom() {
        let progress = Progress {
            health: Health {
                headroom_per_s: Some(1e6),
                ..Health::default()
            },
            ..Progress::default()
        };
        assert!(measures(&progress).is_empty());
    }
}
