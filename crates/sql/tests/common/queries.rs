//! The queries that the tests read by.

use freshen_core::PolicyBuilder;
use freshen_sql::{Bulk, One, Query, Statement};
use serde::{Deserialize, Serialize};
use sqlx::Sqlite;

use super::{User, policy};

/// At most one row, tagged `user:ID`, 100 of them in one statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserById(pub i64);

fn users(users: &[UserById]) -> Statement<'_, Sqlite> {
    let ids: Vec<i64> = users.iter().map(|user| user.0).collect();
    let sql = "SELECT id, name, team FROM users WHERE id IN (SELECT value FROM json_each(?))";
    sqlx::query(sql).bind(serde_json::to_string(&ids).unwrap())
}

impl Query for UserById {
    type Database = Sqlite;
    type Rows = Option<User>;
    const NAME: &'static str = "user-by-id";
    const TABLES: &'static [&'static str] = &["users"];
    const BULK: Option<Bulk<Self>> = Some(Bulk { most: 100, statement: users, asked: |row| UserById(row.id) });

    fn statement(&self) -> Statement<'_, Sqlite> {
        users(std::slice::from_ref(self))
    }

    fn policy() -> PolicyBuilder {
        policy()
    }

    fn tags(&self, _rows: &Option<User>) -> Vec<String> {
        vec![format!("user:{}", self.0)]
    }
}

/// Many rows, in an order that is not that of their ids, tagged by each row; at most three.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Members {
    pub team: String,
}

impl Query for Members {
    type Database = Sqlite;
    type Rows = Vec<User>;
    const NAME: &'static str = "members";
    const TABLES: &'static [&'static str] = &["users", "teams"];
    const ROWS_MAX: usize = 3;

    fn statement(&self) -> Statement<'_, Sqlite> {
        let sql = "SELECT users.id, users.name, team FROM users JOIN teams ON team = teams.id WHERE teams.name = ? \
                   ORDER BY users.name DESC";
        sqlx::query(sql).bind(&self.team)
    }

    fn policy() -> PolicyBuilder {
        policy()
    }

    fn tags(&self, rows: &Vec<User>) -> Vec<String> {
        rows.iter().map(|user| format!("user:{}", user.id)).collect()
    }
}

pub fn members(team: &str) -> Members {
    Members { team: team.into() }
}

/// Exactly one row: a name, which is not there for every id, and there more than once for no id at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TeamName {
    pub id: Option<i64>,
}

impl Query for TeamName {
    type Database = Sqlite;
    type Rows = One<(String,)>;
    const NAME: &'static str = "team-name";
    const TABLES: &'static [&'static str] = &["teams"];

    fn statement(&self) -> Statement<'_, Sqlite> {
        sqlx::query("SELECT name FROM teams WHERE id = ? OR ?1 IS NULL").bind(self.id)
    }

    fn policy() -> PolicyBuilder {
        policy()
    }
}
