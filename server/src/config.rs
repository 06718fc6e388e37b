//! What an operator can set: built-in defaults, then `frontdesk.toml`, then `FRONTDESK_…` variables.
//! Parsed once into [`Config`]; each part of the program is given only its own section.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// Everything an operator can set, with its defaults.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub server: ServerConfig,
    pub storage: StorageConfig,
    pub limits: LimitsConfig,
    pub widget: WidgetConfig,
    pub faq: FaqConfig,
    pub log: LogConfig,
}

/// Where the service listens and how long it takes to stop.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    pub host: IpAddr,
    pub port: u16,
    /// Threads that accept and read requests; 0 means one per core.
    pub workers: usize,
    /// Seconds a stopping service waits for requests it has begun.
    pub shutdown_seconds: u64,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Set when customers and staff reach the service over HTTPS: cookies become `Secure`.
    pub https: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            host: IpAddr::from([127, 0, 0, 1]),
            port: 8080,
            workers: 0,
            shutdown_seconds: 8,
            trusted_proxies: vec![IpAddr::from([127, 0, 0, 1])],
            https: false,
        }
    }
}

/// Where conversations and the FAQ are kept.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct StorageConfig {
    /// `postgres://…` where several nodes share one state; empty means SQLite in the home folder.
    #[serde(skip_serializing)]
    pub database_url: Option<SecretString>,
}

/// How much one visitor may ask of the service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Longest message a customer can send, in characters.
    pub message_characters: usize,
    /// Largest body of an ordinary request, in bytes.
    pub body_bytes: usize,
    /// Largest FAQ file that can be imported, in bytes.
    pub import_bytes: usize,
    pub messages_per_minute: u32,
    pub suggestions_per_minute: u32,
    pub conversations_per_minute: u32,
    pub sign_ins_per_minute: u32,
    /// Direct connections from this machine are not counted; those a proxy forwards are.
    pub exempt_loopback: bool,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            message_characters: 4_000,
            body_bytes: 256 * 1024,
            import_bytes: 32 * 1024 * 1024,
            messages_per_minute: 60,
            suggestions_per_minute: 240,
            conversations_per_minute: 30,
            sign_ins_per_minute: 10,
            exempt_loopback: true,
        }
    }
}

/// Which pages may carry the widget and how it introduces itself.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct WidgetConfig {
    /// Origins such as `https://shop.example` whose pages may talk to this service; `*` allows every page.
    pub allowed_origins: Vec<String>,
    /// When set, widgets must carry this value as `data-key`.
    pub key: Option<String>,
}

/// How the FAQ is searched.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaqConfig {
    /// A BERT-family checkpoint in Hugging Face layout that the index compares meanings by in place of the base that comes with
    /// the program; a relative path begins at the home folder.
    pub encoder: Option<PathBuf>,
}

/// How the service writes its log.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    pub format: LogFormat,
    /// A `tracing` filter such as `info` or `server=debug,info`.
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Json, filter: "info".to_owned() }
    }
}

/// JSON lines for machines, plain lines for a terminal.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Json,
    Text,
}

/// A configuration that cannot be used; the message names the key and where it came from.
#[derive(Debug, thiserror::Error)]
#[error("configuration is not usable: {0}; compare it with the commented frontdesk.toml of a fresh home folder")]
pub struct ConfigError(#[from] Box<figment::Error>);

impl Config {
    /// Reads the defaults, then `path` if it exists, then variables such as `FRONTDESK_SERVER__PORT` and `DATABASE_URL`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let figment = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(path))
            .merge(
                Env::prefixed("FRONTDESK_")
                    .ignore(&["owner_password"])
                    .split("__")
                    .filter(|key| key.as_str().contains('.')),
            )
            .merge(Env::raw().only(&["DATABASE_URL"]).map(|_| "storage.database_url".into()));
        figment.extract().map_err(|error| ConfigError(Box::new(error)))
    }
}

/// The commented file that a fresh home folder gets.
pub const STARTER_FILE: &str = include_str!("config/frontdesk.toml");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_file_says_what_the_defaults_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("frontdesk.toml");
        std::fs::write(&path, STARTER_FILE).unwrap();
        let from_file = serde_json::to_value(Config::load(&path).unwrap()).unwrap();
        let built_in = serde_json::to_value(Config::default()).unwrap();
        assert_eq!(from_file, built_in);
    }

    #[test]
    fn an_unknown_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("frontdesk.toml");
        std::fs::write(&path, "[limits]\nmesages_per_minute = 3\n").unwrap();
        let message = Config::load(&path).unwrap_err().to_string();
        assert!(message.contains("mesages_per_minute"), "{message}");
    }
}
