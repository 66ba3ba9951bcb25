//! Makes a new token, and says where it and its digest go.
//!
//! The token is 256 bits of the system's randomness, so that nobody can guess it and a plain digest,
//! without salt or stretching, says nothing about it.

use std::io::Write;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{
    options::source,
    outcome::{Failure, Verdict},
};
use auth0_log_lake::auth::{Source, TokenDigest};

/// Random bytes of a token.
const BYTES: usize = 32;

/// Makes a new random token, and its digest.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Name of the Auth0 tenant or stream that will use the token: 1 to 32 of a-z, 0-9 and "-"
    #[arg(long, value_name = "NAME", default_value = "auth0", value_parser = source)]
    source: Source,
}

/// Prints a new token.
///
/// # Errors
/// The system gives no random numbers.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(Failure::Random)?;
    show(out, &args.source, &BASE64_URL_SAFE_NO_PAD.encode(bytes))?;
    Ok(Verdict::Good)
}

fn show(out: &mut dyn Write, source: &Source, token: &str) -> std::io::Result<()> {
    let (source, digest) = (source.as_str(), TokenDigest::of(token.as_bytes()));
    write!(
        out,
        "\
A new token. It is shown this once and kept nowhere.

Into Auth0, field \"Authorization Token\" of the log stream:
  Bearer {token}

Into TOKEN_DIGESTS of the receiver, which is TokenDigests of the stack (the digest, never the token):
  {source}={digest}

\"{source}\" names the tenant in every row; --source gives another name. To change a token without a
gap, let the old digest stand beside the new one under the same name until Auth0 uses the new token:
  {source}=<old digest>,{source}={digest}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_with_its_own_digest() {
        let mut out = Vec::new();
        let source = Source::parse("acme").expect("a source");
        show(&mut out, &source, "abc").expect("memory");
        let text = String::from_utf8(out).expect("text");
        assert!(text.contains("\n  Bearer abc\n"), "{text}");
        assert!(text.contains("\n  acme=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"), "{text}");
    }

    #[test]
    fn no_two_tokens_are_the_same() {
        let args = Args { source: Source::parse("acme").expect("a source") };
        let token = || {
            let mut out = Vec::new();
            run(&args, &mut out).expect("a token");
            out
        };
        assert_ne!(token(), token());
    }
}
