//! Again and again under load.

use crate::Checked;
use crate::images::good;
use crate::load::HEAVY;
use crate::world::World;
use std::time::Duration;

pub fn twenty_deployments_and_rollbacks_under_load() -> Checked {
    let world = World::new();
    let images = ["v2.0.1", "v2.0.2", "v2.0.3"].map(good);
    images.iter().for_each(|image| world.vouch(image));
    world.deployed("dev", &images[0]);
    let load = world.load("dev", HEAVY);
    let mut times = Vec::new();
    // Forward, forward, and back by one, which releases the hold that it made.
    let mut running = 0;
    for round in 0..20 {
        let told = if round % 3 == 2 {
            running = (running + images.len() - 1) % images.len();
            let told = world.json(&["rollback", "--env", "dev", "--json", "--reason", "a trial"]);
            world.run(&["hold", "release", "--env", "dev"]).expect(0, &[]);
            assert_eq!(
                (&told["outcome"], &told["digest"]),
                (&"rolled-back".into(), &images[running].digest.as_str().into())
            );
            told
        } else {
            running = (running + 1) % images.len();
            world.deployed("dev", &images[running])
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
    world.serves("dev", &images[running]);
    Ok(())
}
