import type { Attempt, Cell } from '../api/types';
import { count } from '../format/count';
import { shortCommit } from '../format/identity';
import { Age } from '../ui/Age';
import { Digest } from '../ui/Digest';
import { Icon } from '../ui/Icon';
import { CellBadge } from '../ui/Status';
import { cellStatus, ending, unsuccessfulAttempt, type CellStatus } from './model';

const DEEDS: Record<CellStatus, string> = {
  running: 'deployed by',
  'rolled-back': 'rolled back by',
  failed: 'attempted by',
};

/** What one service has in one environment. */
export function BoardCell({ cell, service }: { cell: Cell; service: string }) {
  const status = cellStatus(cell);
  const attempt = unsuccessfulAttempt(cell);
  return (
    <div class={`entry entry-${status}`}>
      <p class="entry-head">
        <strong class="version">{cell.version}</strong>
        <CellBadge status={status} />
      </p>
      {status === 'failed' && (
        <p class="entry-note">Nothing runs here: no attempt has succeeded.</p>
      )}
      <dl class="facts">
        <div>
          <dt>Digest</dt>
          <dd>
            {cell.digest === null ? (
              <span class="muted">none, it is a process</span>
            ) : (
              <Digest digest={cell.digest} of={`${service} in ${cell.environment}`} />
            )}
          </dd>
        </div>
        <div>
          <dt>Commit</dt>
          <dd>
            <code title={cell.commit}>{shortCommit(cell.commit)}</code>{' '}
            <Distance behind={cell.commits_behind} />
          </dd>
        </div>
      </dl>
      <p class="deed">
        {DEEDS[status]} <b>{cell.actor}</b> <Age at={cell.since} />
      </p>
      {attempt !== null && <UnsuccessfulAttempt attempt={attempt} />}
      {cell.observed?.matches === false && <SeenElse cell={cell} service={service} />}
      {cell.incidents > 0 && (
        <p class="attempt attempt-bad">
          <Icon name="warning" />
          <span>{count(cell.incidents, 'open incident')}</span>
        </p>
      )}
    </div>
  );
}

function Distance({ behind }: { behind: number | null }) {
  if (behind === null) return <span class="muted">distance unknown</span>;
  if (behind === 0) return <span class="muted">newest</span>;
  return (
    <span class="behind" title={`${count(behind, 'commit')} behind the newest`}>
      {behind} behind
    </span>
  );
}

/** What answers is not what was deployed. */
function SeenElse({ cell, service }: { cell: Cell; service: string }) {
  const { observed } = cell;
  if (observed === null) return null;
  return (
    <p class="attempt attempt-bad">
      <Icon name="warning" />
      <span>
        Something else answers:{' '}
        {observed.digest === null ? (
          'another commit'
        ) : (
          <Digest
            digest={observed.digest}
            of={`what answers as ${service} in ${cell.environment}`}
          />
        )}
        , <Age at={observed.at} />
      </span>
    </p>
  );
}

function UnsuccessfulAttempt({ attempt }: { attempt: Attempt }) {
  return (
    <p class={`attempt attempt-${attempt.outcome === 'failure' ? 'bad' : 'notice'}`}>
      <Icon name="warning" />
      <span>
        Last attempt {ending(attempt)}:{' '}
        <code title={attempt.commit}>{shortCommit(attempt.commit)}</code>, <Age at={attempt.at} />
      </span>
    </p>
  );
}
