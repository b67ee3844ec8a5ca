//! `freshen demo-member`: one of the processes that `freshen demo` starts where it is given a store.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, Stdin};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::demo::END_WITHIN;
use crate::demo::gate::Gate;
use crate::demo::happened::Teller;
use crate::demo::member::Member;
use crate::demo::part::Part;
use crate::demo::place::Place;
use crate::demo::stage::Stage;
use crate::demo::wire::{Hearing, Lines, ToMember, ToStage};
use crate::failure::Failure;

/// What loads may take to end when nobody is there any more to fetch their lists: they fail at once.
const LEFT_WITHIN: Duration = Duration::from_secs(1);

/// What `freshen demo-member` is told on its command line, which is nothing: it hears all on its standard input.
#[derive(clap::Args)]
pub struct DemoMember {}

/// Why there is nothing more to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// To end.
    End,
    /// The page's process is gone.
    Nothing,
}

impl DemoMember {
    /// Runs until it is told to end, or the process that started it is gone, however that ended.
    pub async fn run(self) -> Result<(), Failure> {
        let mut hearing = Hearing::over(tokio::io::stdin());
        let Some(ToMember::Begin(part)) = hearing.next().await else { return Err(Failure::ByHand) };
        let runtime = named(part.place).map_err(Failure::Start)?;
        let played = runtime.spawn(async move { play(&part, hearing).await }).await;
        // A name look-up that hangs in a thread of its own must not keep the process.
        runtime.shutdown_background();
        // It is not cancelled, so it is over or has panicked.
        played.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

/// A runtime all of whose threads say in their warnings whose they are: those of several processes go to one terminal.
fn named(place: Place) -> io::Result<Runtime> {
    let enter = move || {
        let whose = tracing::error_span!("process", place = place.name()).entered();
        // It ends with the thread.
        std::mem::forget(whose);
    };
    Builder::new_multi_thread().enable_all().on_thread_start(enter).build()
}

async fn play(part: &Part, mut hearing: Hearing<Stdin, ToMember>) -> Result<(), Failure> {
    let stage = Arc::new(Stage::new(Lines::over(tokio::io::stdout())));
    let member = begin(part, &stage).await?;
    stage.say(ToStage::Ready).await;
    let mut orders = JoinSet::new();
    if listen(&mut hearing, &member, &stage, &mut orders).await == Heard::End {
        tokio::select! {
            () = member.end(END_WITHIN) => return Ok(()),
            // The lists that its loads wait for are still heard.
            _ = listen(&mut hearing, &member, &stage, &mut orders) => {}
        }
    }
    stage.close();
    member.end(LEFT_WITHIN).await;
    Ok(())
}

async fn begin(part: &Part, stage: &Arc<Stage>) -> Result<Member, Failure> {
    let backends = part.settings(part.flags.connection()?.settings()?).open().await?;
    let told = stage.clone();
    let teller = Teller::new(move |happened| told.tell(happened));
    Member::new(backends.builder(), part, Gate::Stage(stage.clone()), teller).await
}

async fn listen<R: AsyncRead + Unpin>(
    hearing: &mut Hearing<R, ToMember>,
    member: &Member,
    stage: &Arc<Stage>,
    orders: &mut JoinSet<()>,
) -> Heard {
    while let Some(line) = hearing.next().await {
        // Those that are carried out are let go; how many there may be at once is up to the page's process.
        while orders.try_join_next().is_some() {}
        match line {
            ToMember::Order { id, order } => {
                let (member, stage) = (member.clone(), stage.clone());
                orders
                    .spawn(async move { stage.say(ToStage::Done { id, reply: member.carry_out(order).await }).await });
            }
            ToMember::Fetched { id, list } => stage.fetched(id, list),
            ToMember::Begin(_) | ToMember::End => return Heard::End,
        }
    }
    Heard::Nothing
}
