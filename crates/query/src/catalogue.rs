//! All metrics and dimensions: the answer of `GET /v1/metrics`. It does not depend on the project.

use serde::Serialize;

use super::dimension::{Column, Dimension, Interval};
use super::metric::{Level, Metric};

/// All metrics and dimensions.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct Catalogue {
    /// All metrics.
    metrics: Vec<Measure>,
    /// All dimensions.
    dimensions: Vec<Axis>,
}

/// A metric.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
struct Measure {
    /// Its name in questions and answers.
    #[cfg_attr(feature = "documented", schemars(with = "Metric"))]
    name: &'static str,
    /// `count`, `percent`, `seconds`, `ratio` or `amount by currency`.
    unit: &'static str,
    /// What its number means.
    definition: &'static str,
}

/// A dimension, and the metrics that can be grouped by it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct Axis {
    /// Its name in questions and answers. `prop:KEY` is any property.
    name: String,
    /// Whether metrics of events can be grouped by it.
    events: bool,
    /// Whether metrics of sessions can be grouped by it.
    sessions: bool,
}

/// All metrics and dimensions of this build.
pub fn catalogue() -> Catalogue {
    let measure =
        |metric: &Metric| Measure { name: metric.as_str(), unit: metric.unit(), definition: metric.definition() };
    Catalogue { metrics: Metric::ALL.iter().map(measure).collect(), dimensions: axes() }
}

/// All dimensions. `prop:KEY` stands for every property.
pub fn axes() -> Vec<Axis> {
    let columns = Column::GROUPABLE.iter().map(|column| (column.as_str().to_owned(), Dimension::Column(*column)));
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
    fn every_metric_and_dimension_is_listed_under_its_name_in_questions() {
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
