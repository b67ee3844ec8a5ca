//! A queue that has nothing: it may be one that nobody has, under a prefix or a name that was mistyped.

use freshen::queue::{DEFAULT_QUEUE, Depth, Queue};
use freshen::settings::{OpenError, Settings};

use crate::failure::Failure;
use crate::output;

/// Looks whether a queue that has nothing is one that somebody has. Where its name is in doubt, that is said on stderr: a queue
/// that was never used and one that is empty look alike.
///
/// # Errors
/// No process has made a store under the prefix, so none has pushed a task either.
pub async fn doubt(settings: &Settings, name: &str, queue: &dyn Queue) -> Result<(), Failure> {
    if queue.depth().await? != Depth::default() {
        return Ok(());
    }
    // Where only the queue's server was named, nobody knows where the store is. A store that does not answer tells nothing.
    let is_known = settings.queue.as_ref() != Some(&settings.store);
    if is_known && let Err(absent @ OpenError::Absent { .. }) = settings.shared_store().await {
        return Err(absent.into());
    }
    if name != DEFAULT_QUEUE && !settings.queues.contains_key(name) {
        eprintln!("freshen: {}", output::plain(&unnamed(settings, name)));
    }
    Ok(())
}

/// What is said of an empty queue that the settings do not name.
fn unnamed(settings: &Settings, name: &str) -> String {
    let known: Vec<&str> = settings.queues.keys().map(String::as_str).chain([DEFAULT_QUEUE]).collect();
    format!("nothing is in the queue `{name}`, which the settings do not name: they have {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queues_of_the_settings_are_told() {
        let mut settings = Settings::default();
        settings.queues.insert("mail".into(), 2);
        let told = "nothing is in the queue `mial`, which the settings do not name: they have mail, default";
        assert_eq!(unnamed(&settings, "mial"), told);
    }
}
