//! The encoders of a message's tokens: each gives one vector for a message.

pub(crate) mod bert;
pub(crate) mod cnn;
