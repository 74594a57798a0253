import type { ApiError } from '../api/client';
import { age, fullTime } from '../format/age';
import { useNow } from '../ui/clock';
import { Icon } from '../ui/Icon';
import { Prose } from '../ui/Prose';

/** Where the board comes from, and whether it still holds. */
export function Freshness({ version, stale }: { version: number; stale: boolean }) {
  return (
    <p class="freshness">
      {stale ? (
        <span class="status status-bad">
          <Icon name="warning" />
          Not up to date
        </span>
      ) : (
        <span class="status status-good">
          <Icon name="check" />
          Up to date
        </span>
      )}
      <span>version {version}</span>
    </p>
  );
}

interface StaleProps {
  error: ApiError;
  confirmedAt: number;
  onRetry: () => void;
}

/** Says that the board shown is an old one, how old, and why. */
export function StaleNotice({ error, confirmedAt, onRetry }: StaleProps) {
  const now = useNow();
  return (
    <div class="notice notice-bad">
      <Icon name="warning" />
      <p>
        <strong>The board could not be read.</strong> <Prose text={error.message} /> Shown is what
        the server last confirmed{' '}
        <time dateTime={new Date(confirmedAt).toISOString()} title={fullTime(confirmedAt)}>
          {age(confirmedAt, Math.max(now, confirmedAt))}
        </time>
        .
      </p>
      <button type="button" class="button" onClick={onRetry}>
        Try now
      </button>
    </div>
  );
}
