import { Command } from '../ui/Command';

const TOKEN_COMMAND = 'portbook admin token create --project portbook --scope evidence:write';

/** A command that works as it stands within a git repository, once the token is in the environment. */
export function evidenceCommand(origin: string): string {
  return `curl --fail-with-body ${origin}/v1/evidence \\
  --header "Authorization: Bearer $PORTBOOK_TOKEN" \\
  --header "Content-Type: application/json" \\
  --data @- <<JSON
{"evidence": [{
  "schema": "portbook.evidence/v1",
  "project": "portbook",
  "occurred_at": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
  "claim": {
    "kind": "deployed",
    "service": "portbook",
    "environment": "dev",
    "commit": "$(git rev-parse HEAD)",
    "version": "0.1.0",
    "outcome": "success",
    "actor": "$(whoami)"
  }
}]}
JSON`;
}

/** What to do when nothing was ever deployed. */
export function Empty() {
  return (
    <div class="panel">
      <h3>Nothing is deployed yet</h3>
      <p>The board fills itself as soon as somebody reports a deployment. Two commands do it:</p>
      <ol class="steps">
        <li>
          <p>
            Create a token where the server runs, and keep it as <code>PORTBOOK_TOKEN</code>:
          </p>
          <Command text={TOKEN_COMMAND} label="command that creates a token" />
        </li>
        <li>
          <p>Report a deployment, within the repository that was deployed:</p>
          <Command
            text={evidenceCommand(location.origin)}
            label="command that reports a deployment"
          />
        </li>
      </ol>
      <p class="muted">This page looks for news every 5 seconds; there is no need to reload it.</p>
    </div>
  );
}
