//! Finds the ends of strings and numbers.

/// Returns the position of the first quote, backslash or control character, or the end.
#[inline(always)]
pub(super) fn plain_until(bytes: &[u8], mut at: usize) -> usize {
    let ends = |byte: &u8| (*byte == b'"') | (*byte == b'\\') | (*byte < 0x20);
    // The compiler compares these sixteen bytes at once.
    while let Some(part) = bytes[at..].first_chunk::<16>()
        && !part.iter().fold(false, |found, byte| found | ends(byte))
    {
        at += 16;
    }
    bytes[at..].iter().position(ends).map_or(bytes.len(), |found| at + found)
}

/// Returns the position after the RFC 8259 number that starts at `at`.
pub(super) fn number_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let digits = |from: usize| {
        let count = bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        (count > 0).then_some(from + count)
    };
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        Some(b'1'..=b'9') => digits(at)?,
        _ => return None,
    };
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at = digits(at + 1 + sign)?;
    }
    Some(at)
}

/// Whether a text is exactly one JSON number that is finite as a double.
pub(crate) fn is_finite_number(text: &str) -> bool {
    number_end(text.as_bytes(), 0) == Some(text.len()) && text.parse().is_ok_and(f64::is_finite)
}
