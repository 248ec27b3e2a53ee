//! A few connections; each serves one request at a time.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use tokio_postgres::{Client, Config, NoTls, Statement};

use super::error::Error;

/// Connections at most; PostgREST's default.
const SIZE: usize = 10;
/// How many requests may wait for a connection.
const QUEUE: usize = 200;
/// How long they wait; PostgREST's default.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time limit for a connection attempt. A database that is down refuses at once; a busy machine takes seconds to start
/// ten sessions.
const CONNECT: Duration = Duration::from_secs(8);
/// Statements kept prepared on one connection.
const PREPARED: usize = 100;

/// The connections of the server.
pub(super) struct Pool {
    database: Config,
    idle: Mutex<Vec<Session>>,
    places: Semaphore,
    queue: Semaphore,
}

/// One connection with the statements prepared on it.
pub(super) struct Session {
    client: Client,
    prepared: HashMap<String, Statement>,
}

/// A session in use. If it is dropped without [`Lease::give_back`], for example because the client closed
/// its connection, the session's state is unknown: its statement is cancelled and the session closed.
pub(super) struct Lease<'pool> {
    session: Option<Session>,
    pool: &'pool Pool,
    _place: SemaphorePermit<'pool>,
}

impl Pool {
    /// A pool that connects on demand.
    pub(super) fn new(mut database: Config) -> Self {
        database
            .application_name("postgrest")
            .connect_timeout(CONNECT)
            // With this path the catalog prints every type with its schema.
            .options("-c search_path=pg_catalog -c idle_in_transaction_session_timeout=15s");
        Self { database, idle: Mutex::default(), places: Semaphore::new(SIZE), queue: Semaphore::new(QUEUE) }
    }

    /// A session that was not known to be closed a moment ago.
    pub(super) async fn lease(&self) -> Result<Lease<'_>, Error> {
        let _queued = self.queue.try_acquire().map_err(|_| Error::busy())?;
        let place =
            timeout(PATIENCE, self.places.acquire()).await.map_err(|_| Error::busy())?.map_err(|_| Error::busy())?;
        let idle = loop {
            let taken = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match taken {
                Some(session) if session.client.is_closed() => {}
                other => break other,
            }
        };
        let session = match idle {
            Some(session) => session,
            None => self.connect().await?,
        };
        Ok(Lease { session: Some(session), pool: self, _place: place })
    }

    /// Closes the idle sessions.
    pub(super) fn forget(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    async fn connect(&self) -> Result<Session, Error> {
        let connected = timeout(CONNECT, self.database.connect(NoTls)).await;
        let (client, connection) = connected.map_err(|_| Error::database_down())?.map_err(|error| {
            let reason = error.as_db_error().map_or_else(|| error.to_string(), |refused| refused.message().to_owned());
            Error::database_down().details(reason)
        })?;
        tokio::spawn(connection);
        Ok(Session { client, prepared: HashMap::new() })
    }
}

impl Lease<'_> {
    /// The connection, for plain statements.
    pub(super) fn client(&self) -> Result<&Client, Error> {
        self.session.as_ref().map(|session| &session.client).ok_or_else(Error::database_down)
    }

    /// A statement, prepared once per connection. Only for text that states the type of each parameter,
    /// because a prepared parameter keeps its type when the schema changes.
    pub(super) async fn prepare(&mut self, text: &str, signed_in: bool) -> Result<Statement, Error> {
        let session = self.session.as_mut().ok_or_else(Error::database_down)?;
        if let Some(statement) = session.prepared.get(text) {
            return Ok(statement.clone());
        }
        let prepared = session.client.prepare(text).await;
        let statement = prepared.map_err(|error| Error::from_database(&error, signed_in))?;
        if session.prepared.len() >= PREPARED {
            session.prepared.clear();
        }
        session.prepared.insert(text.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Returns the session to the pool. Call it outside of a transaction only.
    pub(super) fn give_back(mut self) {
        if let Some(session) = self.session.take()
            && !session.client.is_closed()
        {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.session.take()
            && !session.client.is_closed()
            && let Ok(runtime) = Handle::try_current()
        {
            let token = session.client.cancel_token();
            runtime.spawn(async move {
                let _ = timeout(CONNECT, token.cancel_query(NoTls)).await;
                drop(session);
            });
        }
    }
}
