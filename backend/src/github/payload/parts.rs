//! What several payloads are made of.

use crate::github::text::NOTHING;
use evidence::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use time::OffsetDateTime;

/// The largest integer that every JSON reader keeps exactly, 2^53 - 1. GitHub's ids stay below it.
const LARGEST_ID: u64 = (1 << 53) - 1;

/// A JSON object. serde's own structs would also take a list of their fields' values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::github) struct Object<T>(pub T);

impl<T> Deref for Object<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Read(PhantomData))
    }
}

/// One of GitHub's numeric ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::github) struct Id(pub u64);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            id if id <= LARGEST_ID => Ok(Self(id)),
            id => Err(D::Error::custom(format!("{id} is no id: expected at most {LARGEST_ID}"))),
        }
    }
}

/// An instant: RFC 3339, or seconds since 1970, which is how `push` writes those of its repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::github) struct Instant(pub Timestamp);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Instant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 instant or seconds since 1970")
            }

            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Instant, E> {
                let instant = OffsetDateTime::from_unix_timestamp(seconds).ok();
                let instant = instant.and_then(Timestamp::from_instant);
                instant
                    .map(Instant)
                    .ok_or_else(|| E::custom(format!("{seconds} is past the year 9999 or before 1970")))
            }

            fn visit_u64<E: Error>(self, seconds: u64) -> Result<Instant, E> {
                self.visit_i64(i64::try_from(seconds).unwrap_or(i64::MAX))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Instant, E> {
                text.parse().map(Instant).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// What every event may have.
#[derive(Debug, Deserialize)]
pub(in crate::github) struct Envelope {
    pub action: Option<String>,
    pub repository: Option<Object<RepositoryId>>,
}

/// A repository of which only the id matters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(in crate::github) struct RepositoryId {
    pub id: Id,
}

/// An account.
#[derive(Debug, Deserialize)]
pub(in crate::github) struct Account {
    pub login: String,
}

/// Who did it. GitHub says null for an account that is no more, and shows it as `ghost`.
pub(in crate::github) fn login(account: Option<&Object<Account>>) -> &str {
    match account.map(|account| account.login.as_str()) {
        None => "ghost",
        Some("") => NOTHING,
        Some(login) => login,
    }
}
