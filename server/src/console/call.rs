//! What most handlers need of a request besides who asks: the service, how the page is wanted, and the query.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::page::Visit;
use crate::app::App;
use crate::error::ApiError;

/// One request, with its query read as `Q`.
pub(super) struct Call<Q> {
    pub(super) app: web::Data<App>,
    pub(super) visit: Visit,
    pub(super) query: Q,
}

/// For addresses without a query.
#[derive(Debug, Default, Deserialize)]
pub(super) struct NoQuery {}

impl<Q: DeserializeOwned> Call<Q> {
    pub(super) fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let app = request.app_data::<web::Data<App>>().ok_or_else(|| anyhow::anyhow!("the app is not wired"))?;
        let query = web::Query::<Q>::from_query(request.query_string())
            .map_err(|error| ApiError::Invalid(format!("the query is not understood: {error}")))?;
        Ok(Self { app: app.clone(), visit: Visit::of(request), query: query.into_inner() })
    }
}

impl<Q: DeserializeOwned + 'static> FromRequest for Call<Q> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
