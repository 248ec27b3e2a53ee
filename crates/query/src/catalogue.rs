//! What can be asked: the answer of `GET /v1/metrics`, the same for everyone.

use serde::Serialize;

use super::dimension::{Column, Dimension, Interval};
use super::metric::{Level, Metric};

/// All metrics and dimensions.
#[derive(Debug, Serialize)]
pub struct Catalogue {
    metrics: Vec<Measure>,
    dimensions: Vec<Axis>,
}

#[derive(Debug, Serialize)]
struct Measure {
    name: &'static str,
    unit: &'static str,
    definition: &'static str,
}

/// A dimension, and what it may be asked with.
#[derive(Debug, Serialize)]
pub struct Axis {
    name: String,
    /// With metrics of events.
    events: bool,
    /// With metrics of sessions.
    sessions: bool,
}

/// Everything that this build can be asked.
pub fn catalogue() -> Catalogue {
    let measure =
        |metric: &Metric| Measure { name: metric.as_str(), unit: metric.unit(), definition: metric.definition() };
    Catalogue { metrics: Metric::ALL.iter().map(measure).collect(), dimensions: axes() }
}

/// All dimensions. `prop:KEY` stands for every property.
pub fn axes() -> Vec<Axis> {
    let columns = Column::ALL.iter().map(|column| (column.as_str().to_owned(), Dimension::Column(*column)));
    let property = ("prop:KEY".to_owned(), Dimension::Property("KEY".to_owned()));
    let times = Interval::ALL.iter().map(|width| (format!("time:{}", width.as_str()), Dimension::Time(*width)));
    let all = columns.chain([property]).chain(times);
    all.map(|(name, dimension)| Axis {
        name,
        events: dimension.is_known_to(Level::Event),
        sessions: dimension.is_known_to(Level::Session),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_and_dimension_is_told_under_the_name_it_is_asked_by() {
        let catalogue = catalogue();
        assert_eq!(catalogue.metrics.len(), Metric::ALL.len());
        for measure in &catalogue.metrics {
            assert!(Metric::parse(measure.name).is_some() && measure.definition.ends_with('.'));
        }
        for axis in &catalogue.dimensions {
            assert!(Dimension::parse(&axis.name).is_ok(), "{}", axis.name);
            assert!(axis.events || axis.sessions);
        }
    }
}
