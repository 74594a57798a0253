//! `kill -9` of whatever is there, over and over, while everybody goes on telling.

use crate::ground::Ground;
use crate::load::Load;
use crate::support::eventually;
use crate::world::World;

/// What is killed in a round.
#[derive(Clone, Copy)]
pub enum Victim {
    Server,
    Worker,
    Database,
}

use Victim::{Database, Server, Worker};

/// In SQLite the database is in the processes that use it.
pub const SQLITE: &[Victim] = &[Server, Worker, Server];

pub const POSTGRES: &[Victim] = &[Server, Database, Worker, Server];

/// How many requests are acknowledged between one death and the next.
const BETWEEN: usize = 60;

pub async fn under_load(ground: Ground, victims: &[Victim], rounds: usize) {
    let mut world = World::new(ground, 2, 2).await;
    let load = Load::start(&world);
    for (round, victim) in victims.iter().cycle().take(rounds).enumerate() {
        let before = load.acknowledged();
        eventually("the ledger goes on", || async { load.acknowledged() >= before + BETWEEN }).await;
        match victim {
            Server => world.kill_server(round).await,
            Worker => world.kill_worker(round).await,
            Database => {
                let Ground::Postgres(postgres) = &world.ground else { panic!("SQLite is no process") };
                postgres.kill();
                postgres.restart().await;
            }
        }
    }
    let before = load.acknowledged();
    eventually("the ledger goes on", || async { load.acknowledged() >= before + BETWEEN }).await;
    let told = load.stop();
    assert!(told.wrong.is_empty(), "{:#?}", told.wrong);
    assert!(told.guids.len() + told.documents.len() >= rounds * BETWEEN);
    world.verify(&told.guids, &told.documents).await;
}
