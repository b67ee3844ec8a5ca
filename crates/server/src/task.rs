//! What is said of a queued task, whose key may be one that this version cannot read.

use freshen::Key;
use freshen::queue::{Priority, TASK_FORMAT, Task};

/// The task's key as text, or its bytes.
pub fn key(task: &Task) -> String {
    match Key::from_bytes(&task.key) {
        Ok(key) => format!("{key:#}"),
        Err(_) => format!("0x{}", task.key.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}

/// The job whose value it refreshes, with its namespace.
pub fn job(task: &Task) -> String {
    match Key::from_bytes(&task.key) {
        Ok(key) => format!("{}:{}", key.namespace(), key.job()),
        Err(_) => "(unreadable)".into(),
    }
}

/// Why this version could not carry it out, if that shows by itself.
pub fn trouble(task: &Task) -> Option<String> {
    if task.format > TASK_FORMAT {
        return Some(format!("its format {} is newer than {TASK_FORMAT}, which this version reads", task.format));
    }
    Key::from_bytes(&task.key).err().map(|error| error.to_string())
}

/// The name of its priority.
pub fn priority(task: &Task) -> &'static str {
    match task.priority {
        Priority::Idle => "idle",
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
    }
}
