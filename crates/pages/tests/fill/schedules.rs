//! Random schedules of single steps, held to what the rules say.

use std::sync::LazyLock;
use std::task::Poll;

use bytes::Bytes;
use freshen_pages::{Broken, Pushed, Reader};
use http_body_util::BodyExt;
use proptest::prelude::*;

use super::{SEWN_BYTES, filling, now};

const KEPT_BYTES: usize = 6 * SEWN_BYTES;
const WINDOW_BYTES: usize = 2 * SEWN_BYTES;

/// The beginning of each body, and longer than any.
static CONTENT: LazyLock<Bytes> = LazyLock::new(|| (0..1_u32 << 20).map(|at| (at % 251) as u8).collect());

#[derive(Clone, Copy, Debug)]
enum Act {
    Push(usize),
    Join,
    Read(usize),
    Leave(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (1..2 * SEWN_BYTES).prop_map(Act::Push),
        1 => (1_usize..100).prop_map(Act::Push),
        1 => Just(Act::Join),
        6 => (0_usize..4).prop_map(Act::Read),
        1 => (0_usize..4).prop_map(Act::Leave),
    ]
}

struct Place {
    reader: Reader,
    read_bytes: usize,
    /// The furthest that he ever was behind the leading reader.
    behind_bytes: usize,
}

impl Place {
    fn new(reader: Reader) -> Place {
        Place { reader, read_bytes: 0, behind_bytes: 0 }
    }

    /// Reads on. Whether he is still there; `sent_bytes` have come.
    fn read(&mut self, sent_bytes: usize, ended: bool) -> Result<bool, TestCaseError> {
        match now(self.reader.frame()) {
            Poll::Ready(Some(Ok(frame))) => {
                let piece = frame.into_data().unwrap();
                prop_assert!(!piece.is_empty());
                prop_assert_eq!(&piece, &CONTENT.slice(self.read_bytes..self.read_bytes + piece.len()));
                self.read_bytes += piece.len();
                return Ok(true);
            }
            Poll::Ready(Some(Err(broken))) => {
                prop_assert!(matches!(broken, Broken::FellBehind), "{broken}");
                prop_assert!(self.behind_bytes > WINDOW_BYTES, "he was within the window");
            }
            Poll::Ready(None) => prop_assert!(ended && self.read_bytes == sent_bytes, "he has not all"),
            Poll::Pending => {
                prop_assert!(!ended && self.read_bytes == sent_bytes, "he has not all that came");
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What whoever fills is told, where that is certain: nobody knows of one who once was far behind whether he is there.
fn told(sent_bytes: usize, places: &[Place]) -> Option<Poll<Pushed>> {
    if sent_bytes <= KEPT_BYTES {
        return Some(Poll::Ready(Pushed::Kept));
    }
    let Some(lead) = places.first() else { return Some(Poll::Ready(Pushed::Unwanted)) };
    let has_room = sent_bytes - lead.read_bytes <= WINDOW_BYTES;
    let there = lead.behind_bytes <= WINDOW_BYTES;
    there.then_some(if has_room { Poll::Ready(Pushed::Passed) } else { Poll::Pending })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    /// A reader gets the bytes of the body in their order from the first on, and its end only when he had all of them. Only who
    /// was more than a window behind is cut off, and whoever fills waits for the one who leads.
    #[test]
    fn each_reader_reads_the_body_from_its_beginning_or_is_told_that_he_does_not(
        acts in proptest::collection::vec(act(), 0..120),
    ) {
        let (mut filling, first) = filling(KEPT_BYTES, WINDOW_BYTES, None);
        let mut places = vec![Place::new(first)];
        let (mut sent_bytes, mut full) = (0, false);
        for act in acts {
            match act {
                Act::Push(bytes) => {
                    let bytes = if full { 0 } else { bytes };
                    let pushed = now(filling.push(CONTENT.slice(sent_bytes..sent_bytes + bytes)));
                    sent_bytes += bytes;
                    full = pushed.is_pending();
                    if let Some(told) = told(sent_bytes, &places) {
                        prop_assert_eq!(pushed, told);
                    }
                }
                Act::Join => {
                    let joined = filling.joining().and_then(|joining| joining.reader());
                    prop_assert_eq!(joined.is_some(), sent_bytes <= KEPT_BYTES);
                    places.extend(joined.map(Place::new));
                }
                Act::Read(at) if at < places.len() => {
                    if !places[at].read(sent_bytes, false)? {
                        places.remove(at);
                    }
                }
                Act::Leave(at) if at < places.len() => drop(places.remove(at)),
                Act::Read(_) | Act::Leave(_) => {}
            }
            let lead = places.first().map_or(0, |place| place.read_bytes);
            for place in &mut places {
                place.behind_bytes = place.behind_bytes.max(lead.saturating_sub(place.read_bytes));
            }
        }
        let kept = filling.finish(None).map(|filled| filled.pieces.concat());
        prop_assert_eq!(kept, (sent_bytes <= KEPT_BYTES).then(|| CONTENT[..sent_bytes].to_vec()));
        for mut place in places {
            while place.read(sent_bytes, true)? {}
        }
    }
}
