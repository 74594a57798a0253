//! What Prometheus reads.

use super::{App, Problem};
use crate::service::clock;
use crate::store::{GaugeRows, Store};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// How long an answer about the database is good for, however many ask.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// The upper ends of the histogram's buckets, in seconds.
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is counted while requests are answered. Clones share it.
#[derive(Clone)]
pub(super) struct Metrics {
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    problems: Family<ProblemType, Counter>,
    registry: Arc<Registry>,
    database: Arc<tokio::sync::Mutex<Option<(Instant, String)>>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProblemType {
    r#type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryState {
    state: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RuleLabel {
    rule: String,
}

/// The type of the problem that an answer tells, for counting.
#[derive(Clone)]
pub(super) struct ProblemKind(pub Arc<str>);

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("portbook");
        let requests = Family::<Answered, Counter>::default();
        let durations =
            Family::<Route, Histogram, fn() -> Histogram>::new_with_constructor(|| Histogram::new(BUCKETS));
        let problems = Family::<ProblemType, Counter>::default();
        let help = "Requests by method, template of the route, and status of the answer";
        registry.register("http_requests", help, requests.clone());
        let help = "How long it took until the answer began";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, durations.clone());
        let help = "Answers that tell a problem, by its type; `unavailable` is the database";
        registry.register("http_problems", help, problems.clone());
        Self { requests, durations, problems, registry: Arc::new(registry), database: Arc::default() }
    }
}

/// Counts a request and its answer.
pub(super) async fn count(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = known(request.method());
    let template = request.extensions().get::<MatchedPath>();
    // Pages and what is not there share one name: a caller must not be able to make up names without end.
    let route = template.map_or_else(|| "other".to_owned(), |template| template.as_str().to_owned());
    let response = next.run(request).await;
    let Metrics { requests, durations, problems, .. } = &app.reading.metrics;
    let status = response.status().as_u16();
    durations.get_or_create(&Route { method, route: route.clone() }).observe(started.elapsed().as_secs_f64());
    requests.get_or_create(&Answered { method, route, status }).inc();
    if let Some(ProblemKind(kind)) = response.extensions().get() {
        problems.get_or_create(&ProblemType { r#type: kind.to_string() }).inc();
    }
    response
}

fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Numbers for Prometheus, in the OpenMetrics text format. They name no project and need no token; where they should not
/// be public, let the proxy keep `/metrics` to itself.
#[utoipa::path(get, path = "/metrics", operation_id = "prometheus_metrics", tag = "operation",
    responses((status = 200, description = "The numbers", body = String,
               content_type = "application/openmetrics-text")))]
pub(super) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let metrics = &app.reading.metrics;
    let mut text = String::new();
    let written = encode_registry(&mut text, &metrics.registry);
    text.push_str(&metrics.database(&app).await?);
    written.and_then(|()| encode_eof(&mut text)).map_err(|error| {
        tracing::error!(%error, "the metrics cannot be written");
        Problem::internal()
    })?;
    let headers = [(header::CONTENT_TYPE, OPEN_METRICS), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, text).into_response())
}

impl Metrics {
    /// What the database says, asked at most once a second.
    async fn database(&self, app: &App) -> Result<String, Problem> {
        let mut known = self.database.lock().await;
        if let Some((_, text)) = known.as_ref().filter(|(at, _)| at.elapsed() < GOOD_FOR) {
            return Ok(text.clone());
        }
        let mut registry = Registry::with_prefix("portbook");
        build(&mut registry, app);
        let rows = gauges(&app.store).await;
        gauge(&mut registry, "database_up", "Whether the database answers", i64::from(rows.is_some()));
        let connections = app.store.connections();
        let help = "Connections to the database that this process holds open";
        gauge(&mut registry, "database_connections_open", help, i64::from(connections.open));
        let help = "Connections to the database that nothing uses at present";
        gauge(&mut registry, "database_connections_idle", help, i64::from(connections.idle));
        if let Some(rows) = rows {
            describe(&mut registry, rows);
        }
        let mut text = String::new();
        encode_registry(&mut text, &registry).map_err(|error| {
            tracing::error!(%error, "the metrics cannot be written");
            Problem::internal()
        })?;
        *known = Some((Instant::now(), text.clone()));
        Ok(text)
    }
}

async fn gauges(store: &Store) -> Option<GaugeRows> {
    let rows = match store.read().await {
        Ok(mut session) => session.gauges().await,
        Err(error) => Err(error),
    };
    rows.inspect_err(|error| tracing::warn!(%error, "no numbers about the database")).ok()
}

fn build(registry: &mut Registry, app: &App) {
    let text = |value: Option<String>| value.unwrap_or_default();
    let labels = vec![
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("commit", text(app.build.commit.as_ref().map(ToString::to_string))),
        ("image_digest", text(app.build.image_digest.as_ref().map(ToString::to_string))),
    ];
    registry.register("build", "What this build is", Info::new(labels));
}

fn describe(registry: &mut Registry, rows: GaugeRows) {
    let deliveries = Family::<DeliveryState, Gauge>::default();
    for (state, count) in rows.deliveries {
        deliveries.get_or_create(&DeliveryState { state }).set(count);
    }
    let help = "Deliveries by state; those that were processed are not counted";
    registry.register("deliveries", help, deliveries);
    let help = "The number of the newest delivery, which grows with each that comes";
    gauge(registry, "delivery_last_id", help, rows.last_delivery);
    let help = "How long the oldest delivery has waited that is not processed yet; 0 if none waits";
    seconds(registry, "delivery_pending_age", help, rows.oldest_pending.map_or(0.0, since));
    let help = "The place of the newest evidence in the log";
    gauge(registry, "evidence_last_seq", help, rows.last_evidence);
    let help = "Evidence that is not projected yet; beyond 100000 it is not counted";
    gauge(registry, "projection_lag", help, rows.behind);
    let help = "The version of the projection, which grows with each change";
    gauge(registry, "projection_version", help, rows.version);
    if let Some(at) = rows.last_beat {
        let help = "How long ago a worker was last alive; absent if there never was one";
        seconds(registry, "worker_heartbeat_age", help, since(at));
    }
    let incidents = Family::<RuleLabel, Gauge>::default();
    for rule in ::evidence::rules::Rule::ALL {
        incidents.get_or_create(&RuleLabel { rule: rule.as_str().to_owned() }).set(0);
    }
    for (rule, count) in rows.incidents {
        incidents.get_or_create(&RuleLabel { rule }).set(count);
    }
    registry.register("incidents_open", "Open incidents by rule", incidents);
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn seconds(registry: &mut Registry, name: &str, help: &str, value: f64) {
    let gauge = Gauge::<f64, AtomicU64>::default();
    gauge.set(value);
    registry.register_with_unit(name, help, Unit::Seconds, gauge);
}

/// How long ago that microsecond is, in seconds.
fn since(at: i64) -> f64 {
    let micros = u64::try_from(clock::now().saturating_sub(at)).unwrap_or_default();
    Duration::from_micros(micros).as_secs_f64()
}
