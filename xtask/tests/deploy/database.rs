//! The environment's database is away.

use crate::Checked;
use crate::images::good;
use crate::world::{World, until};
use std::time::Duration;

/// Prints what the ingress's checks say of `web`, by its own interface.
const CHECKED: &str = "exec 3<>/dev/tcp/127.0.0.1/9999 && echo 'show stat' >&3 && grep '^web,web,' <&3";

pub fn the_database_is_gone_for_a_while() -> Checked {
    let world = World::new();
    let image = good("v16.0.1");
    world.vouch(&image);
    world.deployed("dev", &image);
    let one = |service: &str| world.engine.containers(&world.project("dev"), service).remove(0);
    let (postgres, ingress, web) = (one("postgres"), one("ingress"), one("web"));
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let get = |path: &str| agent.get(format!("http://127.0.0.1:{}{path}", world.port("dev"))).call().unwrap();
    assert_eq!(get("/v1/board").status(), 200);

    world.engine.ask(&["stop", "--time", "1", &postgres]);
    until("the ingress knows that it is not ready", Duration::from_secs(60), || {
        world.engine.ask(&["exec", &ingress, "bash", "-c", CHECKED]).contains(",DOWN,")
    });
    let board = get("/v1/board");
    let header = |name: &str| board.headers()[name].to_str().unwrap();
    assert_eq!((board.status().as_u16(), header("content-type")), (503, "application/problem+json"));
    assert!(header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{board:?}");
    assert_eq!(get("/readyz").status(), 503);
    assert_eq!((get("/").status(), get("/healthz").status()), (200.try_into()?, 200.try_into()?));

    world.engine.ask(&["start", &postgres]);
    until("the board is there again", Duration::from_secs(60), || get("/v1/board").status() == 200);
    assert_eq!(one("web"), web, "nothing had to be started again");
    assert_eq!(world.engine.ask(&["inspect", "--format", "{{.RestartCount}}", &web]), "0");
    world.serves("dev", &image);
    Ok(())
}
