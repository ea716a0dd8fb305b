# How `naming.py` is called when it is compiled.
cimport cython
from actors._kernel.cell cimport Cell
from actors._kernel.current cimport me, running
from actors._kernel.scheduler cimport Scheduler
from actors.pid cimport Pid

cdef class Via:
    cdef readonly object module
    cdef readonly object key

@cython.locals(cell=Cell)
cpdef whereis(object address)

cpdef Cell locate(object address)

@cython.locals(cell=Cell)
cpdef take_name(object name)

cpdef _take(Scheduler scheduler, Cell cell, object name)
