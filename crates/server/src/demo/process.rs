//! A process of the demo, seen from outside: started, told what to do, killed.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::demo::gate::Gate;
use crate::demo::order::{Order, Reply};
use crate::demo::part::Part;
use crate::demo::place::Place;
use crate::demo::questions::Questions;
use crate::demo::stats::Stats;
use crate::demo::wire::{Hearing, Lines, NoAnswer, ToMember, ToStage};

/// How often a process is asked for a sign of life, and how long it may take to give it. Without one it is silent: nobody is
/// sent to it, and nobody waits for it, until it gives one again.
const NOD_EACH: Duration = Duration::from_secs(1);
const NOD_WITHIN: Duration = Duration::from_secs(4);

/// How processes of the demo are started.
#[derive(Clone, Debug)]
pub struct Program {
    pub path: PathBuf,
    /// Those with which it is one of the demo's. Lists of processes show them, so nothing secret is among them.
    pub arguments: Vec<OsString>,
}

/// What the processes of one demo share.
#[derive(Clone, Debug)]
pub struct Common {
    pub gate: Gate,
    pub stats: Arc<Stats>,
}

/// Where a process is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    Starting,
    Alive,
    /// Killed by [`Process::kill`].
    Killed,
    /// Ended otherwise, and how.
    Ended(String),
}

/// A process. It is killed when this is dropped, and ends by itself when this process does.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    lines: Lines<ToMember>,
    orders: Arc<Questions<Reply>>,
    phase: watch::Receiver<Phase>,
    silent: watch::Receiver<bool>,
    killed: Arc<Notify>,
    /// Dropping it drops the child.
    _keeping: JoinSet<()>,
}

impl Process {
    /// Starts one.
    ///
    /// # Errors
    /// The machine starts none.
    pub fn start(program: &Program, place: Place, part: Part, common: &Common) -> io::Result<Process> {
        let mut command = Command::new(&program.path);
        command.args(&program.arguments).kill_on_drop(true);
        // A Ctrl-C is for the page's process, which ends the others in order.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(orders), Some(told), Some(pid)) = (child.stdin.take(), child.stdout.take(), child.id()) else {
            return Err(io::Error::other("the process has no streams"));
        };
        let lines = Lines::over(orders);
        // There is room: it is the first.
        lines.try_say(ToMember::Begin(Box::new(part)));
        let (phase, looked_at) = watch::channel(Phase::Starting);
        let (orders, killed) = (Arc::new(Questions::default()), Arc::new(Notify::new()));
        let keeper = Keeper { place, lines: lines.clone(), orders: orders.clone(), phase, common: common.clone() };
        let mut keeping = JoinSet::new();
        keeping.spawn(keeper.keep(child, told, killed.clone()));
        let (nodding, silent) = watch::channel(false);
        keeping.spawn(listen_for_nods(orders.clone(), lines.clone(), looked_at.clone(), nodding));
        Ok(Process { pid, lines, orders, phase: looked_at, silent, killed, _keeping: keeping })
    }

    /// Its id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Where it is in its life.
    pub fn phase(&self) -> Phase {
        self.phase.borrow().clone()
    }

    /// Whether it has begun and gives no sign of life, though it is there.
    pub fn is_silent(&self) -> bool {
        *self.silent.borrow() && self.phase() == Phase::Alive
    }

    /// Gives an order and waits for what comes of it.
    ///
    /// # Errors
    /// The process is gone, gives no sign of life, does not answer within the time, or has too much to do.
    pub async fn order(&self, order: Order, within: Duration) -> Result<Reply, NoAnswer> {
        let mut silent = self.silent.clone();
        let asked = self.orders.ask(&self.lines, order.room(), within, |id| ToMember::Order { id, order });
        tokio::select! {
            // First, so that one who is silent hears of it as soon as it hears at all.
            biased;
            answer = asked => answer,
            Ok(_) = silent.wait_for(|silent| *silent) => Err(NoAnswer::Silent),
        }
    }

    /// Waits until it has begun, or has ended; where it does neither within the time, it is killed.
    pub async fn begun(&self, within: Duration) -> Phase {
        match self.until(|phase| *phase != Phase::Starting, within).await {
            Phase::Starting => self.kill(within).await,
            begun => begun,
        }
    }

    /// Ends it at once, as a crash does, and waits until it is gone.
    pub async fn kill(&self, within: Duration) -> Phase {
        self.killed.notify_one();
        self.until(Phase::is_over, within).await
    }

    /// Lets it end what is under way, and waits until it is gone.
    pub async fn end(&self, within: Duration) -> Phase {
        // Where there is no room it hears nothing any more, and is killed in the end.
        self.lines.try_say(ToMember::End);
        self.until(Phase::is_over, within).await
    }

    /// Waits until it is so, and tells where it is then, or when the time is over.
    async fn until(&self, so: impl FnMut(&Phase) -> bool, within: Duration) -> Phase {
        let mut looked_at = self.phase.clone();
        // In vain, it is where it was.
        let _ = tokio::time::timeout(within, looked_at.wait_for(so)).await;
        self.phase()
    }
}

impl Phase {
    /// Whether the process is gone.
    pub fn is_over(&self) -> bool {
        matches!(self, Phase::Killed | Phase::Ended(_))
    }
}

/// Asks for signs of life, from when it has begun until it is gone.
async fn listen_for_nods(
    orders: Arc<Questions<Reply>>,
    lines: Lines<ToMember>,
    mut phase: watch::Receiver<Phase>,
    silent: watch::Sender<bool>,
) {
    let begun = phase.wait_for(|phase| *phase != Phase::Starting).await.map(|phase| phase.clone());
    while matches!(begun, Ok(Phase::Alive)) && !phase.borrow().is_over() {
        tokio::time::sleep(NOD_EACH).await;
        let nod = orders.ask(&lines, Order::Nod.room(), NOD_WITHIN, |id| ToMember::Order { id, order: Order::Nod });
        silent.send_replace(matches!(nod.await, Err(NoAnswer::Silent)));
    }
}

/// Holds the child, hears it, and says when it is gone.
struct Keeper {
    place: Place,
    lines: Lines<ToMember>,
    orders: Arc<Questions<Reply>>,
    phase: watch::Sender<Phase>,
    common: Common,
}

impl Keeper {
    async fn keep(self, mut child: Child, told: ChildStdout, killed: Arc<Notify>) {
        let was_killed = {
            let mut listening = std::pin::pin!(self.listen(told));
            tokio::select! {
                () = &mut listening => false,
                () = killed.notified() => {
                    // It fails where it has ended by itself, which is as good.
                    let _ = child.start_kill();
                    listening.await;
                    true
                }
            }
        };
        // Whoever says nothing more is of no use.
        let _ = child.start_kill();
        let ended = match child.wait().await {
            _ if was_killed => Phase::Killed,
            Ok(status) => Phase::Ended(status.to_string()),
            Err(error) => Phase::Ended(error.to_string()),
        };
        self.orders.close();
        self.common.stats.gone(self.place);
        self.phase.send_replace(ended);
    }

    /// Hears it until it says nothing more. Fetches for it end then.
    async fn listen(&self, told: ChildStdout) {
        let mut hearing = Hearing::over(told);
        let mut fetches = JoinSet::new();
        while let Some(line) = hearing.next().await {
            while fetches.try_join_next().is_some() {}
            match line {
                ToStage::Ready => drop(self.phase.send_replace(Phase::Alive)),
                ToStage::Done { id, reply } => self.orders.answered(id, reply),
                ToStage::Happened(happened) => self.common.stats.tell(self.place, happened),
                ToStage::Fetch { id } => {
                    let (gate, lines) = (self.common.gate.clone(), self.lines.clone());
                    fetches.spawn(async move {
                        let list = gate.fetch_for_another().await;
                        // Whoever asked may be gone.
                        let _ = lines.say(ToMember::Fetched { id, list }).await;
                    });
                }
            }
        }
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "helpers of tests are tests")]
pub mod tests {
    use freshen::Clock;

    use super::*;
    use crate::demo::fetch::Fetcher;
    use crate::demo::source::Source;
    use crate::demo::switches::Switches;

    const MOMENT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(60);

    fn start(script: &str) -> Process {
        let program = Program { path: "/bin/sh".into(), arguments: ["-c", script].map(OsString::from).into() };
        Process::start(&program, Place::Web1, Part::of_nothing(), &common()).unwrap()
    }

    /// A source that is not there.
    pub fn common() -> Common {
        let source = Source::parse("http://127.0.0.1:1/").unwrap();
        let gate = Gate::Here(Fetcher::new(&source).unwrap(), Switches::default());
        Common { gate, stats: Arc::new(Stats::new(Clock::runtime())) }
    }

    #[tokio::test]
    async fn a_process_that_does_not_begin_in_time_is_killed() {
        let process = start("exec sleep 600");
        assert_eq!(process.phase(), Phase::Starting);
        assert_eq!(process.until(|phase| *phase != Phase::Starting, MOMENT).await, Phase::Starting);
        process.begun(MOMENT).await;
        assert_eq!(process.until(Phase::is_over, LONG).await, Phase::Killed);
    }

    #[tokio::test]
    async fn a_process_that_ends_by_itself_is_told_with_its_status() {
        assert_eq!(start("exit 3").begun(LONG).await, Phase::Ended("exit status: 3".into()));
    }

    #[tokio::test]
    async fn a_process_begins_when_it_says_so_and_an_order_that_it_does_not_answer_is_given_up() {
        let process = start(r#"echo '"Ready"'; exec sleep 600"#);
        assert_eq!(process.begun(LONG).await, Phase::Alive);
        assert_eq!(process.order(Order::Get, MOMENT).await.err(), Some(NoAnswer::Silent));
        assert_eq!(process.end(MOMENT).await, Phase::Alive, "it hears nothing");
        assert_eq!(process.kill(LONG).await, Phase::Killed);
        assert_eq!(process.order(Order::Get, LONG).await.err(), Some(NoAnswer::Silent));
    }

    #[tokio::test]
    async fn a_process_that_speaks_otherwise_is_ended() {
        let process = start("echo hello; exec sleep 600");
        assert!(matches!(process.begun(LONG).await, Phase::Ended(status) if status.contains("9")));
    }
}
