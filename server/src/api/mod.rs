//! Thin handlers: each reads a request, calls a use case, and writes a reply. Wire types live here and nowhere else.

mod accounts;
mod conversations;
mod embeddings;
mod extract;
pub(crate) mod faq;
mod faq_bulk;
mod faq_drafts;
mod faq_pending;
mod faq_preview;
mod health;
mod jobs;
mod live;
mod models;
pub(crate) mod sessions;
mod staff_conversations;
mod suggestions;
mod webhooks;
mod widget;
pub(crate) mod wire;

use utoipa::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;

/// The service's own description of its routes.
#[derive(OpenApi)]
#[openapi(
    info(title = "Frontdesk", description = "Customer conversations, the FAQ, training and models. Errors are application/problem+json with a stable `code`."),
    modifiers(&Security)
)]
pub struct Description;

/// Adds the two ways to sign a request to the description.
struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
        let bearer = |words: &str| {
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.description = Some(words.to_owned());
            SecurityScheme::Http(scheme)
        };
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("conversation", bearer("the token of one conversation"));
        components.add_security_scheme("staff", bearer("a staff token, or the session cookie of a sign-in"));
    }
}

/// The routes under `/v1`.
pub fn version_one(routes: &mut ServiceConfig<'_>) {
    routes
        .service(conversations::begin)
        .service(conversations::say)
        .service(conversations::read)
        .service(live::live)
        .service(conversations::rate)
        .service(suggestions::suggest)
        .service(widget::introduce)
        .service(sessions::sign_in)
        .service(sessions::current)
        .service(sessions::sign_out)
        .service(accounts::create)
        .service(accounts::list)
        .service(accounts::create_token)
        .service(accounts::list_tokens)
        .service(accounts::revoke_token)
        .service(staff_conversations::queue)
        .service(staff_conversations::transcript)
        .service(staff_conversations::take)
        .service(staff_conversations::give_back)
        .service(staff_conversations::close)
        .service(staff_conversations::person_says)
        .service(staff_conversations::label)
        .service(staff_conversations::unanswered)
        .service(faq_preview::preview)
        .service(faq_drafts::list)
        .service(faq_drafts::accept)
        .service(faq_drafts::dismiss)
        .service(faq_drafts::restore)
        .service(faq_bulk::change_many)
        .service(faq_bulk::undo_many)
        .service(faq_pending::list)
        .service(faq_pending::show)
        .service(faq_pending::save)
        .service(faq_pending::remove)
        .service(faq_pending::submit)
        .service(faq_pending::approve)
        .service(faq_pending::send_back)
        .service(faq_pending::review)
        .service(faq_pending::set_review)
        .service(faq::import)
        .service(faq::export)
        .service(faq::list)
        .service(faq::create)
        .service(faq::show)
        .service(faq::save)
        .service(faq::remove)
        .service(faq::history)
        .service(faq::restore)
        .service(faq::search)
        .service(jobs::create)
        .service(jobs::list)
        .service(jobs::show)
        .service(jobs::cancel)
        .service(jobs::events)
        .service(models::list)
        .service(models::rollback)
        .service(models::promote)
        .service(embeddings::embed);
}

/// The routes outside `/v1`.
pub fn unversioned(routes: &mut ServiceConfig<'_>) {
    routes
        .service(health::alive)
        .service(health::ready)
        .service(health::metrics)
        .service(webhooks::rest_channel)
        .service(webhooks::parse);
}
