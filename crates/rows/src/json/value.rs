//! One JSON value as it was sent.

/// The type of a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonType {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl JsonType {
    /// The name in `ingest.drift`.
    pub fn name(self) -> &'static str {
        match self {
            JsonType::Null => "null",
            JsonType::Boolean => "boolean",
            JsonType::Number => "number",
            JsonType::String => "string",
            JsonType::Array => "array",
            JsonType::Object => "object",
        }
    }
}

/// One JSON value as it was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    /// The value's bytes, a string with its quotes.
    pub raw: &'a str,
    pub kind: JsonType,
    pub flags: TextFlags,
}

/// The facts that decide whether a value's bytes can be copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextFlags {
    /// Levels of nesting: 0 for a scalar, 1 for `[]`.
    pub depth: u64,
    /// There is white space between tokens, so the text is not compact.
    pub is_spaced: bool,
    /// A string has a backslash.
    pub is_escaped: bool,
    /// A string has an escaped surrogate, perhaps a lone one.
    pub has_surrogates: bool,
}

impl TextFlags {
    /// The value's bytes are compact JSON without lone surrogates.
    pub fn is_clean(self) -> bool {
        !self.is_spaced && !self.has_surrogates
    }

    /// Adds the flags of a name or value inside.
    pub(super) fn add(&mut self, inner: TextFlags) {
        self.depth = self.depth.max(inner.depth + 1);
        self.is_spaced |= inner.is_spaced;
        self.is_escaped |= inner.is_escaped;
        self.has_surrogates |= inner.has_surrogates;
    }
}
