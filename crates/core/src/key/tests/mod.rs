//! What keys promise: different arguments never meet, equal ones always do, and arguments come back from their key.

mod golden;
mod hostile;
mod injective;
mod key;
mod round_trip;
mod text;
mod tree;

use serde::Serialize;

use super::encode;
use crate::error::KeyError;

fn encoded(arguments: &impl Serialize) -> Vec<u8> {
    try_encoded(arguments).unwrap()
}

fn try_encoded(arguments: &impl Serialize) -> Result<Vec<u8>, KeyError> {
    let mut bytes = Vec::new();
    encode::append(&mut bytes, arguments).map(|()| bytes)
}
