//! `judge`: anybody's numbers, from CSV to a verdict.

use crate::process::Desk;

/// Errors that fall like m^-0.5, six rows for each of eight widths and two activations.
fn desk() -> Desk {
    let desk = Desk::new();
    let mut text = String::from("m,activation,seed,error,stderr\n");
    for (a, activation) in ["tanh", "relu:1"].iter().enumerate() {
        for (i, m) in [16, 24, 32, 48, 64, 96, 128, 192].iter().enumerate() {
            for seed in 0..6 {
                // The digits of a large sine are as good as random ones.
                let place = f64::from(seed + 10 * i as i32 + 100 * a as i32 + 1);
                let noise = ((12.9898 * place).sin() * 43758.5453).fract();
                let error = (1.0 + a as f64) * (0.1 * noise).exp() / f64::from(*m).sqrt();
                text += &format!("{m},{activation},{seed},{error},{}\n", 0.01 * error);
            }
        }
    }
    desk.put("table.csv", text.replace(',', ";"));
    desk.put(
        "claims.toml",
        "by = ['activation']\nhypotheses = ['m >= 20']\n[errors]\nerror = 'stderr'\n\
        [[claim]]\nname = 'rate'\nstatement = 'error <= C m^-0.5'\n[[claim]]\nname = 'size'\n\
        statement = 'error <= 3 m^-0.5'\n",
    );
    desk.put("comma.csv", text);
    desk
}

#[test]
fn a_claim_about_a_table_has_a_verdict() {
    let desk = desk();
    let judge = ["judge", "table.csv", "--by", "activation", "--claim"];
    let run = |claim: &str| desk.run(&[&judge[..], &[claim]].concat());
    let out = run("error <= C m^-0.5");
    assert_eq!((out.code, out.stderr.lines().count()), (Some(0), 1), "{}", out.stderr);
    assert!(out.stderr.contains("differ only in seed, stderr count as repetitions"), "{}", out.stderr);
    for words in ["scales", "m^-0.500 claimed", "power: an extra m^", "control refuted", "not proof"] {
        assert!(out.stdout.contains(words), "{words}: {}", out.stdout);
    }
    let refuted = run("error <= C m^-1");
    assert!(refuted.code == Some(1) && refuted.stdout.contains("refuted"), "{}", refuted.stdout);
    let row = run("error <= 1.1 m^-0.5");
    assert!(row.code == Some(1) && row.stdout.contains("of table"), "{}", row.stdout);
    // The same numbers with other delimiters, and from a pipe.
    let comma = desk.run(&["judge", "comma.csv", "--by", "activation", "--claim", "error <= C m^-0.5"]);
    assert_eq!(comma.stdout.replace("comma", "table"), out.stdout);
    let piped = desk
        .command()
        .args(["judge", "-", "--by", "activation", "--claim", "error <= C m^-0.5"])
        .write_stdin(std::fs::read_to_string(desk.path("comma.csv")).unwrap())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(piped.stdout).unwrap(), out.stdout);
}

#[test]
fn a_file_of_claims_gives_a_verdict_and_a_picture() {
    let desk = desk();
    let found = desk.json(&["judge", "table.csv", "--claims", "claims.toml", "--plot", "p.svg", "--json"]);
    assert_eq!(found["verdict"], "scales");
    let bounds = found["bounds"].as_array().unwrap();
    let names: Vec<&str> = bounds.iter().map(|b| b["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["rate-in-m", "size"]);
    assert_eq!((&bounds[1]["verdict"], &bounds[0]["power"][0]["variable"]), (&"holds".into(), &"m".into()));
    assert_eq!((&bounds[0]["cells"], &bounds[0]["cells_inside_hypotheses"]), (&96.into(), &84.into()));
    let picture = std::fs::read_to_string(desk.path("p.svg")).unwrap();
    roxmltree::Document::parse(&picture).unwrap();
    assert!(picture.contains("rate-in-m") && picture.contains("relu:1"));
}

#[test]
fn what_is_wrong_is_said() {
    let desk = desk();
    desk.put("headless.csv", "1,2\n3,4\n");
    desk.put("ragged.csv", "m,error\n1,2\n3\n");
    desk.put("bad.toml", "[[claim]]\nname = 'a'\nstatement = 'error'\n");
    let claim = ["--claim", "error <= C m^-0.5"];
    for (arguments, words) in [
        (&["judge", "none.csv"][..], "none.csv cannot be read"),
        (&["judge", "headless.csv"], "has no header"),
        (&["judge", "ragged.csv"], "ragged.csv is not a table"),
        (&["judge", "."], "not a table"),
        (&["judge", "table.csv", "--by", "actvation"], "did you mean 'activation'?"),
        (&["judge", "table.csv", "--error", "error"], "names two columns"),
        (&["judge", "table.csv", "--hypothesis", "m"], "there is no <="),
    ] {
        desk.refused(&[arguments, &claim].concat(), &[words]);
    }
    desk.refused(&["judge", "table.csv", "--claim", "activation <= C m"], &["holds 'tanh' in row 1"]);
    desk.refused(&["judge", "table.csv", "--claims", "bad.toml"], &["bad.toml", "there is no <="]);
    desk.refused(&["judge", "table.csv"], &["--claim"]);
}
