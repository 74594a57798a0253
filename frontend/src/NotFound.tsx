import { Link } from './router';

export function NotFound() {
  return (
    <div class="panel">
      <h1>There is no such page</h1>
      <p>
        Nothing is kept under <code>{location.pathname}</code>.
      </p>
      <p>
        <Link href="/" class="button">
          Back to the board
        </Link>
      </p>
    </div>
  );
}
