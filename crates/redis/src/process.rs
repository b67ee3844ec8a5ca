//! What this process is called where others look.

/// Longest name, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 64;

/// Whether it can stand in a record, between spaces and semicolons.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_allowed)
}

/// The machine's name and the process's number.
pub(crate) fn name() -> String {
    let number = std::process::id().to_string();
    let room = NAME_BYTES_MAX - 1 - number.len();
    let machine = gethostname::gethostname();
    let machine: String =
        machine.to_string_lossy().bytes().filter(|byte| is_allowed(*byte)).map(char::from).take(room).collect();
    format!("{machine}:{number}")
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b';'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_this_process_is_one_and_ends_with_its_number() {
        let name = name();
        assert!(is_name(&name) && name.ends_with(&format!(":{}", std::process::id())), "{name}");
    }

    #[test]
    fn what_would_break_a_record_is_no_name() {
        for wrong in ["", "a b", "a;b", "\u{1b}[2J", "ü", &"x".repeat(65)] {
            assert!(!is_name(wrong), "{wrong:?}");
        }
        assert!(is_name(&"x".repeat(64)));
    }
}
