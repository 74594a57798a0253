import type { ApiError } from '../api/client';
import { Command } from '../ui/Command';
import { Prose } from '../ui/Prose';

/** Shown when there has been no board at all so far. */
export function Unreachable({ error, onRetry }: { error: ApiError; onRetry: () => void }) {
  const closed = error.status === 401 || error.status === 403;
  return (
    <div class="panel panel-bad">
      <h2>{closed ? 'This board is not public' : 'The board cannot be read'}</h2>
      <p>
        <Prose text={error.message} />
      </p>
      {closed ? (
        <p>
          Whoever runs this server can open it to readers with{' '}
          <code>PORTBOOK_PUBLIC_BOARD=true</code>.
        </p>
      ) : (
        <>
          <p>The server says what it lacks here:</p>
          <Command
            text={`curl ${location.origin}/readyz`}
            label="command that asks for readiness"
          />
          <p class="muted">This page tries again every 5 seconds.</p>
        </>
      )}
      <button type="button" class="button" onClick={onRetry}>
        Try now
      </button>
    </div>
  );
}
