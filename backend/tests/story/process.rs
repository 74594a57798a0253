//! The real binary as a server and as a worker.

use crate::support::*;
use serde_json::{Value, json};

fn token(database: &Database) -> String {
    let arguments = ["admin", "token", "create", "--project", "shop", "--scope", "evidence:write"];
    let output = run(&arguments, &[("DATABASE_URL", &database.url())]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn server(database: &Database) -> Process {
    let url = database.url();
    let environment = [("DATABASE_URL", url.as_str()), ("PORTBOOK_LISTEN", "127.0.0.1:0")];
    Process::start(&["server"], &environment, "listening").await
}

#[tokio::test]
async fn sigterm_lets_a_slow_request_finish_and_idle_connections_go() {
    let database = Database::migrated().await;
    let token = token(&database);
    let server = server(&database).await;
    let address = server.address().await;
    // One connection that was never used, one that is kept alive after an answer.
    let unused = send(address, b"");
    let idle = send(address, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    let body = json!({ "evidence": [commit(1, 1, &[])] }).to_string();
    let (first, rest) = body.split_at(body.len() / 2);
    let head = format!(
        "POST /v1/evidence HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut slow = send(address, format!("{head}{first}").as_bytes());
    eventually("three connections are open", || async {
        // The probe's own connection is the fourth, and closes before the next.
        get(address, "/readyz").starts_with("HTTP/1.1 200")
    })
    .await;

    server.signal("TERM");
    server.logged("draining").await;
    eventually("nothing listens any more", || async { std::net::TcpStream::connect(address).is_err() }).await;
    assert_eq!(read_all(unused), "");
    assert!(read_all(idle).contains("{\"status\":\"ok\"}"));

    std::io::Write::write_all(&mut slow, rest.as_bytes()).unwrap();
    let answer = read_all(slow);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("recorded"), "{answer}");
    let log = server.log().join("\n");
    assert!(!log.contains(token.rsplit('_').next().unwrap()), "the secret is logged:\n{log}");
    assert_eq!(server.exit().await.code(), Some(0));
}

#[tokio::test]
async fn a_worker_projects_shows_that_it_lives_and_ends_on_sigint() {
    let ledger = Ledger::new().await;
    let url = ledger.database.url();
    let environment = [("DATABASE_URL", url.as_str()), ("PORTBOOK_WORKER_INTERVAL_MS", "10")];
    let alive = || run(&["healthcheck", "--worker"], &environment);
    let before = alive();
    assert_eq!(before.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&before.stderr).contains("no worker"), "{before:?}");

    let worker = Process::start(&["worker"], &environment, "working").await;
    ledger.record(&[commit(1, 1, &[]), deployed(2, "web", "dev", 1, "success")]).await;
    eventually("the board shows it", || async { !ledger.board().await.services.is_empty() }).await;
    eventually("the worker shows that it lives", || async { alive().status.success() }).await;

    worker.signal("INT");
    assert_eq!(worker.exit().await.code(), Some(0));

    ledger.database.execute("UPDATE worker_heartbeat SET at = at - 16000000").await.unwrap();
    let stale = alive();
    assert_eq!(stale.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&stale.stderr).contains("16 s old"), "{stale:?}");
}

#[tokio::test]
async fn a_worker_waits_for_its_database() {
    let database = Database::empty().await;
    let url = database.url();
    let environment = [("DATABASE_URL", url.as_str()), ("PORTBOOK_WORKER_INTERVAL_MS", "10")];
    let worker = Process::start(&["worker"], &environment, "could not work").await;
    assert!(run(&["migrate"], &environment).status.success());
    let alive = || async { run(&["healthcheck", "--worker"], &environment).status.success() };
    eventually("the worker lives", alive).await;
    worker.signal("TERM");
    assert_eq!(worker.exit().await.code(), Some(0));
}

#[tokio::test]
async fn the_health_check_tells_ready_from_not_ready_from_absent() {
    let database = Database::empty().await;
    let server = server(&database).await;
    let listen = server.address().await.to_string();
    let check = || run(&["healthcheck"], &[("PORTBOOK_LISTEN", listen.as_str())]);

    let not_ready = check();
    assert_eq!(not_ready.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&not_ready.stderr).contains("503"), "{not_ready:?}");
    assert!(run(&["migrate"], &[("DATABASE_URL", &database.url())]).status.success());
    assert_eq!(check().status.code(), Some(0));
    let url = format!("http://{listen}/healthz");
    assert_eq!(run(&["healthcheck", "--url", &url], &[]).status.code(), Some(0));

    server.signal("TERM");
    assert_eq!(server.exit().await.code(), Some(0));
    assert_eq!(check().status.code(), Some(1));
}

#[tokio::test]
async fn logs_are_json_lines_with_the_request_id() {
    let database = Database::migrated().await;
    let server = server(&database).await;
    let address = server.address().await;
    let request =
        b"GET /version?token=hidden HTTP/1.1\r\nHost: x\r\nX-Request-Id: r-1\r\nConnection: close\r\n\r\n";
    assert!(read_all(send(address, request)).starts_with("HTTP/1.1 200"));
    let line = server.logged("answered").await;
    assert_eq!((&line["path"], &line["status"]), (&json!("/version"), &json!(200)));
    assert_eq!(line["span"]["id"], "r-1");
    for line in server.log() {
        assert!(serde_json::from_str::<Value>(&line).is_ok_and(|line| line.is_object()), "{line}");
        assert!(!line.contains("hidden"), "{line}");
    }
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["server"], &[("PORTBOOK_LISTEN", &address), ("DATABASE_URL", "sqlite:///none.db")]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains(&address) && error.contains("PORTBOOK_LISTEN"), "{error}");
}
