//! What the origin is asked about what is stored.

use super::{Known, Right, otherwise};
use crate::date::offset;
use crate::verdict::Question;

pub const KNOWN: &[Known] = &[
    otherwise("it asks with the conditions of the client too", "RFC 9111 4.3.1", Right::Either, |trial, _| {
        ["if-none-match", "if-modified-since"].iter().for_each(|name| trial.later.remove(name));
    }),
    otherwise("it asks for a part", "RFC 9111 4.3.1", Right::Either, |trial, _| trial.later.remove("range")),
    otherwise(
        "it asks by no weak validator where the request has If-Match or Accept-Ranges",
        "RFC 9111 4.3.1",
        Right::Ours,
        |trial, _| {
            ["if-match", "if-unmodified-since", "accept-ranges"].iter().for_each(|name| trial.later.remove(name));
        },
    ),
    otherwise("it asks by a modification that is no date", "RFC 9110 13.1.3", Right::Ours, |trial, question| {
        let modified = trial.response.line("last-modified");
        if question == Question::Asks && modified.is_some_and(|line| offset(line).is_none()) {
            trial.response.remove("last-modified");
        }
    }),
];
