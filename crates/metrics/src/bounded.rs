//! What is counted by a name that comes from outside: a bounded number of names, and one more for all others.

use std::sync::OnceLock;

/// How many jobs, and how many operations of ports, are told apart for one cache. What comes after counts as `other`.
pub const LABELS_MAX: usize = 64;

/// The name under which everything beyond the bound is counted.
pub const OTHER: &str = "other";

/// Values by names. It only grows, up to its bound, and reading takes no lock.
///
/// A name takes the first place that is free. Of two that want the same one, the later goes on to the next, so a name
/// never has two places.
#[derive(Debug)]
pub struct Bounded<K, V> {
    places: Box<[OnceLock<(K, V)>]>,
    rest: OnceLock<(K, V)>,
    rest_name: K,
}

impl<K: Clone, V> Bounded<K, V> {
    /// No names yet; `rest_name` is the name of all that come beyond the bound.
    pub fn new(rest_name: K) -> Self {
        Bounded { places: (0..LABELS_MAX).map(|_| OnceLock::new()).collect(), rest: OnceLock::new(), rest_name }
    }

    /// The value of a name.
    pub fn find<Q: Copy + Into<K>>(&self, name: Q, make: impl Fn() -> V) -> &V
    where
        K: PartialEq<Q>,
    {
        // Whoever is named so already shares the place of the rest: a page must not have one series twice.
        let places = if self.rest_name == name { &[] } else { &self.places[..] };
        for place in places {
            let (taken, value) = place.get_or_init(|| (name.into(), make()));
            if *taken == name {
                return value;
            }
        }
        &self.rest.get_or_init(|| (self.rest_name.clone(), make())).1
    }

    /// All names with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let places = self.places.iter().chain([&self.rest]);
        places.filter_map(|place| place.get()).map(|(name, value)| (name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::Count;

    fn counted(names: impl IntoIterator<Item = String>) -> Vec<(String, u64)> {
        let bounded = Bounded::<String, Count>::new(OTHER.into());
        names.into_iter().for_each(|name| bounded.find(&*name, Count::default).one());
        bounded.iter().map(|(name, count)| (name.clone(), count.read())).collect()
    }

    #[test]
    fn names_up_to_the_bound_are_told_apart_and_the_rest_is_counted_as_one() {
        let all = counted((0..LABELS_MAX + 3).chain(0..LABELS_MAX + 3).map(|number| number.to_string()));
        let mut expected: Vec<_> = (0..LABELS_MAX).map(|number| (number.to_string(), 2)).collect();
        assert_eq!(all[..LABELS_MAX], expected);
        expected.push((OTHER.into(), 6));
        assert_eq!(all, expected);
    }

    #[test]
    fn who_has_the_name_of_the_rest_is_counted_with_it() {
        let all = counted([OTHER.to_owned()].into_iter().chain((0..=LABELS_MAX).map(|number| number.to_string())));
        let others: Vec<_> = all.iter().filter(|(name, _)| name == OTHER).collect();
        assert_eq!(others, [&(OTHER.to_owned(), 2)]);
    }

    #[test]
    fn threads_that_bring_the_same_names_at_once_agree_on_their_places() {
        let bounded = Bounded::<String, Count>::new(OTHER.into());
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let bounded = &bounded;
                scope.spawn(move || {
                    for round in 0..LABELS_MAX {
                        let name = ((round * 7 + thread * 13) % LABELS_MAX).to_string();
                        bounded.find(&*name, Count::default).one();
                    }
                });
            }
        });
        let mut all: Vec<_> = bounded.iter().map(|(name, count)| (name.clone(), count.read())).collect();
        all.sort();
        let mut expected: Vec<_> = (0..LABELS_MAX).map(|number| (number.to_string(), 8)).collect();
        expected.sort();
        assert_eq!(all, expected);
    }
}
