//! Work that one of several processes does at a time.

use super::session::Param::{Int, MaybeText, Text};
use super::{Session, StoreError};

impl Session {
    /// Takes a lease until that microsecond, or makes one's own last longer; answers what the work remembers, or
    /// none if somebody else has it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_lease(
        &mut self,
        name: &str,
        holder: &str,
        now: i64,
        until: i64,
    ) -> Result<Option<Option<String>>, StoreError> {
        let sql = "INSERT INTO poll_lease (name, holder, until) VALUES ($1, $2, $4) \
                   ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until \
                   WHERE poll_lease.until <= $3 OR poll_lease.holder = excluded.holder RETURNING memory";
        let rows = self.rows(sql, &[Text(name), Text(holder), Int(now), Int(until)]).await?;
        rows.first().map(|row| row.maybe_text(0)).transpose()
    }

    /// Has the work remember something; answers `false` if the lease is somebody else's by now, and then nothing
    /// of this transaction should be kept.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remember(&mut self, name: &str, holder: &str, memory: &str) -> Result<bool, StoreError> {
        let sql = "UPDATE poll_lease SET memory = $3 WHERE name = $1 AND holder = $2";
        Ok(self.execute(sql, &[Text(name), Text(holder), Text(memory)]).await? == 1)
    }

    /// Gives a lease back before its time; nothing happens if it is somebody else's by now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn release_lease(&mut self, name: &str, holder: &str) -> Result<(), StoreError> {
        let sql = "UPDATE poll_lease SET until = 0 WHERE name = $1 AND holder = $2";
        self.execute(sql, &[Text(name), Text(holder)]).await?;
        Ok(())
    }

    /// Takes a piece of work that is due, until that microsecond; then another may take it. Answers what the work
    /// remembers, or none if it is not due or somebody else's. Unlike a lease, nobody makes it last longer.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_due(
        &mut self,
        name: &str,
        holder: &str,
        now: i64,
        until: i64,
    ) -> Result<Option<Option<String>>, StoreError> {
        let sql = "INSERT INTO poll_lease (name, holder, until) VALUES ($1, $2, $4) \
                   ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until \
                   WHERE poll_lease.until <= $3 RETURNING memory";
        let rows = self.rows(sql, &[Text(name), Text(holder), Int(now), Int(until)]).await?;
        rows.first().map(|row| row.maybe_text(0)).transpose()
    }

    /// Puts off a piece of work that this holder has, and has it remember something. Answers `false` if somebody else
    /// has it by now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_off(
        &mut self,
        name: &str,
        holder: &str,
        until: i64,
        memory: Option<&str>,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE poll_lease SET until = $3, memory = $4 WHERE name = $1 AND holder = $2";
        Ok(self.execute(sql, &[Text(name), Text(holder), Int(until), MaybeText(memory)]).await? == 1)
    }
}
