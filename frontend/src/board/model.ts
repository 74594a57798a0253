import type { Attempt, Board, Cell, Service } from '../api/types';

/** One line of the board: a service, and what it has in each environment. */
export interface Row {
  key: string;
  project: string;
  name: string;
  /** One entry per environment of the board, in its order; null where nothing was ever attempted. */
  cells: (Cell | null)[];
}

/** What a cell says at a glance. */
export type CellStatus = 'running' | 'rolled-back' | 'failed';

/** How many cells are in which state. */
export interface Tally {
  running: number;
  rolledBack: number;
  failed: number;
  /** Cells on which something runs, though a later attempt did not succeed. */
  unsuccessful: number;
}

// `api-2` comes before `api-10`.
const order = new Intl.Collator('en', { numeric: true });

export function rows(board: Board): Row[] {
  return board.services
    .toSorted((a, b) => order.compare(a.project, b.project) || order.compare(a.name, b.name))
    .map((service) => ({
      key: serviceKey(service),
      project: service.project,
      name: service.name,
      cells: board.environments.map(
        (environment) => service.cells.find((cell) => cell.environment === environment) ?? null,
      ),
    }));
}

export function cellStatus(cell: Cell): CellStatus {
  if (cell.state === 'failed') return 'failed';
  return cell.kind === 'rollback' ? 'rolled-back' : 'running';
}

/** The attempt to warn of: where nothing runs, the cell itself already tells of it. */
export function unsuccessfulAttempt(cell: Cell): Attempt | null {
  return cell.state === 'failed' ? null : cell.last_attempt;
}

const ENDINGS: Record<Attempt['outcome'], string> = {
  success: 'succeeded',
  failure: 'failed',
  cancelled: 'was cancelled',
  skipped: 'was skipped',
  unknown: 'ended in an unknown way',
};

/** How an attempt ended, as the end of a sentence. */
export function ending(attempt: Attempt): string {
  return ENDINGS[attempt.outcome];
}

export function tally(board: Board): Tally {
  const cells = board.services.flatMap((service) => service.cells);
  const having = (status: CellStatus) => cells.filter((cell) => cellStatus(cell) === status).length;
  return {
    running: having('running'),
    rolledBack: having('rolled-back'),
    failed: having('failed'),
    unsuccessful: cells.filter((cell) => unsuccessfulAttempt(cell) !== null).length,
  };
}

/** Whether the board spans several projects, so that a service's name alone does not say whose it is. */
export function spansProjects(board: Board): boolean {
  return new Set(board.services.map((service) => service.project)).size > 1;
}

/** What identifies a service on the board. */
export function serviceKey(service: Pick<Service, 'project' | 'name'>): string {
  return `${service.project}/${service.name}`;
}

/** What identifies a cell on the board. */
export function cellKey(service: Pick<Service, 'project' | 'name'>, environment: string): string {
  return `${serviceKey(service)}@${environment}`;
}
