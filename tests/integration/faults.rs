//! What goes wrong between us and S3, and how a put takes it.

use std::time::Duration;

use auth0_log_lake::{
    object::Compression,
    store::{Put, Store, StoreError, StoreErrorKind, put_all},
};
use http::StatusCode;
use support::{
    s3::BUCKET,
    server::{Told, nobody, told},
};

use crate::{
    memory::{deadline, in_time},
    stores::{object, s3_store},
};

const OK: Told = Told::Answer(StatusCode::OK, "");
const CONFLICT: Told = Told::Error(StatusCode::CONFLICT, "ConditionalRequestConflict");
const THERE: Told = Told::Error(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
const SLOW_DOWN: Told = Told::Error(StatusCode::SERVICE_UNAVAILABLE, "SlowDown");
const BROKEN: Told = Told::Error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError");

/// Puts one object to a server that does as told; gives the result, and the number of attempts.
async fn put(steps: &[Told]) -> (Result<Put, StoreErrorKind>, usize) {
    let server = told(steps);
    let put = s3_store(&server.endpoint, BUCKET).put(&object(1, b"bytes", Compression::None)).await;
    (put.map_err(|error| error.kind), server.seen.puts().len())
}

#[tokio::test]
async fn a_conflict_of_conditional_puts_is_tried_again() {
    assert_eq!(put(&[CONFLICT, OK]).await, (Ok(Put::Created), 2));
    assert_eq!(put(&[CONFLICT, THERE]).await, (Ok(Put::AlreadyThere), 2));
}

#[tokio::test]
async fn an_object_that_is_there_counts_as_stored_at_the_first_try() {
    assert_eq!(put(&[THERE]).await, (Ok(Put::AlreadyThere), 1));
}

#[tokio::test]
async fn a_store_that_asks_for_less_is_tried_again() {
    assert_eq!(put(&[SLOW_DOWN, BROKEN, OK]).await, (Ok(Put::Created), 3));
}

#[tokio::test]
async fn a_store_that_goes_on_failing_is_an_error_after_three_tries() {
    for (step, kind) in
        [(SLOW_DOWN, StoreErrorKind::Throttled), (BROKEN, StoreErrorKind::Unavailable), (CONFLICT, StoreErrorKind::Unavailable)]
    {
        assert_eq!(put(&[step]).await, (Err(kind), 3), "{step:?}");
    }
}

#[tokio::test]
async fn what_no_repetition_mends_is_tried_once() {
    for (status, code, kind) in [
        (StatusCode::FORBIDDEN, "AccessDenied", StoreErrorKind::Denied),
        (StatusCode::BAD_REQUEST, "ExpiredToken", StoreErrorKind::Denied),
        (StatusCode::BAD_REQUEST, "InvalidToken", StoreErrorKind::Denied),
        (StatusCode::NOT_FOUND, "NoSuchBucket", StoreErrorKind::NotFound),
        (StatusCode::BAD_REQUEST, "InvalidRequest", StoreErrorKind::Misconfigured),
        (StatusCode::BAD_REQUEST, "KMS.DisabledException", StoreErrorKind::Misconfigured),
        (StatusCode::BAD_REQUEST, "KMS.NotFoundException", StoreErrorKind::Misconfigured),
        (StatusCode::MOVED_PERMANENTLY, "PermanentRedirect", StoreErrorKind::Misconfigured),
        (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", StoreErrorKind::Misconfigured),
        (StatusCode::NOT_IMPLEMENTED, "NotImplemented", StoreErrorKind::Misconfigured),
    ] {
        assert_eq!(put(&[Told::Error(status, code)]).await, (Err(kind), 1), "{code}");
    }
}

fn kinds(ends: Vec<Result<Put, StoreError>>) -> Vec<Result<Put, StoreErrorKind>> {
    ends.into_iter().map(|end| end.map_err(|error| error.kind)).collect()
}

#[tokio::test]
async fn a_store_that_never_answers_is_late_at_the_deadline() {
    let server = told(&[Told::Nothing]);
    let objects = [object(1, b"bytes", Compression::None)];
    let late = put_all(&s3_store(&server.endpoint, BUCKET), &objects, in_time(Duration::from_millis(300))).await;
    assert_eq!(kinds(late), [Err(StoreErrorKind::Late)]);
    assert!(server.seen.puts().len() <= 1, "one try at most");
}

#[tokio::test]
async fn a_store_that_never_answers_ends_by_itself_within_the_time_of_a_request() {
    let server = told(&[Told::Nothing]);
    let objects = [object(1, b"bytes", Compression::None)];
    let ended = tokio::time::timeout(Duration::from_secs(24), put_all(&s3_store(&server.endpoint, BUCKET), &objects, deadline())).await;
    assert_eq!(ended.map(kinds), Ok(vec![Err(StoreErrorKind::Late)]));
    assert_eq!(server.seen.puts().len(), 3);
}

#[tokio::test]
async fn a_port_where_nothing_listens_is_unavailable() {
    let error = s3_store(&nobody(), BUCKET).put(&object(1, b"", Compression::None)).await.expect_err("nobody is there");
    assert_eq!(error.kind, StoreErrorKind::Unavailable, "{}", error.chain());
}
