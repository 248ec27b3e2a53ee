//! What any sender may say of the visitor's device: members of `context` that identify nobody. They are stored, in
//! contrast to the members that only a trusted server may send.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::context::RawContext;
use super::object::Object;
use super::scalar::Scalar;

/// Widths in CSS pixels below which a screen has a class, narrowest first; from the last one on it is `desktop`.
/// The classes and bounds are Plausible's.
const CLASSES: [(f64, &str); 3] = [(576.0, "mobile"), (992.0, "tablet"), (1440.0, "laptop")];

/// What is known of the visitor's device.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Class of the screen by its width: `mobile`, `tablet`, `laptop`, `desktop`; empty if unknown.
    pub screen: &'static str,
}

/// `context.screen`, as Segment's libraries send it.
#[derive(Deserialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub(super) struct RawScreen<'a> {
    #[serde(borrow, default)]
    #[cfg_attr(feature = "documented", schemars(with = "Option<f64>"))]
    width: Scalar<'a>,
    /// Not stored.
    #[serde(default, rename = "height")]
    #[cfg_attr(feature = "documented", schemars(with = "Option<f64>"))]
    _height: IgnoredAny,
}

impl Shown {
    /// Reads `{"screen": {"width": 390, "height": 844}}`. All other members are passed over.
    ///
    /// # Errors
    /// The path below `/context` and a sentence.
    pub(super) fn read(context: &str) -> Result<Self, (&'static str, &'static str)> {
        // Nearly no context has one; what is no object is for `Context` to refuse.
        if !context.contains("screen") {
            return Ok(Self::default());
        }
        let Ok(Object(RawContext { screen, .. })) = serde_json::from_str(context) else { return Ok(Self::default()) };
        Ok(Self { screen: screen.map_or(Ok(""), |screen| class(screen.get()))? })
    }
}

/// The class of a screen; empty where no width was sent.
fn class(screen: &str) -> Result<&'static str, (&'static str, &'static str)> {
    let Object(RawScreen { width, .. }) = serde_json::from_str(screen)
        .map_err(|_| ("/screen", "must be an object with width and height in CSS pixels"))?;
    #[expect(clippy::cast_precision_loss, reason = "a screen is narrower than 2^52 pixels")]
    let width = match width {
        Scalar::Absent => return Ok(""),
        Scalar::Integer(pixels) => pixels as f64,
        Scalar::Float(pixels) => pixels,
        _ => return Err(("/screen/width", "must be a number of CSS pixels")),
    };
    // Hidden windows report a width of 0.
    if width <= 0.0 {
        return Ok("");
    }
    Ok(CLASSES.iter().find(|(bound, _)| width < *bound).map_or("desktop", |(_, name)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_width() {
        for (width, name) in [
            ("320", "mobile"),
            ("575.5", "mobile"),
            ("576", "tablet"),
            ("991", "tablet"),
            ("992", "laptop"),
            ("1439", "laptop"),
            ("1440", "desktop"),
            ("1e9", "desktop"),
            ("0", ""),
            ("-5", ""),
            ("null", ""),
        ] {
            let context = format!(r#"{{"screen":{{"width":{width},"height":800,"density":2}},"locale":"de"}}"#);
            assert_eq!(Shown::read(&context), Ok(Shown { screen: name }), "{width}");
        }
    }

    #[test]
    fn absent_and_refused() {
        for context in ["{}", "null", "[]", r#"{"screen":null}"#, r#"{"screen":{"height":7}}"#, r#"["screen"]"#] {
            assert_eq!(Shown::read(context), Ok(Shown::default()), "{context}");
        }
        for (context, path) in [
            (r#"{"screen":"wide"}"#, "/screen"),
            (r#"{"screen":[390,844]}"#, "/screen"),
            (r#"{"screen":{"width":"390"}}"#, "/screen/width"),
        ] {
            assert_eq!(Shown::read(context).unwrap_err().0, path, "{context}");
        }
    }
}
