//! What an environment remembers of itself: who deploys, what runs, what ran before, what must not come back.
//!
//! One document, kept where the environment is and changed by compare-and-swap, so that it holds for everybody who
//! deploys there, from wherever. All changes are pure functions; all instants are milliseconds since 1970 by the
//! target's own clock.

use super::image::Pinned;
use evidence::{CommitSha, DeploymentId, DeploymentMode, DeploymentPhase, Digest, ImageRef, SchemaRange};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// More versions than anybody goes back to.
const MOST_PREVIOUS: usize = 20;

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Document {
    /// The number of the last lock: each lock has a higher one than all before it.
    pub fence: u64,
    /// Who deploys at present.
    pub lock: Option<Lock>,
    /// What automation does not bring back.
    pub hold: Option<Hold>,
    /// What was last observed healthy.
    pub running: Option<Ran>,
    /// What was observed healthy before, the last first.
    pub previous: Vec<Ran>,
    /// What the database is at, as the last deployment saw it.
    pub database: Option<Database>,
    /// What is being deployed; where nobody holds the lock, what was interrupted.
    pub deploying: Option<Deploying>,
}

/// Somebody's right to change the environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    /// Its number.
    pub fence: u64,
    /// Who holds it, for people.
    pub holder: String,
    /// Where the run that holds it is looked at, if it is one.
    #[serde(default)]
    pub run: Option<String>,
    /// The process that holds it.
    pub process: Process,
    /// Since when.
    pub since: i64,
    /// Until when, unless it is renewed.
    pub expires: i64,
}

/// A process, such that another one on the same machine can tell whether it still lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The machine since it was last started, and the name space of its process numbers; empty where that cannot be told.
    pub world: String,
    /// Its number.
    pub pid: u32,
    /// When it began, in the kernel's own count.
    pub began: u64,
}

/// That a digest was taken back by a rollback.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hold {
    /// The digest.
    pub digest: Digest,
    /// How people call it.
    pub version: String,
    /// Who took it back.
    pub by: String,
    /// Why, where that was said.
    #[serde(default)]
    pub reason: Option<String>,
    /// When.
    pub since: i64,
}

/// A database's schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// The newest migration that it has.
    pub schema: u64,
    /// The newest contract step that it has; 0 if none.
    pub floor: u64,
}

/// A version that was observed healthy here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ran {
    /// Registry and repository.
    #[serde(with = "text")]
    pub repository: ImageRef,
    /// The digest.
    pub digest: Digest,
    /// The reference that it was asked for by, if by one.
    #[serde(default, with = "maybe_text")]
    pub reference: Option<ImageRef>,
    /// The commit.
    pub commit: CommitSha,
    /// How people call it.
    pub version: String,
    /// The schemas that it can run on, where it says so.
    #[serde(default)]
    pub schema: Option<SchemaRange>,
    /// The deployment that brought it.
    pub deployment: DeploymentId,
    /// When it was observed healthy.
    pub at: i64,
}

/// A deployment under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deploying {
    /// The lock that it is done under.
    pub fence: u64,
    /// What shall run. Its `at` is when the deployment began.
    pub to: Ran,
    /// Why.
    pub mode: DeploymentMode,
    /// How far it has come.
    pub phase: DeploymentPhase,
}

/// Who wants the lock.
#[derive(Clone, Debug)]
pub struct Holder {
    /// For people.
    pub name: String,
    /// Where its run is looked at.
    pub run: Option<String>,
    /// The process.
    pub process: Process,
}

/// That a lock is no longer held.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    /// The fence that was held.
    pub fence: u64,
    /// Who holds it now, if anybody does.
    pub now: Option<Lock>,
}

impl Ran {
    /// The image that it is.
    pub fn image(&self) -> Pinned {
        Pinned {
            repository: self.repository.clone(),
            digest: self.digest.clone(),
            reference: self.reference.clone(),
            commit: self.commit.clone(),
            version: self.version.clone(),
            schema: self.schema,
        }
    }

    /// An image as what a deployment brought.
    pub fn of(image: &Pinned, deployment: &DeploymentId, at: i64) -> Self {
        let Pinned { repository, digest, reference, commit, version, schema } = image.clone();
        Self { repository, digest, reference, commit, version, schema, deployment: deployment.clone(), at }
    }
}

impl Lock {
    /// Whether it stands in the way of others. `lives` tells of a process of this machine whether it is there, and
    /// nothing of others.
    pub fn stands(&self, now: i64, lives: impl Fn(&Process) -> Option<bool>) -> bool {
        now < self.expires && lives(&self.process) != Some(false)
    }
}

impl Document {
    /// The document with the lock taken, unless somebody has it.
    ///
    /// # Errors
    /// The lock that stands in the way.
    pub fn acquired(
        &self,
        holder: &Holder,
        now: i64,
        time: Duration,
        lives: impl Fn(&Process) -> Option<bool>,
    ) -> Result<Self, Lock> {
        if let Some(lock) = self.lock.as_ref().filter(|lock| lock.stands(now, lives)) {
            return Err(lock.clone());
        }
        let fence = self.fence + 1;
        let lock = Lock {
            fence,
            holder: holder.name.clone(),
            run: holder.run.clone(),
            process: holder.process.clone(),
            since: now,
            expires: now + millis(time),
        };
        Ok(Self { fence, lock: Some(lock), ..self.clone() })
    }

    /// That the lock of this fence is still the one. An expired one that nobody else took is.
    ///
    /// # Errors
    /// When it is not.
    pub fn held(&self, fence: u64) -> Result<(), Lost> {
        match &self.lock {
            Some(lock) if lock.fence == fence => Ok(()),
            now => Err(Lost { fence, now: now.clone() }),
        }
    }

    /// The document with a lock that lasts longer.
    ///
    /// # Errors
    /// When it is no longer held.
    pub fn renewed(&self, fence: u64, now: i64, time: Duration) -> Result<Self, Lost> {
        self.held(fence)?;
        let mut next = self.clone();
        if let Some(lock) = &mut next.lock {
            lock.expires = now + millis(time);
        }
        Ok(next)
    }

    /// The document without a lock.
    #[must_use]
    pub fn released(&self) -> Self {
        Self { lock: None, ..self.clone() }
    }

    /// The document with a version that was observed healthy. What ran until then can be gone back to, unless this is
    /// such a going back.
    #[must_use]
    pub fn ran(&self, version: Ran, back: bool) -> Self {
        let mut previous = self.previous.clone();
        if let Some(running) = self.running.clone().filter(|_| !back) {
            previous.insert(0, running);
        }
        previous.retain(|it| it.digest != version.digest);
        let mut seen = std::collections::BTreeSet::new();
        previous.retain(|it| seen.insert(it.digest.to_string()));
        previous.truncate(MOST_PREVIOUS);
        Self { running: Some(version), previous, ..self.clone() }
    }

    /// Whether a digest is on hold.
    pub fn held_back(&self, digest: &Digest) -> Option<&Hold> {
        self.hold.as_ref().filter(|hold| hold.digest == *digest)
    }

    /// A version that ran here: what runs, or what ran before.
    pub fn known(&self, digest: &Digest) -> Option<&Ran> {
        self.running.iter().chain(&self.previous).find(|it| it.digest == *digest)
    }
}

/// A reference as its text.
mod text {
    use evidence::ImageRef;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(image: &ImageRef, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(image)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ImageRef, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// The same where there may be none.
mod maybe_text {
    use evidence::ImageRef;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(image: &Option<ImageRef>, to: S) -> Result<S::Ok, S::Error> {
        image.as_ref().map(ToString::to_string).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ImageRef>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse()).transpose().map_err(D::Error::custom)
    }
}

/// A span in milliseconds.
pub fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(name: &str) -> Holder {
        let process = Process { world: "here".to_owned(), pid: 1, began: 1 };
        Holder { name: name.to_owned(), run: None, process }
    }

    fn ran(text: &str) -> Ran {
        Ran {
            repository: "r.example/app".parse().unwrap(),
            digest: Digest::of(text.as_bytes()),
            reference: None,
            commit: "a".repeat(40).parse().unwrap(),
            version: text.to_owned(),
            schema: None,
            deployment: DeploymentId::of_evidence(&"a".repeat(64)),
            at: 0,
        }
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn one_holds_the_lock_until_it_expires_dies_or_is_released() {
        let free = Document::default();
        let one = free.acquired(&holder("one"), 1000, MINUTE, |_| None).unwrap();
        assert_eq!(one.acquired(&holder("two"), 60_999, MINUTE, |_| None).unwrap_err().holder, "one");
        assert_eq!(one.acquired(&holder("two"), 2000, MINUTE, |_| Some(true)).unwrap_err().fence, 1);
        for (now, lives) in [(61_000, None), (61_000, Some(true)), (2000, Some(false))] {
            let two = one.acquired(&holder("two"), now, MINUTE, |_| lives).unwrap();
            assert_eq!((two.fence, two.held(2)), (2, Ok(())));
            let lost = two.renewed(1, now, MINUTE).unwrap_err();
            assert_eq!(lost.now.unwrap().holder, "two");
        }
        assert_eq!(one.released().acquired(&holder("two"), 1001, MINUTE, |_| None).unwrap().fence, 2);
    }

    #[test]
    fn an_expired_lock_that_nobody_took_can_be_renewed() {
        let one = Document::default().acquired(&holder("one"), 0, MINUTE, |_| None).unwrap();
        let later = one.renewed(1, 500_000, MINUTE).unwrap();
        assert_eq!(later.lock.unwrap().expires, 560_000);
        assert!(one.released().renewed(1, 0, MINUTE).is_err());
    }

    #[test]
    fn what_ran_before_is_kept_once_and_going_back_takes_nothing_along() {
        let document =
            ["a", "b", "a", "c"].into_iter().fold(Document::default(), |d, v| d.ran(ran(v), false));
        let versions = |d: &Document| d.previous.iter().map(|it| it.version.clone()).collect::<Vec<_>>();
        assert_eq!(versions(&document), ["a", "b"]);
        let back = document.ran(ran("a"), true);
        assert_eq!(
            (back.running.as_ref().unwrap().version.as_str(), versions(&back)),
            ("a", vec!["b".to_owned()])
        );
        let many = (0..30).fold(Document::default(), |d, n| d.ran(ran(&n.to_string()), false));
        assert_eq!(many.previous.len(), MOST_PREVIOUS);
    }

    #[test]
    fn a_document_of_an_older_program_is_read() {
        assert_eq!(serde_json::from_str::<Document>("{}").unwrap(), Document::default());
    }
}
