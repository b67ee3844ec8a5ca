//! What an answer points to: a value together with all that judges it, in one allocation.

use std::ops::Deref;
use std::sync::Arc;

use crate::engine::meta::{Glance, Meta, MetaRef, Rest};
use crate::entry::{Described, Description};
use crate::wire::{ALLOCATION_BYTES, COUNTS_BYTES};

/// A value in this process, shared by the near tier, a store that keeps values as they are, and every answer.
///
/// What a hit looks at stands first and side by side, the value right behind it: a hit on a cold slot is one cache miss, and
/// a second one only for a value that is large. What a hit at a glance does not look at stands last. `repr(C)` keeps the order.
#[repr(C)]
pub(crate) struct Slot<V> {
    glance: Glance,
    content: Held<V>,
    rest: Rest,
}

/// The value itself, or the slot that has it: an unchanged value, or one that another cache of this process loaded, is
/// judged anew without being copied.
pub(crate) enum Held<V> {
    Own(V),
    In(Arc<Slot<V>>),
}

impl<V> Slot<V> {
    pub fn new(meta: Meta, content: Held<V>) -> Self {
        // A chain of slots would keep every predecessor alive: point at the last one.
        let content = match content {
            Held::In(slot) => match &slot.content {
                Held::In(inner) => Held::In(inner.clone()),
                Held::Own(_) => Held::In(slot),
            },
            own => own,
        };
        let Meta { glance, rest } = meta;
        Slot { glance, content, rest }
    }

    /// What judges it.
    #[inline]
    pub fn meta(&self) -> MetaRef<'_> {
        MetaRef::new(&self.glance, &self.rest)
    }

    /// What it takes in memory: what its value weighs, its own fields, and what the allocator adds to it and to one more
    /// allocation, the value's own.
    pub fn bytes(&self) -> u64 {
        let fields = size_of::<Slot<V>>() - size_of::<V>() + COUNTS_BYTES + 2 * ALLOCATION_BYTES;
        u64::from(self.meta().weight()) + (fields + self.meta().bytes_beside()) as u64
    }
}

impl<V> Deref for Slot<V> {
    type Target = V;

    #[inline]
    fn deref(&self) -> &V {
        match &self.content {
            Held::Own(value) => value,
            Held::In(slot) => slot.deref(),
        }
    }
}

/// A slot whose value's type is not known here.
pub(crate) trait AnySlot: Described {
    fn meta(&self) -> MetaRef<'_>;
    fn set_meta(&mut self, meta: Meta);
}

impl<V: Send + Sync + 'static> AnySlot for Slot<V> {
    fn meta(&self) -> MetaRef<'_> {
        Slot::meta(self)
    }

    fn set_meta(&mut self, meta: Meta) {
        (self.glance, self.rest) = (meta.glance, meta.rest);
    }
}

/// So that a store that shares values keeps nothing beside it.
impl<V: Send + Sync + 'static> Described for Slot<V> {
    fn describe(&self) -> Option<Description<'_>> {
        let meta = self.meta();
        let (facts, tags, validators) = (meta.facts(), meta.tags(), meta.validators());
        Some(Description { facts, tags, validators, bytes: self.bytes() })
    }
}

/// A value in hand, erased.
pub(crate) type Hand = Arc<dyn AnySlot>;
