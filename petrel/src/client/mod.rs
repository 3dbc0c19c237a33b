mod limits;
pub use limits::ClientLimits;
