//! How many bytes of bodies an instance holds at a time. It has 128 MB for everything, and a body becomes
//! events and rows before it is gone.

use super::{App, lock};
use intake::error::{ApiError, ErrorCode};

/// Bytes of bodies in flight at most.
const MAX_BYTES: usize = 24 * 1024 * 1024;

/// Bytes that are held; given back when dropped, also when the client goes away.
pub(super) struct InFlight<'a> {
    app: &'a App,
    bytes: usize,
}

impl App {
    /// Holds room for a body.
    ///
    /// # Errors
    /// `store_unavailable` with `Retry-After` where there is none left.
    pub(super) fn hold(&self, bytes: usize) -> Result<InFlight<'_>, ApiError> {
        let mut held = lock(&self.in_flight);
        if *held + bytes > MAX_BYTES {
            return Err(ApiError::new(
                ErrorCode::StoreUnavailable,
                "too many bodies are under way; send it again later",
            )
            .because(format!("{held} bytes of bodies in flight")));
        }
        *held += bytes;
        Ok(InFlight { app: self, bytes })
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut held = lock(&self.app.in_flight);
        *held = held.saturating_sub(self.bytes);
    }
}
