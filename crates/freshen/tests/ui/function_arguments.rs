//! Arguments of functions that cannot be cached.
#![allow(unused)]

use freshen::cached;

#[cached]
async fn hidden(user: impl ToString) -> u64 {
    1
}

#[cached]
async fn pattern((one, two): (u8, u8)) -> u64 {
    1
}

#[cached]
async fn nameless(_: u8) -> u64 {
    1
}

#[cached]
async fn mutable(user: &mut String) -> u64 {
    1
}

#[cached]
async fn lifetime(user: &'static str) -> u64 {
    1
}

#[cached]
async fn inner(users: Vec<&str>) -> u64 {
    1
}

#[cached]
async fn inner_state(#[state] users: Vec<&'static str>) -> u64 {
    1
}

#[cached]
async fn float(latitude: f64) -> u64 {
    1
}

#[cached]
async fn inner_float(place: Option<&[f32]>) -> u64 {
    1
}

#[cached]
async fn seven(
    #[state] a: u8,
    #[state] b: u8,
    #[state] c: u8,
    #[state] d: u8,
    #[state] e: u8,
    #[state] f: u8,
    #[state] g: u8,
) -> u64 {
    1
}

#[cached]
async fn two_roles(
    #[state]
    #[skip]
    one: u8,
) -> u64 {
    1
}

#[cached]
async fn state_with_value(#[state(1)] one: u8) -> u64 {
    1
}

#[cached]
async fn unsized_state(#[state] client: &(dyn Send + Sync)) -> u64 {
    1
}

#[cached]
async fn unsized_key(client: &dyn ToString) -> u64 {
    1
}

fn main() {}
