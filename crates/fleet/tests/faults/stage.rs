//! What most tests begin with: a server, a fleet, and keys that its members have in hand.

use std::time::{Duration, Instant};

use freshen_fleet::{Fleet, Force, How, Member, Program, Served, Setting, What, prefix, until};
use freshen_testkit::servers::{Flavour, Server, ServerBuilder};

/// Generous, for machines that are slow.
pub const LIMIT: Duration = Duration::from_secs(60);

pub struct Stage {
    pub server: Server,
    pub fleet: Fleet,
    pub setting: Setting,
}

impl Stage {
    pub async fn new() -> Stage {
        Stage::on(Server::redis(Flavour::Redis)).await
    }

    pub async fn on(server: ServerBuilder) -> Stage {
        let server = server.start().await;
        let setting = Setting::new(server.url(), prefix());
        Stage { server, fleet: fleet().await, setting }
    }

    pub async fn member(&self, workers: usize) -> Member {
        self.fleet.member(&self.setting.workers(workers)).await
    }
}

pub async fn fleet() -> Fleet {
    Fleet::new(Program::new(env!("CARGO_BIN_EXE_freshen-member"), &[])).await
}

/// Waits until a member reaches its server again, which it tries anew after a pause.
pub async fn connected(member: &Member) {
    until("the server to be reached", LIMIT, async || member.depth().await.is_ok()).await;
}

/// Has a member get all keys until they are in hand and fresh, with the version that the source has.
pub async fn fresh(fleet: &Fleet, member: &Member, keys: std::ops::Range<u32>) -> Duration {
    let source = fleet.source();
    until("all keys to be fresh", LIMIT, async || {
        let all = member.get_all(keys.clone()).await;
        all.iter().all(|served| served.how == Ok((How::Hit, source.version(served.key))))
    })
    .await
}

pub fn is_fresh(served: &Served, version: u64) -> bool {
    served.how.as_ref().is_ok_and(|(how, has)| how.is_fresh() && *has == version)
}

/// Has a member get all keys until its near tier has them, which it refuses until it trusts its bus.
pub async fn near(member: &Member, keys: std::ops::Range<u32>) {
    until("all keys to be near", LIMIT, async || {
        member.get_all(keys.clone()).await;
        let mut all = true;
        for key in keys.clone() {
            all &= member.explain(key).await.contains("near    loaded");
        }
        all
    })
    .await;
}

/// Writes keys and outdates them.
pub async fn change(fleet: &Fleet, member: &Member, keys: std::ops::Range<u32>, force: Force) {
    for key in keys {
        fleet.source().write(key);
        member.invalidate_at_last(What::Key(key), force).await;
    }
}

/// What somebody who asks all the time is served while something goes wrong.
#[derive(Default)]
pub struct Watch {
    pub reads: u64,
    pub stale: u64,
    /// The longest wait of those who were served what was in hand.
    pub longest_in_hand: Duration,
    pub longest: Duration,
    pub errors: Vec<String>,
}

impl Watch {
    /// Asks for all keys again and again until the time is over.
    pub async fn during(&mut self, span: Duration, member: &Member, keys: std::ops::Range<u32>) {
        let ends = Instant::now() + span;
        while Instant::now() < ends {
            for served in member.get_all(keys.clone()).await {
                self.note(served);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn note(&mut self, served: Served) {
        self.reads += 1;
        self.longest = self.longest.max(served.waited);
        match served.how {
            Ok((how, _)) => {
                self.stale += u64::from(how == How::Stale);
                if how != How::Loaded {
                    self.longest_in_hand = self.longest_in_hand.max(served.waited);
                }
            }
            Err(error) => self.errors.push(error),
        }
    }

    /// Nobody got an error, and nobody waited longer than the time-outs allow: to connect and to be answered, a few times over.
    pub fn assert_served(&self, what: &str) {
        println!(
            "{what}: {} reads, {} stale, longest wait {:?}, of those in hand {:?}",
            self.reads, self.stale, self.longest, self.longest_in_hand
        );
        assert_eq!(self.errors, Vec::<String>::new());
        assert!(self.reads > 0 && self.longest < Duration::from_secs(15), "{:?}", self.longest);
    }
}

/// The span of a fault: the whole in the long form.
pub fn long_or(short: Duration, long: Duration) -> Duration {
    if std::env::var_os("FRESHEN_LONG").is_some() { long } else { short }
}
