//! Ctrl+C.

use crate::Checked;
use crate::images::{Fault, bad, good};
use crate::load::LIGHT;
use crate::world::{Patience, USUAL, World, deploy_args, parse};

pub fn interrupted_what_ran_before_serves() -> Checked {
    let world = World::new();
    let (old, mute, new) = (good("v8.0.1"), bad("v8.0.2", Fault::Mute), good("v8.0.3"));
    [&old, &mute, &new].into_iter().for_each(|image| world.vouch(image));
    world.deployed("dev", &old);
    world.lengthen(Patience { soak: 60, ..USUAL });
    let load = world.load("dev", LIGHT);
    for (image, step) in [(&mute, "migrate"), (&new, "observe")] {
        let deploying = world.start(&deploy_args("dev", image));
        deploying.until_done(step);
        deploying.signal("INT");
        let ran = deploying.end().expect(130, &["was interrupted in dev at", "v8.0.1 serves, as before"]);
        assert_eq!(parse(&ran)["outcome"], "cancelled");
        world.serves("dev", &old);
        let lock = world.run(&["lock", "show", "--env", "dev"]).expect(0, &[]);
        assert_eq!(lock.stdout.trim(), "dev: free");
    }
    world.lengthen(USUAL);
    world.deployed("dev", &new);
    load.end().clean().only(&[old.digest.as_str(), new.digest.as_str()]);
    world.serves("dev", &new);
    Ok(())
}
