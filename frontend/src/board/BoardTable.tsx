import type { Board } from '../api/types';
import { Nothing } from '../ui/Status';
import { BoardCell } from './BoardCell';
import { cellKey, rows, spansProjects } from './model';

interface Props {
  board: Board;
  /** The cells that the last reading changed. */
  changed: ReadonlySet<string>;
}

/**
 * Services × environments. The roles repeat what the elements mean, because browsers forget a table's meaning
 * where the style sheet lays it out as blocks, as it does on a narrow screen.
 */
export function BoardTable({ board, changed }: Props) {
  const withProject = spansProjects(board);
  return (
    <div class="sheet">
      <table class="board" role="table" aria-labelledby="services-heading">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">
              Service
            </th>
            {board.environments.map((environment) => (
              <th key={environment} role="columnheader" scope="col">
                {environment}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows(board).map((row) => (
            <tr key={row.key} role="row">
              <th role="rowheader" scope="row" class="service">
                <span class="service-name">{row.name}</span>
                {withProject && <span class="project">{row.project}</span>}
              </th>
              {row.cells.map((cell, column) => {
                const environment = board.environments[column] ?? '';
                const key = cellKey(row, environment);
                return (
                  <td key={key} role="cell" class={changed.has(key) ? 'changed' : undefined}>
                    <span class="environment" aria-hidden="true">
                      {environment}
                    </span>
                    {cell === null ? (
                      <Nothing meaning={`never deployed to ${environment}`} />
                    ) : (
                      <BoardCell cell={cell} service={row.name} />
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
