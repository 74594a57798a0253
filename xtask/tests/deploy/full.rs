//! The engine's disk fills up.

use crate::Checked;
use crate::images::{Recipe, good, image};
use crate::load::LIGHT;
use crate::world::{USUAL, World, parse};

/// More than is left on the disk.
const OWN: usize = 60_000_000;

pub fn the_disk_is_full() -> Checked {
    let world = World::on_an_engine_of_its_own(USUAL);
    let old = good("v15.0.1");
    let new = image("v15.0.2", &Recipe { own: OWN, ..Recipe::of("v15.0.2") });
    [&old, &new].into_iter().for_each(|image| world.vouch(image));
    world.deployed("dev", &old);
    // What is pulled does not fit; then not even what the environment remembers would.
    for left in [OWN as u64 / 2, 0] {
        world.second().fill(left);
        let load = world.load("dev", LIGHT);
        let says = ["✗ pull", "no space left on device", "v15.0.1 serves, as before"];
        let ran = world.deploy("dev", &new).expect(1, &says);
        let told = parse(&ran);
        assert_eq!(
            (&told["outcome"], &told["failure"]["class"]),
            (&"failed".into(), &"pull".into()),
            "{ran:#?}"
        );
        world.serves("dev", &old);
        load.end().clean().only(&[old.digest.as_str()]);
        world.second().empty();
    }
    world.deployed_unseen("dev", &new);
    Ok(())
}
