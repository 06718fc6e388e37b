//! Puts the service together, listens, and stops it so that everything acknowledged is finished.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as ActixApp, HttpResponse, HttpServer, ResponseError as _, web};
use anyhow::Context as _;
use assistant::{Assistant, Bot};
use secrecy::ExposeSecret as _;
use store::Store;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi as _;
use utoipa_actix_web::AppExt as _;
use utoipa_swagger_ui::SwaggerUi;

use crate::api::{self, Description};
use crate::app::App;
use crate::assets::{self, Freshness};
use crate::chat::Chat;
use crate::config::Config;
use crate::error::ApiError;
use crate::faq_drafts::Drafts;
use crate::faq_encoder::FaqEncoder;
use crate::faq_follower::FaqFollower;
use crate::home::Home;
use crate::http::{Methods, Origins, check_origin, observe};
use crate::hub::Hub;
use crate::jobs::JobRunner;
use crate::limits::Limits;
use crate::models::Models;
use crate::ratings::RatingsFollower;
use crate::stopping::StopSignals;
use crate::suggestions::Suggestions;
use crate::{console, telemetry};

/// How often quiet visitors and unwatched channels are forgotten.
const SWEEP: Duration = Duration::from_secs(60);
/// How many sweeps pass before starting questions are learned anew.
const LESSON: u64 = 10;

/// Opens the store that the configuration names.
pub async fn open_store(config: &Config, home: &Home) -> anyhow::Result<Store> {
    match &config.storage.database_url {
        Some(url) => Store::open(url.expose_secret()).await.context("cannot open the database that DATABASE_URL names"),
        None => {
            let path = home.database();
            Store::open_sqlite(&path).await.with_context(|| format!("cannot open {}", path.display()))
        }
    }
}

/// Wires the rooms of one service together.
pub async fn assemble(config: Config, home: Home, bot: Bot, store: Store) -> anyhow::Result<App> {
    let metrics = telemetry::start_metrics()?;
    let folder = config.faq.encoder.as_ref().map(|encoder| home.root().join(encoder));
    let encoder = FaqEncoder::open(folder.as_deref(), &home.index(), &store).await?;
    let (faq, index) = FaqFollower::start(store.clone(), &home.index(), encoder).await?;
    index.set_synonyms(bot.synonyms)?;
    let ratings = RatingsFollower::start(store.clone(), Arc::clone(&index));
    let assistant = Arc::new(Assistant::new(bot.script, None, index));
    let hub = Arc::new(Hub::default());
    let models = Arc::new(Models::new(store.clone(), home.clone(), Arc::clone(&assistant), bot.golden));
    models.load_current().await?;
    tokio::spawn(Arc::clone(&models).follow());
    let drafts = Drafts::new(store.clone(), &home, Arc::clone(&assistant));
    let suggestions = Arc::new(Suggestions::start(store.clone(), Arc::clone(&assistant)).await?);
    let jobs = JobRunner::start(store.clone(), home.clone(), Arc::clone(&models)).await?;
    let chat = Arc::new(Chat::new(
        store.clone(),
        Arc::clone(&assistant),
        Arc::clone(&hub),
        Arc::clone(&suggestions),
        config.limits.message_characters,
    ));
    let limits = Limits::new(&config.limits, &config.server);
    Ok(App {
        config,
        store,
        assistant,
        hub,
        limits,
        chat,
        faq,
        ratings,
        drafts,
        suggestions,
        models,
        jobs,
        metrics,
        stopping: CancellationToken::new(),
    })
}

/// Serves until the process is told to stop; calls `ready` with the address once requests are taken.
pub async fn serve(app: App, ready: impl FnOnce(SocketAddr)) -> anyhow::Result<()> {
    let app = web::Data::new(app);
    let server_config = app.config.server.clone();
    let origins = web::Data::new(Origins::new(&app.config.widget.allowed_origins));
    let signals = StopSignals::catch()?;
    let sweeper = tokio::spawn(sweep(app.clone()));
    let shared = app.clone();
    let methods = Arc::new(OnceLock::new());
    let mut server = HttpServer::new(move || {
        let cors = origins.cors();
        let (described, methods) = (Arc::clone(&methods), Arc::clone(&methods));
        ActixApp::new()
            .into_utoipa_app()
            .openapi(Description::openapi())
            .map(|routes| {
                routes
                    .app_data(shared.clone())
                    .app_data(origins.clone())
                    .app_data(query_errors())
                    .app_data(path_errors())
            })
            .service(utoipa_actix_web::scope("/v1").configure(api::version_one))
            .configure(api::unversioned)
            .openapi_service(|description| {
                described.get_or_init(|| Methods::of(&description));
                SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", description)
            })
            .map(|routes| {
                routes
                    .configure(console::routes)
                    .configure(asset_routes)
                    .default_service(web::to(move |request: actix_web::HttpRequest| {
                        let refusal =
                            methods.get().map_or(ApiError::NoSuchRoute, |known| known.refusal(request.path()));
                        async move { refusal.error_response() }
                    }))
                    .wrap(cors)
                    .wrap(from_fn(check_origin))
                    .wrap(Compress::default())
                    .wrap(from_fn(observe))
            })
            .into_app()
    })
    .disable_signals()
    .shutdown_timeout(server_config.shutdown_seconds)
    .client_request_timeout(Duration::from_secs(15));
    if server_config.workers > 0 {
        server = server.workers(server_config.workers);
    }
    let address = SocketAddr::new(server_config.host, server_config.port);
    let server = server.bind(address).with_context(|| {
        format!("cannot listen on {address}; another program may: choose a port with --port or [server] port")
    })?;
    let address = server.addrs().first().copied().unwrap_or(address);
    let running = server.run();
    let obeying = tokio::spawn(signals.obey(running.handle(), app.stopping.clone()));
    ready(address);
    running.await.context("the service stopped by an error")?;
    obeying.abort();
    sweeper.abort();
    app.jobs.stop().await;
    app.store.close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn sweep(app: web::Data<App>) {
    for sweep in 0_u64.. {
        if sweep.is_multiple_of(LESSON) {
            app.suggestions.learn().await;
        }
        tokio::time::sleep(SWEEP).await;
        app.limits.forget_quiet();
        app.hub.forget_unwatched();
        app.suggestions.refresh().await;
    }
}

fn asset_routes(routes: &mut web::ServiceConfig) {
    routes
        .route(
            "/widget.js",
            web::get().to(async |request: actix_web::HttpRequest| embedded(&request, "widget.js", Freshness::Minutes)),
        )
        .route(
            "/widget/{file}",
            web::get().to(async |request: actix_web::HttpRequest, file: web::Path<String>| {
                embedded(&request, &format!("widget/{file}"), Freshness::Minutes)
            }),
        )
        .route(
            "/demo",
            web::get().to(async |request: actix_web::HttpRequest| {
                embedded(&request, "demo/index.html", Freshness::Revalidate)
            }),
        )
        .route(
            "/demo/{file}",
            web::get().to(async |request: actix_web::HttpRequest, file: web::Path<String>| {
                embedded(&request, &format!("demo/{file}"), Freshness::Revalidate)
            }),
        )
        .route(
            "/assets/{file:.*}",
            web::get().to(async |request: actix_web::HttpRequest, file: web::Path<String>| {
                embedded(&request, &format!("console/{file}"), Freshness::Revalidate)
            }),
        )
        .route("/", web::get().to(async || HttpResponse::Found().insert_header(("location", "/console")).finish()));
}

/// An embedded file; other sites' pages may load the widget's.
fn embedded(request: &actix_web::HttpRequest, path: &str, freshness: Freshness) -> Result<HttpResponse, ApiError> {
    let mut response = assets::serve(request, path, freshness).ok_or(ApiError::NoSuchRoute)?;
    if matches!(freshness, Freshness::Minutes) {
        let headers = response.headers_mut();
        for (name, value) in [("access-control-allow-origin", "*"), ("cross-origin-resource-policy", "cross-origin")] {
            headers.insert(
                actix_web::http::header::HeaderName::from_static(name),
                actix_web::http::header::HeaderValue::from_static(value),
            );
        }
    }
    Ok(response)
}

fn query_errors() -> web::QueryConfig {
    web::QueryConfig::default()
        .error_handler(|error, _| ApiError::Invalid(format!("the query is not understood: {error}")).into())
}

fn path_errors() -> web::PathConfig {
    web::PathConfig::default()
        .error_handler(|error, _| ApiError::Invalid(format!("the address is not understood: {error}")).into())
}
