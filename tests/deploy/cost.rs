//! `make cost`.

use crate::desk::Desk;

#[test]
fn the_cost_is_printed_for_the_numbers_that_are_given() {
    let desk = Desk::new();
    let said = desk.types("make cost").done();
    assert!(said.out.starts_with("1,000,000 events\n\n| US dollars | 1 a request | 10 a request | 100 a request |\n"), "{}", said.out);
    let said = desk.types("make cost EVENTS=30000000 PER_REQUEST=50 SOURCES=3 MILLISECONDS=80").done();
    // 600,000 requests at 0.20 a million, and at 80 ms of half a GB; 13 metrics and 6 for each source at 0.30.
    for line in
        ["30,000,000 events", "| US dollars | 50 a request |", "| Lambda requests | 0.12 |", "| Lambda time | 0.32 |", "| Metrics | 9.30 |"]
    {
        assert!(said.out.lines().any(|said| said == line), "{line}\n{}", said.out);
    }
    let said = desk.types(r#"make cost PER_REQUEST="10 50" MEMORY=1769 ARCH=x86_64 OBJECTS=2 STORED=100 LOGGED=1"#).done();
    assert!(said.out.contains("| US dollars | 10 a request | 50 a request |\n") && said.out.contains("| S3 PUT | 1.00 | 0.20 |\n"));
    assert!(said.out.ends_with("1769 MB of memory come with 1.00 of a processor.\n"), "{}", said.out);
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
        ("make -s cost ARCH=arm", "cost: ARCH must be arm64 or x86_64; got 'arm'"),
    ] {
        let said = desk.types(line);
        assert!(!said.good && said.out.is_empty(), "{line}: {}", said.out);
        let lines: Vec<&str> = said.error.lines().filter(|line| !line.starts_with("make: ***")).collect();
        assert_eq!(lines, [error], "{line}");
    }
}
