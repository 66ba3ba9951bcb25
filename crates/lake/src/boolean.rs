//! Switches given as a word, such as `DRY_RUN=1`.

/// Reads a switch; empty means no.
///
/// # Errors
/// Any other word, as a sentence.
pub fn parse(word: &str) -> Result<bool, String> {
    match word.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" => Ok(true),
        "" | "0" | "false" | "no" => Ok(false),
        _ => Err("it must be 1, true or yes, or 0, false, no or empty".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_a_known_word_or_an_error() {
        for (word, read) in [("1", true), ("true", true), ("YES", true), ("0", false), ("false", false), ("No", false), (" ", false)] {
            assert_eq!(parse(word), Ok(read), "{word:?}");
        }
        for word in ["2", "y", "ja", "-1"] {
            assert!(parse(word).is_err(), "{word}");
        }
    }
}
