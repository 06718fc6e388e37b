//! Tells a wrong method from a wrong address: which methods the described routes take.

use utoipa::openapi::{OpenApi, PathItem};

use crate::error::ApiError;

/// The described routes with their methods.
#[derive(Clone, Debug, Default)]
pub struct Methods {
    routes: Vec<(String, Vec<&'static str>)>,
}

impl Methods {
    pub fn of(description: &OpenApi) -> Self {
        Self { routes: description.paths.paths.iter().map(|(path, item)| (path.clone(), taken(item))).collect() }
    }

    /// Why nothing answers this address.
    pub fn refusal(&self, path: &str) -> ApiError {
        let mut allowed: Vec<&str> = Vec::new();
        for (_, methods) in self.routes.iter().filter(|(pattern, _)| fits(pattern, path)) {
            allowed.extend(methods);
        }
        if allowed.is_empty() { ApiError::NoSuchRoute } else { ApiError::WrongMethod { allowed: allowed.join(", ") } }
    }
}

fn taken(item: &PathItem) -> Vec<&'static str> {
    [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("DELETE", &item.delete)]
        .into_iter()
        .filter_map(|(name, operation)| operation.is_some().then_some(name))
        .collect()
}

/// Whether a path has the segments of a pattern such as `/v1/faq/{id}`.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut expected, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (expected.next(), given.next()) {
            (None, None) => return true,
            (Some(expected), Some(given)) if expected == given => {}
            (Some(expected), Some(given)) if expected.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_fits_the_pattern_with_its_segments() {
        for (pattern, path, expected) in [
            ("/v1/faq", "/v1/faq", true),
            ("/v1/faq/{id}", "/v1/faq/a", true),
            ("/v1/faq/{id}", "/v1/faq/", false),
            ("/v1/faq/{id}", "/v1/faq/a/history", false),
            ("/v1/faq/{id}/history", "/v1/faq/a/history", true),
            ("/v1/faq", "/v1/models", false),
        ] {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn an_unknown_address_is_not_taken_for_a_wrong_method() {
        let methods = Methods { routes: vec![("/v1/faq/{id}".to_owned(), vec!["GET", "PUT"])] };
        assert_eq!(methods.refusal("/v1/faq/a").code(), "wrong_method");
        assert_eq!(methods.refusal("/v1/nothing").code(), "no_such_route");
    }
}
