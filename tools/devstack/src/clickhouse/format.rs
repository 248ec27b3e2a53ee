//! Output formats: content type, and whether blocks of output can be concatenated.

/// How the blocks of a streamed result form one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joining {
    /// Rows: blocks are concatenated.
    Plain,
    /// Rows after this number of header lines, which every block repeats.
    HeaderLines(usize),
    /// A document with a start and an end, such as JSON or Parquet. The engine writes one document per block, so the
    /// result is built in memory before it is sent.
    Whole,
}

/// How the blocks of `format` are joined. Unknown formats count as whole documents.
pub(super) fn joining(format: &str) -> Joining {
    match format {
        "TabSeparated"
        | "TSV"
        | "TabSeparatedRaw"
        | "TSVRaw"
        | "Raw"
        | "CSV"
        | "TSKV"
        | "JSONEachRow"
        | "JSONLines"
        | "NDJSON"
        | "JSONStringsEachRow"
        | "JSONCompactEachRow"
        | "JSONCompactStringsEachRow"
        | "RowBinary"
        | "Native"
        | "MsgPack"
        | "BSONEachRow"
        | "LineAsString"
        | "RawBLOB"
        | "SQLInsert" => Joining::Plain,
        "TabSeparatedWithNames"
        | "TSVWithNames"
        | "JSONCompactEachRowWithNames"
        | "JSONCompactStringsEachRowWithNames" => Joining::HeaderLines(1),
        "TabSeparatedWithNamesAndTypes"
        | "TSVWithNamesAndTypes"
        | "JSONCompactEachRowWithNamesAndTypes"
        | "JSONCompactStringsEachRowWithNamesAndTypes" => Joining::HeaderLines(2),
        _ => Joining::Whole,
    }
}

/// The content type that ClickHouse sends for a format.
pub(super) fn content_type(format: &str) -> &'static str {
    if matches!(format, "JSONEachRow" | "JSONLines" | "NDJSON" | "JSONStringsEachRow" | "JSONEachRowWithProgress")
        || format.starts_with("JSONCompactEachRow")
        || format.starts_with("JSONCompactStringsEachRow")
    {
        "application/x-ndjson; charset=UTF-8"
    } else if format.starts_with("JSON") {
        "application/json; charset=UTF-8"
    } else if format.starts_with("TabSeparated") || format.starts_with("TSV") || format == "TSKV" {
        "text/tab-separated-values; charset=UTF-8"
    } else if format.starts_with("CSVWithNames") {
        "text/csv; charset=UTF-8; header=present"
    } else if format == "CSV" {
        "text/csv; charset=UTF-8; header=absent"
    } else if format == "XML" {
        "application/xml; charset=UTF-8"
    } else if format.starts_with("RowBinary")
        || matches!(format, "Native" | "Parquet" | "Arrow" | "ArrowStream" | "ORC" | "MsgPack" | "Avro" | "BSONEachRow")
    {
        "application/octet-stream"
    } else {
        "text/plain; charset=UTF-8"
    }
}

/// The block without its first `lines` lines.
pub(super) fn without_header(block: &[u8], lines: usize) -> &[u8] {
    let mut rest = block;
    for _ in 0..lines {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { return &[] };
        rest = &rest[end + 1..];
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_header_is_cut_off() {
        assert_eq!(without_header(b"[\"a\"]\n[\"UInt8\"]\n[1]\n", 2), b"[1]\n");
        assert_eq!(without_header(b"[\"a\"]\n", 2), b"");
    }

    #[test]
    fn documents_are_never_joined_from_blocks() {
        for format in ["JSON", "Parquet", "CSVWithNames", "RowBinaryWithNamesAndTypes", "Pretty"] {
            assert_eq!(joining(format), Joining::Whole, "{format}");
        }
    }
}
