//! A model's own thread: it classifies whatever messages are waiting in one go.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use model::{Classifier, Prediction};

/// More messages than this wait for the next round.
const MOST_AT_ONCE: usize = 32;

/// A classifier with its thread, which ends when the last user lets go.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) classifier: Arc<Classifier>,
    jobs: Sender<Job>,
}

struct Job {
    texts: Vec<String>,
    answer: SyncSender<Vec<Prediction>>,
}

/// Predictions on their way.
pub(crate) struct Pending {
    texts: Vec<String>,
    answer: Receiver<Vec<Prediction>>,
}

impl Served {
    pub(crate) fn new(classifier: Arc<Classifier>) -> Self {
        let (jobs, queue) = channel();
        let model = Arc::clone(&classifier);
        let started = thread::Builder::new().name("classify".to_owned()).spawn(move || serve(&model, &queue));
        if let Err(error) = started {
            tracing::warn!(%error, "no thread for the model; messages are classified one by one");
        }
        Self { classifier, jobs }
    }

    /// Hands texts over; the caller may do something else meanwhile.
    pub(crate) fn classify(&self, texts: Vec<String>) -> Pending {
        let (sender, answer) = sync_channel(1);
        let job = Job { texts: texts.clone(), answer: sender };
        // A job that nobody takes is found out by `wait`.
        let _ = self.jobs.send(job);
        Pending { texts, answer }
    }

    /// The predictions, one a text; classified here if the thread is gone.
    pub(crate) fn wait(&self, pending: &Pending) -> Vec<Prediction> {
        pending.answer.recv().unwrap_or_else(|_| {
            let texts: Vec<&str> = pending.texts.iter().map(String::as_str).collect();
            self.classifier.predict(&texts)
        })
    }
}

fn serve(model: &Classifier, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let mut jobs = vec![first];
        let mut waiting = jobs[0].texts.len();
        while waiting < MOST_AT_ONCE
            && let Ok(job) = queue.try_recv()
        {
            waiting += job.texts.len();
            jobs.push(job);
        }
        let texts: Vec<&str> = jobs.iter().flat_map(|job| job.texts.iter().map(String::as_str)).collect();
        let mut predictions = model.predict(&texts).into_iter();
        for job in &jobs {
            let share = predictions.by_ref().take(job.texts.len()).collect();
            // A caller that has gone away needs no answer.
            let _ = job.answer.send(share);
        }
    }
}
