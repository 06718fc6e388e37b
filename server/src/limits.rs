//! How much one visitor may ask: rate limits by conversation and by address.

use std::net::IpAddr;
use std::num::NonZeroU32;

use actix_web::HttpRequest;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::{LimitsConfig, ServerConfig};
use crate::error::ApiError;

/// The limiters of one service.
#[derive(Debug)]
pub struct Limits {
    messages: DefaultKeyedRateLimiter<String>,
    suggestions: DefaultKeyedRateLimiter<String>,
    conversations: DefaultKeyedRateLimiter<IpAddr>,
    sign_ins: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
    exempt_loopback: bool,
    trusted_proxies: Vec<IpAddr>,
}

impl Limits {
    pub fn new(limits: &LimitsConfig, server: &ServerConfig) -> Self {
        Self {
            messages: RateLimiter::keyed(per_minute(limits.messages_per_minute)),
            suggestions: RateLimiter::keyed(per_minute(limits.suggestions_per_minute)),
            conversations: RateLimiter::keyed(per_minute(limits.conversations_per_minute)),
            sign_ins: RateLimiter::keyed(per_minute(limits.sign_ins_per_minute)),
            clock: DefaultClock::default(),
            exempt_loopback: limits.exempt_loopback,
            trusted_proxies: server.trusted_proxies.clone(),
        }
    }

    /// Counts one message of a conversation.
    pub fn message(&self, visitor: &Visitor, conversation_id: &str) -> Result<(), ApiError> {
        self.count("messages", visitor, &self.messages, &conversation_id.to_owned())
    }

    /// Counts one look for suggestions of a conversation.
    pub fn suggestions(&self, visitor: &Visitor, conversation_id: &str) -> Result<(), ApiError> {
        self.count("suggestions", visitor, &self.suggestions, &conversation_id.to_owned())
    }

    /// Counts one conversation begun from an address.
    pub fn conversation(&self, visitor: &Visitor) -> Result<(), ApiError> {
        self.count("conversations", visitor, &self.conversations, &visitor.address)
    }

    /// Counts one attempt to sign in from an address.
    pub fn sign_in(&self, visitor: &Visitor) -> Result<(), ApiError> {
        self.count("sign_ins", visitor, &self.sign_ins, &visitor.address)
    }

    /// Forgets visitors that have been quiet, so that memory follows the visitors of the last minute.
    pub fn forget_quiet(&self) {
        self.messages.retain_recent();
        self.suggestions.retain_recent();
        self.conversations.retain_recent();
        self.sign_ins.retain_recent();
    }

    /// Who sends this request, as far as trusted proxies tell.
    pub fn visitor(&self, request: &HttpRequest) -> Visitor {
        let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip());
        let forwarded =
            self.trusted_proxies.contains(&peer).then(|| forwarded_for(request, &self.trusted_proxies)).flatten();
        Visitor {
            address: forwarded.unwrap_or(peer),
            exempt: self.exempt_loopback && forwarded.is_none() && peer.is_loopback(),
        }
    }

    fn count<K: Clone + std::hash::Hash + Eq>(
        &self,
        name: &'static str,
        visitor: &Visitor,
        limiter: &DefaultKeyedRateLimiter<K>,
        key: &K,
    ) -> Result<(), ApiError> {
        if visitor.exempt {
            return Ok(());
        }
        limiter.check_key(key).map_err(|not_until| {
            metrics::counter!("frontdesk_rate_limited_total", "limit" => name).increment(1);
            let wait = not_until.wait_time_from(self.clock.now());
            ApiError::TooMany { retry_seconds: wait.as_secs() + 1 }
        })
    }
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub struct Visitor {
    pub address: IpAddr,
    exempt: bool,
}

/// The nearest address in `X-Forwarded-For` that is not one of our proxies.
fn forwarded_for(request: &HttpRequest, trusted: &[IpAddr]) -> Option<IpAddr> {
    let header = request.headers().get("x-forwarded-for")?.to_str().ok()?;
    header.rsplit(',').filter_map(|part| part.trim().parse().ok()).find(|address| !trusted.contains(address))
}

fn per_minute(count: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn limits(exempt_loopback: bool) -> Limits {
        let config = LimitsConfig { sign_ins_per_minute: 2, exempt_loopback, ..LimitsConfig::default() };
        Limits::new(&config, &ServerConfig::default())
    }

    fn request(peer: &str, forwarded: Option<&str>) -> HttpRequest {
        let mut request = TestRequest::default().peer_addr(peer.parse().unwrap());
        if let Some(forwarded) = forwarded {
            request = request.insert_header(("x-forwarded-for", forwarded));
        }
        request.to_http_request()
    }

    #[test]
    fn the_third_attempt_is_told_when_to_come_back() {
        let limits = limits(false);
        let visitor = limits.visitor(&request("127.0.0.1:4000", None));
        assert!(limits.sign_in(&visitor).is_ok() && limits.sign_in(&visitor).is_ok());
        let refused = limits.sign_in(&visitor).unwrap_err();
        assert!(matches!(refused, ApiError::TooMany { retry_seconds: 1..=60 }), "{refused:?}");
    }

    #[test]
    fn a_forwarded_visitor_is_counted_by_its_own_address_and_never_exempt() {
        let limits = limits(true);
        let forwarded = limits.visitor(&request("127.0.0.1:4000", Some("10.9.9.9, 203.0.113.7")));
        assert_eq!(forwarded.address.to_string(), "203.0.113.7");
        assert!(!forwarded.exempt);
        assert!(limits.visitor(&request("127.0.0.1:4000", None)).exempt);
    }

    #[test]
    fn a_stranger_cannot_pretend_to_be_forwarded() {
        let visitor = limits(true).visitor(&request("198.51.100.4:4000", Some("127.0.0.1")));
        assert_eq!(visitor.address.to_string(), "198.51.100.4");
    }
}
