use super::*;
use crate::serving::plan;

fn names() -> Vec<String> {
    vec!["sentinel-broker.sentinel-system.svc".to_owned()]
}

/// Takes steps until the plan rests, as the keeper does.
fn settle(material: &mut Material, now: Timestamp, policy: &Policy) -> Timestamp {
    for _ in 0..8 {
        match plan(now, &material.facts(&names()), policy) {
            Plan::Keep(until) => return until,
            step => material.apply(step, now, &names(), policy).unwrap(),
        }
    }
    panic!("the plan does not come to rest: {:?}", material.facts(&names()));
}

#[test]
fn a_new_program_gets_a_certificate_that_its_bundle_verifies() {
    crate::install_crypto_provider();
    let now = Timestamp::now();
    let mut material = Material::default();
    settle(&mut material, now, &Policy::default());
    material.leaf().unwrap().verifies(material.bundle().pem(), now).unwrap();
    assert!(material.server_config().is_some());
}

#[test]
fn what_is_written_is_read_the_same() {
    crate::install_crypto_provider();
    let now = Timestamp::now();
    let mut material = Material::default();
    settle(&mut material, now, &Policy::default());
    material.apply(Plan::Introduce, now, &names(), &Policy::default()).unwrap();
    let data = material.write();
    let read = Material::read(&data).unwrap();
    assert_eq!(read.write(), data);
    assert_eq!(read.facts(&names()), material.facts(&names()));
}

/// Real certificates through a whole life: two years of wake-ups at exactly the planned moments.
#[test]
fn every_leaf_of_two_years_verifies_against_the_bundle_of_a_day_before() {
    crate::install_crypto_provider();
    let policy = Policy::default();
    let mut now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let end = now.checked_add(jiff::SignedDuration::from_hours(24 * 730)).unwrap();
    let mut material = Material::default();
    let mut bundles = Vec::new();
    let mut authorities = std::collections::BTreeSet::new();
    while now < end {
        let until = settle(&mut material, now, &policy);
        bundles.push((now, material.bundle()));
        authorities.insert(material.bundle().hash());
        let clients =
            bundles.iter().rposition(|(time, _)| time.checked_add(policy.overlap).unwrap() <= now).unwrap_or(0);
        for (_, bundle) in &bundles[clients..] {
            material.leaf().unwrap().verifies(bundle.pem(), now).unwrap();
        }
        assert!(until > now);
        now = until;
    }
    assert!(authorities.len() >= 4, "no rotation was seen");
}

#[test]
fn spoilt_authorities_are_an_error_and_a_spoilt_leaf_is_left_out() {
    crate::install_crypto_provider();
    let mut material = Material::default();
    settle(&mut material, Timestamp::now(), &Policy::default());
    let good = material.write();
    for key in [CA_CERTIFICATES, CA_KEYS, CA_INTRODUCED] {
        for spoilt in [&b""[..], b"nonsense", b"\xff"] {
            let mut data = good.clone();
            data.insert(key.to_owned(), ByteString(spoilt.to_vec()));
            assert!(Material::read(&data).is_err(), "{key}");
        }
    }
    for key in [LEAF_CERTIFICATE, LEAF_KEY] {
        let mut data = good.clone();
        data.insert(key.to_owned(), ByteString(b"nonsense".to_vec()));
        assert!(Material::read(&data).unwrap().leaf().is_none(), "{key}");
    }
}
