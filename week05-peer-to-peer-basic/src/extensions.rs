//! Extensions A to D, one file each. Each can be read alone; none needs another's answer.

pub mod a_registry;
pub mod b_relay;
pub mod c_shutdown;
pub mod d_discovery;
