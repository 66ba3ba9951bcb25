//! Writes compact JSON as the content of a JSON string, with a backslash before each quote and backslash.
//!
//! Quotes are close together in JSON, so copying exactly the text between them would cost a call every few bytes.
//! A copy of a fixed size costs one instruction, and the next copy overwrites its excess.

use std::ops::Range;

use wide::u8x16;

/// Bytes examined at once, one per bit of a mask.
const BLOCK: usize = 64;
/// Bytes copied at once; the excess is overwritten.
const STEP: usize = 16;
/// Most bytes that one block becomes, plus the excess of a copy.
const ROOM: usize = 2 * BLOCK + STEP;

/// A block, and the bytes after it that a copy may include.
type Window = [u8; BLOCK + STEP];

/// Writes compact JSON with a backslash before each quote and backslash.
pub(crate) fn write_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let block = rest.len().min(BLOCK);
        match rest.first_chunk() {
            Some(window) => write_block(out, window, block),
            None => {
                let mut window: Window = [0; BLOCK + STEP];
                window[..block].copy_from_slice(&rest[..block]);
                write_block(out, &window, block);
            }
        }
        rest = &rest[block..];
    }
}

/// Writes the first `length` bytes of a block.
#[inline(always)]
fn write_block(out: &mut Vec<u8>, window: &Window, length: usize) {
    let start = out.len();
    out.extend_from_slice(&[0; ROOM]);
    let Some(bytes) = out.last_chunk_mut() else { return };
    let mut room = Room { bytes, end: 0 };
    let mut from = 0;
    let mut specials = special_bytes(window);
    while specials != 0 {
        let special = specials.trailing_zeros() as usize;
        room.copy(window, from..special);
        room.bytes[room.end] = b'\\';
        room.end += 1;
        from = special;
        specials &= specials - 1;
    }
    room.copy(window, from..length);
    let end = room.end;
    out.truncate(start + end);
}

/// The output of a block, and its length so far.
struct Room<'a> {
    bytes: &'a mut [u8; ROOM],
    end: usize,
}

impl Room<'_> {
    /// Copies bytes of a block.
    #[inline(always)]
    fn copy(&mut self, window: &Window, mut part: Range<usize>) {
        while let (Some(source), Some(target)) = (window[part.start..].first_chunk::<STEP>(), self.bytes[self.end..].first_chunk_mut()) {
            *target = *source;
            if part.len() <= STEP {
                self.end += part.len();
                return;
            }
            self.end += STEP;
            part.start += STEP;
        }
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
