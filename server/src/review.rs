//! Who may publish what in the FAQ: whether an edit must be read by somebody else before customers get it.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{PendingEdit, Role, Store};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{AsEditor, Staff};
use crate::error::ApiError;

/// The key of the setting.
const KEY: &str = "faq_review";

/// Who must have read an edit before it is published. Owners always publish at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Review {
    /// Nobody: editors publish what they write.
    #[default]
    None,
    /// Another editor than the one who wrote it.
    Editor,
    /// An owner.
    Owner,
}

impl Review {
    pub(crate) const ALL: [Self; 3] = [Self::None, Self::Editor, Self::Owner];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }

    pub(crate) async fn of(store: &Store) -> Result<Self, ApiError> {
        let Some(stored) = store.setting_get(KEY).await? else { return Ok(Self::default()) };
        Ok(serde_json::from_value(stored).unwrap_or_else(|error| {
            // A rule that cannot be read is no leave to publish.
            tracing::error!(%error, "the setting for who reviews FAQ edits is unreadable; owners alone publish");
            Self::Owner
        }))
    }

    /// Sets it, and writes down who did.
    pub(crate) async fn set(self, store: &Store, by: &Staff) -> Result<(), ApiError> {
        store.setting_put(KEY, &json!(self)).await?;
        Ok(store.audit_add(&by.name, "faq_review", self.name(), &json!({})).await?)
    }

    /// The least role whose edits go live without anybody else.
    pub(crate) fn publisher(self) -> Role {
        match self {
            Self::None => Role::Editor,
            Self::Editor | Self::Owner => Role::Owner,
        }
    }

    /// Whether this person's edits go live without anybody else.
    pub(crate) fn lets_publish(self, staff: &Staff) -> bool {
        staff.role >= self.publisher()
    }

    /// Whether this person may publish an edit that waits.
    pub(crate) fn lets_approve(self, staff: &Staff, edit: &PendingEdit) -> bool {
        let another = staff.role >= Role::Editor && staff.name != edit.written_by;
        self.lets_publish(staff) || (self == Self::Editor && another)
    }
}

/// Extractor: an editor whose edits go live at once.
#[derive(Clone, Debug)]
pub struct AsPublisher {
    pub staff: Staff,
}

impl FromRequest for AsPublisher {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (editor, request) = (AsEditor::from_request(request, payload), request.clone());
        Box::pin(async move {
            let staff = editor.await?.staff;
            let app = request.app_data::<web::Data<App>>().ok_or_else(|| anyhow::anyhow!("the app is not wired"))?;
            if Review::of(&app.store).await?.lets_publish(&staff) {
                Ok(Self { staff })
            } else {
                Err(ApiError::ReviewRequired)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use store::{FaqDraft, PendingState};

    use super::*;

    #[test]
    fn four_eyes_or_an_owner_as_the_setting_says() {
        let staff = |name: &str, role| Staff { name: name.to_owned(), role, account_id: None };
        let (mei, li) = (staff("mei", Role::Editor), staff("li", Role::Editor));
        let (agent, owner) = (staff("an", Role::Agent), staff("boss", Role::Owner));
        let edit = PendingEdit {
            id: "a".to_owned(),
            version: 1,
            base_version: 0,
            entry: FaqDraft::default(),
            state: PendingState::Review,
            note: None,
            written_by: "mei".to_owned(),
            reviewed_by: None,
            updated_at: 0,
        };
        let publish = |review: Review| [&mei, &li, &agent, &owner].map(|staff| review.lets_publish(staff));
        let approve = |review: Review| [&mei, &li, &agent, &owner].map(|staff| review.lets_approve(staff, &edit));
        assert_eq!(publish(Review::None), [true, true, false, true]);
        assert_eq!(publish(Review::Editor), [false, false, false, true]);
        assert_eq!(approve(Review::None), [true, true, false, true]);
        assert_eq!(approve(Review::Editor), [false, true, false, true]);
        assert_eq!(approve(Review::Owner), [false, false, false, true]);
    }
}
