//! When a load that warms up is stable.

/// Windows that must agree.
const WINDOWS: usize = 4;

/// How far they may differ, as a share of their mean.
const SPREAD_MAX: f64 = 0.1;

/// Is fed windows of a warm-up and says when they have come to rest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stability {
    windows: Vec<(f64, Option<f64>)>,
}

impl Stability {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes the next window: its throughput and its median in any unit. Gives whether the last ones
    /// agree in both.
    pub(crate) fn add(&mut self, throughput: f64, median: Option<f64>) -> bool {
        self.windows.push((throughput, median));
        let from = self.windows.len().saturating_sub(WINDOWS);
        self.windows.drain(..from);
        if self.windows.len() < WINDOWS {
            return false;
        }
        let rates = self.windows.iter().map(|(rate, _)| Some(*rate));
        let medians = self.windows.iter().map(|(_, median)| *median);
        agree(rates) && agree(medians)
    }
}

fn agree(values: impl Iterator<Item = Option<f64>>) -> bool {
    let Some(values) = values.collect::<Option<Vec<f64>>>() else {
        return false;
    };
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    most > 0.0 && (most - least) <= SPREAD_MAX * f64::midpoint(most, least)
}
