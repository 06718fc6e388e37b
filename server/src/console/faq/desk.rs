//! One request about the FAQ: the service, the list that stands beside whatever is shown, and how the page is wanted.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use super::super::call::Call;
use super::super::page::{Page, Section, Visit};
use super::Categories;
use super::list::{ListQuery, ListView};
use crate::app::App;
use crate::auth::Staff;
use crate::error::ApiError;
use crate::review::Review;

/// What every FAQ handler needs besides who asks.
pub(super) struct Desk {
    pub(super) app: web::Data<App>,
    pub(super) query: ListQuery,
    visit: Visit,
    categories: web::Data<Categories>,
}

impl Desk {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let Call { app, visit, query } = Call::of(request)?;
        let categories = request.app_data::<web::Data<Categories>>();
        let categories = categories.ok_or_else(|| anyhow::anyhow!("the categories are not wired"))?.clone();
        Ok(Self { app, query, visit, categories })
    }

    pub(super) fn page(&self, staff: &Staff) -> Page {
        self.visit.clone().page(Section::Faq, staff)
    }

    /// The list, with the entry `open` marked.
    pub(super) async fn list(&self, open: Option<&str>) -> Result<ListView, ApiError> {
        let review = Review::of(&self.app.store).await?;
        let tree = self.categories.tree(&self.app.store).await?;
        ListView::read(&self.app, self.query.clone(), self.visit.words(), open).await.map(|list| ListView {
            tree,
            review,
            ..list
        })
    }
}

impl FromRequest for Desk {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
