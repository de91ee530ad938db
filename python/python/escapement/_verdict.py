"""Verdicts as Python objects, with a card for notebooks."""

from html import escape

_GOOD = ("proved", "exact", "holds", "scales")
_COLOURS = {
    **dict.fromkeys(_GOOD, "#1a7f37"),
    "drifts": "#9a6700",
    "inconclusive": "#9a6700",
    "refuted": "#b3261e",
    "broken": "#b3261e",
}
_SUPERSCRIPT = str.maketrans("-", "−")


def _number(x):
    """A number in four digits."""
    return f"{x:.4g}".translate(_SUPERSCRIPT)


def _exponent(x):
    return f"{x:.3f}".translate(_SUPERSCRIPT)


def _word(of):
    inner = of.get("bracketed")
    return f"{of['verdict']} ({inner})" if inner else of["verdict"]


def _nearest(bound):
    """The exponent that came nearest to violating the bound, among those that decide."""
    deciding = [e for e in bound["exponents"] if e["decides"]]
    return max(deciding, key=lambda e: abs(e["ratio"]["value"]), default=None)


class Verdict:
    """The verdict on a claim.

    ``data`` is all of it, as ``escapement verify --json`` prints it; its keys are attributes too:
    ``verdict``, ``claim``, ``title``, ``bounds``, ``power``. ``headlines`` are the names of the bounds that
    are the statement itself, ``noticed`` says for each bound which violations would have been noticed,
    ``notes`` are remarks, and ``certificates`` prove a part of the statement, where they were asked for. A
    notebook shows a card.
    """

    def __init__(self, data, headlines, noticed, notes=(), card=None):
        self.data = data
        self.headlines = headlines
        self.noticed = {bound["name"]: words for bound, words in zip(data["bounds"], noticed)}
        self.notes = list(notes)
        self.certificates = []
        self._card = card or {}

    def __getattr__(self, name):
        data = self.__dict__.get("data", {})
        if name in data:
            return data[name]
        raise AttributeError(f"a verdict has no {name!r}; its fields are {', '.join(data)}")

    def __dir__(self):
        return [*super().__dir__(), *self.data]

    @property
    def word(self):
        """The verdict, with the word in brackets where nothing lies inside the hypotheses."""
        return _word(self.data)

    @property
    def holds(self):
        """True where the measurements support the claim, False where they refute it, None where neither."""
        verdict = self.data.get("bracketed") or self.data["verdict"]
        if verdict in _GOOD:
            return True
        return False if verdict in ("refuted", "broken") else None

    def bound(self, name=None):
        """The bound of that name as a dictionary; without a name that of the statement itself."""
        if name is None:
            name = (self.headlines or [None])[0]
        for bound in self.data["bounds"]:
            if bound["name"] == name:
                return bound
        names = ", ".join(b["name"] for b in self.data["bounds"])
        raise ValueError(f"the claim {self.data['claim']} has no bound {name!r}; its bounds are {names}")

    def _glance(self):
        """The answer in one line."""
        answer = {True: "yes", False: "no", None: "undecided"}[self.holds]
        outside = ", outside the printed hypotheses" if self.data["verdict"] == "outside" else ""
        parts = [f"holds: {answer}{outside}"]
        if self.headlines:
            bound = self.bound()
            if bound["implied_constant"] is not None:
                parts.append(f"constant {_number(bound['implied_constant'])}")
            near = _nearest(bound)
            if near:
                parts.append(
                    f"exponent of {near['parameter']} {_exponent(near['lhs']['value'])} "
                    f"(claimed {_exponent(near['claimed'])})"
                )
            if self.noticed[bound["name"]]:
                parts.append(f"would have noticed {self.noticed[bound['name']][0]}")
        return " · ".join(parts)

    def __repr__(self):
        proved = "".join(f"; proved in part: {proof.scope}" for proof in self.certificates)
        return f"Verdict({self.data['claim']}: {self.word}; {self._glance()}{proved})"

    def _rows(self):
        for bound in self.data["bounds"]:
            if bound["check"] != "paper" or bound.get("printed"):
                continue
            near = _nearest(bound)
            exponent = claimed = ""
            if near:
                exponent = f"{near['parameter']}^{_exponent(near['lhs']['value'])}"
                claimed = f"{near['parameter']}^{_exponent(near['claimed'])}"
            constant = bound["implied_constant"]
            inside = f"{bound['cells_inside_hypotheses']} of {bound['cells']}"
            yield (
                bound,
                [
                    bound["name"],
                    _word(bound),
                    exponent,
                    claimed,
                    "" if constant is None else _number(constant),
                    ", ".join(self.noticed[bound["name"]]),
                    inside,
                ],
            )

    def _repr_html_(self):
        colour = _COLOURS.get(self.data.get("bracketed") or self.data["verdict"], "inherit")
        head = "".join(
            f"<th style='text-align:left'>{h}</th>"
            for h in ("bound", "verdict", "exponent", "claimed", "constant", "would have noticed", "inside")
        )
        rows = "".join(
            f"<tr title='{escape(bound['statement'], quote=True)}'>"
            + "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in cells)
            + "</tr>"
            for bound, cells in self._rows()
        )
        statement = self._card.get("statement")
        statement = f"<div style='margin:.3em 0'>{escape(statement)}</div>" if statement else ""
        notes = "".join(f"<div><small>{escape(note)}</small></div>" for note in self.notes)
        proved = "".join(
            f"<details><summary><b style='color:{_COLOURS['proved']}'>proved</b> in part: "
            f"{escape(proof.scope)}</summary><small>{escape(proof.statement)}</small></details>"
            for proof in self.certificates
        )
        failures = "".join(
            f"<div style='color:#b3261e'>{escape(f['cell'] if isinstance(f['cell'], str) else str(f))}"
            f" could not be measured</div>"
            for f in self.data.get("failures", ())
        )
        return (
            "<div style='border:1px solid #8886;border-radius:6px;"
            "padding:.6em 1em;margin:.4em 0;max-width:62em'>"
            f"<div><b>{escape(self.data['claim'])}</b> {escape(self.data['title'])} "
            f"<b style='color:{colour}'>{escape(self.word)}</b></div>{statement}"
            f"<div>{escape(self._glance())}</div>"
            f"<table style='margin:.5em 0'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            f"{proved}{failures}{notes}<small>Numbers are evidence at these sizes, not proof.</small></div>"
        )


class Verdicts(list):
    """Verdicts on several claims: a list that is also indexed by the names of claims."""

    def __getitem__(self, key):
        if not isinstance(key, str):
            return super().__getitem__(key)
        for verdict in self:
            if key in (verdict.data["claim"], verdict.data["claim"].split("/")[-1]):
                return verdict
        names = ", ".join(v.data["claim"] for v in self)
        raise KeyError(f"there is no verdict on {key!r}, only on {names}")

    def __repr__(self):
        width = max((len(v.data["claim"]) for v in self), default=0)
        return "\n".join(f"{v.data['claim']:<{width}}  {v.word:<18}  {v._glance()}" for v in self)

    def _repr_html_(self):
        return "".join(v._repr_html_() for v in self)
