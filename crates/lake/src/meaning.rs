//! Explains answers other than a stored or queued batch, and what to do about them.

use crate::{post::Answer, print::visible};

/// Explains an answer other than a stored or queued batch.
pub fn meaning(answer: &Answer) -> String {
    let code = answer.code().unwrap_or_default();
    let said = match (answer.status, code.as_str()) {
        (200, _) => "It answers 200, but not as a receiver does. Is this the receiver's URL?",
        (300..=399, _) => "It redirects to another URL, and a token does not follow. Give the URL that it redirects to.",
        (401, "missing_token") => "The token did not arrive: something between here and the receiver removes the Authorization header.",
        (401, _) => {
            "The token in TOKEN is not one whose digest is in TOKEN_DIGESTS. Compare with: printf %s \"$TOKEN\" | sha256sum. \
             While Auth0 sends a wrong token, its events wait there and are not lost."
        }
        (403, "address_refused") => "This machine's address is outside SOURCE_CIDRS. Run this from inside, or set SOURCE_CIDRS_MODE=count.",
        (403, _) => {
            "AWS refuses the call before the receiver sees it. The Function URL needs two permissions, lambda:InvokeFunctionUrl and \
             lambda:InvokeFunction: deploy the stack again, and look at: aws lambda get-policy."
        }
        (404, _) => "Nothing is at this URL: the function was deleted, or the URL is mistyped.",
        (405, _) => "It takes no POST, so it is no receiver. Is this the receiver's URL?",
        (413, _) => "The body is larger than what is accepted, which is 6 MiB.",
        (429, _) => "AWS holds calls back: the function's reserved concurrency or the account's limit is used up. Auth0 tries again later.",
        (503, "store_unavailable") => {
            "The receiver cannot write to its lake. error.kind and error.chain in its log say why: a bucket that is not there, a role \
             without s3:PutObject, a key that may not be used; in the buffered mode also a queue that takes nothing. Auth0 tries again later; nothing is lost meanwhile."
        }
        (502, _) => "The function does not start, or it crashed. Its log says why; most often a setting is wrong.",
        (500..=599, _) => "The function failed or did not answer in time. Look at its log and its time-out.",
        _ => "That is no answer of a receiver. Is this the receiver's URL?",
    };
    said.to_owned()
}

/// An answer's status, and its code if it has one.
pub fn status(answer: &Answer) -> String {
    answer.code().map_or_else(|| answer.status.to_string(), |code| format!("{} {}", answer.status, visible(&code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_meaning_and_a_receivers_own_code_tells_it_from_amazons() {
        let answer = |status, body: &str| Answer { status, body: body.to_owned(), retry_after: None };
        for status in 100..600 {
            assert!(meaning(&answer(status, "")).ends_with(['.', '?']), "{status}");
        }
        assert!(meaning(&answer(403, r#"{"error":"address_refused"}"#)).contains("SOURCE_CIDRS"));
        assert!(meaning(&answer(403, r#"{"Message":"Forbidden"}"#)).contains("two permissions"));
        assert_eq!(status(&answer(401, r#"{"error":"invalid_token"}"#)), "401 invalid_token");
    }
}
