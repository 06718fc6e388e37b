//! What can go wrong for a caller: one table of stable code, status and public message.
//! Inner detail goes to the log with the request id, never to the caller.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

/// An answer other than the one that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("{0}")]
    Invalid(String),
    #[error("{0}")]
    Unreadable(String),
    #[error("sign in, or send a token as `Authorization: Bearer …`")]
    Unauthenticated,
    #[error("the sign-in has expired; sign in again")]
    SessionExpired,
    #[error("e-mail and password do not match")]
    WrongPassword,
    #[error("this needs the role {needed} or a higher one")]
    Forbidden { needed: &'static str },
    #[error(
        "edits of the FAQ are read by somebody else before they are published: save a draft and send it for review"
    )]
    ReviewRequired,
    #[error("the request comes from a page that may not send it; add its origin to [widget] allowed_origins")]
    WrongOrigin,
    #[error("the widget key is not the one this service was configured with; compare data-key with [widget] key")]
    WrongKey,
    #[error("there is no {what} {id:?}")]
    NotFound { what: &'static str, id: String },
    #[error("no such address; /docs lists the routes")]
    NoSuchRoute,
    #[error("this address takes {allowed}")]
    WrongMethod { allowed: String },
    #[error("somebody saved version {current} meanwhile; load it, merge and save again")]
    VersionConflict { current: i64 },
    #[error("{0}")]
    Conflict(String),
    #[error("{0}")]
    GoldenRegressed(String),
    #[error("the body is larger than the limit of {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the message has {length} characters, the limit is {limit}; send it in parts")]
    MessageTooLong { length: usize, limit: usize },
    #[error("too many requests; try again in {retry_seconds} s")]
    TooMany { retry_seconds: u64 },
    #[error("the disk is full; nothing of this request was kept: free some space and send it again")]
    DiskFull,
    #[error("the database is busy; nothing of this request was kept: send it again")]
    Busy,
    #[error("the change is saved, but the index has not caught up; it will be live shortly")]
    IndexBehind,
    #[error("the import is taken; the rest of its entries follow by themselves once the database takes changes again")]
    ImportUnfinished,
    #[error("the service is stopping; send the request again in a moment")]
    Stopping,
    #[error("something went wrong on our side; the log has the details under this request id")]
    Internal(#[source] anyhow::Error),
}

impl ApiError {
    /// The stable code and HTTP status of every error.
    fn row(&self) -> (&'static str, StatusCode) {
        match self {
            Self::Invalid(_) => ("invalid", StatusCode::UNPROCESSABLE_ENTITY),
            Self::Unreadable(_) => ("unreadable", StatusCode::BAD_REQUEST),
            Self::Unauthenticated => ("unauthenticated", StatusCode::UNAUTHORIZED),
            Self::SessionExpired => ("session_expired", StatusCode::UNAUTHORIZED),
            Self::WrongPassword => ("wrong_password", StatusCode::UNAUTHORIZED),
            Self::Forbidden { .. } => ("forbidden", StatusCode::FORBIDDEN),
            Self::ReviewRequired => ("review_required", StatusCode::FORBIDDEN),
            Self::WrongOrigin => ("wrong_origin", StatusCode::FORBIDDEN),
            Self::WrongKey => ("wrong_key", StatusCode::FORBIDDEN),
            Self::NotFound { .. } => ("not_found", StatusCode::NOT_FOUND),
            Self::NoSuchRoute => ("no_such_route", StatusCode::NOT_FOUND),
            Self::WrongMethod { .. } => ("wrong_method", StatusCode::METHOD_NOT_ALLOWED),
            Self::VersionConflict { .. } => ("version_conflict", StatusCode::PRECONDITION_FAILED),
            Self::Conflict(_) => ("conflict", StatusCode::CONFLICT),
            Self::GoldenRegressed(_) => ("golden_regressed", StatusCode::CONFLICT),
            Self::TooLarge { .. } => ("too_large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::MessageTooLong { .. } => ("message_too_long", StatusCode::PAYLOAD_TOO_LARGE),
            Self::TooMany { .. } => ("too_many_requests", StatusCode::TOO_MANY_REQUESTS),
            Self::DiskFull => ("disk_full", StatusCode::INSUFFICIENT_STORAGE),
            Self::Busy => ("busy", StatusCode::SERVICE_UNAVAILABLE),
            Self::IndexBehind => ("index_behind", StatusCode::ACCEPTED),
            Self::ImportUnfinished => ("import_unfinished", StatusCode::ACCEPTED),
            Self::Stopping => ("stopping", StatusCode::SERVICE_UNAVAILABLE),
            Self::Internal(_) => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// The stable code that programs compare, such as `version_conflict`.
    pub fn code(&self) -> &'static str {
        self.row().0
    }

    /// The RFC 9457 body of this error; the request id is filled in when it is sent.
    pub fn problem(&self) -> Problem {
        let (code, status) = self.row();
        Problem {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: self.to_string(),
            request_id: None,
        }
    }
}

/// `application/problem+json` (RFC 9457) with a stable `code`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub code: String,
    pub detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.row().1
    }

    fn error_response(&self) -> HttpResponse {
        if let Self::Internal(source) = self {
            tracing::error!(error = format!("{source:#}"), "request failed");
        }
        let mut response = HttpResponse::build(self.status_code());
        if let Self::TooMany { retry_seconds } = self {
            response.insert_header((header::RETRY_AFTER, *retry_seconds));
        }
        if let Self::WrongMethod { allowed } = self {
            response.insert_header((header::ALLOW, allowed.as_str()));
        }
        let request_id = crate::telemetry::current_request_id();
        let body = serde_json::to_vec(&Problem { request_id, ..self.problem() }).unwrap_or_default();
        let mut response = response.body(body);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl From<actix_web::error::BlockingError> for ApiError {
    fn from(_: actix_web::error::BlockingError) -> Self {
        Self::Stopping
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        use store::Error as Stored;
        match error {
            Stored::NotFound { what, id } => Self::NotFound { what, id },
            Stored::VersionConflict { current, .. } => Self::VersionConflict { current },
            Stored::Duplicate { .. } => Self::Conflict(error.to_string()),
            Stored::Invalid(words) => Self::Invalid(words),
            Stored::DiskFull { .. } => Self::DiskFull,
            Stored::Locked { .. } | Stored::TurnConflict { .. } => Self::Busy,
            Stored::Unfinished { .. } => Self::ImportUnfinished,
            Stored::Closed => Self::Stopping,
            other => Self::Internal(other.into()),
        }
    }
}
