//! The FAQ as files: import of what people and other programs keep, export of what can be imported again.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use retrieval::{ExportFormat, FaqFormat, Layout, RowProblem};
use serde::{Deserialize, Serialize};
use store::{ImportOutcome, ImportWatcher};
use text::Language;
use utoipa::ToSchema;

use super::progress::{self, ImportNews, Teller};
use crate::app::App;
use crate::auth::AsViewer;
use crate::error::{ApiError, Problem};
use crate::faq_follower;
use crate::faq_import::{self, Ending, EntryChange, ImportFile, ReadFile};
use crate::review::AsPublisher;

/// A reply lists so many changes.
const LISTED: usize = 200;

#[derive(Debug, Deserialize)]
pub(crate) struct ImportQuery {
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    strict: bool,
    format: Option<String>,
    name: Option<String>,
    language: Option<String>,
}

/// What an import did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportReply {
    pub dry_run: bool,
    /// What the file was read as: `csv`, `jsonl`, `xlsx`, `rasa`, `markdown`, `html`, `docx` or `pdf`.
    pub format: &'static str,
    /// Whose table it is: `own`, `qna_maker`, `fast_gpt` or `max_kb`.
    pub layout: &'static str,
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
    /// Whether the next customer gets it; a large import is live a while after it was taken.
    pub live: bool,
    /// With `dry_run`, the first 200 entries that would be added or changed.
    pub changes: Vec<EntryChange>,
    pub problems: Vec<ProblemReply>,
    /// Columns that mean nothing here.
    pub ignored_columns: Vec<String>,
}

/// A row that cannot be taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RowProblem)]
pub struct ProblemReply {
    /// Line or row, paragraph of a DOCX, page of a PDF; from 1.
    pub line: usize,
    /// The same in words, with the sheet and the cell of a workbook: `line 3`, `Sheet1!B3`.
    pub place: String,
    pub message: String,
}

/// Imports a file sent as the body: CSV or TSV (our columns, or those of QnA Maker, FastGPT and MaxKB), XLSX, JSONL, Rasa
/// retrieval intents (YAML), or a Markdown, HTML, DOCX or PDF document, split at its headings. Rows that cannot be taken are
/// reported with their place and skipped; with `strict=true` they stop the import. With `dry_run=true` nothing is changed.
/// Of an entry that is there already, only what the file says something about is changed. With `Accept: text/event-stream`
/// the reply is a stream: `progress` events (an `ImportNews` each), then `done` with the reply or `failed` with the problem.
#[utoipa::path(tag = "faq", request_body(content = String, content_type = "application/octet-stream"),
    params(("dry_run" = Option<bool>, Query), ("strict" = Option<bool>, Query),
    ("format" = Option<String>, Query, description = "`csv`, `jsonl`, `xlsx`, `rasa`, `markdown`, `html`, `docx` or `pdf`; told from the content when absent"),
    ("name" = Option<String>, Query, description = "the file's name; its ending helps to tell kinds of text apart"),
    ("language" = Option<String>, Query, description = "`zh` or `en`: the language of what is said about wrong rows")),
    responses((status = 200, content((ImportReply = "application/json"), (ImportNews = "text/event-stream"))), (status = 413, body = Problem), (status = 422, body = Problem)), security(("staff" = [])))]
#[post("/faq/import")]
pub(crate) async fn import(
    app: web::Data<App>,
    editor: AsPublisher,
    request: HttpRequest,
    payload: web::Payload,
    query: web::Query<ImportQuery>,
) -> Result<HttpResponse, ApiError> {
    let query = query.into_inner();
    let language = query.language.as_deref().and_then(Language::parse).unwrap_or(Language::English);
    let format = query.format.as_deref().map(parse_format).transpose()?;
    let name = query.name.or_else(|| name_of_kind(&request));
    let file = ImportFile { bytes: read_body(&app, payload).await?, name, format };
    let read = web::block(move || file.read()).await?;
    let read = read.map_err(|fault| ApiError::Invalid(fault.in_language(language)))?;
    if query.strict {
        refuse_problems(&read, language)?;
    }
    let ending = if query.dry_run { Ending::DryRun } else { Ending::Take };
    let taking = Taking { app: app.into_inner(), read, ending, editor: editor.staff.name, language };
    if wants_events(&request) {
        return Ok(progress::followed(taking.app.stopping.clone(), |teller| taking.followed_by(teller)));
    }
    Ok(HttpResponse::Ok().json(taking.alone().await?))
}

fn wants_events(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|value| value.contains("text/event-stream"))
}

/// An import that is about to be taken.
struct Taking {
    app: Arc<App>,
    read: ReadFile,
    ending: Ending,
    editor: String,
    language: Language,
}

impl Taking {
    async fn alone(self) -> Result<ImportReply, ApiError> {
        let app = Arc::clone(&self.app);
        let (reply, outcome) = self.take(&|_| {}).await?;
        let live = !reply.dry_run && app.faq.wait_until_searchable(outcome.revision).await.is_ok();
        Ok(ImportReply { live, ..reply })
    }

    async fn followed_by(self, teller: Teller) -> Result<ImportReply, ApiError> {
        let app = Arc::clone(&self.app);
        let (reply, outcome) = self.take(&|progress| teller.store_is_at(progress)).await?;
        let n_written = outcome.added + outcome.changed;
        let live = !reply.dry_run && teller.follow_index(&app.faq, outcome.revision, n_written).await;
        Ok(ImportReply { live, ..reply })
    }

    async fn take(self, watcher: ImportWatcher<'_>) -> Result<(ImportReply, ImportOutcome), ApiError> {
        let Self { app, read, ending, editor, language } = self;
        let problems = read.problems.iter().map(|problem| ProblemReply::new(problem, language)).collect();
        let imported = faq_import::import(&app.store, read.rows, ending, &editor, watcher).await?;
        let outcome = imported.outcome;
        let reply = ImportReply {
            dry_run: ending == Ending::DryRun,
            format: read.format.name(),
            layout: layout_name(read.layout),
            added: outcome.added,
            changed: outcome.changed,
            unchanged: outcome.unchanged,
            live: false,
            changes: imported.changes.into_iter().take(LISTED).collect(),
            problems,
            ignored_columns: read.ignored_columns,
        };
        Ok((reply, outcome))
    }
}

impl ProblemReply {
    fn new(problem: &RowProblem, language: Language) -> Self {
        let (place, message) = (problem.place_in(language), problem.fault.in_language(language));
        Self { line: problem.place.number, place, message }
    }
}

fn layout_name(layout: Layout) -> &'static str {
    match layout {
        Layout::Own => "own",
        Layout::QnaMaker => "qna_maker",
        Layout::FastGpt => "fast_gpt",
        Layout::MaxKb => "max_kb",
    }
}

fn refuse_problems(read: &ReadFile, language: Language) -> Result<(), ApiError> {
    let Some(first) = read.problems.first() else { return Ok(()) };
    let (count, place, fault) = (read.problems.len(), first.place_in(language), first.fault.in_language(language));
    Err(ApiError::Invalid(match language {
        Language::Chinese => format!("有 {count} 行无法导入，因此什么都没有导入；第一处是{place}：{fault}"),
        Language::English => {
            format!("{count} rows cannot be taken and nothing was imported; the first is {place}: {fault}")
        }
    }))
}

#[derive(Debug, Deserialize)]
pub(crate) struct ExportQuery {
    format: Option<String>,
}

/// The whole FAQ as a file that can be imported again.
#[utoipa::path(tag = "faq", params(("format" = Option<String>, Query, description = "`csv` (default), `jsonl` or `xlsx`")),
    responses((status = 200, content_type = "text/csv", body = String), (status = 422, body = Problem)), security(("staff" = [])))]
#[get("/faq/export")]
pub(crate) async fn export(
    app: web::Data<App>,
    _staff: AsViewer,
    query: web::Query<ExportQuery>,
) -> Result<HttpResponse, ApiError> {
    let (format, kind, name) = match query.format.as_deref().unwrap_or("csv") {
        "csv" => (ExportFormat::Csv, "text/csv; charset=utf-8", "faq.csv"),
        "jsonl" | "json" | "ndjson" => (ExportFormat::Jsonl, "application/x-ndjson", "faq.jsonl"),
        "xlsx" => (ExportFormat::Xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "faq.xlsx"),
        other => return Err(ApiError::Invalid(format!("format is {other:?}; it can be csv, jsonl or xlsx"))),
    };
    let entries: Vec<_> = app.store.faq_all().await?.into_iter().map(faq_follower::entry).collect();
    let written = web::block(move || retrieval::write_faq(&entries, format)).await?;
    let bytes = written.map_err(|error| ApiError::Invalid(error.to_string()))?;
    let disposition = format!("attachment; filename=\"{name}\"");
    Ok(HttpResponse::Ok().content_type(kind).insert_header((header::CONTENT_DISPOSITION, disposition)).body(bytes))
}

fn parse_format(name: &str) -> Result<FaqFormat, ApiError> {
    FaqFormat::named(name).ok_or_else(|| {
        let names: Vec<&str> = FaqFormat::NAMES.iter().map(|(format, _)| format.name()).collect();
        ApiError::Invalid(format!("format is {name:?}; it can be {}", names.join(", ")))
    })
}

/// A name with the ending that the content type speaks of; for kinds of text only, the others show what they are.
fn name_of_kind(request: &HttpRequest) -> Option<String> {
    const KINDS: [(&str, &str); 5] =
        [("json", "jsonl"), ("markdown", "md"), ("html", "html"), ("yaml", "yml"), ("csv", "csv")];
    let kind = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let (_, ending) = KINDS.iter().find(|(word, _)| kind.contains(word))?;
    Some(format!("faq.{ending}"))
}

async fn read_body(app: &App, payload: web::Payload) -> Result<bytes::Bytes, ApiError> {
    let limit = app.config.limits.import_bytes;
    match payload.to_bytes_limited(limit).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(ApiError::Unreadable(format!("the file broke off: {error}"))),
        Err(_) => Err(ApiError::TooLarge { limit }),
    }
}
