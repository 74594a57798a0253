//! How long a commit takes to production.

use super::cells::{cells, succeeded};
use super::stats::{median, share};
use super::{Counted, Row, Window, milliseconds};
use crate::store::{LinkRow, MeasuredDeployment};
use evidence::CommitSha;
use std::collections::{HashMap, HashSet};

/// Each commit's time and first parent.
type Lineage<'a> = HashMap<&'a CommitSha, &'a LinkRow>;

pub(super) fn measure(deployments: &[MeasuredDeployment], commits: &[LinkRow], window: Window) -> Counted {
    let lineage: Lineage<'_> = commits.iter().map(|link| (&link.commit, link)).collect();
    let (mut all, mut known) = (0, 0);
    let mut rows = Vec::new();
    let mut times = Vec::new();
    for cell in cells(deployments) {
        let mut before: Option<&CommitSha> = None;
        let mut brought = HashSet::new();
        for deployment in cell.into_iter().filter(|deployment| succeeded(deployment)) {
            let new = before
                .replace(&deployment.commit)
                .map(|before| between(&lineage, before, &deployment.commit));
            let inside = window.has(deployment.started_at);
            all += usize::from(inside);
            let Some(Some(new)) = new else { continue };
            known += usize::from(inside);
            for link in new {
                // What came back after a rollback came to production before.
                if !brought.insert(&link.commit) || !inside {
                    continue;
                }
                let end = deployment.ended_at.unwrap_or(deployment.started_at);
                let time = (end - link.at).max(0);
                times.push(time);
                rows.push(Row {
                    kind: "commit",
                    id: link.commit.to_string(),
                    at: end,
                    value: Some(milliseconds(time)),
                    note: format!("It came with the deployment {}.", deployment.id),
                    href: Some(format!("/v1/commits/{}", link.commit)),
                });
            }
        }
    }
    Counted {
        value: median(&times).map(milliseconds),
        n: times.len(),
        coverage: share(known, all),
        rows,
        ..Counted::default()
    }
}

/// The commits that one deployment brought after another; none if it is not known how the two hang together.
fn between<'a>(lineage: &Lineage<'a>, before: &CommitSha, after: &CommitSha) -> Option<Vec<&'a LinkRow>> {
    if let Some(new) = down_to(lineage, after, before) {
        return Some(new);
    }
    // It went back: nothing new came.
    down_to(lineage, before, after).map(|_| Vec::new())
}

/// The commits from one down to another, the other left out.
fn down_to<'a>(lineage: &Lineage<'a>, from: &CommitSha, to: &CommitSha) -> Option<Vec<&'a LinkRow>> {
    let mut passed = Vec::new();
    let mut next = from;
    // Longer than there are commits is a circle, which no git makes but anyone can claim.
    while next != to && passed.len() <= lineage.len() {
        let link = *lineage.get(next)?;
        passed.push(link);
        next = link.first_parent.as_ref()?;
    }
    (next == to).then_some(passed)
}

#[cfg(test)]
mod tests {
    use super::super::cells::tests::{ALWAYS, MINUTE, deployment};
    use super::*;
    use evidence::DeploymentMode::{Deploy, Rollback};
    use evidence::Outcome;

    fn link(number: u32, parent: Option<u32>, minute: i64) -> LinkRow {
        let sha = |number: u32| format!("{number:040x}").parse().unwrap();
        LinkRow {
            project: "shop".parse().unwrap(),
            commit: sha(number),
            at: minute * MINUTE,
            first_parent: parent.map(sha),
        }
    }

    #[test]
    fn each_commit_counts_once_with_the_deployment_that_brought_it() {
        let good = Some(Outcome::Success);
        let commits = [
            link(1, None, 0),
            link(2, Some(1), 10),
            link(3, Some(2), 15),
            link(4, Some(3), 50),
            link(9, Some(8), 60),
        ];
        let deployments = [
            // It has none before it, so what it brought is not known.
            deployment(5, Deploy, good, 1),
            deployment(18, Deploy, Some(Outcome::Failure), 3),
            // Ends at 20: 10 and 5 minutes after its commits.
            deployment(19, Deploy, good, 3),
            deployment(30, Rollback, good, 1),
            deployment(40, Deploy, good, 3),
            // Ends at 101: 51 minutes.
            deployment(100, Deploy, good, 4),
            // What lies between is not known.
            deployment(110, Deploy, good, 9),
        ];
        let counted = measure(&deployments, &commits, ALWAYS);
        assert_eq!((counted.value, counted.n), (Some(600_000.0), 3));
        assert_eq!(counted.coverage, Some(4.0 / 6.0));
        let last = Window { from: 90 * MINUTE, to: 105 * MINUTE };
        let counted = measure(&deployments, &commits, last);
        assert_eq!((counted.value, counted.n, counted.coverage), (Some(51.0 * 60_000.0), 1, Some(1.0)));
        assert_eq!(measure(&[], &commits, ALWAYS), Counted::default());
    }

    #[test]
    fn a_circle_ends() {
        let commits = [link(1, Some(2), 0), link(2, Some(1), 0)];
        let deployments = [
            deployment(1, Deploy, Some(Outcome::Success), 7),
            deployment(2, Deploy, Some(Outcome::Success), 1),
        ];
        assert_eq!(measure(&deployments, &commits, ALWAYS).n, 0);
    }
}
