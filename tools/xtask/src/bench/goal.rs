//! What a bench should come to.

/// A figure of one contestant, and where it should lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Goal {
    /// What it says, for a reader.
    pub(super) title: &'static str,
    /// Name of the contestant.
    pub(super) of: &'static str,
    /// Which of its figures.
    pub(super) figure: Figure,
    /// Where it should lie.
    pub(super) bound: Bound,
}

/// A figure.
#[derive(Debug, Clone, Copy)]
pub(super) enum Figure {
    /// Processor time of a request against that of the contestant of this name, within each round.
    CpuTo(&'static str),
    /// Processor time up to the first answer, likewise.
    FirstAnswerTo(&'static str),
    /// Events that a second of processor time takes.
    EventsPerCpuSecond,
    /// Thousand bytes of all its files, each compressed.
    BundleKb,
}

/// A limit.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    /// Not more.
    AtMost(f64),
    /// Not less.
    AtLeast(f64),
}

impl Goal {
    /// A goal.
    pub(super) const fn new(title: &'static str, of: &'static str, figure: Figure, bound: Bound) -> Self {
        Self { title, of, figure, bound }
    }
}

impl Bound {
    /// Whether a figure keeps to it.
    pub(super) fn is_met(self, figure: f64) -> bool {
        match self {
            Self::AtMost(limit) => figure <= limit,
            Self::AtLeast(limit) => figure >= limit,
        }
    }

    /// The limit with its direction.
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
