//! A deployment, told to the ledger: that it begins, and what it comes to.

use super::call::{Method, Stumble};
use super::client::{Ledger, Request, Trouble};
use super::right::Right;
use evidence::{DeploymentId, DeploymentStarted, DeploymentState, Name, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the ledger answers.
#[derive(Deserialize)]
struct Receipt {
    id: DeploymentId,
}

impl Ledger {
    /// Announces a deployment. The same with the same instant again changes nothing.
    pub fn start(&mut self, started: &DeploymentStarted, at: Timestamp) -> Result<(), Trouble> {
        let path = format!("/v1/deployments/{}", started.id);
        self.tell(Method::Put, path, &started.id, &started.environment, body(started, at))
    }

    /// Tells what a deployment to that environment has come to. The same with the same instant again changes nothing.
    pub fn advance(
        &mut self,
        state: &DeploymentState,
        environment: &Name,
        at: Timestamp,
    ) -> Result<(), Trouble> {
        let path = format!("/v1/deployments/{}/events", state.id);
        self.tell(Method::Post, path, &state.id, environment, body(state, at))
    }

    fn tell(
        &mut self,
        method: Method,
        path: String,
        id: &DeploymentId,
        environment: &Name,
        body: String,
    ) -> Result<(), Trouble> {
        let request = Request { method, path, body, right: Right::Deploy(environment.clone()) };
        self.ask(&request, |answer, _| {
            matches!(answer.status, 200 | 201).then(|| {
                let Receipt { id: of } = answer.json()?;
                if of == *id {
                    return Ok(());
                }
                Err(Stumble::Cut(format!("the answer is about the deployment {of}"), None))
            })
        })
    }
}

/// The claim as the ledger takes it at the deployment's own address: its identity is there, and the instant is here.
fn body(claim: &impl Serialize, at: Timestamp) -> String {
    let mut body = serde_json::to_value(claim).unwrap_or_default();
    if let Value::Object(fields) = &mut body {
        fields.remove("id");
        fields.insert("occurred_at".to_owned(), at.to_string().into());
    }
    body.to_string()
}
