//! Which names may have been meant by one that is not there.

/// The names that are nearest to the wanted one, nearest first, `most` at most; case aside.
pub fn nearest<'a>(names: impl Iterator<Item = &'a str>, wanted: &str, most: usize) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut names: Vec<&str> = names.collect();
    names.sort_by_cached_key(|known| distance(&known.to_lowercase(), &wanted));
    names.truncate(most);
    names
}

/// How many characters must be put in, taken out or replaced to make the one of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, character) in one.chars().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        for (slot, against) in row.iter_mut().skip(1).zip(&other) {
            let replaced = diagonal + usize::from(character != *against);
            diagonal = *slot;
            left = replaced.min(*slot + 1).min(left + 1);
            *slot = left;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_needs_the_fewest_changes() {
        for (one, other, apart) in [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("ä", "a", 1)]
        {
            assert_eq!(distance(one, other), apart, "{one} {other}");
        }
    }
}
