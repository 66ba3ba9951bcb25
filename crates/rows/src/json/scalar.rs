//! Finds the ends of strings and numbers.

use wide::u8x16;

/// Returns the position of the first quote, backslash or control character, or the end.
#[inline(always)]
pub(super) fn plain_until(bytes: &[u8], mut at: usize) -> usize {
    while let Some(part) = bytes[at..].first_chunk::<16>() {
        let part = u8x16::new(*part);
        let control = part.min(u8x16::splat(0x1F)).simd_eq(part);
        let found = part.simd_eq(u8x16::splat(b'"')) | part.simd_eq(u8x16::splat(b'\\')) | control;
        let mask = found.to_bitmask();
        if mask != 0 {
            return at + mask.trailing_zeros() as usize;
        }
        at += 16;
    }
    let rest = bytes[at..].iter().position(|&b| matches!(b, b'"' | b'\\' | ..0x20));
    rest.map_or(bytes.len(), |found| at + found)
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

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    proptest! {
        #[test]
        fn prop_plain_text_ends_where_a_byte_loop_finds_its_end(bytes in vec(prop_oneof![30 => select(b" !#[]a~\x7f\x80\xa2\xdc\xff".to_vec()), 1 => any::<u8>()], 0..60), at in 0..8usize) {
            let at = at.min(bytes.len());
            let end = (at..bytes.len()).find(|&at| matches!(bytes[at], b'"' | b'\\' | ..0x20));
            prop_assert_eq!(plain_until(&bytes, at), end.unwrap_or(bytes.len()));
        }
    }
}
