//! A fleet: the source, and how members are started.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::member::{Member, Program};
use crate::setting::Setting;
use crate::source::Source;

/// The source of truth, and the program of which members are made.
pub struct Fleet {
    source: Source,
    program: Program,
}

impl Fleet {
    /// A fleet without members yet.
    pub async fn new(program: Program) -> Fleet {
        Fleet { source: Source::open().await, program }
    }

    /// Its source.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Starts a member, and returns once it takes orders.
    pub async fn member(&self, setting: &Setting) -> Member {
        let setting = Setting { source: Some(self.source.address()), ..setting.clone() };
        let member = Member::start(&self.program, &setting);
        let explained = member.explain(0).await;
        assert!(!explained.contains("Gone"), "the member does not start");
        member
    }
}

/// What no other fleet's keys begin with.
pub fn prefix() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("fleet-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
