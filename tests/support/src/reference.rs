//! A naive splitter, byte by byte and rule by rule, to compare the fast one with.

/// The bytes of a piece, and how it was cut.
pub type Piece = (Vec<u8>, Cut);

/// How a piece was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A record.
    Record,
    /// A wrapper's members beside `logs`.
    Wrapper,
}

fn is_space(byte: u8) -> bool {
    b" \t\r\n".contains(&byte)
}

fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().take_while(|byte| is_space(**byte)).count();
    let blank = bytes[start..].iter().rev().take_while(|byte| is_space(**byte)).count();
    &bytes[start..bytes.len() - blank]
}

/// The position after the string at `at`, unless a line ends in it.
fn string_end(body: &[u8], at: usize) -> Option<usize> {
    let mut next = at + 1;
    loop {
        match body.get(next)? {
            b'"' => return Some(next + 1),
            b'\n' => return None,
            b'\\' if body.get(next + 1) == Some(&b'\n') => return None,
            b'\\' => next += 2,
            _ => next += 1,
        }
    }
}

/// The position after the array or object at `at`, if its brackets match.
fn container_end(body: &[u8], at: usize) -> Option<usize> {
    let mut open = Vec::new();
    let mut next = at;
    loop {
        match body.get(next)? {
            b'"' => {
                next = string_end(body, next)?;
                continue;
            }
            b'[' => open.push(b']'),
            b'{' => open.push(b'}'),
            close @ (b']' | b'}') if open.pop() != Some(*close) => return None,
            _ => {}
        }
        next += 1;
        if open.is_empty() {
            return Some(next);
        }
    }
}

/// The position of the next comma or closing bracket of this level; none if the structure breaks.
fn part_end(body: &[u8], at: usize) -> Option<usize> {
    let mut next = at;
    loop {
        next = match body.get(next)? {
            b',' | b']' | b'}' => return Some(next),
            b'"' => string_end(body, next)?,
            b'[' | b'{' => container_end(body, next)?,
            _ => next + 1,
        };
    }
}

/// The elements of the array at `at`, and the position after it, or where the broken element starts.
fn elements(body: &[u8], at: usize) -> (Vec<Piece>, Result<usize, usize>) {
    let mut found = Vec::new();
    let mut from = at + 1;
    loop {
        let Some(end) = part_end(body, from).filter(|end| body[*end] != b'}') else { return (found, Err(from)) };
        push(&mut found, &body[from..end]);
        if body[end] == b']' {
            return (found, Ok(end + 1));
        }
        from = end + 1;
    }
}

fn push(pieces: &mut Vec<Piece>, bytes: &[u8]) {
    if !trim(bytes).is_empty() {
        pieces.push((trim(bytes).to_vec(), Cut::Record));
    }
}

/// A member's name, and where its value starts.
fn name(member: &[u8]) -> Option<(String, usize)> {
    let start = member.iter().take_while(|byte| is_space(**byte)).count();
    let end = (member.get(start) == Some(&b'"')).then(|| string_end(member, start)).flatten()?;
    let blank = member[end..].iter().take_while(|byte| is_space(**byte)).count();
    let colon = (member.get(end + blank) == Some(&b':')).then_some(end + blank + 1)?;
    let value = colon + member[colon..].iter().take_while(|byte| is_space(**byte)).count();
    Some((serde_json::from_slice(&member[start..end]).ok()?, value))
}

/// What an object at the top is.
enum Object {
    /// A record, and the position after it.
    Record(usize),
    /// The pieces of a wrapper, and the position after it or where its broken element starts.
    Wrapper(Vec<Piece>, Result<usize, usize>),
    /// The structure breaks, and not in an array of `logs`.
    Broken,
}

fn object(body: &[u8], start: usize) -> Object {
    let (mut logs, mut others, mut record) = (Vec::new(), Vec::new(), false);
    let mut holds = false;
    others.push(b'{');
    let mut has_others = false;
    let mut at = start + 1;
    loop {
        if let Some((_, value)) = name(&body[at..]).filter(|(name, value)| name == "logs" && body.get(at + value) == Some(&b'[')) {
            let (found, end) = elements(body, at + value);
            holds = true;
            logs.extend(found);
            others.extend_from_slice(&body[at..=at + value]);
            match end {
                Err(_) if record => return Object::Broken,
                Err(broken) => return Object::Wrapper(wrapper(logs, &others, has_others), Err(broken)),
                Ok(end) => at = end - 1,
            }
            others.push(b']');
            at += 1;
        }
        let Some(end) = part_end(body, at).filter(|end| body[*end] != b']') else { return Object::Broken };
        record |= name(&body[at..end]).is_some_and(|(name, _)| name == "log_id" || name == "data");
        has_others |= !trim(&body[at..end]).is_empty();
        others.extend_from_slice(&body[at..=end]);
        at = end + 1;
        match body[end] {
            b'}' if holds && !record => return Object::Wrapper(wrapper(logs, &others, has_others), Ok(at)),
            b'}' => return Object::Record(at),
            _ => {}
        }
    }
}

fn wrapper(logs: Vec<Piece>, others: &[u8], has_others: bool) -> Vec<Piece> {
    let beside = has_others.then(|| (others.to_vec(), Cut::Wrapper));
    beside.into_iter().chain(logs).collect()
}

/// Where the structure of a body breaks.
enum Broken {
    /// In the element that starts here; the rest of the body is one record.
    Element(usize),
    /// Outside an array; each line from here on is a record.
    Lines,
}

/// Cuts the value at `at` into `pieces`; gives the position after it.
fn value(body: &[u8], at: usize, pieces: &mut Vec<Piece>) -> Result<usize, Broken> {
    let line_end = body[at..].iter().position(|byte| *byte == b'\n').map_or(body.len(), |found| at + found);
    match body[at] {
        space if is_space(space) => Ok(at + 1),
        b'[' => {
            let (found, end) = elements(body, at);
            pieces.extend(found);
            end.map_err(Broken::Element)
        }
        b'{' => match object(body, at) {
            Object::Record(end) => {
                push(pieces, &body[at..end]);
                Ok(end)
            }
            Object::Wrapper(found, end) => {
                pieces.extend(found);
                end.map_err(Broken::Element)
            }
            Object::Broken => Err(Broken::Lines),
        },
        _ => {
            push(pieces, &body[at..line_end]);
            Ok(line_end)
        }
    }
}

/// Cuts a body of few records.
pub fn split(body: &[u8]) -> Vec<Piece> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < body.len() {
        match value(body, at, &mut pieces) {
            Ok(end) => at = end,
            Err(Broken::Element(element)) => {
                push(&mut pieces, &body[element..]);
                return pieces;
            }
            Err(Broken::Lines) => {
                body[at..].split(|byte| *byte == b'\n').for_each(|line| push(&mut pieces, line));
                return pieces;
            }
        }
    }
    pieces
}
