//! Fingerprints of the sources that a record depends on: a record is fresh as long as they are the same.
//!
//! The build script takes them (it includes this file, which therefore uses nothing else of this package),
//! and a test of this file changes copies of the tree and looks at what becomes stale. A record depends on
//! the core, on what the authors of claims write against, on the runner, on the pack of its paper without
//! its figures, and on the packages that measurements use. Judges, figures, pages, commands and the packs of
//! other papers stay out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

/// What every record depends on, relative to the folder of the workspace.
const SHARED: [&str; 3] = ["src", "verify/src/claim", "verify/src/run/runner.rs"];

/// Where each paper has a folder.
const PAPERS: &str = "verify/src/papers";

/// The folders of a pack that no measurement of a claim passes through.
const ASIDE: [&str; 2] = ["figures", "oracles"];

/// The packages that the core and the claims call; what these are built on is looked up in the lock file.
const MEASURING: [&str; 9] =
    ["blake3", "faer", "libm", "pulp", "rand", "rand_chacha", "rand_distr", "rayon", "statrs"];

/// The fingerprints of a workspace, each of 32 hexadecimal digits.
pub struct Fingerprints {
    /// Of what every record depends on.
    pub shared: String,
    /// Of that and the pack, for the papers that have a folder here, by name.
    pub packs: BTreeMap<String, String>,
    /// Of all sources of the core and of this package, and of the whole lock file: what checkpoints are
    /// marked with.
    pub all: String,
}

impl Fingerprints {
    /// Those of the workspace at `root`. `version` stands for a core that is not there, because the package
    /// was built by itself.
    pub fn of(root: &Path, version: &str) -> Self {
        let lock = text(&root.join("Cargo.lock")).unwrap_or_default();
        let mut files = BTreeMap::new();
        SHARED.iter().for_each(|name| collect(&root.join(name), name, &mut files));
        let shared = hash(version, &measuring(&lock), &files);
        let mut packs = BTreeMap::new();
        for folder in std::fs::read_dir(root.join(PAPERS)).into_iter().flatten().flatten() {
            if folder.path().is_dir() {
                let name = folder.file_name().to_string_lossy().into_owned();
                let mut files = BTreeMap::new();
                collect(&folder.path(), &name, &mut files);
                let aside = ASIDE.map(|folder| format!("{name}/{folder}/"));
                files.retain(|file, _| !aside.iter().any(|folder| file.starts_with(folder)));
                packs.insert(name, hash(&shared, "", &files));
            }
        }
        let mut files = BTreeMap::new();
        ["src", "verify/src"].iter().for_each(|name| collect(&root.join(name), name, &mut files));
        Self { shared, packs, all: hash(version, &lock, &files) }
    }
}

/// The hash of files with their names, behind two texts.
fn hash(first: &str, second: &str, files: &BTreeMap<String, PathBuf>) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(first.as_bytes());
    part(second.as_bytes());
    for (name, path) in files {
        part(name.as_bytes());
        part(text(path).unwrap_or_default().as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// The content of a file; a checkout with other line ends is the same source.
fn text(path: &Path) -> Option<String> {
    Some(String::from_utf8_lossy(&std::fs::read(path).ok()?).replace('\r', ""))
}

/// The file at `path`, or every `.rs` file below it, by its name with `/` between the parts.
fn collect(path: &Path, name: &str, files: &mut BTreeMap<String, PathBuf>) {
    if path.extension().is_some_and(|e| e == "rs") {
        files.insert(name.to_owned(), path.to_owned());
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        collect(&entry.path(), &format!("{name}/{}", entry.file_name().to_string_lossy()), files);
    }
}

/// Of a lock file, a line for each package that measurements use, directly or not, with version and
/// checksum.
fn measuring(lock: &str) -> String {
    let table: toml::Table = lock.parse().unwrap_or_default();
    let packages = table.get("package").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let field = |package: &toml::Value, name: &str| {
        package.get(name).and_then(toml::Value::as_str).unwrap_or_default().to_owned()
    };
    let mut waiting: VecDeque<String> = MEASURING.map(str::to_owned).into();
    let (mut seen, mut lines) = (BTreeSet::new(), BTreeSet::new());
    while let Some(wanted) = waiting.pop_front() {
        if !seen.insert(wanted.clone()) {
            continue;
        }
        // A dependency is given by name, and by version too where the lock file has several.
        let mut words = wanted.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next());
        let meant =
            |p: &&toml::Value| field(p, "name") == name && version.is_none_or(|v| field(p, "version") == v);
        for package in packages.iter().filter(meant) {
            lines.insert(format!("{name} {} {}\n", field(package, "version"), field(package, "checksum")));
            let needs = package.get("dependencies").and_then(toml::Value::as_array);
            waiting.extend(needs.into_iter().flatten().filter_map(|d| d.as_str().map(str::to_owned)));
        }
    }
    lines.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const LOCK: &str = r#"
[[package]]
name = "clap"
version = "4.0.0"
checksum = "c"

[[package]]
name = "escapement"
version = "0.1.0"
dependencies = ["clap", "faer"]

[[package]]
name = "faer"
version = "0.24.4"
checksum = "f"
dependencies = ["gemm", "wide 1.0.0"]

[[package]]
name = "gemm"
version = "0.1.0"
checksum = "g"

[[package]]
name = "wide"
version = "1.0.0"
checksum = "w"

[[package]]
name = "wide"
version = "2.0.0"
checksum = "x"
"#;

    /// A workspace of a few lines, in which a file can be changed or removed.
    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new() -> Self {
            let tree = Self(tempfile::tempdir().unwrap());
            for (name, text) in [
                ("Cargo.lock", LOCK),
                ("src/sphere/mod.rs", "core"),
                ("verify/src/claim/cell.rs", "cell"),
                ("verify/src/run/runner.rs", "runner"),
                ("verify/src/run/plan.rs", "plan"),
                ("verify/src/judge/growth.rs", "judge"),
                ("verify/src/papers/mod.rs", "registry"),
                ("verify/src/papers/nbl22/lemma_1.rs", "lemma"),
                ("verify/src/papers/nbl22/figures/figure_1.rs", "figure"),
                ("verify/cli/src/main.rs", "command"),
            ] {
                tree.put(name, text);
            }
            tree
        }

        fn put(&self, name: &str, text: &str) {
            let path = self.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn of(&self) -> Fingerprints {
            Fingerprints::of(self.0.path(), "0.1.0")
        }
    }

    #[test]
    fn a_pack_that_comes_changes_and_goes_leaves_the_records_of_others_fresh() {
        let tree = Tree::new();
        let nbl22 = || tree.of().packs["nbl22"].clone();
        let before = nbl22();
        tree.put("verify/src/papers/dummy/mod.rs", "a lemma");
        tree.put("verify/src/papers/mod.rs", "registry with a dummy");
        let dummy = tree.of().packs["dummy"].clone();
        assert!(before == nbl22() && before != dummy);
        tree.put("verify/src/papers/dummy/mod.rs", "another lemma");
        assert!(before == nbl22() && dummy != tree.of().packs["dummy"]);
        fs::remove_dir_all(tree.0.path().join("verify/src/papers/dummy")).unwrap();
        assert!(before == nbl22() && tree.of().packs.len() == 1);
    }

    #[test]
    fn a_record_is_stale_when_what_it_depends_on_changes_and_only_then() {
        let change = |name: &str, text: &str| {
            let tree = Tree::new();
            let before = tree.of();
            tree.put(name, text);
            let after = tree.of();
            (before.packs["nbl22"] != after.packs["nbl22"], before.shared != after.shared)
        };
        for name in
            ["src/sphere/mod.rs", "src/new.rs", "verify/src/claim/cell.rs", "verify/src/run/runner.rs"]
        {
            assert_eq!(change(name, "changed"), (true, true), "{name}");
        }
        assert_eq!(change("verify/src/papers/nbl22/lemma_1.rs", "changed"), (true, false));
        for name in [
            "verify/src/run/plan.rs",
            "verify/src/judge/growth.rs",
            "verify/src/papers/mod.rs",
            "verify/src/papers/nbl22/figures/figure_1.rs",
            "verify/src/papers/nbl22/oracles/zonal.rs",
            "verify/cli/src/main.rs",
        ] {
            assert_eq!(change(name, "changed"), (false, false), "{name}");
        }
        let tree = Tree::new();
        let before = tree.of().all;
        tree.put("verify/src/judge/growth.rs", "changed");
        assert_ne!(before, tree.of().all, "a checkpoint is of all sources");
        // Line ends are not sources.
        assert_eq!(change("src/sphere/mod.rs", "core\r"), (false, false));
    }

    #[test]
    fn of_the_lock_file_the_packages_of_measurements_count() {
        let change = |from: &str, to: &str| {
            assert!(LOCK.contains(from), "{from}");
            measuring(LOCK) != measuring(&LOCK.replacen(from, to, 1))
        };
        assert!(change("0.24.4", "0.24.5") && change("checksum = \"g\"", "checksum = \"h\""));
        assert!(change("checksum = \"w\"", "checksum = \"v\""));
        assert!(!change("4.0.0", "4.0.1") && !change("checksum = \"x\"", "checksum = \"y\""));
    }
}
