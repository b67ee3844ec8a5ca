//! The places of the demo: each is held by a process.

use serde::{Deserialize, Serialize};

/// Who may be alone, and otherwise is one of four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// The process that serves the page does all of it.
    #[serde(rename = "this process")]
    Alone,
    #[serde(rename = "web 1")]
    Web1,
    #[serde(rename = "web 2")]
    Web2,
    #[serde(rename = "worker 1")]
    Worker1,
    #[serde(rename = "worker 2")]
    Worker2,
}

impl Place {
    /// All of them.
    pub const ALL: [Place; 5] = [Place::Alone, Place::Web1, Place::Web2, Place::Worker1, Place::Worker2];
    /// Those of a fleet.
    pub const FLEET: [Place; 4] = [Place::Web1, Place::Web2, Place::Worker1, Place::Worker2];

    /// What the page calls it.
    pub fn name(self) -> &'static str {
        match self {
            Place::Alone => "this process",
            Place::Web1 => "web 1",
            Place::Web2 => "web 2",
            Place::Worker1 => "worker 1",
            Place::Worker2 => "worker 2",
        }
    }

    /// The same as part of an address.
    pub fn slug(self) -> &'static str {
        match self {
            Place::Alone => "alone",
            Place::Web1 => "web-1",
            Place::Web2 => "web-2",
            Place::Worker1 => "worker-1",
            Place::Worker2 => "worker-2",
        }
    }

    /// Whether it answers requests.
    pub fn serves(self) -> bool {
        matches!(self, Place::Alone | Place::Web1 | Place::Web2)
    }

    /// Whether it refreshes.
    pub fn works(self) -> bool {
        matches!(self, Place::Alone | Place::Worker1 | Place::Worker2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_by_its_name() {
        for place in Place::ALL {
            assert_eq!(serde_json::to_value(place).unwrap(), place.name());
        }
    }
}
