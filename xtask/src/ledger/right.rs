//! What is done with the ledger, and the scope of a token that it needs.

use evidence::Name;

/// What is done with the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// Evidence is added.
    Write,
    /// What it knows is read, for a deployment to this environment. Where its board is public nobody has to say who asks.
    Read(Name),
    /// A deployment to this environment is told.
    Deploy(Name),
}

impl Right {
    /// The scope that it needs.
    pub fn scope(&self) -> String {
        match self {
            Self::Write => "evidence:write".to_owned(),
            Self::Read(_) => "read".to_owned(),
            Self::Deploy(environment) => format!("deploy:write:{environment}"),
        }
    }

    /// The command that makes a token for it. Who deploys reads, tells and writes with one token, so it gets all three.
    pub fn command(&self, project: &Name) -> String {
        let scopes = match self {
            Self::Write => "--scope evidence:write".to_owned(),
            Self::Read(environment) | Self::Deploy(environment) => {
                format!("--scope read --scope evidence:write --scope deploy:write:{environment}")
            }
        };
        format!("portbook admin token create --project {project} {scopes}, and set PORTBOOK_TOKEN")
    }
}
