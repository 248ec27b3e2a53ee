//! A cache for one request: parsed pages and referrers, which often repeat among its events.

/// Most texts cached.
const MAX_PLACES: usize = 64;

/// A direct-mapped cache by text: each text has one slot, and a later text replaces an earlier one in the same slot. So
/// no input can make it slower than computing every value.
pub(super) struct Memo<'a, T> {
    /// Grows as needed, since a cache is made for every request.
    places: Vec<Option<(&'a str, Box<T>)>>,
    mask: usize,
}

impl<'a, T> Memo<'a, T> {
    /// A cache for about this many texts.
    pub(super) fn of(texts: usize) -> Self {
        Self { places: Vec::new(), mask: texts.clamp(1, MAX_PLACES).next_power_of_two() - 1 }
    }

    /// The value for `text`: cached, or made by `make`.
    pub(super) fn get(&mut self, text: &'a str, make: impl FnOnce(&'a str) -> T) -> &T {
        let at = place(text) & self.mask;
        if self.places.len() <= at {
            self.places.resize_with(at + 1, || None);
        }
        let slot = &mut self.places[at];
        let known = slot.take().filter(|(known, _)| *known == text);
        &slot.insert(known.unwrap_or_else(|| (text, Box::new(make(text))))).1
    }
}

/// The slot of a text, from its end and its length, which is where URLs differ.
fn place(text: &str) -> usize {
    let end = text.as_bytes().last_chunk::<8>().map_or(0, |end| u64::from_le_bytes(*end));
    let mixed = (end ^ text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> 56).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Memo;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_found_was_made_of_this_text(texts in prop::collection::vec("[ab]{0,12}", 0..300), size in 0_usize..100) {
            let mut memo = Memo::of(size);
            for text in &texts {
                let made = memo.get(text, |text| (text.to_owned(), text.len()));
                prop_assert_eq!((made.0.as_str(), made.1), (text.as_str(), text.len()));
            }
        }
    }

    #[test]
    fn what_comes_again_is_not_made_again() {
        let mut memo = Memo::of(1000);
        let texts: Vec<String> = (0..20).map(|page| format!("https://example.com/page/{page}")).collect();
        let mut made = 0;
        for _ in 0..10 {
            for text in &texts {
                memo.get(text, |_| made += 1);
            }
        }
        assert!(made < 80, "{made} of 200");
    }
}
