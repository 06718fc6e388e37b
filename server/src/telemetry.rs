//! How the service tells what it does: log lines, request ids and Prometheus metrics.

use std::cell::RefCell;
use std::future::Future;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Seconds at which the request and answer histograms are cut.
const LATENCY_BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

tokio::task_local! {
    static REQUEST_ID: RefCell<String>;
}

/// Runs `work` so that everything it logs or answers carries `request_id`.
pub async fn with_request_id<F: Future>(request_id: String, work: F) -> F::Output {
    REQUEST_ID.scope(RefCell::new(request_id), work).await
}

/// The id of the request being served, when one is.
pub fn current_request_id() -> Option<String> {
    REQUEST_ID.try_with(|id| id.borrow().clone()).ok()
}

/// Starts logging to standard error; a second call in one process changes nothing.
pub fn start_logging(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|error| anyhow::anyhow!("[log] filter {:?} is not usable: {error}", config.filter))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
        LogFormat::Text => lines.compact().try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
    Ok(())
}

/// Starts collecting metrics; `/metrics` renders what the handle holds.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), LATENCY_BUCKETS)?
        .build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::debug!("metrics were started before");
    }
    describe();
    Ok(handle)
}

fn describe() {
    metrics::describe_histogram!(
        "frontdesk_http_request_seconds",
        "Time to serve a request, by route, method and status"
    );
    metrics::describe_counter!("frontdesk_answers_total", "Answers given to customers, by action and language");
    metrics::describe_histogram!("frontdesk_answer_seconds", "Time from a customer's message to the stored reply");
    metrics::describe_counter!("frontdesk_feedback_total", "Feedback from customers, by rating");
    metrics::describe_gauge!("frontdesk_index_revision", "FAQ revision that searches see");
    metrics::describe_gauge!("frontdesk_websockets", "Open WebSocket connections");
    metrics::describe_counter!("frontdesk_rate_limited_total", "Requests refused by a limit, by limit");
}
