import type { Board } from '../api/types';
import { count } from '../format/count';
import { BoardTable } from './BoardTable';
import { CommitTable } from './CommitTable';
import { Empty } from './Empty';
import { Freshness, StaleNotice } from './Freshness';
import { tally } from './model';
import { Unreachable } from './Unreachable';
import { useBoard } from './useBoard';

export function BoardPage() {
  const { board, confirmedAt, error, changes, pollNow } = useBoard();
  return (
    <>
      <div class="page-head">
        <h1>What runs where</h1>
        {board !== null && <Freshness version={board.version} stale={error !== null} />}
      </div>
      {board === null && error === null && <p class="loading">Reading the board…</p>}
      {board === null && error !== null && <Unreachable error={error} onRetry={pollNow} />}
      {error !== null && confirmedAt !== null && (
        <StaleNotice error={error} confirmedAt={confirmedAt} onRetry={pollNow} />
      )}
      {board !== null && <Sections board={board} changed={changes.cells} />}
    </>
  );
}

function Sections({ board, changed }: { board: Board; changed: ReadonlySet<string> }) {
  return (
    <>
      <section aria-labelledby="services-heading">
        <div class="section-head">
          <h2 id="services-heading">Services and environments</h2>
          {board.services.length > 0 && <p class="tally">{tallyText(board)}</p>}
        </div>
        {board.services.length === 0 ? <Empty /> : <BoardTable board={board} changed={changed} />}
      </section>
      <section aria-labelledby="commits-heading">
        <div class="section-head">
          <h2 id="commits-heading">Commits</h2>
          {board.commits.length > 0 && <p class="tally">the newest {board.commits.length}</p>}
        </div>
        {board.commits.length === 0 ? (
          <p class="none">No evidence speaks of a commit yet.</p>
        ) : (
          <CommitTable commits={board.commits} />
        )}
      </section>
    </>
  );
}

/** The board in one line; what needs somebody's eye is named only when it is there. */
export function tallyText(board: Board): string {
  const { running, rolledBack, failed, unsuccessful } = tally(board);
  const parts = [`${running} running`];
  if (rolledBack > 0) parts.push(`${rolledBack} rolled back`);
  if (failed > 0) parts.push(`${failed} failed`);
  if (unsuccessful > 0) parts.push(`${count(unsuccessful, 'unsuccessful attempt')} since`);
  return parts.join(' · ');
}
