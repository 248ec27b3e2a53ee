//! Ports on the loopback interface.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};

/// A port to listen on, and the flag that changes it.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    /// Name of the service, for the error message.
    pub(crate) who: &'static str,
    /// Port number; 0 picks a free port.
    pub(crate) port: u16,
    /// Flag that sets the port, such as `--worker-port`.
    pub(crate) flag: &'static str,
}

impl Wanted {
    /// Checks that the port is free and returns it.
    pub(crate) fn claim(self) -> Result<u16> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).with_context(|| {
            format!(
                "port {} for {} is in use: stop the process that listens on it, or choose another port with {} (0 picks a free one)",
                self.port, self.who, self.flag
            )
        })?;
        Ok(listener.local_addr()?.port())
    }
}

/// Picks a free port.
pub(crate) fn free() -> Result<u16> {
    Wanted { who: "a free port", port: 0, flag: "" }.claim()
}

#[cfg(test)]
mod tests {
    use super::{Wanted, free};
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn a_port_in_use_names_the_flag_that_chooses_another() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = Wanted { who: "the Worker", port, flag: "--worker-port" }.claim().unwrap_err().to_string();
        assert!(error.contains(&port.to_string()) && error.contains("--worker-port"), "{error}");
    }

    #[test]
    fn zero_picks_a_free_port() {
        assert_ne!(free().unwrap(), 0);
    }
}
