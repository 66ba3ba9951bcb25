//! Compact JSON as the content of a JSON string: a backslash before each quote and backslash.
//!
//! Quotes stand close together in JSON, so that copying exactly what lies between them would cost a
//! call every few bytes. Copies of one fixed size, the next written over what was too much of the
//! last, cost an instruction.

use wide::u8x16;

/// Bytes that are looked at at once: one bit of a mask each.
const BLOCK: usize = 64;
/// Bytes that are copied at once; up to as many stand past what was meant, and are written over.
const STEP: usize = 16;
/// Bytes that are gathered before they are written.
const ENOUGH: usize = 1024;

/// Writes compact JSON with a backslash before each quote and backslash.
pub(crate) fn write_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut escaped = Escaped { bytes: [0; ENOUGH + 2 * BLOCK + STEP], end: 0 };
    let mut at = 0;
    while let Some(window) = bytes[at..].first_chunk() {
        escaped.add(window);
        at += BLOCK;
        if escaped.end >= ENOUGH {
            escaped.flush(out);
        }
    }
    escaped.flush(out);
    for &byte in &bytes[at..] {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

/// What is gathered, with room for one more block.
struct Escaped {
    bytes: [u8; ENOUGH + 2 * BLOCK + STEP],
    end: usize,
}

/// A block, and what follows it so that copies may go too far.
type Window = [u8; BLOCK + STEP];

impl Escaped {
    /// Adds one block.
    fn add(&mut self, window: &Window) {
        let mut from = 0;
        let mut specials = special_bytes(window);
        while specials != 0 {
            let special = specials.trailing_zeros() as usize;
            self.copy(window, from, special);
            self.bytes[self.end] = b'\\';
            self.end += 1;
            from = special;
            specials &= specials - 1;
        }
        self.copy(window, from, BLOCK);
    }

    fn copy(&mut self, window: &Window, mut from: usize, to: usize) {
        while let (Some(source), Some(target)) = (window[from..].first_chunk::<STEP>(), self.bytes[self.end..].first_chunk_mut()) {
            *target = *source;
            if to - from <= STEP {
                self.end += to - from;
                return;
            }
            self.end += STEP;
            from += STEP;
        }
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes[..self.end]);
        self.end = 0;
    }
}

/// Marks the quotes and backslashes of a block.
fn special_bytes(window: &Window) -> u64 {
    let parts = window.as_chunks::<STEP>().0.iter().take(BLOCK / STEP);
    parts.enumerate().fold(0, |mask, (i, part)| {
        let part = u8x16::new(*part);
        let special = part.simd_eq(u8x16::splat(b'"')) | part.simd_eq(u8x16::splat(b'\\'));
        mask | u64::from(special.to_bitmask()) << (STEP * i)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_each_quote_and_backslash_has_a_backslash_before_it(bytes in prop::collection::vec(prop::sample::select(b"\"\\aaaaaa".to_vec()), 0..3000)) {
            let expected: Vec<u8> = bytes.iter().flat_map(|&byte| if byte == b'a' { vec![byte] } else { vec![b'\\', byte] }).collect();
            let mut out = b"before".to_vec();
            write_escaped(&mut out, &bytes);
            prop_assert_eq!(&out[b"before".len()..], &expected);
        }
    }
}
