//! What goes wrong on the way, and that nothing is lost or counted twice by it.

use crate::server::Act;
use crate::support::Ran;
use crate::world::World;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

/// The first request goes wrong in this way, and nothing after it.
fn passing(fault: fn() -> Act, new: usize, old: usize) {
    let world = World::with(2);
    world.server.rule(move |number, _| if number == 0 { fault() } else { Act::Record });
    world.push().expect(0, &[&format!("{new} recorded, {old} already there, 0 not posted")]);
    assert_eq!((world.server.seen().len(), world.unsent()), (2, 0));
}

#[test]
fn what_passes_is_asked_again() {
    passing(|| Act::Answer("500 Broken", "<html>".to_owned()), 3, 0);
    passing(|| Act::Answer("503 Away\r\nretry-after: 0", String::new()), 3, 0);
    passing(|| Act::Answer("200 OK", "<html>a captive portal</html>".to_owned()), 3, 0);
    passing(|| Act::Reset, 3, 0);
    // It was recorded, and nobody here could know.
    passing(|| Act::Lost(Box::new(|| ())), 0, 3);
    passing(|| Act::Cut, 0, 3);
}

#[test]
fn retry_after_is_honoured() {
    let world = World::with(1);
    world.server.rule(|number, _| match number {
        0 => Act::Answer("429 Slow Down\r\nretry-after: 1", String::new()),
        _ => Act::Record,
    });
    world.push().expect(0, &["2 recorded"]);
    let seen = world.server.seen();
    assert!(seen[1].at - seen[0].at >= Duration::from_secs(1));
}

#[test]
fn a_ledger_that_stays_away_is_named_and_everything_stays() {
    let world = World::with(1);
    world.server.rule(|_, _| Act::Answer("503 Away", String::new()));
    world
        .push()
        .expect(4, &["cannot be used at present, asked 5 times: 503", "next: cargo xtask evidence push"]);
    assert_eq!((world.server.seen().len(), world.unsent()), (5, 2));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut push = world.xtask(&["evidence", "push"]);
    let push = push.env("PORTBOOK_URL", format!("http://{closed}"));
    Ran::of(push.output().unwrap()).expect(4, &["asked 5 times", "next: cargo xtask evidence push"]);
}

#[test]
fn a_token_does_not_follow_a_redirect() {
    let world = World::with(1);
    let other = World::with(0).server;
    let head: &'static str = format!("307 Elsewhere\r\nlocation: {}/v1/evidence", other.url()).leak();
    world.server.rule(move |_, _| Act::Answer(head, String::new()));
    world.push().expect(4, &["sends us elsewhere", "PORTBOOK_URL"]);
    assert!(other.seen().is_empty());
    world.server.rule(|_, _| Act::Answer("404 Not Found", String::new()));
    world.push().expect(4, &["there is no ledger at"]);
}

#[test]
fn killed_before_the_answer_arrives_it_completes() {
    let world = World::with(2);
    let (pid, told) = mpsc::channel::<u32>();
    let mut told = Some(told);
    world.server.rule(move |_, _| {
        let told = told.take();
        Act::Lost(Box::new(move || {
            let pid = told.unwrap().recv().unwrap().to_string();
            assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        }))
    });
    let mut child = world.xtask(&["evidence", "push"]).stderr(Stdio::null()).spawn().unwrap();
    pid.send(child.id()).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert_eq!((world.server.recorded().len(), world.unsent()), (3, 3));
    world.server.rule(|_, _| Act::Record);
    world.push().expect(0, &["0 recorded, 3 already there, 0 not posted"]);
    assert_eq!(world.server.recorded().len(), 3);
}

#[test]
fn without_a_note_it_is_sent_again() {
    let world = World::with(1);
    // Where the notes would go there is a file: the answer arrives, and no note is written.
    world.write("sent", "");
    world.push().expect(1, &["it is recorded, but ", "sent"]);
    assert_eq!(world.server.recorded().len(), 2);
    std::fs::remove_file(world.fixture.path("target/xtask/evidence/sent")).unwrap();
    world.push().expect(0, &["0 recorded, 2 already there"]);
}

#[test]
fn an_answer_about_something_else_is_not_believed() {
    let world = World::with(1);
    let other = r#"{"results":[{"index":0,"status":"recorded","sha256":"0000","errors":[]}]}"#;
    world.server.rule(move |_, _| Act::Answer("200 OK", other.to_owned()));
    world.push().expect(1, &["said nothing, or something else, about"]);
    assert_eq!(world.unsent(), 2);
}
