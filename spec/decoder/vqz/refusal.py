"""What a reader raises instead of guessing.

Every check that the specification asks of a reader ends here, so that callers tell damaged or foreign data from a bug.
"""


class Refused(ValueError):
    """Data that the specification says a reader must refuse."""


class UnsupportedVersion(Refused):
    """A container, model or priors of a version that this reader does not know."""


class MissingModel(Refused):
    """No package with the hash that the metadata names is embedded, given or found."""


def refuse_unless(condition, message):
    if not condition:
        raise Refused(message)


def check_keys(value, what, required, optional=()):
    """Refuses what is no JSON object of these keys."""
    refuse_unless(isinstance(value, dict), f"{what} is no object")
    unknown, missing = value.keys() - {*required, *optional}, {*required} - value.keys()
    refuse_unless(not unknown, f"{what} has unknown keys {sorted(unknown)}")
    refuse_unless(not missing, f"{what} lacks {sorted(missing)}")
