//! A write to a table outdates the reads of that table, and no other.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use common::queries::{Members, TeamName, UserById, members};
use common::{Stage, user};
use freshen_core::{Jobs, Rule, Status, Strength};
use freshen_sql::{Read, table};

/// A stage on which everything has been read.
async fn stage() -> Stage {
    let stage = Stage::new(Jobs::new().add::<Read<UserById>>().add::<Read<Members>>().add::<Read<TeamName>>()).await;
    assert_eq!(read_again(&stage).await, ["user 1", "user 3", "members red", "members blue", "team 1"]);
    stage
}

/// Reads everything, and says what of it was not a hit.
async fn read_again(stage: &Stage) -> Vec<&'static str> {
    let cache = &stage.cache;
    let status = [
        ("user 1", cache.get(&Read(UserById(1))).await.unwrap().status()),
        ("user 3", cache.get(&Read(UserById(3))).await.unwrap().status()),
        ("members red", cache.get(&Read(members("red"))).await.unwrap().status()),
        ("members blue", cache.get(&Read(members("blue"))).await.unwrap().status()),
        ("team 1", cache.get(&Read(TeamName { id: Some(1) })).await.unwrap().status()),
    ];
    status.into_iter().filter(|(_, status)| *status != Status::Hit).map(|(name, _)| name).collect()
}

#[tokio::test]
async fn a_tables_tag_outdates_every_read_of_it_and_no_other() {
    let stage = stage().await;
    stage.cache.invalidate_tag(&table("users"), Strength::Hard).await.unwrap();
    assert_eq!(read_again(&stage).await, ["user 1", "user 3", "members red", "members blue"]);
    stage.cache.invalidate_tag(&table("teams"), Strength::Hard).await.unwrap();
    assert_eq!(read_again(&stage).await, ["members red", "members blue", "team 1"]);
    stage.cache.invalidate_tag(&table("user"), Strength::Hard).await.unwrap();
    assert_eq!(read_again(&stage).await, [""; 0]);
}

#[tokio::test]
async fn a_tag_of_the_querys_own_outdates_what_that_row_is_in() {
    let stage = stage().await;
    stage.cache.invalidate_tag("user:1", Strength::Hard).await.unwrap();
    assert_eq!(read_again(&stage).await, ["user 1", "members red"]);
}

#[tokio::test]
async fn a_row_that_was_absent_is_outdated_by_its_table_too() {
    let stage = stage().await;
    assert_eq!(*stage.cache.get(&Read(UserById(4))).await.unwrap(), None);
    stage.write("INSERT INTO users VALUES (4, 'dan', 2)").await;
    stage.cache.invalidate_tag(&table("users"), Strength::Hard).await.unwrap();
    assert_eq!(*stage.cache.get(&Read(UserById(4))).await.unwrap(), Some(user(4, "dan", 2)));
}

#[tokio::test]
async fn softly_outdated_rows_are_served_while_they_are_read_again_and_hard_outdated_ones_are_not() {
    let mut stage = stage().await;
    stage.write("UPDATE users SET name = 'anna' WHERE id = 1").await;
    stage.cache.invalidate_tag(&table("users"), Strength::Soft).await.unwrap();
    let soft = stage.cache.get(&Read(UserById(1))).await.unwrap();
    assert_eq!((&*soft, soft.rule()), (&Some(user(1, "ann", 1)), Rule::Invalidated));
    stage.task_end().await;
    assert_eq!(*stage.cache.get(&Read(UserById(1))).await.unwrap(), Some(user(1, "anna", 1)));
    stage.write("UPDATE users SET name = 'ann' WHERE id = 1").await;
    stage.cache.invalidate_tag(&table("users"), Strength::Hard).await.unwrap();
    let hard = stage.cache.get(&Read(UserById(1))).await.unwrap();
    assert_eq!((&*hard, hard.rule()), (&Some(user(1, "ann", 1)), Rule::InvalidatedHard));
}

/// A request writes in a transaction, and somebody reads meanwhile. What is not committed reaches nobody; what was
/// invalidated too early is read as it still is, so the invalidation comes after the commit.
#[tokio::test]
async fn what_is_not_committed_is_not_read_and_the_invalidation_belongs_after_the_commit() {
    let stage = stage().await;
    let mut writer = stage.writer().await;
    let mut transaction = sqlx::Connection::begin(&mut *writer).await.unwrap();
    sqlx::query("UPDATE users SET name = 'anna' WHERE id = 1").execute(&mut *transaction).await.unwrap();
    stage.cache.invalidate_tag(&table("users"), Strength::Hard).await.unwrap();
    assert_eq!(*stage.cache.get(&Read(UserById(1))).await.unwrap(), Some(user(1, "ann", 1)));
    transaction.commit().await.unwrap();
    let still = stage.cache.get(&Read(UserById(1))).await.unwrap();
    assert_eq!((&*still, still.status()), (&Some(user(1, "ann", 1)), Status::Hit));
    stage.cache.invalidate_tag(&table("users"), Strength::Hard).await.unwrap();
    assert_eq!(*stage.cache.get(&Read(UserById(1))).await.unwrap(), Some(user(1, "anna", 1)));
}
