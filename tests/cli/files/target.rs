//! Targets as text: what is read, and what is said of a file that cannot be.

use crate::process::Desk;
use escapement_cli::files::target::{LowDegree, Sparse, TargetFile, read};

fn parse(text: &str) -> Result<TargetFile, String> {
    let desk = Desk::new();
    desk.put("target.toml", text);
    read(&desk.path("target.toml")).map_err(|e| e.to_string())
}

#[test]
fn a_target_is_read() {
    let low = "[[low_degree]]\ndegree = 2\ncoefficient = -0.5\neta = [0.0, 1.0]\n";
    let text = format!("k = 2\n[[sparse]]\nalpha = 1\nbeta = [1, 0.0]\n{low}");
    let target = parse(&text).unwrap();
    assert_eq!((target.dimension(), parse("k = 1").unwrap().dimension()), (Some(2), None));
    assert_eq!(target.k, 2);
    assert_eq!(target.sparse, [Sparse { alpha: 1.0, beta: vec![1.0, 0.0] }]);
    assert_eq!(target.low_degree, [LowDegree { degree: 2, coefficient: -0.5, eta: vec![0.0, 1.0] }]);
    assert!(parse("k = 1").unwrap().sparse.is_empty());
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (text, words) in [
        ("k = 1\nkk = 2\n", &["line 2", "kk", "low_degree"][..]),
        ("k = 1\n[[sparse]]\nalfa = 1\nbeta=[1.0]\n", &["line 3", "alfa", "alpha", "beta"]),
        ("k = 1\n[[sparse]]\nalpha = \"one\"\nbeta=[1.0]\n", &["line 3", "alpha"]),
        ("k = -1\n", &["line 1", "k = -1"]),
        ("k = 1\n[[sparse]]\nalpha = 1.0\n", &["beta"]),
        ("[[sparse]]\nalpha = 1.0\nbeta = [1.0]\n", &["missing field `k`"]),
        (
            "k = 1\n[[low_degree]]\ndegree = 1\ncoefficient = nan\neta = [1.0]\n",
            &["coefficient of low_degree term 1", "NaN", "finite"],
        ),
        ("k = 1\nk = 2\n", &["line 2", "k"]),
        ("k = ", &["k ="]),
    ] {
        let why = parse(text).unwrap_err();
        assert!(!why.contains('\n'), "{why:?}");
        for word in words {
            assert!(why.contains(word), "{text:?} gives {why:?}, which lacks {word:?}");
        }
    }
}
