//! Tools that some tests need, and that need not be there.

use std::process::Command;

/// Whether a tool is there. Without it tests are skipped loudly, and fail where it is required.
pub(crate) fn has(tool: &str) -> bool {
    let found = Command::new(tool)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        let required = std::env::var_os("PETREL_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(
            !required,
            "{tool} is required by PETREL_REQUIRE_TOOLS=1 and was not found"
        );
        eprintln!("SKIPPED: {tool} was not found");
    }
    found
}
