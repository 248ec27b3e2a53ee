//! Ports on the loopback interface.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};

/// A port wanted for something, and the flag that chooses another.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    /// What would listen there.
    pub(crate) who: &'static str,
    /// The port; 0 takes a free one.
    pub(crate) port: u16,
    /// The flag that sets it.
    pub(crate) flag: &'static str,
}

impl Wanted {
    /// The port, once it is known to be free.
    pub(crate) fn claim(self) -> Result<u16> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).with_context(|| {
            format!(
                "port {} for {} is in use: stop what listens there or choose another with {} (0 takes a free one)",
                self.port, self.who, self.flag
            )
        })?;
        Ok(listener.local_addr()?.port())
    }
}

/// Any free port.
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
    fn zero_takes_a_free_port() {
        assert_ne!(free().unwrap(), 0);
    }
}
