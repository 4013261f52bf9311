//! Lab 3, capability-peers: Alice and Bob call each other, in Cap'n Web over HTTP.

pub mod http;
pub mod listener;
pub mod rpc;
