mod limits;
pub use limits::ServerLimits;
