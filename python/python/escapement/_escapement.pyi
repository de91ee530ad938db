from typing import Any, Callable, Literal, Optional, Union, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Array = NDArray[np.float64]
_Route = Literal["auto", "dense", "harmonic", "operator"]
_Progress = Union[None, bool, Callable[[float, float, str], object]]
_Function = Callable[[_Array], ArrayLike]

__all__ = [
    "Activation",
    "Covariance",
    "Spectrum",
    "__version__",
    "certify",
    "claims",
    "construct",
    "evaluate",
    "gaussian",
    "judge",
    "kernel",
    "learn",
    "margin",
    "oracle",
    "randomised",
    "train",
    "verify",
    "zonal",
]
__version__: str

@final
class Activation:
    def __new__(cls, name: str) -> Activation: ...
    @staticmethod
    def of(
        value: _Function,
        first: _Function,
        second: _Function,
        third: Optional[_Function] = None,
        *,
        name: str = "own",
    ) -> Activation: ...
    @property
    def name(self) -> str: ...
    def __call__(self, z: ArrayLike, order: Optional[int] = None) -> _Array: ...

@final
class Covariance:
    def __new__(
        cls,
        weights: ArrayLike,
        activation: Union[str, Activation] = "sigmoid:1",
        *,
        tail: Optional[float] = None,
    ) -> Covariance: ...
    @property
    def d(self) -> int: ...
    @property
    def p(self) -> int: ...
    @property
    def m(self) -> int: ...
    @property
    def trace(self) -> float: ...
    @property
    def truncation_bound(self) -> float: ...
    @property
    def deviation(self) -> float: ...
    @property
    def activation(self) -> str: ...
    @property
    def levels(self) -> dict[str, NDArray[Any]]: ...
    def block(self, r: int, s: int) -> _Array: ...
    def spectrum(
        self,
        top: Optional[int] = None,
        *,
        vectors: bool = False,
        route: _Route = "auto",
        tolerance: Optional[float] = None,
        memory: Optional[int] = None,
        progress: _Progress = None,
    ) -> Spectrum: ...
    def eigh(self) -> tuple[_Array, _Array]: ...

@final
class Spectrum:
    @property
    def eigenvalues(self) -> _Array: ...
    @property
    def below_bound(self) -> Optional[tuple[int, float]]: ...
    @property
    def residuals(self) -> _Array: ...
    @property
    def residual_failure(self) -> float: ...
    @property
    def residual_max(self) -> float: ...
    @property
    def rounding_bound(self) -> float: ...
    @property
    def truncation_bound(self) -> float: ...
    @property
    def null_dimension(self) -> int: ...
    @property
    def certified(self) -> int: ...
    @property
    def how(self) -> str: ...
    @property
    def route(self) -> str: ...
    @property
    def vectors(self) -> _Array: ...
    def __len__(self) -> int: ...
    def _repr_html_(self) -> str: ...

def zonal(d: int, activation: Any, degrees: int) -> dict[str, Any]: ...
def certify(
    names: list[str],
    activation: str,
    d: Optional[int],
    degrees: int,
    given: Optional[tuple[ArrayLike, int, Optional[int]]],
) -> tuple[str, Optional[bytes]]: ...
def kernel(
    inputs: ArrayLike,
    weights: Optional[ArrayLike],
    activation: Any,
    infinite: bool,
    gaussian_weights: bool,
    degrees: int,
    tail: Optional[float],
) -> dict[str, Any]: ...
def construct(
    weights: ArrayLike,
    inputs_given: ArrayLike,
    k: int,
    sparse: Any,
    low_degree: Any,
    activation: Any,
    seed: int,
    progress: _Progress,
) -> dict[str, Any]: ...
def evaluate(
    data: tuple[Any, ...],
    at: ArrayLike,
    question: tuple[Any, ...],
    direction: Optional[ArrayLike],
    progress: _Progress,
) -> dict[str, Any]: ...
def train(
    data: tuple[Any, ...], question: tuple[Any, ...], descent: tuple[Any, ...], progress: _Progress
) -> dict[str, Any]: ...
def gaussian(
    target: str, activation: Any, d: Optional[int], w: Optional[ArrayLike], any_norm: bool
) -> str: ...
def learn(
    target: Optional[tuple[Any, ...]],
    sample: Optional[tuple[ArrayLike, ArrayLike]],
    settings: tuple[Any, ...],
    progress: _Progress,
) -> dict[str, Any]: ...
def margin(
    examples: tuple[ArrayLike, ArrayLike],
    weights: Optional[ArrayLike],
    drawn: tuple[int, bool, int],
    wanted: tuple[bool, bool, bool],
    of: tuple[str, float, float, int],
    progress: _Progress,
) -> dict[str, Any]: ...
def randomised(
    arrays: tuple[ArrayLike, ArrayLike, ArrayLike],
    activation: Any,
    multiplier: tuple[str, Optional[ArrayLike], Optional[ArrayLike]],
    scored: tuple[Optional[ArrayLike], str],
) -> dict[str, Any]: ...
def claims() -> str: ...
def verify(
    names: list[str], tier: str, seed: int, journal: Optional[str], jobs: int, progress: _Progress
) -> str: ...
def judge(
    name: str, columns: list[tuple[str, Any]], claims: list[tuple[str, str]], options: tuple[Any, ...]
) -> tuple[str, list[str]]: ...
def oracle(path: str, format: Optional[str]) -> tuple[int, int, str]: ...
