//! The name of a sender.

/// An Auth0 tenant or stream, by the name in its rows.
///
/// Invariant: 1 to 32 of `a-z`, `0-9` and `-`.
///
/// ```
/// use rows::source::Source;
/// assert_eq!(Source::parse("prod-eu").unwrap().as_str(), "prod-eu");
/// assert!(Source::parse("Prod EU").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source(String);

impl Source {
    /// Longest name, in bytes.
    const LONGEST: usize = 32;

    /// Parses a name; `None` if its form is wrong.
    pub fn parse(name: &str) -> Option<Self> {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let well_formed = (1..=Self::LONGEST).contains(&name.len()) && name.bytes().all(known);
        well_formed.then(|| Self(name.to_owned()))
    }

    /// The name, as in the settings and in rows.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
