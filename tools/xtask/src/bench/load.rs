//! The load: a fixed number of requests over open connections, each with one request in flight.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::stop;

use super::connection::Connection;

/// Size of a load.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Number of concurrent connections.
    pub(super) connections: u32,
    /// Total number of requests.
    pub(super) requests: u32,
}

impl Load {
    /// Sends the requests in turn until all are answered. Returns the elapsed time.
    ///
    /// # Errors
    /// If a request fails or its status is not 2xx. The figures would be meaningless.
    pub(super) fn run(self, address: SocketAddr, requests: &[Vec<u8>]) -> Result<Duration> {
        let connections: Vec<Connection> =
            (0..self.connections).map(|_| Connection::open(address)).collect::<Result<_>>()?;
        let begun = AtomicU32::new(0);
        let broken = AtomicBool::new(false);
        let started = Instant::now();
        thread::scope(|scope| {
            let clients: Vec<_> = connections
                .into_iter()
                .map(|mut connection| {
                    let (begun, broken) = (&begun, &broken);
                    scope.spawn(move || {
                        while !broken.load(Ordering::Relaxed) {
                            let index = begun.fetch_add(1, Ordering::Relaxed);
                            let Some(request) = requests.get(index as usize % requests.len().max(1)) else { break };
                            if index >= self.requests {
                                break;
                            }
                            let answered = ask(&mut connection, request);
                            if answered.is_err() {
                                broken.store(true, Ordering::Relaxed);
                                return answered;
                            }
                        }
                        Ok(())
                    })
                })
                .collect();
            clients.into_iter().try_for_each(|client| client.join().map_err(|_| anyhow!("a client thread panicked"))?)
        })?;
        Ok(started.elapsed())
    }
}

fn ask(connection: &mut Connection, request: &[u8]) -> Result<()> {
    stop::check()?;
    let status = connection.exchange(request).context("a request got no response")?;
    if !(200..300).contains(&status) {
        bail!("a request got status {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::{SocketAddr, TcpListener};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::Load;

    /// A server that answers every request head with `answer`, and its number of requests.
    fn server(answer: &'static str) -> (SocketAddr, Arc<AtomicU32>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answered = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&answered);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let count = Arc::clone(&count);
                thread::spawn(move || {
                    let mut writer = stream.try_clone().unwrap();
                    for line in BufReader::new(stream).lines().map_while(Result::ok) {
                        if line.is_empty() {
                            count.fetch_add(1, Ordering::Relaxed);
                            let _ = writer.write_all(answer.as_bytes());
                        }
                    }
                });
            }
        });
        (address, answered)
    }

    #[test]
    fn exactly_the_requests_asked_for_are_sent() {
        let (address, answered) = server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Load { connections: 3, requests: 100 }.run(address, &[b"GET / HTTP/1.1\r\n\r\n".to_vec()]).unwrap();
        assert_eq!(answered.load(Ordering::Relaxed), 100);
    }

    #[test]
    fn a_refusal_ends_the_load() {
        let (address, answered) = server("HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n");
        let error = Load { connections: 2, requests: 1000 }
            .run(address, &[b"GET / HTTP/1.1\r\n\r\n".to_vec()])
            .unwrap_err()
            .to_string();
        assert!(error.contains("503"), "{error}");
        assert!(answered.load(Ordering::Relaxed) < 1000);
    }
}
