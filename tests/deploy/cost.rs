//! `make cost`.

use crate::desk::Desk;

#[test]
fn the_cost_is_printed_for_the_numbers_that_are_given() {
    let desk = Desk::new();
    let said = desk.types("make cost").done();
    assert!(said.out.starts_with("1,000,000 events\n\n| US dollars | 1 a request | 10 a request | 100 a request |\n"), "{}", said.out);
    let said = desk.types("make cost EVENTS=30000000 PER_REQUEST=50 SOURCES=3 MILLISECONDS=80").done();
    // 600,000 requests at 0.20 a million, and at 80 ms of half a GB; 14 metrics and 6 for each source at 0.30.
    for line in [
        "30,000,000 events",
        "| US dollars | 50 a request |",
        "| Lambda requests | 0.12 |",
        "| Lambda time | 0.32 |",
        "| Metrics | 9.60 | 9.60 |",
    ] {
        assert!(said.out.lines().any(|said| said == line), "{line}\n{}", said.out);
    }
    let said = desk.types(r#"make cost PER_REQUEST="10 50" MEMORY=1769 ARCH=x86_64 OBJECTS=2 STORED=100 LOGGED=1"#).done();
    assert!(said.out.contains("| US dollars | 10 a request | 50 a request |\n") && said.out.contains("| S3 PUT | 1.00 | 0.20 |\n"));
    assert!(said.out.ends_with("1769 MB of memory come with 1.00 of a processor.\n"), "{}", said.out);
    // 43,800 windows of 60 seconds; two places collect messages, and each writes one object a window.
    let said = desk.types("make cost PER_REQUEST=1 BUFFER_SECONDS=60 RECEIVED=10 LOGGED_QUEUED=1000").done();
    for line in [
        "1,000,000 events of a month, with BufferSeconds=60",
        "| SQS send | 0.40 |",
        "| SQS receive | 0.04 |",
        "| S3 PUT | 0.44 |",
        "| Logs | 0.59 |",
        "| BufferSeconds=60 | 120 |",
        "| US dollars | 1 source | 1 source, buffered |",
    ] {
        assert!(said.out.lines().any(|said| said == line), "{line}\n{}", said.out);
    }
    let said = desk.types("make cost PER_REQUEST=1000").done();
    assert_eq!(said.out.matches("| S3 PUT | 0.01 |\n").count(), 2, "a body that no message holds is stored directly: {}", said.out);
    let said = desk.types("make cost BUFFER_SECONDS=0").done();
    assert!(!said.out.contains("SQS send") && !said.out.contains("buffered"), "{}", said.out);
    // Only objects above 128 KB move: 10,000 of 1,000 events and 550 bytes each.
    let said = desk.types("make cost EVENTS=10000000 PER_REQUEST=1000").done();
    assert!(said.out.contains("| Moving to STANDARD_IA, once | 0.10 |\n"), "{}", said.out);
}

#[test]
fn the_cost_of_nonsense_is_one_line() {
    let desk = Desk::new();
    for (line, error) in [
        ("make -s cost PER_REQUEST=0", "cost: PER_REQUEST must be a number above 0; got '0'"),
        ("make -s cost PER_REQUEST='10 many'", "cost: PER_REQUEST must be a number above 0; got 'many'"),
        ("make -s cost EVENTS=-1", "cost: EVENTS must be a number above 0; got '-1'"),
        ("make -s cost EVENTS=nan", "cost: EVENTS must be a number above 0; got 'nan'"),
        ("make -s cost MEMORY=inf", "cost: MEMORY must be a number above 0; got 'inf'"),
        ("make -s cost SOURCES=0", "cost: SOURCES must be a whole number from 1; got '0'"),
        ("make -s cost SOURCES=1.5", "cost: SOURCES must be a whole number from 1; got '1.5'"),
        ("make -s cost BUFFER_SECONDS=301", "cost: BUFFER_SECONDS must be a whole number from 0 to 300; got '301'"),
        ("make -s cost BUFFER_SECONDS=-1", "cost: BUFFER_SECONDS must be a whole number from 0 to 300; got '-1'"),
        ("make -s cost RECEIVED=11", "cost: RECEIVED must be a whole number from 1 to 10; got '11'"),
        ("make -s cost LOGGED_QUEUED=0", "cost: LOGGED_QUEUED must be a number above 0; got '0'"),
        ("make -s cost ARCH=arm", "cost: ARCH must be arm64 or x86_64; got 'arm'"),
    ] {
        let said = desk.types(line);
        assert!(!said.good && said.out.is_empty(), "{line}: {}", said.out);
        let lines: Vec<&str> = said.error.lines().filter(|line| !line.starts_with("make: ***")).collect();
        assert_eq!(lines, [error], "{line}");
    }
}
