//! Finds a phone number in a text, however its digits are grouped.

use super::whole::is_word;

/// Where a number such as `+15550100123` stands in a text: the place, the length, and whether it is whole.
///
/// Without its plus sign it may be another number, or no phone number at all; somebody must judge that.
pub fn find(number: &str, text: &str) -> Vec<(usize, usize, bool)> {
    let digits = &number.as_bytes()[1..];
    let starts = text.bytes().enumerate().filter(|&(_, byte)| byte == digits[0]).map(|(at, _)| at);
    let found = starts.filter_map(|at| {
        let end = at + length(digits, &text.as_bytes()[at..])?;
        let (before, after) = (&text[..at], &text[end..]);
        let has_plus = before.ends_with('+');
        let before = before.strip_suffix('+').unwrap_or(before);
        let begins = !before.ends_with(|char| is_word(char) || "+-.(_".contains(char));
        let mut next = after.chars();
        let ends = match next.next() {
            Some('-' | '.' | '(' | ')' | '/') => !next.next().is_some_and(is_word),
            Some(char) => !is_word(char) && !"_@%".contains(char),
            None => true,
        };
        let is_digit_beside = before.ends_with(|char: char| char.is_ascii_digit()) || after.starts_with(|char: char| char.is_ascii_digit());
        (!is_digit_beside).then_some((at, end - at, has_plus && begins && ends))
    });
    found.collect()
}

/// How many bytes these digits take, with at most two blanks, hyphens, full stops or parentheses between two of them.
fn length(digits: &[u8], text: &[u8]) -> Option<usize> {
    let mut at = 0;
    for digit in digits {
        let between = text[at..].iter().take_while(|byte| b" -.()".contains(byte)).count();
        at += if at == 0 { 0 } else { between };
        if between > 2 || text.get(at) != Some(digit) {
            return None;
        }
        at += 1;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_however_it_is_grouped_and_a_longer_one_is_not() {
        let found = |text: &str| find("+15550100123", text).first().map(|found| found.2);
        for text in ["+15550100123", "to +1 555 010 0123, ok", "+1 (555) 010-0123", "sms|+15550100123", "tel:+1.555.010.0123."] {
            assert_eq!(found(text), Some(true), "{text}");
        }
        for text in ["15550100123", "x+15550100123", "+15550100123x", "+15550100123-4", "++15550100123", "+15550100123@x"] {
            assert_eq!(found(text), Some(false), "{text}");
        }
        for text in ["+155501001234", "+115550100123", "+1555010012", "", "+1   5550100123"] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
