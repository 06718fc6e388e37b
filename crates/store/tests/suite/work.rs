//! Templates, labels, jobs, models.

use dialogue::Action;
use serde_json::json;
use store::{Error, JobStatus, JobUpdate, Store};

use crate::samples::{new_conversation, say};

crate::on_both_databases!(
    templates_keep_their_history_and_refuse_old_versions,
    a_new_label_replaces_the_old_one,
    a_job_is_claimed_once_and_ends_once,
    a_job_whose_process_died_is_queued_again_until_it_was_too_often,
    a_job_that_stops_in_good_order_waits_and_has_not_crashed,
    a_wish_to_cancel_outlives_the_process_that_ran_the_job,
    models_are_promoted_and_rolled_back_step_by_step,
);

async fn templates_keep_their_history_and_refuse_old_versions(store: Store) {
    store.template_put("greet", "一", Some(0), "mei").await.expect("a version");
    let second = store.template_put("greet", "二", Some(1), "mei").await.expect("a version");
    let refused = store.template_put("greet", "三", Some(1), "li").await;
    assert!(matches!(refused, Err(Error::VersionConflict { current: 2, .. })), "{refused:?}");
    assert_eq!(store.template_list().await.expect("a list"), [second.clone()]);
    assert_eq!(store.template_get("greet").await.expect("it"), second);
    assert_eq!(store.template_history("greet").await.expect("history").len(), 2);
    assert!(matches!(store.template_get("none").await, Err(Error::NotFound { .. })));
}

async fn a_new_label_replaces_the_old_one(store: Store) {
    let id = new_conversation(&store).await;
    let message = say(&store, &id, "c1", "我要退款", Action::Rephrase).await.customer.id;
    store.label_put(&message, Some("refund"), "mei").await.expect("a label");
    store.label_put(&message, None, "li").await.expect("a label");
    let labels = store.labels_since(0, 10).await.expect("labels");
    assert_eq!(labels.len(), 1);
    assert_eq!(
        (labels[0].intent.as_deref(), labels[0].labelled_by.as_str(), labels[0].text.as_str()),
        (None, "li", "我要退款")
    );
    assert!(matches!(store.label_put("nowhere", None, "mei").await, Err(Error::NotFound { .. })));
}

async fn a_job_is_claimed_once_and_ends_once(store: Store) {
    let job = store.job_create("train", &json!({"epochs": 3})).await.expect("a job");
    let (one, other) = tokio::join!(store.job_claim(), store.job_claim());
    let claimed = [one, other].map(|claim| claim.expect("a claim").map(|job| job.id));
    assert_eq!(claimed.into_iter().flatten().collect::<Vec<_>>(), [job.id.clone()]);
    for epoch in 1..=3 {
        assert_eq!(store.job_event_append(&job.id, &json!({"epoch": epoch})).await.expect("an event"), epoch);
    }
    let events = store.job_events_after(&job.id, 1, 10).await.expect("events");
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [2, 3]);
    let done = JobUpdate { status: Some(JobStatus::Done), progress: Some(json!(1.0)), error: None };
    let done = store.job_update(&job.id, &done).await.expect("an update");
    assert!(done.status == JobStatus::Done && done.finished_at.is_some() && done.started_at.is_some());
    let late = JobUpdate { status: Some(JobStatus::Cancelled), ..JobUpdate::default() };
    assert_eq!(store.job_update(&job.id, &late).await.expect("it as it is").status, JobStatus::Done);
}

async fn a_job_whose_process_died_is_queued_again_until_it_was_too_often(store: Store) {
    let job = store.job_create("train", &json!({})).await.expect("a job");
    for (starts, status) in [(1, JobStatus::Queued), (2, JobStatus::Failed)] {
        let claimed = store.job_claim().await.expect("a claim").expect("a job");
        assert_eq!((claimed.id.as_str(), claimed.starts), (job.id.as_str(), starts));
        let left = store.jobs_left_running(2, "too often").await.expect("jobs");
        let [left] = &left[..] else { panic!("{left:?}") };
        assert_eq!((left.status, left.crashes), (status, starts));
        assert_eq!(left.error.is_some() && left.finished_at.is_some(), status.is_final());
    }
    assert_eq!(store.jobs_left_running(2, "too often").await.expect("none"), []);
}

async fn a_job_that_stops_in_good_order_waits_and_has_not_crashed(store: Store) {
    let job = store.job_create("train", &json!({})).await.expect("a job");
    store.job_claim().await.expect("a claim").expect("a job");
    let waiting = store.job_requeue(&job.id).await.expect("the job");
    assert_eq!((waiting.status, waiting.starts, waiting.crashes), (JobStatus::Queued, 1, 0));
    assert_eq!(store.job_cancel(&job.id).await.expect("the job").status, JobStatus::Cancelled);
    assert_eq!(store.job_requeue(&job.id).await.expect("the job").status, JobStatus::Cancelled);
    assert_eq!(store.job_claim().await.expect("a claim"), None);
}

async fn a_wish_to_cancel_outlives_the_process_that_ran_the_job(store: Store) {
    let job = store.job_create("train", &json!({})).await.expect("a job");
    store.job_claim().await.expect("a claim").expect("a job");
    let asked = store.job_cancel(&job.id).await.expect("the job");
    assert_eq!((asked.status, asked.cancel_asked), (JobStatus::Running, true));
    let left = store.jobs_left_running(9, "too often").await.expect("jobs");
    assert_eq!((left[0].status, left[0].error.as_deref()), (JobStatus::Cancelled, None));
    assert!(matches!(store.job_cancel("nowhere").await, Err(Error::NotFound { .. })));
}

async fn models_are_promoted_and_rolled_back_step_by_step(store: Store) {
    for version in ["v1", "v2", "v3"] {
        store.model_add(version, &format!("models/{version}"), &json!({"accuracy": 0.9})).await.expect("a model");
        store.model_promote(version, "mei", "better").await.expect("promoted");
    }
    assert!(matches!(store.model_add("v1", "x", &json!({})).await, Err(Error::Duplicate { .. })));
    assert!(matches!(store.model_promote("v9", "mei", "").await, Err(Error::NotFound { .. })));
    assert_eq!(store.model_rollback("mei").await.expect("back").version, "v2");
    assert_eq!(store.model_rollback("mei").await.expect("back").version, "v1");
    assert!(matches!(store.model_rollback("mei").await, Err(Error::Invalid(_))));
    assert_eq!(store.model_current().await.expect("a look-up").expect("a model").version, "v1");
    assert_eq!(store.model_promotions().await.expect("history").len(), 5);
}
