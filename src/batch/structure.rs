//! Where brackets, commas and broken strings stand, sixty-four bytes at a time.
//!
//! Splitting needs to know one thing of each byte: is it inside a string? Three masks of a block
//! answer that without a branch for each byte: the quotes that no backslash hides, the running
//! parity of those quotes, and what stands outside them. The idea is Langdale and Lemire's
//! ("Parsing Gigabytes of JSON per Second", 2019, section 3.1); only the masks that splitting
//! needs are made.
//!
//! Outside a string a backslash hides nothing. Such a backslash never stands in JSON, so a block
//! that has one is read byte by byte instead.

use wide::u8x16;

/// Bytes in one block: one bit of a mask each.
const BLOCK: usize = 64;

/// What one block of the body holds; bit `i` speaks of byte `i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Masks {
    /// Brackets and braces outside strings.
    brackets: u64,
    /// Commas outside strings.
    commas: u64,
    /// Line feeds inside strings.
    broken: u64,
}

/// What carries over from one block to the next.
#[derive(Clone, Copy, Debug, Default)]
struct Carry {
    in_string: bool,
    escaped: bool,
}

impl Carry {
    /// Reads the next block; a last, shorter one is filled up with spaces by the caller.
    #[inline(always)]
    fn read(&mut self, block: &[u8; BLOCK]) -> Masks {
        let before = *self;
        let raw = Raw::of(block);
        let escaped = self.escaped_bytes(raw.backslash);
        let parity = prefix_xor(raw.quote & !escaped);
        let inside = if before.in_string { !parity } else { parity };
        if raw.backslash & !inside != 0 {
            *self = before;
            return self.read_bytewise(block);
        }
        self.in_string = inside >> (BLOCK - 1) == 1;
        Masks { brackets: raw.bracket & !inside, commas: raw.comma & !inside, broken: raw.line_feed & inside }
    }

    /// Marks the bytes that a backslash hides, and carries the last one over.
    fn escaped_bytes(&mut self, backslash: u64) -> u64 {
        if backslash == 0 {
            return u64::from(std::mem::take(&mut self.escaped));
        }
        let mut hidden = u64::from(self.escaped);
        let mut open = backslash & !hidden;
        self.escaped = false;
        while open != 0 {
            let at = open.trailing_zeros();
            let next = 1u64.checked_shl(at + 1).unwrap_or(0);
            self.escaped = next == 0;
            hidden |= next;
            open &= !(1 << at) & !next;
        }
        hidden
    }

    #[cold]
    fn read_bytewise(&mut self, block: &[u8; BLOCK]) -> Masks {
        let mut masks = Masks::default();
        for (i, &byte) in block.iter().enumerate() {
            let inside = self.step(byte);
            masks.brackets |= u64::from(!inside && matches!(byte, b'[' | b']' | b'{' | b'}')) << i;
            masks.commas |= u64::from(!inside && byte == b',') << i;
            masks.broken |= u64::from(inside && byte == b'\n') << i;
        }
        masks
    }

    /// Reads one byte, and says whether it stands inside a string.
    fn step(&mut self, byte: u8) -> bool {
        let inside = self.in_string;
        if !inside {
            self.in_string = byte == b'"';
            return false;
        }
        if !std::mem::take(&mut self.escaped) {
            self.escaped = byte == b'\\';
            self.in_string = byte != b'"';
        }
        true
    }
}

/// One byte of structure, or a line feed that breaks a string.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    pub at: usize,
    pub byte: u8,
}

/// The marks of a body from some position on, in order.
pub(crate) struct Marks<'a> {
    body: &'a [u8],
    /// Where the current block starts, and what of it is left.
    block: usize,
    left: Masks,
    carry: Carry,
    passed: usize,
}

impl<'a> Marks<'a> {
    pub fn from(body: &'a [u8], start: usize) -> Self {
        let mut marks = Self { body, block: start, left: Masks::default(), carry: Carry::default(), passed: start };
        marks.read();
        marks
    }

    /// Position after the last mark that was given.
    pub fn passed(&self) -> usize {
        self.passed
    }

    fn read(&mut self) {
        let rest = &self.body[self.block..];
        self.left = match rest.first_chunk::<BLOCK>() {
            Some(block) => self.carry.read(block),
            None => {
                let mut block = [b' '; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                self.carry.read(&block)
            }
        };
    }

    /// Gives the next bracket, comma or broken string.
    pub fn next(&mut self) -> Option<Mark> {
        self.next_of(u64::MAX)
    }

    /// Gives the next bracket or broken string.
    pub fn next_but_commas(&mut self) -> Option<Mark> {
        self.next_of(0)
    }

    /// Gives the next bracket, broken string, or comma where `commas` has its bit.
    fn next_of(&mut self, commas: u64) -> Option<Mark> {
        let wanted = |left: &Masks| left.brackets | left.broken | left.commas & commas;
        while wanted(&self.left) == 0 {
            self.block += BLOCK;
            if self.block >= self.body.len() {
                (self.block, self.left) = (self.body.len(), Masks::default());
                return None;
            }
            self.read();
        }
        let bit = wanted(&self.left).trailing_zeros();
        let after = (u64::MAX << bit) << 1;
        self.left = Masks { brackets: self.left.brackets & after, commas: self.left.commas & after, broken: self.left.broken & after };
        let at = self.block + bit as usize;
        self.passed = at + 1;
        Some(Mark { at, byte: self.body[at] })
    }
}

/// Bytes of interest, wherever they stand.
struct Raw {
    quote: u64,
    backslash: u64,
    bracket: u64,
    comma: u64,
    line_feed: u64,
}

impl Raw {
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut raw = Raw { quote: 0, backslash: 0, bracket: 0, comma: 0, line_feed: 0 };
        for (i, part) in block.as_chunks::<16>().0.iter().enumerate() {
            let bytes = u8x16::new(*part);
            let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
            // `[` and `{`, and `]` and `}`, differ in this bit alone.
            let folded = bytes | u8x16::splat(0x20);
            let brackets = folded.simd_eq(u8x16::splat(b'{')) | folded.simd_eq(u8x16::splat(b'}'));
            let mask = |found: u8x16| u64::from(found.to_bitmask()) << (16 * i);
            raw.quote |= mask(is(b'"'));
            raw.backslash |= mask(is(b'\\'));
            raw.bracket |= mask(brackets);
            raw.comma |= mask(is(b','));
            raw.line_feed |= mask(is(b'\n'));
        }
        raw
    }
}

/// Bit `i` of the answer is the parity of bits `0..=i`.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masks(bytes: &[u8], read: fn(&mut Carry, &[u8; BLOCK]) -> Masks) -> Vec<Masks> {
        let mut carry = Carry::default();
        let mut padded = bytes.to_vec();
        padded.resize(bytes.len().next_multiple_of(BLOCK), b' ');
        padded.as_chunks::<BLOCK>().0.iter().map(|block| read(&mut carry, block)).collect()
    }

    proptest! {
        #[test]
        fn prop_the_masks_are_those_of_reading_byte_by_byte(bytes in prop::collection::vec(
            prop::sample::select(b"\"\\\"\\[]{},\na \x80\xff[{\"".to_vec()), 0..400)) {
            prop_assert_eq!(masks(&bytes, Carry::read), masks(&bytes, Carry::read_bytewise));
        }
    }
}
