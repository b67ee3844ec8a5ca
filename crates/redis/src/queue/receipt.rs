//! What a receipt says: which delivery of which task it is.

use freshen_core::queue::{Priority, Receipt};

use super::lines;

/// One delivery of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Its line.
    pub(super) priority: Priority,
    /// Its id there.
    pub(super) id: Box<str>,
    /// Which delivery of it this is: the first is 1.
    pub(super) delivery: u64,
    /// Whom it was delivered to.
    pub(super) consumer: Box<str>,
}

impl Held {
    pub(super) fn receipt(&self) -> Receipt {
        let Held { priority, id, delivery, consumer } = self;
        Receipt(format!("{} {id} {delivery} {consumer}", lines::number(*priority)).into())
    }

    /// What a receipt says; `None` where it is not one of this kind of queue.
    pub(super) fn of(receipt: &Receipt) -> Option<Held> {
        let [priority, id, delivery, consumer] = receipt.0.split(' ').collect::<Vec<_>>()[..] else { return None };
        let (time, sequence) = id.split_once('-')?;
        let _is_an_id: (u64, u64) = (time.parse().ok()?, sequence.parse().ok()?);
        Some(Held {
            priority: lines::priority(priority.parse().ok()?)?,
            id: id.into(),
            delivery: delivery.parse().ok()?,
            consumer: consumer.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_read_as_it_was_written() {
        let held = Held { priority: Priority::Low, id: "17-3".into(), delivery: 2, consumer: "7-ab".into() };
        assert_eq!(held.receipt(), Receipt("3 17-3 2 7-ab".into()));
        assert_eq!(Held::of(&held.receipt()), Some(held));
    }

    #[test]
    fn a_receipt_of_another_queue_says_nothing() {
        for foreign in ["", "17", "5 17-3 2 a", "3 17 2 a", "3 +-+ 2 a", "3 17-3 x a", "3 17-3 2 a b"] {
            assert_eq!(Held::of(&Receipt(foreign.into())), None, "{foreign}");
        }
    }
}
