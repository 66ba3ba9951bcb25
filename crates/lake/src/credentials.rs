//! Turns "no credentials" of an AWS call into a sentence that says what to do.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;

/// What to do, if an error comes from missing credentials.
pub fn missing(error: &(dyn Error + 'static)) -> Option<String> {
    let credentials = causes(error).find_map(|cause| cause.downcast_ref::<CredentialsError>())?;
    if matches!(credentials, CredentialsError::CredentialsNotLoaded(_)) {
        return Some(
            "no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and see: aws sts \
             get-caller-identity"
                .to_owned(),
        );
    }
    Some(format!(
        "the AWS credentials could not be loaded ({}); where they need a sign-in: aws sso login, or aws login",
        chain(credentials)
    ))
}

/// An error and its causes as one line of plain text.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let words = |cause: &(dyn Error + 'static)| cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    let mut said: Vec<String> = causes(error).map(words).collect();
    said.dedup();
    said.join(": ")
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}
