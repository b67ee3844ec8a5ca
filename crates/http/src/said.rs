//! What one request says in the fields by which responses are selected, each read once.

use std::collections::HashMap;

use http::HeaderName;

use crate::digest::Digest;
use crate::likeness::Likeness;
use crate::sent::Sent;

/// The first forms are kept without an allocation.
const FIRST: usize = 8;

/// What a request says in the fields that select, in the form in which it is compared: made when it is first asked for, and then
/// kept for all variants.
#[derive(Debug)]
pub(crate) struct Said<'s, 'n> {
    pub sent: &'s Sent<'s>,
    first: [Option<(By<'n>, Option<Digest>)>; FIRST],
    others: HashMap<By<'n>, Option<Digest>>,
}

/// In which field, and what matters there.
type By<'n> = (&'n HeaderName, Likeness);

impl<'s, 'n> Said<'s, 'n> {
    pub fn by(sent: &'s Sent<'s>) -> Self {
        Said { sent, first: [None; FIRST], others: HashMap::new() }
    }

    /// `None`: it does not have the field.
    pub fn normal(&mut self, name: &'n HeaderName, likeness: Likeness) -> Option<Digest> {
        let (by, sent) = ((name, likeness), self.sent);
        let made = || likeness.normal(name, || sent.lines(name));
        for place in &mut self.first {
            match place {
                Some((known, normal)) if *known == by => return *normal,
                Some(_) => {}
                None => return place.insert((by, made())).1,
            }
        }
        *self.others.entry(by).or_insert_with(made)
    }
}
