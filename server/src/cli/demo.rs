//! `frontdesk demo`: the whole service on the demo bot, from nothing, with one command.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use clap::Args;
use rust_embed::RustEmbed;

use super::serve::{announce, ensure_owner, prepare_bot};
use super::{say, train_args};
use crate::app::App;
use crate::config::{Config, LogFormat};
use crate::home::Home;
use crate::models::Insistence;
use crate::{service, telemetry};

/// The demo bot, built into the program so that it works wherever the program is put.
#[derive(RustEmbed)]
#[folder = "../data/demo/"]
struct DemoBot;

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Where the demo lives; made if missing
    #[arg(long, value_name = "DIR", default_value = "demo-home")]
    home: PathBuf,
    /// Listen on this port; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
}

pub(super) fn run(arguments: &DemoArgs) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let home = Home::open(&arguments.home)?;
    let mut config = Config::load(&home.config_file())?;
    config.server.port = arguments.port;
    config.log.format = LogFormat::Text;
    config.log.filter = "warn".to_owned();
    telemetry::start_logging(&config.log)?;
    let fresh = (!home.bot().exists()).then(|| write_demo_bot(home.root())).transpose()?;
    let first_model = train_first_model(&home, fresh.as_deref())?;
    actix_web::rt::System::new().block_on(serve(config, home, fresh, first_model, started))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(
    config: Config,
    home: Home,
    fresh: Option<PathBuf>,
    first_model: Option<PathBuf>,
    started: Instant,
) -> anyhow::Result<()> {
    let store = service::open_store(&config, &home).await?;
    let bot = prepare_bot(&home, &store, fresh.as_deref()).await?;
    if let Some(staging) = fresh {
        std::fs::remove_dir_all(&staging).with_context(|| format!("cannot clear {}", staging.display()))?;
    }
    let password = ensure_owner(&store).await?;
    let app = service::assemble(config, home, bot, store).await?;
    if let Some(bundle) = first_model {
        go_live(&app, &bundle).await?;
    }
    service::serve(app, |address| {
        announce(address, password.as_deref());
        say(format_args!("Ready after {:.1} s.", started.elapsed().as_secs_f32()));
    })
    .await
}

/// Takes the freshly trained model into the list and makes it live.
async fn go_live(app: &App, bundle: &Path) -> anyhow::Result<()> {
    let (version, golden) = app.models.adopt(bundle).await?;
    say(format_args!(
        "The demo bot passes {} of {} golden conversations.\n",
        golden.passed.len(),
        golden.passed.len() + golden.failed.len()
    ));
    app.models.promote(&version, "demo", Insistence::Careful).await.map_err(|error| anyhow::anyhow!("{error}"))
}

/// Trains when the home has no model yet; returns the new bundle.
fn train_first_model(home: &Home, fresh: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
    if home.has_models()? {
        return Ok(None);
    }
    let bot = fresh.map_or_else(|| home.bot(), Path::to_owned);
    say("Training the demo bot on its examples and logs; this happens once.");
    let bundle = home.first_model();
    if bundle.exists() {
        std::fs::remove_dir_all(&bundle).with_context(|| format!("cannot clear {}", bundle.display()))?;
    }
    fine_tune::run_train(train_args(&bot, &bundle)?)?;
    Ok(Some(bundle))
}

/// Writes the embedded bot into a scratch folder of the home, from where it is taken like any other bot.
fn write_demo_bot(home: &Path) -> anyhow::Result<PathBuf> {
    let staging = home.join("demo-bot.part");
    if staging.exists() {
        std::fs::remove_dir_all(&staging).with_context(|| format!("cannot clear {}", staging.display()))?;
    }
    for name in DemoBot::iter() {
        let path = staging.join(name.as_ref());
        let folder = path.parent().unwrap_or(&staging);
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = DemoBot::get(&name).with_context(|| format!("the program holds no {name}"))?;
        std::fs::write(&path, file.data).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(staging)
}
