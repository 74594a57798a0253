import type { Commit } from '../api/types';
import { shortCommit } from '../format/identity';
import { size } from '../format/size';
import { Age } from '../ui/Age';
import { Digest } from '../ui/Digest';
import { Nothing, OutcomeStatus } from '../ui/Status';

const COLUMNS = ['Commit', 'CI', 'Smoke', 'Image', 'Tags', 'Runs in'] as const;

/** The newest commits, and how far each of them came. */
export function CommitTable({ commits }: { commits: Commit[] }) {
  return (
    <div class="sheet">
      <table class="commits" role="table" aria-labelledby="commits-heading">
        <thead role="rowgroup">
          <tr role="row">
            {COLUMNS.map((column) => (
              <th key={column} role="columnheader" scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {commits.map((commit) => (
            <CommitRow key={`${commit.project} ${commit.commit}`} commit={commit} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CommitRow({ commit }: { commit: Commit }) {
  const short = shortCommit(commit.commit);
  return (
    <tr role="row">
      <th role="rowheader" scope="row" class="commit">
        <span class={commit.subject === null ? 'subject muted' : 'subject'}>
          {commit.subject ?? 'Known from other evidence only'}
        </span>
        <span class="byline">
          <code title={commit.commit}>{short}</code>
          {commit.author !== null && <span>{commit.author}</span>}
          {commit.committed_at !== null && <Age at={commit.committed_at} />}
        </span>
      </th>
      <td role="cell">
        <Label>CI</Label>
        <OutcomeStatus outcome={commit.ci} missing="no CI verdict" />
      </td>
      <td role="cell">
        <Label>Smoke</Label>
        <OutcomeStatus outcome={commit.smoke} missing="not smoke-tested" />
      </td>
      <td role="cell" class="image">
        <Label>Image</Label>
        {commit.image === null ? (
          <Nothing meaning="no image" />
        ) : (
          <span class="image-facts">
            <Digest digest={commit.image.digest} of={`the image of ${short}`} />
            <span class="image-size">
              <b>{size(commit.image.size_bytes)}</b> {commit.image.platforms.join(', ')}
            </span>
          </span>
        )}
      </td>
      <td role="cell">
        <Label>Tags</Label>
        <Marks marks={commit.published} kind="tag" missing="not published" />
      </td>
      <td role="cell">
        <Label>Runs in</Label>
        <Marks marks={commit.environments} kind="place" missing="runs nowhere" />
      </td>
    </tr>
  );
}

/** A column's name within the cell: shown where a narrow screen has no columns. */
function Label({ children }: { children: string }) {
  return (
    <span class="label" aria-hidden="true">
      {children}
    </span>
  );
}

function Marks({ marks, kind, missing }: { marks: string[]; kind: string; missing: string }) {
  if (marks.length === 0) return <Nothing meaning={missing} />;
  return (
    <ul class="marks">
      {marks.map((mark) => (
        <li key={mark} class={kind}>
          {mark}
        </li>
      ))}
    </ul>
  );
}
