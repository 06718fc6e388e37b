//! Random secrets for conversations, sign-ins and tokens. Only their SHA-256 fingerprint is kept.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// A secret shown once to the one who will carry it.
#[derive(Clone)]
pub struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl Secret {
    /// 256 random bits behind a prefix that says what the secret is for.
    pub fn new(prefix: &str) -> Self {
        let mut text = format!("{prefix}_");
        for byte in rand::random::<[u8; 32]>() {
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn fingerprint(&self) -> String {
        fingerprint(&self.0)
    }
}

/// SHA-256 in hexadecimal: what the store keeps of a secret. The secrets are random, so no salt is needed.
pub fn fingerprint(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
