//! Sets of values.

use std::collections::BTreeSet;

/// The set of these values. Unlike `collect`, it does not sort them first: the Worker would have one more sort for every
/// type and place.
pub fn of<T: Ord>(values: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    set.extend(values);
    set
}
