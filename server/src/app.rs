//! What the running service holds: the rooms, wired together once at start.

use std::sync::Arc;

use assistant::Assistant;
use metrics_exporter_prometheus::PrometheusHandle;
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::chat::Chat;
use crate::config::Config;
use crate::faq_drafts::Drafts;
use crate::faq_follower::FaqFollower;
use crate::hub::Hub;
use crate::jobs::JobRunner;
use crate::limits::Limits;
use crate::models::Models;
use crate::ratings::RatingsFollower;
use crate::suggestions::Suggestions;

/// The parts of one running service; handlers take what they need from it.
#[derive(Debug)]
pub struct App {
    pub config: Config,
    pub store: Store,
    pub assistant: Arc<Assistant>,
    pub hub: Arc<Hub>,
    pub limits: Limits,
    pub chat: Arc<Chat>,
    pub faq: FaqFollower,
    pub ratings: RatingsFollower,
    pub drafts: Drafts,
    pub suggestions: Arc<Suggestions>,
    pub models: Arc<Models>,
    pub jobs: JobRunner,
    pub metrics: PrometheusHandle,
    /// Cancelled when the service was asked to stop; whatever would stay open ends then.
    pub stopping: CancellationToken,
}
