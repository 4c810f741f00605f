//! Writes JSON, one object per line.

use alloc::string::String;
use core::fmt::Write;

/// An object being written.
pub(crate) struct Object {
    text: String,
}

impl Object {
    pub(crate) fn new() -> Self {
        Self { text: String::from("{") }
    }

    /// Adds a member whose value is already JSON.
    pub(crate) fn raw(&mut self, key: &str, json: &str) -> &mut Self {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        quote(&mut self.text, key);
        self.text.push(':');
        self.text.push_str(json);
        self
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        let mut json = String::new();
        quote(&mut json, value);
        self.raw(key, &json)
    }

    pub(crate) fn number(&mut self, key: &str, value: impl Into<u64>) -> &mut Self {
        let mut json = String::new();
        let _ = write!(json, "{}", value.into());
        self.raw(key, &json)
    }

    pub(crate) fn flag(&mut self, key: &str, value: bool) -> &mut Self {
        self.raw(key, if value { "true" } else { "false" })
    }

    pub(crate) fn text_or_null(&mut self, key: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(key, value),
            None => self.raw(key, "null"),
        }
    }

    pub(crate) fn number_or_null(&mut self, key: &str, value: Option<u64>) -> &mut Self {
        match value {
            Some(value) => self.number(key, value),
            None => self.raw(key, "null"),
        }
    }

    /// Adds microseconds as seconds.
    pub(crate) fn seconds(&mut self, key: &str, micros: u64) -> &mut Self {
        let mut json = String::new();
        let _ = write!(json, "{}.{:03}", micros / 1_000_000, micros / 1000 % 1000);
        self.raw(key, &json)
    }

    pub(crate) fn end(&mut self) -> String {
        self.text.push('}');
        core::mem::take(&mut self.text)
    }
}

/// Writes a list of values that are already JSON.
pub(crate) fn list(items: impl IntoIterator<Item = String>) -> String {
    let mut text = String::from("[");
    for (number, item) in items.into_iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        text.push_str(&item);
    }
    text.push(']');
    text
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_json_wants_them() {
        let mut object = Object::new();
        object.text("a", "say \"hi\"\\\n\u{1}é").number("b", 7_u32).flag("c", true);
        object.text_or_null("d", None).number_or_null("e", Some(8)).seconds("f", 1_234_567);
        object.raw("g", &list(["1".into(), "2".into()]));
        let expected = r#"{"a":"say \"hi\"\\\n\u0001é","b":7,"c":true,"d":null,"e":8,"f":1.234,"g":[1,2]}"#;
        assert_eq!(object.end(), expected);
        assert_eq!(Object::new().end(), "{}");
        assert_eq!(list([]), "[]");
    }
}
