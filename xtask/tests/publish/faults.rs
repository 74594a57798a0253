//! Every request in turn goes wrong, in every way; running it again ends right.

use crate::Checked;
use crate::layout::{Layout, Recipe, noise};
use crate::proxy::{Act, Proxy};
use crate::world::World;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A way to go wrong.
#[derive(Clone, Copy)]
pub enum Fault {
    Status500,
    TooMany,
    ResetBefore,
    ResetAfter,
    Truncate,
    CutBody,
}

impl Fault {
    fn act(self) -> Act {
        let error = br#"{"errors":[{"code":"UNKNOWN","message":"it went wrong"}]}"#.to_vec();
        match self {
            Self::Status500 => Act::Answer("500 Internal Server Error".to_owned(), error),
            Self::TooMany => Act::Answer("429 Too Many Requests\r\nRetry-After: 0".to_owned(), error),
            Self::ResetBefore => Act::ResetBefore,
            Self::ResetAfter => Act::ResetAfter,
            Self::Truncate => Act::Truncate,
            Self::CutBody => Act::CutBody,
        }
    }
}

const TAGS: [&str; 2] = ["latest", "v1.2.3"];

fn prepare(proxy: &Proxy) -> (World, Layout, usize) {
    let mut world = World::behind(proxy.address);
    let layout = world.artefact(&Recipe::new(&world.head()));
    proxy.pass();
    world.published(&layout, &TAGS);
    world.move_on();
    (world, layout, proxy.seen().len())
}

/// Nothing is half there, and running it again without faults completes it.
fn ends_right(proxy: &Proxy, world: &World, layout: &Layout, what: &str) {
    world.direct.assert_whole();
    proxy.pass();
    let ran = world.publish(layout, &TAGS);
    assert_eq!(ran.code, Some(0), "{what}: {ran:#?}");
    let tags = world.direct.assert_whole();
    for tag in TAGS {
        assert_eq!(world.direct.digest(tag).as_ref(), Some(&layout.digest), "{what}");
    }
    let list = layout.digest.as_str().replace(':', "-");
    assert!(tags.contains(&list), "{what}: the evidence is not attached: {tags:?}");
}

/// From the n-th request on nothing works: the call fails in words, and the next one ends right. Each request in turn
/// meets another of the faults, beginning with the `first`.
pub fn lasting(first: usize) -> Checked {
    let faults = [
        Fault::Status500,
        Fault::ResetAfter,
        Fault::TooMany,
        Fault::Truncate,
        Fault::ResetBefore,
        Fault::CutBody,
    ];
    let proxy = Proxy::start();
    let (mut world, layout, requests) = prepare(&proxy);
    assert!(requests > 15, "{requests} requests are too few to be a publish");
    for n in 0..requests {
        let fault = faults[(first + n) % faults.len()];
        proxy.rule(move |number, _| if number >= n { fault.act() } else { Act::Pass });
        let ran = world.publish(&layout, &TAGS);
        let what = format!("request {n} and all after it");
        assert!(matches!(ran.code, Some(1 | 4)), "{what}: {ran:#?}");
        assert!(
            ran.stderr.contains("error: ") && ran.stderr.contains(&world.host.to_string()),
            "{what}: {ran:#?}"
        );
        ends_right(&proxy, &world, &layout, &what);
        world.move_on();
    }
    Ok(())
}

/// One request goes wrong once: the very call repeats it and succeeds.
pub fn passing(fault: Fault) -> Checked {
    let proxy = Proxy::start();
    let (mut world, layout, requests) = prepare(&proxy);
    for n in 0..requests {
        proxy.rule(move |number, _| if number == n { fault.act() } else { Act::Pass });
        let ran = world.publish(&layout, &TAGS);
        assert_eq!(ran.code, Some(0), "request {n}: {ran:#?}");
        for tag in TAGS {
            assert_eq!(world.direct.digest(tag).as_ref(), Some(&layout.digest), "request {n}");
        }
        world.direct.assert_whole();
        world.move_on();
    }
    Ok(())
}

/// The process is killed while the n-th request is under way, before or after the registry did it.
pub fn killed(after: bool) -> Checked {
    let proxy = Proxy::start();
    let (mut world, layout, requests) = prepare(&proxy);
    for n in 0..requests {
        let (reached, is_reached) = mpsc::channel::<()>();
        let (dead, is_dead) = mpsc::channel::<()>();
        let mut channels = Some((reached, is_dead));
        proxy.rule(move |number, _| {
            if number != n {
                return Act::Pass;
            }
            let (reached, is_dead) = channels.take().unwrap();
            let wait = move || {
                reached.send(()).unwrap();
                is_dead.recv().unwrap();
            };
            if after {
                Act::PassThen(Box::new(wait))
            } else {
                Act::Then(Box::new(wait), Box::new(Act::ResetBefore))
            }
        });
        let image = world.image();
        let mut command = world.xtask(&world.publish_args(&layout, &image, &TAGS));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        is_reached.recv_timeout(Duration::from_secs(30)).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        dead.send(()).unwrap();
        ends_right(&proxy, &world, &layout, &format!("killed at request {n}"));
        world.move_on();
    }
    Ok(())
}

/// What the registry asks for is what it gets: no earlier, and bounded.
pub fn retry_after_is_honoured() -> Checked {
    let proxy = Proxy::start();
    let world = World::behind(proxy.address);
    let layout = world.artefact(&Recipe::new(&world.head()));
    proxy.rule(|number, _| match number {
        2 => Act::Answer("429 Too Many Requests\r\nRetry-After: 1".to_owned(), Vec::new()),
        _ => Act::Pass,
    });
    let began = Instant::now();
    world.published(&layout, &TAGS);
    assert!(began.elapsed() >= Duration::from_secs(1), "asked again after {:?}", began.elapsed());
    Ok(())
}

/// A big blob whose upload is cut goes on from where the registry says it stands. distribution 2.8 forgets an upload that is
/// cut within a request, so the proxy cuts between two, and tells the range as a registry that keeps it does.
pub fn a_cut_upload_is_resumed() -> Checked {
    let proxy = Proxy::start();
    let world = World::behind(proxy.address);
    let size = 6 << 20;
    let layout = world.artefact(&Recipe { layers: vec![noise("big", size)], ..Recipe::new(&world.head()) });
    let (told, is_told) = mpsc::channel::<String>();
    let (mut told, mut cut) = (Some(told), false);
    proxy.rule(move |_, seen| match seen.method.as_str() {
        "PATCH" if !cut => {
            cut = true;
            let told = told.take().unwrap();
            Act::Half(Box::new(move |answer| told.send(answer).unwrap()))
        }
        "GET" if seen.target.contains("/blobs/uploads/") => {
            let answer = is_told.recv().unwrap();
            let kept =
                answer.lines().filter(|line| line.starts_with("Location: ") || line.starts_with("Range: "));
            Act::Answer(format!("204 No Content\r\n{}", kept.collect::<Vec<_>>().join("\r\n")), Vec::new())
        }
        _ => Act::Pass,
    });
    let answer = world.published(&layout, &TAGS);
    let seen = proxy.seen();
    let sent: Vec<usize> =
        seen.iter().filter(|one| one.method == "PATCH").map(|one| one.body.len()).collect();
    assert_eq!(sent, [size, size / 2], "{:#}", answer["requests"]);
    world.direct.assert_whole();
    Ok(())
}

/// The same where the registry has forgotten it: it is sent anew.
pub fn a_cut_upload_that_is_forgotten_begins_anew() -> Checked {
    let proxy = Proxy::start();
    let world = World::behind(proxy.address);
    let layout =
        world.artefact(&Recipe { layers: vec![noise("big", 6 << 20)], ..Recipe::new(&world.head()) });
    let mut cut = false;
    proxy.rule(move |_, seen| match seen.method == "PATCH" && !cut {
        true => {
            cut = true;
            Act::CutBody
        }
        false => Act::Pass,
    });
    world.published(&layout, &TAGS);
    world.direct.assert_whole();
    Ok(())
}
