//! `target.toml` of DLS22: a polynomial of a few directions, as text. The directions may be an array in a
//! file of its own, whose path starts from the folder of the target.

use super::array;
use anyhow::{Result, anyhow};
use clap::Args;
use escapement::gaussian::MultiIndexModel;
use escapement_verify::files::toml_file;
use escapement_verify::papers::dls22::target_file::TargetFile;
use std::path::Path;

/// What a target file looks like, for the help.
pub const EXAMPLE: &str = "Targets with a name (--target mix3 --d 10): he1 to he16, mix3, mix4, iso-1 to \
    iso-64, uneven-1 to uneven-1000, saddle, deficient.\n\ntarget.toml, with a name:\n  d = 10\n  name = \
    \"mix3\"\nor with directions and terms:\n  directions = [[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]    # r × d, or the path of a .npy file\n  \
    basis = \"hermite\"        # He_k(<u_i, x>), or \"monomial\": <u_i, x>^k\n  terms = [\n    { exponents \
    = [2, 0], coefficient = 0.5 },\n    { exponents = [0, 2], coefficient = 0.5 },\n  ]";

/// How a target is taken.
#[derive(Debug, Clone, Args)]
pub struct TargetArgs {
    /// The dimension d in place of that of the target; directions go on with zeros
    #[arg(long)]
    pub d: Option<usize>,
    /// Take a target whose mean square E f² is not 1
    #[arg(long)]
    pub any_norm: bool,
}

impl TargetArgs {
    /// The target of a file, or of this name: one word without a dot, where there is no such file.
    ///
    /// # Errors
    /// A file that cannot be read, what is no target, and one with E f² ≠ 1; the sentence names the file.
    pub fn read(&self, path: &Path) -> Result<MultiIndexModel> {
        let name = path.display();
        let word = path.to_str().filter(|word| !word.contains(['.', '/', '\\']) && !path.exists());
        let file = match word {
            Some(word) => TargetFile::named(word),
            None => {
                let text = toml_file::read(path, "a target")?;
                TargetFile::from_toml(&text).map_err(|why| anyhow!("{name}{why}"))?
            }
        };
        let beside = |given: &Path| path.parent().unwrap_or(Path::new("")).join(given);
        let array =
            |given: &Path| array::read_matrix(&beside(given)).map(|a| a.values).map_err(|e| e.to_string());
        let model = file.model(self.d, array).map_err(|why| anyhow!("{name}: {why}"))?;
        if !self.any_norm {
            let normalised = model.series().require_normalised();
            normalised.map_err(|e| anyhow!("{name}: {e}, or give --any-norm"))?;
        }
        Ok(model)
    }
}
