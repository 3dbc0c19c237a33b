//! The suite under test by peers with known faults.

use std::process::Command;

/// Every mutant is caught by a case of its role, every MUST has a mutant, no lawful peer is failed, no
/// null peer passes anything, and every case has a reason to be there.
#[test]
fn the_suite_is_as_good_as_it_has_to_be() {
    let output = Command::new(env!("CARGO_BIN_EXE_petrel-conformance"))
        .args(["selftest", "--format", "json"])
        .output()
        .expect("the program starts");
    let test: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(test["schema"], "petrel-selftest/1");
    let mutants = test["mutants"].as_array().expect("mutants");
    let survivors: Vec<&serde_json::Value> = mutants
        .iter()
        .filter(|mutant| {
            let caught = mutant["killed_by"]
                .as_array()
                .is_some_and(|by| !by.is_empty());
            // Each is caught, or said to be equivalent to a right peer, and never both.
            caught != mutant["equivalent"].is_null()
        })
        .collect();
    assert_eq!(survivors, [&serde_json::Value::Null; 0]);
    for list in ["wrongs", "unbroken", "idle", "excused_in_vain"] {
        assert_eq!(test[list], serde_json::json!([]), "{list}");
    }
    assert!(mutants.len() > 350, "only {} mutants", mutants.len());
    assert_eq!(output.status.code(), Some(0));
}
