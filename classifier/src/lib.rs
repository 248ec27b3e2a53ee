//! Classifies where a visit came from.
