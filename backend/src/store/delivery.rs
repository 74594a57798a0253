//! Webhooks as they came.

use super::session::Param::{Int, Text};
use super::{Session, StoreError};
use sqlx::{Postgres, Row as _, Sqlite, Transaction};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// A delivery to keep.
#[derive(Clone, Copy, Debug)]
pub struct NewDelivery<'a> {
    /// Who sends it, such as `github`.
    pub source: &'a str,
    /// The sender's own name for it.
    pub guid: &'a str,
    /// The event's name.
    pub event: &'a str,
    /// What happened, of events that say it.
    pub action: Option<&'a str>,
    /// The repository, of events that are about one.
    pub repository_id: Option<i64>,
    /// When it came, in microseconds.
    pub received_at: i64,
    /// Its bytes.
    pub body: &'a [u8],
    /// Their SHA-256.
    pub body_sha256: &'a str,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion {
    /// It is new.
    New,
    /// It was there already, with the same body. One whose processing had failed is queued again.
    Duplicate,
    /// One of the same name is there, with another body.
    Conflict,
}

type Key<'a> = (&'a str, &'a str);

// One statement for all rows of a transaction: a round trip each would cost more than the rows do.
const POSTGRES_INSERT: &str = "INSERT INTO delivery \
     (source, guid, event, action, repository_id, received_at, next_attempt_at, body_sha256, body) \
     SELECT u.source, u.guid, u.event, u.action, u.repository_id, u.received_at, u.received_at, \
     u.body_sha256, u.body FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], \
     $6::bigint[], $7::text[], $8::bytea[]) AS \
     u (source, guid, event, action, repository_id, received_at, body_sha256, body) \
     ON CONFLICT (source, guid) DO NOTHING RETURNING source, guid";

const SQLITE_INSERT: &str = "INSERT INTO delivery \
     (source, guid, event, action, repository_id, received_at, next_attempt_at, body_sha256, body) \
     VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8) ON CONFLICT (source, guid) DO NOTHING";

const REQUEUE: &str = "UPDATE delivery SET state = 'pending', attempts = 0, next_attempt_at = $3, error = NULL \
     WHERE source = $1 AND guid = $2 AND state = 'failed' AND body IS NOT NULL";

impl Session {
    /// Keeps deliveries; answers what became of each, in their order.
    ///
    /// # Errors
    /// When the database refuses any of them; then none is kept.
    pub async fn insert_deliveries(
        &mut self,
        deliveries: &[NewDelivery<'_>],
    ) -> Result<Vec<Insertion>, StoreError> {
        // Of several that share a name only the first is offered to the database, always in the order of their names:
        // two transactions that wait for each other's names would otherwise be a deadlock.
        let mut first: HashMap<Key<'_>, &NewDelivery<'_>> = HashMap::with_capacity(deliveries.len());
        for delivery in deliveries {
            first.entry(delivery.key()).or_insert(delivery);
        }
        let mut offered: Vec<_> = first.values().copied().collect();
        offered.sort_unstable_by_key(|delivery| delivery.key());
        let mut inserted = match self {
            Self::Sqlite(tx) => insert_each(tx, &offered).await?,
            Self::Postgres(tx) => insert_at_once(tx, &offered).await?,
        };

        let mut insertions = Vec::with_capacity(deliveries.len());
        let mut kept: HashMap<Key<'_>, String> = HashMap::new();
        for delivery in deliveries {
            let key = delivery.key();
            let new = inserted.remove(&(key.0.to_owned(), key.1.to_owned()));
            let hash = match kept.entry(key) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) if new => entry.insert(delivery.body_sha256.to_owned()),
                Entry::Vacant(entry) => entry.insert(self.delivery_hash(delivery).await?),
            };
            if new {
                insertions.push(Insertion::New);
            } else if hash == delivery.body_sha256 {
                let params = [Text(delivery.source), Text(delivery.guid), Int(delivery.received_at)];
                self.execute(REQUEUE, &params).await?;
                insertions.push(Insertion::Duplicate);
            } else {
                insertions.push(Insertion::Conflict);
            }
        }
        Ok(insertions)
    }

    async fn delivery_hash(&mut self, delivery: &NewDelivery<'_>) -> Result<String, StoreError> {
        let sql = "SELECT body_sha256 FROM delivery WHERE source = $1 AND guid = $2";
        let rows = self.rows(sql, &[Text(delivery.source), Text(delivery.guid)]).await?;
        let row = rows.first().ok_or_else(|| StoreError::corrupt("a delivery is neither new nor there"))?;
        row.text(0)
    }
}

/// Answers which are new.
async fn insert_each(
    tx: &mut Transaction<'static, Sqlite>,
    deliveries: &[&NewDelivery<'_>],
) -> Result<HashSet<(String, String)>, StoreError> {
    let mut inserted = HashSet::with_capacity(deliveries.len());
    for delivery in deliveries {
        let insert = sqlx::query(SQLITE_INSERT)
            .bind(delivery.source)
            .bind(delivery.guid)
            .bind(delivery.event)
            .bind(delivery.action)
            .bind(delivery.repository_id)
            .bind(delivery.received_at)
            .bind(delivery.body_sha256)
            .bind(delivery.body);
        if insert.execute(&mut **tx).await?.rows_affected() == 1 {
            inserted.insert((delivery.source.to_owned(), delivery.guid.to_owned()));
        }
    }
    Ok(inserted)
}

/// Answers which are new.
async fn insert_at_once(
    tx: &mut Transaction<'static, Postgres>,
    deliveries: &[&NewDelivery<'_>],
) -> Result<HashSet<(String, String)>, StoreError> {
    fn column<'a, T>(deliveries: &[&NewDelivery<'a>], value: impl Fn(&NewDelivery<'a>) -> T) -> Vec<T> {
        deliveries.iter().map(|delivery| value(delivery)).collect()
    }
    let rows = sqlx::query(POSTGRES_INSERT)
        .bind(column(deliveries, |delivery| delivery.source))
        .bind(column(deliveries, |delivery| delivery.guid))
        .bind(column(deliveries, |delivery| delivery.event))
        .bind(column(deliveries, |delivery| delivery.action))
        .bind(column(deliveries, |delivery| delivery.repository_id))
        .bind(column(deliveries, |delivery| delivery.received_at))
        .bind(column(deliveries, |delivery| delivery.body_sha256))
        .bind(column(deliveries, |delivery| delivery.body))
        .fetch_all(&mut **tx)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

impl<'a> NewDelivery<'a> {
    fn key(&self) -> Key<'a> {
        (self.source, self.guid)
    }
}
