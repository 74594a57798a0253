//! Several at once.

use crate::Checked;
use crate::images::{Image, good};
use crate::load::LIGHT;
use crate::world::{Patience, Running, USUAL, World, deploy_args, until};
use std::time::Duration;

/// A deployment by somebody who is named.
fn of(world: &World, who: &str, image: &Image) -> Running {
    let mut xtask = world.xtask(&deploy_args("dev", image));
    xtask.env("PORTBOOK_DEPLOY_HOLDER", who);
    Running::of(xtask)
}

pub fn two_at_once() -> Checked {
    let world = World::new();
    let images = ["v9.0.1", "v9.0.2", "v9.0.3"].map(good);
    images.iter().for_each(|image| world.vouch(image));
    world.deployed("dev", &images[0]);
    let load = world.load("dev", LIGHT);

    let first = of(&world, "anna", &images[1]);
    first.until_done("pull");
    let second = of(&world, "bert", &images[2]).end();
    second.expect(3, &["dev is being deployed to by anna", "cargo xtask lock show --env dev"]);
    first.end().expect(0, &[]);
    world.serves("dev", &images[1]);

    let both = [of(&world, "anna", &images[0]), of(&world, "bert", &images[2])];
    let ran = both.map(Running::end);
    let ended = ran.each_ref().map(|ran| ran.code.unwrap());
    assert!(ended.contains(&0) && ended.iter().all(|code| [0, 3].contains(code)), "{ran:#?}");
    for (ran, other) in
        [(&ran[0], "bert"), (&ran[1], "anna")].into_iter().filter(|(ran, _)| ran.code == Some(3))
    {
        assert!(ran.stderr.contains(&format!("dev is being deployed to by {other}")), "{ran:#?}");
    }
    // Where both had their turn, the last one's stays, whichever that was.
    let running = world.status("dev")["running"]["digest"].as_str().unwrap().to_owned();
    let winner = [(&ran[0], &images[0]), (&ran[1], &images[2])]
        .into_iter()
        .find(|(_, image)| running == image.digest.as_str());
    assert_eq!(winner.map(|(ran, _)| ran.code), Some(Some(0)), "{running}: {ran:#?}");
    world.serves("dev", winner.unwrap().1);
    load.end().clean();
    Ok(())
}

pub fn a_holder_that_slept_too_long() -> Checked {
    let world = World::patient(Patience { soak: 2, lock: 3, ..USUAL });
    let images = ["v9.1.1", "v9.1.2", "v9.1.3"].map(good);
    images.iter().for_each(|image| world.vouch(image));
    world.deployed("dev", &images[0]);
    let load = world.load("dev", LIGHT);
    for (round, step) in ["starting", "observe", "workers"].into_iter().enumerate() {
        let at = |by: usize| &images[(2 * round + by) % images.len()];
        let sleeping = of(&world, "anna", at(1));
        if step == "starting" {
            let project = world.project("dev");
            until("it starts", Duration::from_secs(60), || {
                !world.engine.containers(&project, "web-next").is_empty()
            });
        } else {
            sleeping.until_done(step);
        }
        sleeping.signal("STOP");
        // It lives, so only time ends its lock.
        let mut after = None;
        until("the lock of who sleeps ends", Duration::from_secs(60), || {
            let ran = of(&world, "bert", at(2)).end();
            let refused = ran.code == Some(3) && ran.stderr.contains("is being deployed to by anna");
            after = Some(ran);
            !refused
        });
        assert_eq!(after.as_ref().and_then(|ran| ran.code), Some(0), "asleep after {step}: {after:#?}");
        world.serves("dev", at(2));
        sleeping.signal("CONT");
        let woken = sleeping.end();
        assert_eq!(woken.code, Some(3), "asleep after {step}: {woken:#?}");
        assert!(woken.stderr.contains("is no longer held"), "{woken:#?}");
        world.serves("dev", at(2));
    }
    load.end().clean();
    Ok(())
}
