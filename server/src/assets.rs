//! Files that browsers ask for, built into the binary: the widget, the console's styles and scripts, the demo shop page.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{LazyLock, Mutex, PoisonError};

use actix_web::http::header::{self, AcceptEncoding, Encoding, EntityTag, IfNoneMatch};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::{EmbeddedFile, RustEmbed};

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
    let content_type = content_type(path, file.metadata.mimetype());
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, caching)).insert_header(header::ETag(tag));
    let compressed = content_type.contains("charset") && takes_gzip(request);
    response.insert_header((header::CONTENT_TYPE, content_type));
    if !compressed {
        return Some(response.body(file.data.into_owned()));
    }
    response.insert_header((header::CONTENT_ENCODING, "gzip")).insert_header((header::VARY, "accept-encoding"));
    Some(response.body(gzipped(&file)))
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let ways = [Encoding::gzip(), Encoding::identity()];
    let accepted = request.get_header::<AcceptEncoding>();
    accepted.and_then(|accepted| accepted.negotiate(ways.iter())) == Some(Encoding::gzip())
}

/// The file as small as gzip makes it, which takes too long to do for each request.
fn gzipped(file: &EmbeddedFile) -> Bytes {
    static DONE: LazyLock<Mutex<HashMap<[u8; 32], Bytes>>> = LazyLock::new(Mutex::default);
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    let compress = || {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&file.data).and_then(|()| encoder.finish()).expect("memory takes every byte").into()
    };
    done.entry(file.metadata.sha256_hash()).or_insert_with(compress).clone()
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
