//! Connections to Postgres that hang, or whose user goes away.

use crate::engine::Postgres;
use crate::ground::Ground;
use crate::support::{eventually, run};
use crate::world::{World, config};
use portbook::service::token;
use portbook::store::{Connections, Store};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Some hang while they are opened: others take their place before anybody has to be refused.
pub async fn hang() {
    let postgres = Postgres::start(&[]).await;
    let way = Way::new(postgres.address(), 2, Duration::ZERO).await;
    let store = Store::new(&config(&postgres.url_at(way.address)));
    store.read().await.map(drop).expect("the third attempt is answered");
    assert_eq!(way.swallowed.load(Ordering::SeqCst), 0);
    store.close().await;
}

/// All take long to open, as on a machine that is busy: they are waited for, and none is given up for another.
pub async fn slow_to_open() {
    let postgres = Postgres::start(&[]).await;
    let way = Way::new(postgres.address(), 0, Duration::from_millis(1500)).await;
    let store = Store::new(&config(&postgres.url_at(way.address)));
    store.read().await.map(drop).expect("the first connection is there in time");
    let open = || async { store.connections().idle == store.connections().open };
    eventually("what was opened beside it is free too", open).await;
    assert!(store.connections().open > 1);
    store.close().await;
}

/// A server has its connections before anybody asks for one.
pub async fn open_before() {
    let world = World::new(Ground::postgres().await, 1, 0).await;
    let open = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'portbook'";
    eventually("all connections are open", || async { world.ground.number(open).await == 8 }).await;
}

/// Whoever gives up while a transaction begins leaves nothing of it to the next.
pub async fn given_up() {
    let postgres = Postgres::start(&[]).await;
    assert!(run(&["migrate"], &[("DATABASE_URL", &postgres.url())]).status.success());
    let way = Way::new(postgres.address(), 0, Duration::ZERO).await;
    let store = Store::new(&config(&postgres.url_at(way.address)));
    store.read().await.map(drop).expect("a connection");
    only_one_free(&store).await;
    way.held.send_replace(true);
    let mut held = way.held.subscribe();
    tokio::select! {
        _ = store.read() => panic!("its beginning was held up"),
        reached = held.wait_for(|held| !held) => drop(reached.unwrap()),
    }
    way.goes_on.send_replace(true);
    only_one_free(&store).await;
    let scopes = ["read".parse().unwrap()];
    let made = token::create(&store, "shop".parse().unwrap(), &scopes, Duration::from_secs(60)).await;
    made.expect("in a transaction of its own, which may write");
    store.close().await;
}

/// Waits until there is one connection, which nobody uses.
async fn only_one_free(store: &Store) {
    let free = Connections { open: 1, idle: 1 };
    eventually("the connection is free", || async { store.connections() == free }).await;
}

/// A way to a server.
struct Way {
    address: SocketAddr,
    /// How many connections are still to be taken and never answered.
    swallowed: Arc<AtomicUsize>,
    /// Whether the answer to the next BEGIN will be held up; becomes false when one is.
    held: watch::Sender<bool>,
    /// Whether answers that are held up go on.
    goes_on: watch::Sender<bool>,
}

impl Way {
    /// A way to `to`: it takes so many connections without ever answering, and opens each other one only after a while.
    async fn new(to: SocketAddr, swallowed: usize, late: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Self {
            address: listener.local_addr().unwrap(),
            swallowed: Arc::new(AtomicUsize::new(swallowed)),
            held: watch::channel(false).0,
            goes_on: watch::channel(false).0,
        };
        let (swallowed, held, goes_on) = (way.swallowed.clone(), way.held.clone(), way.goes_on.clone());
        tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((client, _)) = listener.accept().await {
                let less = |left: usize| left.checked_sub(1);
                if swallowed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
                    silent.push(client);
                    continue;
                }
                let (held, goes_on) = (held.clone(), goes_on.subscribe());
                tokio::spawn(async move {
                    tokio::time::sleep(late).await;
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = TcpStream::connect(to).await.unwrap().into_split();
                    let (stopped, stops) = watch::channel(false);
                    tokio::spawn(ask(from_client, to_server, held, stopped));
                    tokio::spawn(answer(from_server, to_client, stops, goes_on));
                });
            }
        });
        way
    }
}

async fn ask(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    held: watch::Sender<bool>,
    stopped: watch::Sender<bool>,
) {
    let mut buffer = [0; 65536];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let begins = buffer[..count].windows(5).any(|word| word == b"BEGIN");
        if begins && *held.borrow() {
            stopped.send_replace(true);
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
        if *stopped.borrow() {
            held.send_replace(false);
        }
    }
}

async fn answer(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    stops: watch::Receiver<bool>,
    mut goes_on: watch::Receiver<bool>,
) {
    let mut buffer = [0; 65536];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if *stops.borrow() && goes_on.wait_for(|goes_on| *goes_on).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
