import type { Board, Cell, Service } from '../api/types';
import { count } from '../format/count';
import { cellKey, cellStatus, ending, unsuccessfulAttempt } from './model';

/** What differs between two readings of the board. */
export interface Changes {
  /** The cells that say something new, by `cellKey`. */
  cells: ReadonlySet<string>;
  /** The changes as sentences, most telling first. */
  sentences: string[];
}

export const NO_CHANGES: Changes = { cells: new Set(), sentences: [] };

/** More than this many sentences in a row are noise to somebody who listens. */
const SPOKEN = 3;

export function changesBetween(before: Board, after: Board): Changes {
  const known = new Map(places(before).map(({ key, cell }) => [key, cell]));
  const cells = new Set<string>();
  const sentences: string[] = [];
  for (const { key, service, cell } of places(after)) {
    const old = known.get(key);
    if (old !== undefined && sameFacts(old, cell)) continue;
    cells.add(key);
    sentences.push(sentence(service, cell, old));
  }
  const seen = new Set(before.commits.map((commit) => commit.commit));
  const fresh = after.commits.filter((commit) => !seen.has(commit.commit)).length;
  if (fresh > 0) sentences.push(`${count(fresh, 'new commit')}.`);
  return { cells, sentences };
}

/** The changes as one announcement of bearable length. */
export function announcement({ sentences }: Changes): string {
  const rest = sentences.length - SPOKEN;
  const spoken = sentences.slice(0, SPOKEN);
  if (rest > 0) spoken.push(`And ${count(rest, 'other change')}.`);
  return spoken.join(' ');
}

function places(board: Board): { key: string; service: Service; cell: Cell }[] {
  return board.services.flatMap((service) =>
    service.cells.map((cell) => ({ key: cellKey(service, cell.environment), service, cell })),
  );
}

/** `commits_behind` grows with every commit, so a change of it alone is not news about the cell. */
function sameFacts(old: Cell, cell: Cell): boolean {
  return (
    old.evidence === cell.evidence &&
    old.last_attempt?.at === cell.last_attempt?.at &&
    old.incidents === cell.incidents &&
    old.observed?.matches === cell.observed?.matches
  );
}

function sentence(service: Service, cell: Cell, old: Cell | undefined): string {
  const place = `${service.name} in ${cell.environment}`;
  const attempt = unsuccessfulAttempt(cell);
  const attempted = old?.last_attempt?.at !== cell.last_attempt?.at;
  if (old?.evidence === cell.evidence && attempted && attempt !== null) {
    return `${place}: the last attempt ${ending(attempt)}, ${cell.version} still runs.`;
  }
  if (old?.evidence === cell.evidence && old.observed?.matches !== cell.observed?.matches) {
    return cell.observed?.matches === false
      ? `${place}: something else answers than ${cell.version}.`
      : `${place}: ${cell.version} answers.`;
  }
  if (old?.evidence === cell.evidence && old.incidents !== cell.incidents) {
    return `${place}: ${count(cell.incidents, 'open incident')}.`;
  }
  switch (cellStatus(cell)) {
    case 'failed':
      return `${place}: ${cell.version} failed, nothing runs.`;
    case 'rolled-back':
      return `${place} was rolled back to ${cell.version}.`;
    case 'running':
      return `${place} now runs ${cell.version}.`;
  }
}
