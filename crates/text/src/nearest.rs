//! What somebody may have meant.

/// The word that is most like this one, if any is.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let distances = known.iter().map(|known| (distance(word, known), *known));
    distances.min().filter(|(distance, known)| *distance <= known.len().max(word.len()) / 3 + 1).map(|(_, known)| known)
}

/// How many letters have to be put in, left out or changed to make one word of the other (Levenshtein).
pub fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, against) in other.chars().enumerate() {
            let changed = diagonal + usize::from(letter != against);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[row.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        let known = ["ttl", "stale_while_revalidate", "tags", "lease"];
        assert_eq!(nearest("tll", &known), Some("ttl"));
        assert_eq!(nearest("stale_while_revalidating", &known), Some("stale_while_revalidate"));
        assert_eq!(nearest("tag", &known), Some("tags"));
        assert_eq!(nearest("retries", &known), None);
    }

    #[test]
    fn the_distance_counts_letters() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
