# How `signals.py` is called when it is compiled.
cimport cython
from actors._kernel.cell cimport Cell

cdef object _IGNORED, _MESSAGE, _DEATH

cpdef tuple verdict(object reason, bint linked, bint traps, bint to_oneself)

cpdef link(Cell one, Cell other)

cpdef unlink(Cell one, Cell other)
