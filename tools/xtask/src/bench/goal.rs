//! Goals: limits for the figures of a benchmark.

/// A limit for a figure of one contestant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Goal {
    /// Title in the report.
    pub(super) title: &'static str,
    /// Name of the contestant.
    pub(super) of: &'static str,
    /// The figure.
    pub(super) figure: Figure,
    /// The limit.
    pub(super) bound: Bound,
}

/// A figure.
#[derive(Debug, Clone, Copy)]
pub(super) enum Figure {
    /// CPU time per request divided by that of the named contestant, within each round.
    CpuTo(&'static str),
    /// CPU time up to the first response divided by that of the named contestant, within each round.
    FirstAnswerTo(&'static str),
    /// Events per second of CPU time.
    EventsPerCpuSecond,
    /// Total size of its modules, each gzipped, in thousands of bytes.
    BundleKb,
}

/// A limit.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    /// At most this value.
    AtMost(f64),
    /// At least this value.
    AtLeast(f64),
}

impl Goal {
    /// Creates a goal.
    pub(super) const fn new(title: &'static str, of: &'static str, figure: Figure, bound: Bound) -> Self {
        Self { title, of, figure, bound }
    }
}

impl Bound {
    /// Whether a figure is within the limit.
    pub(super) fn is_met(self, figure: f64) -> bool {
        match self {
            Self::AtMost(limit) => figure <= limit,
            Self::AtLeast(limit) => figure >= limit,
        }
    }

    /// The sign (`≤` or `≥`) and the value.
    pub(super) fn parts(self) -> (&'static str, f64) {
        match self {
            Self::AtMost(limit) => ("≤", limit),
            Self::AtLeast(limit) => ("≥", limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bound;

    #[test]
    fn a_limit_itself_is_met() {
        assert!(Bound::AtMost(0.75).is_met(0.75) && !Bound::AtMost(0.75).is_met(0.76));
        assert!(Bound::AtLeast(5.0).is_met(5.0) && !Bound::AtLeast(5.0).is_met(4.0));
    }
}
