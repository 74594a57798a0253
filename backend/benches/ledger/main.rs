//! How fast the ledger is: a server process under load from this one, as ratios within one run.
//!
//! `cargo bench -p portbook --bench ledger -- [--db sqlite|postgres] [--deployments N] [--json]`. Never a test:
//! machines are shared and noisy.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

#[path = "../../tests/durability/engine.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod engine;
mod figure;
mod ground;
mod ingest;
mod read;
mod seed;
#[path = "../../tests/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the tests")]
mod support;

use clap::{Parser, ValueEnum};
use figure::Figure;
use ground::Ground;
use serde_json::json;
use std::path::PathBuf;

/// As the program has it: rebuilding is measured in this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Arguments {
    /// The database; both without it, if there is an engine for the second
    #[arg(long, value_enum)]
    db: Option<Db>,
    /// How many deployments the ledger knows while it is read
    #[arg(long, default_value_t = 1_000_000)]
    deployments: usize,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// Write the figures as JSON to a file
    #[arg(long)]
    output: Option<PathBuf>,
    /// What cargo adds by itself
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Db {
    Sqlite,
    Postgres,
}

fn main() {
    let arguments = Arguments::parse();
    let databases = match arguments.db {
        Some(db) => vec![db],
        None => match engine::lack() {
            Some(lack) => {
                eprintln!("Postgres is left out: {lack}");
                vec![Db::Sqlite]
            }
            None => vec![Db::Sqlite, Db::Postgres],
        },
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut figures = Vec::new();
    for db in databases {
        figures.extend(runtime.block_on(measure(db, arguments.deployments)));
    }
    let figures = format!("{:#}\n", json!({ "figures": figures }));
    if let Some(file) = arguments.output {
        std::fs::write(file, &figures).unwrap();
    }
    if arguments.json {
        print!("{figures}");
    }
}

async fn measure(db: Db, deployments: usize) -> Vec<Figure> {
    let mut figures = Vec::new();
    let ground = match db {
        Db::Sqlite => Ground::sqlite(),
        Db::Postgres => Ground::postgres().await,
    };
    figures.push(ingest::figure(&ground).await);
    let seeded = seed::seed(&ground, deployments).await;
    figures.push(seeded.figure);
    figures.extend(read::figures(&ground, &seeded.digests).await);
    figures
}
