//! Passwords of staff accounts, kept as Argon2id PHC strings.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// Shortest password an account may have.
const SHORTEST: usize = 10;
const LONGEST: usize = 1_000;

/// Checks the length of a new password and hashes it; takes some tens of milliseconds, so call it off the async threads.
pub fn hash_password(password: &str) -> anyhow::Result<String> {
    let length = password.chars().count();
    anyhow::ensure!(length >= SHORTEST, "the password has {length} characters; it needs at least {SHORTEST}");
    anyhow::ensure!(length <= LONGEST, "the password has {length} characters; the limit is {LONGEST}");
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow::anyhow!("the password could not be hashed: {error}"))?;
    Ok(hash.to_string())
}

/// Says whether `password` belongs to `stored`; a missing account costs the same time as a wrong password.
pub fn verify_password(password: &str, stored: Option<&str>) -> bool {
    let Some(stored) = stored else {
        let _ = Argon2::default().hash_password(password.as_bytes());
        return false;
    };
    PasswordHash::new(stored).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_opens_an_account() {
        let stored = hash_password("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify_password("correct horse", Some(&stored)));
        assert!(!verify_password("correct horsf", Some(&stored)));
        assert!(!verify_password("correct horse", None));
        assert!(!verify_password("correct horse", Some("not a hash")));
    }

    #[test]
    fn a_short_password_is_refused_with_the_limit() {
        assert!(hash_password("short").unwrap_err().to_string().contains("at least 10"));
    }
}
