import type { Outcome } from '../api/types';
import type { CellStatus } from '../board/model';
import { Icon, type IconName } from './Icon';

type Tone = 'good' | 'notice' | 'bad' | 'quiet';

interface Face {
  tone: Tone;
  icon: IconName;
  word: string;
}

const OUTCOMES: Record<Outcome, Face> = {
  success: { tone: 'good', icon: 'check', word: 'passed' },
  failure: { tone: 'bad', icon: 'cross', word: 'failed' },
  cancelled: { tone: 'notice', icon: 'stop', word: 'cancelled' },
  skipped: { tone: 'quiet', icon: 'skip', word: 'skipped' },
  unknown: { tone: 'notice', icon: 'question', word: 'unknown' },
};

const CELLS: Record<CellStatus, Face> = {
  running: { tone: 'good', icon: 'check', word: 'Running' },
  'rolled-back': { tone: 'notice', icon: 'undo', word: 'Rolled back' },
  failed: { tone: 'bad', icon: 'cross', word: 'Failed' },
};

/** How a run ended; `missing` says what null means here. */
export function OutcomeStatus({ outcome, missing }: { outcome: Outcome | null; missing: string }) {
  if (outcome === null) return <Nothing meaning={missing} />;
  return <Badge {...OUTCOMES[outcome]} />;
}

export function CellBadge({ status }: { status: CellStatus }) {
  return <Badge {...CELLS[status]} />;
}

/** A dash for the eye, a meaning for the ear. */
export function Nothing({ meaning }: { meaning: string }) {
  return (
    <span class="nothing">
      <span aria-hidden="true">—</span>
      <span class="visually-hidden">{meaning}</span>
    </span>
  );
}

function Badge({ tone, icon, word }: Face) {
  return (
    <span class={`status status-${tone}`}>
      <Icon name={icon} />
      {word}
    </span>
  );
}
