//! Vectors of texts for other programs, in the shape that OpenAI's clients know.

use actix_web::{HttpResponse, post, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::SentenceEncoder;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::Body;
use crate::auth::AsViewer;
use crate::error::{ApiError, Problem};

/// What the encoder is called.
const MODEL: &str = "frontdesk-base";
/// Most texts of a request.
const MOST_TEXTS: usize = 2048;
/// Most characters of a text.
const MOST_CHARACTERS: usize = 8192;

/// Texts to be turned into vectors.
#[derive(Debug, Deserialize, ToSchema)]
pub struct EmbeddingRequest {
    pub input: Input,
    /// `frontdesk-base`, the only one there is; may be left out.
    pub model: Option<String>,
    /// How the numbers are written.
    #[serde(default)]
    pub encoding_format: Format,
}

/// One text, or a list of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "input is a text or a list of texts")]
pub enum Input {
    One(String),
    Many(Vec<String>),
}

/// How a vector is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A list of numbers.
    #[default]
    Float,
    /// 32-bit floats, the lowest byte first, in base64.
    Base64,
}

/// Vectors in the order of the texts.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmbeddingReply {
    /// `list`.
    pub object: &'static str,
    pub data: Vec<Embedding>,
    pub model: &'static str,
    pub usage: Usage,
}

/// The vector of a text, of length 1.
#[derive(Debug, Serialize, ToSchema)]
pub struct Embedding {
    /// `embedding`.
    pub object: &'static str,
    pub index: usize,
    /// A list of numbers, or a base64 text of them.
    #[schema(value_type = Vec<f32>)]
    pub embedding: Values,
}

/// A vector as it was asked for.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Values {
    Floats(Vec<f32>),
    Text(String),
}

/// How much was read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Usage {
    pub prompt_tokens: usize,
    pub total_tokens: usize,
}

/// Turns texts into vectors that lie near each other where the texts mean the same, in Chinese and English.
///
/// Takes and gives what OpenAI's `POST /v1/embeddings` does.
#[utoipa::path(tag = "models", request_body = EmbeddingRequest,
    responses((status = 200, body = EmbeddingReply), (status = 422, body = Problem)), security(("staff" = [])))]
#[post("/embeddings")]
pub(super) async fn embed(_staff: AsViewer, body: Body<EmbeddingRequest>) -> Result<HttpResponse, ApiError> {
    let EmbeddingRequest { input, model, encoding_format } = body.0;
    if let Some(other) = model.filter(|model| model != MODEL) {
        return Err(ApiError::Invalid(format!("there is no model {other:?}; {MODEL} is what this service has")));
    }
    let texts = match input {
        Input::One(text) => vec![text],
        Input::Many(texts) => texts,
    };
    check(&texts)?;
    let reply = web::block(move || reply(&texts, encoding_format)).await?;
    Ok(HttpResponse::Ok().json(reply.map_err(|error| ApiError::Internal(error.into()))?))
}

fn check(texts: &[String]) -> Result<(), ApiError> {
    if texts.is_empty() || texts.len() > MOST_TEXTS {
        return Err(ApiError::Invalid(format!("input has {} texts; send 1 to {MOST_TEXTS} at a time", texts.len())));
    }
    for (index, text) in texts.iter().enumerate() {
        let length = text.chars().count();
        if text.trim().is_empty() || length > MOST_CHARACTERS {
            let range = format!("1 to {MOST_CHARACTERS} characters that are not all blank");
            return Err(ApiError::Invalid(format!("input {index} has {length} characters; a text has {range}")));
        }
    }
    Ok(())
}

fn reply(texts: &[String], format: Format) -> Result<EmbeddingReply, model::Error> {
    let encoder = SentenceEncoder::shipped()?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors = encoder.encode(&texts);
    let vectors = vectors.chunks_exact(encoder.dim()).enumerate();
    let data =
        vectors.map(|(index, vector)| Embedding { object: "embedding", index, embedding: written(vector, format) });
    let tokens = encoder.count_tokens(&texts);
    Ok(EmbeddingReply {
        object: "list",
        data: data.collect(),
        model: MODEL,
        usage: Usage { prompt_tokens: tokens, total_tokens: tokens },
    })
}

fn written(vector: &[f32], format: Format) -> Values {
    match format {
        Format::Float => Values::Floats(vector.to_vec()),
        Format::Base64 => {
            let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
            Values::Text(STANDARD.encode(bytes))
        }
    }
}
