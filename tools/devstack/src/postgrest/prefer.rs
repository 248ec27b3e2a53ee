//! The `Prefer` header (RFC 7240), as far as PostgREST reads it.

use axum::http::{HeaderMap, StatusCode};

use super::error::Error;

/// What a write answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Return {
    /// Nothing.
    Minimal,
    /// A `Location` header.
    HeadersOnly,
    /// The rows.
    Representation,
}

/// What an insert does with a row that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resolution {
    /// Update it.
    Merge,
    /// Leave it.
    Ignore,
}

/// The preferences of one request.
#[derive(Debug, Default)]
pub(super) struct Prefer {
    /// `return=`
    pub(super) returning: Option<Return>,
    /// `resolution=`
    pub(super) resolution: Option<Resolution>,
    /// `missing=default`: the column's default in place of null.
    pub(super) missing_default: Option<bool>,
    /// `count=exact`
    pub(super) count: bool,
    /// `handling=`; strict refuses what is not known.
    pub(super) strict: Option<bool>,
    /// `max-affected=`; counts with `handling=strict` only.
    pub(super) max_affected: Option<i64>,
}

impl Prefer {
    /// Reads all `Prefer` headers. Of a preference that is named twice the first counts.
    pub(super) fn parse(headers: &HeaderMap) -> Result<Self, Error> {
        let mut prefer = Self::default();
        let mut unknown = Vec::new();
        let lines = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        for item in lines.flat_map(|line| line.split(',')).map(str::trim).filter(|item| !item.is_empty()) {
            match item {
                "return=minimal" => set(&mut prefer.returning, Return::Minimal),
                "return=headers-only" => set(&mut prefer.returning, Return::HeadersOnly),
                "return=representation" => set(&mut prefer.returning, Return::Representation),
                "resolution=merge-duplicates" => set(&mut prefer.resolution, Resolution::Merge),
                "resolution=ignore-duplicates" => set(&mut prefer.resolution, Resolution::Ignore),
                "missing=default" => set(&mut prefer.missing_default, true),
                "missing=null" => set(&mut prefer.missing_default, false),
                "handling=strict" => set(&mut prefer.strict, true),
                "handling=lenient" => set(&mut prefer.strict, false),
                "count=exact" => prefer.count = true,
                // The default of a hosted project, and all there is here.
                "tx=commit" => {}
                "count=planned"
                | "count=estimated"
                | "params=single-object"
                | "params=multiple-objects"
                | "tx=rollback" => return Err(unsupported(item)),
                _ if item.starts_with("timezone=") => return Err(unsupported(item)),
                _ => match item.strip_prefix("max-affected=").map(str::parse) {
                    Some(Ok(limit)) => set(&mut prefer.max_affected, limit),
                    _ => unknown.push(item),
                },
            }
        }
        if prefer.strict == Some(true) && !unknown.is_empty() {
            return Err(Error::new(
                StatusCode::BAD_REQUEST,
                "PGRST122",
                "Invalid preferences given with handling=strict",
            )
            .details(format!("Invalid preferences: {}", unknown.join(", "))));
        }
        Ok(prefer)
    }

    /// The bound that `max-affected` sets, where it counts.
    pub(super) fn bound(&self) -> Option<i64> {
        self.max_affected.filter(|_| self.strict == Some(true))
    }

    /// The names of the preferences that took effect, for `Preference-Applied`.
    pub(super) fn applied(&self, kind: Applied) -> String {
        let write = kind != Applied::Read;
        let mut names = Vec::new();
        match self.resolution {
            Some(Resolution::Merge) if kind == Applied::Upsert => names.push("resolution=merge-duplicates"),
            Some(Resolution::Ignore) if kind == Applied::Upsert => names.push("resolution=ignore-duplicates"),
            _ => {}
        }
        match self.missing_default {
            Some(true) if write => names.push("missing=default"),
            Some(false) if write => names.push("missing=null"),
            _ => {}
        }
        match self.returning {
            Some(Return::Minimal) if write => names.push("return=minimal"),
            Some(Return::HeadersOnly) if write => names.push("return=headers-only"),
            Some(Return::Representation) if write => names.push("return=representation"),
            _ => {}
        }
        if self.count {
            names.push("count=exact");
        }
        match self.strict {
            Some(true) => names.push("handling=strict"),
            Some(false) => names.push("handling=lenient"),
            None => {}
        }
        let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        if let Some(bound) = self.bound() {
            names.push(format!("max-affected={bound}"));
        }
        names.join(", ")
    }
}

/// What kind of answer tells which preferences were applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// A read or a call.
    Read,
    /// A write.
    Write,
    /// An insert into a table that has an identity to resolve duplicates by.
    Upsert,
}

fn set<T>(place: &mut Option<T>, value: T) {
    if place.is_none() {
        *place = Some(value);
    }
}

fn unsupported(item: &str) -> Error {
    Error::unsupported(format!("Prefer: {item} is not supported"))
}
