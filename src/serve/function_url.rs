//! The event of a Function URL → the head and the body of a request.
//!
//! The event is read by hand instead of as `lambda_http`'s request: that fails on fields that nobody here asks for (a query
//! string that makes no URI, a null query value), and a failure there is a function error before a token was asked for.
//! Only method, headers, address and body are read, each when it is needed; what cannot be read is refused, not a crash.
//! A refusal does not pass over the body, so it costs the same for any body ([`members`]).
//! Shape: AWS Lambda Developer Guide, "Invoking Lambda function URLs", payload format 2.0.

use std::{collections::BTreeMap, net::IpAddr};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, request::Parts};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::response::Refusal;
use members::Members;

mod members;

/// The request that an event holds; its body is still as it stands there.
#[derive(Debug)]
pub struct FunctionUrlRequest<'a> {
    /// Method and headers.
    pub head: Parts,
    /// The sender's address, where the event names one.
    pub peer: Option<IpAddr>,
    members: Members<'a>,
}

#[derive(Deserialize)]
struct RequestContext<'a> {
    #[serde(borrow)]
    http: Http<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    #[serde(borrow)]
    method: &'a RawValue,
    #[serde(borrow)]
    source_ip: Option<&'a RawValue>,
}

impl<'a> FunctionUrlRequest<'a> {
    /// Reads the head of a request.
    ///
    /// # Errors
    /// [`Refusal::MalformedEvent`] where the method, a header or the address cannot be read.
    pub fn read(event: &'a [u8]) -> Result<Self, Refusal> {
        let members = Members::find(event)?;
        let context: RequestContext<'a> = read(members.request_context.ok_or(Refusal::MalformedEvent)?)?;
        let (mut head, ()) = Request::new(()).into_parts();
        head.method = read::<String>(context.http.method.get().as_bytes())?.parse().map_err(|_| Refusal::MalformedEvent)?;
        head.headers = members.headers.map_or(Ok(HeaderMap::new()), headers)?;
        let address = context.http.source_ip.map_or(Ok(None), |address| read::<Option<String>>(address.get().as_bytes()))?;
        let peer = address.map(|text| text.parse()).transpose().map_err(|_| Refusal::MalformedEvent)?;
        Ok(Self { head, peer, members })
    }

    /// Returns the head, the address, and the body, which is read only when it is awaited.
    pub fn into_parts(self) -> (Parts, Option<IpAddr>, impl Future<Output = Result<Bytes, Refusal>>) {
        let members = self.members;
        (self.head, self.peer, async move { members.body() })
    }
}

fn read<'a, T: Deserialize<'a>>(value: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(value).map_err(|_| Refusal::MalformedEvent)
}

/// Reads headers; one that is no text or cannot be a header is left out, unless the answer depends on it.
fn headers(object: &[u8]) -> Result<HeaderMap, Refusal> {
    let object: Option<BTreeMap<String, &RawValue>> = read(object)?;
    let mut headers = HeaderMap::new();
    for (name, value) in object.into_iter().flatten() {
        let Ok(name) = HeaderName::try_from(name) else { continue };
        match read::<String>(value.get().as_bytes()).ok().and_then(|value| HeaderValue::try_from(value).ok()) {
            Some(value) => _ = headers.append(name, value),
            None if matches!(name.as_str(), "authorization" | "content-encoding") => return Err(Refusal::MalformedEvent),
            None => {}
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::{Value, json};

    use super::*;

    fn event() -> Value {
        json!({
            "requestContext": {"http": {"method": "POST", "sourceIp": "192.0.2.1"}},
            "headers": {"authorization": "Bearer x"},
            "body": "[]",
            "isBase64Encoded": false,
        })
    }

    type Read = (Method, HeaderMap, Option<IpAddr>, Result<Bytes, Refusal>);

    /// Reads an event with one member changed, which a JSON pointer names.
    fn with(pointer: &str, value: Value) -> Result<Read, Refusal> {
        let mut event = event();
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        event.pointer_mut(parent).expect("an object")[name] = value;
        let text = event.to_string();
        let request = FunctionUrlRequest::read(text.as_bytes())?;
        let body = request.members.body();
        Ok((request.head.method, request.head.headers, request.peer, body))
    }

    #[test]
    fn what_nobody_asks_for_may_be_anything() {
        for (pointer, value) in [
            ("/queryStringParameters", json!({"a": null})),
            ("/rawPath", json!(7)),
            ("/rawQueryString", json!("\u{7f} %%% \u{0}")),
            ("/requestContext/authorizer", json!([[]])),
            ("/headers/x-odd", json!(null)),
            ("/headers/x-line", json!("a\nb")),
            ("/headers/not a name", json!("x")),
            ("/cookies", json!("x")),
        ] {
            let (method, headers, peer, body) = with(pointer, value).expect(pointer);
            assert_eq!((method, peer, body), (Method::POST, "192.0.2.1".parse().ok(), Ok(Bytes::from("[]"))), "{pointer}");
            assert_eq!(headers.get("authorization").map(HeaderValue::as_bytes), Some(&b"Bearer x"[..]), "{pointer}");
        }
    }

    #[test]
    fn an_event_whose_head_cannot_be_read_is_malformed() {
        for (pointer, value) in [
            ("/requestContext", json!(null)),
            ("/requestContext/http", json!([])),
            ("/requestContext/http/method", json!(null)),
            ("/requestContext/http/method", json!("PO ST")),
            ("/requestContext/http/sourceIp", json!("somewhere")),
            ("/requestContext/http/sourceIp", json!(7)),
            ("/headers", json!([])),
            ("/headers/authorization", json!(null)),
            ("/headers/authorization", json!("Bearer a\nb")),
            ("/headers/content-encoding", json!({})),
        ] {
            assert_eq!(with(pointer, value.clone()).err(), Some(Refusal::MalformedEvent), "{pointer} {value}");
        }
    }

    #[test]
    fn a_body_is_text_or_base64_or_absent() {
        for (pointer, value, body) in [
            ("/body", json!(null), Ok("")),
            ("/isBase64Encoded", json!(null), Ok("[]")),
            ("/body", json!(7), Err(Refusal::MalformedEvent)),
            ("/isBase64Encoded", json!("yes"), Err(Refusal::MalformedEvent)),
            ("/isBase64Encoded", json!(true), Err(Refusal::MalformedEvent)),
        ] {
            let (.., read) = with(pointer, value.clone()).expect(pointer);
            assert_eq!(read, body.map(Bytes::from), "{pointer} {value}");
        }
    }
}
