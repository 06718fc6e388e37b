//! The models of a home: registered with what the golden conversations say of them, promoted, rolled back,
//! and swapped under load without a failed request.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use assistant::{Assistant, ReplayReport, replay};
use dialogue::golden::GoldenConversation;
use model::Classifier;
use serde::{Deserialize, Serialize};
use store::Store;
use tokio::sync::Mutex;

use crate::error::ApiError;
use crate::home::Home;

/// How often the store is asked whether another model was made live elsewhere.
const FOLLOW: Duration = Duration::from_secs(2);

/// What the golden conversations say of a model.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct GoldenOutcome {
    pub passed: Vec<String>,
    pub failed: Vec<String>,
}

impl GoldenOutcome {
    fn of(reports: &[ReplayReport]) -> Self {
        let mut outcome = Self::default();
        for report in reports {
            let list = if report.passed { &mut outcome.passed } else { &mut outcome.failed };
            list.push(report.name.clone());
        }
        outcome
    }

    /// What was recorded with a model; nothing when it was never replayed.
    pub fn of_metrics(metrics: &serde_json::Value) -> Self {
        serde_json::from_value(metrics["golden"].clone()).unwrap_or_default()
    }

    /// The conversations that `before` passed and this does not.
    pub fn broken_since(&self, before: &Self) -> Vec<String> {
        self.failed.iter().filter(|name| before.passed.contains(name)).cloned().collect()
    }

    /// The conversations that this passes and `before` did not.
    fn fixed_since(&self, before: &Self) -> Vec<String> {
        self.passed.iter().filter(|name| before.failed.contains(name)).cloned().collect()
    }
}

/// What going from the live model to a candidate changes.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    pub fixes: Vec<String>,
    pub breaks: Vec<String>,
}

/// How sure the one who promotes is.
#[derive(Clone, Debug)]
pub enum Insistence {
    /// Refuse when a golden conversation gets worse.
    Careful,
    /// Promote in any case; the reason goes to the audit log.
    Forced { reason: String },
}

/// Owns which model is live.
#[derive(Debug)]
pub struct Models {
    store: Store,
    home: Home,
    assistant: Arc<Assistant>,
    golden: Arc<Vec<(String, GoldenConversation)>>,
    /// One promotion at a time.
    changing: Mutex<()>,
}

impl Models {
    pub fn new(store: Store, home: Home, assistant: Arc<Assistant>, golden: Vec<(String, GoldenConversation)>) -> Self {
        Self { store, home, assistant, golden: Arc::new(golden), changing: Mutex::new(()) }
    }

    /// The golden conversations, each with the name of its file.
    pub fn golden(&self) -> Arc<Vec<(String, GoldenConversation)>> {
        Arc::clone(&self.golden)
    }

    /// Loads the model that the store calls current; a damaged one is reported and the one before it serves.
    pub async fn load_current(&self) -> anyhow::Result<()> {
        let Some(current) = self.store.model_current().await? else { return Ok(()) };
        match self.load(&current.version).await {
            Ok(classifier) => self.assistant.swap_model(Some(classifier)),
            Err(error) => {
                tracing::error!(
                    version = current.version,
                    error = format!("{error:#}"),
                    "the current model cannot be loaded; going back to the one before"
                );
                let before = self.store.model_rollback("service").await.context("no earlier model to go back to")?;
                self.assistant.swap_model(Some(self.load(&before.version).await?));
            }
        }
        Ok(())
    }

    /// Takes a finished bundle into the home's models under its own version, and into the list with its outcome on the
    /// golden conversations.
    pub async fn adopt(&self, bundle: &Path) -> anyhow::Result<(String, GoldenOutcome)> {
        let classifier = load(bundle.to_owned()).await?;
        let version = classifier.info().version.clone();
        let home = self.path_of(&version);
        std::fs::rename(bundle, &home).with_context(|| format!("cannot move the model to {}", home.display()))?;
        let golden = self.register(&version, classifier).await?;
        Ok((version, golden))
    }

    /// Takes a bundle into the list that a crash left among the home's models, or finds it there; `None` where the home
    /// has no such bundle.
    pub async fn adopt_moved(&self, version: &str) -> anyhow::Result<Option<GoldenOutcome>> {
        if !self.path_of(version).exists() {
            return Ok(None);
        }
        match self.store.model_get(version).await {
            Ok(known) => Ok(Some(GoldenOutcome::of_metrics(&known.metrics))),
            Err(store::Error::NotFound { .. }) => Ok(Some(self.register(version, self.load(version).await?).await?)),
            Err(error) => Err(error.into()),
        }
    }

    async fn register(&self, version: &str, classifier: Arc<Classifier>) -> anyhow::Result<GoldenOutcome> {
        let metrics = classifier.info().metrics.clone();
        let golden = self.replay_with(classifier).await?;
        let described = serde_json::json!({ "metrics": metrics, "golden": golden });
        self.store.model_add(version, &self.path_of(version).to_string_lossy(), &described).await?;
        Ok(golden)
    }

    /// What changes for the golden conversations when `version` takes over from the live model.
    pub async fn compare(&self, version: &str) -> Result<Comparison, ApiError> {
        let candidate = self.golden_of(version).await?;
        let current = match self.store.model_current().await? {
            Some(current) => self.golden_of(&current.version).await?,
            None => GoldenOutcome::default(),
        };
        Ok(Comparison { fixes: candidate.fixed_since(&current), breaks: candidate.broken_since(&current) })
    }

    /// Makes `version` the live model: first loaded, then recorded, then swapped; requests in flight finish on the old one.
    pub async fn promote(&self, version: &str, by: &str, insistence: Insistence) -> Result<(), ApiError> {
        let _one_at_a_time = self.changing.lock().await;
        let comparison = self.compare(version).await?;
        let reason = match insistence {
            Insistence::Forced { reason } => Some(reason),
            Insistence::Careful if comparison.breaks.is_empty() => None,
            Insistence::Careful => {
                let (count, names) = (comparison.breaks.len(), comparison.breaks.join("; "));
                let detail = format!(
                    "{version} breaks {count} golden conversations: {names}. Send force and a reason to promote it all the same"
                );
                return Err(ApiError::GoldenRegressed(detail));
            }
        };
        let classifier = self.load(version).await?;
        self.store.model_promote(version, by, reason.as_deref().unwrap_or_default()).await?;
        self.assistant.swap_model(Some(classifier));
        Ok(())
    }

    /// Goes back to the model that was live before, and returns its version.
    pub async fn rollback(&self, by: &str) -> Result<String, ApiError> {
        let _one_at_a_time = self.changing.lock().await;
        let promotions = self.store.model_promotions().await?;
        let fallback = promotions.into_iter().next().and_then(|latest| latest.fallback);
        let version =
            fallback.ok_or_else(|| ApiError::Conflict("there is no earlier model to go back to".to_owned()))?;
        let classifier = self.load(&version).await?;
        self.store.model_rollback(by).await?;
        self.assistant.swap_model(Some(classifier));
        Ok(version)
    }

    /// Takes over what the command line or another node promoted or rolled back.
    pub async fn follow(self: Arc<Self>) {
        loop {
            tokio::time::sleep(FOLLOW).await;
            if let Err(error) = self.catch_up().await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the model that was promoted elsewhere cannot be taken over"
                );
            }
        }
    }

    async fn catch_up(&self) -> anyhow::Result<()> {
        let _one_at_a_time = self.changing.lock().await;
        let Some(current) = self.store.model_current().await? else { return Ok(()) };
        if self.assistant.model_version().as_ref() != Some(&current.version) {
            self.assistant.swap_model(Some(self.load(&current.version).await?));
            tracing::info!(version = current.version, "took over the model that was promoted elsewhere");
        }
        Ok(())
    }

    fn path_of(&self, version: &str) -> PathBuf {
        self.home.model(version)
    }

    async fn load(&self, version: &str) -> anyhow::Result<Arc<Classifier>> {
        load(self.path_of(version)).await
    }

    async fn golden_of(&self, version: &str) -> Result<GoldenOutcome, ApiError> {
        let model = self.store.model_get(version).await?;
        Ok(GoldenOutcome::of_metrics(&model.metrics))
    }

    async fn replay_with(&self, classifier: Arc<Classifier>) -> anyhow::Result<GoldenOutcome> {
        let script = self.assistant.script().as_ref().clone();
        let candidate = Assistant::new(script, Some(classifier), Arc::clone(self.assistant.index()));
        let golden = Arc::clone(&self.golden);
        let reports = tokio::task::spawn_blocking(move || {
            golden.iter().map(|(_, conversation)| replay(&candidate, conversation)).collect::<Vec<_>>()
        })
        .await?;
        Ok(GoldenOutcome::of(&reports))
    }
}

async fn load(path: PathBuf) -> anyhow::Result<Arc<Classifier>> {
    let classifier = tokio::task::spawn_blocking(move || Classifier::load(&path)).await??;
    Ok(Arc::new(classifier))
}
