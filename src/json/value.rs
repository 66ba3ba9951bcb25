//! One JSON value as it was sent, and what is known of it.

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

/// What must be known of a value before its bytes can be copied, in one machine word.
///
/// A struct of small fields is written in parts and copied whole, which stalls the processor once a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextFlags(pub(super) u64);

impl TextFlags {
    const DEPTH: u64 = 0xFFFF_FFFF;
    pub(super) const SPACED: u64 = 1 << 32;
    pub(super) const ESCAPED: u64 = 1 << 33;
    pub(super) const SURROGATES: u64 = 1 << 34;

    /// Levels of nesting: 0 for a scalar, 1 for `[]`.
    pub fn depth(self) -> u64 {
        self.0 & Self::DEPTH
    }

    /// White space stands between tokens: the text is not compact.
    pub fn is_spaced(self) -> bool {
        self.0 & Self::SPACED != 0
    }

    /// A backslash stands in a string.
    pub fn is_escaped(self) -> bool {
        self.0 & Self::ESCAPED != 0
    }

    /// An escape of a surrogate stands in a string; it may be a lone one.
    pub fn has_surrogates(self) -> bool {
        self.0 & Self::SURROGATES != 0
    }

    /// The bytes of the value are compact JSON without lone surrogates as they stand.
    pub fn is_clean(self) -> bool {
        self.0 & (Self::SPACED | Self::SURROGATES) == 0
    }

    pub(super) fn note(&mut self, flag: u64, holds: bool) {
        self.0 |= if holds { flag } else { 0 };
    }

    pub(super) fn reach(&mut self, depth: u64) {
        self.0 = self.0 & !Self::DEPTH | self.depth().max(depth);
    }

    /// Adds what is known of a name or value inside.
    pub(super) fn add(&mut self, inner: TextFlags) {
        self.reach(inner.depth() + 1);
        self.0 |= inner.0 & !Self::DEPTH;
    }
}
