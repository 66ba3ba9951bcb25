//! Which Auth0 tenant is asked, and as whom.

use std::fmt;

use http::Uri;

use crate::post::is_loopback;

/// An Auth0 tenant, known by its domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    scheme: &'static str,
    host: String,
}

impl Tenant {
    /// Takes a tenant's domain, with or without `https://` before it. Only what listens on this machine may be asked over `http://`.
    ///
    /// # Errors
    /// Text that is none, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("it must be the tenant's domain, such as acme.eu.auth0.com; got {text:?}");
        let (scheme, host) = match text.trim().trim_end_matches('/').split_once("://") {
            None => ("https", text.trim().trim_end_matches('/')),
            Some(("https", host)) => ("https", host),
            Some(("http", host)) => ("http", host),
            Some(_) => return Err(wrong()),
        };
        let uri: Uri = format!("{scheme}://{host}/").parse().map_err(|_| wrong())?;
        let name = uri.host().unwrap_or_default();
        let is_domain = scheme == "https" && name.trim_matches('.').contains('.');
        let is_whole = uri.path_and_query().is_some_and(|path| path == "/") && !host.contains(['@', '/', '?', '#']) && !host.ends_with(':');
        if is_whole && (is_domain || is_loopback(name)) { Ok(Self { scheme, host: host.to_ascii_lowercase() }) } else { Err(wrong()) }
    }

    /// Whether it is on this machine.
    pub fn is_nearby(&self) -> bool {
        self.url("/").parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(is_loopback))
    }

    /// Returns the URL of a path, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.host)
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)
    }
}

/// A secret. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret from a variable, without the white space around it; none where it is blank.
    fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>, name: &'static str) -> Result<Option<Self>, CredentialsError> {
        let value = lookup(name).unwrap_or_default().trim().to_owned();
        if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CredentialsError::Form(name));
        }
        Ok((!value.is_empty()).then_some(Self(value)))
    }

    /// Takes a token that the tenant gave.
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// Returns the secret itself, for a header or a body.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How a token for the Management API is had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// It was given.
    Token(Secret),
    /// It is asked for, as a machine-to-machine application.
    Client {
        /// The application.
        id: Secret,
        /// Its secret.
        secret: Secret,
    },
}

/// Credentials that are missing or wrong. What they are is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// None were given, or half of them.
    #[error("missing Auth0 credentials: {missing} is not set; set it and {}, or AUTH0_TOKEN alone", other(.missing))]
    Missing {
        /// The variable.
        missing: &'static str,
    },
    /// One holds what none can.
    #[error("{0} must be visible ASCII without spaces; it holds something else")]
    Form(&'static str),
}

fn other(missing: &str) -> &'static str {
    if missing == "AUTH0_CLIENT_ID" { "AUTH0_CLIENT_SECRET" } else { "AUTH0_CLIENT_ID" }
}

impl Credentials {
    /// Reads them from the environment; a token goes before an application.
    ///
    /// # Errors
    /// Where they are missing or cannot be any.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, CredentialsError> {
        if let Some(token) = Secret::from_lookup(lookup, "AUTH0_TOKEN")? {
            return Ok(Self::Token(token));
        }
        let id = Secret::from_lookup(lookup, "AUTH0_CLIENT_ID")?.ok_or(CredentialsError::Missing { missing: "AUTH0_CLIENT_ID" })?;
        let secret =
            Secret::from_lookup(lookup, "AUTH0_CLIENT_SECRET")?.ok_or(CredentialsError::Missing { missing: "AUTH0_CLIENT_SECRET" })?;
        Ok(Self::Client { id, secret })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_a_domain_and_is_asked_over_https() {
        for (text, url) in [
            ("acme.eu.auth0.com", "https://acme.eu.auth0.com/x"),
            (" https://Acme.eu.auth0.com/ ", "https://acme.eu.auth0.com/x"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000/x"),
            ("http://localhost:9000/", "http://localhost:9000/x"),
        ] {
            assert_eq!(Tenant::parse(text).expect(text).url("/x"), url);
        }
        for text in
            ["", "acme", "http://acme.eu.auth0.com", "ftp://a.b", "a.b/api/v2", "a.b?x", "me@a.b", "a b.c", "https://", ".", "127.0.0.1:"]
        {
            assert!(Tenant::parse(text).is_err(), "{text}");
        }
        assert!(Tenant::parse("http://[::1]:1").expect("a tenant").is_nearby() && !Tenant::parse("a.b").expect("a tenant").is_nearby());
    }

    #[test]
    fn credentials_are_a_token_or_an_application_and_are_never_shown() {
        let given = |variables: &[(&'static str, &'static str)]| {
            let variables = variables.to_vec();
            Credentials::from_lookup(&move |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        let (id, secret, token) = (("AUTH0_CLIENT_ID", "abc"), ("AUTH0_CLIENT_SECRET", "hidden-1\n"), ("AUTH0_TOKEN", "hidden-2"));
        assert_eq!(given(&[]), Err(CredentialsError::Missing { missing: "AUTH0_CLIENT_ID" }));
        assert_eq!(given(&[id]), Err(CredentialsError::Missing { missing: "AUTH0_CLIENT_SECRET" }));
        assert_eq!(given(&[secret, ("AUTH0_TOKEN", " ")]), Err(CredentialsError::Missing { missing: "AUTH0_CLIENT_ID" }));
        assert_eq!(given(&[("AUTH0_TOKEN", "a\nb")]), Err(CredentialsError::Form("AUTH0_TOKEN")));
        assert_eq!(given(&[id, secret, token]), Ok(Credentials::Token(Secret::new("hidden-2".to_owned()))));
        let client = given(&[id, secret]).expect("an application");
        assert_eq!(client, Credentials::Client { id: Secret::new("abc".to_owned()), secret: Secret::new("hidden-1".to_owned()) });
        assert!(!format!("{client:?}").contains("hidden"));
    }
}
