//! The engine's C interface (`chdb.h`, version 26.7), opened at run time.
//!
//! The only module with unsafe code. Its API is safe: handles are closed when dropped, a stream borrows its connection
//! (the engine allows one statement at a time per connection), and buffers are borrowed from the result that owns them.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::ptr::NonNull;
use std::slice;

use libloading::{Library, Symbol};

type Handle = *mut c_void;
type Names = *const *const c_char;
type Lengths = *const usize;
type Run = unsafe extern "C" fn(
    Handle,
    *const c_char,
    usize,
    *const c_char,
    usize,
    Names,
    Lengths,
    Names,
    Lengths,
    usize,
) -> Handle;

/// The functions of `chdb.h` in use, named without the prefix `chdb_`.
struct Api {
    version: unsafe extern "C" fn() -> *const c_char,
    connect: unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut Handle,
    close_conn: unsafe extern "C" fn(*mut Handle),
    query_with_params_n: Run,
    stream_query_with_params_n: Run,
    stream_fetch_result: unsafe extern "C" fn(Handle, Handle) -> Handle,
    stream_cancel_query: unsafe extern "C" fn(Handle, Handle),
    stream_insert_with_params_n: Run,
    stream_append: unsafe extern "C" fn(Handle, *const c_void, usize) -> c_int,
    stream_done: unsafe extern "C" fn(Handle) -> Handle,
    stream_insert_error: unsafe extern "C" fn(Handle) -> *const c_char,
    destroy_insert_stream: unsafe extern "C" fn(Handle),
    destroy_query_result: unsafe extern "C" fn(Handle),
    result_buffer: unsafe extern "C" fn(Handle) -> *const u8,
    result_length: unsafe extern "C" fn(Handle) -> usize,
    result_error: unsafe extern "C" fn(Handle) -> *const c_char,
    result_storage_rows_read: unsafe extern "C" fn(Handle) -> u64,
    result_storage_bytes_read: unsafe extern "C" fn(Handle) -> u64,
    result_rows_read: unsafe extern "C" fn(Handle) -> u64,
    result_rows_written: unsafe extern "C" fn(Handle) -> u64,
    result_bytes_written: unsafe extern "C" fn(Handle) -> u64,
}

/// The engine's library, loaded for the rest of the process.
#[derive(Clone, Copy)]
pub(super) struct EngineLibrary {
    api: &'static Api,
}

impl EngineLibrary {
    /// Loads the library at `path` and keeps the engine from installing signal handlers.
    ///
    /// # Errors
    /// If the file is not a library for this machine or lacks a function.
    pub(super) fn load(path: &OsStr) -> Result<Self, libloading::Error> {
        // SAFETY: the caller names a build of the engine; its initialisers only set up allocators.
        let library = unsafe { Library::new(path)? };
        // Unloading would remove code that the engine's threads still run.
        let library: &'static Library = Box::leak(Box::new(library));
        macro_rules! api {
            ($($field:ident),* $(,)?) => {
                Api { $($field: {
                    // SAFETY: the type of the field is the declaration of that function in chdb.h.
                    let symbol: Symbol<'static, _> = unsafe { library.get(concat!("chdb_", stringify!($field)))? };
                    *symbol
                }),* }
            };
        }
        let api = api!(
            version,
            connect,
            close_conn,
            query_with_params_n,
            stream_query_with_params_n,
            stream_fetch_result,
            stream_cancel_query,
            stream_insert_with_params_n,
            stream_append,
            stream_done,
            stream_insert_error,
            destroy_insert_stream,
            destroy_query_result,
            result_buffer,
            result_length,
            result_error,
            result_storage_rows_read,
            result_storage_bytes_read,
            result_rows_read,
            result_rows_written,
            result_bytes_written,
        );
        // SAFETY: declared in chdb.h as `void chdb_set_signal_handlers_enabled(int)`.
        let signals: Symbol<unsafe extern "C" fn(c_int)> = unsafe { library.get("chdb_set_signal_handlers_enabled")? };
        // SAFETY: called before the first connection, as the header asks.
        unsafe { signals(0) };
        Ok(Self { api: Box::leak(Box::new(api)) })
    }

    /// The library's version, such as `26.7.3`.
    pub(super) fn version(self) -> String {
        // SAFETY: returns a static string.
        unsafe { owned_text((self.api.version)()) }.unwrap_or_default()
    }

    /// Opens a connection. The first one starts the engine on the `--path=` in `arguments`. Returns `None` if the
    /// engine refuses; it then writes the reason to standard error.
    pub(super) fn connect(self, arguments: &[String]) -> Option<Connection> {
        let owned: Vec<CString> = std::iter::once("devstack")
            .chain(arguments.iter().map(String::as_str))
            .map(CString::new)
            .collect::<Result<_, _>>()
            .ok()?;
        let mut pointers: Vec<*mut c_char> = owned.iter().map(|text| text.as_ptr().cast_mut()).collect();
        let count = c_int::try_from(pointers.len()).ok()?;
        // SAFETY: `count` NUL-terminated strings, which the engine copies during the call.
        let handle = unsafe { (self.api.connect)(count, pointers.as_mut_ptr()) };
        let handle = NonNull::new(handle)?;
        // SAFETY: a connection that is not null points to its inner handle.
        (!unsafe { *handle.as_ptr() }.is_null()).then_some(Connection { api: self.api, handle })
    }
}

/// A session of the engine, with its own settings, current database and running statement.
pub(super) struct Connection {
    api: &'static Api,
    handle: NonNull<Handle>,
}

// SAFETY: the engine ties no state of a connection to the thread that opened it, and `&mut self`
// on every call keeps two threads from using it at once.
unsafe impl Send for Connection {}

impl Connection {
    fn inner(&self) -> Handle {
        // SAFETY: valid from `connect` to `close_conn`, which only `drop` calls.
        unsafe { *self.handle.as_ptr() }
    }

    fn run(&self, run: Run, sql: &[u8], format: &str, parameters: &[(String, String)]) -> Handle {
        let names: Vec<_> = parameters.iter().map(|(name, _)| name.as_ptr().cast::<c_char>()).collect();
        let name_lengths: Vec<_> = parameters.iter().map(|(name, _)| name.len()).collect();
        let values: Vec<_> = parameters.iter().map(|(_, value)| value.as_ptr().cast::<c_char>()).collect();
        let value_lengths: Vec<_> = parameters.iter().map(|(_, value)| value.len()).collect();
        // SAFETY: pointers and lengths describe slices that live until the call returns, and the
        // engine copies what it keeps.
        unsafe {
            run(
                self.inner(),
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
                names.as_ptr(),
                name_lengths.as_ptr(),
                values.as_ptr(),
                value_lengths.as_ptr(),
                parameters.len(),
            )
        }
    }

    /// Runs a statement and returns its whole output. `format` applies unless the statement has its own.
    pub(super) fn query(&mut self, sql: &[u8], format: &str, parameters: &[(String, String)]) -> QueryResult {
        QueryResult { api: self.api, handle: self.run(self.api.query_with_params_n, sql, format, parameters) }
    }

    /// Starts a SELECT whose output is fetched block by block.
    ///
    /// # Errors
    /// The engine's message, if the statement cannot start or is not a SELECT.
    pub(super) fn stream(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &[(String, String)],
    ) -> Result<SelectStream<'_>, String> {
        let handle = self.run(self.api.stream_query_with_params_n, sql, format, parameters);
        let started = QueryResult { api: self.api, handle };
        match started.error() {
            Some(message) => Err(message),
            None => Ok(SelectStream { connection: self, stream: started, ended: false }),
        }
    }

    /// Starts an INSERT (`sql` without its FORMAT clause) whose rows follow in `format`.
    ///
    /// # Errors
    /// The engine's message, if the statement cannot start.
    pub(super) fn insert(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &[(String, String)],
    ) -> Result<InsertStream<'_>, String> {
        let handle = self.run(self.api.stream_insert_with_params_n, sql, format, parameters);
        let stream = InsertStream { connection: self, handle };
        // SAFETY: the handle is never null; the text belongs to it.
        match unsafe { owned_text((stream.connection.api.stream_insert_error)(handle)) } {
            Some(message) => Err(message),
            None => Ok(stream),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: opened by `connect`, closed once, and no stream can outlive the borrow.
        unsafe { (self.api.close_conn)(self.handle.as_ptr()) }
    }
}

/// Counts of the engine for a statement or for one block of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Rows read from storage.
    pub(super) read_rows: u64,
    /// Bytes read from storage, uncompressed.
    pub(super) read_bytes: u64,
    /// Rows written, including those of dependent views.
    pub(super) written_rows: u64,
    /// Bytes written, including those of dependent views.
    pub(super) written_bytes: u64,
    /// Rows in the output.
    pub(super) result_rows: u64,
}

impl Progress {
    /// Adds the counts of another block.
    pub(super) fn add(&mut self, other: Self) {
        self.read_rows += other.read_rows;
        self.read_bytes += other.read_bytes;
        self.written_rows += other.written_rows;
        self.written_bytes += other.written_bytes;
        self.result_rows += other.result_rows;
    }
}

/// A result of the engine: output or an error, and counts.
pub(super) struct QueryResult {
    api: &'static Api,
    handle: Handle,
}

impl QueryResult {
    /// The output bytes.
    pub(super) fn data(&self) -> &[u8] {
        if self.handle.is_null() {
            return &[];
        }
        // SAFETY: the engine keeps `length` bytes at `buffer` until the result is destroyed.
        unsafe {
            let (start, length) = ((self.api.result_buffer)(self.handle), (self.api.result_length)(self.handle));
            if start.is_null() || length == 0 { &[] } else { slice::from_raw_parts(start, length) }
        }
    }

    /// The engine's error message, if the statement failed.
    pub(super) fn error(&self) -> Option<String> {
        if self.handle.is_null() {
            return Some("the engine gave no result".to_owned());
        }
        // SAFETY: null or a NUL-terminated text that belongs to the result.
        unsafe { owned_text((self.api.result_error)(self.handle)) }
    }

    /// The counts.
    pub(super) fn progress(&self) -> Progress {
        if self.handle.is_null() {
            return Progress::default();
        }
        // SAFETY: plain getters on a live handle.
        unsafe {
            Progress {
                read_rows: (self.api.result_storage_rows_read)(self.handle),
                read_bytes: (self.api.result_storage_bytes_read)(self.handle),
                written_rows: (self.api.result_rows_written)(self.handle),
                written_bytes: (self.api.result_bytes_written)(self.handle),
                result_rows: (self.api.result_rows_read)(self.handle),
            }
        }
    }
}

impl Drop for QueryResult {
    fn drop(&mut self) {
        if !self.handle.is_null() {
            // SAFETY: destroyed once; nothing borrowed from it can be left.
            unsafe { (self.api.destroy_query_result)(self.handle) }
        }
    }
}

/// A running SELECT. Dropping it before its end cancels it.
pub(super) struct SelectStream<'c> {
    connection: &'c mut Connection,
    stream: QueryResult,
    ended: bool,
}

impl SelectStream<'_> {
    /// Returns the next block of output, or `None` at the end.
    ///
    /// # Errors
    /// The engine's message, if the statement fails while it runs.
    pub(super) fn fetch(&mut self) -> Result<Option<QueryResult>, String> {
        if self.ended {
            return Ok(None);
        }
        // SAFETY: both handles are live, and `&mut self` serialises the calls.
        let handle = unsafe { (self.connection.api.stream_fetch_result)(self.connection.inner(), self.stream.handle) };
        let block = QueryResult { api: self.connection.api, handle };
        if let Some(message) = block.error() {
            self.ended = true;
            return Err(message);
        }
        self.ended = block.data().is_empty();
        Ok((!self.ended).then_some(block))
    }
}

impl Drop for SelectStream<'_> {
    fn drop(&mut self) {
        if !self.ended {
            // SAFETY: both handles are live; the stream itself is destroyed after this.
            unsafe { (self.connection.api.stream_cancel_query)(self.connection.inner(), self.stream.handle) }
        }
    }
}

/// A running INSERT. Dropping it before `finish` cancels it.
pub(super) struct InsertStream<'c> {
    connection: &'c mut Connection,
    handle: Handle,
}

impl InsertStream<'_> {
    /// Appends rows. Blocks while the engine is busy. Returns false if the INSERT has failed; `finish` then returns the
    /// error.
    pub(super) fn append(&mut self, rows: &[u8]) -> bool {
        // SAFETY: a live handle and a slice, which the engine copies.
        unsafe { (self.connection.api.stream_append)(self.handle, rows.as_ptr().cast(), rows.len()) == 0 }
    }

    /// Commits the rows and returns the counts or the error.
    pub(super) fn finish(self) -> QueryResult {
        // SAFETY: a live handle; `drop` then only frees it.
        let handle = unsafe { (self.connection.api.stream_done)(self.handle) };
        QueryResult { api: self.connection.api, handle }
    }
}

impl Drop for InsertStream<'_> {
    fn drop(&mut self) {
        // SAFETY: destroyed once, on every path, as the header asks; cancels what is not done.
        unsafe { (self.connection.api.destroy_insert_stream)(self.handle) }
    }
}

/// Copies a C string. Returns `None` for null and for an empty string.
///
/// # Safety
/// `text` must be null or NUL-terminated.
unsafe fn owned_text(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
    (!text.is_empty()).then_some(text)
}

/// Exits at once without running exit handlers, in which a busy engine can hang.
pub(super) fn exit_now(status: i32) -> ! {
    unsafe extern "C" {
        fn _exit(status: c_int) -> !;
    }
    // SAFETY: the C library's `_exit`, which takes any status and does not return.
    unsafe { _exit(status) }
}
