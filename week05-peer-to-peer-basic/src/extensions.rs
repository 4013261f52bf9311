//! Extensions A to D, one file each. Each can be read alone; none calls another one.
//!
//! Without its answer each still has something harmless to return: nothing to send, no request
//! recognized, nobody found. So a peer without extensions listens and speaks all the same.

pub mod a_registry;
pub mod b_relay;
pub mod c_shutdown;
pub mod d_discovery;
