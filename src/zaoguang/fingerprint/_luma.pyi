# What _luma.c gives, when it was built; it checks what is passed in.

def grid(
    plane: memoryview | bytes,
    height: int,
    width: int,
    stride: int,
    wide: bool,
    table: bytes,
    down_firsts: bytes,
    down_weights: bytes,
    across_firsts: bytes,
    across_weights: bytes,
    level: int,
    /,
) -> bytes: ...
def levels() -> tuple[str, ...]: ...
