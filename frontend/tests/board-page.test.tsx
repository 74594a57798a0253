import { render, screen, within } from '@testing-library/preact';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Board } from '../src/api/types';
import { App } from '../src/App';
import { INTERVAL } from '../src/board/poller';
import {
  board,
  boardResponse,
  cell,
  commit,
  COMMIT,
  DIGEST,
  problemResponse,
  service,
} from './samples';

const fetched = vi.fn<typeof fetch>();

beforeEach(() => {
  fetched.mockReset();
  vi.stubGlobal('fetch', fetched);
});

async function show(shown: Board) {
  fetched.mockImplementation(() => Promise.resolve(boardResponse(shown)));
  render(<App />);
  await screen.findByText(/^version/);
}

const boardTable = () => screen.getByRole('table', { name: 'Services and environments' });
const commitTable = () => screen.getByRole('table', { name: 'Commits' });

describe('the board', () => {
  it('is a table with a column per environment and a row per service', async () => {
    await show(board());
    const headers = within(boardTable()).getAllByRole('columnheader');
    expect(headers.map((header) => header.textContent)).toEqual(['Service', 'dev', 'prod']);
    expect(headers.every((header) => header.getAttribute('scope') === 'col')).toBe(true);
    const name = within(boardTable()).getByRole('rowheader');
    expect(name.textContent).toBe('portbook');
    expect(name.getAttribute('scope')).toBe('row');
    const [dev, prod] = within(boardTable()).getAllByRole('cell');
    expect(dev?.textContent).toContain('1.2.3');
    expect(prod?.textContent).toContain('never deployed to prod');
  });

  it('tells in each cell what runs, since when and by whom', async () => {
    await show(board({ services: [service('portbook', cell({ commits_behind: 3 }))] }));
    const [dev] = within(boardTable()).getAllByRole('cell');
    const text = dev?.textContent ?? '';
    for (const part of [
      '1.2.3',
      'Running',
      'abababababab',
      '0123456',
      '3 behind',
      'deployed by ci',
    ]) {
      expect(text).toContain(part);
    }
    const time = dev?.querySelector('time');
    expect(time?.getAttribute('datetime')).toBe('2026-01-02T03:04:05Z');
    expect(time?.title).toContain('03:04:05 UTC');
    expect(dev?.querySelector(`code[title="${DIGEST}"]`)).not.toBeNull();
    expect(dev?.querySelector(`code[title="${COMMIT}"]`)).not.toBeNull();
  });

  it('tells a rollback, a failure and a failed attempt in words', async () => {
    const last_attempt = {
      outcome: 'failure',
      commit: COMMIT,
      at: '2026-01-03T00:00:00Z',
    } as const;
    const cells = [
      cell({ kind: 'rollback', actor: 'mara', last_attempt }),
      cell({ environment: 'prod', state: 'failed', digest: null, commits_behind: null }),
    ];
    await show(board({ services: [service('portbook', ...cells)] }));
    const [dev, prod] = within(boardTable()).getAllByRole('cell');
    expect(dev?.textContent).toMatch(
      /Rolled back.*rolled back by mara.*Last attempt failed: 0123456/,
    );
    expect(prod?.textContent).toMatch(
      /Failed.*Nothing runs here.*it is a process.*distance unknown/,
    );
    expect(
      screen.getByText('0 running · 1 rolled back · 1 failed · 1 unsuccessful attempt since'),
    ).toBeTruthy();
  });

  it('says what answers in place of what was deployed, and how many incidents are open', async () => {
    const observed = {
      at: '2026-01-04T00:00:00Z',
      digest: `sha256:${'cd'.repeat(32)}`,
      matches: false,
      reachable: true,
    };
    await show(board({ services: [service('portbook', cell({ observed, incidents: 2 }))] }));
    const [dev] = within(boardTable()).getAllByRole('cell');
    expect(dev?.textContent).toMatch(/Something else answers: .*cdcdcdcd.*2 open incidents/);
  });

  it('says nothing of what answers as it should', async () => {
    const observed = { at: '2026-01-04T00:00:00Z', digest: DIGEST, matches: true, reachable: true };
    await show(board({ services: [service('portbook', cell({ observed }))] }));
    const [dev] = within(boardTable()).getAllByRole('cell');
    expect(dev?.textContent).not.toMatch(/answers|incident/);
  });

  it('names the project only where there are several', async () => {
    await show(board());
    expect(document.querySelector('.project')).toBeNull();
  });

  it('uses no style attribute, which the content security policy would refuse', async () => {
    await show(board());
    expect(document.querySelector('[style]')).toBeNull();
  });
});

describe('the commits', () => {
  it('tell how far each of them came', async () => {
    await show(board());
    const headers = within(commitTable()).getAllByRole('columnheader');
    expect(headers.map((header) => header.textContent)).toEqual([
      'Commit',
      'CI',
      'Smoke',
      'Image',
      'Tags',
      'Runs in',
    ]);
    expect(within(commitTable()).getByRole('rowheader').textContent).toMatch(
      /Draw the margin.*0123456.*Ana.*2 Jan 2026/,
    );
    const cells = within(commitTable()).getAllByRole('cell');
    expect(cells.map((each) => each.textContent)).toEqual([
      expect.stringContaining('passed'),
      expect.stringContaining('not smoke-tested'),
      expect.stringMatching(/abababababab.*19\.4 MB.*linux\/amd64/),
      expect.stringContaining('sha-0123456'),
      expect.stringContaining('dev'),
    ]);
  });

  it('may be known from other evidence only', async () => {
    const unknown = commit({
      subject: null,
      author: null,
      committed_at: null,
      image: null,
      ci: null,
    });
    await show(board({ commits: [unknown] }));
    expect(within(commitTable()).getByRole('rowheader').textContent).toBe(
      'Known from other evidence only0123456',
    );
    expect(within(commitTable()).getByText('no image')).toBeTruthy();
  });
});

describe('states', () => {
  it('says that it reads while there is no answer yet', () => {
    fetched.mockImplementation(() => new Promise<never>(() => undefined));
    render(<App />);
    expect(screen.getByText('Reading the board…')).toBeTruthy();
  });

  it('tells what to type when nothing is deployed', async () => {
    await show(board({ environments: [], services: [], commits: [] }));
    expect(screen.getByRole('heading', { name: 'Nothing is deployed yet' })).toBeTruthy();
    expect(screen.getByText(/portbook admin token create/)).toBeTruthy();
    expect(screen.getByText(new RegExp(`curl .*${location.origin}/v1/evidence`))).toBeTruthy();
    expect(screen.queryByRole('table')).toBeNull();
  });

  it('tells why there is no board, and asks again on request', async () => {
    fetched.mockImplementation(() =>
      Promise.resolve(problemResponse(503, 'Run `portbook migrate`.')),
    );
    render(<App />);
    await screen.findByRole('heading', { name: 'The board cannot be read' });
    expect(screen.getByText('portbook migrate').tagName).toBe('CODE');
    fetched.mockImplementation(() => Promise.resolve(boardResponse(board())));
    screen.getByRole('button', { name: 'Try now' }).click();
    expect(await screen.findByText('version 17')).toBeTruthy();
  });

  it('tells readers of a closed board whom to ask', async () => {
    fetched.mockImplementation(() => Promise.resolve(problemResponse(401, 'A token is needed.')));
    render(<App />);
    expect(await screen.findByRole('heading', { name: 'This board is not public' })).toBeTruthy();
  });

  it('keeps the last board when the server is gone, and says how old it is', async () => {
    vi.useFakeTimers({ now: Date.parse('2026-01-02T04:00:00Z') });
    fetched.mockImplementation(() => Promise.resolve(boardResponse(board())));
    render(<App />);
    await vi.advanceTimersByTimeAsync(100);
    fetched.mockImplementation(() => Promise.reject(new TypeError('Failed to fetch')));
    await vi.advanceTimersByTimeAsync(2 * 60_000 + INTERVAL);
    expect(boardTable().textContent).toContain('1.2.3');
    const notice = screen.getByText('The board could not be read.').closest('p');
    expect(notice?.textContent).toMatch(/could not be reached.*confirmed 2 min ago/);
    expect(screen.getByText('Not up to date')).toBeTruthy();
    expect(screen.getByTestId('announcer').getAttribute('aria-live')).toBe('polite');
  });

  it('announces what changed', async () => {
    vi.useFakeTimers();
    fetched.mockImplementation(() => Promise.resolve(boardResponse(board())));
    render(<App />);
    await vi.advanceTimersByTimeAsync(100);
    expect(screen.getByTestId('announcer').textContent).toBe('');
    const services = [service('portbook', cell({ evidence: 'f'.repeat(64), version: '2.0.0' }))];
    fetched.mockImplementation(() => Promise.resolve(boardResponse(board({ services }))));
    await vi.advanceTimersByTimeAsync(INTERVAL + 100);
    expect(screen.getByTestId('announcer').textContent).toBe('portbook in dev now runs 2.0.0.');
    expect(document.querySelectorAll('td.changed')).toHaveLength(1);
  });
});
