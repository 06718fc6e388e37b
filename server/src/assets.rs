//! Files that browsers ask for, built into the binary: the widget, the console's styles and scripts, the demo shop page.

use actix_web::http::header::{self, EntityTag, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

/// How long a browser may use a file without asking again.
#[derive(Clone, Copy, Debug)]
pub enum Freshness {
    /// Asked for by other sites' pages under a fixed name: short, so that an upgrade reaches them.
    Minutes,
    /// Always revalidated by its entity tag.
    Revalidate,
}

/// Answers with the embedded file at `path`, or nothing when there is none.
pub fn serve(request: &HttpRequest, path: &str, freshness: Freshness) -> Option<HttpResponse> {
    let file = Assets::get(path)?;
    let tag = entity_tag(&file.metadata.sha256_hash());
    if matches_tag(request, &tag) {
        return Some(HttpResponse::NotModified().insert_header(header::ETag(tag)).finish());
    }
    let caching = match freshness {
        Freshness::Minutes => "public, max-age=300",
        Freshness::Revalidate => "no-cache",
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, content_type(path, file.metadata.mimetype())))
        .insert_header((header::CACHE_CONTROL, caching))
        .insert_header(header::ETag(tag));
    Some(response.body(file.data.into_owned()))
}

fn entity_tag(hash: &[u8; 32]) -> EntityTag {
    EntityTag::new_strong(hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect())
}

fn matches_tag(request: &HttpRequest, tag: &EntityTag) -> bool {
    match header::Header::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|candidate| candidate.weak_eq(tag)),
        Err(_) => false,
    }
}

fn content_type(path: &str, guessed: &str) -> String {
    let text = guessed.starts_with("text/") || path.ends_with(".js") || path.ends_with(".svg");
    if text { format!("{guessed}; charset=utf-8") } else { guessed.to_owned() }
}
