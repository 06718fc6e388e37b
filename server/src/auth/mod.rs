//! Who is asking: passwords, sign-ins, tokens, and the roles a route asks for.

mod password;
mod secret;
mod staff;

pub use password::{hash_password, verify_password};
pub use secret::{Secret, fingerprint};
pub use staff::{AsAgent, AsEditor, AsOwner, AsViewer, SESSION_COOKIE, Staff, bearer_token, optional_staff};
