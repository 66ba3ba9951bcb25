//! `lake token`.

use auth0_log_lake::auth::TokenDigest;

use crate::{TOKEN, folder::Lake, program::lake, receiver::RunningReceiver};

#[test]
fn a_new_token_and_its_digest_fit_a_receiver() {
    let said = lake(&["token", "--source", "acme"], None);
    let after = |mark: &str| said.out.lines().find_map(|line| line.trim().strip_prefix(mark)).expect(mark).to_owned();
    let (token, digest) = (after("Bearer "), after("acme="));
    assert_eq!((token.len(), TokenDigest::of(token.as_bytes()).to_string()), (43, digest.clone()));

    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[("TOKEN_DIGESTS", &format!("acme={digest}"))]);
    assert!(lake(&["doctor", "--url", &receiver.url], Some(&token)).good);
    assert!(!lake(&["doctor", "--url", &receiver.url], Some(TOKEN)).good);
}
