//! What surrounds every route: request ids, logging, metrics, security headers, origins and body limits; and
//! replies that are streams.

mod events;
mod methods;
mod observe;
mod origin;

pub use events::event_stream;
pub use methods::Methods;
pub use observe::observe;
pub use origin::{Origins, check_origin, is_same_origin};
