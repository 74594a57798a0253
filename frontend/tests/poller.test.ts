import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BoardPoller, INTERVAL, type BoardState } from '../src/board/poller';
import { board, boardResponse, cell, problemResponse, service } from './samples';

const states: BoardState[] = [];
const said: string[] = [];
const fetched = vi.fn<typeof fetch>();
let poller: BoardPoller;

function setVisibility(state: DocumentVisibilityState) {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
  document.dispatchEvent(new Event('visibilitychange'));
}

const turn = () => vi.advanceTimersByTimeAsync(INTERVAL);
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-01-02T04:00:00Z') });
  states.length = 0;
  said.length = 0;
  fetched.mockReset();
  fetched.mockImplementation(() => Promise.resolve(new Response(null, { status: 304 })));
  vi.stubGlobal('fetch', fetched);
  poller = new BoardPoller({
    onState: (state) => states.push(state),
    onAnnouncement: (text) => said.push(text),
  });
});

afterEach(() => {
  poller.stop();
});

describe('polling', () => {
  it('asks at once, then at every turn with the ETag of the last board', async () => {
    fetched.mockResolvedValueOnce(boardResponse(board({ version: 17 })));
    poller.start();
    await settle();
    await turn();
    expect(fetched).toHaveBeenCalledTimes(2);
    expect(new Headers(fetched.mock.lastCall?.[1]?.headers).get('if-none-match')).toBe(
      '"board-17"',
    );
    expect(states.at(-1)).toMatchObject({ board: { version: 17 }, error: null });
  });

  it('waits for an answer before it asks again', async () => {
    fetched.mockImplementation(() => new Promise<never>(() => undefined));
    poller.start();
    await turn();
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it('rests while the page is hidden and asks at once when it is seen again', async () => {
    poller.start();
    await settle();
    setVisibility('hidden');
    await turn();
    await turn();
    expect(fetched).toHaveBeenCalledTimes(1);
    setVisibility('visible');
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it('aborts what is under way when the page is hidden, and tells no error of it', async () => {
    let signal: AbortSignal | null | undefined;
    fetched.mockImplementation((_, init) => {
      signal = init?.signal;
      return new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          reject(new DOMException('', 'AbortError'));
        });
      });
    });
    poller.start();
    await settle();
    setVisibility('hidden');
    await turn();
    expect(signal?.aborted).toBe(true);
    expect(states).toEqual([]);
  });

  it('ends with stop', async () => {
    poller.start();
    await settle();
    poller.stop();
    await turn();
    setVisibility('visible');
    expect(fetched).toHaveBeenCalledTimes(1);
  });
});

describe('failures', () => {
  it('keep the last board and the time at which it was confirmed', async () => {
    fetched.mockResolvedValueOnce(boardResponse(board()));
    poller.start();
    await settle();
    const confirmed = Date.now();
    fetched.mockResolvedValueOnce(problemResponse(503, 'Down.'));
    await turn();
    expect(states.at(-1)).toMatchObject({
      board: { version: 17 },
      confirmedAt: confirmed,
      error: { status: 503 },
    });
  });

  it('are told once, and so is their end', async () => {
    fetched.mockResolvedValueOnce(boardResponse(board()));
    poller.start();
    await settle();
    fetched.mockResolvedValueOnce(problemResponse(503, 'Down.'));
    await turn();
    fetched.mockResolvedValueOnce(problemResponse(503, 'Down.'));
    await turn();
    await turn();
    expect(said).toEqual(['The board cannot be read. Down.', 'The server answers again.']);
    expect(states.at(-1)).toMatchObject({ error: null, confirmedAt: Date.now() });
  });
});

it('the first board is no news; what changes afterwards is', async () => {
  fetched.mockResolvedValueOnce(boardResponse(board()));
  poller.start();
  await settle();
  expect(said).toEqual([]);
  const changed = cell({ evidence: 'f'.repeat(64), version: '1.3.0' });
  const services = [service('portbook', changed)];
  fetched.mockResolvedValueOnce(boardResponse(board({ version: 18, services })));
  await turn();
  expect(said).toEqual(['portbook in dev now runs 1.3.0.']);
  expect(states.at(-1)?.changes.cells.size).toBe(1);
});
