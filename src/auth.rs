//! Who sent a request: its bearer token decides, and nothing else.
//!
//! The function holds SHA-256 digests of tokens, never a token. A token is digested and compared
//! with every configured digest in constant time, so that neither the time of an answer nor the
//! order of the settings tells anything about a digest.

use std::fmt;

use base16ct::{HexDisplay, mixed};
use http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

pub use rows::source::Source;

/// SHA-256 digest of a token. Its `Debug` shows nothing.
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// Digests a token.
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Parses 64 hexadecimal digits; `None` if they are not.
    pub fn parse(digits: &str) -> Option<Self> {
        let mut digest = [0; 32];
        let read = mixed::decode(digits, &mut digest).ok()?;
        (read.len() == 32).then_some(Self(digest))
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(…)")
    }
}

impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// Shows a digest as 64 hexadecimal digits, for the person who made the token.
impl fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", HexDisplay(&self.0))
    }
}

/// Every source with a digest of one of its tokens; a source may stand more than once.
#[derive(Clone, Debug)]
pub struct Sources(Vec<(Source, TokenDigest)>);

/// Why a request is refused before its body is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// No credentials were sent.
    #[error("no authorization header")]
    Missing,
    /// The credentials are not those of a source.
    #[error("the authorization header holds no token of a source")]
    Invalid,
}

impl Sources {
    /// Creates the list from the settings.
    pub fn new(sources: Vec<(Source, TokenDigest)>) -> Self {
        Self(sources)
    }

    /// Whether this digest is one of them.
    pub fn hold(&self, digest: &TokenDigest) -> bool {
        self.matching(digest).is_some()
    }

    /// Finds the source whose token a request's headers hold.
    ///
    /// # Errors
    /// [`TokenRefusal::Missing`] without an `Authorization` header, [`TokenRefusal::Invalid`] for any other fault.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<Sender<'_>, TokenRefusal> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let value = values.next().ok_or(TokenRefusal::Missing)?;
        if values.next().is_some() {
            return Err(TokenRefusal::Invalid);
        }
        let token = bearer(value.as_bytes()).ok_or(TokenRefusal::Invalid)?;
        self.matching(&TokenDigest::of(token)).map(|source| Sender { source }).ok_or(TokenRefusal::Invalid)
    }

    /// Compares with every digest, whether or not one has matched.
    fn matching(&self, sent: &TokenDigest) -> Option<&Source> {
        let mut found = u64::MAX;
        for (at, (_, digest)) in self.0.iter().enumerate() {
            let same: Choice = digest.0.ct_eq(&sent.0);
            found.conditional_assign(&(at as u64), same);
        }
        self.0.get(usize::try_from(found).ok()?).map(|(source, _)| source)
    }
}

/// Reads the token of `Bearer <token>`; the scheme in any case (RFC 9110, section 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
}

/// A sender whose token was right; its body may now be read.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    source: &'a Source,
}

impl<'a> Sender<'a> {
    #[cfg(test)]
    pub(crate) fn of(source: &'a Source) -> Self {
        Self { source }
    }

    /// The source that the token belongs to.
    pub fn source(self) -> &'a Source {
        self.source
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn sources() -> Sources {
        let source = |name| Source::parse(name).expect(name);
        let digest = |token: &str| TokenDigest::of(token.as_bytes());
        Sources::new(vec![(source("eu"), digest("new")), (source("us"), digest("other")), (source("eu"), digest("old"))])
    }

    fn authenticate(values: &[&str]) -> Result<String, TokenRefusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).expect("a header value"));
        }
        sources().authenticate(&headers).map(|sender| sender.source().as_str().to_owned())
    }

    #[test]
    fn each_token_is_known_as_its_source() {
        for (value, source) in [("Bearer new", "eu"), ("bearer old", "eu"), ("BEARER   other ", "us")] {
            assert_eq!(authenticate(&[value]).as_deref(), Ok(source), "{value}");
        }
    }

    #[test]
    fn whatever_is_not_one_known_token_is_refused() {
        assert_eq!(authenticate(&[]), Err(TokenRefusal::Missing));
        let digest = format!("Bearer {}", TokenDigest::of(b"new"));
        for value in ["", "Bearer", "Bearer ", "new", "Basic new", "Bearernew", "Bearer newer", "Bearer new new", &digest] {
            assert_eq!(authenticate(&[value]), Err(TokenRefusal::Invalid), "{value}");
        }
        assert_eq!(authenticate(&["Bearer new", "Bearer new"]), Err(TokenRefusal::Invalid));
    }

    #[test]
    fn a_digest_is_read_as_it_is_shown_and_never_debugged() {
        let digest = TokenDigest::of(b"new");
        assert_eq!(TokenDigest::parse(&digest.to_string().to_uppercase()), Some(digest));
        assert!(!format!("{:?}", sources()).contains(&digest.to_string()));
        for wrong in ["", "00", &"g".repeat(64), &"0".repeat(63), &"é".repeat(32)] {
            assert_eq!(TokenDigest::parse(wrong), None, "{wrong}");
        }
    }
}
