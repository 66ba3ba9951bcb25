//! Escapes characters that would change what a terminal shows.
//!
//! Rows, keys and answers from other hosts can hold any character. [`visible`] makes one value safe to print inside a
//! line. [`Visible`] wraps a whole output, so that nothing reaches the terminal unescaped.

use std::{
    borrow::Cow,
    io::{self, Write},
};

/// Whether a character is invisible, moves the cursor or reorders the text around it.
///
/// C0, DEL and C1 controls, line and paragraph separators, bidirectional controls, zero-width characters and tags.
pub fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(char, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Returns text with its hidden characters escaped as in JSON; a line break is one of them.
pub fn visible(text: &str) -> Cow<'_, str> {
    escape(text, is_hidden)
}

/// Returns text with the characters that `is_escaped` picks written as `\u` and UTF-16 code units.
pub fn escape(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if !is_escaped(char) {
            out.push(char);
            continue;
        }
        let mut units = [0; 2];
        for unit in char.encode_utf16(&mut units) {
            out.push_str(&format!("\\u{unit:04x}"));
        }
    }
    Cow::Owned(out)
}

/// An output that escapes hidden characters, except line breaks and tabs.
#[derive(Debug)]
pub struct Visible<W>(pub W);

impl<W: Write> Write for Visible<W> {
    /// Takes whole characters, as `write!` passes them.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for chunk in bytes.utf8_chunks() {
            let text = escape(chunk.valid(), |char| is_hidden(char) && !matches!(char, '\n' | '\t'));
            self.0.write_all(text.as_bytes())?;
            chunk.invalid().iter().try_for_each(|byte| write!(self.0, "\\x{byte:02x}"))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped_and_others_stay() {
        for (text, shown) in [
            ("plain é 日本 😀", "plain é 日本 😀"),
            ("a\u{1b}[2Jb", "a\\u001b[2Jb"),
            ("\0\u{7f}\u{85}\u{9b}1m", "\\u0000\\u007f\\u0085\\u009b1m"),
            ("a\nb\tc\r", "a\\u000ab\\u0009c\\u000d"),
            ("\u{2028}\u{2029}", "\\u2028\\u2029"),
            ("\u{202e}gpj.exe\u{2066}\u{200f}\u{61c}", "\\u202egpj.exe\\u2066\\u200f\\u061c"),
            ("a\u{200b}\u{feff}\u{2060}", "a\\u200b\\ufeff\\u2060"),
            ("\u{e0041}", "\\udb40\\udc41"),
        ] {
            assert_eq!(visible(text), shown, "{text:?}");
        }
    }

    #[test]
    fn an_output_keeps_its_lines_and_shows_no_hidden_character() {
        let mut out = Visible(Vec::new());
        writeln!(out, "a\tb \u{1b}]0;x\u{7}\u{202e}").expect("memory");
        out.write_all(b"\xFF\x1b\n").expect("memory");
        assert_eq!(String::from_utf8(out.0).expect("text"), "a\tb \\u001b]0;x\\u0007\\u202e\n\\xff\\u001b\n");
    }
}
