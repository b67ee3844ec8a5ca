//! What a server is made to say.

/// One thing that is said in place of another of as many bytes; unless told, nothing is.
#[derive(Clone, Default)]
pub(super) struct Wording {
    said: Vec<u8>,
    instead: Vec<u8>,
}

impl Wording {
    pub(super) fn new(said: &str, instead: &str) -> Wording {
        assert_eq!(said.len(), instead.len(), "answers tell their length before they begin");
        Wording { said: said.into(), instead: instead.into() }
    }

    /// Rewords what has come so far, and gives how much of it may go: an end that may be the beginning of what is replaced waits
    /// for the rest.
    pub(super) fn reword(&self, bytes: &mut [u8]) -> usize {
        let width = self.said.len();
        if width == 0 {
            return bytes.len();
        }
        let mut at = 0;
        while at < bytes.len() {
            let come = width.min(bytes.len() - at);
            let found = bytes[at..at + come] == self.said[..come];
            if found && come < width {
                return at;
            }
            if found {
                bytes[at..at + width].copy_from_slice(&self.instead);
            }
            at += if found { width } else { 1 };
        }
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is heard of something that comes in pieces, and what waits at the end.
    fn heard(pieces: &[&str]) -> (String, String) {
        let wording = Wording::new("old", "new");
        let (mut bytes, mut heard) = (Vec::new(), Vec::new());
        for piece in pieces {
            bytes.extend_from_slice(piece.as_bytes());
            let ready = wording.reword(&mut bytes);
            heard.extend(bytes.drain(..ready));
        }
        (String::from_utf8(heard).unwrap(), String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn what_is_replaced_may_come_in_pieces() {
        let all = |heard: &str| (heard.to_owned(), String::new());
        assert_eq!(heard(&["the old and the oldest\n"]), all("the new and the newest\n"));
        for at in 0..=9 {
            let (first, rest) = "o, oold!\n".split_at(at);
            assert_eq!(heard(&[first, rest]), all("o, onew!\n"), "cut at {at}");
        }
        assert_eq!(heard(&["ol", "ive"]), all("olive"));
        assert_eq!(heard(&["what is o", "l"]), ("what is ".to_owned(), "ol".to_owned()));
    }

    #[test]
    fn where_nothing_is_replaced_all_of_it_goes_at_once() {
        assert_eq!(Wording::default().reword(&mut [1, 2, 3]), 3);
    }
}
