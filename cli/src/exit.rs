//! How the program ends. This is the one place that states its exit codes; `docs/reference/exit-codes.md` explains them.

/// The exit codes, for `vqz --help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  done, but a check failed: `verify`, `repair`, `compare` with a limit, a target (--psnr, --bits, --ratio) that was not met,
     or chunks of an archive that are lost
  2  an error: nothing was written, or what was written is kept beside the output to be continued";

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was done as requested.
    Done,
    /// The work was done, but a check of it failed. If there is an output, it is complete, but falls short of what
    /// was asked for.
    CheckFailed,
    /// An error: there is no output.
    Error,
}

impl Exit {
    /// Its number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::CheckFailed => 1,
            Self::Error => 2,
        }
    }

    /// How the program ends with an error.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        let io = |kind| {
            error
                .chain()
                .any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == kind))
        };
        if io(std::io::ErrorKind::BrokenPipe) {
            // The reader of standard output has closed it, which is no error.
            Self::Done
        } else if error.downcast_ref::<CheckFailed>().is_some() {
            Self::CheckFailed
        } else {
            Self::Error
        }
    }
}

/// A check that failed, in words.
#[derive(Debug)]
pub(crate) struct CheckFailed(pub(crate) String);

impl std::fmt::Display for CheckFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CheckFailed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_end_with_their_codes() {
        let check = anyhow::Error::from(CheckFailed("out.zarr does not hold".to_owned()));
        assert_eq!(Exit::of(&check), Exit::CheckFailed);
        assert_eq!(Exit::of(&anyhow::anyhow!("no such file")), Exit::Error);
        let pipe = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert_eq!(Exit::of(&anyhow::Error::from(pipe).context("writing to standard output")), Exit::Done);
    }
}
