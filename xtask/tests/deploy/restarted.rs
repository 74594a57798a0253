//! The engine is started again in the middle of a deployment.

use crate::Checked;
use crate::images::{Image, good};
use crate::load::LIGHT;
use crate::world::{Patience, Running, USUAL, World, deploy_args, parse, until};
use std::time::Duration;

pub fn the_engine_is_started_again_in_the_middle() -> Checked {
    let world = World::on_an_engine_of_its_own(Patience { soak: 60, ..USUAL });
    let (old, new) = (good("v14.0.1"), good("v14.0.2"));
    [&old, &new].into_iter().for_each(|image| world.vouch(image));
    world.lengthen(USUAL);
    world.deployed("dev", &old);
    // Before the switch, while the new version is watched, and while it moves to where it serves in peace.
    for (step, soak) in [("migrate", 60), ("observe", 60), ("workers", 1)] {
        let deploying = stopped_after(&world, &new, step, soak);
        world.second().hold();
        deploying.signal("CONT");
        deploying.until_said(&["once more in"]);
        world.second().release();
        taken_back(&world, &old, deploying, "");
    }
    // All runs again before anybody looks.
    let deploying = stopped_after(&world, &new, "observe", 60);
    deploying.signal("CONT");
    deploying.stop_between_calls();
    world.second().restart();
    answers(&world, &new);
    deploying.signal("CONT");
    taken_back(&world, &old, deploying, "was started again");
    // In peace it comes back by itself.
    world.second().restart();
    answers(&world, &old);
    world.lengthen(USUAL);
    world.deployed_unseen("dev", &new);
    Ok(())
}

/// A deployment that sleeps since this step was done.
fn stopped_after(world: &World, image: &Image, step: &str, soak: u32) -> Running {
    // Nobody else wants the lock.
    world.lengthen(Patience { soak, lock: 60, ..USUAL });
    let deploying = world.start(&deploy_args("dev", image));
    deploying.until_done(step);
    deploying.signal("STOP");
    deploying
}

fn answers(world: &World, image: &Image) {
    until("it answers again", Duration::from_secs(60), || {
        world.answers("dev").as_deref() == Some(image.digest.as_str())
    });
}

/// The deployment fails with these words, and what ran before runs.
fn taken_back(world: &World, old: &Image, deploying: Running, why: &str) {
    let ran = deploying.end().expect(1, &["v14.0.1 serves, as before"]);
    let told = parse(&ran);
    assert_eq!(told["outcome"], "failed", "{ran:#?}");
    assert!(told["failure"]["message"].as_str().is_some_and(|message| message.contains(why)), "{told:#}");
    // Whoever asked while nothing ran was not answered. It runs again, so everybody is.
    let load = world.load("dev", LIGHT);
    world.serves("dev", old);
    load.end().clean().only(&[old.digest.as_str()]);
}
