# How `registry.py` is called when it is compiled.
cimport cython
from actors._kernel.cell cimport Cell
from actors.naming cimport locate
from supervisors._entries cimport Tables

cdef dict _tables

@cython.locals(cell=Cell)
cpdef Tables _tables_of(object registry)

cpdef Tables _unique(object registry)

cpdef tuple _read(object key)
