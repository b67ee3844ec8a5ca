//! What jobs need to do their work: pools, clients.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;

/// The things given to a builder's `state`, one per type.
#[derive(Default)]
pub struct States {
    of: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    twice: Option<&'static str>,
}

impl States {
    /// Keeps a thing under its type, of which there may be one: jobs find it by the type alone.
    pub fn insert<T: Clone + Send + Sync + 'static>(&mut self, state: T) {
        if self.of.insert(TypeId::of::<T>(), Box::new(state)).is_some() {
            self.twice = Some(type_name::<T>());
        }
    }

    /// The type of which there was a second one.
    pub(crate) fn twice(&self) -> Option<&'static str> {
        self.twice
    }

    fn get<T: Clone + Send + Sync + 'static>(&self) -> Result<T, &'static str> {
        let found = self.of.get(&TypeId::of::<T>()).and_then(|state| state.downcast_ref::<T>());
        found.cloned().ok_or(type_name::<T>())
    }
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "States({})", self.of.len())
    }
}

/// What a job needs, collected once when the cache is built: `()`, or a tuple of up to six things.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the state of a job",
    label = "not a tuple of things that the cache was given",
    note = "a state is `()` or a tuple of up to six types that are `Clone + Send + Sync + 'static`: `(Client,)`, with the comma"
)]
pub trait State: Sized + Send + Sync + 'static {
    /// Takes what is needed.
    ///
    /// # Errors
    /// The name of the first type that is missing.
    fn collect(states: &States) -> Result<Self, &'static str>;
}

impl State for () {
    fn collect(_states: &States) -> Result<Self, &'static str> {
        Ok(())
    }
}

macro_rules! state_of_tuples {
    ($($($name:ident)+;)+) => {$(
        impl<$($name: Clone + Send + Sync + 'static),+> State for ($($name,)+) {
            fn collect(states: &States) -> Result<Self, &'static str> {
                Ok(($(states.get::<$name>()?,)+))
            }
        }
    )+};
}

state_of_tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D F;
    A B C D F G;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let mut states = States::default();
        states.insert(7u32);
        assert_eq!(<(u32,)>::collect(&states), Ok((7,)));
        assert_eq!(<(u32, String)>::collect(&states), Err(type_name::<String>()));
    }
}
