//! One message from text to decision and trace: calls understanding, search and the policy.
//! Knows no HTTP and no SQL.

mod assistant;
mod bot;
mod error;
mod meaning;
mod question;
mod replay;
pub mod starting;
mod worker;

pub use assistant::Assistant;
pub use bot::{Bot, folder_synonyms};
pub use error::Error;
pub use meaning::{FolderEncoder, meaning};
pub use replay::{ReplayReport, ReplayTurn, replay};
