//! Mistakes in settings, each with its place.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::Settings;

/// All mistakes of the settings, one a line. Passwords are never among what they say.
#[derive(Clone, PartialEq, Eq)]
pub struct SettingsError {
    mistakes: Vec<Mistake>,
}

/// As people read it: a program that returns the error from `main` prints this.
impl fmt::Debug for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// Where it is.
    pub place: Place,
    /// The field, if it is about one.
    pub field: Option<Box<str>>,
    /// What is wrong, and what to write instead.
    pub reason: Box<str>,
}

/// Where a setting stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Place {
    /// In a file, at this line and character, both counted from 1.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The character within it.
        column: usize,
    },
    /// The file as a whole.
    WholeFile(PathBuf),
    /// A variable of the environment.
    Variable(Box<str>),
    /// Nowhere but in the program: a default, or what the program set.
    Program,
}

impl SettingsError {
    pub(super) fn new(mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by(|one, other| one.place.cmp(&other.place));
        SettingsError { mistakes }
    }

    /// One mistake, about a field of these settings.
    pub(super) fn of_field(settings: &Settings, key: &str, reason: &str) -> Self {
        let (place, field) = (settings.place(key), Some(key.into()));
        SettingsError::new(vec![Mistake { place, field, reason: reason.into() }])
    }

    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Self {
        let reason = format!("cannot be read: {error}").into();
        SettingsError::new(vec![Mistake { place: Place::WholeFile(path.into()), field: None, reason }])
    }

    /// The mistakes, in the order of their places.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl std::error::Error for SettingsError {}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, mistake) in self.mistakes.iter().enumerate() {
            write!(f, "{}{mistake}", if at == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.place, &self.field) {
            (Place::Program, Some(field)) => write!(f, "{field}: {}", self.reason),
            (Place::Program, None) => f.write_str(&self.reason),
            // The name of the variable is the name of the field.
            (place @ Place::Variable(_), _) | (place, None) => write!(f, "{place}: {}", self.reason),
            (place, Some(field)) => write!(f, "{place}: {field}: {}", self.reason),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Place::WholeFile(path) => write!(f, "{}", path.display()),
            Place::Variable(name) => f.write_str(name),
            Place::Program => f.write_str("default"),
        }
    }
}
