//! xtask is killed at each step, and run again: it takes the lock from the dead at once, and completes.

use crate::Checked;
use crate::images::good;
use crate::load::LIGHT;
use crate::world::{Patience, USUAL, World, deploy_args};

/// So long that nobody could wait for it.
const LOCKED: Patience = Patience { lock: 3600, soak: 2, ..USUAL };

pub fn killed_before_the_switch_it_completes() -> Checked {
    killed_after(&["deploying", "pull", "schema", "migrate", "start", "smoke"])
}

pub fn killed_after_the_switch_it_completes() -> Checked {
    killed_after(&["switch", "observe", "watch", "workers", "settle", "return"])
}

fn killed_after(steps: &[&str]) -> Checked {
    let world = World::patient(LOCKED);
    let images = ["v7.0.1", "v7.0.2"].map(good);
    images.iter().for_each(|image| world.vouch(image));
    world.deployed("dev", &images[0]);
    let load = world.load("dev", LIGHT);
    let digests = images.each_ref().map(|image| image.digest.as_str());
    for (round, step) in steps.iter().enumerate() {
        let new = &images[(round + 1) % 2];
        let deploying = world.start(&deploy_args("dev", new));
        if *step == "deploying" {
            deploying.until_said(&["deploying v"]);
        } else {
            deploying.until_done(step);
        }
        deploying.signal("KILL");
        assert_eq!(deploying.end().code, None);
        let answers = world.answers("dev").unwrap();
        assert!(digests.contains(&answers.as_str()), "killed after {step}: {answers} answers");
        let ran = world.deploy("dev", new);
        assert_eq!(ran.code, Some(0), "killed after {step}: {ran:#?}");
        world.serves("dev", new);
    }
    load.end().clean().only(&digests);
    Ok(())
}
