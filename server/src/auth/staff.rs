//! Who of the staff is asking, and whether their role reaches as far as the route needs.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use store::Role;

use super::fingerprint;
use crate::app::App;
use crate::error::ApiError;
use crate::http::is_same_origin;

/// The cookie that carries a sign-in.
pub const SESSION_COOKIE: &str = "frontdesk_session";

/// A signed-in person or a program with a token.
#[derive(Clone, Debug)]
pub struct Staff {
    /// The account's e-mail, or the token's name: what the audit log and the histories show.
    pub name: String,
    pub role: Role,
    pub account_id: Option<String>,
}

/// The least a route asks for.
pub trait MinimumRole {
    const ROLE: Role;
    const NAME: &'static str;
}

macro_rules! minimum_role {
    ($marker:ident, $extractor:ident, $role:expr, $name:literal) => {
        #[derive(Clone, Copy, Debug)]
        pub struct $marker;

        impl MinimumRole for $marker {
            const ROLE: Role = $role;
            const NAME: &'static str = $name;
        }

        #[doc = concat!("Extractor: staff with the role ", $name, " or a higher one.")]
        pub type $extractor = Authorised<$marker>;
    };
}

minimum_role!(Viewer, AsViewer, Role::Viewer, "viewer");
minimum_role!(Agent, AsAgent, Role::Agent, "agent");
minimum_role!(Editor, AsEditor, Role::Editor, "editor");
minimum_role!(Owner, AsOwner, Role::Owner, "owner");

/// Staff whose role is at least `R`.
#[derive(Clone, Debug)]
pub struct Authorised<R> {
    pub staff: Staff,
    role: PhantomData<R>,
}

impl<R: MinimumRole + 'static> FromRequest for Authorised<R> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let staff = optional_staff(&request).await?.ok_or(ApiError::Unauthenticated)?;
            if staff.role < R::ROLE {
                return Err(ApiError::Forbidden { needed: R::NAME });
            }
            Ok(Self { staff, role: PhantomData })
        })
    }
}

/// The staff behind a request, by `Authorization: Bearer` or by the session cookie; `None` when it carries neither.
/// A cookie changes things only for requests from our own pages, which keeps other sites from using it.
pub async fn optional_staff(request: &HttpRequest) -> Result<Option<Staff>, ApiError> {
    let app = request.app_data::<web::Data<App>>().ok_or_else(|| anyhow::anyhow!("the app is not wired"))?;
    if let Some(token) = bearer_token(request) {
        let token = app.store.token_by_hash(&fingerprint(&token)).await?.ok_or(ApiError::Unauthenticated)?;
        return Ok(Some(Staff { name: token.name, role: token.role, account_id: None }));
    }
    let Some(cookie) = request.cookie(SESSION_COOKIE) else { return Ok(None) };
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads && !is_same_origin(request.headers()) {
        return Err(ApiError::WrongOrigin);
    }
    let session =
        app.store.session_by_token_hash(&fingerprint(cookie.value())).await?.ok_or(ApiError::SessionExpired)?;
    Ok(Some(Staff { name: session.email, role: session.role, account_id: Some(session.account_id) }))
}

/// The token of an `Authorization: Bearer …` header.
pub fn bearer_token(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}
