//! A naive splitter: byte by byte, one rule after another, to hold the fast one against.

/// A record's bytes, and whether it is what a wrapper holds beside its `logs`.
pub type Piece = (Vec<u8>, Cut);

/// How a piece was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A record.
    Record,
    /// What a wrapper holds beside its `logs`.
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

/// Gives the position after the string that starts at `at`, if no line ends in it.
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

/// Gives the position after the array or object that starts at `at`, if its brackets match.
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

/// Passes what stands up to the next comma or closing bracket of this level; none where the structure breaks.
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

/// Gives a member's name, and where what follows its colon starts.
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

/// Cuts a body of few records.
pub fn split(body: &[u8]) -> Vec<Piece> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let line_end = |from: usize| body[from..].iter().position(|byte| *byte == b'\n').map_or(body.len(), |found| from + found);
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < body.len() {
        let broken = match body[at] {
            space if is_space(space) => {
                at += 1;
                continue;
            }
            b'[' => {
                let (found, end) = elements(body, at);
                pieces.extend(found);
                end.map_err(Some)
            }
            b'{' => match object(body, at) {
                Object::Record(end) => {
                    push(&mut pieces, &body[at..end]);
                    Ok(end)
                }
                Object::Wrapper(found, end) => {
                    pieces.extend(found);
                    end.map_err(Some)
                }
                Object::Broken => Err(None),
            },
            _ => {
                push(&mut pieces, &body[at..line_end(at)]);
                Ok(line_end(at))
            }
        };
        match broken {
            Ok(end) => at = end,
            Err(Some(element)) => {
                push(&mut pieces, &body[element..]);
                return pieces;
            }
            Err(None) => {
                body[at..].split(|byte| *byte == b'\n').for_each(|line| push(&mut pieces, line));
                return pieces;
            }
        }
    }
    pieces
}
