//! Again and again under load.

use crate::Checked;
use crate::images::good;
use crate::load::HEAVY;
use crate::world::{World, parse};
use std::time::Duration;

pub fn twenty_deployments_and_rollbacks_under_load() -> Checked {
    let world = World::new();
    let images = ["v2.0.1", "v2.0.2", "v2.0.3"].map(good);
    images.iter().for_each(|image| world.vouch(image));
    world.deployed("dev", &images[0]);
    let load = world.load("dev", HEAVY);
    let mut times = Vec::new();
    // Forward, forward, and back by one, which releases the hold that it made.
    for round in 0..20 {
        let told = if round % 3 == 2 {
            let ran =
                world.run(&["rollback", "--env", "dev", "--json", "--reason", "a trial"]).expect(0, &[]);
            world.run(&["hold", "release", "--env", "dev"]).expect(0, &[]);
            let told = parse(&ran);
            assert_eq!(told["outcome"], "rolled-back");
            told
        } else {
            let running = world.status("dev")["running"]["digest"].clone();
            let at = images.iter().position(|image| running == image.digest.as_str()).unwrap();
            world.deployed("dev", &images[(at + 1) % images.len()])
        };
        times.push(Duration::from_millis(told["milliseconds"]["to_observed"].as_u64().unwrap()));
    }
    let seen = load.end();
    seen.clean();
    times.sort_unstable();
    eprintln!(
        "20 deployments: observed healthy after {:?} at the median, {:?} at most; {} requests, p99 {:?}",
        times[times.len() / 2],
        times[times.len() - 1],
        seen.times.len(),
        seen.quantile(0.99)
    );
    world.is_in_peace("dev");
    Ok(())
}
