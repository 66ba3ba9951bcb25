//! `lake doctor`.

use http::StatusCode;
use support::server::{Told, nobody, told};

use crate::{TOKEN, folder::Lake, program::lake, receiver::RunningReceiver};

#[test]
fn the_doctor_follows_its_event_to_the_lake() {
    let folder = Lake::new();
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    let said = lake(&["doctor", "--url", &receiver.url, "--lake", &folder.url()], Some(TOKEN));
    assert!(said.good, "{}", said.out);
    for line in ["reachable ok", "authenticated ok", "stored ok", "found in the lake ok Its row is in events/dt=", "found in the table -"] {
        assert!(said.has(line), "{line} in {}", said.out);
    }
    assert!(folder.rows("events")[0].contains("\"log_id\":\"lake-doctor-"));
    assert!(said.out.is_ascii() && said.out.lines().all(|line| line.len() <= 100), "{}", said.out);
}

#[test]
fn the_doctor_says_at_which_step_it_ended_and_why() {
    let (folder, other) = (Lake::new(), Lake::new());
    let receiver = RunningReceiver::start(&folder.url(), &[]);
    let doctor = |url: &str, lake_url: &str, token: &str| lake(&["doctor", "--url", url, "--lake", lake_url], Some(token));
    let dead = nobody();
    let odd = |status, body| told(&[Told::Answer(status, body)]);
    let forbidden = odd(StatusCode::FORBIDDEN, "{\"Message\":\"Forbidden\"}");
    let (page, unavailable) = (odd(StatusCode::OK, "<html>"), odd(StatusCode::SERVICE_UNAVAILABLE, "{\"error\":\"store_unavailable\"}"));
    for (said, lines) in [
        (doctor(&receiver.url, &folder.url(), "a-wrong-token"), ["authenticated FAILED It answers 401 invalid_token", "TOKEN_DIGESTS"]),
        (doctor(&dead, &folder.url(), TOKEN), ["reachable FAILED No answer", "nothing listens on the port"]),
        (doctor(&receiver.url, &other.url(), TOKEN), ["found in the lake FAILED", "it is not there"]),
        (doctor(&forbidden.endpoint, &folder.url(), TOKEN), ["stored FAILED It answers 403", "two permissions"]),
        (doctor(&page.endpoint, &folder.url(), TOKEN), ["stored FAILED It answers 200", "not as a receiver does"]),
        (doctor(&unavailable.endpoint, &folder.url(), TOKEN), ["authenticated ok", "cannot write to its lake"]),
    ] {
        assert!(!said.good);
        for line in lines {
            assert!(said.has(line), "{line} in {}", said.out);
        }
        assert!(!said.out.contains("a-wrong-token") && !said.out.contains(TOKEN), "{}", said.out);
    }
    let said = lake(&["doctor", "--url", &receiver.url], Some("Bearer abc"));
    assert!(!said.good && said.error.contains("begins with \"Bearer \"") && !said.error.contains("abc"), "{}", said.error);
    let said = lake(&["doctor", "--url", &receiver.url], None);
    assert!(!said.good && said.error.contains("it is not set"), "{}", said.error);
}
