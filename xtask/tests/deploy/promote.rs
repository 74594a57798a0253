//! One digest through all environments.

use crate::Checked;
use crate::images::{delete_blob, good, index};
use crate::load::LIGHT;
use crate::world::{World, parse};

pub fn through_all_environments() -> Checked {
    let world = World::new();
    let (image, _) = index("v11.0.1");
    world.vouch(&image);
    world
        .run(&["promote", "--to", "staging"])
        .expect(1, &["nothing runs in dev, which comes before staging"]);
    world.deployed("dev", &image);
    // By its commit, and what runs there by default.
    let told = |args: &[&str]| {
        let ran = world.run(args).expect(0, &["is whole in", "linux/amd64, linux/arm64", "promoting"]);
        let told = parse(&ran);
        assert_eq!(
            (&told["outcome"], &told["digest"]),
            (&"deployed".into(), &image.digest.as_str().into()),
            "{ran:#?}"
        );
    };
    told(&["promote", "--to", "staging", "--sha", &image.commit, "--json"]);
    told(&["promote", "--to", "prod", "--json"]);
    for environment in ["dev", "staging", "prod"] {
        world.serves(environment, &image);
    }
    let again = world.run(&["promote", "--to", "prod", "--json"]).expect(0, &[]);
    assert_eq!(parse(&again)["outcome"], "running-already");
    Ok(())
}

pub fn what_is_not_whole() -> Checked {
    let world = World::new();
    let old = good("v11.1.1");
    let (new, arm64) = index("v11.1.2");
    [&old, &new].into_iter().for_each(|image| world.vouch(image));
    world.deployed("dev", &old);
    world.deployed("staging", &old);
    world.deployed("dev", &new);
    delete_blob(&arm64.layer);
    let load = world.load("staging", LIGHT);
    let fence = world.status("staging")["running"]["deployment"].clone();
    let says = ["is not whole", arm64.layer.as_str(), "cargo xtask publish"];
    world.run(&["promote", "--to", "staging", "--json"]).expect(1, &says);
    assert_eq!(world.status("staging")["running"]["deployment"], fence);
    world.serves("staging", &old);
    load.end().clean().only(&[old.digest.as_str()]);
    Ok(())
}
