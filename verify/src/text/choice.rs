//! Settings with a few values, each of which has a name: on command lines, in files and in reports.

/// A setting with a few values.
pub trait Choice: Copy + PartialEq + 'static {
    /// All of them, the default first.
    const ALL: &'static [Self];

    /// The name of the value.
    fn name(self) -> &'static str;

    /// What the value means, in a few words.
    fn about(self) -> &'static str;

    /// The value of this name.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.name() == name)
    }
}
