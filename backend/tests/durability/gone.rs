//! A database that is away, or does not answer, until it comes back.

use crate::engine::Postgres;
use crate::ground::Ground;
use crate::support::eventually;
use crate::world::{World, assert_unavailable};
use std::time::{Duration, Instant};

/// GitHub hangs up after ten seconds.
const GITHUBS_PATIENCE: Duration = Duration::from_secs(10);

/// Gone: its file is elsewhere, or its server is down.
pub async fn for_a_while(ground: Ground) {
    let world = World::new(ground, 1, 1).await;
    assert_eq!(world.hook("before", 100).unwrap().status, 202);
    take_away(&world.ground);
    refuses(&world, "during");
    assert_eq!(world.get("/healthz").status, 200, "the server itself is well");
    assert_eq!(world.get("/readyz").status, 503);
    put_back(&world.ground).await;
    recovers(&world).await;
}

/// Silent: its connections stay open, and nobody answers.
pub async fn silent() {
    let world = World::new(Ground::Postgres(Postgres::start(&[]).await), 1, 1).await;
    assert_eq!(world.hook("before", 100).unwrap().status, 202);
    let Ground::Postgres(postgres) = &world.ground else { return };
    postgres.pause();
    refuses(&world, "during");
    assert_eq!(world.get("/healthz").status, 200, "the server itself is well");
    postgres.unpause();
    recovers(&world).await;
}

/// Everything that needs the database says so in good time.
fn refuses(world: &World, guid: &str) {
    let started = Instant::now();
    assert_unavailable(&world.hook(guid, 100).unwrap());
    assert!(started.elapsed() < GITHUBS_PATIENCE, "took {:?}", started.elapsed());
    let headers = format!("Authorization: Bearer {}\r\n", world.token);
    let started = Instant::now();
    let reply = world.client().send("POST", "/v1/evidence", &headers, b"{\"evidence\": []}").unwrap();
    assert_unavailable(&reply);
    assert_unavailable(&world.get("/v1/board"));
    assert!(started.elapsed() < 2 * GITHUBS_PATIENCE, "took {:?}", started.elapsed());
}

/// Without a restart, and with all that was acknowledged before.
async fn recovers(world: &World) {
    eventually("events are taken again", || async { world.hook("after", 100).unwrap().status == 202 }).await;
    eventually("the board is there again", || async { world.get("/v1/board").status == 200 }).await;
    assert_eq!(world.get("/readyz").status, 200);
    world.verify(&["before".to_owned(), "after".to_owned()], &[]).await;
}

fn take_away(ground: &Ground) {
    match ground {
        Ground::Sqlite { file, .. } => {
            let folder = file.parent().unwrap();
            std::fs::rename(folder, folder.with_extension("away")).unwrap();
        }
        Ground::Postgres(postgres) => postgres.kill(),
    }
}

async fn put_back(ground: &Ground) {
    match ground {
        Ground::Sqlite { file, .. } => {
            let folder = file.parent().unwrap();
            std::fs::rename(folder.with_extension("away"), folder).unwrap();
        }
        Ground::Postgres(postgres) => postgres.restart().await,
    }
}
