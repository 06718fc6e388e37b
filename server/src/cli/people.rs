//! `frontdesk user` and `frontdesk token`: staff accounts and the tokens of programs, in a home folder.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};
use serde_json::json;
use store::{Role, Store};

use super::{block_on, say};
use crate::auth::{Secret, hash_password};
use crate::config::Config;
use crate::home::Home;
use crate::service;

const PASSWORD: &str = "FRONTDESK_PASSWORD";

/// What somebody may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum RoleName {
    /// Everything, accounts and tokens included
    Owner,
    /// The FAQ, training, models
    Editor,
    /// Conversations: take over, answer, label
    Agent,
    /// Read only
    Viewer,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Owner => Self::Owner,
            RoleName::Editor => Self::Editor,
            RoleName::Agent => Self::Agent,
            RoleName::Viewer => Self::Viewer,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add an account; the password is read from FRONTDESK_PASSWORD or standard input
    Add {
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        email: String,
        #[arg(long, value_enum)]
        role: RoleName,
    },
    /// Set a new password, read from FRONTDESK_PASSWORD or standard input
    Password {
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        email: String,
    },
    /// List the accounts
    List {
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        /// Print JSON lines
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token and print it; it is shown only once
    Create {
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        #[arg(long, value_enum)]
        role: RoleName,
        /// What the token is for
        #[arg(long, default_value = "command line")]
        name: String,
    },
    /// List the tokens, without their secrets
    List {
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        /// Print JSON lines
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token by its id
    Revoke {
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        id: String,
    },
}

pub(super) fn user(command: UserCommand) -> anyhow::Result<ExitCode> {
    match command {
        UserCommand::Add { home, email, role } => {
            let hash = hash_password(&read_password()?)?;
            block_on(async {
                let store = open(&home).await?;
                let role = Role::from(role);
                store.account_create(&email, &hash, role).await?;
                store.audit_add("command line", "account_created", &email, &json!({ "role": role.as_str() })).await?;
                say(format_args!("added {email} as {}", role.as_str()));
                anyhow::Ok(ExitCode::SUCCESS)
            })?
        }
        UserCommand::Password { home, email } => {
            let hash = hash_password(&read_password()?)?;
            block_on(async {
                let store = open(&home).await?;
                let account =
                    store.account_by_email(&email).await?.with_context(|| format!("there is no account {email}"))?;
                store.account_set_password(&account.id, &hash).await?;
                store.audit_add("command line", "password_changed", &email, &json!({})).await?;
                say(format_args!("changed the password of {email}; its sign-ins have ended"));
                anyhow::Ok(ExitCode::SUCCESS)
            })?
        }
        UserCommand::List { home, json } => block_on(async {
            for account in open(&home).await?.account_list().await? {
                let (email, role) = (account.email, account.role.as_str());
                if json {
                    say(serde_json::json!({ "id": account.id, "email": email, "role": role }));
                } else {
                    say(format_args!("{role:<7} {email}"));
                }
            }
            anyhow::Ok(ExitCode::SUCCESS)
        })?,
    }
}

pub(super) fn token(command: TokenCommand) -> anyhow::Result<ExitCode> {
    match command {
        TokenCommand::Create { home, role, name } => block_on(async {
            let store = open(&home).await?;
            let secret = Secret::new("fd");
            let role = Role::from(role);
            store.token_create(&name, role, &secret.fingerprint()).await?;
            store.audit_add("command line", "token_created", &name, &json!({ "role": role.as_str() })).await?;
            say(secret.reveal());
            anyhow::Ok(ExitCode::SUCCESS)
        })?,
        TokenCommand::List { home, json } => block_on(async {
            for token in open(&home).await?.token_list().await? {
                let (id, name, role) = (token.id, token.name, token.role.as_str());
                if json {
                    say(serde_json::json!({ "id": id, "name": name, "role": role }));
                } else {
                    say(format_args!("{id}  {role:<7} {name}"));
                }
            }
            anyhow::Ok(ExitCode::SUCCESS)
        })?,
        TokenCommand::Revoke { home, id } => block_on(async {
            let store = open(&home).await?;
            store.token_revoke(&id).await?;
            store.audit_add("command line", "token_revoked", &id, &json!({})).await?;
            say(format_args!("revoked {id}"));
            anyhow::Ok(ExitCode::SUCCESS)
        })?,
    }
}

/// Opens the store of an existing home folder.
pub(super) async fn open(home: &Path) -> anyhow::Result<Store> {
    anyhow::ensure!(
        home.is_dir(),
        "{} is not a home folder; make one with: frontdesk serve --home {0} --bot BOT",
        home.display()
    );
    let home = Home::open(home)?;
    let config = Config::load(&home.config_file())?;
    service::open_store(&config, &home).await
}

fn read_password() -> anyhow::Result<String> {
    if let Ok(password) = std::env::var(PASSWORD) {
        return Ok(password);
    }
    let mut password = String::new();
    std::io::stdin()
        .take(4_096)
        .read_to_string(&mut password)
        .context("cannot read the password from standard input")?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    anyhow::ensure!(!password.is_empty(), "no password given; set {PASSWORD} or send it on standard input");
    Ok(password)
}
