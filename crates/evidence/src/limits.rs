//! What the types of a claim cannot express: lengths, and numbers that not every JSON reader keeps.

use crate::Claim;
use crate::document::LARGEST_INTEGER;

/// Collects wrong fields.
struct Limits(Vec<(String, String)>);

impl Claim {
    /// Every impossible field as a path below the claim, such as `jobs/0/milliseconds`, with what was expected.
    pub(crate) fn violations(&self) -> Vec<(String, String)> {
        let mut limits = Limits(Vec::new());
        limits.check(self);
        limits.0
    }
}

impl Limits {
    fn text(&mut self, field: impl Into<String>, value: &str, most: usize) {
        let length = value.chars().count();
        if length == 0 || length > most {
            self.0.push((field.into(), format!("expected 1 to {most} characters, got {length}")));
        } else if value.contains('\0') {
            self.0.push((field.into(), "expected text without the character U+0000".to_owned()));
        }
    }

    fn maybe_text(&mut self, field: &str, value: Option<&String>, most: usize) {
        if let Some(value) = value {
            self.text(field, value, most);
        }
    }

    fn number(&mut self, field: impl Into<String>, value: u64) {
        if value > LARGEST_INTEGER {
            self.0.push((field.into(), format!("expected at most {LARGEST_INTEGER}")));
        }
    }

    fn check(&mut self, claim: &Claim) {
        match claim {
            Claim::Commit { subject, author, .. } => {
                self.text("subject", subject, 200);
                self.text("author", author, 100);
            }
            Claim::CiVerdict { jobs, .. } => {
                for (index, job) in jobs.iter().enumerate() {
                    self.number(format!("jobs/{index}/milliseconds"), job.milliseconds);
                }
            }
            Claim::ImageBuilt { platforms, size_bytes, milliseconds, schema_range, .. } => {
                for (index, platform) in platforms.iter().enumerate() {
                    self.text(format!("platforms/{index}"), platform, 100);
                }
                self.number("size_bytes", *size_bytes);
                self.number("milliseconds", milliseconds.unwrap_or_default());
                if let Some(range) = schema_range {
                    self.number("schema_range/max", range.max);
                    if range.min > range.max {
                        let detail = format!("expected at most max, which is {}", range.max);
                        self.0.push(("schema_range/min".to_owned(), detail));
                    }
                }
            }
            Claim::Smoke { .. } => {}
            Claim::Published { repository, .. } => self.text("repository", repository, 255),
            Claim::Deployed { version, actor, reference, milliseconds, break_glass, .. } => {
                self.text("version", version, 128);
                self.text("actor", actor, 100);
                self.maybe_text("reference", reference.as_ref(), 400);
                self.number("milliseconds", milliseconds.unwrap_or_default());
                self.maybe_text("break_glass", break_glass.as_ref(), 500);
            }
            Claim::RolledBack { version, actor, .. } => {
                self.text("version", version, 128);
                self.text("actor", actor, 100);
            }
            Claim::DeploymentStarted(started) => {
                self.text("version", &started.version, 128);
                self.text("actor", &started.actor, 100);
                self.maybe_text("reference", started.reference.as_ref(), 400);
            }
            Claim::DeploymentState(state) => {
                self.maybe_text("detail", state.detail.as_ref(), 2000);
                if state.sequence == 0 {
                    self.0.push(("sequence".to_owned(), "expected at least 1".to_owned()));
                }
            }
            Claim::TagObserved(observed) => self.text("repository", &observed.repository, 255),
            Claim::RuntimeObserved(observed) => {
                self.maybe_text("version", observed.version.as_ref(), 128);
                self.number("schema_version", observed.schema_version.unwrap_or_default());
                self.number("schema_floor", observed.schema_floor.unwrap_or_default());
            }
            github => self.check_github(github),
        }
    }

    fn check_github(&mut self, claim: &Claim) {
        match claim {
            Claim::CiRun(run) => {
                self.number("repository_id", run.repository_id);
                self.number("run_id", run.run_id);
                self.text("workflow", &run.workflow, 400);
                self.text("event", &run.event, 100);
                self.maybe_text("branch", run.branch.as_ref(), 255);
            }
            Claim::CiRunJob(job) => {
                self.number("repository_id", job.repository_id);
                self.number("run_id", job.run_id);
                self.number("job_id", job.job_id);
                self.text("name", &job.name, 400);
            }
            Claim::RefMoved(moved) => {
                self.number("repository_id", moved.repository_id);
                self.text("reference", &moved.reference, 400);
                for (index, commit) in moved.commits.iter().enumerate() {
                    self.text(format!("commits/{index}/subject"), &commit.subject, 200);
                    self.text(format!("commits/{index}/author"), &commit.author, 100);
                }
            }
            Claim::PullRequest(pull) => {
                self.number("repository_id", pull.repository_id);
                self.number("number", pull.number);
                self.text("title", &pull.title, 200);
                self.text("author", &pull.author, 100);
                self.text("base", &pull.base, 255);
            }
            Claim::GithubDeployment(deployment) => {
                self.number("repository_id", deployment.repository_id);
                self.number("deployment_id", deployment.deployment_id);
                self.number("status_id", deployment.status_id);
                self.text("environment", &deployment.environment, 255);
                self.text("state", &deployment.state, 100);
                self.text("actor", &deployment.actor, 100);
            }
            Claim::RepositoryNamed(named) => {
                self.number("repository_id", named.repository_id);
                self.number("owner_id", named.owner_id);
                self.text("full_name", &named.full_name, 255);
                self.text("default_branch", &named.default_branch, 255);
            }
            _ => {}
        }
    }
}
