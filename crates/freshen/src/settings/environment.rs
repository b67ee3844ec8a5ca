//! Settings from variables of the environment.

use std::ffi::OsString;

use freshen_text::distance;

use super::field::{FIELDS, Field};
use super::value::Given;
use super::{Mistake, Place, Settings};

/// Names the file to read.
pub(super) const CONFIG: &str = "FRESHEN_CONFIG";
const PREFIX: &str = "FRESHEN_";

/// A variable whose name is text, as all of ours are. A value that is none is shown with what is not text replaced.
pub(super) fn readable((name, value): (OsString, OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
}

/// Reads variables over what was set before; what is wrong is added to the mistakes.
///
/// One that is nearly the name of a field is a mistake. Others are left alone: an orchestrator that runs a service called
/// freshen sets such as `FRESHEN_SERVICE_HOST`.
pub(super) fn read(
    variables: impl Iterator<Item = (String, String)>,
    settings: &mut Settings,
    mistakes: &mut Vec<Mistake>,
) {
    for (name, value) in variables.filter(|(name, _)| name.starts_with(PREFIX) && name != CONFIG) {
        let place = Place::Variable(name.as_str().into());
        let reason = match FIELDS.iter().find(|field| field.variable() == name) {
            Some(field) => {
                settings.places.insert(field.key, place.clone());
                field.slot.set(settings, given_by(field, &value)).err()
            }
            None => nearly(&name),
        };
        mistakes.extend(reason.map(|reason| Mistake { place, field: None, reason: reason.into() }));
    }
}

/// A variable has no type of its own: the field says which it is.
fn given_by<'a>(field: &Field, value: &'a str) -> Given<'a> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    match value {
        "true" if field.slot.is_switch() => Given::Switch(true),
        "false" if field.slot.is_switch() => Given::Switch(false),
        _ if digits && field.slot.is_count() => Given::Number(value),
        _ => Given::Text(value),
    }
}

fn nearly(name: &str) -> Option<String> {
    let variables: Vec<String> = FIELDS.iter().map(Field::variable).collect();
    let known: Vec<&str> = variables.iter().filter_map(|variable| variable.strip_prefix(PREFIX)).collect();
    let name = name.strip_prefix(PREFIX)?;
    let near = freshen_text::nearest(name, &known).filter(|near| is_slip(name, near))?;
    Some(format!("there is no such variable: did you mean {PREFIX}{near}?"))
}

/// Whether one name is the other with a slip of the hand: a letter too many, too few or wrong, or letters in another order.
fn is_slip(one: &str, other: &str) -> bool {
    let sorted = |name: &str| {
        let mut letters: Vec<char> = name.chars().collect();
        letters.sort_unstable();
        letters
    };
    distance(one, other) <= 1 + one.len() / 8 || sorted(one) == sorted(other)
}
