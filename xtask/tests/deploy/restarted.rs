//! The engine is started again in the middle of a deployment.

use crate::Checked;
use crate::images::good;
use crate::load::LIGHT;
use crate::world::{Patience, USUAL, World, deploy_args, parse, until};
use std::time::Duration;

pub fn the_engine_is_started_again_in_the_middle() -> Checked {
    let world = World::on_an_engine_of_its_own(Patience { soak: 60, ..USUAL });
    let (old, new) = (good("v14.0.1"), good("v14.0.2"));
    [&old, &new].into_iter().for_each(|image| world.vouch(image));
    world.lengthen(USUAL);
    world.deployed("dev", &old);
    // Before the switch, while the new version is watched, and while it moves to where it serves in peace.
    for (step, soak) in [("migrate", 60), ("observe", 60), ("workers", 1)] {
        world.lengthen(Patience { soak, ..USUAL });
        let deploying = world.start(&deploy_args("dev", &new));
        deploying.until_done(step);
        world.second().restart();
        let ran = deploying.end().expect(1, &["v14.0.1 serves, as before"]);
        let told = parse(&ran);
        assert_eq!(told["outcome"], "failed", "after {step}: {ran:#?}");
        assert!(told["failure"]["message"].is_string(), "{told:#}");
        // Whoever asked while nothing ran was not answered. It runs again, so everybody is.
        let load = world.load("dev", LIGHT);
        world.serves("dev", &old);
        load.end().clean().only(&[old.digest.as_str()]);
    }
    // In peace it comes back by itself.
    world.second().restart();
    until("it answers again", Duration::from_secs(60), || {
        world.answers("dev").as_deref() == Some(old.digest.as_str())
    });
    world.lengthen(USUAL);
    world.deployed_unseen("dev", &new);
    Ok(())
}
