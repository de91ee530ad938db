//! What this program is called.

use std::path::Path;

/// The name that it was called by; `escapement` where that cannot be told.
pub fn name() -> String {
    std::env::args_os()
        .next()
        .and_then(|called| of(Path::new(&called)))
        .unwrap_or_else(|| "escapement".to_owned())
}

/// The name of an executable, as one types it; none for a test that cargo has built, which has no command
/// line.
fn of(path: &Path) -> Option<String> {
    let name = if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("exe")) {
        path.file_stem()
    } else {
        path.file_name()
    };
    let name = name?.to_str()?;
    let test = name
        .rsplit_once('-')
        .is_some_and(|(_, hash)| hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
    (!test && !name.is_empty()).then(|| shell_words::quote(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::of;
    use std::path::Path;

    #[test]
    fn a_program_has_the_name_that_is_typed() {
        let of = |path: &str| of(Path::new(path));
        assert_eq!(of("/usr/bin/top-eigenvalue").as_deref(), Some("top-eigenvalue"));
        assert_eq!(of("target/debug/escapement.exe").as_deref(), Some("escapement"));
        assert_eq!(of("my claims").as_deref(), Some("'my claims'"));
        assert_eq!((of("target/debug/deps/suite-0123456789abcdef"), of("")), (None, None));
    }
}
