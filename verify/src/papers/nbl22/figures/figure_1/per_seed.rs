//! What the runs of a seed share, made once for all of them.

use super::Settings;
use super::bits::Bits;
use super::data::Data;
use super::projector::Kept;
use super::training::Test;
use anyhow::Result;

/// What the runs of a seed share.
pub struct PerSeed<T: Bits> {
    seed: u64,
    /// What the seed draws.
    pub data: Data,
    /// What R3 leaves alone.
    pub kept: Kept<T>,
    /// The inputs of the test.
    pub test: Test<T>,
}

impl<T: Bits> PerSeed<T> {
    /// That of `seed`: what `last` holds, or made anew and kept there. `say` is told what is being computed.
    ///
    /// # Errors
    /// Those of the parts.
    pub fn of<'a>(
        last: &'a mut Option<Self>,
        settings: &Settings,
        seed: u64,
        say: &mut dyn FnMut(String),
    ) -> Result<&'a mut Self> {
        let found = match last.take().filter(|found| found.seed == seed) {
            Some(found) => found,
            None => {
                let data = Data::draw(settings, seed)?;
                let kept = Kept::new(settings, &data, say)?;
                let test = Test::new(&data.net, &data.test, settings.par())?;
                Self { seed, data, kept, test }
            }
        };
        Ok(last.insert(found))
    }
}
