import { describe, expect, it } from 'vitest';
import { announcement, changesBetween } from '../src/board/changes';
import {
  cellKey,
  cellStatus,
  rows,
  spansProjects,
  tally,
  unsuccessfulAttempt,
} from '../src/board/model';
import { board, cell, commit, COMMIT, service } from './samples';

const attempt = { outcome: 'failure', commit: COMMIT, at: '2026-01-03T00:00:00Z' } as const;

describe('rows', () => {
  it('are sorted by project and name, numbers by value', () => {
    const services = ['api-10', 'api-2', 'web'].map((name) => service(name));
    services.push({ project: 'another', name: 'zeta', cells: [] });
    const names = rows(board({ services })).map((row) => row.name);
    expect(names).toEqual(['zeta', 'api-2', 'api-10', 'web']);
  });

  it('leave the board as it was', () => {
    const given = board({ services: [service('b'), service('a')] });
    rows(given);
    expect(given.services.map((each) => each.name)).toEqual(['b', 'a']);
  });

  it('have a cell per environment in the order of the board, null where there is none', () => {
    const prod = cell({ environment: 'prod' });
    const [row] = rows(board({ services: [service('portbook', prod)] }));
    expect(row?.cells).toEqual([null, prod]);
  });

  it('are none on an empty board', () => {
    expect(rows(board({ services: [], environments: [] }))).toEqual([]);
  });
});

describe('a cell', () => {
  it('is running, rolled back or failed', () => {
    expect(cellStatus(cell())).toBe('running');
    expect(cellStatus(cell({ kind: 'rollback' }))).toBe('rolled-back');
    expect(cellStatus(cell({ state: 'failed' }))).toBe('failed');
  });

  it('warns of a later attempt only where something runs', () => {
    expect(unsuccessfulAttempt(cell())).toBeNull();
    expect(unsuccessfulAttempt(cell({ last_attempt: attempt }))).toEqual(attempt);
    expect(unsuccessfulAttempt(cell({ state: 'failed', last_attempt: attempt }))).toBeNull();
  });

  it('is counted once by its status, and once more for its attempt', () => {
    const cells = [
      cell({ last_attempt: attempt }),
      cell({ environment: 'test', kind: 'rollback' }),
      cell({ environment: 'prod', state: 'failed', last_attempt: attempt }),
    ];
    expect(tally(board({ services: [service('portbook', ...cells)] }))).toEqual({
      running: 1,
      rolledBack: 1,
      failed: 1,
      unsuccessful: 1,
    });
  });
});

it('a board spans projects when two services belong to different ones', () => {
  expect(spansProjects(board())).toBe(false);
  const services = [service('a'), { project: 'another', name: 'a', cells: [] }];
  expect(spansProjects(board({ services }))).toBe(true);
});

describe('changes', () => {
  const before = board();
  const after = (changed: Parameters<typeof cell>[0], more = {}) =>
    board({ services: [service('portbook', cell(changed))], ...more });

  it('are none between equal boards, nor when a cell only fell further behind', () => {
    expect(changesBetween(before, board()).sentences).toEqual([]);
    expect(changesBetween(before, after({ commits_behind: 1 })).cells.size).toBe(0);
  });

  it.each([
    [{ evidence: 'f'.repeat(64), version: '1.3.0' }, 'portbook in dev now runs 1.3.0.'],
    [
      { evidence: 'f'.repeat(64), version: '1.1.0', kind: 'rollback' },
      'portbook in dev was rolled back to 1.1.0.',
    ],
    [
      { evidence: 'f'.repeat(64), state: 'failed', version: '1.3.0' },
      'portbook in dev: 1.3.0 failed, nothing runs.',
    ],
    [{ last_attempt: attempt }, 'portbook in dev: the last attempt failed, 1.2.3 still runs.'],
    [
      { observed: { at: '2026-01-04T00:00:00Z', digest: null, matches: false, reachable: true } },
      'portbook in dev: something else answers than 1.2.3.',
    ],
    [{ incidents: 2 }, 'portbook in dev: 2 open incidents.'],
    [
      { last_attempt: { ...attempt, outcome: 'cancelled' } },
      'portbook in dev: the last attempt was cancelled, 1.2.3 still runs.',
    ],
  ] as const)('%j is told', (changed, sentence) => {
    const changes = changesBetween(before, after(changed));
    expect(changes.sentences).toEqual([sentence]);
    expect([...changes.cells]).toEqual([cellKey({ project: 'portbook', name: 'portbook' }, 'dev')]);
  });

  it('name new services and new commits', () => {
    const changes = changesBetween(
      before,
      board({
        services: [...before.services, service('tide', cell())],
        commits: [commit({ commit: 'f'.repeat(40) }), ...before.commits],
      }),
    );
    expect(changes.sentences).toEqual(['tide in dev now runs 1.2.3.', '1 new commit.']);
  });

  it('are announced in bearable length', () => {
    const sentences = ['a.', 'b.', 'c.', 'd.', 'e.'];
    expect(announcement({ cells: new Set(), sentences })).toBe('a. b. c. And 2 other changes.');
  });
});
