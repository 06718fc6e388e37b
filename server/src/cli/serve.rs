//! `frontdesk serve`: the service on a home folder.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use assistant::Bot;
use clap::Args;
use store::{Role, Store};

use super::say;
use crate::auth::hash_password;
use crate::config::Config;
use crate::home::{self, Home};
use crate::{service, telemetry};

/// The account that a fresh home gets.
pub(super) const OWNER: &str = "owner@localhost";
const OWNER_PASSWORD: &str = "FRONTDESK_OWNER_PASSWORD";

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// The home folder: database, index, models, backups, frontdesk.toml; made if missing
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
    /// The bot folder; copied into the home, so it is needed only the first time and after changing it
    #[arg(long, value_name = "BOT")]
    bot: Option<PathBuf>,
    /// Listen on this port instead of the configured one; 0 takes a free one
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Listen on this address instead of the configured one
    #[arg(long, value_name = "ADDRESS")]
    host: Option<IpAddr>,
}

pub(super) fn run(arguments: &ServeArgs) -> anyhow::Result<ExitCode> {
    let home = Home::open(&arguments.home)?;
    let mut config = Config::load(&home.config_file())?;
    config.server.port = arguments.port.unwrap_or(config.server.port);
    config.server.host = arguments.host.unwrap_or(config.server.host);
    telemetry::start_logging(&config.log)?;
    actix_web::rt::System::new().block_on(serve(config, home, arguments.bot.as_deref()))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: Config, home: Home, bot: Option<&Path>) -> anyhow::Result<()> {
    let store = service::open_store(&config, &home).await?;
    let bot = prepare_bot(&home, &store, bot).await?;
    let password = ensure_owner(&store).await?;
    let app = service::assemble(config, home, bot, store).await?;
    if app.assistant.model_version().is_none() {
        tracing::warn!(
            "no model is live: the FAQ answers, intents do not; train one in the console, or with POST /v1/jobs"
        );
    }
    service::serve(app, |address| announce(address, password.as_deref())).await
}

/// Copies a given bot folder into the home and takes its FAQ and templates into the store; else loads the home's own copy.
pub(super) async fn prepare_bot(home: &Home, store: &Store, given: Option<&Path>) -> anyhow::Result<Bot> {
    let Some(given) = given else {
        anyhow::ensure!(home.bot().exists(), "{} has no bot yet; name one with --bot", home.root().display());
        return Ok(Bot::load(&home.bot())?);
    };
    let bot = Bot::load(given)?;
    home::copy_bot(given, home)?;
    let drafts = bot.faq.iter().cloned().map(crate::faq_import::draft_of_entry).collect();
    let outcome = store.faq_import(drafts, "bot folder").await.context("cannot take the bot's FAQ into the store")?;
    tracing::info!(added = outcome.added, changed = outcome.changed, "took over the bot folder's FAQ");
    Ok(bot)
}

/// Makes the first owner account with the password from the environment, or with a new one that is returned to be shown once.
pub(super) async fn ensure_owner(store: &Store) -> anyhow::Result<Option<String>> {
    if store.account_by_email(OWNER).await?.is_some() || !store.account_list().await?.is_empty() {
        return Ok(None);
    }
    let (password, made_here) = match std::env::var(OWNER_PASSWORD) {
        Ok(password) => (password, false),
        Err(_) => (new_password(), true),
    };
    let hash = hash_password(&password).with_context(|| format!("{OWNER_PASSWORD} cannot be used"))?;
    store.account_create(OWNER, &hash, Role::Owner).await?;
    Ok(made_here.then_some(password))
}

/// Twenty letters and digits that are not mistaken for one another.
fn new_password() -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letters = rand::random::<[u8; 20]>();
    let mut password = String::with_capacity(23);
    for (place, byte) in letters.iter().enumerate() {
        if place > 0 && place % 5 == 0 {
            password.push('-');
        }
        password.push(char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
    }
    password
}

/// Says where the service is, and the one-time password when one was made.
pub(super) fn announce(address: SocketAddr, password: Option<&str>) {
    say(format_args!(
        "Frontdesk is ready.\n\n  Chat on the demo page   http://{address}/demo\n  Console for staff       http://{address}/console\n  API and its page        http://{address}/docs"
    ));
    if let Some(password) = password {
        say(format_args!(
            "\n  Sign in as              {OWNER}\n  One-time password       {password}\n  (shown only now; change it with: frontdesk user password)"
        ));
    }
    say("\nCtrl-C stops it.");
    let _ = std::io::stdout().flush();
}
