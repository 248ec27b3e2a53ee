//! The control plane behind PostgREST. Only functions with JSON bodies are called, so no filter is built from a
//! caller's text.

use std::time::Duration;

use super::StoreError;
use super::address::Address;
use super::http::{Call, Wire, excerpt};

/// A client that acts as `service_role`.
#[derive(Clone)]
pub struct PostgRest {
    address: Address,
    secret: String,
    wire: Wire,
}

impl PostgRest {
    /// A client for a Supabase project's URL (`https://<ref>.supabase.co`) and its secret key. `None` if the URL is not
    /// `http` or `https`.
    pub fn new(url: &str, secret: &str) -> Option<Self> {
        Some(Self { address: Address::parse(url)?, secret: secret.to_owned(), wire: Wire::default() })
    }

    /// The project's public signing keys (`/auth/v1/.well-known/jwks.json`) as JSON.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn key_set(&self, limit: Duration) -> Result<Vec<u8>, StoreError> {
        let url = self.address.path("/auth/v1/.well-known/jwks.json");
        let answer = self.wire.exchange(Call::get(url).header("apikey", &self.secret), limit).await?;
        if answer.status == 200 {
            Ok(answer.body)
        } else {
            Err(StoreError::Busy(format!("key set: {}", answer.status)))
        }
    }

    /// Calls a function with named arguments as a JSON object, and returns its JSON.
    ///
    /// # Errors
    /// `Refused` is a definite answer of the database. After any other error the outcome is unknown.
    pub async fn call(
        &self,
        function: &'static str,
        arguments: String,
        limit: Duration,
    ) -> Result<Vec<u8>, StoreError> {
        let url = self.address.path(&format!("/rest/v1/rpc/{function}"));
        let mut call =
            Call::post(url, arguments).header("content-type", "application/json").header("apikey", &self.secret);
        // A new secret is sent as `apikey` only; an older one is a JWT and required in both headers.
        if !self.secret.starts_with("sb_secret_") {
            call = call.header("authorization", format!("Bearer {}", self.secret));
        }
        let answer = self.wire.exchange(call, limit).await?;
        match answer.status {
            200 | 204 => Ok(answer.body),
            // An SQLSTATE `PT…` was raised by our own functions: a definite answer.
            status @ 400..=499 if sqlstate(&answer.body).starts_with("PT") => Err(refused(status, &answer.body)),
            // Our credentials were refused, or a gateway failed: no definite answer.
            401 | 403 | 408 | 429 | 500..=599 => {
                Err(StoreError::Busy(format!("{} {}", answer.status, excerpt(&answer.body))))
            }
            status => Err(refused(status, &answer.body)),
        }
    }
}

#[derive(Default, serde::Deserialize)]
struct Problem {
    code: Option<String>,
    message: Option<String>,
}

fn problem(body: &[u8]) -> Problem {
    intake::json::read(body).unwrap_or_default()
}

fn sqlstate(body: &[u8]) -> String {
    problem(body).code.unwrap_or_default()
}

fn refused(status: u16, body: &[u8]) -> StoreError {
    let problem = problem(body);
    StoreError::Refused {
        status,
        code: problem.code.unwrap_or_default(),
        message: problem.message.unwrap_or_else(|| excerpt(body)),
    }
}
