//! How far a run or a job is, and how it ended, in GitHub's words.

use evidence::{Conclusion, RunPhase};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error, StrDeserializer};

/// The phase that an action or a status names; none if the word is new to us.
fn phase(word: &str) -> Option<RunPhase> {
    Some(match word {
        "requested" => RunPhase::Requested,
        "queued" | "pending" | "waiting" => RunPhase::Queued,
        "in_progress" => RunPhase::InProgress,
        "completed" => RunPhase::Completed,
        _ => return None,
    })
}

/// How far it is. An event can say `requested` of a run that is at its end already, such as one that waits for an
/// approval of its fork's author: then the further of the two holds. None if neither word is known.
pub(super) fn reached(action: Option<&str>, status: &str) -> Option<RunPhase> {
    action.and_then(phase).max(phase(status))
}

/// How it ended. What has not ended has no conclusion, and neither has what ended in a word that is new to us.
pub(super) fn conclusion(phase: RunPhase, word: Option<&str>) -> Option<Conclusion> {
    let word = word.filter(|_| phase == RunPhase::Completed)?;
    let word: StrDeserializer<'_, Error> = word.into_deserializer();
    Conclusion::deserialize(word).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_further_word_holds() {
        assert_eq!(reached(Some("requested"), "queued"), Some(RunPhase::Queued));
        assert_eq!(reached(Some("requested"), "completed"), Some(RunPhase::Completed));
        assert_eq!(reached(Some("in_progress"), "queued"), Some(RunPhase::InProgress));
        assert_eq!(reached(None, "waiting"), Some(RunPhase::Queued));
        assert_eq!(reached(None, "pending"), Some(RunPhase::Queued));
        assert_eq!(reached(Some("teleported"), "in_progress"), Some(RunPhase::InProgress));
        assert_eq!(reached(Some("teleported"), "teleporting"), None);
    }

    #[test]
    fn only_what_ended_has_a_conclusion() {
        assert_eq!(conclusion(RunPhase::Completed, Some("timed_out")), Some(Conclusion::TimedOut));
        assert_eq!(
            conclusion(RunPhase::Completed, Some("startup_failure")),
            Some(Conclusion::StartupFailure)
        );
        assert_eq!(conclusion(RunPhase::InProgress, Some("success")), None);
        assert_eq!(conclusion(RunPhase::Completed, Some("splendid")), None);
        assert_eq!(conclusion(RunPhase::Completed, None), None);
    }
}
