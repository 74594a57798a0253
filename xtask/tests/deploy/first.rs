//! A first deployment, and the same again.

use crate::Checked;
use crate::images::good;
use crate::world::{World, parse};
use serde_json::Value;

pub fn a_first_deployment_and_the_same_again() -> Checked {
    let world = World::new();
    let (one, two) = (good("v1.0.1"), good("v1.0.2"));
    [&one, &two].into_iter().for_each(|image| world.vouch(image));
    assert_eq!(world.status("dev")["running"], Value::Null);

    let told = world.deployed("dev", &one);
    assert_eq!((&told["previous"], &told["failure"]), (&Value::Null, &Value::Null));
    assert_eq!(told["commit"], one.commit.as_str());
    assert!(told["milliseconds"]["to_observed"].as_u64() <= told["milliseconds"]["total"].as_u64());
    world.serves("dev", &one);
    let web = world.engine.containers(&world.project("dev"), "web");

    // The same again changes nothing, whichever way it is asked for.
    for more in [&[][..], &["--skip-if-running"], &["--dry-run"]] {
        let args = [&["deploy", "--env", "dev", "--json", "--digest", one.digest.as_str()], more].concat();
        let ran = world.run(&args).expect(0, &["runs sha-"]);
        assert_eq!(parse(&ran)["outcome"], "running-already", "{ran:#?}");
    }
    assert_eq!(world.engine.containers(&world.project("dev"), "web"), web);

    let args = ["deploy", "--env", "dev", "--tag", "v1.0.1", "--json", "--force-redeploy"];
    assert_eq!(parse(&world.run(&args).expect(0, &["✓ observe"]))["outcome"], "deployed");
    world.serves("dev", &one);
    assert_ne!(world.engine.containers(&world.project("dev"), "web"), web);

    // What is recorded as running and does not is deployed, but for whoever said that it need not be looked at.
    world.engine.ask(&["stop", &world.engine.containers(&world.project("dev"), "web")[0]]);
    let args = ["deploy", "--env", "dev", "--tag", "v1.0.1", "--json", "--skip-if-running"];
    assert_eq!(parse(&world.run(&args).expect(0, &[]))["outcome"], "running-already");
    let trouble = world.status("dev")["trouble"].to_string();
    assert!(trouble.contains("exited"), "{trouble}");
    world.deployed("dev", &one);
    world.serves("dev", &one);

    world.deployed_unseen("dev", &two);
    let status = world.status("dev");
    assert_eq!(status["previous"][0]["digest"], one.digest.as_str(), "{status:#}");
    assert_eq!((&status["hold"], &status["lock"]), (&Value::Null, &Value::Null));
    Ok(())
}
