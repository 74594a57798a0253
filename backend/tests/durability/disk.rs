//! Disks that are full or read-only, until they are not.

use crate::engine::Postgres;
use crate::ground::Ground;
use crate::support::eventually;
use crate::world::{World, assert_unavailable};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Why no disk can be mounted here.
pub fn lack() -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let mounted = mount(folder.path(), "size=1m");
    unmount(folder.path());
    (!mounted).then(|| "mounting a small disk needs root".to_owned())
}

/// A disk in memory, mounted for as long as this lives.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn new(size: &str) -> Self {
        let disk = Self { folder: tempfile::tempdir().unwrap() };
        disk.remount(&format!("size={size}"), true);
        disk
    }

    fn remount(&self, options: &str, first: bool) {
        let options = if first { options.to_owned() } else { format!("remount,{options}") };
        assert!(mount(self.folder.path(), &options), "cannot mount with {options}");
    }

    /// A ledger's file on it.
    fn ground(&self) -> Ground {
        let inner = self.folder.path().join("data");
        std::fs::create_dir_all(&inner).unwrap();
        Ground::sqlite_in(tempfile::Builder::new().tempdir_in(inner).unwrap())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unmount(self.folder.path());
    }
}

fn mount(folder: &Path, options: &str) -> bool {
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder).output();
    mount.is_ok_and(|output| output.status.success())
}

fn unmount(folder: &Path) {
    let _ = Command::new("umount").arg("--lazy").arg(folder).output();
}

pub async fn full_sqlite() {
    let disk = Disk::new("8m");
    let world = World::new(disk.ground(), 1, 1).await;
    let kept = fill(&world);
    assert_eq!(world.get("/v1/board").status, 200, "reading needs no room");
    disk.remount("size=64m", false);
    with_room_again(world, kept).await;
}

pub async fn full_postgres() {
    // The log of transactions is on another disk: without room for that Postgres stops, which is another test.
    let postgres = Postgres::start(&["--tmpfs", "/small:size=24m"]).await;
    postgres.shell("chown postgres /small");
    postgres.execute("CREATE TABLESPACE small LOCATION '/small'").await;
    postgres.execute("ALTER SYSTEM SET default_tablespace = 'small'").await;
    postgres.execute("SELECT pg_reload_conf()").await;
    let world = World::new(Ground::Postgres(postgres), 1, 1).await;
    let Ground::Postgres(postgres) = &world.ground else { return };
    postgres.shell("dd if=/dev/zero of=/small/filling bs=1M count=8 2>/dev/null");
    let kept = fill(&world);
    assert_eq!(world.get("/v1/board").status, 200, "reading needs no room");
    postgres.shell("rm /small/filling");
    with_room_again(world, kept).await;
}

/// Sends events until there is no more room; answers those that were acknowledged.
fn fill(world: &World) -> Vec<String> {
    let mut kept = Vec::new();
    for number in 0..1000 {
        let guid = format!("guid-{number}");
        let reply = world.hook(&guid, 200_000).unwrap();
        if reply.status != 202 {
            assert_unavailable(&reply);
            assert!(number > 3, "the disk was full from the beginning");
            return kept;
        }
        kept.push(guid);
    }
    panic!("the disk does not get full");
}

async fn with_room_again(world: World, mut kept: Vec<String>) {
    eventually("events are taken again", || async { world.hook("after", 200_000).unwrap().status == 202 })
        .await;
    kept.push("after".to_owned());
    world.verify(&kept, &[]).await;
}

pub async fn read_only_sqlite() {
    let disk = Disk::new("64m");
    let mut world = World::new(disk.ground(), 1, 1).await;
    assert_eq!(world.hook("before", 100).unwrap().status, 202);
    // A file that is open for writing keeps its disk writable.
    world.stop().await;
    disk.remount("ro", false);
    world.start(1, 1).await;
    assert_unavailable(&world.hook("during", 100).unwrap());
    world.worker_logged("could not work").await;
    assert_eq!(world.get("/healthz").status, 200);
    disk.remount("rw", false);
    eventually("events are taken again", || async { world.hook("after", 100).unwrap().status == 202 }).await;
    world.verify(&["before".to_owned(), "after".to_owned()], &[]).await;
}

pub async fn read_only_postgres() {
    let world = World::new(Ground::postgres().await, 1, 1).await;
    let Ground::Postgres(postgres) = &world.ground else { return };
    assert_eq!(world.hook("before", 100).unwrap().status, 202);
    postgres.execute("ALTER SYSTEM SET default_transaction_read_only = on").await;
    postgres.execute("SELECT pg_reload_conf()").await;
    eventually("nothing is taken", || async { world.hook("during", 100).unwrap().status != 202 }).await;
    assert_unavailable(&world.hook("later", 100).unwrap());
    assert_eq!(world.get("/v1/board").status, 200, "reading goes on");
    let off = "default_transaction_read_only = off";
    postgres.shell(&format!(
        "psql -U postgres -c 'SET {off}' -c 'ALTER SYSTEM SET {off}' -c 'SELECT pg_reload_conf()'"
    ));
    eventually("events are taken again", || async { world.hook("after", 100).unwrap().status == 202 }).await;
    world.verify(&["before".to_owned(), "after".to_owned()], &[]).await;
}
