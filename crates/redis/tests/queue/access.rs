//! A user that may do no more than has to be.

use std::time::Duration;

use freshen_core::queue::{NewTask, Queue, Settlement};
use freshen_testkit::servers::{Flavour, Server};

use super::{SPAN, pull, push, redis, task};

/// What the documentation of the crate says that a user of a queue has to be allowed.
fn documented() -> String {
    let documentation = include_str!("../../src/lib.rs");
    let mut lists =
        documentation.split("```text").skip(1).map(|rest| rest.split("```").next().expect("the text before"));
    let list = lists.find(|list| list.contains("+xadd")).expect("the documentation lists commands");
    list.replace("//!", "").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_user_that_may_do_what_the_documentation_lists_may_do_all_that_a_queue_needs() {
    for flavour in Flavour::ALL {
        let line = format!("app on >secret ~{{freshen:q:* -@all {}", documented());
        let server = Server::redis(flavour).user(&line).start().await;
        let process = || redis(server.url_of("app", "secret")).queue().visibility(SPAN).build().unwrap();
        let (queue, gone) = (process(), process());
        push(&queue, &[task("taken by one who is gone")]).await;
        assert!(gone.settle(&pull(&gone, 1).await[0].receipt, Settlement::Done).await.unwrap());
        drop(gone);
        let delayed = NewTask { delay: SPAN, ..task("delayed") };
        push(&queue, &[task("a"), task("b"), task("c"), task("d"), delayed]).await;
        let batch = pull(&queue, 3).await;
        let ends = [Settlement::Done, Settlement::RetryAfter(SPAN), Settlement::Quarantine("no".into())];
        for (delivery, settlement) in batch.iter().zip(ends) {
            assert!(queue.settle(&delivery.receipt, settlement).await.unwrap());
        }
        let id = queue.quarantined(1).await.unwrap()[0].id;
        assert!(queue.release(id).await.unwrap() && !queue.discard(id).await.unwrap());
        assert_eq!(queue.depth().await.unwrap().delayed, 2);
        let mut pulled = 0;
        while pulled < 4 + 4 {
            // Each comes again after the visibility.
            pulled += queue.pull(10, Duration::from_secs(30)).await.unwrap().len();
        }
    }
}

#[tokio::test]
async fn a_queue_is_found_behind_tls() {
    let server = Server::redis(Flavour::Valkey).tls().start().await;
    let roots = server.certificates().unwrap().authority();
    let redis = freshen_redis::Redis::builder(server.url()).roots(roots).open(freshen_core::Clock::runtime()).unwrap();
    let queue = redis.queue().build().unwrap();
    push(&queue, &[task("a")]).await;
    assert_eq!(pull(&queue, 1).await.len(), 1);
    assert!(queue.pull(1, SPAN).await.unwrap().is_empty(), "waiting needs a connection of its own");
}
