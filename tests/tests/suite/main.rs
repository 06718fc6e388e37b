//! The service started for real, on port 0 with a temporary home, driven from outside.

mod rooms;
