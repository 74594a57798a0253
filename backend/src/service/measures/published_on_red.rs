//! What was published without green CI, of the last merges.

use super::stats::share;
use super::{Counted, Row, Window};
use crate::store::{Key, MergeRow, Session, StoreError};
use evidence::Name;
use evidence::rules::{CiFact, PublicationFact, published_without_green_ci};

/// How many merges are looked at.
const MERGES: i64 = 20;

/// A merge with what is known of its commit.
pub(super) struct Merge {
    pub row: MergeRow,
    pub publications: Vec<PublicationFact>,
    pub ci: Vec<CiFact>,
}

pub(super) async fn read(
    session: &mut Session,
    project: &Name,
    window: Window,
) -> Result<Counted, StoreError> {
    let merges = session.last_merges(project, window.to, MERGES).await?;
    let key = |row: &MergeRow| (project.to_string(), row.commit.to_string());
    let keys: Vec<Key> = merges.iter().map(key).collect();
    let mut publications = session.publications_of_commits(&keys).await?;
    let mut ci = session.ci_facts(&keys).await?;
    let merges: Vec<_> = merges
        .into_iter()
        .map(|row| Merge {
            publications: publications.remove(&key(&row)).unwrap_or_default(),
            ci: ci.remove(&key(&row)).unwrap_or_default(),
            row,
        })
        .collect();
    Ok(measure(&merges))
}

pub(super) fn measure(merges: &[Merge]) -> Counted {
    let mut counted = Counted { n: merges.len(), ..Counted::default() };
    let mut red = 0;
    for merge in merges {
        let breach = merge.publications.iter().find_map(|fact| published_without_green_ci(fact, &merge.ci));
        red += usize::from(breach.is_some());
        let note = match &breach {
            Some(finding) => finding.message.clone(),
            None if merge.publications.is_empty() => "It was not published.".to_owned(),
            None => "It was published on green.".to_owned(),
        };
        counted.rows.push(Row {
            kind: "commit",
            id: merge.row.commit.to_string(),
            at: merge.row.at,
            value: Some(if breach.is_some() { 1.0 } else { 0.0 }),
            note,
            href: Some(format!("/v1/commits/{}", merge.row.commit)),
        });
    }
    counted.value = (!merges.is_empty()).then_some(red as f64);
    counted.coverage = share(merges.iter().filter(|merge| !merge.ci.is_empty()).count(), merges.len());
    counted.from = merges.iter().map(|merge| merge.row.at).min();
    counted
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::Outcome;

    fn merge(number: u32, published_at: Option<i64>, ci: &[(i64, Outcome)]) -> Merge {
        let commit: evidence::CommitSha = format!("{number:040x}").parse().unwrap();
        let publication = published_at.map(|at| PublicationFact {
            repository: "r".to_owned(),
            tags: vec!["latest".parse().unwrap()],
            digest: evidence::Digest::of(b""),
            commit: commit.clone(),
            at,
            evidence: "p".to_owned(),
        });
        let fact = |(at, outcome): &(i64, Outcome)| CiFact {
            outcome: *outcome,
            concluded_at: *at,
            evidence: format!("c{at}"),
        };
        Merge {
            row: MergeRow { commit, at: i64::from(number) },
            publications: publication.into_iter().collect(),
            ci: ci.iter().map(fact).collect(),
        }
    }

    #[test]
    fn a_green_rerun_does_not_undo_a_red_publication_and_no_verdict_is_not_green() {
        let merges = [
            merge(1, Some(10), &[(5, Outcome::Success)]),
            merge(2, Some(10), &[(5, Outcome::Failure), (20, Outcome::Success)]),
            merge(3, Some(10), &[]),
            merge(4, None, &[(5, Outcome::Failure)]),
        ];
        let counted = measure(&merges);
        assert_eq!((counted.value, counted.n, counted.coverage), (Some(2.0), 4, Some(0.75)));
        assert_eq!((counted.rows.len(), counted.from), (4, Some(1)));
        assert_eq!(measure(&[]), Counted::default());
    }
}
