# How `signals.py` is called when it is compiled.
cimport cython
from actors._kernel.cell cimport Cell

cpdef tuple verdict(object reason, bint linked, bint traps, bint to_oneself)

cpdef link(Cell one, Cell other)

cpdef unlink(Cell one, Cell other)
