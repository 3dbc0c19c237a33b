//! What a chart draws: values that belong together, and how they look.

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A line through its points.
    Line,
    /// A broken line.
    Dashed,
    /// A line of steps, with a point for each of them.
    Dots,
    /// Points alone.
    Points,
    /// Crosses alone.
    Crosses,
    /// What lies between a line and the lower end of the plot.
    Area,
    /// What lies within a closed line.
    Region,
}

/// Values that belong together.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) name: String,
    /// The class that gives its colour.
    pub(super) class: &'static str,
    pub(super) shape: Shape,
    /// A value that is no number interrupts the line.
    pub(super) points: Vec<(f64, f64)>,
    /// What each point says when it is pointed at; may be empty.
    pub(super) tips: Vec<String>,
    /// Whether the legend names it: not if it goes on with a series that is named.
    pub(super) in_legend: bool,
}

impl Series {
    pub(super) fn new(
        name: impl Into<String>,
        class: &'static str,
        shape: Shape,
        points: Vec<(f64, f64)>,
    ) -> Self {
        Self {
            name: name.into(),
            class,
            shape,
            points,
            tips: Vec::new(),
            in_legend: true,
        }
    }

    pub(super) fn with_tips(mut self, tips: Vec<String>) -> Self {
        self.tips = tips;
        self
    }

    pub(super) fn without_legend(mut self) -> Self {
        self.in_legend = false;
        self
    }
}
